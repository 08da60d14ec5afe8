use proptest::prelude::*;

use super::*;

fn time(at: SystemTime) -> String {
    let mut out = Vec::new();
    write_time(&mut out, at);
    String::from_utf8(out).unwrap()
}

#[test]
fn times_are_rfc3339_with_nanoseconds() {
    for (seconds, nanos, text) in [
        (0, 0, "1970-01-01T00:00:00.000000000Z"),
        (951_782_399, 1, "2000-02-28T23:59:59.000000001Z"),
        (951_782_400, 0, "2000-02-29T00:00:00.000000000Z"),
        (951_868_800, 0, "2000-03-01T00:00:00.000000000Z"),
        (1_609_459_199, 999_999_999, "2020-12-31T23:59:59.999999999Z"),
        (4_107_542_399, 0, "2100-02-28T23:59:59.000000000Z"),
        (4_107_542_400, 0, "2100-03-01T00:00:00.000000000Z"),
    ] {
        assert_eq!(time(UNIX_EPOCH + Duration::new(seconds, nanos)), text);
    }
}

#[test]
fn durations_read_like_those_of_go() {
    for (micros, text) in [
        (0, "0s"),
        (1, "1µs"),
        (999, "999µs"),
        (1_000, "1ms"),
        (1_234, "1.234ms"),
        (1_200, "1.2ms"),
        (999_999, "999.999ms"),
        (1_000_000, "1s"),
        (1_500_400, "1.5s"),
        (62_500_000, "1m2.5s"),
        (600_000_000, "10m0s"),
        (3_600_000_000, "1h0m0s"),
        (3_725_010_000, "1h2m5.01s"),
    ] {
        let mut out = Vec::new();
        write_duration(&mut out, Duration::from_micros(micros));
        assert_eq!(String::from_utf8(out).unwrap(), text);
    }
}

proptest! {
    #[test]
    fn times_agree_with_another_implementation(seconds in 0u64..8_000_000_000, nanos in 0u32..1_000_000_000) {
        let ours = time(UNIX_EPOCH + Duration::new(seconds, nanos));
        let format = &time::format_description::well_known::Rfc3339;
        let theirs = time::OffsetDateTime::parse(&ours, format).unwrap();
        prop_assert_eq!(theirs.unix_timestamp(), i64::try_from(seconds).unwrap());
        prop_assert_eq!(theirs.nanosecond(), nanos);
    }

    #[test]
    fn any_text_comes_back_from_a_line(key in ".*", value in ".*", shown in ".*") {
        let mut line = Line::default();
        line.begin(UNIX_EPOCH, "info", &value);
        line.str(&format!("k{key}"), &value);
        line.display("shown", &shown);
        line.raw("number", 7);
        let text = line.end("a.rs:1", "f").to_vec();
        prop_assert_eq!(text.iter().position(|&byte| byte == b'\n'), Some(text.len() - 1));
        let parsed: serde_json::Value = serde_json::from_slice(&text).unwrap();
        prop_assert_eq!(parsed["message"].as_str().unwrap(), &value);
        prop_assert_eq!(parsed[format!("k{key}")].as_str().unwrap(), &value);
        prop_assert_eq!(parsed["shown"].as_str().unwrap(), &shown);
        prop_assert_eq!(parsed["number"].as_u64(), Some(7));
    }
}

#[test]
fn fields_stand_in_the_order_of_zot() {
    let mut line = Line::default();
    line.begin(UNIX_EPOCH, "warn", "m");
    line.str("error", "e");
    let parsed: serde_json::Value = serde_json::from_slice(line.end("a.rs:3", "f")).unwrap();
    let keys: Vec<_> = parsed.as_object().unwrap().keys().cloned().collect();
    let expected = [
        "time",
        "level",
        "message",
        "error",
        "caller",
        "func",
        "goroutine",
    ];
    assert_eq!(keys, expected);
    assert_eq!(parsed["caller"], "a.rs:3");
}

#[test]
fn numbers_are_written_whole() {
    for value in [0, 7, 10, 1999, u64::MAX] {
        let mut line = Line::default();
        line.number(value);
        assert_eq!(*line.bytes(), value.to_string().into_bytes());
    }
}
