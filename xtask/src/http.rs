//! A small blocking HTTP/1.1 client over one connection that is kept.
//!
//! It knows what a registry needs: sized, streamed and chunked bodies, and answers that are kept,
//! or counted and thrown away without a copy. Nothing is retried: whoever calls must know whether
//! a request was answered.

mod answer;

use std::fmt::Write as _;
use std::io::{self, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

pub(crate) use answer::Answer;

/// How long a connection may stand still.
const PATIENCE: Duration = Duration::from_mins(10);

/// A body smaller than this goes out with the head in one write.
const SMALL: usize = 64 * 1024;

/// How much of a big body is read before it is sent.
const BUFFER: usize = 256 * 1024;

/// One request.
pub(crate) struct Request<'a> {
    method: &'a str,
    target: &'a str,
    headers: Vec<(&'a str, String)>,
    body: Body<'a>,
}

enum Body<'a> {
    None,
    Bytes(&'a [u8]),
    Sized(u64, &'a mut dyn Read),
    Chunked(&'a mut dyn Read),
}

impl<'a> Request<'a> {
    /// Starts a request without headers and body.
    pub(crate) fn new(method: &'a str, target: &'a str) -> Self {
        Self {
            method,
            target,
            headers: Vec::new(),
            body: Body::None,
        }
    }

    /// Adds a header.
    pub(crate) fn header(mut self, name: &'a str, value: impl Into<String>) -> Self {
        self.headers.push((name, value.into()));
        self
    }

    /// Sends these bytes, with their length.
    pub(crate) fn bytes(mut self, bytes: &'a [u8]) -> Self {
        self.body = Body::Bytes(bytes);
        self
    }

    /// Sends this many bytes of what the reader yields, with their length.
    pub(crate) fn sized(mut self, length: u64, reader: &'a mut dyn Read) -> Self {
        self.body = Body::Sized(length, reader);
        self
    }

    /// Sends what the reader yields, in chunks, without a length.
    pub(crate) fn chunked(mut self, reader: &'a mut dyn Read) -> Self {
        self.body = Body::Chunked(reader);
        self
    }

    fn head(&self, host: SocketAddr) -> String {
        let mut head = format!(
            "{} {} HTTP/1.1\r\nHost: {host}\r\n",
            self.method, self.target
        );
        for (name, value) in &self.headers {
            let _ = write!(head, "{name}: {value}\r\n");
        }
        let _ = match &self.body {
            Body::None if matches!(self.method, "GET" | "HEAD" | "DELETE") => Ok(()),
            Body::None => write!(head, "Content-Length: 0\r\n"),
            Body::Bytes(bytes) => write!(head, "Content-Length: {}\r\n", bytes.len()),
            Body::Sized(length, _) => write!(head, "Content-Length: {length}\r\n"),
            Body::Chunked(_) => write!(head, "Transfer-Encoding: chunked\r\n"),
        };
        head.push_str("\r\n");
        head
    }
}

/// One connection, opened when it is needed.
#[derive(Debug)]
pub(crate) struct Client {
    address: SocketAddr,
    connection: Option<BufReader<TcpStream>>,
}

impl Client {
    /// Yields a client that has not connected yet.
    pub(crate) fn new(address: SocketAddr) -> Self {
        Self {
            address,
            connection: None,
        }
    }

    /// Sends a request and keeps the answer's body.
    ///
    /// # Errors
    /// After an error nobody knows what the server did; the connection is gone.
    pub(crate) fn call(&mut self, request: Request<'_>) -> io::Result<Answer> {
        self.exchange(request, |connection, answer| answer.keep(connection))
    }

    /// Sends a request and throws the answer's body away; yields the answer and the body's size.
    pub(crate) fn discard(&mut self, request: Request<'_>) -> io::Result<(Answer, u64)> {
        let mut size = 0;
        let answer = self.exchange(request, |connection, answer| {
            size = answer.discard(connection)?;
            Ok(())
        })?;
        Ok((answer, size))
    }

    /// Sends a GET.
    pub(crate) fn get(&mut self, target: &str) -> io::Result<Answer> {
        self.call(Request::new("GET", target))
    }

    /// Sends a HEAD.
    pub(crate) fn head(&mut self, target: &str) -> io::Result<Answer> {
        self.call(Request::new("HEAD", target))
    }

    fn exchange(
        &mut self,
        request: Request<'_>,
        body: impl FnOnce(&mut BufReader<TcpStream>, &mut Answer) -> io::Result<()>,
    ) -> io::Result<Answer> {
        let mut connection = match self.connection.take() {
            Some(kept) => kept,
            None => self.connect()?,
        };
        let bodiless = request.method == "HEAD";
        let sent = send(connection.get_mut(), request, self.address);
        // a server may answer before it has read everything, and close
        let head = Answer::read(&mut connection, bodiless);
        let mut answer = match (head, sent.is_ok()) {
            (Ok(answer), _) => answer,
            (Err(error), true) => return Err(error),
            (Err(_), false) => return Err(sent.err().unwrap_or(io::ErrorKind::BrokenPipe.into())),
        };
        body(&mut connection, &mut answer)?;
        if sent.is_ok() && !answer.closes() {
            self.connection = Some(connection);
        }
        Ok(answer)
    }

    fn connect(&self) -> io::Result<BufReader<TcpStream>> {
        let stream = TcpStream::connect_timeout(&self.address, Duration::from_secs(10))?;
        stream.set_nodelay(true)?;
        stream.set_read_timeout(Some(PATIENCE))?;
        stream.set_write_timeout(Some(PATIENCE))?;
        Ok(BufReader::with_capacity(SMALL, stream))
    }
}

fn send(stream: &mut TcpStream, request: Request<'_>, host: SocketAddr) -> io::Result<()> {
    let mut first = request.head(host).into_bytes();
    match request.body {
        Body::None => stream.write_all(&first),
        Body::Bytes(bytes) if bytes.len() < SMALL => {
            first.extend_from_slice(bytes);
            stream.write_all(&first)
        }
        Body::Bytes(bytes) => {
            stream.write_all(&first)?;
            stream.write_all(bytes)
        }
        Body::Sized(length, reader) if length < 64 * 1024 => {
            reader.take(length).read_to_end(&mut first)?;
            stream.write_all(&first)
        }
        Body::Sized(length, reader) => {
            stream.write_all(&first)?;
            send_sized(stream, reader, length)
        }
        Body::Chunked(reader) => {
            stream.write_all(&first)?;
            send_chunks(stream, reader)
        }
    }
}

fn send_sized(stream: &mut TcpStream, reader: &mut dyn Read, mut left: u64) -> io::Result<()> {
    let mut buffer = vec![0; BUFFER];
    while left > 0 {
        let count = reader.take(left).read(&mut buffer)?;
        if count == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        stream.write_all(buffer.get(..count).unwrap_or_default())?;
        left = left.saturating_sub(u64::try_from(count).unwrap_or(u64::MAX));
    }
    Ok(())
}

fn send_chunks(stream: &mut TcpStream, reader: &mut dyn Read) -> io::Result<()> {
    let mut buffer = vec![0; BUFFER];
    loop {
        let count = reader.read(&mut buffer)?;
        if count == 0 {
            return stream.write_all(b"0\r\n\r\n");
        }
        stream.write_all(format!("{count:x}\r\n").as_bytes())?;
        stream.write_all(buffer.get(..count).unwrap_or_default())?;
        stream.write_all(b"\r\n")?;
    }
}

/// Yields the path and query of a `Location`, which may be absolute.
pub(crate) fn path_of(location: &str) -> &str {
    let Some((_, rest)) = location.split_once("://") else {
        return location;
    };
    rest.find('/').and_then(|at| rest.get(at..)).unwrap_or("/")
}

#[cfg(test)]
mod tests;
