//! The seam below which content is kept.

use std::fmt;
use std::ops::Range;
use std::time::SystemTime;

use bytes::Bytes;
use futures_util::future::BoxFuture;
use futures_util::stream::BoxStream;

use crate::body::Body;
use crate::error::Result;
use crate::key::Key;

/// Says what a backend does by itself; what it lacks, the engine does otherwise or without.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Caps {
    /// [`Driver::link`] works: one copy of the bytes under two keys.
    pub link: bool,
    /// [`Driver::rename`] is one atomic step.
    pub rename: bool,
    /// [`Driver::redirect`] may yield addresses.
    pub redirect: bool,
}

/// What is known of an object without reading it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stat {
    /// Size in bytes.
    pub size: u64,
    /// When the bytes were last written, or the object last linked or committed.
    pub modified: SystemTime,
    /// Tells one incarnation of the object from the next (an inode number; 0 where there is none).
    pub identity: u64,
}

/// An object and its bytes.
#[derive(Debug)]
pub struct Object {
    /// What is known of the whole object, whatever range was asked for.
    pub stat: Stat,
    /// The bytes of the range.
    pub body: Body,
}

/// Says what an entry of a folder is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EntryKind {
    /// An object.
    Object,
    /// A folder.
    Folder,
}

/// One entry of a folder.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// The last segment of the key.
    pub name: String,
    /// Object or folder.
    pub kind: EntryKind,
}

/// Keeps objects under keys.
///
/// Every backend behaves alike; `testkit::driver_suite` is the contract in executable form.
///
/// - Folders come into being with the objects below them.
/// - An object under a key is complete: `put`, `link`, `rename` and `commit` show all of it or
///   nothing. Only an upload (a key that is appended to) can be seen growing.
/// - Nothing is safe from a power cut before [`Driver::persist`] has named its key.
/// - Calls do not block the runtime, and do nothing before they are polled.
/// - An error names one of the keys given, the one that is the matter.
/// - Where folders are real an object cannot be one too: what would make it so is `Exists`.
///
/// # Cancel safety
/// A dropped call may have happened or not, never in part, except that an upload may have grown by
/// a part of the data given.
pub trait Driver: Send + Sync + fmt::Debug {
    /// Says what the backend does by itself.
    fn caps(&self) -> Caps;

    /// Opens an object, whole or a range of it.
    ///
    /// # Errors
    /// `NotFound`; `Offset` when the range does not lie within the object.
    fn get<'a>(&'a self, key: &'a Key, range: Option<Range<u64>>) -> BoxFuture<'a, Result<Object>>;

    /// Looks at an object. A folder is `NotFound`.
    fn stat<'a>(&'a self, key: &'a Key) -> BoxFuture<'a, Result<Stat>>;

    /// Writes a small object in one step, replacing one that is there.
    fn put<'a>(&'a self, key: &'a Key, data: Bytes) -> BoxFuture<'a, Result<Stat>>;

    /// Walks the entries directly in a folder, in no order; a folder that is absent is empty.
    fn list<'a>(&'a self, folder: &'a Key) -> BoxStream<'a, Result<Entry>>;

    /// Removes an object, or a folder that is empty. Backends without folders know none to remove.
    ///
    /// # Errors
    /// `NotFound`; `NotEmpty` for a folder with entries.
    fn delete<'a>(&'a self, key: &'a Key) -> BoxFuture<'a, Result<()>>;

    /// Makes the object `from` appear as `to` too, without a second copy.
    ///
    /// Both count as written now, so that a collector that goes by age takes neither for old.
    ///
    /// # Errors
    /// `NotFound`, `Exists`, `Unsupported` when there cannot be one copy under two keys.
    fn link<'a>(&'a self, from: &'a Key, to: &'a Key) -> BoxFuture<'a, Result<()>>;

    /// Moves an object, replacing one that is at `to`; folders are not moved.
    ///
    /// # Errors
    /// `NotFound`; `Unsupported` when the two lie on different devices.
    fn rename<'a>(&'a self, from: &'a Key, to: &'a Key) -> BoxFuture<'a, Result<()>>;

    /// Appends to an upload at `offset`, which must be its present size; yields the new size.
    ///
    /// Offset 0 starts the upload if it does not exist yet. Data is handed to the device early, so
    /// that `persist` has little left to wait for.
    ///
    /// # Errors
    /// `Offset` when the upload ends elsewhere, `NotFound` when it does not exist and `offset` > 0;
    /// `Full`. Whatever the error, the upload keeps its old size.
    fn append<'a>(
        &'a self,
        upload: &'a Key,
        offset: u64,
        data: Vec<Bytes>,
    ) -> BoxFuture<'a, Result<u64>>;

    /// Turns an upload into the object `to`, replacing one that is there.
    ///
    /// Waits for an append whose caller has gone, so that the object is never seen growing; such an
    /// append counts, so that a caller who may have been cancelled checks the size afterwards.
    ///
    /// # Errors
    /// `NotFound` when there is no such upload.
    fn commit<'a>(&'a self, upload: &'a Key, to: &'a Key) -> BoxFuture<'a, Result<()>>;

    /// Appends the last data to an upload and turns it into the object `to`: [`Driver::append`] and
    /// [`Driver::commit`], in one step where a backend can.
    ///
    /// # Errors
    /// Theirs. An upload that could not become the object may have grown.
    fn append_and_commit<'a>(
        &'a self,
        upload: &'a Key,
        (offset, data): (u64, Vec<Bytes>),
        to: &'a Key,
    ) -> BoxFuture<'a, Result<()>> {
        Box::pin(async move {
            self.append(upload, offset, data).await?;
            self.commit(upload, to).await
        })
    }

    /// Makes objects survive a power cut: their bytes, their names and the folders above them.
    ///
    /// # Errors
    /// `NotFound` when one of them is gone. After any error none of them may be relied on, and bytes
    /// that a device has refused once stay refused until they are written anew.
    fn persist<'a>(&'a self, keys: &'a [Key]) -> BoxFuture<'a, Result<()>>;

    /// Yields an address from which clients may fetch the object themselves, if there is one.
    fn redirect<'a>(&'a self, key: &'a Key) -> BoxFuture<'a, Result<Option<String>>>;
}
