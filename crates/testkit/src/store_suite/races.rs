//! Many at once.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use futures_util::future::join_all;
use meta::{Store, Table};

use super::{Build, get, scan};

const WRITERS: u64 = 16;
const ROUNDS: u64 = 25;

pub(super) async fn run<F, Fut>(make: &F)
where
    F: Fn() -> Fut,
    Fut: Future<Output = Arc<dyn Store>>,
{
    no_lost_update(make().await).await;
    readers_see_their_own_writes(make().await).await;
    scans_are_of_one_moment(make().await).await;
}

fn number(value: Option<&[u8]>) -> u64 {
    let value = value.unwrap_or(&[0; 8]);
    u64::from_le_bytes(value.try_into().expect("eight bytes"))
}

/// Adds one to a row, as often as it takes; yields after how many conflicts.
async fn increment(store: &dyn Store, key: &[u8], durable: bool) -> u64 {
    let mut conflicts = 0;
    loop {
        let seen = get(store, Table::Stats, key).await;
        let next = number(seen.as_deref()) + 1;
        let mut build = Build::default()
            .check(Table::Stats, key, seen.as_deref())
            .put(Table::Stats, key, &next.to_le_bytes());
        if !durable {
            build = build.relaxed();
        }
        if build.try_write(store).await {
            return conflicts;
        }
        conflicts += 1;
    }
}

async fn no_lost_update(store: Arc<dyn Store>) {
    let writers = (0..WRITERS).map(|writer| {
        let store = Arc::clone(&store);
        tokio::spawn(async move {
            for round in 0..ROUNDS {
                increment(&*store, b"one row", (writer + round) % 2 == 0).await;
            }
        })
    });
    for writer in join_all(writers).await {
        writer.expect("writer ends");
    }
    let sum = get(&*store, Table::Stats, b"one row").await;
    assert_eq!(number(sum.as_deref()), WRITERS * ROUNDS);
}

async fn readers_see_their_own_writes(store: Arc<dyn Store>) {
    let writers = (0..WRITERS).map(|writer| {
        let store = Arc::clone(&store);
        tokio::spawn(async move {
            let key = writer.to_be_bytes();
            for round in 0..ROUNDS {
                let value = round.to_le_bytes();
                let build = Build::default().put(Table::Tags, &key, &value);
                build.relaxed().write(&*store).await;
                let found = get(&*store, Table::Tags, &key).await;
                assert_eq!(found.as_deref(), Some(value.as_slice()));
                let rows = scan(&*store, Table::Tags, &key, None, 1).await;
                assert_eq!(
                    rows.first().map(|row| row.value.as_slice()),
                    Some(value.as_slice())
                );
            }
        })
    });
    for writer in join_all(writers).await {
        writer.expect("writer ends");
    }
}

/// Two rows always change together: no scan sees one without the other.
async fn scans_are_of_one_moment(store: Arc<dyn Store>) {
    let done = Arc::new(AtomicBool::new(false));
    let (watched, ended) = (Arc::clone(&store), Arc::clone(&done));
    let reader = tokio::spawn(async move {
        while !ended.load(Ordering::Acquire) {
            let rows = scan(&*watched, Table::Links, b"", None, 9).await;
            let values: Vec<_> = rows.iter().map(|row| row.value.clone()).collect();
            assert!(
                values.windows(2).all(|pair| pair.first() == pair.last()),
                "{values:?} are of one moment"
            );
            assert!(values.is_empty() || values.len() == 2);
            tokio::task::yield_now().await;
        }
    });
    for round in 0..200_u64 {
        let value = round.to_le_bytes();
        Build::default()
            .put(Table::Links, b"first", &value)
            .put(Table::Links, b"second", &value)
            .relaxed()
            .write(&*store)
            .await;
    }
    done.store(true, Ordering::Release);
    reader.await.expect("reader ends");
}
