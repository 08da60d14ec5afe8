//! Objects by themselves.

use std::sync::Arc;

use bytes::Bytes;
use storage::{Driver, ErrorKind};

use super::{assert_fails, key, len, pattern, read};

pub(super) async fn run<F, Fut>(make: &F)
where
    F: Fn() -> Fut,
    Fut: Future<Output = Arc<dyn Driver>>,
{
    objects_come_back_whole(&*make().await).await;
    ranges_come_back_exactly(&*make().await).await;
    a_put_replaces(&*make().await).await;
    what_is_absent_is_not_found(&*make().await).await;
    deleting_is_done_once(&*make().await).await;
}

async fn objects_come_back_whole(driver: &dyn Driver) {
    for size in [0, 1, 4095, 65_536, 65_537, 300_000] {
        let object = key(&format!("a/{size}"));
        let data = pattern(size, 1);
        let put = driver.put(&object, data.clone()).await.expect("put");
        assert_eq!(put.size, len(&data));
        assert_eq!(driver.stat(&object).await.expect("stat"), put);
        assert_eq!(driver.get(&object, None).await.expect("get").stat, put);
        assert_eq!(read(driver, &object).await.expect("read"), data, "{size}");
    }
}

async fn ranges_come_back_exactly(driver: &dyn Driver) {
    let object = key("a/b");
    let data = pattern(200_000, 2);
    let put = driver.put(&object, data.clone()).await.expect("put");
    for range in [
        0..200_000_u64,
        0..1,
        199_999..200_000,
        1..65_537,
        1..65_538,
        100_000..199_999,
        0..0,
        200_000..200_000,
    ] {
        let part = driver
            .get(&object, Some(range.clone()))
            .await
            .expect("within");
        assert_eq!(part.stat, put, "{range:?}");
        let bytes = part.body.collect(&object).await.expect("read");
        let [from, to] = [range.start, range.end].map(|at| usize::try_from(at).expect("fits"));
        assert_eq!(bytes, data.slice(from..to), "{range:?}");
    }
    for (start, end) in [
        (0, 200_001),
        (200_000, 200_001),
        (200_001, 200_001),
        (5, 4),
        (0, u64::MAX),
    ] {
        let part = driver.get(&object, Some(start..end)).await;
        assert_fails(part, ErrorKind::Offset, &object);
    }
}

async fn a_put_replaces(driver: &dyn Driver) {
    let object = key("a/b");
    let first = driver.put(&object, pattern(100_000, 3)).await.expect("put");
    let open = driver.get(&object, None).await.expect("get");
    let second = driver.put(&object, pattern(10, 4)).await.expect("put");
    assert_eq!(read(driver, &object).await.expect("read"), pattern(10, 4));
    assert!(second.modified >= first.modified);
    assert!(first.identity == 0 || first.identity != second.identity);
    // Who has opened the old one goes on reading it.
    let old = open.body.collect(&object).await.expect("read");
    assert_eq!(old, pattern(100_000, 3));
}

async fn what_is_absent_is_not_found(driver: &dyn Driver) {
    driver
        .put(&key("folder/object"), Bytes::new())
        .await
        .expect("put");
    for name in [
        "absent",
        "absent/too",
        "folder",
        "folder/absent",
        "folder/object/below",
    ] {
        let absent = key(name);
        assert_fails(
            driver.get(&absent, None).await,
            ErrorKind::NotFound,
            &absent,
        );
        assert_fails(driver.stat(&absent).await, ErrorKind::NotFound, &absent);
        let persisted = driver.persist(std::slice::from_ref(&absent)).await;
        assert_fails(persisted, ErrorKind::NotFound, &absent);
        let renamed = driver.rename(&absent, &key("new/place")).await;
        assert_fails(renamed, ErrorKind::NotFound, &absent);
        if driver.caps().link {
            let linked = driver.link(&absent, &key("new/place")).await;
            assert_fails(linked, ErrorKind::NotFound, &absent);
        }
    }
    let root = storage::Key::root();
    assert_fails(driver.get(&root, None).await, ErrorKind::NotFound, &root);
    assert_fails(driver.stat(&root).await, ErrorKind::NotFound, &root);
    let placed = key("new/place");
    assert_fails(driver.stat(&placed).await, ErrorKind::NotFound, &placed);
}

async fn deleting_is_done_once(driver: &dyn Driver) {
    let object = key("a/b");
    driver.put(&object, pattern(10, 5)).await.expect("put");
    driver.delete(&object).await.expect("delete");
    assert_fails(driver.stat(&object).await, ErrorKind::NotFound, &object);
    assert_fails(driver.delete(&object).await, ErrorKind::NotFound, &object);
    driver.put(&object, pattern(10, 6)).await.expect("put");
    assert_eq!(read(driver, &object).await.expect("read"), pattern(10, 6));
}
