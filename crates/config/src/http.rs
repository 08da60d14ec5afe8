//! `http`: the listener, its limits, who may come in.

use std::path::PathBuf;
use std::time::Duration;

use serde::Serialize;
use serde_json::Value as Json;

use crate::access::AccessControl;
use crate::auth::Auth;
use crate::decode::Decode;
use crate::error::Fault;
use crate::network::Network;
use crate::shape::{Shape, Shaped, section};

section! {
    /// The listener.
    pub struct Http {
        /// Address to listen on.
        "address" => address: String = "127.0.0.1".to_owned(),
        /// Port to listen on, as text or number; 0 or blank lets the system choose.
        "port" => port: Port = Port(8080),
        /// Base URL that clients see, such as `https://registry.example.org`.
        "externalUrl" | "externalURL" => external_url: String,
        /// Realm of Basic challenges; blank shows as `Authorization Required`.
        "realm" => realm: String,
        /// Value of `Access-Control-Allow-Origin`; blank means `*`.
        "allowOrigin" => allow_origin: String,
        /// Most time for a whole request with its body; 0 means any. Absent means 60 seconds
        /// without progress.
        "readTimeout" => read_timeout: Option<Duration>,
        /// Most time for a whole response; 0 means any. Absent means 60 seconds without progress.
        "writeTimeout" => write_timeout: Option<Duration>,
        /// Certificates of the server; absent means plain HTTP.
        "tls" => tls: Option<Tls>,
        /// Loosened rules: `docker2s2` takes Docker manifests, `sparse` images and indexes whose
        /// parts are not here. Other values are ignored.
        "compat" => compat: Vec<String>,
        /// Limits on requests per second.
        "ratelimit" => ratelimit: Option<RateLimit>,
        /// Who is calling.
        "auth" => auth: Auth,
        /// What callers may do; its presence alone switches authorization on.
        "accessControl" => access_control: Option<AccessControl>,
        /// Addition: bounds on what a request may cost.
        "limits" => limits: Limits,
        /// Addition: addresses or ranges of proxies whose `X-Forwarded-…` headers count.
        "trustedProxies" => trusted_proxies: Vec<Network>,
        /// Addition: most time that running requests get when the server stops.
        "drainTimeout" => drain_timeout: Duration = Duration::from_secs(8),
    }
}

section! {
    /// Addition: bounds on what a request may cost. Sizes are bytes.
    pub struct Limits {
        /// Addition: most bytes of the headers of a request.
        "headerBytes" => header_bytes: u64 = 32 * 1024,
        /// Addition: most bytes of a manifest.
        "manifestBytes" => manifest_bytes: u64 = 4 * 1024 * 1024,
        /// Addition: deepest nesting of a JSON document.
        "jsonDepth" => json_depth: u32 = 64,
        /// Addition: deepest nesting of indexes that a walk follows.
        "indexDepth" => index_depth: u32 = 16,
        /// Addition: most time for the headers of a request.
        "headerTimeout" => header_timeout: Duration = Duration::from_secs(5),
        /// Addition: most time without progress of a body in either direction; 0 means any.
        "idleTimeout" => idle_timeout: Duration = Duration::from_mins(1),
        /// Addition: most entries of one page of a list.
        "pageSize" => page_size: u64 = 10_000,
        /// Addition: most unfinished uploads of one client; 0 means any number.
        "maxOpenUploads" => max_open_uploads: u64 = 1_000,
        /// Addition: bytes that must stay free on the disk; a push that would use them is refused.
        "minFreeSpace" => min_free_space: u64 = 16 * 1024 * 1024,
        /// Addition: passwords that are checked at once; 0 means one per core.
        "passwordChecks" => password_checks: u32,
    }
}

section! {
    /// Certificate, key, and who signs the certificates of clients.
    pub struct Tls {
        /// Certificate chain in PEM.
        "cert" => cert: Option<PathBuf>,
        /// Private key in PEM.
        "key" => key: Option<PathBuf>,
        /// Certificates in PEM that must have signed those of clients; switches client certificates
        /// on.
        "cacert" | "caCert" => cacert: Option<PathBuf>,
    }
}

section! {
    /// Limits on requests per second, each per client address and path.
    pub struct RateLimit {
        /// Most requests of any method.
        "rate" => rate: Option<u64>,
        /// More limits, by method.
        "methods" => methods: Vec<MethodRate>,
    }
}

section! {
    /// The limit of one method.
    pub struct MethodRate {
        /// The method, such as `GET`.
        "method" => method: String,
        /// Most requests per second.
        "rate" => rate: u64,
    }
}

/// A TCP port; 0 lets the system choose.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct Port(pub u16);

impl Decode for Port {
    fn decode(value: Json) -> Result<Self, Fault> {
        u16::decode(value).map(Self)
    }
}

impl Shaped for Port {
    const SHAPE: &'static Shape = &Shape::Port;
}

impl Http {
    /// True when the server speaks TLS: certificate and key are both given.
    pub fn is_tls(&self) -> bool {
        self.tls
            .as_ref()
            .is_some_and(|tls| tls.cert.is_some() && tls.key.is_some())
    }

    /// True when certificates of clients are checked.
    pub fn is_mtls(&self) -> bool {
        self.is_tls() && self.tls.as_ref().is_some_and(|tls| tls.cacert.is_some())
    }

    /// True when a rule is loosened, by its name in `compat`.
    pub fn is_compatible(&self, rule: &str) -> bool {
        self.compat.iter().any(|given| given == rule)
    }
}
