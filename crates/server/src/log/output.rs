//! What a sink writes to.

use std::fs::{File, OpenOptions};
use std::io::{self, ErrorKind, Write};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

/// A file that lines are appended to. Once its name stands for another file, or for none, as after
/// logrotate, that one is opened.
#[derive(Debug)]
pub(crate) struct Output {
    file: File,
    name: Option<PathBuf>,
    /// The last thing written was a part of a line.
    torn: bool,
}

/// Lines that were not written, or not whole.
#[derive(Debug)]
pub(crate) struct Failed {
    pub(crate) lost: u64,
    pub(crate) error: io::Error,
}

impl Output {
    /// Takes a file that has no name, such as stdout.
    pub(crate) const fn stream(file: File) -> Self {
        Self {
            file,
            name: None,
            torn: false,
        }
    }

    /// Opens a file by its name. One that is new can be read by its owner only.
    pub(crate) fn append(path: &Path) -> io::Result<Self> {
        Ok(Self {
            name: Some(path.to_owned()),
            ..Self::stream(open(path)?)
        })
    }

    /// Writes whole lines.
    pub(super) fn write(&mut self, lines: &[u8]) -> Result<(), Failed> {
        self.follow();
        let mut rest = lines;
        if self.torn {
            let ended = self.file.write_all(b"\n");
            ended.map_err(|error| Failed {
                lost: count(lines),
                error,
            })?;
            self.torn = false;
        }
        while !rest.is_empty() {
            let error = match self.file.write(rest) {
                Ok(0) => ErrorKind::WriteZero.into(),
                Ok(len) => {
                    rest = rest.get(len..).unwrap_or_default();
                    continue;
                }
                Err(error) if error.kind() == ErrorKind::Interrupted => continue,
                Err(error) => error,
            };
            let done = lines.get(..lines.len() - rest.len()).unwrap_or_default();
            self.torn = done.last().is_some_and(|&byte| byte != b'\n');
            return Err(Failed {
                lost: count(rest),
                error,
            });
        }
        Ok(())
    }

    /// Opens the file that the name stands for now. As long as there is none to be had, lines go
    /// where they went.
    fn follow(&mut self) {
        let Some(name) = &self.name else {
            return;
        };
        let same =
            |a: &std::fs::Metadata, b: &std::fs::Metadata| (a.dev(), a.ino()) == (b.dev(), b.ino());
        let (ours, named) = (self.file.metadata(), std::fs::metadata(name));
        if matches!((&ours, &named), (Ok(ours), Ok(named)) if same(ours, named)) {
            return;
        }
        if let Ok(file) = open(name) {
            self.file = file;
            self.torn = false;
        }
    }
}

/// Counts lines.
pub(super) fn count(lines: &[u8]) -> u64 {
    let pieces = lines.split(|&byte| byte == b'\n').count();
    u64::try_from(pieces.saturating_sub(1)).unwrap_or(u64::MAX)
}

fn open(path: &Path) -> io::Result<File> {
    OpenOptions::new()
        .append(true)
        .create(true)
        .mode(0o600)
        .open(path)
}

#[cfg(test)]
mod tests;
