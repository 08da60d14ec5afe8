use std::time::Duration;

use proptest::prelude::*;

use super::{Signed, format, parse};

#[test]
fn reads_what_go_reads() {
    for (text, nanos) in [
        ("0", 0),
        ("+0", 0),
        ("-0s", 0),
        ("1h30m", 5_400_000_000_000),
        ("500ms", 500_000_000),
        ("1.5s", 1_500_000_000),
        (".5s", 500_000_000),
        ("1.s", 1_000_000_000),
        ("+3us", 3_000),
        ("3µs", 3_000),
        ("-1m", -60_000_000_000),
        ("168h", 604_800_000_000_000),
        ("0.3333333333333333333h", 1_199_999_999_999),
        ("2562047h47m16.854775807s", i64::MAX),
    ] {
        assert_eq!(parse(text), Ok(Signed::from_nanos(nanos)), "{text}");
    }
}

#[test]
fn refuses_with_the_words_of_go() {
    for (text, message) in [
        ("", "time: invalid duration \"\""),
        ("x", "time: invalid duration \"x\""),
        ("-", "time: invalid duration \"-\""),
        (".s", "time: invalid duration \".s\""),
        ("10", "time: missing unit in duration \"10\""),
        ("1h5", "time: missing unit in duration \"1h5\""),
        ("1d", "time: unknown unit \"d\" in duration \"1d\""),
        ("3000000h", "time: invalid duration \"3000000h\""),
        (
            "99999999999999999999s",
            "time: invalid duration \"99999999999999999999s\"",
        ),
    ] {
        assert_eq!(parse(text), Err(message.to_owned()));
    }
}

#[test]
fn writes_as_go_does() {
    for (nanos, text) in [
        (0, "0s"),
        (7, "7ns"),
        (1_500, "1.5µs"),
        (20_000_000, "20ms"),
        (1_500_000_000, "1.5s"),
        (60_000_000_000, "1m0s"),
        (3_600_000_000_000, "1h0m0s"),
    ] {
        assert_eq!(format(Duration::from_nanos(nanos)), text);
    }
}

proptest! {
    #[test]
    fn what_is_written_reads_back(nanos in 0..=i64::MAX) {
        let signed = Signed::from_nanos(nanos);
        prop_assert_eq!(parse(&format(signed.length)), Ok(signed));
        let negative = Signed { negative: nanos > 0, ..signed };
        prop_assert_eq!(parse(&format!("-{}", format(signed.length))), Ok(negative));
    }

    #[test]
    fn any_text_is_answered(text in "[-+]?[0-9.hmsnuµ x]{0,24}") {
        let _ = parse(&text);
    }
}
