//! The suite of stores on every store.

use std::future::ready;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use meta::{
    Batch, Change, Durability, EmbeddedOptions, EmbeddedStore, Error, MemoryStore, Opened, Row,
    Store, Table,
};
use tempfile::TempDir;
use testkit::store_suite;

fn open(path: &Path) -> (EmbeddedStore, Opened) {
    EmbeddedStore::open(path, EmbeddedOptions::default()).unwrap()
}

fn seam(store: impl Store + 'static) -> Arc<dyn Store> {
    Arc::new(store)
}

#[tokio::test(flavor = "multi_thread")]
async fn memory() {
    store_suite(|| ready(seam(MemoryStore::new()))).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn embedded() {
    let folder = TempDir::new().unwrap();
    let count = AtomicU32::new(0);
    store_suite(|| {
        let count = count.fetch_add(1, Ordering::Relaxed);
        let (store, _) = open(&folder.path().join(count.to_string()));
        ready(seam(store))
    })
    .await;
}

fn put(key: &str, durability: Durability) -> Batch {
    let row = Row {
        key: key.into(),
        value: b"1".to_vec(),
    };
    Batch {
        changes: vec![Change::Put(Table::Tags, row)],
        durability,
        ..Batch::default()
    }
}

#[tokio::test]
async fn rows_outlive_a_clean_stop() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("rows");
    let (store, opened) = open(&path);
    assert!(opened.created && opened.clean);
    store.write(put("a", Durability::Durable)).await.unwrap();
    store.write(put("b", Durability::Relaxed)).await.unwrap();
    store.close().await.unwrap();

    let (store, opened) = open(&path);
    assert!(!opened.created && opened.clean);
    for key in [b"a", b"b"] {
        let found = store.get(Table::Tags, key).await.unwrap();
        assert_eq!(found, Some(b"1".to_vec()), "{key:?}");
    }
}

#[tokio::test]
async fn a_stop_without_close_is_seen_once() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("rows");
    let (store, _) = open(&path);
    store.write(put("a", Durability::Durable)).await.unwrap();
    drop(store);
    let (store, opened) = open(&path);
    assert!(!opened.created && !opened.clean);
    let found = store.get(Table::Tags, b"a").await.unwrap();
    assert_eq!(found, Some(b"1".to_vec()));
    store.close().await.unwrap();
    assert!(open(&path).1.clean);
}

#[tokio::test]
async fn a_file_has_one_owner() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("rows");
    let (first, _) = open(&path);
    let second = EmbeddedStore::open(&path, EmbeddedOptions::default());
    assert!(matches!(second, Err(Error::InUse)), "{second:?}");
    first.close().await.unwrap();
    open(&path);
}

#[tokio::test]
async fn what_is_no_store_is_refused() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("rows");
    std::fs::File::create(&path).unwrap().set_len(8192).unwrap();
    let opened = EmbeddedStore::open(&path, EmbeddedOptions::default());
    assert!(matches!(opened, Err(Error::Backend(_))), "{opened:?}");
    let missing = folder.path().join("no folder").join("rows");
    let opened = EmbeddedStore::open(&missing, EmbeddedOptions::default());
    assert!(matches!(opened, Err(Error::Backend(_))), "{opened:?}");
}
