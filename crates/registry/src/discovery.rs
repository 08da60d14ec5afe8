//! The walk at the start: finds repositories that have no row, and compares every one with its file.

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Instant;

use futures_util::StreamExt;
use meta::{Edit, RepoRow, Rights, WriteError};
use oci::RepoName;
use storage::{Driver, EntryKind, Key};
use tracing::{info, warn};

use crate::error::{Result, logged};
use crate::layout;
use crate::registry::Registry;

/// How many folders may wait to be walked; deeper or wider trees are walked depth first all the same.
const FOLDERS: usize = 1 << 20;
/// How many repositories that are ahead of their file are read at a time.
const SLICE: usize = 256;

impl Registry {
    /// Starts the walk in the background.
    pub(crate) fn start_discovery(self: &Arc<Self>) {
        let registry = self.weak();
        tokio::spawn(async move {
            let Some(registry) = registry.upgrade() else {
                return;
            };
            let started = Instant::now();
            match registry.discover().await {
                Ok(found) => {
                    info!(repositories = found, elapsed = ?started.elapsed(), "stores walked");
                }
                Err(error) => {
                    warn!(error = logged(&error), "stores were not walked whole");
                }
            }
            registry.presence.set_discovered();
        });
    }

    async fn discover(&self) -> Result<usize> {
        self.catch_up_all().await?;
        let mut repos: Vec<RepoName> = Vec::new();
        for store in self.stores.all() {
            self.walk(&store.driver, &mut repos).await;
        }
        for repo in &repos {
            self.announce_found(repo).await?;
        }
        self.forget_removed(repos.iter().collect()).await?;
        self.presence.set_discovered();
        for repo in &repos {
            if self.presence.is_stopped() {
                break;
            }
            if let Err(error) = self.find_repo(repo).await {
                warn!(%repo, error = logged(&error), "repository was not taken in");
            }
            tokio::task::yield_now().await;
        }
        Ok(repos.len())
    }

    /// Writes the files that a crash has left behind their rows.
    async fn catch_up_all(&self) -> Result<()> {
        let mut after: Option<RepoName> = None;
        loop {
            let rows = self.meta.repos_ahead(after.as_ref(), SLICE).await?;
            for (repo, _) in &rows {
                self.find_repo(repo).await?;
            }
            if rows.len() < SLICE {
                return Ok(());
            }
            after = rows.into_iter().next_back().map(|(repo, _)| repo);
        }
    }

    /// Gives a repository a row that lists nothing yet, so that the catalog names it at once.
    async fn announce_found(&self, repo: &RepoName) -> Result<()> {
        if self.presence.contains(repo) || self.meta.repo(repo).await?.is_some() {
            return Ok(());
        }
        let row = RepoRow {
            created: self.now_nanos(),
            index: None,
            store: String::new(),
        };
        let mut edit = Edit::relaxed();
        edit.expect_repo(repo, None).put_repo(repo, &row);
        match self.meta.write(edit).await {
            Ok(()) | Err(WriteError::Conflict) => {
                self.quota.forget();
                Ok(())
            }
            Err(WriteError::Store(error)) => Err(error.into()),
        }
    }

    /// Looks at repositories that have a row but were not met: their folders may have been removed.
    async fn forget_removed(&self, met: HashSet<&RepoName>) -> Result<()> {
        let mut after: Option<RepoName> = None;
        loop {
            let name = after.as_ref().map(RepoName::as_str);
            let rows = self.meta.repos(&Rights::everything(), name, SLICE).await?;
            for (repo, _) in rows.iter().filter(|(repo, _)| !met.contains(repo)) {
                if let Err(error) = self.find_repo(repo).await {
                    warn!(%repo, error = logged(&error), "repository could not be looked at");
                }
            }
            if rows.len() < SLICE || self.presence.is_stopped() {
                return Ok(());
            }
            after = rows.into_iter().next_back().map(|(repo, _)| repo);
        }
    }

    /// Collects the repositories of a store: folders with an index, a marker and content.
    ///
    /// Inside a repository the folders of content and of uploads are passed over; a folder that merely
    /// bears such a name elsewhere is a folder like any other.
    async fn walk(&self, driver: &Arc<dyn Driver>, repos: &mut Vec<RepoName>) {
        let mut waiting = vec![Key::root()];
        while let Some(folder) = waiting.pop() {
            if self.presence.is_stopped() {
                return;
            }
            let found = match look(driver.as_ref(), &folder).await {
                Ok(found) => found,
                Err(error) => {
                    warn!(%folder, error = logged(&error), "folder is passed over");
                    continue;
                }
            };
            let is_repo = found.is_repo();
            if is_repo && let Ok(repo) = folder.as_str().parse() {
                if Arc::ptr_eq(self.driver(&repo), driver) {
                    repos.push(repo);
                } else {
                    warn!(%repo, "repository lies in another store than its name says");
                }
            }
            for name in found.folders {
                let is_inner = is_repo && name == layout::BLOBS;
                if !is_inner && may_be_repo(&name) && waiting.len() < FOLDERS {
                    waiting.extend(folder.child(&name));
                }
            }
        }
    }
}

#[derive(Default)]
struct Looked {
    folders: Vec<String>,
    has_index: bool,
    has_marker: bool,
}

impl Looked {
    fn is_repo(&self) -> bool {
        self.has_index && self.has_marker && self.folders.iter().any(|name| name == layout::BLOBS)
    }
}

async fn look(driver: &dyn Driver, folder: &Key) -> Result<Looked> {
    let mut looked = Looked::default();
    let mut entries = driver.list(folder);
    while let Some(entry) = entries.next().await {
        let entry = entry?;
        match entry.kind {
            EntryKind::Folder => looked.folders.push(entry.name),
            EntryKind::Object if entry.name == layout::INDEX => looked.has_index = true,
            EntryKind::Object if entry.name == layout::MARKER => looked.has_marker = true,
            EntryKind::Object => {}
        }
    }
    Ok(looked)
}

/// Names that start with a dot or an underscore are never part of a repository's name.
fn may_be_repo(name: &str) -> bool {
    name.parse::<RepoName>().is_ok()
}
