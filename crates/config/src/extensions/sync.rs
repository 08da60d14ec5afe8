//! `extensions.sync`.

use std::path::PathBuf;
use std::time::Duration;

use crate::duration::hours;
use crate::shape::section;

/// The values of `credentialHelper` that mean something.
pub const CREDENTIAL_HELPERS: [&str; 3] = ["ecr", "gcp", "oauth2"];

/// The value of `grantType` that trades one token for another.
pub const TOKEN_EXCHANGE: &str = "urn:ietf:params:oauth:grant-type:token-exchange";

section! {
    /// Mirrors of other registries.
    pub struct Sync {
        /// Whether the extension is on.
        "enable" => enable: bool = true,
        /// File with user and password by host.
        "credentialsFile" => credentials_file: Option<PathBuf>,
        /// Folder for content under way; needed with remote storage.
        "downloadDir" => download_dir: Option<PathBuf>,
        /// The registries that are mirrored.
        "registries" => registries: Vec<SyncRegistry>,
    }
}

section! {
    /// A registry that is mirrored.
    pub struct SyncRegistry {
        /// URLs: the registry itself, then mirrors of it, tried in this order.
        "urls" | "urLs" => urls: Vec<String>,
        /// Time between two rounds; 0 means none.
        "pollInterval" => poll_interval: Duration,
        /// What is mirrored, and under which names; empty means everything, on demand only.
        "content" => content: Vec<SyncContent>,
        /// Fetch what is asked for and not here.
        "onDemand" => on_demand: bool,
        /// Check the certificate of the registry.
        "tlsVerify" => tls_verify: bool = true,
        /// Folder with `*.cert`, `*.key` and `*.crt`.
        "certDir" => cert_dir: Option<PathBuf>,
        /// Most repetitions of a failed request; needs `retryDelay`.
        "maxRetries" => max_retries: Option<u32>,
        /// Time before a repetition.
        "retryDelay" => retry_delay: Option<Duration>,
        /// Upper bound of a delay that doubles each time; absent means that it does not.
        "maxRetryDelay" => max_retry_delay: Option<Duration>,
        /// Mirror signed images only.
        "onlySigned" => only_signed: bool,
        /// Mirror signatures and other attachments that are tags too.
        "syncLegacyCosignTags" => sync_legacy_cosign_tags: bool = true,
        /// Keep Docker manifests as they are; needs `docker2s2` in `http.compat`.
        "preserveDigest" => preserve_digest: bool,
        /// Most time for one request, and for one mirroring on demand.
        "syncTimeout" => sync_timeout: Duration = hours(3),
        /// Time for which an answer of the registry about a tag counts; needs `onDemand`.
        "manifestCheckInterval" => manifest_check_interval: Duration,
        /// Where credentials come from instead of the file: `ecr`, `gcp` or `oauth2`.
        "credentialHelper" => credential_helper: String,
        /// How the `oauth2` helper gets a token.
        "oauth2CredentialHelper" => oauth2_credential_helper: Option<Oauth2Helper>,
        /// Most requests to one host at once; absent means 3.
        "reqConcurrent" => req_concurrent: Option<u32>,
        /// Most requests to one host per second; absent means any number.
        "reqPerSec" => req_per_sec: Option<f64>,
        /// Speak HTTP/1.1 only.
        "disableHTTP2" | "disableHttp2" => disable_http2: bool,
        /// Most idle connections to one host.
        "maxIdleConnsPerHost" => max_idle_conns_per_host: Option<u32>,
    }
}

section! {
    /// Repositories that are mirrored.
    pub struct SyncContent {
        /// Glob over repository names of the other registry; a leading slash does not count.
        "prefix" => prefix: String,
        /// Which tags, for the periodic rounds.
        "tags" => tags: Option<SyncTags>,
        /// Path that names get in front here.
        "destination" => destination: String,
        /// Leave out the part of the name that `prefix` spells out.
        "stripPrefix" => strip_prefix: bool,
    }
}

section! {
    /// Tags that are mirrored.
    pub struct SyncTags {
        /// Regular expression that tags must match, not anchored; blank matches nothing.
        "regex" => regex: Option<String>,
        /// Regular expression that tags must not match; blank matches nothing.
        "excludeRegex" => exclude_regex: Option<String>,
        /// Mirror versions only.
        "semver" => semver: bool,
    }
}

section! {
    /// How the `oauth2` helper gets a token.
    pub struct Oauth2Helper {
        /// URL of the token service.
        "tokenURL" => token_url: String,
        /// File with a signed assertion.
        "assertionFile" => assertion_file: Option<PathBuf>,
        /// File that says how to sign one.
        "signingFile" => signing_file: Option<PathBuf>,
        /// `client_credentials`, or the URN of the JWT bearer or the token exchange grant.
        "grantType" => grant_type: String = "client_credentials".to_owned(),
        /// Name of this registry at the token service.
        "clientID" => client_id: String,
        /// File with the secret of this registry.
        "clientSecretFile" => client_secret_file: Option<PathBuf>,
        /// What is asked of the token service.
        "scopes" => scopes: Vec<String>,
        /// User name that goes with the token.
        "username" => username: String = "<token>".to_owned(),
        /// Whom the token is for; with a token exchange only.
        "audience" => audience: String,
        /// Type of the token that is given; with a token exchange only.
        "subjectTokenType" => subject_token_type: String,
        /// Type of the token that is wanted; with a token exchange only.
        "requestedTokenType" => requested_token_type: String,
    }
}
