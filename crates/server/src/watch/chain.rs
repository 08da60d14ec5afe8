//! What lies on the way to a file.

use std::collections::VecDeque;
use std::ffi::{OsStr, OsString};
use std::fs::Metadata;
use std::os::unix::fs::MetadataExt;
use std::path::{Component, Path, PathBuf};

/// How many links lead to a file at most; the kernel has the same bound.
const LINKS: usize = 40;

/// Identity, size and time of change of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Stamp {
    device: u64,
    inode: u64,
    size: u64,
    changed: (i64, i64),
}

/// All on the way to one file that can make it another file.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Chain {
    /// Folder and name of each link, and of the file itself, or of what is missing.
    pub(super) places: Vec<(PathBuf, OsString)>,
    /// Folders passed through; they may be moved away as a whole.
    pub(super) folders: Vec<PathBuf>,
    /// The file, if there is one.
    pub(super) stamp: Option<Stamp>,
}

impl Chain {
    /// Follows a path as the kernel does. What is missing or may not be read ends it.
    pub(super) fn follow(path: &Path) -> Self {
        let mut chain = Self::default();
        let path = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
        let mut here = PathBuf::from("/");
        let mut names = names(&path);
        let mut links = 0;
        while let Some(name) = names.pop_front() {
            if name == ".." {
                here.pop();
                continue;
            }
            let next = here.join(&name);
            let metadata = std::fs::symlink_metadata(&next).ok();
            if let Some(target) = target(&next, metadata.as_ref()) {
                chain.places.push((here.clone(), name));
                links += 1;
                if links > LINKS {
                    break;
                }
                if target.is_absolute() {
                    here = PathBuf::from("/");
                }
                prepend(&mut names, &target);
            } else if !names.is_empty() && metadata.as_ref().is_some_and(Metadata::is_dir) {
                here.clone_from(&next);
                chain.folders.push(next);
            } else {
                chain.places.push((here, name));
                let metadata = metadata.filter(|_| names.is_empty());
                chain.stamp = metadata.as_ref().map(Stamp::of);
                break;
            }
        }
        chain
    }
}

impl Stamp {
    fn of(metadata: &Metadata) -> Self {
        Self {
            device: metadata.dev(),
            inode: metadata.ino(),
            size: metadata.size(),
            changed: (metadata.mtime(), metadata.mtime_nsec()),
        }
    }
}

fn target(path: &Path, metadata: Option<&Metadata>) -> Option<PathBuf> {
    metadata.filter(|metadata| metadata.is_symlink())?;
    std::fs::read_link(path).ok()
}

fn names(path: &Path) -> VecDeque<OsString> {
    let mut names = VecDeque::new();
    prepend(&mut names, path);
    names
}

fn prepend(names: &mut VecDeque<OsString>, path: &Path) {
    for component in path.components().rev() {
        match component {
            Component::Normal(name) => names.push_front(name.to_owned()),
            Component::ParentDir => names.push_front(OsStr::new("..").to_owned()),
            Component::CurDir | Component::RootDir | Component::Prefix(_) => {}
        }
    }
}
