//! What is kept of an index file is written so that it reads back.
#![no_main]

use libfuzzer_sys::fuzz_target;
use oci::index::IndexFile;

fuzz_target!(|data: &[u8]| {
    if let Ok((file, _)) = IndexFile::parse(data, 1 << 20) {
        let again = IndexFile::parse(&file.to_bytes(), usize::MAX);
        assert_eq!(again, Ok((file, Vec::new())));
    }
});
