use proptest::prelude::*;

use super::*;

fn parse(header: &str, size: u64) -> Option<Vec<(u64, u64)>> {
    let ranges = ByteRanges::parse(header, size).ok()?;
    Some(ranges.iter().map(|it| (it.first(), it.last())).collect())
}

#[test]
fn ranges_that_can_be_met() {
    let table: [(&str, &[(u64, u64)]); 22] = [
        ("bytes=0-0", &[(0, 0)]),
        ("bytes=0-9", &[(0, 9)]),
        ("bytes=2-5", &[(2, 5)]),
        ("bytes=0-10", &[(0, 9)]),
        ("bytes=9-99999999999999999999999", &[(9, 9)]),
        ("bytes=0-", &[(0, 9)]),
        ("bytes=9-", &[(9, 9)]),
        ("bytes=-1", &[(9, 9)]),
        ("bytes=-10", &[(0, 9)]),
        ("bytes=-11", &[(0, 9)]),
        ("bytes=-99999999999999999999999", &[(0, 9)]),
        ("bytes=00001-00002", &[(1, 2)]),
        ("Bytes=1-2", &[(1, 2)]),
        ("bytes=0-1,5-6", &[(0, 1), (5, 6)]),
        ("bytes=0-1, 5-6", &[(0, 1), (5, 6)]),
        ("bytes=5-6,0-1", &[(0, 1), (5, 6)]),
        ("bytes=0-3,2-6", &[(0, 6)]),
        ("bytes=0-3,4-6", &[(0, 6)]),
        ("bytes=0-3,5-6", &[(0, 3), (5, 6)]),
        ("bytes=0-9,2-3,4-5", &[(0, 9)]),
        ("bytes=-1,0-0,-2", &[(0, 0), (8, 9)]),
        ("bytes=1-1,1-1,1-1", &[(1, 1)]),
    ];
    for (header, want) in table {
        assert_eq!(parse(header, 10).as_deref(), Some(want), "{header}");
    }
}

#[test]
fn ranges_that_cannot_be_met() {
    for header in [
        "",
        "bytes",
        "bytes=",
        "bytes=-",
        "bytes=-0",
        "bytes=10-",
        "bytes=10-11",
        "bytes=99999999999999999999-",
        "bytes=5-4",
        "bytes=99-5",
        "bytes=a-b",
        "bytes=1",
        "bytes=1-2-3",
        "bytes=--1",
        "bytes=+1-2",
        "bytes=1-+2",
        "bytes=0x1-2",
        "bytes=1 - 2",
        "bytes= 0-1=",
        "bytes=0-1,",
        "bytes=,0-1",
        "bytes=0-1,,2-3",
        "bytes=0-1,10-11",
        "bytes=0-1;2-3",
        "byte=0-1",
        "lines=0-1",
        "bytes:0-1",
        "bytes=\u{0661}-2",
    ] {
        let found = ByteRanges::parse(header, 10);
        assert_eq!(found, Err(Unsatisfiable { size: 10 }), "{header}");
    }
    for header in ["bytes=0-0", "bytes=0-", "bytes=-1"] {
        assert_eq!(parse(header, 0), None, "{header}");
    }
}

#[test]
fn the_number_of_ranges_is_bounded() {
    let many = |count: usize| format!("bytes={}", vec!["0-1"; count].join(","));
    assert_eq!(parse(&many(MAX_RANGES), 10), Some(vec![(0, 1)]));
    assert_eq!(parse(&many(MAX_RANGES + 1), 10), None);
    assert_eq!(parse(&many(1_000_000), 10), None);
}

#[test]
fn headers_of_answers() {
    let range = Range::new(2, 5).unwrap();
    assert_eq!(range.len(), 4);
    assert_eq!(range.to_content_range(10), "bytes 2-5/10");
    assert_eq!(range.to_string(), "2-5");
    let error = Unsatisfiable { size: 7 };
    assert_eq!(error.to_content_range(), "bytes */7");
    assert_eq!(Range::new(3, 2), None);
    assert_eq!(Range::new(0, u64::MAX), None);
    assert_eq!(Range::new(0, u64::MAX - 1).unwrap().len(), u64::MAX);
}

