//! What of an answer is compared, and how a difference is written.
//!
//! Left out is what differs between any two servers (dates, identifiers of uploads and of requests,
//! boundaries, the spelling of field names, how a body is framed) and what only we send by design
//! (`ETag`, `Cache-Control`, `Accept-Ranges`, `X-Request-Id`, `Allow`, more identifiers and digests than zot,
//! and with errors where an upload stands). Of an error its code counts,
//! that zot's message begins ours, and that zot's details are among ours; the prose does not.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value};
use testkit::http::{Request, Response};

/// Fields that are not compared.
const LEFT_OUT: [&str; 8] = [
    "date",
    "connection",
    "transfer-encoding",
    "etag",
    "cache-control",
    "accept-ranges",
    "x-request-id",
    "allow",
];

/// Fields that may be there in ours alone: identifiers, and what costs nobody anything.
const MORE: [&str; 3] = [
    "blob-upload-uuid",
    "docker-content-digest",
    "x-content-type-options",
];

/// Fields that tell where an upload stands: we send them with errors too.
const STANDING: [&str; 2] = ["location", "range"];

/// Fields that go with a body.
const ABOUT_BODIES: [&str; 2] = ["content-type", "x-content-type-options"];

/// Details whose text is prose.
const PROSE: [&str; 3] = ["description", "reason", "jsonSchemaValidation"];

/// How much of a body a difference shows, in characters.
const SHOWN: usize = 160;

/// An answer without what must differ; the default one is a connection without an answer.
#[derive(Debug, Default)]
pub(crate) struct Answer {
    status: u16,
    headers: BTreeMap<String, String>,
    body: Body,
}

#[derive(Debug, Default, PartialEq)]
enum Body {
    #[default]
    None,
    Text(String),
    Json(Value),
    Error {
        form: &'static str,
        error: Map<String, Value>,
    },
}

impl Answer {
    /// Takes what counts of an answer; `names` are written instead of the digests that they stand for.
    pub(crate) fn new<'a>(
        request: &Request,
        answer: &Response,
        names: impl Iterator<Item = (&'a String, &'a String)>,
    ) -> Self {
        let mut marks: Vec<_> = names
            .map(|(name, value)| (value.clone(), format!("{{{name}}}")))
            .collect();
        let content_type = answer.header("content-type").unwrap_or_default();
        if let Some((_, boundary)) = content_type.split_once("boundary=") {
            marks.push((boundary.to_owned(), "{boundary}".to_owned()));
        }
        let is_multipart = content_type.starts_with("multipart/");
        let mark = |text: &str| {
            let marked = marks.iter().fold(text.to_owned(), |text, (value, name)| {
                text.replace(value, name)
            });
            without_ids(&marked)
        };
        let body = read(answer.status, &mark(&answer.text()));
        let mut headers: BTreeMap<String, String> = BTreeMap::new();
        for (name, value) in &answer.headers {
            let name = name.to_ascii_lowercase();
            if LEFT_OUT.contains(&name.as_str()) {
                continue;
            }
            let all = headers.entry(name).or_default();
            if !all.is_empty() {
                all.push_str(", ");
            }
            all.push_str(&mark(value));
        }
        // the length tells something of its own only where there is no body to compare
        let is_head = request.method == "HEAD";
        let is_empty = answer.header("content-length") == Some("0");
        if !is_head || answer.status >= 400 || is_multipart || is_empty {
            headers.remove("content-length");
        }
        // what a body would be that is not sent
        if is_head && answer.status >= 400 {
            headers.retain(|name, _| !ABOUT_BODIES.contains(&name.as_str()));
        }
        Self {
            status: answer.status,
            headers,
            body,
        }
    }
}

