//! A tag that may be pushed may be stored; the subject of a list of referrers names that list.
#![no_main]

use libfuzzer_sys::fuzz_target;
use oci::Tag;

fuzz_target!(|text: &str| {
    let pushed = text.parse::<Tag>();
    let stored = Tag::stored(text);
    if let Ok(tag) = &pushed {
        assert_eq!(stored.as_ref(), Ok(tag));
    }
    let Ok(tag) = stored else { return };
    assert_eq!(tag.is_conformant(), pushed.is_ok());
    assert!(!tag.as_str().contains(['/', '\n', '\r', '\0']));
    if let Some(digest) = tag.referrers_subject() {
        assert_eq!(tag.is_of_referrers(), digest.to_hex().len() == 64);
        if tag.is_of_referrers() {
            assert_eq!(Tag::of_referrers(&digest), tag);
        }
    }
});
