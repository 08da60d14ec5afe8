//! Where content lives: the driver seam, local disk and memory.
