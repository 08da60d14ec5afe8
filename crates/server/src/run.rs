//! Composition: from a configuration to a registry that serves, and to its end.

use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use config::Config;
use ext::{Extension, Host, InstallError, Plan};
use meta::{EmbeddedOptions, EmbeddedStore, Meta};
use registry::{
    Dedupe, Hooks, Lists, Options, Parts, Registry, Sparse, StoreOptions, Stores, SystemClock,
    layout,
};
use rustix::process::{Resource, Rlimit};
use storage::{HeadRoom, LocalDriver, LocalOptions};
use tracing::{info, warn};

use crate::app::App;
use crate::connection::{Connection, Patience};
use crate::listen::{self, Limits, ListenError, Listener, Shutdown, Stage};
use crate::log::{Log, LogError, LogOptions};
use crate::settings::Settings;
use crate::unsupported::{ignored, unsupported};

/// How long the engine may take for what is still to be written at the end. Nothing that was
/// acknowledged depends on it.
const CLOSE: Duration = Duration::from_secs(20);

/// Says what kind of build this is.
#[derive(Clone, Debug)]
pub struct Build {
    /// The version, such as `0.1.0`.
    pub version: &'static str,
    /// `minimal`, or the names of the extensions.
    pub binary_type: String,
}

/// All that a server starts from.
pub struct Launch {
    /// What to do.
    pub config: Config,
    /// The file that says so, if there is one.
    pub origin: Option<PathBuf>,
    /// What the file's reader wants to be known.
    pub warnings: Vec<config::Warning>,
    /// The extensions of this build.
    pub built_in: &'static [&'static dyn Extension],
    /// What kind of build this is.
    pub build: Build,
}

impl std::fmt::Debug for Launch {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { origin, build, .. } = self;
        f.debug_struct("Launch")
            .field("origin", origin)
            .field("build", build)
            .finish_non_exhaustive()
    }
}

