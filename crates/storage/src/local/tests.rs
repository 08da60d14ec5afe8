//! What only the local disk shows. The contract itself is tested by `testkit::driver_suite`.

use std::collections::BTreeMap;
use std::os::unix::fs::{PermissionsExt, symlink};

use futures_util::StreamExt;
use tempfile::TempDir;

use super::ledger::identity;
use super::*;
use crate::body::Body;
use crate::driver::EntryKind;
use crate::error::ErrorKind;

fn key(text: &str) -> Key {
    Key::new(text).expect("valid")
}

fn open(folder: &TempDir) -> LocalDriver {
    LocalDriver::open(folder.path().join("root"), LocalOptions::default()).expect("opens")
}

/// Every path below a folder with its mode.
fn walk(folder: &Path) -> BTreeMap<String, u32> {
    let mut found = BTreeMap::new();
    let mut open = vec![folder.to_path_buf()];
    while let Some(path) = open.pop() {
        for entry in fs::read_dir(path).expect("readable") {
            let path = entry.expect("readable").path();
            let metadata = fs::symlink_metadata(&path).expect("readable");
            let name = path.strip_prefix(folder).expect("below").to_string_lossy();
            found.insert(name.into_owned(), metadata.permissions().mode() & 0o777);
            if metadata.is_dir() {
                open.push(path);
            }
        }
    }
    found
}

async fn kind<T>(call: BoxFuture<'_, Result<T>>) -> ErrorKind {
    call.await.err().expect("fails").kind()
}

#[tokio::test]
async fn leaves_nothing_but_objects_and_folders_for_the_owner_alone() {
    let folder = TempDir::new().expect("temporary");
    let driver = open(&folder);
    assert!(driver.caps().rename && !driver.caps().redirect);
    let blob = key("a/b/blobs/sha256/00");
    driver
        .put(&key("a/b/index.json"), "{}".into())
        .await
        .expect("put");
    driver
        .put(&key("_sessions/x"), "{}".into())
        .await
        .expect("put");
    driver
        .append(&key("a/b/.uploads/1"), 0, vec!["x".into()])
        .await
        .expect("append");
    driver
        .commit(&key("a/b/.uploads/1"), &blob)
        .await
        .expect("commit");
    driver.persist(&[blob]).await.expect("persist");
    // A put that fails leaves nothing either.
    assert_eq!(
        kind(driver.put(&key("a/b"), "x".into())).await,
        ErrorKind::Exists
    );
    let expected = [
        ("root", 0o700),
        ("root/_sessions", 0o700),
        ("root/_sessions/x", 0o600),
        ("root/a", 0o700),
        ("root/a/b", 0o700),
        ("root/a/b/.uploads", 0o700),
        ("root/a/b/blobs", 0o700),
        ("root/a/b/blobs/sha256", 0o700),
        ("root/a/b/blobs/sha256/00", 0o600),
        ("root/a/b/index.json", 0o600),
    ];
    let expected = expected.map(|(name, mode)| (name.to_owned(), mode));
    assert_eq!(walk(folder.path()), BTreeMap::from(expected));
}

#[tokio::test]
async fn an_existing_root_and_leftovers_of_the_check_are_taken_as_they_are() {
    let folder = TempDir::new().expect("temporary");
    for name in ["hardlinkcheck.txt", "duphardlinkcheck.txt"] {
        File::create(folder.path().join(name)).expect("created");
    }
    let options = LocalOptions::default();
    let driver = LocalDriver::open(folder.path().to_path_buf(), options.clone()).expect("opens");
    assert!(driver.caps().link, "a temporary folder allows hard links");
    assert_eq!(walk(folder.path()), BTreeMap::new());
    File::create(folder.path().join("file")).expect("created");
    let error = LocalDriver::open(folder.path().join("file"), options).expect_err("is a file");
    assert_eq!(error.kind(), ErrorKind::Exists);
}

#[tokio::test]
async fn an_object_cannot_be_a_folder_too() {
    let folder = TempDir::new().expect("temporary");
    let driver = open(&folder);
    driver.put(&key("a/b"), "x".into()).await.expect("put");
    driver.put(&key("up"), "x".into()).await.expect("put");
    let below = key("a/b/c");
    assert_eq!(kind(driver.get(&below, None)).await, ErrorKind::NotFound);
    assert_eq!(
        kind(driver.get(&Key::root(), None)).await,
        ErrorKind::NotFound
    );
    for target in [&below, &key("a"), &Key::root()] {
        assert_eq!(
            kind(driver.put(target, "x".into())).await,
            ErrorKind::Exists,
            "{target}"
        );
        assert_eq!(
            kind(driver.append(target, 0, vec![])).await,
            ErrorKind::Exists,
            "{target}"
        );
        assert_eq!(
            kind(driver.commit(&key("up"), target)).await,
            ErrorKind::Exists,
            "{target}"
        );
        assert_eq!(
            kind(driver.link(&key("up"), target)).await,
            ErrorKind::Exists,
            "{target}"
        );
    }
    assert_eq!(
        kind(driver.rename(&key("a"), &key("c"))).await,
        ErrorKind::NotFound
    );
    assert_eq!(kind(driver.delete(&Key::root())).await, ErrorKind::Denied);
}

