//! Uploads.

use std::sync::Arc;

use bytes::Bytes;
use storage::{Driver, ErrorKind};

use super::{assert_fails, key, len, names, pattern, read};

pub(super) async fn run<F, Fut>(make: &F)
where
    F: Fn() -> Fut,
    Fut: Future<Output = Arc<dyn Driver>>,
{
    an_upload_may_be_empty(&*make().await).await;
    an_upload_grows(&*make().await).await;
    an_append_elsewhere_changes_nothing(&*make().await).await;
    an_upload_can_be_given_up(&*make().await).await;
    large_objects_come_back_by_ranges(&*make().await).await;
}

async fn an_upload_may_be_empty(driver: &dyn Driver) {
    let upload = key("repo/.uploads/1");
    for data in [vec![], vec![Bytes::new()]] {
        let end = driver.append(&upload, 0, data).await;
        assert_eq!(end.expect("append"), 0);
        assert_eq!(driver.stat(&upload).await.expect("stat").size, 0);
    }
    assert_eq!(names(driver, &key("repo/.uploads")).await, ["1"]);
}

async fn an_upload_grows(driver: &dyn Driver) {
    let upload = key("repo/.uploads/1");
    let data = pattern(10_000, 1);
    // Each time more pieces than any system takes at once, and some of them empty.
    let piece = |at: usize| data.slice(at..at + at % 2);
    let whole: Bytes = data.iter().copied().skip(1).step_by(2).collect();
    let mut size = 0;
    for pieces in [0..4000, 4000..10_000, 0..0] {
        let pieces: Vec<_> = pieces.map(piece).collect();
        let end = driver.append(&upload, size, pieces).await.expect("append");
        let so_far = read(driver, &upload).await.expect("read");
        assert_eq!(end, len(&so_far));
        assert_eq!(so_far, whole.slice(..so_far.len()));
        size = end;
    }
    assert_eq!(size, 5000);
}

async fn an_append_elsewhere_changes_nothing(driver: &dyn Driver) {
    let upload = key("repo/.uploads/1");
    let absent = driver.append(&upload, 1, vec![pattern(1, 2)]).await;
    assert_fails(absent, ErrorKind::NotFound, &upload);
    assert_fails(driver.stat(&upload).await, ErrorKind::NotFound, &upload);
    driver
        .append(&upload, 0, vec![pattern(100, 3)])
        .await
        .expect("append");
    for offset in [0, 1, 99, 101, u64::MAX] {
        let elsewhere = driver.append(&upload, offset, vec![pattern(10, 4)]).await;
        assert_fails(elsewhere, ErrorKind::Offset, &upload);
    }
    assert_eq!(read(driver, &upload).await.expect("read"), pattern(100, 3));
}

async fn an_upload_can_be_given_up(driver: &dyn Driver) {
    let upload = key("repo/.uploads/1");
    driver
        .append(&upload, 0, vec![pattern(100, 9)])
        .await
        .expect("append");
    driver.delete(&upload).await.expect("delete");
    let late = driver.append(&upload, 100, vec![pattern(1, 6)]).await;
    assert_fails(late, ErrorKind::NotFound, &upload);
    assert!(names(driver, &key("repo/.uploads")).await.is_empty());
}

async fn large_objects_come_back_by_ranges(driver: &dyn Driver) {
    const PIECE: usize = 1 << 20;
    let (upload, blob) = (key("repo/.uploads/1"), key("repo/blobs/sha256/0"));
    let data = pattern(20 * PIECE + 1, 10);
    let mut end = 0;
    for at in (0..data.len()).step_by(PIECE) {
        let piece = data.slice(at..data.len().min(at + PIECE));
        let halves = vec![
            piece.slice(..piece.len() / 2),
            piece.slice(piece.len() / 2..),
        ];
        end = driver.append(&upload, end, halves).await.expect("append");
    }
    assert_eq!(end, len(&data));
    driver.commit(&upload, &blob).await.expect("commit");
    driver
        .persist(std::slice::from_ref(&blob))
        .await
        .expect("persist");
    assert!(
        read(driver, &blob).await.expect("read") == data,
        "all of it"
    );
    let mut at = 0;
    for size in [1, 100, PIECE, 3 * PIECE, 65_536, 65_537, PIECE + 17]
        .into_iter()
        .cycle()
    {
        let next = data.len().min(at + size);
        let [from, to] = [at, next].map(|at| u64::try_from(at).expect("fits"));
        let part = driver.get(&blob, Some(from..to)).await.expect("within");
        let bytes = part.body.collect(&blob).await.expect("read");
        assert!(bytes == data.slice(at..next), "{at}..{next}");
        if next == data.len() {
            break;
        }
        at = next;
    }
}
