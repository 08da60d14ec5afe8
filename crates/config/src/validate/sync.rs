//! Checks of mirrors.

use std::time::Duration;

use oci::glob::RepoGlob;

use super::ensure;
use crate::config::Config;
use crate::error::Error;
use crate::extensions::{Oauth2Helper, SyncContent, SyncRegistry, TOKEN_EXCHANGE};
use crate::pattern::regex;

const GRANTS: [&str; 3] = [
    "client_credentials",
    "urn:ietf:params:oauth:grant-type:jwt-bearer",
    TOKEN_EXCHANGE,
];

/// All registries that are mirrored.
pub(super) fn registries(config: &Config) -> Result<(), Error> {
    let sync = config
        .extensions
        .as_ref()
        .and_then(|extensions| extensions.sync_enabled());
    for (at, registry) in sync.iter().flat_map(|sync| &sync.registries).enumerate() {
        let key = format!("extensions.sync.registries[{at}]");
        retries(registry, &key)?;
        rates(registry, &key)?;
        helper(registry, &key)?;
        let message = "can not use PreserveDigest option without enabling http.Compat";
        let allowed = !registry.preserve_digest || config.http.is_compatible("docker2s2");
        ensure(allowed, &key, message)?;
        for (at, content) in registry.content.iter().enumerate() {
            check_content(content, &format!("{key}.content[{at}]"))?;
        }
    }
    Ok(())
}

fn retries(registry: &SyncRegistry, key: &str) -> Result<(), Error> {
    let checks = registry.manifest_check_interval > Duration::ZERO;
    let message = "manifestCheckInterval requires onDemand to be enabled";
    ensure(!checks || registry.on_demand, key, message)?;
    let delay = registry.retry_delay;
    let message = "retryDelay is required when using maxRetries";
    ensure(
        registry.max_retries.is_none() || delay.is_some(),
        key,
        message,
    )?;
    let Some(most) = registry.max_retry_delay else {
        return Ok(());
    };
    ensure(
        delay.is_some(),
        key,
        "retryDelay is required when using maxRetryDelay",
    )?;
    let message = "maxRetryDelay must be greater than or equal to retryDelay";
    ensure(delay.is_some_and(|delay| delay <= most), key, message)
}

fn rates(registry: &SyncRegistry, key: &str) -> Result<(), Error> {
    let message = "reqConcurrent must be greater than 0";
    ensure(registry.req_concurrent != Some(0), key, message)?;
    let rate = registry
        .req_per_sec
        .is_none_or(|rate| rate.is_finite() && rate > 0.0);
    ensure(rate, key, "reqPerSec must be a finite value greater than 0")?;
    let message = "maxIdleConnsPerHost must be greater than 0";
    ensure(registry.max_idle_conns_per_host != Some(0), key, message)
}

fn helper(registry: &SyncRegistry, key: &str) -> Result<(), Error> {
    if registry.credential_helper != "oauth2" {
        return Ok(());
    }
    let problem = match &registry.oauth2_credential_helper {
        None => Some("it is missing"),
        Some(helper) => helper_problem(helper),
    };
    problem.map_or(Ok(()), |problem| {
        let message = format!("invalid oauth2CredentialHelper config: {problem}");
        Err(Error::invalid(
            format!("{key}.oauth2CredentialHelper"),
            message,
        ))
    })
}

fn helper_problem(helper: &Oauth2Helper) -> Option<&'static str> {
    let exchange = helper.grant_type == TOKEN_EXCHANGE;
    let types = [
        helper.subject_token_type.as_str(),
        helper.requested_token_type.as_str(),
    ];
    let of_exchange = types.iter().any(|kind| !kind.is_empty()) || !helper.audience.is_empty();
    let relative = |kind: &&str| !kind.is_empty() && !kind.contains(':');
    let problems = [
        (helper.token_url.is_empty(), "tokenURL is missing"),
        (
            helper.assertion_file.is_some() == helper.signing_file.is_some(),
            "one of assertionFile and signingFile is needed, and only one",
        ),
        (
            !GRANTS.contains(&helper.grant_type.as_str()),
            "grantType is not known",
        ),
        (
            exchange && helper.audience.is_empty(),
            "audience is missing",
        ),
        (
            !exchange && of_exchange,
            "audience, subjectTokenType and requestedTokenType are for a token exchange only",
        ),
        (
            types.iter().any(relative),
            "token types must be absolute URIs",
        ),
    ];
    problems
        .into_iter()
        .find(|(wrong, _)| *wrong)
        .map(|(_, problem)| problem)
}

fn check_content(content: &SyncContent, key: &str) -> Result<(), Error> {
    let prefix = &content.prefix;
    let message = format!("sync prefix could not be compiled: {prefix}");
    ensure(RepoGlob::new(prefix).is_ok(), key, &message)?;
    if let Some(tags) = &content.tags {
        let named = [
            ("regex", &tags.regex),
            ("excludeRegex", &tags.exclude_regex),
        ];
        for (name, pattern) in named {
            let pattern = pattern.as_deref().unwrap_or_default();
            let message = format!("sync content {name} could not be compiled: {pattern}");
            ensure(regex(pattern).is_ok(), key, &message)?;
        }
    }
    let bare = content.strip_prefix && content.destination == "/" && !prefix.contains("/*");
    let message = "can not use stripPrefix true and destination '/' without using glob patterns \
                   in prefix";
    ensure(!bare, key, message)
}