#[tokio::test]
async fn folders_may_be_symbolic_links_and_objects_may_not() {
    let folder = TempDir::new().expect("temporary");
    let driver = open(&folder);
    let disk = folder.path().join("disk2");
    fs::create_dir(&disk).expect("created");
    symlink(&disk, folder.path().join("root/repo")).expect("linked");
    driver
        .put(&key("repo/blobs/sha256/0"), "x".into())
        .await
        .expect("put");
    driver
        .persist(&[key("repo/blobs/sha256/0")])
        .await
        .expect("persist");
    assert!(disk.join("blobs/sha256/0").is_file());

    symlink("/etc/hostname", disk.join("blobs/sha256/1")).expect("linked");
    let evil = key("repo/blobs/sha256/1");
    assert_eq!(kind(driver.get(&evil, None)).await, ErrorKind::Denied);
    assert_eq!(kind(driver.stat(&evil)).await, ErrorKind::Denied);
    assert_eq!(
        kind(driver.append(&evil, 0, vec!["x".into()])).await,
        ErrorKind::Denied
    );
    assert_eq!(
        kind(driver.commit(&evil, &key("x"))).await,
        ErrorKind::Denied
    );
    assert_eq!(kind(driver.link(&evil, &key("x"))).await, ErrorKind::Denied);

    let blobs: Vec<_> = driver.list(&key("repo/blobs/sha256")).collect().await;
    assert_eq!(blobs.len(), 1, "{blobs:?}");
    let repos: Vec<_> = driver.list(&Key::root()).collect().await;
    assert!(
        matches!(
            &repos[..],
            [Ok(Entry {
                kind: EntryKind::Folder,
                ..
            })]
        ),
        "{repos:?}"
    );
    // What the operator has set up is not ours to remove, and neither is what it leads to.
    assert_eq!(kind(driver.delete(&key("repo"))).await, ErrorKind::Denied);
    assert_eq!(kind(driver.stat(&key("repo"))).await, ErrorKind::NotFound);
    assert!(disk.join("blobs/sha256/0").is_file());
}

#[tokio::test]
async fn large_parts_are_parts_of_files_and_small_ones_are_bytes() {
    let folder = TempDir::new().expect("temporary");
    let driver = open(&folder);
    let big = key("big");
    let data: Vec<u8> = (0..200_000_u32)
        .map(|i| u8::try_from(i % 251).expect("small"))
        .collect();
    driver.put(&big, data.clone().into()).await.expect("put");
    for (range, is_file) in [
        (0..65_536_u64, false),
        (1..65_538, true),
        (199_999..200_000, false),
        (200_000..200_000, false),
        (0..200_000, true),
    ] {
        let object = driver.get(&big, Some(range.clone())).await.expect("within");
        assert_eq!(object.stat.size, 200_000);
        let bounds =
            usize::try_from(range.start).expect("fits")..usize::try_from(range.end).expect("fits");
        match object.body {
            Body::Bytes(bytes) => {
                assert!(!is_file, "{range:?}");
                assert_eq!(bytes, data[bounds]);
            }
            Body::File(slice) => {
                assert!(is_file, "{range:?}");
                assert_eq!(
                    (slice.offset, slice.len),
                    (range.start, range.end - range.start)
                );
                assert_eq!(read_all(&slice), data[bounds]);
            }
            Body::Stream(_) => panic!("the local disk does not stream"),
        }
    }
}

fn read_all(slice: &crate::FileSlice) -> Vec<u8> {
    let mut bytes = vec![0; usize::try_from(slice.len).expect("fits")];
    let mut at = 0;
    while at < bytes.len() {
        let end = bytes.len().min(at + 70_000);
        let offset = u64::try_from(at).expect("fits");
        let read = match slice.read_at_nowait(offset, &mut bytes[at..end]) {
            Some(read) => read,
            None => slice
                .read_at(offset, &mut bytes[at..end])
                .expect("readable"),
        };
        assert_ne!(read, 0);
        at += read;
    }
    bytes
}

