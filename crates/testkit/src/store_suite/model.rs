//! Random batches, compared with a map.

use std::collections::BTreeMap;
use std::sync::Arc;

use meta::{Batch, Change, Check, Durability, Row, Store, Table};

use super::{Build, get, scan};

const TABLES: [Table; 3] = [Table::Repos, Table::Tags, Table::Stats];

type Model = BTreeMap<(Table, Vec<u8>), Vec<u8>>;

pub(super) async fn run<F, Fut>(make: &F)
where
    F: Fn() -> Fut,
    Fut: Future<Output = Arc<dyn Store>>,
{
    for seed in 1..=6 {
        let store = make().await;
        let mut random = Random(seed);
        let mut model = Model::new();
        for step in 0..120 {
            let batch = random.batch(&model);
            let holds = apply(&mut model, &batch);
            let applied = Build(batch.clone()).try_write(&*store).await;
            assert_eq!(applied, holds, "seed {seed} step {step}: {batch:?}");
            compare(&*store, &model, &mut random).await;
        }
    }
}

fn apply(model: &mut Model, batch: &Batch) -> bool {
    let holds = batch
        .checks
        .iter()
        .all(|check| model.get(&(check.table, check.key.clone())) == check.value.as_ref());
    if !holds {
        return false;
    }
    for change in &batch.changes {
        match change {
            Change::Put(table, row) => {
                model.insert((*table, row.key.clone()), row.value.clone());
            }
            Change::Delete(table, key) => {
                model.remove(&(*table, key.clone()));
            }
        }
    }
    true
}

async fn compare(store: &dyn Store, model: &Model, random: &mut Random) {
    let (table, key) = (random.table(), random.key());
    let want = model.get(&(table, key.clone())).cloned();
    assert_eq!(get(store, table, &key).await, want, "{table:?} {key:?}");

    let (prefix, limit) = (random.key(), random.below(6));
    let after = (random.below(2) == 0).then(|| random.key());
    let rows = scan(store, table, &prefix, after.as_deref(), limit).await;
    let want: Vec<Row> = model
        .iter()
        .filter(|((of, key), _)| *of == table && key.starts_with(&prefix))
        .filter(|((_, key), _)| after.as_ref().is_none_or(|after| key > after))
        .take(limit)
        .map(|((_, key), value)| Row {
            key: key.clone(),
            value: value.clone(),
        })
        .collect();
    assert_eq!(
        rows, want,
        "{table:?} {prefix:?} after {after:?} limit {limit}"
    );
}

/// A small generator, so that a failure can be repeated from its seed.
struct Random(u64);

impl Random {
    fn below(&mut self, bound: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 >> 33).unwrap_or(0) % bound
    }

    fn table(&mut self) -> Table {
        let position = self.below(TABLES.len());
        TABLES.get(position).copied().unwrap_or(Table::Tags)
    }

    /// Few and short keys, so that they meet.
    fn key(&mut self) -> Vec<u8> {
        const BYTES: [u8; 4] = [0, b'a', b'b', u8::MAX];
        (0..self.below(4))
            .map(|_| BYTES.get(self.below(4)).copied().unwrap_or(0))
            .collect()
    }

    fn check(&mut self, model: &Model) -> Check {
        let (table, key) = (self.table(), self.key());
        let is = model.get(&(table, key.clone())).cloned();
        let value = match self.below(8) {
            0 => None,
            1 => Some(Vec::new()),
            _ => is,
        };
        Check { table, key, value }
    }

    fn change(&mut self) -> Change {
        let (table, key) = (self.table(), self.key());
        if self.below(3) == 0 {
            return Change::Delete(table, key);
        }
        let value = vec![b'v'; self.below(40)];
        Change::Put(table, Row { key, value })
    }

    fn batch(&mut self, model: &Model) -> Batch {
        let (checks, changes) = (self.below(3), self.below(6));
        Batch {
            checks: (0..checks).map(|_| self.check(model)).collect(),
            changes: (0..changes).map(|_| self.change()).collect(),
            durability: match self.below(2) {
                0 => Durability::Relaxed,
                _ => Durability::Durable,
            },
        }
    }
}
