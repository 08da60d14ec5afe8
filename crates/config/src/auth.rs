//! `http.auth`: who is calling.

use std::path::PathBuf;
use std::time::Duration;

use crate::driver::Driver;
use crate::named::Named;
use crate::secret::Secret;
use crate::shape::section;

section! {
    /// The ways to log in. All that are given are on, side by side.
    pub struct Auth {
        /// Seconds to wait before wrong credentials are answered.
        "failDelay" => fail_delay: u64,
        /// Users and password hashes in a file.
        "htpasswd" | "htPasswd" => htpasswd: Htpasswd,
        /// Users in a directory.
        "ldap" => ldap: Option<Ldap>,
        /// Signed tokens.
        "bearer" => bearer: Option<Bearer>,
        /// Keys that users make for themselves; on when `openid` is given.
        "apikey" | "apiKey" => apikey: bool,
        /// Login in the browser at other services.
        "openid" | "openId" | "openID" => openid: Option<OpenId>,
        /// File with `hashKey` and `encryptKey`, so that sessions outlive a restart.
        "sessionKeysFile" => session_keys_file: Option<PathBuf>,
        /// Where sessions are kept: `name` is `local` or `redis`, with the keys of that driver.
        "sessionDriver" => session_driver: Option<Driver>,
        /// Whether session cookies are for encrypted connections only; always so with TLS.
        "secureSession" => secure_session: Option<bool>,
        /// How the certificate of a client names its user.
        "mtls" => mtls: Option<Mtls>,
    }
    loaded {
        /// The content of the session keys file.
        session_keys: Option<SessionKeys>,
    }
}

section! {
    /// Users and password hashes in a file.
    pub struct Htpasswd {
        /// The file; it must be readable when the server starts, not when the configuration is
        /// verified.
        "path" => path: Option<PathBuf>,
    }
}

section! {
    /// Users in a directory.
    pub struct Ldap {
        /// File with `bindDN` and `bindPassword`; absent means an anonymous bind.
        "credentialsFile" => credentials_file: Option<PathBuf>,
        /// Host of the directory.
        "address" => address: String,
        /// Port of the directory.
        "port" => port: u16,
        /// Speak plain TCP instead of TLS.
        "insecure" => insecure: bool,
        /// Change a plain connection to TLS; only with `insecure`.
        "startTLS" | "startTls" => start_tls: bool,
        /// Accept any certificate.
        "skipVerify" => skip_verify: bool,
        /// Certificates in PEM that must have signed that of the directory.
        "cacert" | "caCert" => cacert: Option<PathBuf>,
        /// Where the search for users starts.
        "baseDN" | "baseDn" => base_dn: String,
        /// Attribute that holds the user name.
        "userAttribute" => user_attribute: String,
        /// Filter that users must pass as well.
        "userFilter" => user_filter: String,
        /// Attribute that holds the groups of a user.
        "userGroupAttribute" => user_group_attribute: String,
        /// Search the whole tree below the base instead of one level.
        "subtreeSearch" => subtree_search: bool,
    }
    loaded {
        /// The name to bind as, from the credentials file; `anonym-user` without one.
        bind_dn: String,
        /// The password to bind with, from the credentials file.
        bind_password: Secret,
    }
}

section! {
    /// Signed tokens.
    pub struct Bearer {
        /// URL of the token service, for the challenge.
        "realm" => realm: String,
        /// Name of this registry at the token service.
        "service" => service: String,
        /// Certificate, public key or key set that tokens are checked with.
        "cert" => cert: Option<PathBuf>,
        /// The same from AWS Secrets Manager.
        "awsSecretsManager" => aws_secrets_manager: Option<AwsSecretsManager>,
        /// Services whose identity tokens are accepted as they are.
        "oidc" => oidc: Vec<BearerOidc>,
        /// Token service that token requests are passed on to.
        "upstreamTokenEndpoint" => upstream_token_endpoint: Option<UpstreamTokenEndpoint>,
        /// Addition: with tokens on, accept nothing else. This is what zot does.
        "exclusive" => exclusive: bool,
    }
}

section! {
    /// A key in AWS Secrets Manager.
    pub struct AwsSecretsManager {
        /// Region of the service.
        "region" => region: String,
        /// Name of the secret.
        "secretName" => secret_name: String,
        /// Time between two readings.
        "refreshInterval" => refresh_interval: Duration = Duration::from_mins(1),
    }
}

section! {
    /// A service whose identity tokens are accepted.
    pub struct BearerOidc {
        /// URL of the issuer.
        "issuer" => issuer: String,
        /// Audiences, one of which a token must have.
        "audiences" => audiences: Vec<String>,
        /// How claims become a user and groups.
        "claimMapping" => claim_mapping: Option<CelClaimMapping>,
        /// Certificates in PEM that must have signed that of the issuer.
        "certificateAuthority" => certificate_authority: String,
        /// The same in a file.
        "certificateAuthorityFile" => certificate_authority_file: Option<PathBuf>,
        /// Do not compare the issuer of a token with `issuer`.
        "skipIssuerVerification" => skip_issuer_verification: bool,
    }
}

