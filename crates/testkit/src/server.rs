//! The registry in this process: the real engine, handlers and sockets, without a program to build.
//!
//! ```
//! use testkit::http::Request;
//! use testkit::server::{Server, Setup};
//!
//! let server = Server::start(Setup::default());
//! let answer = server.remote().send(&Request::get("/v2/"))?;
//! assert_eq!(answer.status, 200);
//! # Ok::<(), std::io::Error>(())
//! ```

#![expect(
    clippy::panic,
    clippy::missing_panics_doc,
    reason = "a server that does not start or stop ends the test"
)]

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::{Arc, mpsc};
use std::thread::{self, JoinHandle};

use ::server::connection::Connection;
use ::server::listen::{Limits, Listener, Shutdown, serve};
use ::server::log::{Log, LogOptions};
use ::server::{App, Settings};
use ext::Fixed;
use meta::{EmbeddedOptions, EmbeddedStore, MemoryStore, Meta};
use registry::{Dedupe, Options, Parts, Registry, StoreOptions, Stores, SystemClock, layout};
use storage::{Driver, LocalDriver, LocalOptions, MemoryDriver};
use tempfile::TempDir;

use crate::http::{Remote, Request, Response};

/// How many threads serve.
const THREADS: usize = 2;

/// The most that a server in memory keeps, in bytes.
const CAPACITY: u64 = 256 << 20;

/// Says where content and facts lie.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Place {
    /// In memory: gone when the server stops.
    #[default]
    Memory,
    /// In a temporary folder and the embedded store, as the program keeps them.
    Disk,
}

/// Says what a server is like.
#[derive(Clone, Debug)]
pub struct Setup {
    /// Where content and facts lie.
    pub place: Place,
    /// Keeps the content instead, such as one that fails on demand; facts lie where they did.
    pub driver: Option<Arc<dyn Driver>>,
    /// What handlers go by.
    pub settings: Settings,
    /// What connections may take.
    pub limits: Limits,
    /// How the engine behaves.
    pub engine: Options,
    /// Whether equal content is kept once.
    pub dedupe: Dedupe,
    /// What extensions add.
    pub plan: Fixed,
}

impl Default for Setup {
    fn default() -> Self {
        Self {
            place: Place::default(),
            driver: None,
            settings: Settings::default(),
            limits: Limits::default(),
            engine: Options::default(),
            dedupe: Dedupe::On,
            plan: Fixed::default(),
        }
    }
}

impl Setup {
    /// Keeps everything on disk.
    pub fn on_disk() -> Self {
        Self {
            place: Place::Disk,
            ..Self::default()
        }
    }
}

/// A running registry; dropping it drops its connections and removes its folder.
#[derive(Debug)]
pub struct Server {
    setup: Setup,
    folder: TempDir,
    running: Option<Running>,
}

#[derive(Debug)]
struct Running {
    address: SocketAddr,
    shutdown: Shutdown,
    thread: JoinHandle<()>,
}

impl Server {
    /// Starts a registry without content.
    pub fn start(setup: Setup) -> Self {
        let folder = match tempfile::Builder::new().prefix("api").tempdir() {
            Ok(folder) => folder,
            Err(error) => panic!("failed to make a temporary folder: {error}"),
        };
        let running = Some(Running::start(&setup, folder.path()));
        Self {
            setup,
            folder,
            running,
        }
    }

    /// Starts a registry as it is by default, in memory.
    pub fn in_memory() -> Self {
        Self::start(Setup::default())
    }

    /// Yields where it listens.
    pub fn address(&self) -> SocketAddr {
        match &self.running {
            Some(running) => running.address,
            None => panic!("the server was stopped"),
        }
    }

    /// Yields a plain client of it.
    pub fn remote(&self) -> Remote {
        Remote::new(self.address())
    }

    /// Sends a request over a connection of its own.
    pub fn send(&self, request: &Request) -> Response {
        match self.remote().send(request) {
            Ok(answer) => answer,
            Err(error) => panic!(
                "no answer to {} {}: {error}",
                request.method, request.target
            ),
        }
    }

    /// Yields the root of its storage; empty unless it is on disk.
    pub fn root(&self) -> PathBuf {
        root(self.folder.path())
    }

