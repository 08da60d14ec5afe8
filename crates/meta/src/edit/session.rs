//! Changes of sessions.

use super::Edit;
use crate::keys::session::{self as keys, SessionId};
use crate::rows::{SessionKeyRow, SessionRow};
use crate::store::{Change, Row, Table};

impl Edit {
    /// Sets a session, and keeps the lists by user and by end in step.
    pub fn put_session(&mut self, id: &SessionId, row: &SessionRow) -> &mut Self {
        for key in [
            keys::by_user(&row.user, row.expires, id),
            keys::by_end(row.expires, id),
        ] {
            let value = Vec::new();
            let entry = Change::Put(Table::Sessions, Row { key, value });
            self.batch.changes.push(entry);
        }
        self.put(keys::session(id), row)
    }

    /// Removes a session that was read as `row`.
    pub fn delete_session(&mut self, id: &SessionId, row: &SessionRow) -> &mut Self {
        let by_user = keys::by_user(&row.user, row.expires, id);
        self.delete(Table::Sessions, by_user)
            .delete(Table::Sessions, keys::by_end(row.expires, id))
            .delete(Table::Sessions, keys::session(id))
    }

    /// Sets what cookies are signed with, unless there is something already.
    pub fn put_session_key(&mut self, row: &SessionKeyRow) -> &mut Self {
        self.expect::<SessionKeyRow>(keys::KEY.to_vec(), None);
        self.put(keys::KEY.to_vec(), row)
    }
}