/// Says why a server did not start, or how it failed at its end.
#[derive(Debug, thiserror::Error)]
pub enum RunError {
    /// There is no log to write to.
    #[error(transparent)]
    Log(#[from] LogError),
    /// The configuration asks for what this build would silently leave out, at the cost of safety.
    #[error("invalid server config: {0}")]
    Unsupported(String),
    /// The default store has no folder.
    ///
    /// Compat: the text is zot's.
    #[error("image store not found corresponding to given route")]
    NoRoot,
    /// A store could not be opened.
    #[error("store {} could not be opened", .0.display())]
    Store(PathBuf, #[source] storage::Error),
    /// The folder of the metadata store could not be made.
    #[error("folder {} could not be made", .0.display())]
    Folder(PathBuf, #[source] std::io::Error),
    /// The metadata store could not be opened.
    #[error("metadata store {} could not be opened", .0.display())]
    Meta(PathBuf, #[source] meta::Error),
    /// An extension refuses the configuration.
    #[error(transparent)]
    Install(#[from] InstallError),
    /// The port could not be opened.
    #[error(transparent)]
    Listen(#[from] ListenError),
    /// The operating system takes no signal handlers.
    #[error("signals could not be set up")]
    Signals(#[source] std::io::Error),
    /// What was still to be written took too long; the next start catches up.
    #[error("the engine did not end in time")]
    Slow(#[source] tokio::time::error::Elapsed),
    /// Something was still to be written at the end and could not be.
    #[error("the engine did not end cleanly")]
    Close(#[source] registry::Error),
}

/// Starts the log that a configuration asks for.
///
/// # Errors
/// `Log`.
pub fn open_log(config: &Config) -> Result<Log, RunError> {
    let options = LogOptions {
        level: config.log.level.as_str().to_owned(),
        output: config.log.output.clone(),
    };
    let log = Log::open(&options)?;
    log.install()?;
    Ok(log)
}

/// Serves until the process is told to end.
///
/// # Errors
/// [`RunError`]; what could be written at the end was written.
pub async fn run(launch: Launch, log: Log) -> Result<(), RunError> {
    let config = &launch.config;
    raise_file_limit();
    log.settings(&config.to_masked_json());
    say_what_runs(&launch);
    if let Some(what) = unsupported(config).into_iter().next() {
        return Err(RunError::Unsupported(what));
    }
    let registry = open_registry(config)?;
    let host = Host {
        registry: Arc::clone(&registry),
    };
    let plan = install(&launch, &host)?;
    registry.set_hooks(Hooks {
        checks: plan.fixed.push_checks.clone(),
        sinks: plan.fixed.event_sinks.clone(),
    });
    let listener = Listener::bind(&config.http.address, config.http.port.0)?;
    let shutdown = Shutdown::default();
    let origin = launch.origin.clone();
    listen::signals(shutdown.clone(), move || refuse_reload(origin.as_deref()))
        .map_err(RunError::Signals)?;
    let mut app = App::open(
        Arc::clone(&registry),
        Settings::from_config(config),
        plan.fixed,
    );
    if config.log.access_log {
        app = app.with_log(log);
    }
    app.set_started();
    app.set_ready(true);
    info!(address = %listener.address(), "serving");
    let app = Arc::new(app);
    tokio::spawn(stop_being_ready(Arc::clone(&app), shutdown.clone()));
    let handler = move |connection: Arc<Connection>, request| {
        let app = Arc::clone(&app);
        async move { app.handle(&connection, request).await }
    };
    listen::serve(listener, Arc::new(handler), shutdown, limits(&config.http)).await;
    let closed = tokio::time::timeout(CLOSE, registry.close()).await;
    closed.map_err(RunError::Slow)?.map_err(RunError::Close)?;
    info!("stopped");
    Ok(())
}

/// Compat: a timeout that the user sets bounds the whole; one that is absent means time without progress.
/// Load balancers send no more requests while what is under way ends.
async fn stop_being_ready(app: Arc<App>, shutdown: Shutdown) {
    shutdown.reached(Stage::Draining).await;
    app.set_ready(false);
}

fn limits(http: &config::Http) -> Limits {
    let defaults = Limits::default();
    let idle = http.limits.idle_timeout;
    Limits {
        header: usize::try_from(http.limits.header_bytes).unwrap_or(usize::MAX),
        drain: http.drain_timeout,
        patience: Patience {
            header: http.limits.header_timeout,
            stalled: if idle.is_zero() { Duration::MAX } else { idle },
            answer: http.write_timeout.filter(|total| !total.is_zero()),
            ..defaults.patience
        },
        ..defaults
    }
}

/// Takes as many open files as the system lets us have: connections and content need one each.
fn raise_file_limit() {
    let limit = rustix::process::getrlimit(Resource::Nofile);
    let raised = Rlimit {
        current: limit.maximum,
        maximum: limit.maximum,
    };
    if limit.current != limit.maximum
        && let Err(error) = rustix::process::setrlimit(Resource::Nofile, raised)
    {
        warn!(%error, "limit of open files stays as it is");
    }
}

fn say_what_runs(launch: &Launch) {
    info!(
        version = launch.build.version,
        binary_type = %launch.build.binary_type,
        "max. open files" = rustix::process::getrlimit(Resource::Nofile).current,
        cpus = std::thread::available_parallelism().map_or(1, std::num::NonZero::get),
        "runtime params"
    );
    for warning in &launch.warnings {
        warn!(fields = ?warning.fields, "{}", warning.message);
    }
    for what in ignored(&launch.config) {
        warn!("{what}, going on without");
    }
}

fn refuse_reload(origin: Option<&Path>) {
    let file = origin.map(|path| path.display().to_string());
    warn!(
        file,
        "reloading is not supported by this build, the configuration stays as it is"
    );
}

fn install(launch: &Launch, host: &Host) -> Result<Plan, RunError> {
    let enabled = launch
        .config
        .extensions
        .as_ref()
        .map_or_else(Vec::new, config::Extensions::enabled);
    for name in ext::missing(&enabled, launch.built_in) {
        warn!(
            extension = name,
            "extension is configured but not in this build, going on without it"
        );
    }
    Ok(ext::install(launch.built_in, &launch.config, host)?)
}

/// Opens the stores that a configuration names. Must be called within a runtime.
///
/// # Errors
/// `NoRoot`, `Store`, `Meta`.
pub fn open_registry(config: &Config) -> Result<Arc<Registry>, RunError> {
    let root = config.storage.root_directory.as_deref();
    let root = root
        .filter(|path| !path.as_os_str().is_empty())
        .ok_or(RunError::NoRoot)?;
    let stores = open_stores(config, root)?;
    let folder = root.join(layout::PRIVATE);
    let mut builder = std::fs::DirBuilder::new();
    let made = builder.recursive(true).mode(0o700).create(&folder);
    made.map_err(|error| RunError::Folder(folder.clone(), error))?;
    let path = folder.join("meta.redb");
    let opened = EmbeddedStore::open(&path, EmbeddedOptions::default());
    let (store, opened) = opened.map_err(|error| RunError::Meta(path, error))?;
    if !opened.clean && !opened.created {
        warn!(
            "the last stop was not clean, what was not acknowledged is verified before it is used"
        );
    }
    Ok(Registry::open(Parts {
        stores,
        meta: Meta::new(Arc::new(store)),
        options: Options {
            lists: if opened.clean && !opened.created {
                Lists::AtOnce
            } else {
                Lists::AfterWalk
            },
            ..engine_options(config)
        },
        clock: Arc::new(SystemClock),
    }))
}

fn engine_options(config: &Config) -> Options {
    let limits = &config.http.limits;
    let sparse = config.http.is_compatible("sparse");
    Options {
        sparse: if sparse {
            Sparse::Anything
        } else {
            Sparse::Indexes
        },
        manifest: oci::json::Limits {
            max_bytes: usize::try_from(limits.manifest_bytes).unwrap_or(usize::MAX),
            max_depth: usize::try_from(limits.json_depth).unwrap_or(usize::MAX),
        },
        ..Options::default()
    }
}

fn open_stores(config: &Config, root: &Path) -> Result<Stores, RunError> {
    let storage = &config.storage;
    let options = LocalOptions {
        head_room: HeadRoom::new(config.http.limits.min_free_space),
        ..LocalOptions::default()
    };
    let open_store =
        |root: &Path, dedupe, commit| open_store(root, options.clone(), dedupe, commit);
    let mut stores = Stores::new(open_store(root, storage.dedupe, storage.commit)?);
    let mut opened: Vec<(PathBuf, StoreOptions)> = Vec::new();
    for (route, sub) in storage.routes() {
        let Some(root) = sub.root_directory.as_deref() else {
            continue;
        };
        let shared = opened
            .iter()
            .find(|(path, _)| path == root)
            .map(|(_, store)| store.clone());
        let store = match shared {
            Some(store) => store,
            None => open_store(root, sub.dedupe, sub.commit)?,
        };
        opened.push((root.to_owned(), store.clone()));
        stores = stores.with(route.trim_matches('/'), store);
    }
    Ok(stores)
}

fn open_store(
    root: &Path,
    options: LocalOptions,
    dedupe: bool,
    commit: bool,
) -> Result<StoreOptions, RunError> {
    let driver = LocalDriver::open(root.to_owned(), options)
        .map_err(|error| RunError::Store(root.to_owned(), error))?;
    if dedupe && !storage::Driver::caps(&driver).link {
        warn!(root = %root.display(), "the file system refuses hard links, equal content is kept more than once");
    }
    let dedupe = if dedupe { Dedupe::On } else { Dedupe::Off };
    Ok(StoreOptions {
        driver: Arc::new(driver),
        dedupe,
        commit,
    })
}
