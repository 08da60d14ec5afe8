//! Signatures of requests to AWS, version 4.
//!
//! Spec: AWS, Signature Version 4 signing process.

use std::time::SystemTime;

use ring::{digest, hmac};
use time::OffsetDateTime;
use time::macros::format_description;

/// What a request is signed with and for.
#[derive(Clone, Copy)]
pub(super) struct Signing<'a> {
    pub(super) access_key: &'a str,
    pub(super) secret_key: &'a str,
    pub(super) region: &'a str,
    pub(super) service: &'a str,
    pub(super) now: SystemTime,
}

/// What of a request is signed.
#[derive(Clone, Copy)]
pub(super) struct Signed<'a> {
    pub(super) method: &'a str,
    pub(super) path: &'a str,
    pub(super) query: &'a str,
    /// In small letters and in their order, `host` and `x-amz-date` among them.
    pub(super) headers: &'a [(&'a str, &'a str)],
    pub(super) body: &'a [u8],
}

/// Writes a moment as `x-amz-date` does.
pub(super) fn stamp(now: SystemTime) -> String {
    let format = format_description!("[year][month][day]T[hour][minute][second]Z");
    OffsetDateTime::from(now).format(format).unwrap_or_default()
}

/// Yields the value of `Authorization`.
pub(super) fn authorization(signing: Signing<'_>, signed: Signed<'_>) -> String {
    let names: Vec<&str> = signed.headers.iter().map(|(name, _)| *name).collect();
    let names = names.join(";");
    let lines: String = signed
        .headers
        .iter()
        .flat_map(|(name, value)| [*name, ":", value.trim(), "\n"])
        .collect();
    let Signed {
        method,
        path,
        query,
        body,
        ..
    } = signed;
    let hash = sha256(body);
    let canonical = format!("{method}\n{path}\n{query}\n{lines}\n{names}\n{hash}");

    let stamp = stamp(signing.now);
    let day = stamp.split('T').next().unwrap_or_default();
    let Signing {
        access_key,
        secret_key,
        region,
        service,
        ..
    } = signing;
    let scope = format!("{day}/{region}/{service}/aws4_request");
    let hash = sha256(canonical.as_bytes());
    let text = format!("AWS4-HMAC-SHA256\n{stamp}\n{scope}\n{hash}");
    let first = format!("AWS4{secret_key}").into_bytes();
    let steps = [day, region, service, "aws4_request", &text];
    let signature = steps.iter().fold(first, |key, step| mac(&key, step));
    let signature = hex::encode(signature);
    format!(
        "AWS4-HMAC-SHA256 Credential={access_key}/{scope}, SignedHeaders={names}, Signature={signature}"
    )
}

fn sha256(bytes: &[u8]) -> String {
    hex::encode(digest::digest(&digest::SHA256, bytes))
}

fn mac(key: &[u8], text: &str) -> Vec<u8> {
    let key = hmac::Key::new(hmac::HMAC_SHA256, key);
    hmac::sign(&key, text.as_bytes()).as_ref().to_vec()
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, UNIX_EPOCH};

    use super::*;

    /// The example of the documentation of AWS.
    #[test]
    fn signs_as_documented() {
        let now = UNIX_EPOCH + Duration::from_mins(24_015_636);
        assert_eq!(stamp(now), "20150830T123600Z");
        let signing = Signing {
            access_key: "AKIDEXAMPLE",
            secret_key: "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY",
            region: "us-east-1",
            service: "iam",
            now,
        };
        let signed = Signed {
            method: "GET",
            path: "/",
            query: "Action=ListUsers&Version=2010-05-08",
            headers: &[
                (
                    "content-type",
                    "application/x-www-form-urlencoded; charset=utf-8",
                ),
                ("host", "iam.amazonaws.com"),
                ("x-amz-date", "20150830T123600Z"),
            ],
            body: b"",
        };
        let want = "AWS4-HMAC-SHA256 \
            Credential=AKIDEXAMPLE/20150830/us-east-1/iam/aws4_request, \
            SignedHeaders=content-type;host;x-amz-date, \
            Signature=5d672d79c15b13162d9279b0855cfba6789a8edb4c82c400e06b5924a6f2b5d7";
        assert_eq!(authorization(signing, signed), want);
    }
}
