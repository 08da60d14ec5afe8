//! Points and scans.

use std::sync::Arc;

use meta::{Store, Table};

use super::{Build, get, keys, scan};

pub(super) async fn run<F, Fut>(make: &F)
where
    F: Fn() -> Fut,
    Fut: Future<Output = Arc<dyn Store>>,
{
    points(&*make().await).await;
    order(&*make().await).await;
    edges_of_scans(&*make().await).await;
    tables_are_apart(&*make().await).await;
}

async fn points(store: &dyn Store) {
    assert_eq!(get(store, Table::Tags, b"a").await, None, "empty store");
    Build::default()
        .put(Table::Tags, b"a", b"1")
        .put(Table::Tags, b"", b"empty key")
        .put(Table::Tags, b"empty value", b"")
        .write(store)
        .await;
    let table: [(&[u8], Option<&[u8]>); 5] = [
        (b"a", Some(b"1")),
        (b"", Some(b"empty key")),
        (b"empty value", Some(b"")),
        (b"ab", None),
        (b"b", None),
    ];
    for (key, value) in table {
        let found = get(store, Table::Tags, key).await;
        assert_eq!(found.as_deref(), value, "{key:?}");
    }
    let large = vec![7; 300_000];
    Build::default()
        .put(Table::Tags, b"large", &large)
        .write(store)
        .await;
    assert_eq!(get(store, Table::Tags, b"large").await, Some(large));
}

async fn order(store: &dyn Store) {
    let sorted: [&[u8]; 7] = [b"", b"\0", b"a", b"a\0", b"aa", b"b", b"\xff\xff"];
    let mut build = Build::default();
    for key in sorted.iter().rev() {
        build = build.put(Table::Links, key, b"");
    }
    build.write(store).await;
    let found = keys(store, Table::Links, b"", None, 99).await;
    assert_eq!(found, sorted, "keys come in the order of their bytes");
}

/// A prefix, a key to go on after, a limit, and the keys that are found.
type Case = (
    &'static [u8],
    Option<&'static [u8]>,
    usize,
    &'static [&'static [u8]],
);

async fn edges_of_scans(store: &dyn Store) {
    let all: [&[u8]; 5] = [b"a", b"b", b"b\0x", b"b\xff", b"c"];
    let mut build = Build::default();
    for key in all {
        build = build.put(Table::Tags, key, b"v");
    }
    build.write(store).await;
    let table: [Case; 13] = [
        (b"", None, 0, &[]),
        (b"", None, 2, &[b"a", b"b"]),
        (
            b"",
            None,
            usize::MAX,
            &[b"a", b"b", b"b\0x", b"b\xff", b"c"],
        ),
        (b"b", None, 9, &[b"b", b"b\0x", b"b\xff"]),
        (b"b", None, 2, &[b"b", b"b\0x"]),
        (b"b", Some(b"b"), 9, &[b"b\0x", b"b\xff"]),
        (b"b", Some(b"b"), 1, &[b"b\0x"]),
        (b"b", Some(b"b\0w"), 9, &[b"b\0x", b"b\xff"]),
        (b"b", Some(b"b\xff"), 9, &[]),
        (b"b", Some(b"a"), 9, &[b"b", b"b\0x", b"b\xff"]),
        (b"b", Some(b"c"), 9, &[]),
        (b"b\xff", None, 9, &[b"b\xff"]),
        (b"d", None, 9, &[]),
    ];
    for (prefix, after, limit, want) in table {
        let found = keys(store, Table::Tags, prefix, after, limit).await;
        assert_eq!(found, want, "{prefix:?} after {after:?} limit {limit}");
    }
    let rows = scan(store, Table::Tags, b"a", None, 1).await;
    let values: Vec<_> = rows.iter().map(|row| row.value.as_slice()).collect();
    assert_eq!(values, [b"v"]);
}

async fn tables_are_apart(store: &dyn Store) {
    Build::default()
        .put(Table::Repos, b"k", b"repos")
        .put(Table::Stats, b"k", b"stats")
        .write(store)
        .await;
    let found = get(store, Table::Repos, b"k").await;
    assert_eq!(found.as_deref(), Some(b"repos".as_slice()));
    assert_eq!(get(store, Table::Tags, b"k").await, None);
    assert_eq!(keys(store, Table::Repos, b"", None, 9).await, [b"k"]);
    assert!(keys(store, Table::Tags, b"", None, 9).await.is_empty());
    let beyond = keys(store, Table::Repos, b"", Some(b"k"), 9).await;
    assert!(beyond.is_empty(), "a scan ends with its table");
}
