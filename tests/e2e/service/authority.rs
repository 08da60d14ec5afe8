//! A certificate authority, and signatures, made by openssl.

use std::path::PathBuf;

use testkit::client::{Client, Home};

use crate::scene::text;

/// Signs certificates for servers and clients of one test.
pub(crate) struct Authority {
    home: Home,
    openssl: Client,
}

/// A certificate and its key, both in PEM.
#[derive(Clone, Debug)]
pub(crate) struct Pair {
    pub(crate) cert: PathBuf,
    pub(crate) key: PathBuf,
}

impl Authority {
    /// Makes a key and signs itself; none without openssl.
    pub(crate) fn new() -> Option<Self> {
        let home = Home::new();
        let openssl = home.client("openssl")?;
        let authority = Self { home, openssl };
        authority.request("ca", "/CN=tests", &[]);
        Some(authority)
    }

    /// Yields the certificate that everybody trusts.
    pub(crate) fn cert(&self) -> PathBuf {
        self.home.join("ca.crt")
    }

    /// Makes a certificate for servers on the loopback address.
    pub(crate) fn server(&self, name: &str) -> Pair {
        let names = "subjectAltName=IP:127.0.0.1,DNS:localhost";
        self.signed(name, "/CN=server", names)
    }

    /// Makes a certificate for a client whose common name this is.
    pub(crate) fn client(&self, name: &str) -> Pair {
        let subject = format!("/O=tests/CN={name}");
        self.signed(name, &subject, "extendedKeyUsage=clientAuth")
    }

    fn signed(&self, name: &str, subject: &str, extension: &str) -> Pair {
        let constraint = "basicConstraints=critical,CA:FALSE";
        let more = ["-CA", "ca.crt", "-CAkey", "ca.key"];
        let extensions = ["-addext", constraint, "-addext", extension];
        self.request(name, subject, &[more, extensions].concat())
    }

    fn request(&self, name: &str, subject: &str, more: &[&str]) -> Pair {
        let (cert, key) = (format!("{name}.crt"), format!("{name}.key"));
        let request = ["req", "-x509", "-newkey", "ec", "-nodes", "-days", "2"];
        let curve = ["-pkeyopt", "ec_paramgen_curve:prime256v1", "-subj", subject];
        let out = ["-out", cert.as_str(), "-keyout", key.as_str()];
        self.openssl
            .run(&[&request[..], &curve, &out, more].concat());
        Pair {
            cert: self.home.join(&cert),
            key: self.home.join(&key),
        }
    }
}

/// Signs tokens with a key of its own.
pub(crate) struct Signer {
    home: Home,
    openssl: Client,
}

impl Signer {
    /// Makes an RSA key; none without openssl.
    pub(crate) fn new() -> Option<Self> {
        let home = Home::new();
        let openssl = home.client("openssl")?;
        let size = "rsa_keygen_bits:2048";
        openssl.run(&[
            "genpkey",
            "-algorithm",
            "RSA",
            "-pkeyopt",
            size,
            "-out",
            "key",
        ]);
        openssl.run(&["pkey", "-in", "key", "-pubout", "-out", "public.pem"]);
        Some(Self { home, openssl })
    }

    /// Yields the public key.
    pub(crate) fn public(&self) -> PathBuf {
        self.home.join("public.pem")
    }

    /// Signs a token with these claims.
    ///
    /// Spec: RFC 7515, 3.1; RFC 7518, 3.3.
    pub(crate) fn token(&self, claims: &serde_json::Value) -> String {
        let header = base64url(br#"{"alg":"RS256","typ":"JWT"}"#);
        let signed = format!("{header}.{}", base64url(claims.to_string().as_bytes()));
        let input = text(&self.home.write("input", &signed));
        self.openssl.run(&[
            "dgst",
            "-sha256",
            "-sign",
            "key",
            "-out",
            "signature",
            &input,
        ]);
        format!("{signed}.{}", base64url(&self.home.read("signature")))
    }
}

/// Writes bytes as tokens do.
pub(crate) fn base64url(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    let digit = |number: u32| char::from(DIGITS[usize::try_from(number & 63).unwrap()]);
    let piece = |chunk: &[u8]| {
        let byte = |at: usize| u32::from(chunk.get(at).copied().unwrap_or_default());
        let bits = byte(0) << 16 | byte(1) << 8 | byte(2);
        let digits = [18, 12, 6, 0].map(|shift| digit(bits >> shift));
        digits[..=chunk.len()].iter().collect::<String>()
    };
    bytes.chunks(3).map(piece).collect()
}

/// Writes a user and a password as a header does.
pub(crate) fn basic(user: &str, password: &str) -> String {
    let mut text = base64url(format!("{user}:{password}").as_bytes());
    text = text.replace('-', "+").replace('_', "/");
    while !text.len().is_multiple_of(4) {
        text.push('=');
    }
    format!("Basic {text}")
}

#[test]
fn bytes_are_written_as_others_do() {
    for (bytes, want) in [("", ""), ("f", "Zg"), ("fo", "Zm8"), ("foo", "Zm9v")] {
        assert_eq!(base64url(bytes.as_bytes()), want);
    }
    assert_eq!(basic("a", "b"), "Basic YTpi");
    assert_eq!(basic("user", "p??>"), "Basic dXNlcjpwPz8+");
}
