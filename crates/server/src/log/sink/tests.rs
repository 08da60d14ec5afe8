use std::io::Read;
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};

use super::*;

fn read(path: &Path) -> String {
    let mut text = String::new();
    File::open(path).unwrap().read_to_string(&mut text).unwrap();
    text
}

#[test]
fn lines_of_many_threads_are_never_mixed_or_lost() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("log");
    let sink = Sink::new(File::create(&path).unwrap()).unwrap();
    thread::scope(|scope| {
        for name in 0..4 {
            let sink = sink.clone();
            scope.spawn(move || {
                for at in 0..1000 {
                    sink.append(format!("{name} {at} end\n").as_bytes(), Class::Vital);
                }
            });
        }
    });
    sink.flush();
    let text = read(&path);
    let mut next = [0; 4];
    for line in text.lines() {
        let words: Vec<_> = line.split(' ').collect();
        let (name, at): (usize, usize) = (words[0].parse().unwrap(), words[1].parse().unwrap());
        assert_eq!((at, words[2]), (next[name], "end"));
        next[name] += 1;
    }
    assert_eq!(next, [1000; 4]);
}

#[test]
fn what_was_appended_is_written_when_the_last_handle_goes() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("log");
    let sink = Sink::new(File::create(&path).unwrap()).unwrap();
    let other = sink.clone();
    sink.append(b"one\n", Class::Access);
    drop(sink);
    other.append(b"two\n", Class::Access);
    drop(other);
    assert_eq!(read(&path), "one\ntwo\n");
}

/// A reader that is slow: nothing is read until the test does.
fn stuck() -> (File, Sink) {
    let (reader, writer) = rustix::pipe::pipe().unwrap();
    let sink = Sink::new(File::from(writer)).unwrap();
    (File::from(reader), sink)
}

#[test]
fn access_lines_are_dropped_and_counted_and_vital_ones_are_not() {
    let (mut reader, sink) = stuck();
    let line = [&[b'a'; 1023][..], b"\n"].concat();
    // More than the pipe, the batch being written and the buffer hold together.
    for _ in 0..4 * LIMIT / line.len() {
        sink.append(&line, Class::Access);
    }
    sink.append(b"vital\n", Class::Vital);
    let waiting = thread::spawn(move || drop(sink));
    let mut text = String::new();
    reader.read_to_string(&mut text).unwrap();
    waiting.join().unwrap();
    let written = text.lines().filter(|line| line.starts_with('a')).count();
    assert!(text.lines().any(|line| line == "vital"));
    let note = text.lines().find(|line| line.starts_with('{')).unwrap();
    let note: serde_json::Value = serde_json::from_str(note).unwrap();
    assert_eq!(note["message"], "log lines dropped");
    let dropped = usize::try_from(note["dropped"].as_u64().unwrap()).unwrap();
    assert_eq!(written + dropped, 4 * LIMIT / line.len());
}

#[test]
fn a_reader_that_is_gone_stops_nobody() {
    let (reader, sink) = stuck();
    drop(reader);
    for _ in 0..100 {
        sink.append(&b"\n".repeat(100_000), Class::Vital);
    }
    sink.flush();
}

#[tokio::test]
async fn vital_lines_wait_for_room_without_holding_a_thread() {
    let (mut reader, sink) = stuck();
    let line = [&[b'a'; 1023][..], b"\n"].concat();
    let count = 4 * LIMIT / line.len();
    let writer = tokio::spawn(async move {
        for _ in 0..count {
            sink.append_vital(&line).await;
        }
    });
    // This runtime has one thread: that this goes on shows that it is not held up.
    tokio::task::yield_now().await;
    assert!(!writer.is_finished());
    let reading = tokio::task::spawn_blocking(move || {
        let mut text = String::new();
        reader.read_to_string(&mut text).unwrap();
        text
    });
    writer.await.unwrap();
    assert_eq!(reading.await.unwrap().lines().count(), count);
}

#[test]
fn what_goes_wrong_is_told_once() {
    static TOLD: AtomicUsize = AtomicUsize::new(0);
    let full = Output::append(Path::new("/dev/full")).unwrap();
    let complain = |error: &io::Error| {
        assert_eq!(error.kind(), io::ErrorKind::StorageFull);
        TOLD.fetch_add(1, Ordering::SeqCst);
    };
    let sink = Sink::start(full, Some(complain)).unwrap();
    for _ in 0..3 {
        sink.append(b"line\n", Class::Vital);
        sink.flush();
    }
    assert_eq!(TOLD.load(Ordering::SeqCst), 1);
}
