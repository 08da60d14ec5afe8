//! What every driver must do: the contract of [`storage::Driver`] in executable form.
//!
//! Covers every method and every documented failure; what only one backend shows is tested beside it.

#![expect(
    clippy::expect_used,
    clippy::panic,
    reason = "a suite reports by panicking, as tests do"
)]

mod calls;
mod commits;
mod folders;
mod moves;
mod objects;
mod persists;
mod races;
mod uploads;

use std::fmt;
use std::sync::Arc;

use bytes::Bytes;
use futures_util::StreamExt;
use storage::{Driver, Entry, EntryKind, Error, ErrorKind, Key};

/// Runs all cases, each on a fresh and empty driver that `make` yields.
///
/// Needs a tokio runtime; one with several threads lets races happen.
///
/// # Panics
/// When the driver breaks the contract.
pub async fn driver_suite<F, Fut>(make: F)
where
    F: Fn() -> Fut,
    Fut: Future<Output = Arc<dyn Driver>>,
{
    Box::pin(calls::run(&make)).await;
    Box::pin(objects::run(&make)).await;
    Box::pin(moves::run(&make)).await;
    Box::pin(uploads::run(&make)).await;
    Box::pin(commits::run(&make)).await;
    Box::pin(folders::run(&make)).await;
    Box::pin(persists::run(&make)).await;
    Box::pin(races::run(&make)).await;
}

/// Builds a key from a text that is one.
fn key(text: &str) -> Key {
    Key::new(text).expect("a valid key")
}

/// Bytes that differ from place to place, so that no mix-up goes unseen.
fn pattern(len: usize, seed: u64) -> Bytes {
    let mut state = seed;
    let mut next = || {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1);
        state.to_be_bytes()[0]
    };
    (0..len).map(|_| next()).collect()
}

fn len(bytes: &Bytes) -> u64 {
    u64::try_from(bytes.len()).expect("fits")
}

/// Reads a whole object.
async fn read(driver: &dyn Driver, key: &Key) -> Result<Bytes, Error> {
    let object = driver.get(key, None).await?;
    let bytes = object.body.collect(key).await?;
    assert_eq!(object.stat.size, len(&bytes), "size of {key}");
    Ok(bytes)
}

/// Yields the entries of a folder by name; folders end in a slash.
async fn names(driver: &dyn Driver, folder: &Key) -> Vec<String> {
    let show = |entry: Result<Entry, Error>| {
        let entry = entry.expect("lists");
        match entry.kind {
            EntryKind::Object => entry.name,
            EntryKind::Folder => entry.name + "/",
        }
    };
    let mut names: Vec<_> = driver.list(folder).map(show).collect().await;
    names.sort();
    names
}

/// Asserts that a call fails in a certain way, and names a certain key.
#[track_caller]
fn assert_fails<T: fmt::Debug>(result: Result<T, Error>, kind: ErrorKind, about: &Key) {
    match result {
        Ok(value) => panic!("should fail as {kind:?}: {value:?}"),
        Err(error) => {
            assert_eq!((error.kind(), error.key()), (kind, about), "{error}");
        }
    }
}
