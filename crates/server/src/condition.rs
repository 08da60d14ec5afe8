//! Preconditions: `If-Match` and `If-None-Match` over digests.
//!
//! The entity tag of content is its digest in quotes, so every comparison is one of digests.
//!
//! Spec: RFC 9110, section 13.

use http::header::{HeaderMap, HeaderName, IF_MATCH, IF_NONE_MATCH};
use oci::Digest;
use registry::{Condition, Matches};

/// Reads the precondition of a write. `If-Match` comes first, as the standard says.
///
/// Tags that are no digests match nothing, so they are left out.
pub fn of_write(headers: &HeaderMap) -> Condition {
    if let Some(matches) = read(headers, &IF_MATCH) {
        return Condition::IfMatch(matches);
    }
    match read(headers, &IF_NONE_MATCH) {
        Some(matches) => Condition::IfNoneMatch(matches),
        None => Condition::Always,
    }
}

/// Tells whether a read asks for an answer only if it is not the content with this digest.
pub fn is_fresh(headers: &HeaderMap, digest: &Digest) -> bool {
    match read(headers, &IF_NONE_MATCH) {
        Some(Matches::Any) => true,
        Some(Matches::Digests(digests)) => digests.contains(digest),
        None => false,
    }
}

fn read(headers: &HeaderMap, name: &HeaderName) -> Option<Matches> {
    let mut lines = headers.get_all(name).iter().peekable();
    lines.peek()?;
    let mut digests = Vec::new();
    for line in lines {
        // A tag may hold a comma only between quotes, and no digest has one.
        for tag in line.to_str().unwrap_or_default().split(',') {
            let tag = tag.trim();
            if tag == "*" {
                return Some(Matches::Any);
            }
            digests.extend(digest_of(tag));
        }
    }
    Some(Matches::Digests(digests))
}

fn digest_of(tag: &str) -> Option<Digest> {
    let tag = tag.strip_prefix("W/").unwrap_or(tag);
    tag.strip_prefix('"')?.strip_suffix('"')?.parse().ok()
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    fn headers(name: &HeaderName, lines: &[&str]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for line in lines {
            headers.append(name.clone(), HeaderValue::from_str(line).unwrap());
        }
        headers
    }

    #[test]
    fn reads_know_what_the_client_has() {
        let (a, b) = (Digest::sha256(b"a"), Digest::sha256(b"b"));
        let (qa, qb) = (format!("\"{a}\""), format!("\"{b}\""));
        let table: [(&[&str], bool); 9] = [
            (&[], false),
            (&[&qa], true),
            (&[&qb], false),
            (&["*"], true),
            (&[&format!("{qb}, {qa}")], true),
            (&[&qb, &qa], true),
            (&[&format!("W/{qa}")], true),
            (&[&a.to_string()], false),
            (&["\"x\", ,"], false),
        ];
        for (lines, want) in table {
            assert_eq!(
                is_fresh(&headers(&IF_NONE_MATCH, lines), &a),
                want,
                "{lines:?}"
            );
        }
    }

    #[test]
    fn writes_carry_their_precondition() {
        let a = Digest::sha256(b"a");
        let qa = format!("\"{a}\"");
        assert_eq!(of_write(&HeaderMap::new()), Condition::Always);
        let any = headers(&IF_NONE_MATCH, &["*"]);
        assert_eq!(of_write(&any), Condition::IfNoneMatch(Matches::Any));
        let mut both = headers(&IF_MATCH, &[&qa]);
        both.insert(IF_NONE_MATCH, HeaderValue::from_static("*"));
        let want = Condition::IfMatch(Matches::Digests(vec![a]));
        assert_eq!(of_write(&both), want);
        let odd = headers(&IF_MATCH, &["nonsense"]);
        let want = Condition::IfMatch(Matches::Digests(Vec::new()));
        assert_eq!(of_write(&odd), want);
    }
}
