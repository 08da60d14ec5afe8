//! Names and the bytes that they stand for.

use std::collections::{BTreeMap, HashMap};
use std::ops::{Bound, Range};
use std::time::SystemTime;

use bytes::Bytes;

use crate::driver::{Entry, EntryKind, Stat};
use crate::error::{Error, ErrorKind, Result};
use crate::key::Key;

/// How many entries are listed at a time.
const SLICE: usize = 256;

/// About what a name takes beside its own bytes.
const NAME: u64 = 128;

#[derive(Debug)]
pub(super) struct Tree {
    names: BTreeMap<String, u64>,
    files: HashMap<u64, Content>,
    last: u64,
    used: u64,
    capacity: u64,
}

#[derive(Debug)]
struct Content {
    pieces: Vec<Bytes>,
    size: u64,
    modified: SystemTime,
    names: usize,
}

/// Yields where the keys inside a folder begin.
pub(super) fn inside(folder: &Key) -> String {
    if *folder == Key::root() {
        String::new()
    } else {
        format!("{folder}/")
    }
}

impl Tree {
    pub(super) fn new(capacity: u64) -> Self {
        Self {
            names: BTreeMap::new(),
            files: HashMap::new(),
            last: 0,
            used: 0,
            capacity,
        }
    }

    pub(super) fn used(&self) -> u64 {
        self.used
    }

    pub(super) fn stat(&self, key: &Key) -> Result<Stat> {
        let (identity, content) = self.find(key)?;
        Ok(Stat {
            size: content.size,
            modified: content.modified,
            identity,
        })
    }

    /// Yields the parts of the pieces that make up the range, which lies within the object.
    pub(super) fn pieces(&self, key: &Key, range: Range<u64>) -> Result<Vec<Bytes>> {
        let (_, content) = self.find(key)?;
        let mut found = Vec::new();
        let mut start = 0_u64;
        for piece in &content.pieces {
            let end = start.saturating_add(size(piece));
            let part = range.start.max(start)..range.end.min(end);
            if !part.is_empty() {
                let within = |at: u64| usize::try_from(at.saturating_sub(start));
                if let (Ok(from), Ok(to)) = (within(part.start), within(part.end)) {
                    found.push(piece.slice(from..to));
                }
            }
            start = end;
        }
        Ok(found)
    }

    pub(super) fn put(&mut self, key: &Key, data: &[u8], now: SystemTime) -> Result<Stat> {
        self.check_place(key)?;
        self.take(size(data).saturating_add(cost(key)), key)?;
        self.last = self.last.wrapping_add(1);
        let content = Content {
            pieces: vec![Bytes::copy_from_slice(data)],
            size: size(data),
            modified: now,
            names: 0,
        };
        self.files.insert(self.last, content);
        self.name(key, self.last);
        self.stat(key)
    }

    pub(super) fn append(
        &mut self,
        upload: &Key,
        offset: u64,
        data: &[u8],
        now: SystemTime,
    ) -> Result<u64> {
        match self.find(upload) {
            Ok((_, content)) if content.size != offset => {
                return Err(Error::new(ErrorKind::Offset, upload));
            }
            Ok(_) => {}
            Err(error) if offset > 0 => return Err(error),
            Err(_) => {
                self.put(upload, &[], now)?;
            }
        }
        self.take(size(data), upload)?;
        let content = self.find_mut(upload)?;
        if !data.is_empty() {
            content.pieces.push(Bytes::copy_from_slice(data));
        }
        content.size = content.size.saturating_add(size(data));
        content.modified = now;
        Ok(content.size)
    }

    pub(super) fn touch(&mut self, key: &Key, now: SystemTime) -> Result<()> {
        self.find_mut(key)?.modified = now;
        Ok(())
    }

    pub(super) fn link(&mut self, from: &Key, to: &Key, now: SystemTime) -> Result<()> {
        let (id, _) = self.find(from)?;
        self.check_place(to)?;
        if self.names.contains_key(to.as_str()) {
            return Err(Error::new(ErrorKind::Exists, to));
        }
        self.take(cost(to), to)?;
        self.name(to, id);
        self.touch(to, now)
    }

    pub(super) fn rename(&mut self, from: &Key, to: &Key) -> Result<()> {
        let (id, _) = self.find(from)?;
        if from == to {
            return Ok(());
        }
        self.check_place(to)?;
        self.take(cost(to), to)?;
        self.name(to, id);
        self.unname(from);
        Ok(())
    }

