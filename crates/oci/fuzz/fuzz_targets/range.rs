//! Ranges lie within the content, in order and apart.
#![no_main]

use libfuzzer_sys::fuzz_target;
use oci::range::{ByteRanges, ContentRange, MAX_RANGES};

fuzz_target!(|input: (u64, &str)| {
    let (size, header) = input;
    if let Ok(ranges) = ByteRanges::parse(header, size) {
        assert!((1..=MAX_RANGES).contains(&ranges.len()));
        assert!(
            ranges
                .iter()
                .all(|it| it.first() <= it.last() && it.last() < size)
        );
        for pair in ranges.windows(2) {
            assert!(pair[0].last() + 1 < pair[1].first());
        }
    }
    if let Ok(range) = ContentRange::parse(header) {
        assert_eq!(ContentRange::parse(&range.to_string()), Ok(range));
    }
});
