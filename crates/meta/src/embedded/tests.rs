use super::*;
use crate::store::{Change, Durability};

fn put(key: &[u8], value: &[u8]) -> Batch {
    let row = Row {
        key: key.to_vec(),
        value: value.to_vec(),
    };
    Batch {
        changes: vec![Change::Put(Table::Tags, row)],
        ..Batch::default()
    }
}

#[tokio::test]
async fn rows_outlive_the_process() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("rows");
    let (store, opened) = EmbeddedStore::open(&path, EmbeddedOptions::default()).unwrap();
    assert_eq!(
        opened,
        Opened {
            clean: true,
            created: true
        }
    );
    store.write(put(b"a", b"1")).await.unwrap();
    assert_eq!(
        store.get(Table::Tags, b"a").await.unwrap().unwrap(),
        b"1".to_vec()
    );
    let relaxed = Batch {
        durability: Durability::Relaxed,
        ..put(b"b", b"2")
    };
    store.write(relaxed).await.unwrap();
    store.close().await.unwrap();
    assert!(matches!(
        store.get(Table::Tags, b"a").await,
        Err(Error::Closed)
    ));
    let (store, opened) = EmbeddedStore::open(&path, EmbeddedOptions::default()).unwrap();
    assert_eq!(
        opened,
        Opened {
            clean: true,
            created: false
        }
    );
    let rows = store
        .scan(
            Table::Tags,
            Scan {
                limit: 9,
                ..Scan::default()
            },
        )
        .await
        .unwrap();
    assert_eq!(rows.len(), 2);
    assert!(matches!(
        EmbeddedStore::open(&path, EmbeddedOptions::default()),
        Err(Error::InUse)
    ));
    drop(store);
    let (_, opened) = EmbeddedStore::open(&path, EmbeddedOptions::default()).unwrap();
    assert!(!opened.clean);
}
