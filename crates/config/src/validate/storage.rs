//! Checks of the stores.

use std::path::{Component, Path, PathBuf};

use oci::glob::RepoGlob;

use super::ensure;
use crate::config::Config;
use crate::driver::Driver;
use crate::error::Error;
use crate::pattern::regex;
use crate::storage::Retention;

/// Garbage collection and retention.
pub(super) fn collection(config: &Config) -> Result<(), Error> {
    retention(&config.storage.retention, "storage.retention")?;
    for (route, sub) in config.storage.sub_paths.iter() {
        let key = format!("storage.subPaths[{route}]");
        let segment = route.strip_prefix('/').unwrap_or_default();
        let single = !segment.is_empty() && !segment.contains('/');
        ensure(
            single,
            &key,
            "invalid storage config, a substore route must be one path segment such as /a",
        )?;
        if sub.gc && sub.gc_delay.is_zero() {
            let message = "invalid GC delay configuration - cannot be negative or zero: 0s";
            return Err(Error::invalid(format!("{key}.gcDelay"), message));
        }
        retention(&sub.retention, &format!("{key}.retention"))?;
    }
    Ok(())
}

fn retention(retention: &Retention, path: &str) -> Result<(), Error> {
    for (at, policy) in retention.policies.iter().enumerate() {
        let key = format!("{path}.policies[{at}]");
        for pattern in &policy.repositories {
            let message = format!("retention repo glob pattern could not be compiled: {pattern}");
            ensure(RepoGlob::new(pattern).is_ok(), &key, &message)?;
        }
        for pattern in policy.keep_tags.iter().flat_map(|keep| &keep.patterns) {
            let message = format!("retention tag regex could not be compiled: {pattern}");
            ensure(regex(pattern).is_ok(), &key, &message)?;
        }
    }
    Ok(())
}

/// One store, as far as it may stand in the way of another.
struct Store {
    name: String,
    kind: String,
    root: PathBuf,
}

impl Store {
    fn new(name: String, driver: Option<&Driver>, root: &Path) -> Self {
        // Roots are compared in any case: some file systems do not tell them apart.
        let root = root.to_string_lossy().to_lowercase();
        let parts = Path::new(&root)
            .components()
            .filter(|part| *part != Component::CurDir);
        Self {
            name,
            kind: driver.map(Driver::name).unwrap_or_default(),
            root: parts.collect(),
        }
    }
}

/// Roots that are the same, or one inside another.
pub(super) fn conflicts(config: &Config) -> Result<(), Error> {
    let storage = &config.storage;
    let mut stores = Vec::new();
    if let Some(root) = &storage.root_directory {
        let name = "default storage".to_owned();
        stores.push(Store::new(name, storage.storage_driver.as_ref(), root));
    }
    for (route, sub) in storage.sub_paths.iter() {
        if let Some(root) = &sub.root_directory {
            let name = format!("substore (route: {route})");
            stores.push(Store::new(name, sub.storage_driver.as_ref(), root));
        }
    }
    for (at, first) in stores.iter().enumerate() {
        for second in stores
            .iter()
            .skip(at + 1)
            .filter(|second| second.kind == first.kind)
        {
            conflict(first, second)?;
        }
    }
    Ok(())
}

fn conflict(first: &Store, second: &Store) -> Result<(), Error> {
    let refuse = |message: String| {
        Err(Error::invalid(
            "storage",
            format!("invalid storage config, {message}"),
        ))
    };
    if first.root == second.root {
        let (first, second) = (&first.name, &second.name);
        return refuse(format!(
            "{first} and {second} cannot use the same root directory"
        ));
    }
    for (inner, outer) in [(first, second), (second, first)] {
        if inner.root.starts_with(&outer.root) {
            let (inner, outer) = (&inner.name, &outer.name);
            return refuse(format!(
                "{inner} root directory cannot be inside {outer} root directory"
            ));
        }
    }
    Ok(())
}

/// Remote caches.
pub(super) fn caches(config: &Config) -> Result<(), Error> {
    let storage = &config.storage;
    let local = storage.storage_driver.is_none();
    let cache = Cache {
        key: "storage.cacheDriver",
        driver: storage.cache_driver.as_ref(),
        needed: storage.dedupe && !local && storage.remote_cache,
    };
    cache.check(
        local,
        storage.remote_cache,
        &["redis"],
        &["redis", "dynamodb"],
    )?;
    for (route, sub) in storage.sub_paths.iter() {
        let local = sub.storage_driver.is_none();
        let cache = Cache {
            key: &format!("storage.subPaths[{route}].cacheDriver"),
            driver: sub.cache_driver.as_ref(),
            needed: sub.dedupe && !local && sub.remote_cache,
        };
        cache.check(local, sub.remote_cache, &[], &["dynamodb"])?;
    }
    Ok(())
}

struct Cache<'a> {
    key: &'a str,
    driver: Option<&'a Driver>,
    needed: bool,
}

impl Cache<'_> {
    /// `with_local` and `with_any` are the drivers that may be used with local storage, and at all.
    fn check(
        &self,
        local: bool,
        used: bool,
        with_local: &[&str],
        with_any: &[&str],
    ) -> Result<(), Error> {
        let refuse = |message: &str| {
            Err(Error::invalid(
                self.key,
                format!("invalid database config, {message}"),
            ))
        };
        let Some(driver) = self.driver.filter(|_| used) else {
            if self.needed {
                return refuse(
                    "dedupe set to true with remote storage and database, but no remote database configured",
                );
            }
            return Ok(());
        };
        let name = driver.name();
        if local && !with_local.contains(&name.as_str()) {
            return refuse("cannot have local storage driver with remote database!");
        }
        if !with_any.contains(&name.as_str()) {
            return refuse("unsupported database driver");
        }
        Ok(())
    }
}

/// Remote storage.
pub(super) fn drivers(config: &Config) -> Result<(), Error> {
    let storage = &config.storage;
    driver(
        config,
        "storage",
        storage.storage_driver.as_ref(),
        storage.redirect_blob_url,
    )?;
    for (route, sub) in storage.sub_paths.iter() {
        let key = format!("storage.subPaths[{route}]");
        driver(
            config,
            &key,
            sub.storage_driver.as_ref(),
            sub.redirect_blob_url,
        )?;
    }
    Ok(())
}

fn driver(
    config: &Config,
    path: &str,
    driver: Option<&Driver>,
    redirect: bool,
) -> Result<(), Error> {
    let Some(driver) = driver else {
        let message =
            "invalid storage config, redirectBlobURL is supported only for s3/gcs/azure storage";
        return ensure(!redirect, &format!("{path}.redirectBlobURL"), message);
    };
    let known = ["s3", "gcs", "azure"].contains(&driver.name().as_str());
    ensure(
        known,
        &format!("{path}.storageDriver.name"),
        "unsupported storage driver",
    )?;
    let sync = config
        .extensions
        .as_ref()
        .and_then(|extensions| extensions.sync_enabled());
    ensure(
        sync.is_none_or(|sync| sync.download_dir.is_some()),
        "extensions.sync.downloadDir",
        "using both sync and remote storage features needs \
         config.Extensions.Sync.DownloadDir to be specified",
    )
}