/// Yields what differs, as `status 404 (zot 405), ...`; nothing if that is empty.
pub(crate) fn compare(ours: &Answer, theirs: &Answer) -> String {
    let mut differences = Vec::new();
    let mut differ = |what: &str, ours: &str, theirs: &str| {
        differences.push(format!("{what} {ours} (zot {theirs})"));
    };
    if ours.status != theirs.status {
        differ(
            "status",
            &ours.status.to_string(),
            &theirs.status.to_string(),
        );
    }
    let is_same = is_same_body(&ours.body, &theirs.body);
    if !is_same {
        differ("body", &ours.body.show(), &theirs.body.show());
    }
    let names: BTreeSet<_> = ours.headers.keys().chain(theirs.headers.keys()).collect();
    for name in names {
        let is_told = !is_same && ours.body.is_unlike(&theirs.body);
        if is_told && ABOUT_BODIES.contains(&name.as_str()) {
            continue;
        }
        let is_error = ours.status >= 400;
        let value = |answer: &Answer| answer.headers.get(name).cloned();
        let (ours, theirs) = (value(ours), value(theirs));
        let is_more = |names: &[&str]| theirs.is_none() && names.contains(&name.as_str());
        if ours != theirs && !is_more(&MORE) && !(is_error && is_more(&STANDING)) {
            let show = |value: Option<String>| {
                value.map_or("none".to_owned(), |value| format!("`{value}`"))
            };
            differ(name, &show(ours), &show(theirs));
        }
    }
    differences.join(", ")
}

fn read(status: u16, text: &str) -> Body {
    if text.is_empty() {
        return Body::None;
    }
    let Ok(json) = serde_json::from_str::<Value>(text) else {
        return Body::Text(text.to_owned());
    };
    let error = |form, error: &Value| {
        let error = error.as_object()?;
        let is_error = status >= 400 && error.contains_key("code");
        is_error.then(|| Body::Error {
            form,
            error: error.clone(),
        })
    };
    json.pointer("/errors/0")
        .and_then(|first| error("", first))
        .or_else(|| error("bare ", &json))
        .unwrap_or(Body::Json(json))
}

fn is_same_body(ours: &Body, theirs: &Body) -> bool {
    let (
        Body::Error { form, error },
        Body::Error {
            form: other,
            error: zots,
        },
    ) = (ours, theirs)
    else {
        return ours == theirs;
    };
    let text = |error: &Map<String, Value>| {
        let message = error.get("message").and_then(Value::as_str);
        message.unwrap_or_default().to_owned()
    };
    form == other
        && error.get("code") == zots.get("code")
        && text(error).starts_with(&text(zots))
        && missing(error, zots).is_empty()
}

/// Yields the details of zot that ours lacks or has otherwise.
fn missing(ours: &Map<String, Value>, theirs: &Map<String, Value>) -> Vec<String> {
    let details = |error: &Map<String, Value>| error.get("detail").cloned().unwrap_or_default();
    let (ours, theirs) = (details(ours), details(theirs));
    let theirs = theirs.as_object().into_iter().flatten();
    theirs
        .filter(|(name, value)| !PROSE.contains(&name.as_str()) && ours.get(name) != Some(value))
        .map(|(name, value)| format!("{name}={value}"))
        .collect()
}

impl Body {
    /// Tells whether types of two bodies differ because the bodies do.
    fn is_unlike(&self, other: &Self) -> bool {
        let form = |body: &Self| match body {
            Self::Error { form, .. } => *form,
            Self::None | Self::Text(_) | Self::Json(_) => "",
        };
        std::mem::discriminant(self) != std::mem::discriminant(other) || form(self) != form(other)
    }

    fn show(&self) -> String {
        let short = |text: &str| text.chars().take(SHOWN).collect::<String>();
        match self {
            Self::None => "empty".to_owned(),
            Self::Text(text) => format!("{:?}", short(text)),
            Self::Json(json) => short(&json.to_string()),
            Self::Error { form, error } => {
                let code = error
                    .get("code")
                    .and_then(Value::as_str)
                    .unwrap_or_default();
                let details = missing(&Map::new(), error);
                let mut shown = format!("{form}{code}");
                for detail in details {
                    shown.extend([" ", &detail]);
                }
                shown
            }
        }
    }
}

