//! Lists of repositories.

use meta::Rights;
use oci::RepoName;

use crate::error::Result;
use crate::page::Page;
use crate::registry::{Lists, Registry};

impl Registry {
    /// Lists repositories that `rights` show to the caller, in byte order, after `after`.
    ///
    /// On a store that others may have written, waits until its folders have been walked once.
    ///
    /// # Errors
    /// Only those of the metadata store.
    pub async fn list_repos(
        &self,
        rights: &Rights,
        after: Option<&str>,
        limit: usize,
    ) -> Result<Page<RepoName>> {
        if self.options().lists == Lists::AfterWalk {
            self.presence.discovered().await;
        }
        let rows = self
            .meta
            .repos(rights, after, limit.saturating_add(1))
            .await?;
        Ok(Page::cut(
            rows.into_iter().map(|(repo, _)| repo).collect(),
            limit,
        ))
    }
}
