//! What is kept beside a file while it cannot be written.

use std::sync::Arc;

use proptest::prelude::*;
use redb::StorageBackend;

use super::disk::{Disk, Fault, coin};
use crate::embedded::file::Place;
use crate::embedded::shield::{Shield, Shielded};

#[derive(Clone, Debug)]
enum Step {
    Len(u16),
    Write(u16, Vec<u8>),
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let data = (any::<u8>(), 1_usize..9000).prop_map(|(byte, len)| vec![byte; len]);
    let step = prop_oneof![
        1 => any::<u16>().prop_map(Step::Len),
        4 => (any::<u16>(), data).prop_map(|(offset, data)| Step::Write(offset, data)),
    ];
    proptest::collection::vec(step, 0..12)
}

/// Does the steps, each write within the file as it then is.
fn run(steps: &[Step], file: &dyn StorageBackend, model: &mut Vec<u8>) {
    for step in steps {
        match step {
            Step::Len(len) => {
                file.set_len(u64::from(*len)).unwrap();
                model.resize(usize::from(*len), 0);
            }
            Step::Write(offset, data) => {
                let start = usize::from(*offset).min(model.len());
                let data = &data[..data.len().min(model.len() - start)];
                file.write(u64::try_from(start).unwrap(), data).unwrap();
                model[start..start + data.len()].copy_from_slice(data);
            }
        }
    }
}

fn content(file: &dyn StorageBackend) -> Vec<u8> {
    let mut out = vec![1; usize::try_from(file.len().unwrap()).unwrap()];
    file.read(0, &mut out).unwrap();
    out
}

proptest! {
    #[test]
    fn reads_and_settles_like_a_file(
        before in steps(), sealed in steps(), after in steps(),
        at in any::<u16>(), len in 0_usize..9000,
    ) {
        let disk = Disk::default();
        let mut model = Vec::new();
        run(&before, &disk, &mut model);
        let untouched = model.clone();

        let shield = Arc::new(Shield::sealed(disk.open().unwrap()));
        let file = Shielded(Arc::clone(&shield));
        run(&sealed, &file, &mut model);
        prop_assert_eq!(content(&file), model.clone());
        prop_assert_eq!(content(&disk), untouched, "the file itself is left alone");
        let start = usize::from(at).min(model.len());
        let mut part = vec![1; len.min(model.len() - start)];
        file.read(u64::try_from(start).unwrap(), &mut part).unwrap();
        prop_assert_eq!(&part, &model[start..start + part.len()]);
        prop_assert!(file.read(u64::try_from(model.len()).unwrap(), &mut [0]).is_err());

        shield.settle(false).unwrap();
        prop_assert_eq!(content(&disk.cut_power(|| false)), model.clone(), "flushed");
        run(&after, &file, &mut model);
        prop_assert_eq!(content(&disk), model);
    }
}

/// The first block says which of the others count: it is written when those are flushed.
#[test]
fn the_first_block_comes_last() {
    for (step, seed) in (0..40).flat_map(|step| (1..9).map(move |seed| (step, seed))) {
        let disk = Disk::default();
        disk.set_len(8 * 4096).unwrap();
        disk.sync_data().unwrap();
        let shield = Arc::new(Shield::sealed(disk.open().unwrap()));
        for block in 0..8 {
            let file = Shielded(Arc::clone(&shield));
            file.write(block * 4096, &[7; 4096]).unwrap();
        }
        disk.fail_after(step, Fault::All);
        let settled = shield.settle(false).is_ok();
        let left = content(&disk.cut_power(coin(seed)));
        let others = left[4096..].iter().all(|byte| *byte == 7);
        let first = left[..4096].contains(&7);
        assert!(
            others || !first,
            "first block too early at {step}, seed {seed}"
        );
        assert!((others && first) || !settled);
        assert!(settled || step < 13, "settling ends");
    }
}

/// After a flush that failed, the kernel takes for flushed what is not.
#[test]
fn a_suspect_file_is_written_once_more() {
    for suspect in [false, true] {
        let disk = Disk::default();
        disk.set_len(8 * 4096).unwrap();
        disk.sync_data().unwrap();
        disk.write(4096, &[7; 4096]).unwrap();
        disk.fail(Fault::Flush);
        disk.sync_data().unwrap_err();
        disk.fail(Fault::None);
        let shield = Shield::sealed(disk.open().unwrap());
        shield.settle(suspect).unwrap();
        let left = content(&disk.cut_power(|| false));
        assert_eq!(left[4096] == 7, suspect);
    }
}