    pub(super) fn delete(&mut self, key: &Key) -> Result<()> {
        if self.unname(key) {
            return Ok(());
        }
        let kind = if self.is_folder(key) {
            ErrorKind::NotEmpty
        } else {
            ErrorKind::NotFound
        };
        Err(Error::new(kind, key))
    }

    /// Yields some entries of a folder, and where to go on if there may be more.
    pub(super) fn entries(&self, folder: &Key, from: &str) -> (Vec<Entry>, Option<String>) {
        let prefix = inside(folder);
        let mut entries = Vec::new();
        let mut from = from.to_owned();
        while entries.len() < SLICE {
            let next = self.names_from(&from).next();
            let Some(rest) = next.and_then(|name| name.strip_prefix(&prefix)) else {
                return (entries, None);
            };
            let (name, kind) = match rest.split_once('/') {
                Some((name, _)) => (name, EntryKind::Folder),
                None => (rest, EntryKind::Object),
            };
            // Past the object, or past all that begins with the folder and a slash.
            let end = match kind {
                EntryKind::Object => '\0',
                EntryKind::Folder => '0',
            };
            from = format!("{prefix}{name}{end}");
            let name = name.to_owned();
            entries.push(Entry { name, kind });
        }
        (entries, Some(from))
    }

    fn names_from<'t>(&'t self, from: &str) -> impl Iterator<Item = &'t String> + use<'t> {
        let bounds = (Bound::Included(from), Bound::Unbounded);
        self.names.range::<str, _>(bounds).map(|(name, _)| name)
    }

    fn find(&self, key: &Key) -> Result<(u64, &Content)> {
        self.names
            .get(key.as_str())
            .and_then(|id| Some((*id, self.files.get(id)?)))
            .ok_or_else(|| Error::new(ErrorKind::NotFound, key))
    }

    fn find_mut(&mut self, key: &Key) -> Result<&mut Content> {
        self.names
            .get(key.as_str())
            .and_then(|id| self.files.get_mut(id))
            .ok_or_else(|| Error::new(ErrorKind::NotFound, key))
    }

    fn is_folder(&self, key: &Key) -> bool {
        let start = inside(key);
        self.names_from(&start)
            .next()
            .is_some_and(|name| name.starts_with(&start))
    }

    /// An object cannot be where a folder is, nor below another object.
    fn check_place(&self, key: &Key) -> Result<()> {
        let mut above = key.parent();
        let mut is_taken = *key == Key::root() || self.is_folder(key);
        while let Some(folder) = above {
            is_taken |= self.names.contains_key(folder.as_str());
            above = folder.parent();
        }
        if is_taken {
            return Err(Error::new(ErrorKind::Exists, key));
        }
        Ok(())
    }

    /// Sets room aside.
    fn take(&mut self, bytes: u64, key: &Key) -> Result<()> {
        let used = self.used.saturating_add(bytes);
        if used > self.capacity {
            return Err(Error::new(ErrorKind::Full, key));
        }
        self.used = used;
        Ok(())
    }

    /// Gives content a name, in place of what has it now.
    fn name(&mut self, key: &Key, id: u64) {
        if let Some(content) = self.files.get_mut(&id) {
            content.names = content.names.saturating_add(1);
        }
        if let Some(old) = self.names.insert(key.as_str().to_owned(), id) {
            self.release(key, old);
        }
    }

    fn unname(&mut self, key: &Key) -> bool {
        let old = self.names.remove(key.as_str());
        if let Some(old) = old {
            self.release(key, old);
        }
        old.is_some()
    }

    /// Gives room back after content has lost a name.
    fn release(&mut self, key: &Key, id: u64) {
        self.used = self.used.saturating_sub(cost(key));
        let Some(content) = self.files.get_mut(&id) else {
            return;
        };
        content.names = content.names.saturating_sub(1);
        if content.names == 0 {
            self.used = self.used.saturating_sub(content.size);
            self.files.remove(&id);
        }
    }
}

fn size(data: &[u8]) -> u64 {
    u64::try_from(data.len()).unwrap_or(u64::MAX)
}

fn cost(key: &Key) -> u64 {
    size(key.as_str().as_bytes()).saturating_add(NAME)
}
