//! A name that is accepted is safe as a path below a root.
#![no_main]

use libfuzzer_sys::fuzz_target;
use oci::RepoName;

fuzz_target!(|text: &str| {
    let Ok(name) = text.parse::<RepoName>() else {
        return;
    };
    assert_eq!(name.as_str(), text);
    assert!(text.len() <= oci::name::MAX_NAME);
    for component in text.split('/') {
        assert!(!component.is_empty() && !component.starts_with('.'));
        assert!(component.bytes().all(|b| b.is_ascii_lowercase()
            || b.is_ascii_digit()
            || matches!(b, b'.' | b'_' | b'-')));
    }
});
