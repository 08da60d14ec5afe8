use std::io::Read;

use super::*;

fn read(path: &Path) -> String {
    let mut text = String::new();
    File::open(path).unwrap().read_to_string(&mut text).unwrap();
    text
}

#[test]
fn lines_go_to_the_file_that_the_name_stands_for() {
    let dir = tempfile::tempdir().unwrap();
    let (path, rotated) = (dir.path().join("log"), dir.path().join("log.1"));
    let mut output = Output::append(&path).unwrap();
    output.write(b"one\n").unwrap();
    // Renamed, and nobody makes a new one.
    std::fs::rename(&path, &rotated).unwrap();
    output.write(b"two\n").unwrap();
    assert_eq!(
        (read(&rotated), read(&path)),
        ("one\n".into(), "two\n".into())
    );
    assert_eq!(path.metadata().unwrap().mode() & 0o777, 0o600);
    // Removed.
    std::fs::remove_file(&path).unwrap();
    output.write(b"three\n").unwrap();
    assert_eq!(read(&path), "three\n");
    // Replaced by one that is there already.
    File::create(&rotated).unwrap();
    std::fs::rename(&rotated, &path).unwrap();
    output.write(b"four\n").unwrap();
    assert_eq!(read(&path), "four\n");
    // Cut in place.
    File::create(&path).unwrap();
    output.write(b"five\n").unwrap();
    assert_eq!(read(&path), "five\n");
}

#[test]
fn lines_go_where_they_went_while_the_name_cannot_be_opened() {
    let dir = tempfile::tempdir().unwrap();
    let (folder, moved) = (dir.path().join("a"), dir.path().join("b"));
    std::fs::create_dir(&folder).unwrap();
    let mut output = Output::append(&folder.join("log")).unwrap();
    std::fs::rename(&folder, &moved).unwrap();
    output.write(b"one\n").unwrap();
    std::fs::create_dir(&folder).unwrap();
    output.write(b"two\n").unwrap();
    assert_eq!(read(&moved.join("log")), "one\n");
    assert_eq!(read(&folder.join("log")), "two\n");
}

#[test]
fn what_is_lost_is_counted_and_a_torn_line_is_ended() {
    let (reader, writer) = rustix::pipe::pipe().unwrap();
    rustix::io::ioctl_fionbio(&writer, true).unwrap();
    let mut output = Output::stream(File::from(writer));
    // More than the pipe holds, which then takes a part.
    let lines = [&[b'a'; 1000][..], b"\n"].concat().repeat(1000);
    let failed = output.write(&lines).unwrap_err();
    assert_eq!(failed.error.kind(), ErrorKind::WouldBlock);
    assert!((1..1000).contains(&failed.lost), "{}", failed.lost);
    let whole = 1000 - usize::try_from(failed.lost).unwrap();
    // Nothing gets in, and everything counts.
    assert_eq!(output.write(b"b\nc\n").unwrap_err().lost, 2);
    let mut reader = File::from(reader);
    let mut text = vec![0; whole * 1001];
    reader.read_exact(&mut text).unwrap();
    let mut rest = vec![0; 4096];
    let len = reader.read(&mut rest).unwrap();
    assert!(rest[..len].iter().all(|&byte| byte == b'a'), "torn");
    output.write(b"d\n").unwrap();
    let len = reader.read(&mut rest).unwrap();
    assert_eq!(&rest[..len], b"\nd\n");
}
