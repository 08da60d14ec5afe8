//! A text that is a digest is written back as it was; a key that is one reads back.
#![no_main]

use libfuzzer_sys::fuzz_target;
use oci::Digest;

fuzz_target!(|data: &[u8]| {
    if let Some((digest, rest)) = Digest::read_key(data) {
        let mut key = Vec::new();
        digest.write_key(&mut key);
        assert_eq!([&key, rest].concat(), data);
    }
    let Ok(text) = std::str::from_utf8(data) else {
        return;
    };
    if let Ok(digest) = text.parse::<Digest>() {
        assert_eq!(digest.to_string(), text);
    }
});
