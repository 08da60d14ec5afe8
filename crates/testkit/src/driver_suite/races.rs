//! Several callers at once.

use std::sync::Arc;

use storage::{Driver, Error, ErrorKind, Key};
use tokio::task::JoinSet;

use super::{key, names, pattern, read};

pub(super) async fn run<F, Fut>(make: &F)
where
    F: Fn() -> Fut,
    Fut: Future<Output = Arc<dyn Driver>>,
{
    one_link_wins(make().await).await;
    one_append_wins(make().await).await;
    an_object_is_never_seen_in_part(make().await).await;
    one_commit_of_an_upload_wins(make().await).await;
    folders_come_and_go(make().await).await;
    persists_do_not_hinder_each_other(make().await).await;
}

/// Runs `count` calls at once and yields their results in no order.
async fn at_once<T, Fut>(count: usize, call: impl Fn(usize) -> Fut) -> Vec<T>
where
    T: Send + 'static,
    Fut: Future<Output = T> + Send + 'static,
{
    let tasks: JoinSet<T> = (0..count).map(call).collect();
    tasks.join_all().await
}

/// Asserts that one call succeeded and all others failed in one way.
#[track_caller]
fn assert_one_wins<T>(results: Vec<Result<T, Error>>, others: &[ErrorKind]) {
    let mut winners = 0;
    for result in results {
        match result {
            Ok(_) => winners += 1,
            Err(error) => assert!(others.contains(&error.kind()), "{error}"),
        }
    }
    assert_eq!(winners, 1);
}

async fn one_link_wins(driver: Arc<dyn Driver>) {
    if !driver.caps().link {
        return;
    }
    for i in 0..16 {
        driver
            .put(&key(&format!("from/{i}")), pattern(10, i))
            .await
            .expect("put");
    }
    let results = at_once(16, |i| {
        let driver = Arc::clone(&driver);
        async move { driver.link(&key(&format!("from/{i}")), &key("to/a")).await }
    });
    assert_one_wins(results.await, &[ErrorKind::Exists]);
    let linked = read(&*driver, &key("to/a")).await.expect("read");
    assert!((0..16).any(|i| linked == pattern(10, i)));
}

async fn one_append_wins(driver: Arc<dyn Driver>) {
    let upload = key("repo/.uploads/1");
    let size = 300_000;
    for round in 0..5_u64 {
        let offset = round * 300_000;
        let results = at_once(8, |i| {
            let (driver, upload) = (Arc::clone(&driver), upload.clone());
            let data = pattern(size, u64::try_from(i).expect("fits"));
            async move { driver.append(&upload, offset, vec![data]).await }
        });
        assert_one_wins(results.await, &[ErrorKind::Offset]);
        let object = driver.get(&upload, Some(offset..offset + 300_000)).await;
        let part = object
            .expect("within")
            .body
            .collect(&upload)
            .await
            .expect("read");
        assert!(
            (0..8).any(|i| part == pattern(size, i)),
            "bytes of one caller"
        );
    }
    assert_eq!(driver.stat(&upload).await.expect("stat").size, 1_500_000);
}

async fn an_object_is_never_seen_in_part(driver: Arc<dyn Driver>) {
    let object = key("repo/index.json");
    let versions = [(10, 1), (70_000, 2), (300_000, 3), (0, 4)];
    let versions = versions.map(|(size, seed)| pattern(size, seed));
    driver.put(&object, versions[0].clone()).await.expect("put");
    let writers = 4;
    let tasks = at_once(2 * writers, |task| {
        let (driver, object, versions) = (Arc::clone(&driver), object.clone(), versions.clone());
        async move {
            for version in versions.iter().cycle().take(60) {
                if task < writers {
                    driver.put(&object, version.clone()).await.expect("put");
                } else {
                    let bytes = read(&*driver, &object).await.expect("there all the time");
                    assert!(versions.contains(&bytes), "{} bytes", bytes.len());
                }
            }
        }
    });
    tasks.await;
    assert!(
        names(&*driver, &key("repo/.uploads")).await.is_empty(),
        "leftovers"
    );
}

async fn one_commit_of_an_upload_wins(driver: Arc<dyn Driver>) {
    let upload = key("repo/.uploads/1");
    driver
        .append(&upload, 0, vec![pattern(10, 1)])
        .await
        .expect("append");
    let results = at_once(8, |i| {
        let (driver, upload) = (Arc::clone(&driver), upload.clone());
        async move {
            driver
                .commit(&upload, &key(&format!("repo/blobs/{i}")))
                .await
        }
    });
    assert_one_wins(results.await, &[ErrorKind::NotFound]);
    assert_eq!(names(&*driver, &key("repo/blobs")).await.len(), 1);
}

async fn folders_come_and_go(driver: Arc<dyn Driver>) {
    let tasks = at_once(4, |task| {
        let driver = Arc::clone(&driver);
        async move {
            let (folder, object) = (key("a/b/c"), key(&format!("a/b/c/{task}")));
            for _ in 0..50 {
                driver.put(&object, pattern(1, 1)).await.expect("put");
                driver.delete(&object).await.expect("delete");
                remove_all(&*driver, folder.clone()).await;
            }
        }
    });
    tasks.await;
    assert!(names(&*driver, &key("a/b/c")).await.is_empty());
}

/// Removes a folder and those above it, as far as they are empty.
async fn remove_all(driver: &dyn Driver, mut folder: Key) {
    while folder != Key::root() {
        if let Err(error) = driver.delete(&folder).await {
            let is_left_alone = matches!(error.kind(), ErrorKind::NotEmpty | ErrorKind::NotFound);
            assert!(is_left_alone, "{error}");
        }
        folder = folder.parent().expect("not the root");
    }
}

async fn persists_do_not_hinder_each_other(driver: Arc<dyn Driver>) {
    let tasks = at_once(8, |task| {
        let driver = Arc::clone(&driver);
        async move {
            for i in 0..5 {
                let keys = ["own", "shared"].map(|kind| key(&format!("repo/{kind}/{task}-{i}")));
                for object in &keys {
                    driver.put(object, pattern(1000, i)).await.expect("put");
                }
                driver.persist(&keys).await.expect("persist");
            }
        }
    });
    tasks.await;
    assert_eq!(names(&*driver, &key("repo/shared")).await.len(), 40);
}
