use std::sync::Arc;

use bytes::Bytes;
use futures_util::stream;
use http::HeaderMap;
use http_body_util::BodyExt;
use meta::{MemoryStore, Meta};
use oci::Digest;
use registry::{Dedupe, Options, Parts, SourceError, StoreOptions, Stores, SystemClock};
use storage::MemoryDriver;

use super::*;

mod admission;
mod blob;
mod manifest;
mod rights;
mod route;

const MANIFEST: &str = "application/vnd.oci.image.manifest.v1+json";

/// A registry of its own, and what is sent to it.
struct Server {
    app: App,
    connection: Connection,
}

struct Answer {
    status: u16,
    headers: HeaderMap,
    body: String,
}

impl Answer {
    /// Yields a header, empty when it is absent.
    fn header(&self, name: &str) -> &str {
        self.headers
            .get(name)
            .map_or("", |value| value.to_str().unwrap())
    }

    /// Yields the code of the first error in the body, empty when there is none.
    fn code(&self) -> String {
        let body: serde_json::Value = serde_json::from_str(&self.body).unwrap_or_default();
        body["errors"][0]["code"]
            .as_str()
            .unwrap_or_default()
            .to_owned()
    }
}

impl Server {
    fn new() -> Self {
        Self::with(Settings::default(), Fixed::default())
    }

    fn with(settings: Settings, plan: Fixed) -> Self {
        Self::of(Snapshot::open(settings), plan)
    }

    fn of(snapshot: Snapshot, plan: Fixed) -> Self {
        let registry = Registry::open(Parts {
            stores: Stores::new(StoreOptions {
                driver: Arc::new(MemoryDriver::new(64 * 1024 * 1024)),
                dedupe: Dedupe::On,
                commit: false,
            }),
            meta: Meta::new(Arc::new(MemoryStore::new())),
            options: Options::default(),
            clock: Arc::new(SystemClock),
        });
        Self {
            app: App::new(registry, snapshot, plan),
            connection: Connection::new(([127, 0, 0, 1], 1).into()),
        }
    }

    async fn send(&self, line: &str, headers: &[(&str, &str)], body: &str) -> Answer {
        let (method, path) = line.split_once(' ').unwrap();
        let mut request = http::Request::builder().method(method).uri(path);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let (parts, ()) = request.body(()).unwrap().into_parts();
        let piece = Bytes::copy_from_slice(body.as_bytes());
        let pieces: Vec<Result<Bytes, SourceError>> = vec![Ok(piece)];
        let mut source = stream::iter(pieces);
        let answer = self.app.answer(&self.connection, &parts, &mut source).await;
        let (head, body) = answer.into_parts();
        let body = body.collect().await.unwrap().to_bytes();
        Answer {
            status: head.status.as_u16(),
            headers: head.headers,
            body: String::from_utf8(body.to_vec()).unwrap(),
        }
    }

    async fn get(&self, path: &str) -> Answer {
        self.send(&format!("GET {path}"), &[], "").await
    }

    async fn push_blob(&self, repo: &str, content: &str) -> Digest {
        let digest = Digest::sha256(content.as_bytes());
        let line = format!("POST /v2/{repo}/blobs/uploads/?digest={digest}");
        let answer = self.send(&line, &[], content).await;
        assert_eq!(answer.status, 201, "{}", answer.body);
        digest
    }

    /// Pushes an image of one layer under a tag; yields its digest and its text.
    async fn push_image(&self, repo: &str, tag: &str, layer: &str) -> (Digest, String) {
        let text = self.image(repo, layer, "").await;
        let line = format!("PUT /v2/{repo}/manifests/{tag}");
        let answer = self.send(&line, &[("content-type", MANIFEST)], &text).await;
        assert_eq!(answer.status, 201, "{}", answer.body);
        (Digest::sha256(text.as_bytes()), text)
    }

    /// Pushes the blobs of an image and yields its manifest, with `more` fields at the end.
    async fn image(&self, repo: &str, layer: &str, more: &str) -> String {
        let config = self.push_blob(repo, "{}").await;
        let blob = self.push_blob(repo, layer).await;
        format!(
            r#"{{"schemaVersion":2,"mediaType":"{MANIFEST}","config":{{"mediaType":"application/vnd.oci.image.config.v1+json","digest":"{config}","size":2}},"layers":[{{"mediaType":"application/vnd.oci.image.layer.v1.tar","digest":"{blob}","size":{}}}]{more}}}"#,
            layer.len()
        )
    }
}

