//! Reads answers.

use std::io::{self, BufRead, BufReader, Read};
use std::net::TcpStream;

use rustix::net::RecvFlags;

/// The biggest body that is kept.
const MOST: u64 = 256 * 1024 * 1024;

/// The longest line of a head.
const LINE: u64 = 64 * 1024;

/// One answer.
#[derive(Debug, Default)]
pub(crate) struct Answer {
    /// The status code.
    pub(crate) status: u16,
    /// The body, when it was kept.
    pub(crate) body: Vec<u8>,
    headers: Vec<(String, String)>,
    framing: Framing,
}

#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
enum Framing {
    #[default]
    None,
    Sized(u64),
    Chunked,
    UntilClosed,
}

impl Answer {
    /// Yields a header, its name in any case.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        let mut headers = self.headers.iter();
        headers
            .find(|(own, _)| own.eq_ignore_ascii_case(name))
            .map(|(_, value)| value.as_str())
    }

    /// Reads up to the end of the head; interim answers are passed over.
    pub(super) fn read(reader: &mut impl BufRead, bodiless: bool) -> io::Result<Self> {
        loop {
            let mut answer = Self {
                status: status(&line(reader)?)?,
                ..Self::default()
            };
            loop {
                let line = line(reader)?;
                let Some((name, value)) = line.split_once(':') else {
                    break;
                };
                answer
                    .headers
                    .push((name.trim().to_owned(), value.trim().to_owned()));
            }
            if answer.status >= 200 {
                answer.framing = answer.frame(bodiless)?;
                return Ok(answer);
            }
        }
    }

    fn frame(&self, bodiless: bool) -> io::Result<Framing> {
        if bodiless || self.status == 204 || self.status == 304 {
            return Ok(Framing::None);
        }
        if self
            .header("transfer-encoding")
            .is_some_and(|value| value.ends_with("chunked"))
        {
            return Ok(Framing::Chunked);
        }
        match self.header("content-length") {
            Some(value) => value.parse().map(Framing::Sized).map_err(bad),
            None => Ok(Framing::UntilClosed),
        }
    }

    /// Tells whether the server closes the connection after this answer.
    pub(super) fn closes(&self) -> bool {
        let said = self
            .header("connection")
            .is_some_and(|value| value.eq_ignore_ascii_case("close"));
        said || self.framing == Framing::UntilClosed
    }

    /// Reads the body and keeps it.
    pub(super) fn keep(&mut self, reader: &mut impl BufRead) -> io::Result<()> {
        match self.framing {
            Framing::None => {}
            Framing::Sized(size) => exactly(reader, size, &mut self.body)?,
            Framing::Chunked => {
                while let Some(size) = chunk(reader)? {
                    exactly(reader, size, &mut self.body)?;
                    line(reader)?;
                }
            }
            Framing::UntilClosed => {
                reader.take(MOST).read_to_end(&mut self.body)?;
            }
        }
        Ok(())
    }

    /// Reads the body and throws it away; yields its size.
    pub(super) fn discard(&mut self, reader: &mut BufReader<TcpStream>) -> io::Result<u64> {
        let Framing::Sized(size) = self.framing else {
            self.keep(reader)?;
            return u64::try_from(self.body.len()).map_err(bad);
        };
        let buffered = u64::try_from(reader.buffer().len()).map_err(bad)?.min(size);
        reader.consume(usize::try_from(buffered).map_err(bad)?);
        truncate(reader.get_ref(), size - buffered)?;
        Ok(size)
    }
}

/// Takes bytes off a socket without copying them.
fn truncate(stream: &TcpStream, mut left: u64) -> io::Result<()> {
    let mut buffer = vec![0; 1024 * 1024];
    while left > 0 {
        let wanted = usize::try_from(left).map_or(buffer.len(), |left| left.min(buffer.len()));
        let window = buffer.get_mut(..wanted).unwrap_or_default();
        let (_, count) = rustix::net::recv(stream, window, RecvFlags::TRUNC)?;
        if count == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        left -= u64::try_from(count).map_err(bad)?.min(left);
    }
    Ok(())
}

fn exactly(reader: &mut impl BufRead, size: u64, into: &mut Vec<u8>) -> io::Result<()> {
    if size > MOST {
        return Err(io::Error::other("the body is too big to keep"));
    }
    let before = into.len();
    reader.take(size).read_to_end(into)?;
    if u64::try_from(into.len() - before).map_err(bad)? < size {
        return Err(io::ErrorKind::UnexpectedEof.into());
    }
    Ok(())
}

/// Reads the size of the next chunk; after the last one the trailers, too.
fn chunk(reader: &mut impl BufRead) -> io::Result<Option<u64>> {
    let line = line(reader)?;
    let digits = line.split(';').next().unwrap_or_default().trim();
    let size = u64::from_str_radix(digits, 16).map_err(bad)?;
    if size > 0 {
        return Ok(Some(size));
    }
    while !self::line(reader)?.is_empty() {}
    Ok(None)
}

fn line(reader: &mut impl BufRead) -> io::Result<String> {
    let mut line = Vec::new();
    reader.take(LINE).read_until(b'\n', &mut line)?;
    if line.pop() != Some(b'\n') {
        return Err(io::ErrorKind::UnexpectedEof.into());
    }
    String::from_utf8(line)
        .map(|line| line.trim_end().to_owned())
        .map_err(bad)
}

fn status(line: &str) -> io::Result<u16> {
    let code = line.split_whitespace().nth(1).unwrap_or_default();
    code.parse().map_err(bad)
}

fn bad(error: impl std::error::Error + Send + Sync + 'static) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, error)
}
