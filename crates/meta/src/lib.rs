//! Facts about content: the transactional store seam and the typed tables above it.
