//! The suite of drivers on every driver.

use std::future::ready;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use storage::{
    CountDriver, Driver, Effect, ErrorKind, FaultDriver, Key, LocalDriver, LocalOptions, Loss,
    MemoryDriver, Operation, PrefixDriver, Rule,
};
use tempfile::TempDir;
use testkit::driver_suite;

const CAPACITY: u64 = 1 << 30;

fn key(text: &str) -> Key {
    Key::new(text).expect("valid")
}

fn memory() -> Arc<dyn Driver> {
    Arc::new(MemoryDriver::new(CAPACITY))
}

/// Opens local drivers, each in a folder of its own.
struct Roots {
    folder: TempDir,
    count: AtomicU32,
}

impl Roots {
    fn new() -> Self {
        Self {
            folder: TempDir::new().expect("temporary"),
            count: AtomicU32::new(0),
        }
    }

    fn local(&self) -> Arc<dyn Driver> {
        let count = self.count.fetch_add(1, Ordering::Relaxed);
        open(&self.folder.path().join(count.to_string()))
    }
}

fn open(root: &Path) -> Arc<dyn Driver> {
    let driver = LocalDriver::open(root.to_path_buf(), LocalOptions::default());
    Arc::new(driver.expect("opens"))
}

#[tokio::test(flavor = "multi_thread")]
async fn local() {
    let roots = Roots::new();
    driver_suite(|| ready(roots.local())).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn memory_driver() {
    driver_suite(|| ready(memory())).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn prefix_over_local() {
    let roots = Roots::new();
    let make = || -> Arc<dyn Driver> { Arc::new(PrefixDriver::new(roots.local(), key("pre/fix"))) };
    driver_suite(|| ready(make())).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn prefix_over_memory() {
    let make = || -> Arc<dyn Driver> { Arc::new(PrefixDriver::new(memory(), key("p"))) };
    driver_suite(|| ready(make())).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn prefix_that_is_the_root() {
    let make = || -> Arc<dyn Driver> { Arc::new(PrefixDriver::new(memory(), Key::root())) };
    driver_suite(|| ready(make())).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn count() {
    let make = || -> Arc<dyn Driver> { Arc::new(CountDriver::new(memory())) };
    driver_suite(|| ready(make())).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn fault_without_faults() {
    let make = || -> Arc<dyn Driver> { Arc::new(FaultDriver::new(memory()).with_power_cuts()) };
    driver_suite(|| ready(make())).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn fault_over_local() {
    let roots = Roots::new();
    let make = || -> Arc<dyn Driver> { Arc::new(FaultDriver::new(roots.local())) };
    driver_suite(|| ready(make())).await;
}

#[tokio::test]
async fn what_a_local_driver_kept_is_there_when_it_is_opened_again() {
    let roots = TempDir::new().expect("temporary");
    let (upload, blob) = (key("r/.uploads/1"), key("r/blobs/sha256/0"));
    let driver = open(roots.path());
    driver
        .append(&upload, 0, vec!["half".into()])
        .await
        .expect("append");
    driver.put(&blob, "blob".into()).await.expect("put");
    drop(driver);
    let driver = open(roots.path());
    let end = driver
        .append(&upload, 4, vec!["whole".into()])
        .await
        .expect("goes on");
    assert_eq!(end, 9);
    assert_eq!(driver.stat(&blob).await.expect("stat").size, 4);
}

#[tokio::test]
async fn a_power_cut_over_local_takes_what_no_persist_has_named() {
    let roots = Roots::new();
    let driver = FaultDriver::new(roots.local()).with_power_cuts();
    let names = ["kept", "torn", "refused"];
    let [kept, torn, refused] = names.map(|name| key(&format!("r/blobs/sha256/{name}")));
    for blob in [&kept, &torn, &refused] {
        let upload = key("r/.uploads/1");
        driver
            .append(&upload, 0, vec!["12345678".into()])
            .await
            .expect("append");
        driver.commit(&upload, blob).await.expect("commit");
    }
    driver
        .persist(std::slice::from_ref(&kept))
        .await
        .expect("persist");
    driver.add(Rule::on(Operation::Persist, Effect::Fail(ErrorKind::Io)));
    let error = driver.persist(std::slice::from_ref(&refused)).await;
    assert_eq!(error.expect_err("by the rule").kind(), ErrorKind::Io);
    driver.power_cut(Loss::Bytes).await.expect("power cut");
    for (blob, size) in [(&kept, 8), (&torn, 4), (&refused, 4)] {
        assert_eq!(driver.stat(blob).await.expect("stat").size, size, "{blob}");
    }
}