section! {
    /// How claims become a user and groups, as CEL expressions.
    pub struct CelClaimMapping {
        /// Names for parts of the expressions.
        "variables" => variables: Vec<CelVariable>,
        /// Conditions that a token must meet.
        "validations" => validations: Vec<CelValidation>,
        /// The user name; blank means `claims.iss + '/' + claims.sub`.
        "username" => username: String,
        /// The list of groups.
        "groups" => groups: String,
    }
}

section! {
    /// A name for a part of the expressions.
    pub struct CelVariable {
        /// The name.
        "name" => name: String,
        /// What it stands for.
        "expression" => expression: String,
    }
}

section! {
    /// A condition that a token must meet.
    pub struct CelValidation {
        /// An expression that yields true or false.
        "expression" => expression: String,
        /// What is said when it is false.
        "message" => message: String,
    }
}

section! {
    /// A token service that token requests are passed on to.
    pub struct UpstreamTokenEndpoint {
        /// Its URL.
        "realm" => realm: String,
        /// Name of this registry there.
        "service" => service: String,
        /// Allow a URL without TLS.
        "allowInsecureHttp" => allow_insecure_http: bool,
    }
}

section! {
    /// Login in the browser at other services.
    pub struct OpenId {
        /// The services by name: `google`, `gitlab`, `oidc` or `github`.
        "providers" => providers: Named<OpenIdProvider>,
        /// More origins that a login may return to.
        "callbackAllowOrigins" => callback_allow_origins: Vec<String>,
    }
}

section! {
    /// A service to log in at.
    pub struct OpenIdProvider {
        /// Name that users see.
        "name" => name: String,
        /// File with `clientid` and `clientsecret`.
        "credentialsFile" => credentials_file: Option<PathBuf>,
        /// Name of this registry at the service, when there is no such file.
        "clientid" | "clientId" | "clientID" => client_id: String,
        /// Secret of this registry at the service; blank means PKCE.
        "clientsecret" | "clientSecret" => client_secret: Secret,
        /// Private key that this registry proves itself with.
        "keypath" | "keyPath" => key_path: Option<PathBuf>,
        /// URL of the issuer.
        "issuer" => issuer: String,
        /// What is asked of the service.
        "scopes" => scopes: Vec<String>,
        /// URL to log in at, in the place of GitHub's.
        "authurl" | "authUrl" | "authURL" => auth_url: String,
        /// URL of tokens, in the place of GitHub's.
        "tokenurl" | "tokenUrl" | "tokenURL" => token_url: String,
        /// Which claims hold user and groups.
        "claimMapping" => claim_mapping: Option<ClaimMapping>,
    }
}

section! {
    /// Which claims hold user and groups.
    pub struct ClaimMapping {
        /// Claim of the user name.
        "username" => username: String = "email".to_owned(),
        /// Claim of the groups.
        "groups" => groups: String = "groups".to_owned(),
    }
}

section! {
    /// How the certificate of a client names its user.
    pub struct Mtls {
        /// What is looked at, in this order: `CommonName` or `CN`, `Subject` or `DN`, `Email` or
        /// `rfc822name`, `URI` or `URL`, `DNSName` or `DNS`, in any case.
        "identityAttributes" => identity_attributes: Vec<String> = vec!["CommonName".to_owned()],
        /// Regular expression over a URI, whose first group is the user.
        "uriSanPattern" => uri_san_pattern: String,
        /// Which URI of the certificate.
        "uriSanIndex" => uri_san_index: u32,
        /// Which DNS name of the certificate.
        "dnsSanIndex" => dns_san_index: u32,
        /// Which mail address of the certificate.
        "emailSanIndex" => email_san_index: u32,
    }
}

section! {
    /// The content of a session keys file.
    pub struct SessionKeys {
        /// Key that session cookies are signed with.
        "hashKey" => hash_key: Secret,
        /// Key that they are encrypted with.
        "encryptKey" => encrypt_key: Secret,
    }
}

impl Bearer {
    /// True when tokens of a token service are accepted: realm, service and a key are given.
    pub fn is_traditional(&self) -> bool {
        let key = self.cert.is_some() || self.aws_secrets_manager.is_some();
        key && !self.realm.is_empty() && !self.service.is_empty()
    }

    /// True when identity tokens are accepted: one service has an issuer and an audience.
    pub fn is_oidc(&self) -> bool {
        self.oidc
            .iter()
            .any(|service| !service.issuer.is_empty() && !service.audiences.is_empty())
    }

    /// True when any token is accepted.
    pub fn is_enabled(&self) -> bool {
        self.is_traditional() || self.is_oidc()
    }
}
