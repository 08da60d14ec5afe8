//! Tags.

use oci::{RepoName, Tag};

use crate::error::{Error, Result};
use crate::page::Page;
use crate::registry::Registry;

impl Registry {
    /// Lists the tags of a repository in byte order, after `after` whether or not that exists.
    ///
    /// # Errors
    /// `RepoUnknown`.
    ///
    /// Spec: distribution 1.1, Listing Tags.
    pub async fn list_tags(
        &self,
        repo: &RepoName,
        after: Option<&str>,
        limit: usize,
    ) -> Result<Page<Tag>> {
        if !self.find_repo(repo).await? {
            return Err(Error::RepoUnknown(repo.clone()));
        }
        let rows = self.meta.tags(repo, after, limit.saturating_add(1)).await?;
        Ok(Page::cut(
            rows.into_iter().map(|(tag, _)| tag).collect(),
            limit,
        ))
    }

    /// Tells whether the repository has the tag: pushing it then moves it.
    ///
    /// # Errors
    /// Only those of the stores.
    pub async fn tag_exists(&self, repo: &RepoName, tag: &Tag) -> Result<bool> {
        Ok(self.find_repo(repo).await? && self.meta.tag(repo, tag).await?.is_some())
    }
}
