//! `extensions.events`.

use std::path::PathBuf;
use std::time::Duration;

use crate::named::Named;
use crate::secret::Secret;
use crate::shape::section;

section! {
    /// Messages about changes to other services.
    pub struct Events {
        /// Whether the extension is on. Off unless it is given.
        "enable" => enable: bool,
        /// Where messages go.
        "sinks" => sinks: Vec<EventSink>,
    }
}

section! {
    /// A service that gets messages. Keys that are not known are ignored here.
    pub struct EventSink(Tolerated) {
        /// `http` or `nats`.
        "type" => kind: String,
        /// URL of the service.
        "address" => address: String,
        /// Subject for NATS; an attribute of the message for HTTP.
        "channel" => channel: String,
        /// Most time for one message; 0 means 30s.
        "timeout" => timeout: Duration,
        /// Proxy for HTTP.
        "proxy" => proxy: Option<String>,
        /// Headers that HTTP requests get as well.
        "headers" => headers: Named<Secret>,
        /// How the server proves itself.
        "credentials" => credentials: Option<EventCredentials>,
        /// Certificates of the connection.
        "tlsConfig" => tls_config: Option<EventTls>,
    }
}

section! {
    /// How the server proves itself to a sink.
    pub struct EventCredentials(Tolerated) {
        /// User name.
        "username" => username: String,
        /// Password of that user.
        "password" => password: Secret,
        /// Bearer token, when there is no user name.
        "token" => token: Secret,
        /// Credentials file of NATS.
        "file" => file: Option<PathBuf>,
    }
}

section! {
    /// Certificates of the connection to a sink.
    pub struct EventTls(Tolerated) {
        /// Certificates in PEM that must have signed that of the sink.
        "caCertFile" => ca_cert_file: Option<PathBuf>,
        /// Certificate of the server in PEM.
        "certFile" => cert_file: Option<PathBuf>,
        /// Its private key in PEM.
        "keyFile" => key_file: Option<PathBuf>,
    }
}
