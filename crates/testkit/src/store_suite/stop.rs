//! The end of a store.

use std::sync::Arc;

use futures_util::future::join_all;
use meta::{Batch, Error, Scan, Store, Table, WriteError};

use super::Build;

pub(super) async fn run<F, Fut>(make: &F)
where
    F: Fn() -> Fut,
    Fut: Future<Output = Arc<dyn Store>>,
{
    closed(&*make().await).await;
    writes_meet_a_close(make().await).await;
}

async fn closed(store: &dyn Store) {
    Build::default()
        .put(Table::Tags, b"a", b"1")
        .write(store)
        .await;
    store.close().await.expect("store closes");
    let get = store.get(Table::Tags, b"a").await;
    assert!(matches!(get, Err(Error::Closed)), "{get:?}");
    let scan = store.scan(Table::Tags, Scan::default()).await;
    assert!(matches!(scan, Err(Error::Closed)), "{scan:?}");
    let write = store.write(Batch::default()).await;
    let refused = matches!(write, Err(WriteError::Store(Error::Closed)));
    assert!(refused, "{write:?}");
    let again = store.close().await;
    assert!(matches!(again, Err(Error::Closed)), "{again:?}");
}

/// Whoever comes too late is told so; nobody waits for ever.
async fn writes_meet_a_close(store: Arc<dyn Store>) {
    let writers = (0..32_u8).map(|writer| {
        let store = Arc::clone(&store);
        tokio::spawn(async move {
            let build = Build::default().put(Table::Tags, &[writer], b"1");
            store.write(build.0).await
        })
    });
    let writers: Vec<_> = writers.collect();
    store.close().await.expect("store closes");
    for outcome in join_all(writers).await {
        let outcome = outcome.expect("writer ends");
        let answered = matches!(outcome, Ok(()) | Err(WriteError::Store(Error::Closed)));
        assert!(answered, "{outcome:?}");
    }
}
