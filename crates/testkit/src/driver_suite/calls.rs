//! What holds for keys and calls of all kinds.

use std::sync::Arc;

use storage::{Driver, ErrorKind};

use super::{assert_fails, key, pattern, read};

pub(super) async fn run<F, Fut>(make: &F)
where
    F: Fn() -> Fut,
    Fut: Future<Output = Arc<dyn Driver>>,
{
    keys_may_be_long_and_strange(&*make().await).await;
    calls_do_nothing_before_they_are_polled(&*make().await).await;
    addresses_are_announced(&*make().await).await;
}

async fn keys_may_be_long_and_strange(driver: &dyn Driver) {
    let deep = vec!["level"; 64].join("/");
    let long = "x".repeat(200);
    let mut expected = Vec::new();
    for (seed, name) in [
        &*deep,
        &*long,
        "a b/c%20d/e+f",
        "ü/漢字",
        "..a/.b/c..",
        "a\\b/c:d*e?",
        "UPPER/lower",
        "upper/LOWER",
        "blobs",
        "blobs2/blobs/blobs",
        "repo/index.json",
        "repo/blobs/sha256/index.json",
    ]
    .into_iter()
    .enumerate()
    {
        let data = pattern(20, u64::try_from(seed).expect("fits"));
        driver.put(&key(name), data.clone()).await.expect(name);
        expected.push((name, data));
    }
    for (name, data) in expected {
        assert_eq!(read(driver, &key(name)).await.expect(name), data, "{name}");
    }
}

async fn calls_do_nothing_before_they_are_polled(driver: &dyn Driver) {
    let (object, other) = (key("a/b"), key("a/c"));
    drop(driver.put(&object, pattern(1, 7)));
    drop(driver.append(&object, 0, vec![pattern(1, 7)]));
    assert_fails(driver.stat(&object).await, ErrorKind::NotFound, &object);
    driver.put(&object, pattern(1, 7)).await.expect("put");
    drop(driver.link(&object, &other));
    drop(driver.rename(&object, &other));
    drop(driver.commit(&object, &other));
    drop(driver.delete(&object));
    driver.stat(&object).await.expect("still there");
    assert_fails(driver.stat(&other).await, ErrorKind::NotFound, &other);
}

async fn addresses_are_announced(driver: &dyn Driver) {
    let object = key("a/b");
    driver.put(&object, pattern(1, 8)).await.expect("put");
    let address = driver.redirect(&object).await.expect("redirect");
    assert!(driver.caps().redirect || address.is_none(), "{address:?}");
}
