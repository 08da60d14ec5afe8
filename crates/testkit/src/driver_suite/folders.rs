//! Folders.

use std::collections::BTreeSet;
use std::sync::Arc;

use futures_util::StreamExt;
use storage::{Driver, ErrorKind, Key};

use super::{assert_fails, key, names, pattern};

pub(super) async fn run<F, Fut>(make: &F)
where
    F: Fn() -> Fut,
    Fut: Future<Output = Arc<dyn Driver>>,
{
    entries_are_listed_by_kind(&*make().await).await;
    similar_names_do_not_hide_each_other(&*make().await).await;
    what_is_no_folder_is_empty(&*make().await).await;
    large_folders_are_listed_once(&*make().await).await;
    a_walk_survives_changes(&*make().await).await;
    a_walk_may_be_left(&*make().await).await;
    only_empty_folders_are_removed(&*make().await).await;
}

async fn fill(driver: &dyn Driver, keys: &[&str]) {
    for name in keys {
        driver.put(&key(name), pattern(1, 1)).await.expect(name);
    }
}

async fn entries_are_listed_by_kind(driver: &dyn Driver) {
    assert!(names(driver, &Key::root()).await.is_empty());
    fill(driver, &["a/b/c", "a/b/d/e", "a/x", "top"]).await;
    driver
        .append(&key("a/.up/1"), 0, vec![])
        .await
        .expect("append");
    assert_eq!(names(driver, &Key::root()).await, ["a/", "top"]);
    assert_eq!(names(driver, &key("a")).await, [".up/", "b/", "x"]);
    assert_eq!(names(driver, &key("a/b")).await, ["c", "d/"]);
    assert_eq!(names(driver, &key("a/.up")).await, ["1"]);
}

async fn similar_names_do_not_hide_each_other(driver: &dyn Driver) {
    let keys = [
        "r/a/1", "r/a-b", "r/a.b/1", "r/a0/1", "r/a!", "r/A/1", "r/ab", "ra/x", "r-/x",
    ];
    fill(driver, &keys).await;
    let expected = ["A/", "a!", "a-b", "a.b/", "a/", "a0/", "ab"];
    assert_eq!(names(driver, &key("r")).await, expected);
}

async fn what_is_no_folder_is_empty(driver: &dyn Driver) {
    fill(driver, &["a/b"]).await;
    for absent in ["absent", "a/absent/too", "a/b", "a/b/c", "a/", "b"] {
        if let Some(folder) = Key::new(absent) {
            assert!(names(driver, &folder).await.is_empty(), "{folder}");
        }
    }
}

async fn large_folders_are_listed_once(driver: &dyn Driver) {
    let mut expected = BTreeSet::new();
    for i in 0..1000 {
        let name = format!("{i:04}");
        // Every tenth is a folder.
        if i % 10 == 0 {
            fill(driver, &[&format!("f/{name}/x"), &format!("f/{name}/y")]).await;
            expected.insert(name + "/");
        } else {
            fill(driver, &[&format!("f/{name}")]).await;
            expected.insert(name);
        }
    }
    let found = names(driver, &key("f")).await;
    assert_eq!(found.len(), 1000);
    assert_eq!(BTreeSet::from_iter(found), expected);
}

async fn a_walk_survives_changes(driver: &dyn Driver) {
    for i in 0..600 {
        fill(
            driver,
            &[&format!("f/stays-{i:03}"), &format!("f/goes-{i:03}")],
        )
        .await;
    }
    let folder = key("f");
    let mut walk = driver.list(&folder);
    let mut seen = Vec::new();
    let mut turn = 0;
    while let Some(entry) = walk.next().await {
        let entry = entry.expect("lists");
        if entry.name.starts_with("stays") {
            seen.push(entry.name);
        } else {
            assert!(
                entry.name.starts_with("goes-") || entry.name.starts_with("new-"),
                "{entry:?}"
            );
        }
        if turn < 600 {
            driver
                .delete(&key(&format!("f/goes-{turn:03}")))
                .await
                .expect("delete");
            fill(
                driver,
                &[&format!("f/new-{turn:03}"), &format!("f/stays-{turn:03}")],
            )
            .await;
            turn += 1;
        }
    }
    seen.sort();
    let distinct: BTreeSet<_> = seen.iter().collect();
    // An object that is replaced meanwhile may be seen as the old and as the new one.
    assert_eq!(distinct.len(), 600);
}

async fn a_walk_may_be_left(driver: &dyn Driver) {
    fill(driver, &["f/1", "f/2", "f/3"]).await;
    let folder = key("f");
    let mut walk = driver.list(&folder);
    walk.next().await.expect("an entry").expect("lists");
    drop(walk);
    drop(driver.list(&folder));
    assert_eq!(names(driver, &folder).await.len(), 3);
}

async fn only_empty_folders_are_removed(driver: &dyn Driver) {
    let (folder, object) = (key("a/b"), key("a/b/c"));
    fill(driver, &["a/b/c"]).await;
    assert_fails(driver.delete(&folder).await, ErrorKind::NotEmpty, &folder);
    assert_fails(
        driver.delete(&key("a")).await,
        ErrorKind::NotEmpty,
        &key("a"),
    );
    driver.delete(&object).await.expect("delete");
    // Backends without folders have none left.
    if let Err(error) = driver.delete(&folder).await {
        assert_eq!(error.kind(), ErrorKind::NotFound);
    }
    assert_fails(driver.delete(&folder).await, ErrorKind::NotFound, &folder);
    assert!(names(driver, &key("a")).await.is_empty());
    fill(driver, &["a/b/c"]).await;
    driver.persist(&[object]).await.expect("persist");
}