#[tokio::test]
async fn a_part_of_a_file_ends_where_it_was_cut() {
    let folder = TempDir::new().expect("temporary");
    let path = folder.path().join("f");
    let mut file = File::options()
        .read(true)
        .write(true)
        .create_new(true)
        .open(path)
        .expect("made");
    io::Write::write_all(&mut file, b"0123456789").expect("written");
    let mut slice = crate::FileSlice {
        file: Arc::new(file),
        offset: 2,
        len: 4,
    };
    let mut buffer = [0; 10];
    assert_eq!(slice.read_at(1, &mut buffer).expect("reads"), 3);
    assert_eq!(&buffer[..3], b"345");
    assert_eq!(slice.read_at(4, &mut buffer).expect("reads"), 0);
    assert_eq!(slice.read_at_nowait(9, &mut buffer), Some(0));
    // A file that is shorter than promised must not look like one that has ended.
    slice.len = 20;
    assert_eq!(slice.read_at(0, &mut buffer).expect("reads"), 8);
    let error = slice.read_at(8, &mut buffer).expect_err("too short");
    assert_eq!(error.kind(), io::ErrorKind::UnexpectedEof);
    assert_eq!(slice.read_at_nowait(8, &mut buffer), None);
}

#[tokio::test]
async fn a_link_makes_the_object_young_again() {
    let folder = TempDir::new().expect("temporary");
    let driver = open(&folder);
    driver.put(&key("a"), "x".into()).await.expect("put");
    driver
        .append(&key("up"), 0, vec!["y".into()])
        .await
        .expect("append");
    for name in ["root/a", "root/up"] {
        let file = File::options()
            .write(true)
            .open(folder.path().join(name))
            .expect("opens");
        file.set_modified(UNIX_EPOCH).expect("set");
    }
    assert_eq!(
        driver.stat(&key("a")).await.expect("stat").modified,
        UNIX_EPOCH
    );
    driver.link(&key("a"), &key("b")).await.expect("link");
    driver.commit(&key("up"), &key("c")).await.expect("commit");
    for name in ["a", "b", "c"] {
        let stat = driver.stat(&key(name)).await.expect("stat");
        assert!(stat.modified > UNIX_EPOCH, "{name}");
    }
}

#[tokio::test]
async fn a_failed_write_back_is_not_forgotten() {
    let folder = TempDir::new().expect("temporary");
    let driver = open(&folder);
    let ledger = &driver.disk.ledger;
    let fail = |name: &str| {
        let path = folder.path().join("root").join(name);
        ledger.record_failure(identity(&fs::metadata(path).expect("there")));
    };
    driver.put(&key("a/x"), "x".into()).await.expect("put");
    driver.persist(&[key("a/x")]).await.expect("persist");
    fail("a/x");
    // Neither a second try, nor another name, nor company helps.
    driver.link(&key("a/x"), &key("a/y")).await.expect("link");
    driver
        .rename(&key("a/x"), &key("a/z"))
        .await
        .expect("rename");
    driver.put(&key("a/w"), "x".into()).await.expect("put");
    for names in [&["a/z"][..], &["a/y"], &["a/w", "a/z"], &["a/z", "a/w"]] {
        let keys: Vec<_> = names.iter().map(|name| key(name)).collect();
        let error = driver.persist(&keys).await.expect_err("fails");
        assert_eq!(error.kind(), ErrorKind::Io, "{names:?}");
    }
    // Writing it again does.
    driver.put(&key("a/z"), "x".into()).await.expect("put");
    driver.persist(&[key("a/z")]).await.expect("persist");
    fail("a");
    assert_eq!(kind(driver.persist(&[key("a/z")])).await, ErrorKind::Io);
}

