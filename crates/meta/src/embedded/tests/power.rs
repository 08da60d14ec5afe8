//! Power cuts.

use proptest::prelude::*;

use super::disk::{Disk, Fault, coin};
use super::*;

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, ..ProptestConfig::default() })]

    /// The power is cut at any step, and any part of what was not flushed survives: what was
    /// answered as durable is there, nothing is there by half, and the store goes on.
    #[test]
    fn answered_rows_survive(
        batches in proptest::collection::vec(any::<bool>(), 1..40),
        step in 0_u64..400,
        seed in 1_u64..,
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        runtime.block_on(async {
            let disk = Disk::default();
            let (store, _) = open(&disk);
            disk.fail_after(step, Fault::All);
            let mut answered = 0;
            for (number, durable) in (1_u32..).zip(&batches) {
                let (key, value) = (number.to_be_bytes(), [7; 1000]);
                let write = batch(&[(&key, &value), (b"last", &key)]);
                let write = if *durable { write } else { relaxed(write) };
                if store.write(write).await.is_err() {
                    break;
                }
                if *durable {
                    answered = number;
                }
            }
            let left = disk.cut_power(coin(seed));
            drop(store);
            let (store, opened) = open(&left);
            assert!(!opened.clean && !opened.created);
            let last = get(&store, b"last").await;
            let last = last.map_or(0, |last| u32::from_be_bytes(last.try_into().unwrap()));
            assert!(last >= answered, "{last} of {answered} answered");
            let rows = count(&store).await;
            let want = if last == 0 { 0 } else { usize::try_from(last).unwrap() + 1 };
            assert_eq!(rows, want, "rows up to the last one");
            store.write(batch(&[(b"new", b"1")])).await.unwrap();
            store.close().await.unwrap();
            assert!(open(&left).1.clean);
        });
    }
}
