//! Notes on mirrors that do not do what they seem to.

use crate::error::Warning;
use crate::extensions::{CREDENTIAL_HELPERS, Extensions, SyncContent, SyncRegistry};
use crate::storage::Retention;

/// Notes on all registries that are mirrored.
pub(super) fn note(extensions: &Extensions, retention: &Retention, warnings: &mut Vec<Warning>) {
    let registries = extensions.sync.iter().flat_map(|sync| &sync.registries);
    for (at, registry) in registries.enumerate() {
        let key = format!("extensions.sync.registries[{at}]");
        note_registry(registry, &key, warnings);
        for content in &registry.content {
            warnings.extend(removed_at_once(content, retention).map(|note| note.with("key", &key)));
        }
    }
}

fn note_registry(registry: &SyncRegistry, key: &str, warnings: &mut Vec<Warning>) {
    let helper = registry.credential_helper.as_str();
    if !helper.is_empty() && !CREDENTIAL_HELPERS.contains(&helper) {
        let message = "a credential helper that is not known gives no credentials";
        warnings.push(Warning::new(message).with("key", key).with("value", helper));
    }
    if registry.urls.is_empty() {
        let message = "a registry without urls is not mirrored";
        warnings.push(Warning::new(message).with("key", key));
    }
}

/// A note when tags are mirrored into repositories whose retention rule does not keep them.
///
/// Compat: as in zot, patterns are compared as texts.
fn removed_at_once(content: &SyncContent, retention: &Retention) -> Option<Warning> {
    let regex = content.tags.as_ref()?.regex.as_ref()?;
    let destination = content.destination.trim_matches('/');
    let prefix = content.prefix.trim_start_matches('/');
    let local = match (destination.is_empty(), content.strip_prefix) {
        (true, _) => prefix.to_owned(),
        (false, true) => destination.to_owned(),
        (false, false) => format!("{destination}/{prefix}"),
    };
    let policy = retention
        .policies
        .iter()
        .find(|policy| policy.repositories.contains(&local))?;
    let kept = policy.keep_tags.is_empty()
        || policy
            .keep_tags
            .iter()
            .any(|keep| keep.patterns.is_empty() || keep.patterns.contains(regex));
    (!kept).then(|| {
        Warning::new("retention does not keep the tags that are mirrored")
            .with("repositories", local)
            .with("regex", regex)
    })
}