    /// Yields the lines of its access log so far.
    pub fn access_log(&self) -> String {
        let mut text = String::new();
        let read = std::fs::File::open(access_log(self.folder.path()))
            .and_then(|mut file| std::io::Read::read_to_string(&mut file, &mut text));
        if let Err(error) = read {
            panic!("failed to read the access log: {error}");
        }
        text
    }

    /// Stops it after the answers under way, and starts it again on the same root; the port changes.
    pub fn restart(&mut self) {
        self.stop();
        self.running = Some(Running::start(&self.setup, self.folder.path()));
    }

    /// Does the same with another setup; content and facts must lie where they did.
    pub fn restart_as(&mut self, setup: Setup) {
        self.setup = setup;
        self.restart();
    }

    /// Stops it after the answers under way. The access log is complete then.
    pub fn stop(&mut self) {
        if let Some(running) = self.running.take() {
            running.shutdown.drain();
            assert!(running.thread.join().is_ok(), "the server panicked");
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        if let Some(running) = self.running.take() {
            running.shutdown.end();
            running.thread.join().ok();
        }
    }
}

fn root(folder: &Path) -> PathBuf {
    folder.join("root")
}

fn access_log(folder: &Path) -> PathBuf {
    folder.join("access.log")
}

impl Running {
    fn start(setup: &Setup, folder: &Path) -> Self {
        let (sender, addresses) = mpsc::channel();
        let shutdown = Shutdown::default();
        let (setup, folder, end) = (setup.clone(), folder.to_owned(), shutdown.clone());
        let thread = thread::spawn(move || {
            let built = tokio::runtime::Builder::new_multi_thread()
                .worker_threads(THREADS)
                .enable_all()
                .build();
            match built {
                Ok(runtime) => runtime.block_on(run(setup, &folder, end, sender)),
                Err(error) => panic!("failed to start a runtime: {error}"),
            }
        });
        let Ok(address) = addresses.recv() else {
            panic!("the server did not start");
        };
        Self {
            address,
            shutdown,
            thread,
        }
    }
}

async fn run(setup: Setup, folder: &Path, shutdown: Shutdown, addresses: mpsc::Sender<SocketAddr>) {
    let registry = open(&setup, &root(folder));
    let log = Log::open(&LogOptions {
        level: "info".to_owned(),
        output: Some(access_log(folder)),
    });
    let Ok(log) = log else {
        panic!("failed to open the access log");
    };
    let listener = match Listener::bind("127.0.0.1", 0) {
        Ok(listener) => listener,
        Err(error) => panic!("failed to listen: {error}"),
    };
    let app = App::open(Arc::clone(&registry), setup.settings, setup.plan).with_log(log.clone());
    app.set_started();
    app.set_ready(true);
    let app = Arc::new(app);
    let handler = move |connection: Arc<Connection>, request| {
        let app = Arc::clone(&app);
        async move { app.handle(&connection, request).await }
    };
    addresses.send(listener.address()).ok();
    serve(listener, Arc::new(handler), shutdown, setup.limits).await;
    if let Err(error) = registry.close().await {
        panic!("the engine did not end cleanly: {error}");
    }
    log.flush();
}

fn open(setup: &Setup, root: &Path) -> Arc<Registry> {
    let opened = match setup.place {
        Place::Memory => Ok(in_memory()),
        Place::Disk => on_disk(root),
    };
    let (driver, meta) = match opened {
        Ok(opened) => opened,
        Err(error) => panic!("failed to open {}: {error}", root.display()),
    };
    Registry::open(Parts {
        stores: Stores::new(StoreOptions {
            driver: setup.driver.clone().unwrap_or(driver),
            dedupe: setup.dedupe,
            commit: false,
        }),
        meta,
        options: setup.engine,
        clock: Arc::new(SystemClock),
    })
}

type Opened = (Arc<dyn Driver>, Meta);

fn in_memory() -> Opened {
    let driver = MemoryDriver::new(CAPACITY);
    (Arc::new(driver), Meta::new(Arc::new(MemoryStore::new())))
}

fn on_disk(root: &Path) -> Result<Opened, Box<dyn std::error::Error>> {
    let private = root.join(layout::PRIVATE);
    std::fs::create_dir_all(&private)?;
    let driver = LocalDriver::open(root.to_owned(), LocalOptions::default())?;
    let path = private.join("meta.redb");
    let (store, _) = EmbeddedStore::open(&path, EmbeddedOptions::default())?;
    Ok((Arc::new(driver), Meta::new(Arc::new(store))))
}
