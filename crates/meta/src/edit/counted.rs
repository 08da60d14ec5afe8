//! Changes of what counts towards the quota.

use oci::RepoName;

use super::Edit;
use crate::keys;
use crate::rows::CountedRow;
use crate::store::Table;
use crate::tables::Found;

impl Edit {
    /// Sets that a repository counts towards the quota.
    pub fn put_counted(&mut self, repo: &RepoName, row: &CountedRow) -> &mut Self {
        self.put(keys::repo(repo), row)
    }

    /// Sets that a repository no longer counts.
    pub fn delete_counted(&mut self, repo: &RepoName) -> &mut Self {
        self.delete(Table::Counted, keys::repo(repo))
    }

    /// Demands that a repository counts as it was read.
    pub fn expect_counted(
        &mut self,
        repo: &RepoName,
        seen: Option<&Found<CountedRow>>,
    ) -> &mut Self {
        self.expect(keys::repo(repo), seen)
    }
}
