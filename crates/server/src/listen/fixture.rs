//! A server on loopback and a client of few words, for tests.

use std::fs::File;
use std::future::{Ready, ready};
use std::net::SocketAddr;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use http::{Method, Request, Response, StatusCode};
use hyper::body::Incoming;
use parking_lot::Mutex;
use tempfile::TempDir;
use tokio::io::{AsyncBufReadExt, AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, BufReader};
use tokio::net::TcpStream;
use tokio::task::JoinHandle;

use super::{Limits, Listener, Shutdown, Terms, serve};
use crate::body::Body;
use crate::connection::{Connection, Handler};

/// No test waits longer than this for anything.
pub(crate) const PATIENCE: Duration = Duration::from_secs(20);

pub(crate) fn limits() -> Limits {
    Limits {
        drain: PATIENCE,
        ..Limits::default()
    }
}

pub(crate) struct Running {
    pub(crate) address: SocketAddr,
    pub(crate) shutdown: Shutdown,
    served: JoinHandle<()>,
}

impl Running {
    pub(crate) fn start<H: Handler>(handler: H, limits: Limits) -> Self {
        let listener = Listener::bind("127.0.0.1", 0).unwrap();
        Self::start_on(listener, handler, limits)
    }

    pub(crate) fn start_on<H: Handler>(
        listener: Listener,
        handler: H,
        terms: impl Into<Terms>,
    ) -> Self {
        let terms = terms.into();
        let address = listener.address();
        let shutdown = Shutdown::default();
        let served = tokio::spawn(serve(listener, Arc::new(handler), shutdown.clone(), terms));
        Self {
            address,
            shutdown,
            served,
        }
    }

    pub(crate) async fn connect(&self) -> Client {
        Client(BufReader::new(
            TcpStream::connect(self.address).await.unwrap(),
        ))
    }

    /// Ends the server softly and waits until no connection is left.
    pub(crate) async fn drain(self) {
        self.shutdown.drain();
        self.ended().await;
    }

    pub(crate) async fn ended(self) {
        tokio::time::timeout(PATIENCE, self.served)
            .await
            .unwrap()
            .unwrap();
    }
}

/// Serves files of a folder, and remembers connections and opened files.
#[derive(Clone)]
pub(crate) struct Folder {
    dir: Arc<TempDir>,
    pub(crate) seen: Arc<Mutex<Vec<Arc<Connection>>>>,
    pub(crate) opened: Arc<Mutex<Vec<Arc<File>>>>,
}

impl Folder {
    pub(crate) fn new() -> Self {
        Self {
            dir: Arc::new(tempfile::tempdir().unwrap()),
            seen: Arc::default(),
            opened: Arc::default(),
        }
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    /// Creates a file of a size with marks all over it; what lies between is a hole.
    pub(crate) fn create(&self, name: &str, len: u64) {
        let file = File::create(self.path(name)).unwrap();
        file.set_len(len).unwrap();
        for at in (0..len).step_by(60_007) {
            let mark = at.to_le_bytes();
            let left = usize::try_from(len - at).unwrap();
            file.write_all_at(&mark[..left.min(8)], at).unwrap();
        }
    }

    pub(crate) fn sent_by_kernel(&self) -> u64 {
        self.seen
            .lock()
            .iter()
            .map(|seen| seen.files().sent())
            .sum()
    }

    /// Tells whether nothing of what was sent is still held by anybody but us.
    pub(crate) fn is_released(&self) -> bool {
        let tables = self.seen.lock().iter().all(|seen| seen.files().is_empty());
        let files = self
            .opened
            .lock()
            .iter()
            .all(|file| Arc::strong_count(file) == 1);
        tables && files
    }

    fn answer(&self, connection: &Arc<Connection>, request: &Request<Incoming>) -> Response<Body> {
        let path = self.path(request.uri().path().trim_start_matches('/'));
        let Ok(file) = File::open(path) else {
            let mut response = Response::new(Body::full("absent"));
            *response.status_mut() = StatusCode::NOT_FOUND;
            return response;
        };
        let (offset, len) = range(request, file.metadata().unwrap().len());
        let file = Arc::new(file);
        self.seen.lock().push(Arc::clone(connection));
        self.opened.lock().push(Arc::clone(&file));
        let slice = storage::FileSlice { file, offset, len };
        let body = storage::Body::File(slice);
        Response::new(Body::content(body, len, connection, request.version()))
    }

    pub(crate) fn handler(&self) -> impl Handler<Future = Ready<Response<Body>>> {
        let this = self.clone();
        move |connection: Arc<Connection>, request: Request<Incoming>| {
            ready(this.answer(&connection, &request))
        }
    }
}

fn range(request: &Request<Incoming>, size: u64) -> (u64, u64) {
    let Some(range) = request.headers().get("range") else {
        return (0, size);
    };
    let range = range.to_str().unwrap().trim_start_matches("bytes=");
    let (first, last) = range.split_once('-').unwrap();
    let (first, last): (u64, u64) = (first.parse().unwrap(), last.parse().unwrap());
    (first, last + 1 - first)
}

/// The head of an answer.
#[derive(Debug)]
pub(crate) struct Head {
    pub(crate) status: u16,
    pub(crate) len: u64,
    pub(crate) text: String,
}

pub(crate) struct Client<S = TcpStream>(pub(crate) BufReader<S>);

impl<S: AsyncRead + AsyncWrite + Unpin> Client<S> {
    pub(crate) async fn send(&mut self, bytes: impl AsRef<[u8]>) {
        self.0.get_mut().write_all(bytes.as_ref()).await.unwrap();
    }

    pub(crate) async fn request(&mut self, method: Method, path: &str, headers: &str) {
        let head = format!("{method} {path} HTTP/1.1\r\nhost: t\r\n{headers}\r\n");
        self.send(head).await;
    }

    pub(crate) async fn head(&mut self) -> Head {
        let mut text = String::new();
        while !text.ends_with("\r\n\r\n") {
            let read = self.0.read_line(&mut text);
            let read = tokio::time::timeout(PATIENCE, read).await.unwrap().unwrap();
            assert!(read > 0, "closed within the head: {text:?}");
        }
        let len = text
            .to_ascii_lowercase()
            .split_once("content-length: ")
            .map_or(0, |(_, rest)| {
                rest.split_once("\r\n").unwrap().0.parse().unwrap()
            });
        let status = text.split(' ').nth(1).unwrap().parse().unwrap();
        Head { status, len, text }
    }

    /// Reads a body and compares each byte with the file.
    pub(crate) async fn expect(&mut self, path: &Path, offset: u64, len: u64) {
        let file = File::open(path).unwrap();
        let mut got = vec![0; 256 << 10];
        let mut want = vec![0; 256 << 10];
        let mut at = 0;
        while at < len {
            let most = usize::try_from(len - at)
                .unwrap_or(usize::MAX)
                .min(got.len());
            let read = self.0.read(&mut got[..most]);
            let read = tokio::time::timeout(PATIENCE, read).await.unwrap().unwrap();
            assert!(read > 0, "closed after {at} of {len} bytes");
            file.read_exact_at(&mut want[..read], offset + at).unwrap();
            assert!(got[..read] == want[..read], "bytes differ after {at}");
            at += u64::try_from(read).unwrap();
        }
    }

    /// Reads until the server closes.
    pub(crate) async fn rest(&mut self) -> String {
        let mut rest = Vec::new();
        let read = self.0.read_to_end(&mut rest);
        tokio::time::timeout(PATIENCE, read).await.unwrap().unwrap();
        String::from_utf8_lossy(&rest).into_owned()
    }
}
