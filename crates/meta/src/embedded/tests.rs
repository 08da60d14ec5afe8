mod disk;
mod faults;
mod overlay;
mod power;

use super::*;
use crate::store::{Change, Check, Durability};
use disk::Disk;

/// Small, so that most reads go to the disk.
const OPTIONS: EmbeddedOptions = EmbeddedOptions { cache_bytes: 4096 };

fn open(disk: &Disk) -> (EmbeddedStore, Opened) {
    EmbeddedStore::open_on(Arc::new(disk.clone()), OPTIONS).unwrap()
}

fn batch(rows: &[(&[u8], &[u8])]) -> Batch {
    let puts = rows.iter().map(|(key, value)| {
        let (key, value) = (key.to_vec(), value.to_vec());
        Change::Put(Table::Tags, Row { key, value })
    });
    Batch {
        changes: puts.collect(),
        ..Batch::default()
    }
}

fn relaxed(batch: Batch) -> Batch {
    Batch {
        durability: Durability::Relaxed,
        ..batch
    }
}

async fn get(store: &EmbeddedStore, key: &[u8]) -> Option<Vec<u8>> {
    store.get(Table::Tags, key).await.unwrap()
}

async fn count(store: &EmbeddedStore) -> usize {
    let scan = Scan {
        limit: usize::MAX,
        ..Scan::default()
    };
    store.scan(Table::Tags, scan).await.unwrap().len()
}

/// Writes so many rows, enough of them that not all fit into the cache.
async fn fill(store: &EmbeddedStore, rows: u32) {
    let mut filling = Batch::default();
    for number in 0..rows {
        let row = Row {
            key: number.to_be_bytes().to_vec(),
            value: vec![7; 100],
        };
        filling.changes.push(Change::Put(Table::Tags, row));
    }
    store.write(filling).await.unwrap();
}

#[tokio::test]
async fn overwriting_does_not_grow_the_file() {
    let disk = Disk::default();
    let options = EmbeddedOptions::default();
    let (store, _) = EmbeddedStore::open_on(Arc::new(disk.clone()), options).unwrap();
    fill(&store, 50).await;
    let mut sizes = Vec::new();
    for round in 0..20_000_u32 {
        let write = batch(&[(b"row", &round.to_be_bytes())]);
        let write = if round % 16 == 0 {
            write
        } else {
            relaxed(write)
        };
        store.write(write).await.unwrap();
        if round % 2000 == 0 {
            sizes.push(disk.size());
        }
    }
    assert_eq!(get(&store, b"row").await.unwrap(), 19_999_u32.to_be_bytes());
    assert!(disk.size() <= sizes[1], "{sizes:?}, then {}", disk.size());
}

#[tokio::test]
async fn rows_of_a_newer_format_are_left_alone() {
    let disk = Disk::default();
    let (store, _) = open(&disk);
    let row = Row {
        key: b"format".to_vec(),
        value: 2_u32.to_le_bytes().to_vec(),
    };
    let newer = Batch {
        changes: vec![Change::Put(Table::State, row)],
        ..Batch::default()
    };
    store.write(newer).await.unwrap();
    store.close().await.unwrap();
    let opened = EmbeddedStore::open_on(Arc::new(disk.clone()), OPTIONS);
    let refused = matches!(opened, Err(Error::Format { found: 2, known: 1 }));
    assert!(refused, "{opened:?}");
}

/// Whatever a caller drops happens wholly or not at all, and does not stop the others.
#[tokio::test]
async fn dropped_calls() {
    let (store, _) = open(&Disk::default());
    for round in 0..200_u8 {
        let key = [round];
        let both = batch(&[(&key, b"1"), (&[round, 0], b"1")]);
        let mut dropped = store.write(both);
        for _ in 0..round % 3 {
            if (&mut dropped).now_or_never().is_some() {
                break;
            }
        }
        drop(dropped);
        store.write(batch(&[(b"kept", &key)])).await.unwrap();
        let halves = (get(&store, &key).await, get(&store, &[round, 0]).await);
        assert_eq!(halves.0, halves.1);
    }
}

#[tokio::test]
async fn callers_wait_for_room() {
    let (store, _) = open(&Disk::default());
    let rows: Vec<[u8; 4]> = (0..2000_u32).map(u32::to_be_bytes).collect();
    let writes = rows.iter().map(|key| store.write(batch(&[(key, b"1")])));
    for outcome in futures_util::future::join_all(writes).await {
        outcome.unwrap();
    }
    assert_eq!(count(&store).await, 2000);
}
