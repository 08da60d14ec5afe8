//! A registry without sockets, put together from a real configuration.

use std::path::Path;
use std::sync::Arc;

use auth::policy::TlsVersion;
use bytes::Bytes;
use config::{Format, parse};
use ext::{Access, ExtensionRoute, Fixed, Methods};
use futures_util::stream;
use http::{HeaderMap, Method};
use http_body_util::BodyExt;
use meta::{MemoryStore, Meta};
use registry::{
    Clock, Dedupe, Options, Parts, Registry, SourceError, StoreOptions, Stores, SystemClock,
};
use server::connection::{Connection, Session};
use server::{App, Snapshot};
use storage::MemoryDriver;
use tempfile::TempDir;
use testkit::image::Image;

use super::caller::{Credentials, basic};
use super::issuer::{self, SERVICE_SEED};

/// Every name has this password: `pw`, at the lowest cost.
const PASSWORD: &str = "$2y$04$QQWfgRCwIxvW2R.fOl2xxuSPKHom/aymSMETH3UEcT8ZXpYmhiSNS";

/// An answer, read to its end.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    pub(crate) body: String,
}

impl Answer {
    /// Yields a header, empty when it is absent.
    pub(crate) fn header(&self, name: &str) -> &str {
        let value = self.headers.get(name);
        value.map_or("", |value| value.to_str().unwrap())
    }

    pub(crate) fn json(&self) -> serde_json::Value {
        serde_json::from_str(&self.body).unwrap_or_default()
    }
}

/// A request, with nothing of who sends it.
#[derive(Clone, Debug, Default)]
pub(crate) struct Asked {
    pub(crate) method: Method,
    pub(crate) target: String,
    pub(crate) media_type: Option<&'static str>,
    pub(crate) body: Bytes,
}

impl Asked {
    pub(crate) fn of(line: &str) -> Self {
        let (method, target) = line.split_once(' ').unwrap();
        Self {
            method: method.parse().unwrap(),
            target: target.to_owned(),
            ..Self::default()
        }
    }

    pub(crate) fn body(mut self, body: &Bytes) -> Self {
        self.body = body.clone();
        self
    }

    pub(crate) fn manifest(mut self, image: &Image) -> Self {
        self.media_type = Some("application/vnd.oci.image.manifest.v1+json");
        self.body = image.manifest.clone();
        self
    }
}

/// The registry and what its configurations name.
pub(crate) struct World {
    app: App,
    meta: Meta,
    clock: Arc<dyn Clock>,
    folder: TempDir,
    pub(crate) issuer: String,
    /// What signing in has for routes, under the configuration of this moment.
    pub(crate) own: Vec<ExtensionRoute>,
    /// One route of each class, as an extension would add them.
    pub(crate) added: Vec<ExtensionRoute>,
}

impl World {
    /// Puts a registry together; `http` is the section of that name, as [`Self::set`] takes it.
    pub(crate) fn new(http: &str) -> Self {
        let clock: Arc<dyn Clock> = Arc::new(SystemClock);
        let meta = Meta::new(Arc::new(MemoryStore::new()));
        let registry = Registry::open(Parts {
            stores: Stores::new(StoreOptions {
                driver: Arc::new(MemoryDriver::new(64 << 20)),
                dedupe: Dedupe::On,
                commit: false,
            }),
            meta: meta.clone(),
            options: Options::default(),
            clock: Arc::clone(&clock),
        });
        let added = added();
        let plan = Fixed {
            routes: added.clone(),
            ..Fixed::default()
        };
        let app = App::new(registry, Snapshot::default(), plan);
        app.set_started();
        app.set_ready(true);
        let mut world = Self {
            app,
            meta,
            clock,
            folder: TempDir::new().unwrap(),
            issuer: issuer::start(),
            own: Vec::new(),
            added,
        };
        let names = ["none", "read", "create", "update", "delete", "admin", "ann"];
        let users = names.map(|name| format!("{name}:{PASSWORD}\n")).concat();
        world.put("users", &users);
        world.put("keys", &issuer::jwk(SERVICE_SEED).to_string());
        world.set(http);
        world
    }

    #[expect(clippy::disallowed_methods, reason = "a file for a test")]
    fn put(&self, name: &str, text: &str) {
        std::fs::write(self.folder.path().join(name), text).unwrap();
    }

    /// Puts a configuration to work: `@` stands for the folder, `ISSUER` for the issuer.
    pub(crate) fn set(&mut self, http: &str) {
        let config = read(self.folder.path(), &http.replace("ISSUER", &self.issuer));
        let built = server::compose::snapshot(&config, &self.meta, &self.clock);
        let snapshot = built.unwrap_or_else(|error| panic!("{http}: {error:?}"));
        self.own.clone_from(&snapshot.routes);
        self.app.set_snapshot(snapshot);
    }

    pub(crate) async fn send(&self, who: &Credentials, asked: &Asked) -> Answer {
        let mut request = http::Request::builder()
            .method(asked.method.clone())
            .uri(asked.target.as_str())
            .header("host", "r.example")
            .header("content-length", asked.body.len());
        for (name, value) in &who.headers {
            request = request.header(*name, value);
        }
        if let Some(media_type) = asked.media_type {
            request = request.header("content-type", media_type);
        }
        let (parts, ()) = request.body(()).unwrap().into_parts();
        let pieces: Vec<Result<Bytes, SourceError>> = vec![Ok(asked.body.clone())];
        let mut source = stream::iter(pieces);
        let connection = Connection::new(([127, 0, 0, 1], 1).into()).with_tls(Session {
            version: TlsVersion::V1_3,
            client: who.certificate.clone(),
        });
        let answer = self.app.answer(&connection, &parts, &mut source).await;
        let (head, body) = answer.into_parts();
        let body = body.collect().await.unwrap().to_bytes();
        Answer {
            status: head.status.as_u16(),
            headers: head.headers,
            body: String::from_utf8_lossy(&body).into_owned(),
        }
    }

