//! Documents for the tests.

use std::path::{Path, PathBuf};

use crate::config::Config;
use crate::error::Error;
use crate::format::Format;
use crate::load::{Loaded, parse};

/// A file or folder of the shared test data. None, with a message, when it is not on this machine.
pub(crate) fn shared(name: &str) -> Option<PathBuf> {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    let found = here
        .ancestors()
        .map(|dir| dir.join("../shared/data").join(name));
    let found = found.into_iter().find(|path| path.exists());
    if found.is_none() {
        #[expect(
            clippy::disallowed_methods,
            reason = "decides about the test, not the product"
        )]
        let in_ci = std::env::var_os("CI").is_some();
        assert!(!in_ci, "{name} is missing");
        println!("skipped: {name} is not here");
    }
    found
}

pub(crate) fn json(text: &str) -> Result<Loaded, Error> {
    parse(text.as_bytes(), Format::Json, "test.json")
}

/// The configuration of a document that is fine.
pub(crate) fn config(text: &str) -> Config {
    json(text).unwrap().config
}

/// The message for a document that is not.
pub(crate) fn refusal(text: &str) -> String {
    json(text).unwrap_err().to_string()
}

/// The warnings for a document, one line each.
pub(crate) fn warnings(text: &str) -> Vec<String> {
    let warnings = json(text).unwrap().warnings.into_iter();
    warnings
        .map(|warning| {
            let fields = warning
                .fields
                .iter()
                .map(|(name, value)| format!(" {name}={value}"));
            warning.message.clone() + &fields.collect::<String>()
        })
        .collect()
}
