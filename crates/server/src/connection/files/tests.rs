use super::*;

fn table_and_file(len: u64) -> (Arc<FileTable>, Arc<File>) {
    let file = tempfile::tempfile().unwrap();
    file.set_len(len).unwrap();
    (Arc::default(), Arc::new(file))
}

#[test]
fn a_slice_is_found_by_its_address_and_forgotten_with_it() {
    let (table, file) = table_and_file(100_000);
    let bytes = table.map(&file, 10, 90_000).unwrap();
    for (slice, offset, len) in [
        (bytes.slice(..), 10, 90_000),
        (bytes.slice(1..), 11, 89_999),
        (bytes.slice(5000..5001), 5010, 1),
        (bytes.slice(89_999..), 90_009, 1),
    ] {
        let found = table.find(&slice).unwrap();
        assert_eq!((found.offset, found.len), (offset, len));
    }
    assert!(table.find(b"elsewhere").is_none());
    let rest = bytes.slice(70_000..);
    drop(bytes);
    assert!(!table.is_empty(), "a slice is still there");
    drop(rest);
    assert!(table.is_empty());
    assert_eq!(Arc::strong_count(&file), 1);
}

#[test]
fn what_follows_a_mapping_is_not_taken_for_it() {
    let (table, file) = table_and_file(8192);
    let bytes = table.map(&file, 0, 4096).unwrap();
    let other = table.map(&file, 4096, 4096).unwrap();
    assert_eq!(table.find(&bytes).unwrap().offset, 0);
    assert_eq!(table.find(&other).unwrap().offset, 4096);
    drop(bytes);
    assert_eq!(table.find(&other).unwrap().offset, 4096);
    drop(other);
    assert!(table.is_empty());
}

#[test]
fn bytes_that_are_read_after_all_are_those_of_the_file() {
    let (table, file) = table_and_file(10_000);
    std::os::unix::fs::FileExt::write_all_at(&*file, b"mark", 5000).unwrap();
    let bytes = table.map(&file, 4999, 100).unwrap();
    assert_eq!(&bytes[..6], b"\0mark\0");
}
