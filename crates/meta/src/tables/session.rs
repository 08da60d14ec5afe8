//! Reads of sessions.

use super::{Found, Meta};
use crate::error::Error;
use crate::keys::session::{self as keys, SessionId};
use crate::rows::{SessionKeyRow, SessionRow};
use crate::store::{Scan, Table};

impl Meta {
    /// Reads a session, whether or not it has ended.
    ///
    /// # Errors
    /// As [`Self::repo`].
    pub async fn session(&self, id: &SessionId) -> Result<Option<Found<SessionRow>>, Error> {
        self.get(&keys::session(id)).await
    }

    /// Reads what cookies are signed with.
    ///
    /// # Errors
    /// As [`Self::repo`].
    pub async fn session_key(&self) -> Result<Option<Found<SessionKeyRow>>, Error> {
        self.get(keys::KEY).await
    }

    /// Lists the sessions of a user, the oldest first, at most `limit`.
    ///
    /// # Errors
    /// As [`Self::repo`].
    pub async fn sessions_of(&self, user: &str, limit: usize) -> Result<Vec<SessionId>, Error> {
        let found = self.session_ends(keys::user(user), limit).await?;
        Ok(found.into_iter().map(|(_, id)| id).collect())
    }

    /// Lists sessions that ended at `now` or before, at most `limit`.
    ///
    /// # Errors
    /// As [`Self::repo`].
    pub async fn sessions_ended(&self, now: u64, limit: usize) -> Result<Vec<SessionId>, Error> {
        let found = self.session_ends(keys::BY_END.to_vec(), limit).await?;
        let ended = found.into_iter().take_while(|(end, _)| *end <= now);
        Ok(ended.map(|(_, id)| id).collect())
    }

    async fn session_ends(
        &self,
        prefix: Vec<u8>,
        limit: usize,
    ) -> Result<Vec<(u64, SessionId)>, Error> {
        let after = None;
        let scan = Scan {
            prefix,
            after,
            limit,
        };
        let malformed = || Error::Row {
            table: Table::Sessions.name(),
        };
        let rows = self.0.scan(Table::Sessions, scan).await?;
        let ends = rows.iter().map(|row| keys::read(&row.key));
        ends.map(|end| end.ok_or_else(malformed)).collect()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::edit::Edit;
    use crate::error::WriteError;
    use crate::memory::MemoryStore;

    fn row(user: &str, expires: u64) -> SessionRow {
        SessionRow {
            user: user.to_owned(),
            provider: None,
            created: 0,
            expires,
        }
    }

    #[tokio::test]
    async fn lists_stay_in_step() {
        let meta = Meta::new(Arc::new(MemoryStore::new()));
        let rows = [
            ([1; 32], row("ann", 30)),
            ([2; 32], row("ann", 20)),
            ([3; 32], row("bob", 10)),
        ];
        let mut edit = Edit::relaxed();
        for (id, row) in &rows {
            edit.put_session(id, row);
        }
        edit.put_session_key(&SessionKeyRow { key: [9; 32] });
        meta.write(edit).await.unwrap();

        let read = meta.session(&[2; 32]).await.unwrap().unwrap();
        assert_eq!(read.value, rows[1].1);
        assert_eq!(
            meta.sessions_of("ann", 9).await.unwrap(),
            [[2; 32], [1; 32]]
        );
        assert_eq!(meta.sessions_of("ann", 1).await.unwrap(), [[2; 32]]);
        for (now, limit, want) in [
            (9, 9, vec![]),
            (20, 9, vec![[3; 32], [2; 32]]),
            (99, 1, vec![[3; 32]]),
        ] {
            assert_eq!(meta.sessions_ended(now, limit).await.unwrap(), want);
        }

        let mut edit = Edit::durable();
        for (id, row) in &rows[1..] {
            edit.delete_session(id, row);
        }
        meta.write(edit).await.unwrap();
        assert_eq!(meta.session(&[2; 32]).await.unwrap(), None);
        assert_eq!(meta.sessions_of("ann", 9).await.unwrap(), [[1; 32]]);
        assert_eq!(meta.sessions_ended(99, 9).await.unwrap(), [[1; 32]]);
    }

    #[tokio::test]
    async fn the_first_key_stays() {
        let meta = Meta::new(Arc::new(MemoryStore::new()));
        assert_eq!(meta.session_key().await.unwrap(), None);
        for (byte, won) in [(1, true), (2, false)] {
            let mut edit = Edit::durable();
            edit.put_session_key(&SessionKeyRow { key: [byte; 32] });
            let written = meta.write(edit).await;
            assert_eq!(written.is_ok(), won);
            assert!(won || matches!(written, Err(WriteError::Conflict)));
        }
        let kept = meta.session_key().await.unwrap().unwrap();
        assert_eq!(kept.value.key, [1; 32]);
    }
}