#[tokio::test]
async fn a_write_that_ends_half_way_is_taken_back() {
    let folder = TempDir::new().expect("temporary");
    let driver = open(&folder);
    let upload = key("repo/.uploads/1");
    driver
        .append(&upload, 0, vec!["x".into()])
        .await
        .expect("append");
    let path = folder.path().join("root/repo/.uploads/1");
    let file = File::options().write(true).open(&path).expect("opens");
    // The end of the largest file that the file system allows stands for the end of the disk.
    let (mut fits, mut fails) = (1, u64::try_from(i64::MAX).expect("fits"));
    while fits + 1 < fails {
        let middle = fits.midpoint(fails);
        match file.set_len(middle) {
            Ok(()) => fits = middle,
            Err(_) => fails = middle,
        }
    }
    let offset = fits - 10;
    file.set_len(offset).expect("fits");
    drop(file);
    let pieces = vec!["12345".into(), "6789012345".into()];
    let error = driver
        .append(&upload, offset, pieces)
        .await
        .expect_err("does not fit");
    assert!(
        matches!(error.kind(), ErrorKind::Full | ErrorKind::Io),
        "{error:?}"
    );
    assert_eq!(driver.stat(&upload).await.expect("stat").size, offset);
    let end = driver
        .append(&upload, offset, vec!["12345".into()])
        .await
        .expect("fits");
    assert_eq!(end, offset + 5);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_call_waits_for_an_append_whose_caller_has_gone() {
    let folder = TempDir::new().expect("temporary");
    let driver = Arc::new(open(&folder));
    let (upload, blob) = (key("repo/.uploads/1"), key("repo/blobs/sha256/0"));
    driver
        .append(&upload, 0, vec!["x".into()])
        .await
        .expect("append");
    let path = folder.path().join("root/repo/.uploads/1");
    let mut left_over = sys::open_write(&path).expect("opens");
    sys::hold(&left_over).expect("holds");
    let (appending, committing) = {
        let (first, second, third) = (Arc::clone(&driver), Arc::clone(&driver), upload.clone());
        let appending = async move { first.append(&third, 1, vec!["y".into()]).await };
        let committing = async move { second.commit(&upload, &blob).await };
        (tokio::spawn(appending), tokio::spawn(committing))
    };
    // Time enough for calls that do not wait.
    for _ in 0..50 {
        driver.put(&key("other"), "x".into()).await.expect("put");
    }
    assert!(!appending.is_finished() && !committing.is_finished());
    io::Write::write_all(&mut left_over, b"left over").expect("written");
    drop(left_over);
    let appended = appending
        .await
        .expect("joins")
        .expect_err("too late")
        .kind();
    // Which of the two comes first is open.
    assert!(
        matches!(appended, ErrorKind::Offset | ErrorKind::NotFound),
        "{appended:?}"
    );
    committing.await.expect("joins").expect("commit");
    let stat = driver
        .stat(&key("repo/blobs/sha256/0"))
        .await
        .expect("stat");
    assert_eq!(stat.size, 9);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_append_that_waited_never_writes_into_the_object() {
    let folder = TempDir::new().expect("temporary");
    let driver = Arc::new(open(&folder));
    let upload = key("repo/.uploads/1");
    driver
        .append(&upload, 0, vec!["x".into()])
        .await
        .expect("append");
    let root = folder.path().join("root/repo/.uploads");
    let held = sys::open_write(&root.join("1")).expect("opens");
    sys::hold(&held).expect("holds");
    let appending = {
        let (driver, upload) = (Arc::clone(&driver), upload.clone());
        tokio::spawn(async move { driver.append(&upload, 1, vec!["y".into()]).await })
    };
    fs::rename(root.join("1"), root.join("object")).expect("moved");
    drop(held);
    let appended = appending
        .await
        .expect("joins")
        .expect_err("too late")
        .kind();
    assert_eq!(appended, ErrorKind::NotFound);
    let stat = driver
        .stat(&key("repo/.uploads/object"))
        .await
        .expect("stat");
    assert_eq!(stat.size, 1);
}

#[tokio::test]
async fn folders_are_flushed_until_their_names_are_durable() {
    let folder = TempDir::new().expect("temporary");
    let driver = open(&folder);
    let object = key("a/b/c/x");
    let flushed = |keys: &[&str]| {
        let keys: Vec<_> = keys.iter().map(|name| key(name)).collect();
        let folders = driver.disk.folders_to_flush(&keys);
        folders.iter().map(Key::to_string).collect::<Vec<_>>()
    };
    driver.put(&object, "x".into()).await.expect("put");
    assert_eq!(flushed(&["a/b/c/x"]), ["", "a", "a/b", "a/b/c"]);
    driver
        .persist(std::slice::from_ref(&object))
        .await
        .expect("persist");
    assert_eq!(flushed(&["a/b/c/x"]), ["a/b/c"]);
    assert_eq!(flushed(&["a/d/x", "a/b/c/x"]), ["a", "a/b/c", "a/d"]);
    driver.delete(&object).await.expect("delete");
    driver.delete(&key("a/b/c")).await.expect("delete");
    assert_eq!(flushed(&["a/b/c/x"]), ["a/b", "a/b/c"]);
}

#[tokio::test]
async fn case_b60_uploads_leave_head_room() {
    let folder = tempfile::tempdir().expect("made");
    let options = LocalOptions {
        head_room: HeadRoom::new(u64::MAX / 2),
        ..LocalOptions::default()
    };
    let driver = LocalDriver::open(folder.path().to_path_buf(), options).expect("opens");
    let upload = Key::new("a/.uploads/1").expect("valid");
    driver
        .append(&upload, 0, Vec::new())
        .await
        .expect("an upload may start");
    let data = vec![Bytes::from_static(b"content")];
    let refused = driver.append(&upload, 0, data).await.expect_err("no room");
    assert_eq!(refused.kind(), ErrorKind::Full);
    assert_eq!(driver.stat(&upload).await.expect("still there").size, 0);
    let index = Key::new("a/index.json").expect("valid");
    driver
        .put(&index, Bytes::from_static(b"{}"))
        .await
        .expect("what is small still fits");
}
