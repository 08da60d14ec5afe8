//! Uploads that become objects.

use std::sync::Arc;

use storage::{Driver, ErrorKind};

use super::{assert_fails, key, pattern, read};

pub(super) async fn run<F, Fut>(make: &F)
where
    F: Fn() -> Fut,
    Fut: Future<Output = Arc<dyn Driver>>,
{
    a_commit_makes_the_object(&*make().await).await;
    a_commit_ends_the_upload(&*make().await).await;
    a_commit_replaces(&*make().await).await;
    a_commit_takes_the_last_data(&*make().await).await;
}

async fn a_commit_makes_the_object(driver: &dyn Driver) {
    let (upload, blob) = (key("repo/.uploads/1"), key("repo/blobs/sha256/0"));
    let early = driver.commit(&upload, &blob).await;
    assert_fails(early, ErrorKind::NotFound, &upload);
    assert_fails(driver.stat(&blob).await, ErrorKind::NotFound, &blob);
    driver
        .append(&upload, 0, vec![pattern(100, 5)])
        .await
        .expect("append");
    let before = driver.stat(&upload).await.expect("stat");
    driver.commit(&upload, &blob).await.expect("commit");
    let after = driver.stat(&blob).await.expect("stat");
    assert!(after.modified >= before.modified);
    assert_eq!(read(driver, &blob).await.expect("read"), pattern(100, 5));
}

async fn a_commit_ends_the_upload(driver: &dyn Driver) {
    let (upload, blob) = (key("repo/.uploads/1"), key("repo/blobs/sha256/0"));
    driver
        .append(&upload, 0, vec![pattern(100, 5)])
        .await
        .expect("append");
    driver.commit(&upload, &blob).await.expect("commit");
    assert_fails(driver.stat(&upload).await, ErrorKind::NotFound, &upload);
    let again = driver.commit(&upload, &blob).await;
    assert_fails(again, ErrorKind::NotFound, &upload);
    let late = driver.append(&upload, 100, vec![pattern(1, 6)]).await;
    assert_fails(late, ErrorKind::NotFound, &upload);
    driver
        .append(&upload, 0, vec![pattern(3, 7)])
        .await
        .expect("a new one");
    assert_eq!(read(driver, &blob).await.expect("read"), pattern(100, 5));
}

async fn a_commit_replaces(driver: &dyn Driver) {
    let (upload, blob) = (key("repo/.uploads/1"), key("repo/blobs/sha256/0"));
    driver.put(&blob, pattern(5, 8)).await.expect("put");
    driver.append(&upload, 0, vec![]).await.expect("append");
    driver.commit(&upload, &blob).await.expect("commit");
    assert_eq!(read(driver, &blob).await.expect("read"), "");
}

async fn a_commit_takes_the_last_data(driver: &dyn Driver) {
    let (upload, blob) = (key("repo/.uploads/1"), key("repo/blobs/sha256/0"));
    let last = |offset, len| (offset, vec![pattern(len, 5)]);
    let early = driver.append_and_commit(&upload, last(9, 1), &blob).await;
    assert_fails(early, ErrorKind::NotFound, &upload);
    for (before, len) in [(0, 0), (0, 7), (100, 7)] {
        if before > 0 {
            let first = vec![pattern(before, 5)];
            driver.append(&upload, 0, first).await.expect("append");
            let wrong = driver.append_and_commit(&upload, last(1, 1), &blob).await;
            assert_fails(wrong, ErrorKind::Offset, &upload);
        }
        let at = u64::try_from(before).expect("small");
        let done = driver
            .append_and_commit(&upload, last(at, len), &blob)
            .await;
        done.expect("commit");
        let want = [pattern(before, 5), pattern(len, 5)].concat();
        assert_eq!(read(driver, &blob).await.expect("read"), want);
        assert_fails(driver.stat(&upload).await, ErrorKind::NotFound, &upload);
    }
}
