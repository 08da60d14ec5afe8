//! The list of extensions: the one place that names features.

use server::Extension;
use server::run::SessionDriver;

/// What this build holds, in the order in which it is installed.
pub(crate) static BUILT_IN: &[&dyn Extension] = &[
    #[cfg(feature = "lint")]
    &ext_lint::Lint,
];

/// Where else than in the store of the registry this build keeps sessions.
pub(crate) static SESSION_DRIVERS: &[SessionDriver] = &[
    #[cfg(feature = "redis")]
    SessionDriver {
        name: "redis",
        open: |driver| {
            let (options, ignored) = meta_remote::RedisOptions::read(driver.iter())?;
            for key in ignored {
                tracing::warn!(key, "setting of the session driver is ignored");
            }
            Ok(std::sync::Arc::new(meta_remote::RedisRecords::new(
                &options,
            )?))
        },
    },
];

/// Yields what kind of build this is.
///
/// Compat: `minimal`, or `-` and the names joined by `-`, which clients split again.
pub(crate) fn binary_type() -> String {
    if BUILT_IN.is_empty() {
        return "minimal".to_owned();
    }
    let mut names: Vec<&str> = BUILT_IN.iter().map(|extension| extension.name()).collect();
    names.sort_unstable();
    format!("-{}", names.join("-"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_kind_of_build_names_its_extensions() {
        let kind = binary_type();
        let names = BUILT_IN.iter().map(|extension| extension.name());
        assert!(
            names
                .clone()
                .all(|name| kind.split('-').any(|part| part == name)),
            "{kind}"
        );
        assert_eq!(BUILT_IN.is_empty(), kind == "minimal");
    }
}
