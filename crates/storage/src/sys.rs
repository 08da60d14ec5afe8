//! What the operating system offers beyond the standard library, each with a portable fallback.

use std::fs::{File, OpenOptions};
use std::io;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use rustix::fs::{FlockOperation, OFlags, Timespec, Timestamps, UTIME_NOW, UTIME_OMIT};
use rustix::io::Errno;

/// Yields how many bytes the file system of a file has free for us.
pub(crate) fn free_space(file: &File) -> io::Result<u64> {
    let system = rustix::fs::fstatvfs(file)?;
    Ok(system.f_bavail.saturating_mul(system.f_frsize))
}

/// Opens a file for reading.
///
/// A symbolic link in the last place is refused, and a pipe that somebody left there does not block.
pub(crate) fn open_read(path: &Path) -> io::Result<File> {
    OpenOptions::new()
        .read(true)
        .custom_flags(guarded()?)
        .open(path)
}

/// Opens a file that exists for writing, with the same guards.
pub(crate) fn open_write(path: &Path) -> io::Result<File> {
    OpenOptions::new()
        .write(true)
        .custom_flags(guarded()?)
        .open(path)
}

/// Opens a file for writing and makes it if it is missing, for the owner only.
pub(crate) fn open_or_create(path: &Path) -> io::Result<File> {
    OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(false)
        .mode(0o600)
        .custom_flags(guarded()?)
        .open(path)
}

/// Makes a file that must not exist yet, for the owner only.
pub(crate) fn create_new(path: &Path) -> io::Result<File> {
    OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(path)
}

fn guarded() -> io::Result<i32> {
    i32::try_from((OFlags::NOFOLLOW | OFlags::NONBLOCK).bits()).map_err(io::Error::other)
}

/// Sets the time of the last change to now, by the clock of the file system.
pub(crate) fn touch(file: &File) -> io::Result<()> {
    let omitted = Timespec {
        tv_sec: 0,
        tv_nsec: UTIME_OMIT,
    };
    let now = Timespec {
        tv_sec: 0,
        tv_nsec: UTIME_NOW,
    };
    let times = Timestamps {
        last_access: omitted,
        last_modification: now,
    };
    Ok(rustix::fs::futimens(file, &times)?)
}

/// Waits until nobody else holds the file, and holds it until it is closed.
///
/// File systems without such locks are taken to have one writer only.
pub(crate) fn hold(file: &File) -> io::Result<()> {
    loop {
        match rustix::fs::flock(file, FlockOperation::LockExclusive) {
            Ok(()) | Err(Errno::NOSYS | Errno::OPNOTSUPP | Errno::NOLCK | Errno::INVAL) => {
                return Ok(());
            }
            Err(Errno::INTR) => {}
            Err(error) => return Err(error.into()),
        }
    }
}

/// Tells whether the failure is a symbolic link where none is followed.
pub(crate) fn is_symlink_refusal(error: &io::Error) -> bool {
    Errno::from_io_error(error) == Some(Errno::LOOP)
}

/// Tells whether the process or the system has no descriptor or memory left for the moment.
pub(crate) fn is_exhaustion(error: &io::Error) -> bool {
    matches!(
        Errno::from_io_error(error),
        Some(Errno::MFILE | Errno::NFILE | Errno::NOMEM)
    )
}

/// Tells whether the file system does not allow hard links, here or at all.
pub(crate) fn is_link_refusal(error: &io::Error) -> bool {
    matches!(
        Errno::from_io_error(error),
        Some(Errno::PERM | Errno::XDEV | Errno::MLINK | Errno::NOSYS | Errno::OPNOTSUPP)
    )
}

#[cfg(target_os = "linux")]
pub(crate) use linux::{advise_sequential, read_now, start_write_back};
#[cfg(not(target_os = "linux"))]
pub(crate) use portable::{advise_sequential, read_now, start_write_back};

#[cfg(target_os = "linux")]
mod linux {
    use std::fs::File;
    use std::io::IoSliceMut;
    use std::num::NonZeroU64;
    use std::os::fd::AsRawFd;

    use rustix::fs::Advice;
    use rustix::io::ReadWriteFlags;

    /// Reads what is in memory already; `None` when the device would have to be waited for.
    pub(crate) fn read_now(file: &File, buffer: &mut [u8], offset: u64) -> Option<usize> {
        let mut slices = [IoSliceMut::new(buffer)];
        rustix::io::preadv2(file, &mut slices, offset, ReadWriteFlags::NOWAIT).ok()
    }

    /// Tells the kernel that the part will be read from front to back, beginning soon.
    pub(crate) fn advise_sequential(file: &File, offset: u64, soon: u64) {
        // Advice that is not taken costs speed only.
        let _ = rustix::fs::fadvise(file, 0, None, Advice::Sequential);
        // Asking takes longer than sending when the part is in memory, as the first byte tells.
        let is_cold = read_now(file, &mut [0], offset).is_none();
        if let (true, Some(soon)) = (is_cold, NonZeroU64::new(soon)) {
            let _ = rustix::fs::fadvise(file, offset, Some(soon), Advice::WillNeed);
        }
    }

    /// Asks the kernel to start writing a part to the device; 0 as `len` means to the end.
    ///
    /// Promises nothing: failures show in the `fdatasync` that follows.
    #[expect(unsafe_code, reason = "the safe wrappers in use lack sync_file_range")]
    pub(crate) fn start_write_back(file: &File, offset: u64, len: u64) {
        let (Ok(offset), Ok(len)) = (offset.try_into(), len.try_into()) else {
            return;
        };
        // SAFETY: takes no pointers, and the descriptor is open for as long as `file` is borrowed.
        unsafe {
            libc::sync_file_range(file.as_raw_fd(), offset, len, libc::SYNC_FILE_RANGE_WRITE);
        }
    }
}

#[cfg(not(target_os = "linux"))]
mod portable {
    use std::fs::File;

    /// Never reads: whether reading would wait cannot be known.
    pub(crate) fn read_now(_file: &File, _buffer: &mut [u8], _offset: u64) -> Option<usize> {
        None
    }

    /// Does nothing.
    pub(crate) fn advise_sequential(_file: &File, _offset: u64, _soon: u64) {}

    /// Does nothing.
    pub(crate) fn start_write_back(_file: &File, _offset: u64, _len: u64) {}
}
