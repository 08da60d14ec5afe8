//! Composition: from a configuration to a registry that serves, and to its end.

use std::error::Error as StdError;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

/// Says whether only what FIPS 140 knows may be used.
pub use auth::Fips;
use auth::session::{Records, StoredRecords};
use config::Config;
use ext::{Extension, Host, InstallError, Plan};
use meta::Meta;
use registry::{Clock, Hooks, SystemClock};
use rustix::process::{Resource, Rlimit};
use tokio::sync::Notify;
use tracing::{info, warn};

use crate::app::App;
use crate::compose::{Base, Composer};
use crate::connection::Connection;
use crate::housekeeping;
use crate::listen::{self, ListenError, Listener, Shutdown, Stage, Terms};
use crate::live::{self, ApplyError, BuiltIn, Live};
use crate::log::{Log, LogError};
use crate::reload::{self, Reloader};
use crate::settings;
use crate::stores;
use crate::unsupported::{ignored, unsupported};
use crate::watch::{Changes, Watch};

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
    /// What the process was told beside the configuration.
    pub environment: Environment,
    /// Where else than here this build can keep sessions of browsers.
    pub session_drivers: &'static [SessionDriver],
}

/// What a process is told beside the configuration.
#[derive(Clone, Debug, Default)]
pub struct Environment {
    /// Whether only what FIPS 140 knows may be used.
    pub fips: Fips,
    /// With what Amazon's services are asked.
    pub aws: Option<AwsCredentials>,
}

/// Credentials for Amazon's services. They are not printed.
#[derive(Clone)]
pub struct AwsCredentials {
    /// The identifier of the access key.
    pub access_key: String,
    /// The secret access key.
    pub secret_key: String,
    /// The token of a session, if the access key is of one.
    pub session_token: Option<String>,
}

impl std::fmt::Debug for AwsCredentials {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("AwsCredentials")
    }
}

/// A place for sessions of browsers.
#[derive(Clone, Copy, Debug)]
pub struct SessionDriver {
    /// What `http.auth.sessionDriver` calls it.
    pub name: &'static str,
    /// Prepares the way there; nothing is sent yet.
    pub open: OpenRecords,
}

/// Opens a place for sessions with its settings.
pub type OpenRecords =
    fn(&config::Driver) -> Result<Arc<dyn Records>, Box<dyn StdError + Send + Sync>>;

