use std::fmt::Debug;

use proptest::option;
use proptest::prelude::*;

use super::*;

fn digests() -> impl Strategy<Value = Digest> {
    let algorithm = proptest::sample::select(oci::Algorithm::ALL.as_slice());
    (algorithm, any::<u64>())
        .prop_map(|(algorithm, seed)| Digest::of(algorithm, &seed.to_le_bytes()))
}

fn media_types() -> impl Strategy<Value = MediaType> {
    prop_oneof![
        proptest::sample::select(MediaType::KNOWN),
        "[a-z]{1,8}/[a-z.+]{1,12}".prop_map(|text| MediaType::new(&text)),
    ]
}

fn round_trip<T: Value + PartialEq + Debug>(row: &T) -> Result<(), TestCaseError> {
    let mut stored = encode(row).unwrap();
    prop_assert_eq!(&decode::<T>(&stored).unwrap(), row);
    stored.push(0);
    prop_assert!(decode::<T>(&stored).is_err(), "bytes beyond the row");
    stored[0] = VERSION + 1;
    prop_assert!(decode::<T>(&stored).is_err(), "unknown version");
    Ok(())
}

proptest! {
    #[test]
    fn repositories_and_tags(
        digest in option::of(digests()), target in digests(), media_type in media_types(),
        numbers in any::<[u64; 4]>(), store in "(/[a-z]{1,4})?", has_index in any::<bool>(),
    ) {
        let [size, created, modified_nanos, inode] = numbers;
        let index = has_index.then_some(IndexIdentity { size, modified_nanos, inode, digest });
        round_trip(&RepoRow { created, index, store })?;
        round_trip(&TagRow { digest: target, media_type, size, tagged: created, moved: inode })?;
        round_trip(&AheadRow { since: size })?;
        round_trip(&CountedRow { since: size })?;
        round_trip(&StatsRow { pulls: size, last_pull: created })?;
    }

    #[test]
    fn manifests_and_what_hangs_on_them(
        media_type in media_types(), size in any::<u64>(), pushed in any::<u64>(),
        artifact_type in option::of(".{0,20}"), subject in option::of(digests()), by in option::of(".{0,9}"),
        annotations in proptest::collection::btree_map(".{0,9}", ".{0,9}", 0..4),
        role in proptest::sample::select([Role::Config, Role::Layer, Role::Child, Role::Subject].as_slice()),
    ) {
        round_trip(&LinkRow { role, media_type: media_type.clone() })?;
        round_trip(&ReferrerRow { media_type: media_type.clone(), size, artifact_type: artifact_type.clone(), annotations })?;
        round_trip(&ManifestRow { media_type, size, artifact_type, subject, pushed, by })?;
    }

    #[test]
    fn blobs(media_type in option::of(media_types()), size in any::<u64>(), at in any::<u64>()) {
        round_trip(&BlobRow::Present { size, media_type: media_type.clone(), checked: at })?;
        round_trip(&BlobRow::Condemned { size, media_type, since: at })?;
        round_trip(&BlobRow::Deleted { at })?;
    }

    #[test]
    fn any_bytes_are_read_or_refused(stored in proptest::collection::vec(any::<u8>(), 0..80)) {
        if let Ok(row) = decode::<TagRow>(&stored) {
            prop_assert_eq!(decode::<TagRow>(&encode(&row).unwrap()).unwrap(), row);
        }
    }

    #[test]
    fn times(nanos_since in any::<u64>()) {
        prop_assert_eq!(nanos(time(nanos_since)), nanos_since);
    }
}

/// The stored form is an interface: rows of every release stay readable.
#[test]
fn stored_form_is_fixed() {
    let row = BlobRow::Present {
        size: 300,
        media_type: Some(MediaType::OCI_LAYER_GZIP),
        checked: 1,
    };
    assert_eq!(encode(&row).unwrap(), [1, 0, 0xac, 0x02, 1, 0, 6, 1]);
    let row = TagRow {
        digest: Digest::sha256(b""),
        media_type: MediaType::new("a/b"),
        size: 1,
        tagged: 2,
        moved: 3,
    };
    let mut stored = vec![1, 33];
    row.digest.write_key(&mut stored);
    stored.extend_from_slice(&[1, 3, b'a', b'/', b'b', 1, 2, 3]);
    assert_eq!(encode(&row).unwrap(), stored);
}

#[test]
fn times_before_the_epoch_are_zero() {
    assert_eq!(nanos(UNIX_EPOCH - Duration::from_secs(1)), 0);
}