#[tokio::test]
async fn a_panic_is_an_answer() {
    let mut plan = Fixed::default();
    let handler = ext::handler(|_| async { panic!("on purpose") });
    let access = ext::Access::Public;
    plan.routes.push(ext::ExtensionRoute::new(
        "/v2/_x",
        ext::Methods::GET,
        access,
        handler,
    ));
    let server = Server::with(Settings::default(), plan);
    let answer = server.get("/v2/_x").await;
    assert_eq!((answer.status, answer.code().as_str()), (500, "UNKNOWN"));
    assert_eq!(server.get("/v2/").await.status, 200);
}

#[tokio::test]
async fn extensions_are_found_guarded_and_bounded() {
    let mut plan = Fixed::default();
    let echo = ext::handler(|request: ext::Request| async move {
        let query = request.query.unwrap_or_default();
        let body = [query.as_bytes(), b" ", &request.body].concat();
        Ok(ext::Response::json(body))
    });
    let methods = ext::Methods::GET.and(ext::Methods::POST);
    let access = ext::Access::Admin;
    let mut route = ext::ExtensionRoute::new("/v2/_zot/ext/echo", methods, access, echo);
    route.body_limit = 8;
    plan.routes.push(route);
    plan.endpoints.push("/v2/_zot/ext/echo");
    let server = Server::with(Settings::default(), plan);
    let answer = server
        .send("POST /v2/_zot/ext/echo/x?a=b", &[], "body")
        .await;
    assert_eq!((answer.status, answer.body.as_str()), (200, "a=b body"));
    let methods = answer.header("access-control-allow-methods");
    assert_eq!(methods, "GET,POST,OPTIONS");
    let answer = server.send("OPTIONS /v2/_zot/ext/echo", &[], "").await;
    assert_eq!(answer.status, 204);
    let answer = server.send("PUT /v2/_zot/ext/echo", &[], "").await;
    let allow = answer.header("allow").to_owned();
    assert_eq!((answer.status, allow.as_str()), (405, "GET,POST,OPTIONS"));
    let answer = server
        .send("POST /v2/_zot/ext/echo", &[], "more than 8")
        .await;
    assert_eq!(answer.status, 413);
    // A page can read the error only if it is told that it may.
    assert_eq!(answer.header("access-control-allow-origin"), "*");
    assert_eq!(answer.header("x-content-type-options"), "nosniff");
    let found = server.get("/v2/_oci/ext/discover").await.body;
    assert!(found.contains(r#""name":"_zot""#), "{found}");
    assert!(
        found.contains(r#""endpoints":["/v2/_zot/ext/echo"]"#),
        "{found}"
    );
}

#[tokio::test]
async fn requests_come_over_sockets() {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};

    use crate::listen::{Limits, Listener, Shutdown, serve};

    let server = Arc::new(Server::new());
    let app = Arc::clone(&server);
    let handler = move |connection: Arc<Connection>, request| {
        let server = Arc::clone(&app);
        async move { server.app.handle(&connection, request).await }
    };
    let listener = Listener::bind("127.0.0.1", 0).unwrap();
    let address = listener.address();
    let serving = serve(
        listener,
        Arc::new(handler),
        Shutdown::default(),
        Limits::default(),
    );
    let serving = tokio::spawn(serving);
    let digest = Digest::sha256(b"content");
    let requests = format!(
        "POST /v2/a/blobs/uploads/?digest={digest} HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n\
         7\r\ncontent\r\n0\r\n\r\n\
         HEAD /v2/a/blobs/{digest} HTTP/1.1\r\nHost: x\r\n\r\n\
         GET /v2/a/blobs/{digest} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
    );
    let mut socket = tokio::net::TcpStream::connect(address).await.unwrap();
    socket.write_all(requests.as_bytes()).await.unwrap();
    let mut answers = String::new();
    socket.read_to_string(&mut answers).await.unwrap();
    serving.abort();
    let statuses: Vec<_> = answers
        .lines()
        .filter(|line| line.starts_with("HTTP/1.1"))
        .collect();
    assert_eq!(
        statuses,
        ["HTTP/1.1 201 Created", "HTTP/1.1 200 OK", "HTTP/1.1 200 OK"]
    );
    assert_eq!(
        answers
            .to_lowercase()
            .matches("content-length: 7\r\n")
            .count(),
        2,
        "{answers}"
    );
    assert!(answers.ends_with("\r\n\r\ncontent"), "{answers}");
}
