//! `serve` and `--version`.

use std::io::{self, Write};
use std::path::Path;

use anyhow::Context;
use config::{Config, Loaded};
use server::run::{self, AwsCredentials, Build, Environment, Fips, Launch};

use crate::extensions::{BUILT_IN, SESSION_DRIVERS, binary_type};

/// Serves until the process is told to end.
pub(crate) fn serve(file: Option<&Path>) -> anyhow::Result<()> {
    let loaded = match file {
        Some(path) => config::load(path)?,
        None => Loaded {
            config: Config::built_in(),
            warnings: Vec::new(),
        },
    };
    if file.is_none() {
        say_how_to_start(&loaded.config)?;
    }
    let log = run::open_log(&loaded.config)?;
    let launch = Launch {
        config: loaded.config,
        origin: file.map(Path::to_owned),
        warnings: loaded.warnings,
        built_in: BUILT_IN,
        build: build(),
        environment: environment(),
        session_drivers: SESSION_DRIVERS,
    };
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build();
    let runtime = runtime.context("starting the runtime")?;
    let ended = runtime
        .block_on(run::run(launch, log.clone()))
        .map_err(anyhow::Error::from);
    if let Err(error) = &ended {
        tracing::error!(
            error = format!("{error:#}"),
            "failed to start controller, exiting"
        );
    }
    log.flush();
    ended
}

/// Logs what this build is.
pub(crate) fn version() -> anyhow::Result<()> {
    let mut config = Config::default();
    config.log.level = config::Level::Info;
    let log = run::open_log(&config)?;
    let build = build();
    tracing::info!(
        "distribution-spec" = config::DIST_SPEC_VERSION,
        commit = build.version,
        "binary-type" = build.binary_type,
        "version"
    );
    log.flush();
    Ok(())
}

fn build() -> Build {
    Build {
        version: env!("CARGO_PKG_VERSION"),
        binary_type: binary_type(),
    }
}

fn say_how_to_start(config: &Config) -> anyhow::Result<()> {
    let root = config
        .storage
        .root_directory
        .as_deref()
        .unwrap_or(Path::new("."));
    let address = format!("{}:{}", config.http.address, config.http.port.0);
    let mut out = io::stdout().lock();
    writeln!(
        out,
        "holdfast keeps its content in {} and serves on http://{address}; push a first image with: \
         skopeo copy --dest-tls-verify=false docker://IMAGE docker://{address}/first:latest",
        root.display()
    )?;
    Ok(out.flush()?)
}

/// Reads what no key of the configuration stands for.
///
/// Compat: zot is told by Go's own variable to use only what FIPS 140 knows, and finds Amazon's
/// credentials where their tools do.
#[expect(
    clippy::disallowed_methods,
    reason = "no key of the configuration stands for these"
)]
fn environment() -> Environment {
    let given = |name| std::env::var(name).ok().filter(|value| !value.is_empty());
    let settings = given("GODEBUG").unwrap_or_default();
    let only = |setting: &str| setting.trim() == "fips140=only";
    let keys = given("AWS_ACCESS_KEY_ID").zip(given("AWS_SECRET_ACCESS_KEY"));
    Environment {
        fips: if settings.split(',').any(only) {
            Fips::Only
        } else {
            Fips::Off
        },
        aws: keys.map(|(access_key, secret_key)| AwsCredentials {
            access_key,
            secret_key,
            session_token: given("AWS_SESSION_TOKEN"),
        }),
    }
}
