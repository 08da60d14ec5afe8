//! One connection to a directory.

use std::io;
use std::sync::Arc;

use rustls::ClientConfig;
use rustls::pki_types::ServerName;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;

use super::ber::{self, MESSAGE_LIMIT};
use super::message::{self, Answer, Code, Entry, Search};
use super::{LdapError, LdapOptions, Transport};

trait Stream: AsyncRead + AsyncWrite + Send + Unpin {}

impl<T: AsyncRead + AsyncWrite + Send + Unpin> Stream for T {}

/// What a search found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Found {
    Nobody,
    One(Entry),
    Several,
}

/// A connection that does one thing at a time.
pub(super) struct Connection {
    stream: Box<dyn Stream>,
    /// What was read and belongs to the next message.
    buffer: Vec<u8>,
    /// The number of the last request.
    id: u32,
}

impl Connection {
    /// Connects, and goes on in TLS where that is wanted.
    pub(super) async fn open(options: &LdapOptions) -> Result<Self, LdapError> {
        let address = (options.host.as_str(), options.port);
        let stream = TcpStream::connect(address)
            .await
            .map_err(LdapError::Connect)?;
        // Each request waits for its answer.
        stream.set_nodelay(true).map_err(LdapError::Connect)?;
        match &options.transport {
            Transport::Plain => Ok(Self::over(stream)),
            Transport::Tls(config) => secured(stream, &options.host, config).await,
            Transport::StartTls(config) => {
                let mut stream = stream;
                start_tls(&mut stream).await?;
                secured(stream, &options.host, config).await
            }
        }
    }

    fn over(stream: impl Stream + 'static) -> Self {
        Self {
            stream: Box::new(stream),
            buffer: Vec::new(),
            id: 0,
        }
    }

    /// Takes a name with its password.
    pub(super) async fn bind(&mut self, dn: &str, password: &[u8]) -> Result<Code, LdapError> {
        let id = self.next();
        self.send(&message::bind(id, dn, password)).await?;
        match self.receive(id).await? {
            Answer::Bound(code) => Ok(code),
            Answer::Entry(_) | Answer::Done(_) | Answer::Extended(_) | Answer::Other => {
                Err(UNEXPECTED)
            }
        }
    }

    /// Looks for one entry.
    pub(super) async fn search(&mut self, search: &Search<'_>) -> Result<Found, LdapError> {
        let id = self.next();
        self.send(&message::search(id, search)).await?;
        let mut found = Found::Nobody;
        loop {
            match self.receive(id).await? {
                Answer::Entry(entry) => {
                    found = match found {
                        Found::Nobody => Found::One(entry),
                        Found::One(_) | Found::Several => Found::Several,
                    };
                }
                Answer::Done(Code::SUCCESS) => return Ok(found),
                Answer::Done(Code::SIZE_LIMIT) => return Ok(Found::Several),
                Answer::Done(code) => return Err(LdapError::refused("search", code)),
                Answer::Other => {}
                Answer::Bound(_) | Answer::Extended(_) => return Err(UNEXPECTED),
            }
        }
    }

    /// Says goodbye. That it arrives does not matter.
    pub(super) async fn close(mut self) {
        let id = self.next();
        let _ = self.send(&message::unbind(id)).await;
        let _ = self.stream.shutdown().await;
    }

    fn next(&mut self) -> u32 {
        self.id = self.id % 0x7fff_fffe + 1;
        self.id
    }

    async fn send(&mut self, message: &[u8]) -> Result<(), LdapError> {
        self.stream.write_all(message).await?;
        Ok(self.stream.flush().await?)
    }

    /// Reads the next answer to a request.
    async fn receive(&mut self, id: u32) -> Result<Answer, LdapError> {
        let message = receive(&mut self.stream, &mut self.buffer).await?;
        match message::read(&message)? {
            (found, answer) if found == id => Ok(answer),
            // A notice that the directory is about to hang up.
            (0, _) => Err(LdapError::Closed),
            _ => Err(UNEXPECTED),
        }
    }
}

const UNEXPECTED: LdapError = LdapError::Protocol("an answer is not to what was asked");

async fn secured(
    stream: TcpStream,
    host: &str,
    config: &Arc<ClientConfig>,
) -> Result<Connection, LdapError> {
    let name = ServerName::try_from(host.to_owned());
    let name = name.map_err(|_invalid| LdapError::Options("the host is no name for TLS"))?;
    let connected = TlsConnector::from(Arc::clone(config)).connect(name, stream);
    let stream = connected.await.map_err(LdapError::Tls)?;
    Ok(Connection::over(stream))
}

async fn start_tls(stream: &mut TcpStream) -> Result<(), LdapError> {
    stream.write_all(&message::start_tls(1)).await?;
    let mut rest = Vec::new();
    let answer = receive(stream, &mut rest).await?;
    if !rest.is_empty() {
        // Somebody on the way would have his words taken for those of the directory.
        return Err(LdapError::Protocol("there is more before TLS begins"));
    }
    match message::read(&answer)? {
        (1, Answer::Extended(Code::SUCCESS)) => Ok(()),
        (1, Answer::Extended(code)) => Err(LdapError::refused("StartTLS", code)),
        _ => Err(UNEXPECTED),
    }
}

/// Reads one message; what comes behind it stays in `buffer`.
async fn receive(
    stream: &mut (impl AsyncRead + Unpin + ?Sized),
    buffer: &mut Vec<u8>,
) -> Result<Vec<u8>, LdapError> {
    loop {
        if let Some(length) = ber::length(buffer)?
            && length <= buffer.len()
        {
            let rest = buffer.split_off(length);
            return Ok(std::mem::replace(buffer, rest));
        }
        // The header and the content each have a limit.
        if buffer.len() > 2 * MESSAGE_LIMIT {
            return Err(LdapError::Protocol("a message is too large"));
        }
        if stream.read_buf(buffer).await? == 0 {
            return Err(LdapError::Closed);
        }
    }
}

impl From<io::Error> for LdapError {
    fn from(error: io::Error) -> Self {
        Self::Io(error)
    }
}