impl Launch {
    /// Opens where sessions are kept: beside everything else, unless the configuration says where.
    fn records(&self, meta: &Meta) -> Result<Arc<dyn Records>, RunError> {
        let driver = self.config.http.auth.session_driver.as_ref();
        let Some(driver) = driver.filter(|driver| driver.name() != "local") else {
            return Ok(Arc::new(StoredRecords::new(meta.clone())));
        };
        let name = driver.name();
        let known = self.session_drivers.iter().find(|known| known.name == name);
        let known = known.ok_or_else(|| RunError::SessionDriver(name.clone()))?;
        (known.open)(driver).map_err(|error| RunError::Sessions(name, error))
    }
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
    /// What the configuration asks for cannot be put to work.
    #[error("invalid server config: {0}")]
    Apply(#[from] ApplyError),
    /// This build keeps no sessions there.
    #[error("session driver {0} is not in this build")]
    SessionDriver(String),
    /// The settings of a session driver are of no use.
    #[error("session driver {0}")]
    Sessions(String, #[source] Box<dyn StdError + Send + Sync>),
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
    let log = Log::open(&settings::log_options(config))?;
    log.install()?;
    Ok(log)
}

/// Serves until the process is told to end.
///
/// # Errors
/// [`RunError`]; what could be written at the end was written.
pub async fn run(launch: Launch, log: Log) -> Result<(), RunError> {
    raise_file_limit();
    log.settings(&launch.config.to_masked_json());
    say_what_runs(&launch);
    if let Some(what) = unsupported(&launch.config).into_iter().next() {
        return Err(RunError::Unsupported(what));
    }
    let server = Server::start(launch, log).await?;
    server.serve().await
}

/// A server with its port open.
struct Server {
    listener: Listener,
    reloader: Reloader,
    watched: (Watch, Changes),
}

impl Server {
    async fn start(launch: Launch, log: Log) -> Result<Self, RunError> {
        let config = &launch.config;
        let ground = stores::open(config)?;
        let registry = ground.registry;
        let host = Host {
            registry: Arc::clone(&registry),
        };
        let plan = install(&launch, &host)?;
        registry.set_hooks(Hooks {
            checks: plan.fixed.push_checks.clone(),
            sinks: plan.fixed.event_sinks.clone(),
        });
        // Watched before they are read, so that no change is missed.
        let watched = Watch::new(reload::files(launch.origin.as_deref(), config));
        let clock: Arc<dyn Clock> = Arc::new(SystemClock);
        let base = Base {
            meta: &ground.meta,
            clock: &clock,
            records: launch.records(&ground.meta)?,
            environment: launch.environment.clone(),
        };
        let mut composer = Composer::new(config, base).map_err(ApplyError::from)?;
        let snapshot = composer.compose(config).map_err(ApplyError::from)?;
        let tls = live::open_tls(config, launch.environment.fips).await?;
        let listener = Listener::bind(&config.http.address, config.http.port.0)?;
        let app = App::new(Arc::clone(&registry), snapshot, plan.fixed).with_log(log.clone());
        let live = Live {
            registry,
            app: Arc::new(app),
            terms: Terms::new(settings::limits(&config.http), tls),
            head_room: ground.head_room,
            log,
            composer,
            fips: launch.environment.fips,
            built_in: BuiltIn(launch.built_in),
        };
        let reloader = Reloader {
            origin: launch.origin,
            config: launch.config,
            live,
        };
        Ok(Self {
            listener,
            reloader,
            watched,
        })
    }

    async fn serve(self) -> Result<(), RunError> {
        let (shutdown, asked) = (Shutdown::default(), Arc::new(Notify::new()));
        let hangup = Arc::clone(&asked);
        listen::signals(shutdown.clone(), move || hangup.notify_one())
            .map_err(RunError::Signals)?;
        let Live {
            app,
            registry,
            terms,
            ..
        } = &self.reloader.live;
        let (app, registry, terms) = (Arc::clone(app), Arc::clone(registry), terms.clone());
        app.set_started();
        app.set_ready(true);
        info!(address = %self.listener.address(), "serving");
        let keys = self.reloader.live.composer.keys();
        let reloading = tokio::spawn(self.reloader.run(self.watched, asked));
        let keeping = tokio::spawn(housekeeping::keep(Arc::clone(&keys), Arc::clone(&app)));
        let looking = Arc::clone(&app);
        tokio::spawn(async move { looking.look_at_logins().await });
        tokio::spawn(stop_being_ready(Arc::clone(&app), shutdown.clone()));
        let handler = move |connection: Arc<Connection>, request| {
            let app = Arc::clone(&app);
            async move { app.handle(&connection, request).await }
        };
        listen::serve(self.listener, Arc::new(handler), shutdown, terms).await;
        reloading.abort();
        keeping.abort();
        housekeeping::write_down(&keys).await;
        let closed = tokio::time::timeout(CLOSE, registry.close()).await;
        closed.map_err(RunError::Slow)?.map_err(RunError::Close)?;
        info!("stopped");
        Ok(())
    }
}

/// Load balancers send no more requests while what is under way ends.
async fn stop_being_ready(app: Arc<App>, shutdown: Shutdown) {
    shutdown.reached(Stage::Draining).await;
    app.set_ready(false);
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
    settings::say_methods(&launch.config);
    if launch.environment.fips == Fips::Only {
        info!("fips140 is currently enabled");
    }
    for warning in &launch.warnings {
        warn!(fields = ?warning.fields, "{}", warning.message);
    }
    for what in ignored(&launch.config) {
        warn!("{what}, going on without");
    }
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
