//! Answers, read from the wire.

use std::io::{self, BufRead, Read};

use serde_json::Value;

/// The longest line of a head, in bytes.
const LINE: u64 = 64 * 1024;

/// An answer as it came.
#[derive(Clone, Debug)]
pub struct Response {
    /// The status, such as 201.
    pub status: u16,
    /// The words after the status.
    pub reason: String,
    /// Header fields in order, spelled as they came.
    pub headers: Vec<(String, String)>,
    /// The body, joined when it came in chunks.
    pub body: Vec<u8>,
}

impl Response {
    /// Finds the first field of this name, in any case.
    pub fn header(&self, name: &str) -> Option<&str> {
        let mut fields = self.headers.iter();
        fields
            .find(|(known, _)| known.eq_ignore_ascii_case(name))
            .map(|(_, value)| value.as_str())
    }

    /// Finds every field of this name, in any case.
    pub fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        let fields = self.headers.iter();
        fields
            .filter(move |(known, _)| known.eq_ignore_ascii_case(name))
            .map(|(_, value)| value.as_str())
    }

    /// Yields the body as text; bytes that are not UTF-8 are replaced.
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    /// Reads the body as JSON; `null` when it is none.
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_default()
    }

    /// Yields the `code` of the first entry of an `errors` body.
    pub fn error_code(&self) -> Option<String> {
        let body = self.json();
        let code = body.pointer("/errors/0/code")?.as_str()?;
        Some(code.to_owned())
    }
}

/// Reads one answer to a request with `method`.
pub(super) fn read(stream: &mut impl BufRead, method: &str) -> io::Result<Response> {
    let start = line(stream)?;
    let mut words = start.splitn(3, ' ');
    let version = words.next().unwrap_or_default();
    let status = words.next().and_then(|word| word.parse().ok());
    let (true, Some(status)) = (version.starts_with("HTTP/1."), status) else {
        return Err(malformed(&start));
    };
    let reason = words.next().unwrap_or_default().to_owned();
    let mut headers = Vec::new();
    loop {
        let text = line(stream)?;
        if text.is_empty() {
            break;
        }
        let (name, value) = text.split_once(':').ok_or_else(|| malformed(&text))?;
        headers.push((name.to_owned(), value.trim().to_owned()));
    }
    let mut answer = Response {
        status,
        reason,
        headers,
        body: Vec::new(),
    };
    let is_bare = method == "HEAD" || status < 200 || [204, 304].contains(&status);
    if !is_bare {
        answer.body = body(stream, &answer)?;
    }
    Ok(answer)
}

fn body(stream: &mut impl BufRead, answer: &Response) -> io::Result<Vec<u8>> {
    let mut body = Vec::new();
    if answer
        .header("transfer-encoding")
        .is_some_and(|coding| coding.contains("chunked"))
    {
        while let Some(chunk) = chunk(stream)? {
            body.extend(chunk);
        }
    } else if let Some(length) = answer.header("content-length") {
        let length = length.parse().ok().ok_or_else(|| malformed(length))?;
        stream.take(length).read_to_end(&mut body)?;
        if u64::try_from(body.len()).ok() != Some(length) {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
    } else {
        stream.read_to_end(&mut body)?;
    }
    Ok(body)
}

/// Reads one chunk; `None` at the last one, whose trailers are dropped.
fn chunk(stream: &mut impl BufRead) -> io::Result<Option<Vec<u8>>> {
    let head = line(stream)?;
    let size = head.split(';').next().unwrap_or_default().trim();
    let size = u64::from_str_radix(size, 16)
        .ok()
        .ok_or_else(|| malformed(&head))?;
    if size == 0 {
        while !line(stream)?.is_empty() {}
        return Ok(None);
    }
    let mut data = Vec::new();
    stream.take(size).read_to_end(&mut data)?;
    if line(stream)?.is_empty() {
        Ok(Some(data))
    } else {
        Err(malformed("chunk without an end"))
    }
}

fn line(stream: &mut impl BufRead) -> io::Result<String> {
    let mut text = String::new();
    stream.take(LINE).read_line(&mut text)?;
    match text.strip_suffix('\n') {
        Some(line) => Ok(line.trim_end_matches('\r').to_owned()),
        None => Err(io::ErrorKind::UnexpectedEof.into()),
    }
}

fn malformed(text: &str) -> io::Error {
    io::Error::new(
        io::ErrorKind::InvalidData,
        format!("not an HTTP answer: {text:?}"),
    )
}

#[cfg(test)]
mod tests {
    use super::read;

    #[test]
    fn answers_are_read_to_their_end_and_no_further() {
        let wire = "HTTP/1.1 200 OK\r\nContent-Length: 3\r\nX-A: 1\r\nx-a: 2\r\n\r\nabc\
                    HTTP/1.1 202 Accepted\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhe\r\n3;x=y\r\nllo\r\n0\r\n\r\n\
                    HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n\
                    HTTP/1.1 204 No Content\r\n\r\n\
                    HTTP/1.1 200 OK\r\n\r\nuntil the end";
        let mut stream = wire.as_bytes();
        let expected = [
            ("GET", 200, "abc"),
            ("PATCH", 202, "hello"),
            ("HEAD", 200, ""),
            ("GET", 204, ""),
            ("GET", 200, "until the end"),
        ];
        for (method, status, body) in expected {
            let answer = read(&mut stream, method).unwrap();
            assert_eq!((answer.status, answer.text().as_str()), (status, body));
        }
        assert!(stream.is_empty());
    }

    #[test]
    fn broken_answers_are_errors() {
        let broken = [
            "",
            "HTTP/1.1 200 OK\r\n",
            "SSH-2.0\r\n\r\n",
            "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nabc",
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabcde\r\n0\r\n\r\n",
        ];
        for wire in broken {
            assert!(read(&mut wire.as_bytes(), "GET").is_err(), "{wire:?}");
        }
    }

    #[test]
    fn fields_are_found_in_any_case() {
        let wire =
            "HTTP/1.1 201 Created\r\nLocation: /a\r\nX-T: 1\r\nx-t: 2\r\nContent-Length: 0\r\n\r\n";
        let answer = read(&mut wire.as_bytes(), "PUT").unwrap();
        assert_eq!(answer.header("location"), Some("/a"));
        assert_eq!(answer.all("X-T").collect::<Vec<_>>(), ["1", "2"]);
        assert_eq!(
            answer.headers.first().map(|(name, _)| name.as_str()),
            Some("Location")
        );
    }
}
