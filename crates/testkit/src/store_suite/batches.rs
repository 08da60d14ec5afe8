//! Changes and checks.

use std::sync::Arc;

use futures_util::future::join_all;
use meta::{Batch, Store, Table};

use super::{Build, get, keys};

pub(super) async fn run<F, Fut>(make: &F)
where
    F: Fn() -> Fut,
    Fut: Future<Output = Arc<dyn Store>>,
{
    changes_in_order(&*make().await).await;
    checks(&*make().await).await;
    all_or_nothing(&*make().await).await;
    checks_see_batches_of_the_same_commit(&*make().await).await;
    relaxed_is_visible(&*make().await).await;
    empty(&*make().await).await;
}

async fn changes_in_order(store: &dyn Store) {
    Build::default()
        .put(Table::Tags, b"twice", b"1")
        .put(Table::Tags, b"twice", b"2")
        .put(Table::Tags, b"gone", b"1")
        .delete(Table::Tags, b"gone")
        .delete(Table::Tags, b"back")
        .put(Table::Tags, b"back", b"1")
        .delete(Table::Tags, b"never was")
        .write(store)
        .await;
    assert_eq!(get(store, Table::Tags, b"twice").await, Some(b"2".to_vec()));
    assert_eq!(get(store, Table::Tags, b"gone").await, None);
    assert_eq!(get(store, Table::Tags, b"back").await, Some(b"1".to_vec()));
}

/// A key, what it is checked for, and whether that holds.
type Judged = (&'static [u8], Option<&'static [u8]>, bool);

async fn checks(store: &dyn Store) {
    Build::default()
        .put(Table::Tags, b"is", b"1")
        .put(Table::Tags, b"empty", b"")
        .write(store)
        .await;
    let table: [Judged; 8] = [
        (b"is", Some(b"1"), true),
        (b"is", Some(b"2"), false),
        (b"is", Some(b"10"), false),
        (b"is", None, false),
        (b"is not", None, true),
        (b"is not", Some(b""), false),
        (b"empty", Some(b""), true),
        (b"empty", None, false),
    ];
    for (key, value, holds) in table {
        let build = Build::default().check(Table::Tags, key, value);
        let applied = build.try_write(store).await;
        assert_eq!(applied, holds, "{key:?} is {value:?}");
    }
    let other_table = Build::default().check(Table::Repos, b"is", None);
    assert!(other_table.try_write(store).await, "checks name a table");
}

async fn all_or_nothing(store: &dyn Store) {
    Build::default()
        .put(Table::Tags, b"a", b"1")
        .write(store)
        .await;
    let refused = Build::default()
        .check(Table::Tags, b"a", Some(b"1"))
        .check(Table::Tags, b"b", Some(b"1"))
        .put(Table::Tags, b"c", b"1")
        .delete(Table::Tags, b"a");
    assert!(!refused.try_write(store).await, "one check does not hold");
    assert_eq!(keys(store, Table::Tags, b"", None, 9).await, [b"a"]);

    // Checks look at the rows before the batch, not at its own changes.
    let own = Build::default()
        .put(Table::Tags, b"b", b"1")
        .check(Table::Tags, b"b", None);
    assert!(own.try_write(store).await);
}

/// Batches that are handed over together may share a commit: each is judged as if alone.
async fn checks_see_batches_of_the_same_commit(store: &dyn Store) {
    for round in 0..20_u8 {
        let key = [round];
        let create = |value: &[u8]| {
            Build::default()
                .check(Table::Tags, &key, None)
                .put(Table::Tags, &key, value)
                .put(Table::Targets, &[round, value.len().to_le_bytes()[0]], b"")
        };
        let values: Vec<Vec<u8>> = (1..=8).map(|len| vec![b'v'; len]).collect();
        let writes = values.iter().map(|value| create(value).try_write(store));
        let won: Vec<usize> = join_all(writes)
            .await
            .into_iter()
            .zip(&values)
            .filter_map(|(applied, value)| applied.then_some(value.len()))
            .collect();
        assert_eq!(won.len(), 1, "one creates the row");
        let len = get(store, Table::Tags, &key).await.map(|value| value.len());
        assert_eq!(len.as_ref(), won.first(), "the row is the winner's");
        let marks = keys(store, Table::Targets, &key, None, 99).await;
        assert_eq!(marks.len(), 1, "nothing of the others happened");
    }
}

async fn relaxed_is_visible(store: &dyn Store) {
    for round in 0..50_u8 {
        let build = Build::default().put(Table::Stats, b"n", &[round]);
        build.relaxed().write(store).await;
        let found = get(store, Table::Stats, b"n").await;
        assert_eq!(found, Some(vec![round]), "relaxed writes are seen at once");
    }
    let build =
        Build::default()
            .check(Table::Stats, b"n", Some(&[49]))
            .put(Table::Stats, b"m", b"1");
    build.write(store).await;
    assert_eq!(get(store, Table::Stats, b"n").await, Some(vec![49]));
}

async fn empty(store: &dyn Store) {
    Build(Batch::default()).write(store).await;
    Build(Batch::default()).relaxed().write(store).await;
}
