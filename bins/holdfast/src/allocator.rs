//! How much freed memory the system's allocator keeps.

/// Freed memory at the end of a heap that is kept for the next request. An upload has about 3 MiB in
/// buffers, which come and go with every eighth of a MiB: given back to the system each time, a third
/// of them was faulted in again, at a tenth of the processor time of the upload.
#[cfg(all(target_os = "linux", target_env = "gnu"))]
const KEPT: i32 = 4 << 20;

/// What is larger than this is mapped by itself and given back at once. Given explicitly, since
/// setting either stops the allocator from moving both, and its first value is the size of a buffer.
#[cfg(all(target_os = "linux", target_env = "gnu"))]
const MAPPED: i32 = 1 << 20;

/// Tunes the allocator; to be called before there are other threads.
#[cfg(all(target_os = "linux", target_env = "gnu"))]
#[expect(unsafe_code, reason = "there is no safe way to tune the allocator")]
pub(crate) fn tune() {
    // SAFETY: takes no pointers, and no other thread allocates yet. A value that is refused leaves
    // the allocator as it is.
    unsafe {
        libc::mallopt(libc::M_TRIM_THRESHOLD, KEPT);
        libc::mallopt(libc::M_MMAP_THRESHOLD, MAPPED);
    }
}

/// Does nothing: other allocators are taken as they are.
#[cfg(not(all(target_os = "linux", target_env = "gnu")))]
pub(crate) fn tune() {}
