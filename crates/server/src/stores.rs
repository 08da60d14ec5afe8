//! The stores and the engine, as a configuration has them.

use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use config::Config;
use meta::{EmbeddedOptions, EmbeddedStore, Meta};
use registry::{
    Dedupe, Lists, Options, Parts, Registry, Sparse, StoreOptions, Stores, SystemClock, layout,
};
use storage::{HeadRoom, LocalDriver, LocalOptions};
use tracing::warn;

use crate::run::RunError;

/// What a server stands on.
#[derive(Debug)]
pub(crate) struct Ground {
    /// The engine.
    pub(crate) registry: Arc<Registry>,
    /// The rows behind it.
    pub(crate) meta: Meta,
    /// What uploads leave free on every disk.
    pub(crate) head_room: HeadRoom,
}

/// Opens the stores that a configuration names. Must be called within a runtime.
///
/// # Errors
/// `NoRoot`, `Store`, `Meta`.
pub(crate) fn open(config: &Config) -> Result<Ground, RunError> {
    let root = config.storage.root_directory.as_deref();
    let root = root
        .filter(|path| !path.as_os_str().is_empty())
        .ok_or(RunError::NoRoot)?;
    let head_room = HeadRoom::new(config.http.limits.min_free_space);
    let stores = open_stores(config, root, &head_room)?;
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
    let meta = Meta::new(Arc::new(store));
    let registry = Registry::open(Parts {
        stores,
        meta: meta.clone(),
        options: Options {
            lists: if opened.clean && !opened.created {
                Lists::AtOnce
            } else {
                Lists::AfterWalk
            },
            ..engine_options(config)
        },
        clock: Arc::new(SystemClock),
    });
    Ok(Ground {
        registry,
        meta,
        head_room,
    })
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
        max_repos: config.storage.max_repos,
        ..Options::default()
    }
}

/// Has the engine and its stores behave as a configuration says, from now on.
pub(crate) fn change(registry: &Registry, config: &Config) {
    registry.set_options(Options {
        lists: registry.options().lists,
        ..engine_options(config)
    });
    let storage = &config.storage;
    let stores = registry.stores();
    let default = stores.default_store();
    default.set(dedupe(storage.dedupe), storage.commit);
    for (route, sub) in storage.routes() {
        if let Some(store) = stores.routed(route.trim_matches('/')) {
            store.set(dedupe(sub.dedupe), sub.commit);
        }
    }
}

const fn dedupe(on: bool) -> Dedupe {
    if on { Dedupe::On } else { Dedupe::Off }
}

fn open_stores(config: &Config, root: &Path, head_room: &HeadRoom) -> Result<Stores, RunError> {
    let storage = &config.storage;
    let options = LocalOptions {
        head_room: head_room.clone(),
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
    Ok(StoreOptions {
        driver: Arc::new(driver),
        dedupe: self::dedupe(dedupe),
        commit,
    })
}