#[test]
fn content_ranges_of_uploads() {
    let good = [
        ("0-0", (0, 0)),
        ("0-99", (0, 99)),
        ("1048576-2097151", (1_048_576, 2_097_151)),
        ("007-008", (7, 8)),
    ];
    for (header, (first, last)) in good {
        let want = Range::new(first, last).unwrap();
        assert_eq!(ContentRange::parse(header), Ok(want), "{header}");
    }
    for header in [
        "",
        "-",
        "0-",
        "-0",
        "5-4",
        "0-1/2",
        "bytes 0-1",
        "bytes=0-1",
        "bytes 0-1/2",
        "0 - 1",
        " 0-1",
        "0-1 ",
        "+0-1",
        "0--1",
        "0-1-2",
        "a-b",
        "99999999999999999999-99999999999999999999",
        "0-18446744073709551615",
    ] {
        let found = ContentRange::parse(header);
        assert_eq!(found, Err(ContentRangeError), "{header}");
    }
}

/// Writes a part of a header and tells which bytes it means.
fn spec() -> impl Strategy<Value = String> {
    prop_oneof![
        (0..40_u64, 0..40_u64).prop_map(|(a, b)| format!("{a}-{b}")),
        (0..40_u64).prop_map(|a| format!("{a}-")),
        (0..40_u64).prop_map(|n| format!("-{n}")),
    ]
}

/// Decides byte by byte whether a part covers it; `None` when it covers no byte at all.
fn covered(spec: &str, size: u64) -> Option<Vec<u64>> {
    let (first, last) = spec.split_once('-').unwrap();
    let is_in = |byte: u64| match (first, last) {
        ("", n) => byte + n.parse::<u64>().unwrap() >= size,
        (a, "") => byte >= a.parse().unwrap(),
        (a, b) => (a.parse().unwrap()..=b.parse().unwrap()).contains(&byte),
    };
    let bytes: Vec<u64> = (0..size).filter(|byte| is_in(*byte)).collect();
    (!bytes.is_empty()).then_some(bytes)
}

proptest! {
    #[test]
    fn ranges_cover_what_was_asked_for(
        specs in proptest::collection::vec(spec(), 1..MAX_RANGES),
        size in 0..40_u64,
    ) {
        let header = format!("bytes={}", specs.join(","));
        let want: Option<Vec<Vec<u64>>> = specs.iter().map(|spec| covered(spec, size)).collect();
        let want = want.map(|parts| {
            let mut bytes = parts.concat();
            bytes.sort_unstable();
            bytes.dedup();
            bytes
        });
        let ranges = ByteRanges::parse(&header, size).ok();
        let found = ranges.as_ref().map(|ranges| -> Vec<u64> {
            ranges.iter().flat_map(|it| it.first()..=it.last()).collect()
        });
        prop_assert_eq!(found, want);
        for pair in ranges.unwrap_or_default().windows(2) {
            prop_assert!(pair[0].last() + 1 < pair[1].first());
        }
    }

    #[test]
    fn never_panics(
        text in "\\PC*",
        specs in "bytes=[0-9, -]{0,60}",
        size in prop_oneof![any::<u64>(), Just(u64::MAX), Just(0)],
    ) {
        for header in [&text, &specs] {
            for range in ByteRanges::parse(header, size).unwrap_or_default() {
                prop_assert!(range.first() <= range.last() && range.last() < size);
            }
            let _ = ContentRange::parse(header);
        }
    }

    #[test]
    fn content_ranges_read_back(first in any::<u64>(), length in 1..u64::MAX) {
        if let Some(range) = first.checked_add(length).and_then(|end| Range::new(first, end)) {
            prop_assert_eq!(ContentRange::parse(&range.to_string()), Ok(range));
        }
    }
}