    pub(crate) async fn get(&self, who: &Credentials, target: &str) -> Answer {
        self.send(who, &Asked::of(&format!("GET {target}"))).await
    }
}

/// Reads a configuration as the program does, with all its rules.
fn read(folder: &Path, http: &str) -> config::Config {
    let http = http.replace('@', folder.to_str().unwrap());
    let text = format!(
        r#"{{"storage":{{"rootDirectory":"/srv/r"}},"http":{{"realm":"home","limits":{{"maxOpenUploads":0}},{http}}}}}"#
    );
    parse(text.as_bytes(), Format::Json, "matrix")
        .unwrap_or_else(|error| panic!("{text}: {error:?}"))
        .config
}

fn added() -> Vec<ExtensionRoute> {
    let classes = [
        ("/v2/_added/public", Access::Public),
        ("/v2/_added/anonymous", Access::Anonymous),
        ("/v2/_added/authenticated", Access::Authenticated),
        ("/v2/_added/admin", Access::Admin),
        ("/metrics", Access::Metrics),
    ];
    let route = |(prefix, access)| {
        let handler = ext::handler(|_| async { Ok(ext::Response::json(b"{}".to_vec())) });
        let methods = Methods::GET.and(Methods::POST).and(Methods::DELETE);
        ExtensionRoute::new(prefix, methods, access, handler)
    };
    classes.map(route).into()
}

/// What the matrix is run over: `lab/app` and `open/app` with the same content, and `lab/none`, which
/// is not there.
pub(crate) struct Content {
    /// What `v1` names.
    pub(crate) image: Image,
    /// What is pushed; its blobs are there, itself it is not.
    pub(crate) other: Image,
    /// A blob of no image.
    pub(crate) loose: Bytes,
    /// The open upload of each repository.
    pub(crate) uploads: [String; 2],
}

/// The repositories with content.
pub(crate) const FILLED: [&str; 2] = ["lab/app", "open/app"];

impl Content {
    pub(crate) fn new() -> Self {
        Self {
            image: Image::sample(1),
            other: Image::sample(2),
            loose: Bytes::from_static(b"of no image"),
            uploads: Default::default(),
        }
    }

    pub(crate) fn loose_digest(&self) -> oci::Digest {
        oci::Digest::sha256(&self.loose)
    }

    /// Brings all repositories into the state that they have before each request.
    pub(crate) async fn fill(&mut self, world: &World) {
        for repo in FILLED {
            self.fill_one(world, repo).await;
        }
    }

    /// Does so with one; there is nothing to be done with one that is never filled.
    pub(crate) async fn fill_one(&mut self, world: &World, repo: &str) {
        let Some(position) = FILLED.iter().position(|filled| *filled == repo) else {
            return;
        };
        let admin = basic("admin", "pw");
        let send = async |line: &str, with: &dyn Fn(Asked) -> Asked, want: &[u16]| {
            let (verb, tail) = line.split_once(' ').unwrap();
            let asked = with(Asked::of(&format!("{verb} /v2/{repo}/{tail}")));
            let answer = world.send(&admin, &asked).await;
            assert!(want.contains(&answer.status), "{asked:?}: {answer:?}");
            answer
        };
        let upload = &self.uploads[position];
        for what in [
            "manifests/new",
            &format!("manifests/{}", self.other.digest),
            &format!("blobs/uploads/{upload}"),
        ] {
            // The last one is none before the first upload.
            let line = format!("DELETE {what}");
            send(&line, &|asked| asked, &[202, 204, 404, 405]).await;
        }
        let loose = (self.loose_digest(), self.loose.clone());
        let blobs = self.image.blobs.iter().chain(&self.other.blobs);
        for (digest, data) in blobs.chain([&loose]) {
            let line = format!("POST blobs/uploads/?digest={digest}");
            send(&line, &|asked| asked.body(data), &[201]).await;
        }
        let image = &self.image;
        send("PUT manifests/v1", &|asked| asked.manifest(image), &[201]).await;
        let begun = send("POST blobs/uploads/", &|asked| asked, &[202]).await;
        let upload = begun.header("blob-upload-uuid").to_owned();
        assert!(!upload.is_empty(), "{begun:?}");
        self.uploads[position] = upload;
    }

    /// Describes all of a repository that a request might change.
    pub(crate) async fn state(&self, world: &World, repo: &str) -> Vec<String> {
        let admin = basic("admin", "pw");
        let mut tails = vec!["tags/list".to_owned()];
        if let Some(position) = FILLED.iter().position(|filled| *filled == repo) {
            let upload = &self.uploads[position];
            tails.extend([
                "manifests/v1".to_owned(),
                format!("manifests/{}", self.other.digest),
                format!("blobs/{}", self.loose_digest()),
                format!("blobs/uploads/{upload}"),
            ]);
        }
        let mut state = Vec::new();
        for tail in tails {
            let answer = world.get(&admin, &format!("/v2/{repo}/{tail}")).await;
            let (status, range) = (answer.status, answer.header("range"));
            state.push(format!("{tail}: {status} {range} {}", answer.body));
        }
        state
    }
}
