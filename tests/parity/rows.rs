//! The requests, one file per noun. Each group meets two fresh servers.

mod base;
mod blob;
mod catalog;
mod cors;
mod delete;
mod manifest;
mod mount;
mod path;
mod push;
mod range;
mod referrer;
mod tag;
mod upload;
mod validity;

use crate::row::Row;

/// The rows of a group, made anew for each use.
type Rows = fn() -> Vec<Row>;

/// Every group, by name.
pub(crate) const GROUPS: [(&str, Rows); 17] = [
    ("base", base::rows),
    ("health", base::health),
    ("catalog", catalog::rows),
    ("tag", tag::rows),
    ("manifest", manifest::rows),
    ("push", push::rows),
    ("validity", validity::rows),
    ("delete", delete::rows),
    ("blob", blob::rows),
    ("range", range::rows),
    ("upload", upload::rows),
    ("chunk", upload::chunks),
    ("end", upload::ends),
    ("mount", mount::rows),
    ("referrer", referrer::rows),
    ("path", path::rows),
    ("cors", cors::rows),
];
