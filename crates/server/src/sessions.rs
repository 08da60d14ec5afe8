//! How many uploads each client has begun and not ended: bounded, since each is a file.

use std::collections::HashMap;
use std::net::IpAddr;
use std::time::{Duration, Instant};

use oci::{Error, ErrorCode, RepoName};
use parking_lot::Mutex;
use registry::{Registry, UploadId};

use crate::client_address::network;

/// How many sessions are counted in all; those of one more are let in uncounted.
const COUNTED: usize = 64 * 1024;
/// How long a session counts: what was begun longer ago was given up, and is the collector's.
const COUNTS_FOR: Duration = Duration::from_hours(1);

/// The sessions that clients have begun.
#[derive(Debug, Default)]
pub(crate) struct Sessions {
    table: Mutex<Table>,
}

#[derive(Debug, Default)]
struct Table {
    clients: HashMap<IpAddr, HashMap<UploadId, (RepoName, Instant)>>,
    owners: HashMap<UploadId, IpAddr>,
}

impl Sessions {
    /// Makes sure that a client may begin another session; 0 means that it always may.
    ///
    /// Sessions that have ended without us, such as those that were collected, no longer count.
    ///
    /// # Errors
    /// `TooManyRequests`.
    pub(crate) async fn admit(
        &self,
        client: IpAddr,
        limit: usize,
        registry: &Registry,
    ) -> Result<(), Error> {
        if limit == 0 || self.count(client) < limit {
            return Ok(());
        }
        for (id, (repo, begun)) in self.of(client) {
            let is_given_up = begun.elapsed() > COUNTS_FOR;
            let size = registry.upload_size(&repo, &id).await;
            if is_given_up || matches!(size, Err(registry::Error::UploadUnknown(_))) {
                self.remove(&id);
            }
        }
        if self.count(client) < limit {
            return Ok(());
        }
        let error = Error::new(ErrorCode::TooManyRequests).with("limit", limit);
        Err(error.because("too many uploads are unfinished"))
    }

    /// Counts a session.
    pub(crate) fn add(&self, client: IpAddr, repo: &RepoName, id: UploadId) {
        let mut table = self.table.lock();
        if table.owners.len() < COUNTED {
            let client = network(client);
            table.owners.insert(id, client);
            let own = table.clients.entry(client).or_default();
            own.insert(id, (repo.clone(), Instant::now()));
        }
    }

    /// No longer counts a session.
    pub(crate) fn remove(&self, id: &UploadId) {
        let mut table = self.table.lock();
        let Some(client) = table.owners.remove(id) else {
            return;
        };
        if let Some(own) = table.clients.get_mut(&client) {
            own.remove(id);
            if own.is_empty() {
                table.clients.remove(&client);
            }
        }
    }

    fn count(&self, client: IpAddr) -> usize {
        self.table
            .lock()
            .clients
            .get(&network(client))
            .map_or(0, HashMap::len)
    }

    fn of(&self, client: IpAddr) -> Vec<(UploadId, (RepoName, Instant))> {
        let table = self.table.lock();
        let own = table.clients.get(&network(client)).into_iter().flatten();
        own.map(|(id, session)| (*id, session.clone())).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_by_network() {
        let sessions = Sessions::default();
        let repo: RepoName = "a".parse().expect("valid");
        let ids: Vec<UploadId> = (0..4)
            .map(|n| {
                format!("00000000-0000-4000-8000-00000000000{n}")
                    .parse()
                    .expect("valid")
            })
            .collect();
        let table = [
            ("192.0.2.1", "192.0.2.1", 1),
            ("::ffff:192.0.2.1", "192.0.2.1", 2),
            ("2001:db8::1", "2001:db8::ffff", 1),
            ("2001:db8:0:1::1", "2001:db8::1", 1),
        ];
        for (id, (client, asked, want)) in ids.iter().zip(table) {
            sessions.add(client.parse().expect("valid"), &repo, *id);
            assert_eq!(
                sessions.count(asked.parse().expect("valid")),
                want,
                "{client}"
            );
        }
        for id in &ids {
            sessions.remove(id);
            sessions.remove(id);
        }
        let table = sessions.table.lock();
        assert!(table.clients.is_empty() && table.owners.is_empty());
    }
}
