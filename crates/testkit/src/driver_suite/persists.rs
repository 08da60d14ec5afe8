//! Durability, as far as it can be seen without a power cut.

use std::sync::Arc;

use storage::{Driver, ErrorKind, Key};

use super::{assert_fails, key, pattern, read};

pub(super) async fn run<F, Fut>(make: &F)
where
    F: Fn() -> Fut,
    Fut: Future<Output = Arc<dyn Driver>>,
{
    whatever_exists_can_be_persisted(&*make().await).await;
    what_is_missing_fails_the_whole(&*make().await).await;
}

async fn whatever_exists_can_be_persisted(driver: &dyn Driver) {
    driver.persist(&[]).await.expect("nothing");
    let mut keys = Vec::new();
    for i in 0..300 {
        let object = key(&format!("f{}/{}/{i}", i % 7, i % 3));
        driver.put(&object, pattern(i, 1)).await.expect("put");
        keys.push(object);
    }
    let upload = key("repo/.uploads/1");
    driver
        .append(&upload, 0, vec![pattern(10, 2)])
        .await
        .expect("append");
    keys.push(upload.clone());
    let top = key("top");
    driver.put(&top, pattern(0, 0)).await.expect("put");
    keys.extend([top.clone(), top]);
    driver.persist(&keys).await.expect("persist");
    driver.persist(&keys).await.expect("again");
    assert_eq!(read(driver, &upload).await.expect("read"), pattern(10, 2));
    driver
        .append(&upload, 10, vec![pattern(1, 3)])
        .await
        .expect("goes on");
}

async fn what_is_missing_fails_the_whole(driver: &dyn Driver) {
    let there = key("a/b");
    driver.put(&there, pattern(10, 4)).await.expect("put");
    for missing in [key("a/c"), key("c/d"), key("a"), Key::root()] {
        for keys in [
            [there.clone(), missing.clone()],
            [missing.clone(), there.clone()],
        ] {
            assert_fails(driver.persist(&keys).await, ErrorKind::NotFound, &missing);
        }
    }
    driver.persist(&[there]).await.expect("persist");
}
