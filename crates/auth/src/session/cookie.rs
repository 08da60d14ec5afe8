//! The cookie of a session, as requests carry it.

use http::{HeaderMap, header};

/// The name of the cookie.
pub const SESSION: &str = "session";

/// The header that the user interface sends.
pub const CLIENT: &str = "x-zot-api-client";

/// What the user interface calls itself in [`CLIENT`].
const INTERFACE: &[u8] = b"zot-ui";

/// The most cookies of one name that are looked at: a browser sends one for each path and domain.
const MAX_SAME: usize = 4;

/// Tells whether a request comes from the user interface.
///
/// No page of elsewhere can send this header with a user's cookies unless the server says so.
pub fn is_interface(headers: &HeaderMap) -> bool {
    headers
        .get(CLIENT)
        .is_some_and(|value| value.as_bytes() == INTERFACE)
}

/// Yields the values of the cookies of a name, in their order, a few at most.
pub fn cookies<'a>(headers: &'a HeaderMap, name: &str) -> impl Iterator<Item = &'a str> {
    let lines = headers.get_all(header::COOKIE).iter();
    let lines = lines.filter_map(|line| line.to_str().ok());
    let pairs = lines.flat_map(|line| line.split(';'));
    let values = pairs.filter_map(move |pair| {
        let (key, value) = pair.trim().split_once('=')?;
        (key == name).then_some(value)
    });
    values.take(MAX_SAME)
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    #[test]
    fn reads_cookies() {
        let mut headers = HeaderMap::new();
        for line in ["a=1; session=x; b", "session=y;session=;sessions=n", "é=1"] {
            let value = HeaderValue::from_bytes(line.as_bytes()).unwrap();
            headers.append(header::COOKIE, value);
        }
        let all = |name| cookies(&headers, name).collect::<Vec<_>>();
        assert_eq!(all("session"), ["x", "y", ""]);
        assert_eq!(all("a"), ["1"]);
        assert_eq!(all("b"), Vec::<&str>::new());

        let many = "session=z;".repeat(9);
        headers.insert(header::COOKIE, many.parse().unwrap());
        assert_eq!(cookies(&headers, "session").count(), MAX_SAME);
    }

    #[test]
    fn knows_the_interface() {
        let mut headers = HeaderMap::new();
        assert!(!is_interface(&headers));
        for (value, want) in [("zot-ui", true), ("zli", false), ("zot-ui2", false)] {
            headers.insert(CLIENT, value.parse().unwrap());
            assert_eq!(is_interface(&headers), want, "{value}");
        }
    }
}
