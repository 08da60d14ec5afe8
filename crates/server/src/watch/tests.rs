use std::fs::{create_dir, create_dir_all, remove_file, rename};
use std::os::unix::fs::symlink;
use std::path::Path;

use tempfile::TempDir;

use super::*;
use crate::listen::fixture::PATIENCE;

const FAST: Pace = Pace {
    quiet: Duration::from_millis(5),
    most: Duration::from_millis(200),
    poll: Duration::from_millis(5),
};

fn put(path: impl AsRef<Path>, text: &str) {
    use std::io::Write;
    let mut file = std::fs::File::create(path).unwrap();
    file.write_all(text.as_bytes()).unwrap();
}

fn watch(source: Source, paths: &[PathBuf]) -> (Watch, Changes) {
    Watch::start(source, paths.to_vec(), FAST)
}

async fn next(changes: &mut Changes) -> Vec<PathBuf> {
    let next = tokio::time::timeout(PATIENCE, changes.next()).await;
    next.unwrap().unwrap().into_iter().collect()
}

/// Waits until all these have changed, in one set or in several, and no others.
async fn all(changes: &mut Changes, want: &[PathBuf]) {
    let mut seen = BTreeSet::new();
    while seen.len() < want.len() {
        seen.extend(next(changes).await);
        assert!(seen.iter().all(|path| want.contains(path)), "{seen:?}");
    }
}

/// A volume as Kubernetes lays it out: `dir/name` leads to `..data/name`, `..data` to a folder.
fn volume(dir: &Path, version: &str, names: &[&str]) {
    create_dir(dir.join(version)).unwrap();
    for name in names {
        put(dir.join(version).join(name), version);
    }
    symlink(version, dir.join("..new")).unwrap();
    rename(dir.join("..new"), dir.join("..data")).unwrap();
}

type Step = (&'static str, fn(&Path), fn(&Path));

/// A name, what is there before, and what changes `dir/file`.
const STEPS: [Step; 9] = [
    (
        "written in place",
        |dir| put(dir.join("file"), "one"),
        |dir| put(dir.join("file"), "other"),
    ),
    (
        "renamed over",
        |dir| put(dir.join("file"), "one"),
        |dir| {
            put(dir.join("file.new"), "two");
            rename(dir.join("file.new"), dir.join("file")).unwrap();
        },
    ),
    ("appears", |_| {}, |dir| put(dir.join("file"), "one")),
    (
        "goes",
        |dir| put(dir.join("file"), "one"),
        |dir| remove_file(dir.join("file")).unwrap(),
    ),
    (
        "is a link to another file",
        |dir| {
            put(dir.join("a"), "one");
            put(dir.join("b"), "two");
            symlink("a", dir.join("file")).unwrap();
        },
        |dir| {
            symlink(dir.join("b"), dir.join("file.new")).unwrap();
            rename(dir.join("file.new"), dir.join("file")).unwrap();
        },
    ),
    (
        "target of a link written",
        |dir| {
            create_dir(dir.join("deep")).unwrap();
            put(dir.join("deep/a"), "one");
            symlink("deep/../deep/a", dir.join("file")).unwrap();
        },
        |dir| put(dir.join("deep/a"), "other"),
    ),
    (
        "secret swapped",
        |dir| {
            volume(dir, "v1", &["file"]);
            symlink("..data/file", dir.join("file")).unwrap();
        },
        |dir| volume(dir, "v2", &["file"]),
    ),
    (
        "linked to nothing, then there",
        |dir| symlink("far/away/a", dir.join("file")).unwrap(),
        |dir| {
            create_dir_all(dir.join("far/away")).unwrap();
            put(dir.join("far/away/a"), "one");
        },
    ),
    (
        "folder on the way replaced",
        |dir| {
            create_dir_all(dir.join("real/in")).unwrap();
            put(dir.join("real/in/a"), "one");
            symlink("real/in/a", dir.join("file")).unwrap();
        },
        |dir| {
            create_dir_all(dir.join("other/in")).unwrap();
            put(dir.join("other/in/a"), "two");
            rename(dir.join("real"), dir.join("gone")).unwrap();
            rename(dir.join("other"), dir.join("real")).unwrap();
        },
    ),
];

async fn told(make: fn() -> Source) {
    for (name, before, change) in STEPS {
        let dir = TempDir::new().unwrap();
        before(dir.path());
        put(dir.path().join("same"), "same");
        let paths = [dir.path().join("file"), dir.path().join("same")];
        let (_watch, mut changes) = watch(make(), &paths);
        change(dir.path());
        assert_eq!(next(&mut changes).await, paths[..1], "{name}");
    }
}

#[tokio::test]
async fn case_n6_every_way_to_replace_a_file_is_seen() {
    told(Source::open).await;
}

#[tokio::test]
async fn case_n6_looking_sees_the_same_where_nothing_can_be_watched() {
    told(|| Source::Looks).await;
}

#[tokio::test]
async fn a_file_is_watched_again_after_each_swap() {
    let dir = TempDir::new().unwrap();
    let names = ["cert", "key"];
    volume(dir.path(), "v0", &names);
    for name in names {
        symlink(format!("..data/{name}"), dir.path().join(name)).unwrap();
    }
    let paths = names.map(|name| dir.path().join(name));
    let (_watch, mut changes) = watch(Source::open(), &paths);
    for version in ["v1", "v2", "v3"] {
        volume(dir.path(), version, &names);
        all(&mut changes, &paths).await;
        put(dir.path().join(version).join("key"), "late");
        all(&mut changes, &paths[1..]).await;
    }
}

#[tokio::test]
async fn other_files_may_be_watched_instead() {
    let dir = TempDir::new().unwrap();
    let paths = ["a", "b", "c"].map(|name| dir.path().join(name));
    let (watch, mut changes) = watch(Source::open(), &paths[..2]);
    // A set that nobody takes holds up nothing.
    put(&paths[0], "1");
    while changes.sets.is_empty() {
        tokio::task::yield_now().await;
    }
    put(&paths[0], "22");
    let replaced = watch.replace(paths[1..].to_vec());
    tokio::time::timeout(PATIENCE, replaced).await.unwrap();
    assert_eq!(next(&mut changes).await, paths[..1]);
    put(&paths[0], "unseen");
    put(&paths[2], "seen");
    assert_eq!(next(&mut changes).await, paths[2..]);
    drop(watch);
    put(&paths[1], "seen without a handle");
    while next(&mut changes).await != paths[1..2] {}
}

#[tokio::test]
async fn the_watch_ends_with_whoever_listens() {
    let dir = TempDir::new().unwrap();
    let (watch, changes) = watch(Source::open(), &[dir.path().join("a")]);
    drop(changes);
    watch.requests.closed().await;
    watch.replace([dir.path().join("b")]).await;
}

#[test]
fn links_in_a_circle_end() {
    let dir = TempDir::new().unwrap();
    symlink("b", dir.path().join("a")).unwrap();
    symlink("a", dir.path().join("b")).unwrap();
    let chain = Chain::follow(&dir.path().join("a"));
    assert_eq!(chain.stamp, None);
    assert!(chain.places.len() > 2);
}
