//! An HTTP/1.1 client for tests: blocking, exact, and able to misbehave.
//!
//! It sends what it is told, right or wrong, and yields what came back, byte for byte. It follows
//! no redirects, adds only the headers without which a request has no meaning (`Host` and the
//! length of a body), and leaves those out when the test gives its own.
//!
//! ```no_run
//! use testkit::http::{Connection, Request};
//!
//! let mut connection = Connection::open("127.0.0.1:5000".parse()?)?;
//! let answer = connection.send(&Request::get("/v2/"))?;
//! assert_eq!(answer.status, 200);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod content;
mod response;

use std::io::{self, BufReader, Write};
use std::net::{Shutdown, SocketAddr, TcpStream};
use std::time::Duration;

use bytes::Bytes;

pub use content::Remote;
pub use response::Response;

/// How long a test waits for the next bytes of a server before it fails.
const PATIENCE: Duration = Duration::from_mins(1);

/// What a request carries.
#[derive(Clone, Debug)]
pub enum Body {
    /// Nothing, and no header about it.
    None,
    /// Bytes whose length is declared.
    Sized(Bytes),
    /// Pieces, each sent as a chunk of its own.
    Chunked(Vec<Bytes>),
}

/// A request as it goes over the wire.
#[derive(Clone, Debug)]
pub struct Request {
    /// The method, such as `PATCH`.
    pub method: String,
    /// Path and query, already escaped.
    pub target: String,
    /// Header fields in order, spelled as they are sent.
    pub headers: Vec<(String, String)>,
    /// What follows the header.
    pub body: Body,
}

impl Request {
    /// Starts a request without headers and body.
    pub fn new(method: &str, target: &str) -> Self {
        Self {
            method: method.to_owned(),
            target: target.to_owned(),
            headers: Vec::new(),
            body: Body::None,
        }
    }

    /// Starts a `GET`.
    pub fn get(target: &str) -> Self {
        Self::new("GET", target)
    }

    /// Starts a `HEAD`.
    pub fn head(target: &str) -> Self {
        Self::new("HEAD", target)
    }

    /// Starts a `DELETE`.
    pub fn delete(target: &str) -> Self {
        Self::new("DELETE", target)
    }

    /// Adds a header field; the same name may be given twice.
    #[must_use]
    pub fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    /// Sets the body.
    #[must_use]
    pub fn body(self, body: impl Into<Bytes>) -> Self {
        Self {
            body: Body::Sized(body.into()),
            ..self
        }
    }

    /// Sets a body that is sent in chunks.
    #[must_use]
    pub fn chunks(self, chunks: Vec<Bytes>) -> Self {
        Self {
            body: Body::Chunked(chunks),
            ..self
        }
    }

    /// Yields request line and header fields with the empty line that ends them.
    pub fn head_bytes(&self, host: SocketAddr) -> Vec<u8> {
        let mut head = format!("{} {} HTTP/1.1\r\n", self.method, self.target);
        let mut field = |name: &str, value: &str| {
            head.extend([name, ": ", value, "\r\n"]);
        };
        if !self.names("host") {
            field("Host", &host.to_string());
        }
        for (name, value) in &self.headers {
            field(name, value);
        }
        if !self.names("content-length") && !self.names("transfer-encoding") {
            match &self.body {
                Body::None => {}
                Body::Sized(data) => field("Content-Length", &data.len().to_string()),
                Body::Chunked(_) => field("Transfer-Encoding", "chunked"),
            }
        }
        head.push_str("\r\n");
        head.into_bytes()
    }

    fn names(&self, header: &str) -> bool {
        self.headers
            .iter()
            .any(|(name, _)| name.eq_ignore_ascii_case(header))
    }
}

/// A connection to a server, used for one request after another.
#[derive(Debug)]
pub struct Connection {
    address: SocketAddr,
    stream: BufReader<TcpStream>,
}

impl Connection {
    /// Connects.
    ///
    /// # Errors
    /// Those of the network.
    pub fn open(address: SocketAddr) -> io::Result<Self> {
        let stream = TcpStream::connect(address)?;
        stream.set_nodelay(true)?;
        stream.set_read_timeout(Some(PATIENCE))?;
        stream.set_write_timeout(Some(PATIENCE))?;
        Ok(Self {
            address,
            stream: BufReader::new(stream),
        })
    }

    /// Sends a request and reads the answer; the connection stays open unless the server closes it.
    ///
    /// # Errors
    /// Those of the network; `InvalidData` when the answer is not HTTP.
    pub fn send(&mut self, request: &Request) -> io::Result<Response> {
        self.start(request)?;
        match &request.body {
            Body::None => {}
            Body::Sized(data) => self.write(data)?,
            Body::Chunked(chunks) => {
                chunks
                    .iter()
                    .try_for_each(|chunk| self.write_chunk(chunk))?;
                self.write(b"0\r\n\r\n")?;
            }
        }
        self.answer(&request.method)
    }

    /// Sends the head of a request only: the test sends the body itself, or leaves it out.
    ///
    /// # Errors
    /// Those of the network.
    pub fn start(&mut self, request: &Request) -> io::Result<()> {
        let head = request.head_bytes(self.address);
        self.write(&head)
    }

    /// Sends bytes as they are.
    ///
    /// # Errors
    /// Those of the network.
    pub fn write(&mut self, data: &[u8]) -> io::Result<()> {
        self.stream.get_mut().write_all(data)
    }

    /// Sends one chunk of a chunked body.
    ///
    /// # Errors
    /// Those of the network.
    pub fn write_chunk(&mut self, data: &[u8]) -> io::Result<()> {
        let size = format!("{:x}\r\n", data.len());
        self.write(size.as_bytes())?;
        self.write(data)?;
        self.write(b"\r\n")
    }

    /// Reads the answer to a request with `method`; informational answers (1xx) are passed over.
    ///
    /// # Errors
    /// Those of the network; `InvalidData` when the answer is not HTTP.
    pub fn answer(&mut self, method: &str) -> io::Result<Response> {
        loop {
            let answer = response::read(&mut self.stream, method)?;
            if answer.status >= 200 {
                return Ok(answer);
            }
        }
    }

    /// Reads the next answer whatever its status, such as `100 Continue`.
    ///
    /// # Errors
    /// Those of the network; `InvalidData` when the answer is not HTTP.
    pub fn next_answer(&mut self, method: &str) -> io::Result<Response> {
        response::read(&mut self.stream, method)
    }

    /// Reads bytes of an answer as they come; yields how many there were, 0 at the end.
    ///
    /// # Errors
    /// Those of the network.
    pub fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        io::Read::read(&mut self.stream, buffer)
    }

    /// Says that no more bytes will come, while answers are still read.
    ///
    /// # Errors
    /// Those of the network.
    pub fn finish_writing(&mut self) -> io::Result<()> {
        self.stream.get_ref().shutdown(Shutdown::Write)
    }

    /// Tells whether the server has closed its side; waits for that, or for the next byte.
    ///
    /// # Errors
    /// Those of the network, except that a reset counts as closed.
    pub fn is_closed(&mut self) -> io::Result<bool> {
        match io::BufRead::fill_buf(&mut self.stream) {
            Ok(data) => Ok(data.is_empty()),
            Err(error) if error.kind() == io::ErrorKind::ConnectionReset => Ok(true),
            Err(error) => Err(error),
        }
    }
}
