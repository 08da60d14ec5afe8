//! A browser without a screen: cookies, redirects and forms.

use std::collections::BTreeMap;

use testkit::http::{Remote, Request, Response};

/// How often it follows a redirect.
const PATIENCE: usize = 20;

/// Keeps cookies as browsers do: by host, not by port, and by path.
#[derive(Debug, Default)]
pub(super) struct Browser {
    jar: BTreeMap<(String, String), String>,
}

/// What is shown at the end of all redirects.
#[derive(Debug)]
pub(super) struct Page {
    pub(super) url: String,
    pub(super) response: Response,
}

impl Browser {
    /// Opens a URL.
    pub(super) fn open(&mut self, url: &str) -> Page {
        self.follow(url, "GET", None)
    }

    /// Sends the form of a page, with more fields than it has of its own.
    pub(super) fn submit(&mut self, page: &Page, fields: &[(&str, &str)]) -> Page {
        let text = page.response.text();
        let action = between(&text, "action=\"", "\"");
        let action = action.unwrap_or_else(|| panic!("no form at {}:\n{text}", page.url));
        let mut all: Vec<(String, String)> = hidden(&text);
        all.extend(
            fields
                .iter()
                .map(|&(name, value)| (name.to_owned(), value.to_owned())),
        );
        let body: Vec<_> = all
            .iter()
            .map(|(name, value)| format!("{name}={value}"))
            .collect();
        self.follow(&absolute(&page.url, action), "POST", Some(body.join("&")))
    }

    /// Yields what it sends as `Cookie` to a path.
    pub(super) fn cookies(&self, path: &str) -> String {
        let fit = self.jar.iter().filter(|((_, own), _)| covers(own, path));
        let fit: Vec<_> = fit
            .map(|((name, _), value)| format!("{name}={value}"))
            .collect();
        fit.join("; ")
    }

    /// Yields the value of a cookie, if it has that.
    pub(super) fn value(&self, name: &str) -> Option<String> {
        let mut all = self.jar.iter();
        let found = all.find(|((known, _), _)| known == name);
        found.map(|(_, value)| value.clone())
    }

    /// Takes what an answer says about cookies.
    pub(super) fn learn<'a>(&mut self, path: &str, lines: impl Iterator<Item = &'a str>) {
        for line in lines {
            let mut parts = line.split(';').map(str::trim);
            let (name, value) = parts.next().and_then(|pair| pair.split_once('=')).unwrap();
            let mut own = folder(path).to_owned();
            let mut gone = false;
            for (key, value) in parts.map(|part| part.split_once('=').unwrap_or((part, ""))) {
                match key.to_ascii_lowercase().as_str() {
                    "path" => value.clone_into(&mut own),
                    "max-age" => gone = value.parse::<i64>().is_ok_and(|age| age <= 0),
                    "expires" => gone |= value.contains(" 1970 ") || value.contains("-1970 "),
                    _ => {}
                }
            }
            let key = (name.to_owned(), own);
            if gone {
                self.jar.remove(&key);
            } else {
                self.jar.insert(key, value.to_owned());
            }
        }
    }

    fn follow(&mut self, url: &str, method: &str, body: Option<String>) -> Page {
        let (mut url, mut method, mut body) = (url.to_owned(), method, body);
        for _ in 0..PATIENCE {
            let response = self.send(&url, method, body.take());
            let Some(next) = response
                .header("location")
                .filter(|_| response.status / 100 == 3)
            else {
                return Page { url, response };
            };
            (url, method) = (absolute(&url, next), "GET");
        }
        panic!("redirects without end at {url}");
    }

    fn send(&mut self, url: &str, method: &str, body: Option<String>) -> Response {
        let (address, target) = split(url);
        let path = target.split('?').next().unwrap_or_default();
        let mut request = Request::new(method, target).header("Accept", "text/html");
        let cookies = self.cookies(path);
        if !cookies.is_empty() {
            request = request.header("Cookie", &cookies);
        }
        if let Some(body) = body {
            request = request
                .header("Content-Type", "application/x-www-form-urlencoded")
                .body(body);
        }
        let response = Remote::new(address.parse().unwrap())
            .send(&request)
            .unwrap();
        self.learn(path, response.all("set-cookie"));
        response
    }
}

/// Spec: RFC 6265, 5.1.4.
fn covers(own: &str, path: &str) -> bool {
    let rest = path.strip_prefix(own);
    rest.is_some_and(|rest| rest.is_empty() || own.ends_with('/') || rest.starts_with('/'))
}

fn folder(path: &str) -> &str {
    match path.rsplit_once('/') {
        Some((folder, _)) if !folder.is_empty() => folder,
        _ => "/",
    }
}

/// Splits a URL into host with port, and the rest.
fn split(url: &str) -> (&str, &str) {
    let rest = url.strip_prefix("http://");
    let rest = rest.unwrap_or_else(|| panic!("{url} is no URL without TLS"));
    rest.split_at(rest.find('/').unwrap_or(rest.len()))
}

fn absolute(base: &str, url: &str) -> String {
    if url.contains("://") {
        return url.to_owned();
    }
    assert!(url.starts_with('/'), "{url} is relative to its folder");
    format!("http://{}{url}", split(base).0)
}

fn between<'a>(text: &'a str, start: &str, end: &str) -> Option<&'a str> {
    let (_, rest) = text.split_once(start)?;
    rest.split_once(end).map(|(found, _)| found)
}

fn hidden(text: &str) -> Vec<(String, String)> {
    let inputs = text
        .split("<input")
        .skip(1)
        .filter_map(|rest| rest.split('>').next());
    let hidden = inputs.filter(|input| input.contains("type=\"hidden\""));
    let field = |input| {
        let name = between(input, "name=\"", "\"")?;
        let value = between(input, "value=\"", "\"")?;
        Some((name.to_owned(), value.to_owned()))
    };
    hidden.filter_map(field).collect()
}

#[test]
fn cookies_are_kept_by_path_and_forgotten_when_told() {
    let mut browser = Browser::default();
    let lines = ["a=1; Path=/; HttpOnly", "b=2; Path=/x", "c=3"];
    browser.learn("/x/y", lines.into_iter());
    assert_eq!(browser.cookies("/x/z"), "a=1; b=2; c=3");
    assert_eq!(browser.cookies("/xy"), "a=1");
    browser.learn("/", ["a=; Path=/; Max-Age=0"].into_iter());
    browser.learn(
        "/x/y",
        ["b=; Path=/x; Expires=Thu, 01 Jan 1970 00:00:00 GMT"].into_iter(),
    );
    assert_eq!(browser.cookies("/x/z"), "c=3");
}