/// Writes `{id}` for every UUID.
fn without_ids(text: &str) -> String {
    let mut left = text;
    let mut found = String::new();
    while let Some(next) = left.chars().next() {
        let id = left.get(..36).filter(|id| is_id(id));
        let (piece, taken) = match id {
            Some(_) => ("{id}".to_owned(), 36),
            None => (next.to_string(), next.len_utf8()),
        };
        found.push_str(&piece);
        left = left.get(taken..).unwrap_or_default();
    }
    found
}

fn is_id(text: &str) -> bool {
    text.char_indices().all(|(at, letter)| match at {
        8 | 13 | 18 | 23 => letter == '-',
        _ => letter.is_ascii_hexdigit(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(status: u16, headers: &[(&str, &str)], body: &str) -> Answer {
        let headers = headers.iter();
        let answer = Response {
            status,
            reason: String::new(),
            headers: headers
                .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
                .collect(),
            body: body.as_bytes().to_vec(),
        };
        let digest = ("d".to_owned(), "sha256:00".to_owned());
        let names = [(&digest.0, &digest.1)];
        Answer::new(&Request::get("/"), &answer, names.into_iter())
    }

    fn error(message: &str, detail: &str) -> Answer {
        let body = format!(
            r#"{{"errors":[{{"code":"X","message":"{message}","detail":{{"description":"{message}",{detail}}}}}]}}"#
        );
        answer(404, &[("Content-Type", "application/json")], &body)
    }

    #[test]
    fn what_must_differ_does_not_count() {
        let id = |letter: &str| format!("/u/{}-0000-4000-8000-000000000000", letter.repeat(8));
        let ours = [
            ("Location", id("a")),
            ("Date", "x".into()),
            ("ETag", "x".into()),
        ];
        let theirs = [("location", id("b")), ("Date", "y".into())];
        let fields = |list: &[(&'static str, String)]| {
            let list = list.iter().map(|(name, value)| (*name, value.as_str()));
            answer(200, &list.collect::<Vec<_>>(), "")
        };
        assert_eq!(compare(&fields(&ours), &fields(&theirs)), "");
        let parts = |boundary: &str| {
            let kind = format!("multipart/byteranges; boundary={boundary}");
            answer(206, &[("Content-Type", &kind)], &format!("--{boundary}--"))
        };
        assert_eq!(compare(&parts("abc"), &parts("de")), "");
        let order = |text| answer(200, &[], text);
        assert_eq!(
            compare(&order(r#"{"a":1,"b":2}"#), &order(r#"{"b":2,"a":1}"#)),
            ""
        );
        let (ours, theirs) = (
            error("m: why", r#""k":"v","more":"x""#),
            error("m", r#""k":"v""#),
        );
        assert_eq!(compare(&ours, &theirs), "");
    }

    #[test]
    fn what_differs_is_told() {
        let ours = answer(200, &[("Link", "</sha256:00>"), ("A", "1")], "x");
        let theirs = answer(201, &[("A", "2"), ("B", "3")], "");
        assert_eq!(
            compare(&ours, &theirs),
            "status 200 (zot 201), body \"x\" (zot empty), a `1` (zot `2`), b none (zot `3`), \
             link `</{d}>` (zot none)"
        );
        let bare = answer(404, &[], r#"{"code":"X"}"#);
        assert_eq!(
            compare(&error("m", r#""k":"v""#), &bare),
            "body X k=\"v\" (zot bare X)"
        );
        let other = [(r#""k":"v""#, "m", "m"), (r#""more":1,"k":"w""#, "m", "m")];
        for (detail, ours, theirs) in other {
            let theirs = error(theirs, r#""k":"x""#);
            assert_ne!(compare(&error(ours, detail), &theirs), "", "{detail}");
        }
        assert_ne!(
            compare(&error("n", r#""k":1"#), &error("m", r#""k":1"#)),
            ""
        );
        assert_eq!(
            compare(&Answer::default(), &answer(200, &[], "")),
            "status 0 (zot 200)"
        );
    }
}
