//! How many repositories there may be.
//!
//! A repository counts from its first manifest on, and goes on counting when the last one is gone:
//! uploads alone make none. That it counts is a row, written in the batch of that first push with the
//! check that it was not there. How many count is known here, so that no push walks over rows; what
//! comes in or goes by other ways, such as a folder that somebody copied, has them counted again.
//!
//! A first push claims its place before it begins and gives it back if it fails, so that pushes at the
//! same time never take more places than there are.
//!
//! Spec: core 5.6.

use std::collections::HashMap;

use meta::{CountedRow, Edit, RepoRow, Rights, WriteError};
use oci::RepoName;
use parking_lot::Mutex;
use tracing::debug;

use crate::error::{Error, Result};
use crate::registry::{Lists, Registry};

/// How often repositories are counted when others come in meanwhile; then what was seen is enough.
const ATTEMPTS: usize = 4;
/// How many repositories are read at a time.
const SLICE: usize = 512;

/// How many repositories count, and who is about to add one.
#[derive(Debug, Default)]
pub(crate) struct Quota {
    state: Mutex<State>,
    /// Who counts; the others wait for the result.
    counting: tokio::sync::Mutex<()>,
}

#[derive(Debug, Default)]
struct State {
    /// `None` when they have to be counted.
    count: Option<u64>,
    /// First pushes that ended while nobody knew the count: a walk may have seen them or not.
    late: u64,
    /// Changes with each thing that makes a walk worthless.
    generation: u64,
    claims: HashMap<RepoName, Claimants>,
}

/// The pushes that would each be a repository's first.
#[derive(Debug, Default)]
struct Claimants {
    number: usize,
    /// One of them has succeeded, and is in the count.
    is_settled: bool,
}

impl State {
    fn taken(&self, count: u64) -> u64 {
        let open = self.claims.values().filter(|claims| !claims.is_settled);
        count.saturating_add(u64::try_from(open.count()).unwrap_or(u64::MAX))
    }
}

/// What came of asking for a place.
#[derive(Debug)]
enum Asked<'a> {
    Claimed(Claim<'a>),
    Full,
    /// They have to be counted first.
    Unknown,
}

/// The place of a repository that is about to count; given back unless it is settled.
#[derive(Debug)]
pub(crate) struct Claim<'a> {
    quota: &'a Quota,
    repo: RepoName,
}

impl Claim<'_> {
    /// The repository counts now.
    pub(crate) fn settle(self) {
        let mut state = self.quota.state.lock();
        match &mut state.count {
            Some(count) => *count += 1,
            None => state.late += 1,
        }
        if let Some(claims) = state.claims.get_mut(&self.repo) {
            claims.is_settled = true;
        }
    }
}

impl Drop for Claim<'_> {
    fn drop(&mut self) {
        let mut state = self.quota.state.lock();
        let Some(claims) = state.claims.get_mut(&self.repo) else {
            return;
        };
        claims.number -= 1;
        if claims.number == 0 {
            state.claims.remove(&self.repo);
        }
    }
}

impl Quota {
    /// Has repositories counted again before the next one is let in.
    pub(crate) fn forget(&self) {
        let mut state = self.state.lock();
        state.count = None;
        state.generation += 1;
    }

    fn claim(&self, repo: &RepoName, limit: u64) -> Asked<'_> {
        let mut state = self.state.lock();
        let Some(count) = state.count else {
            return Asked::Unknown;
        };
        if !state.claims.contains_key(repo) && state.taken(count) >= limit {
            return Asked::Full;
        }
        state.claims.entry(repo.clone()).or_default().number += 1;
        Asked::Claimed(Claim {
            quota: self,
            repo: repo.clone(),
        })
    }

    /// Begins to count; `None` when the count is known.
    fn begin(&self) -> Option<u64> {
        let mut state = self.state.lock();
        state.late = 0;
        state.count.is_none().then_some(state.generation)
    }

    /// Takes the result of a walk, unless something has changed since it began. The last one counts
    /// in any case, and rather too much than too little.
    fn end(&self, count: u64, generation: u64, is_last: bool) -> bool {
        let mut state = self.state.lock();
        let is_exact = state.generation == generation && state.late == 0;
        if is_exact || is_last {
            state.count = Some(count + state.late);
        }
        is_exact || is_last
    }
}

impl Registry {
    /// Finds a place for a repository that does not count yet; `None` when it needs none.
    ///
    /// # Errors
    /// `TooManyRepos`.
    pub(crate) async fn claim_place(&self, repo: &RepoName) -> Result<Option<Claim<'_>>> {
        let limit = self.options().max_repos;
        if limit == 0 {
            return Ok(None);
        }
        for _ in 0..ATTEMPTS {
            if self.meta.counted(repo).await?.is_some() {
                return Ok(None);
            }
            match self.quota.claim(repo, limit) {
                Asked::Claimed(claim) => return Ok(Some(claim)),
                Asked::Unknown => self.count_repos().await?,
                // Another push may have been its first since we looked.
                Asked::Full if self.meta.counted(repo).await?.is_some() => return Ok(None),
                Asked::Full => return Err(Error::TooManyRepos(limit)),
            }
        }
        Err(Error::Contended)
    }

    /// Adds to a push what makes its repository count; true when nothing did before.
    pub(crate) async fn plan_count(&self, edit: &mut Edit, repo: &RepoName) -> Result<bool> {
        let found = self.meta.counted(repo).await?;
        edit.expect_counted(repo, found.as_ref());
        if found.is_none() {
            let since = self.now_nanos();
            edit.put_counted(repo, &CountedRow { since });
        }
        Ok(found.is_none())
    }

    async fn count_repos(&self) -> Result<()> {
        if self.options().lists == Lists::AfterWalk {
            self.presence.discovered().await;
        }
        let _turn = self.quota.counting.lock().await;
        for attempt in 1..=ATTEMPTS {
            let Some(generation) = self.quota.begin() else {
                return Ok(());
            };
            let count = self.walk_repos().await?;
            if self.quota.end(count, generation, attempt == ATTEMPTS) {
                debug!(count, "repositories counted");
                return Ok(());
            }
        }
        Ok(())
    }

    /// Counts repositories, and gives their rows to those that lack them.
    async fn walk_repos(&self) -> Result<u64> {
        let (mut count, mut after) = (0, None::<RepoName>);
        loop {
            let name = after.as_ref().map(RepoName::as_str);
            let rows = self.meta.repos(&Rights::everything(), name, SLICE).await?;
            let mut edit = Edit::relaxed();
            for (repo, row) in &rows {
                if self.meta.counted(repo).await?.is_some() {
                    count += 1;
                } else if self.has_content(repo, row).await? {
                    count += 1;
                    let since = self.now_nanos();
                    edit.put_counted(repo, &CountedRow { since });
                }
            }
            if !edit.is_empty() {
                self.meta.write(edit).await.map_err(|error| match error {
                    WriteError::Conflict => Error::Contended,
                    WriteError::Store(error) => error.into(),
                })?;
            }
            if rows.len() < SLICE {
                return Ok(count);
            }
            after = rows.into_iter().next_back().map(|(repo, _)| repo);
        }
    }

    /// Tells whether a repository holds a manifest, or was written by others and not read yet.
    async fn has_content(&self, repo: &RepoName, row: &RepoRow) -> Result<bool> {
        Ok(row.index.is_none() || !self.meta.manifests(repo, None, 1).await?.is_empty())
    }
}

#[cfg(test)]
mod tests;
