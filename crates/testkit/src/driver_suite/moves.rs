//! Objects under other keys.

use std::sync::Arc;

use storage::{Driver, ErrorKind};

use super::{assert_fails, key, names, pattern, read};

pub(super) async fn run<F, Fut>(make: &F)
where
    F: Fn() -> Fut,
    Fut: Future<Output = Arc<dyn Driver>>,
{
    links_outlive_each_other(&*make().await).await;
    a_link_never_replaces(&*make().await).await;
    a_rename_moves_and_replaces(&*make().await).await;
    a_rename_onto_a_link_leaves_one_name(&*make().await).await;
}

async fn links_outlive_each_other(driver: &dyn Driver) {
    let (first, second, third) = (key("a/1"), key("b/c/2"), key("3"));
    let put = driver.put(&first, pattern(100, 1)).await.expect("put");
    if !driver.caps().link {
        let linked = driver.link(&first, &second).await;
        return assert_fails(linked, ErrorKind::Unsupported, &second);
    }
    driver.link(&first, &second).await.expect("link");
    driver.link(&second, &third).await.expect("link");
    let stat = driver.stat(&second).await.expect("stat");
    assert_eq!((stat.size, stat.identity), (put.size, put.identity));
    assert!(stat.modified >= put.modified);

    driver.put(&first, pattern(7, 2)).await.expect("put");
    driver.delete(&third).await.expect("delete");
    assert_eq!(read(driver, &first).await.expect("read"), pattern(7, 2));
    assert_eq!(read(driver, &second).await.expect("read"), pattern(100, 1));
}

async fn a_link_never_replaces(driver: &dyn Driver) {
    if !driver.caps().link {
        return;
    }
    let (first, second) = (key("a/1"), key("a/2"));
    driver.put(&first, pattern(10, 3)).await.expect("put");
    driver.put(&second, pattern(10, 4)).await.expect("put");
    let linked = driver.link(&first, &second).await;
    assert_fails(linked, ErrorKind::Exists, &second);
    assert_fails(driver.link(&first, &first).await, ErrorKind::Exists, &first);
    assert_eq!(read(driver, &second).await.expect("read"), pattern(10, 4));
}

async fn a_rename_moves_and_replaces(driver: &dyn Driver) {
    let (first, second) = (key("a/1"), key("b/c/2"));
    let put = driver.put(&first, pattern(10, 5)).await.expect("put");
    driver
        .rename(&first, &second)
        .await
        .expect("to a new folder");
    assert_fails(driver.stat(&first).await, ErrorKind::NotFound, &first);
    let stat = driver.stat(&second).await.expect("stat");
    assert_eq!((stat.size, stat.identity), (put.size, put.identity));

    driver.put(&first, pattern(20, 6)).await.expect("put");
    driver.rename(&first, &second).await.expect("over another");
    assert_eq!(read(driver, &second).await.expect("read"), pattern(20, 6));
    driver.rename(&second, &second).await.expect("onto itself");
    assert_eq!(read(driver, &second).await.expect("read"), pattern(20, 6));
    assert_eq!(names(driver, &key("b/c")).await, ["2"]);
}

async fn a_rename_onto_a_link_leaves_one_name(driver: &dyn Driver) {
    if !driver.caps().link {
        return;
    }
    let (first, second) = (key("a/1"), key("a/2"));
    driver.put(&first, pattern(10, 7)).await.expect("put");
    driver.link(&first, &second).await.expect("link");
    driver.rename(&first, &second).await.expect("rename");
    assert_eq!(names(driver, &key("a")).await, ["2"]);
    assert_eq!(read(driver, &second).await.expect("read"), pattern(10, 7));
}
