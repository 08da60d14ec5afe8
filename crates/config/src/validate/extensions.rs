//! Checks of the extensions other than mirrors.

use oci::glob::RepoGlob;

use super::ensure;
use crate::config::Config;
use crate::error::Error;
use crate::extensions::{Events, Lint};
use crate::pattern::regex;

/// All but mirrors. What is switched off is checked too, except where zot says otherwise.
pub(super) fn extensions(config: &Config) -> Result<(), Error> {
    let Some(extensions) = &config.extensions else {
        return Ok(());
    };
    if let Some(metrics) = extensions.metrics.as_ref().filter(|metrics| metrics.enable) {
        metrics_path(&metrics.prometheus.path)?;
    }
    let ui = extensions.ui.as_ref().is_some_and(|ui| ui.enable);
    let search = extensions.search_enabled();
    let message = "failed to enable ui, search extension must be enabled";
    ensure(!ui || search.is_some(), "extensions.ui", message)?;
    let scans = search.is_some_and(|search| search.cve.is_some());
    let message = "failed to enable cve scanning due to incompatibility with remote storage, \
                   please disable cve";
    ensure(
        !scans || !config.storage.has_remote(),
        "extensions.search.cve",
        message,
    )?;
    extensions.events.as_ref().map_or(Ok(()), sinks)?;
    extensions.lint.as_ref().map_or(Ok(()), lint_rules)
}

fn metrics_path(path: &str) -> Result<(), Error> {
    let key = "extensions.metrics.prometheus.path";
    ensure(clean(path) == path, key, "invalid metrics path")?;
    ensure(path.starts_with('/'), key, "metrics path must start with /")?;
    ensure(
        !matches!(path, "/" | "/v2"),
        key,
        "provided metrics path is disallowed",
    )
}

/// A path without empty, `.` and `..` segments.
fn clean(path: &str) -> String {
    let rooted = path.starts_with('/');
    let mut segments: Vec<&str> = Vec::new();
    for segment in path.split('/') {
        match segment {
            "" | "." => {}
            ".." if segments.last().is_some_and(|last| *last != "..") => {
                segments.pop();
            }
            ".." if rooted => {}
            segment => segments.push(segment),
        }
    }
    match (rooted, segments.is_empty()) {
        (true, _) => format!("/{}", segments.join("/")),
        (false, true) => ".".to_owned(),
        (false, false) => segments.join("/"),
    }
}

fn sinks(events: &Events) -> Result<(), Error> {
    events.sinks.iter().enumerate().try_for_each(|(at, sink)| {
        let known = matches!(sink.kind.as_str(), "http" | "nats");
        let key = format!("extensions.events.sinks[{at}].type");
        ensure(known, &key, "event sink is not supported")
    })
}

fn lint_rules(lint: &Lint) -> Result<(), Error> {
    for (at, rule) in lint.rules.iter().enumerate() {
        let key = format!("extensions.lint.rules[{at}]");
        for pattern in &rule.repositories {
            let message = format!("lint repo glob pattern could not be compiled: {pattern}");
            ensure(RepoGlob::new(pattern).is_ok(), &key, &message)?;
        }
        for annotation in &rule.annotations {
            ensure(
                !annotation.key.is_empty(),
                &key,
                "lint annotation needs a key",
            )?;
            let pattern = &annotation.pattern;
            let message = format!("lint annotation regex could not be compiled: {pattern}");
            ensure(regex(pattern).is_ok(), &key, &message)?;
        }
    }
    Ok(())
}
