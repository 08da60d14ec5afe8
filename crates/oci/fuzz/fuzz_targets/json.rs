//! The check and an independent reader agree, but for what the check forbids on purpose.
#![no_main]

use libfuzzer_sys::fuzz_target;
use oci::json::{JsonError, Limits, check};

fuzz_target!(|data: &[u8]| {
    let verdict = check(data, Limits::MANIFEST);
    let other = serde_json::from_slice::<serde_json::Value>(data);
    match verdict {
        Ok(()) => {
            // A number beyond the range of a float is JSON all the same.
            let is_large = |e: &serde_json::Error| e.to_string().contains("out of range");
            assert!(other.as_ref().err().is_none_or(is_large), "{other:?}");
        }
        Err(
            JsonError::DuplicateKey { .. } | JsonError::TooDeep { .. } | JsonError::TooLarge { .. },
        ) => {}
        Err(error) => assert!(other.is_err(), "{error}"),
    }
});
