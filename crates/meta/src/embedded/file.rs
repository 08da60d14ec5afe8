//! Where the database lies.

use std::fs::{File, OpenOptions};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use redb::StorageBackend;
use redb::backends::FileBackend;

use super::failure::Failure;

/// Room that must be there before a file that was full is written again, in bytes. Without it
/// each batch would fail anew, at the price of opening the file anew.
const ROOM: usize = 1024 * 1024;

/// A place that holds one database.
pub(super) trait Place: Send + Sync {
    /// Opens the file, creating it if need be.
    fn open(&self) -> Result<Box<dyn StorageBackend>, Failure>;

    /// Fails unless there is room for some more rows.
    fn check_room(&self) -> Result<(), Failure>;
}

/// A file by its path.
#[derive(Debug)]
pub(super) struct PathPlace(pub(super) PathBuf);

impl PathPlace {
    /// Makes the name of a new file durable.
    fn sync_folder(&self) -> io::Result<()> {
        let folder = self.0.parent().filter(|path| !path.as_os_str().is_empty());
        File::open(folder.unwrap_or(Path::new(".")))?.sync_all()
    }
}

impl Place for PathPlace {
    fn open(&self) -> Result<Box<dyn StorageBackend>, Failure> {
        let mut options = OpenOptions::new();
        options.read(true).write(true);
        let file = match options.open(&self.0) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                let file = options.create(true).truncate(false).open(&self.0)?;
                self.sync_folder()?;
                file
            }
            opened => opened?,
        };
        Ok(Box::new(FileBackend::new(file)?))
    }

    /// Writes to a file beside the database: growing that itself could leave it with a length
    /// that it does not know.
    fn check_room(&self) -> Result<(), Failure> {
        let mut name = self.0.clone().into_os_string();
        name.push(".room");
        let written = File::create(&name).and_then(|mut file| {
            file.write_all(&vec![0; ROOM])?;
            file.sync_data()
        });
        let removed = std::fs::remove_file(&name);
        written?;
        Ok(removed?)
    }
}
