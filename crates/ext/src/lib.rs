//! The seam through which extensions come.
