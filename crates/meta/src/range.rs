//! Keys on disk and the ranges that scans read.

use std::ops::Bound;

use crate::store::{Scan, Table};

/// Yields a key as it stands among the rows of all tables.
pub(crate) fn full_key(table: Table, key: &[u8]) -> Vec<u8> {
    let mut full = Vec::with_capacity(key.len() + 1);
    full.push(table.number());
    full.extend_from_slice(key);
    full
}

/// A range of keys of all tables.
pub(crate) type KeyRange = (Bound<Vec<u8>>, Bound<Vec<u8>>);

/// Yields the range that a scan reads; `None` when it is empty by its bounds.
pub(crate) fn of_scan(table: Table, scan: &Scan) -> Option<KeyRange> {
    let prefix = full_key(table, &scan.prefix);
    let end = end_of_prefix(&prefix)?;
    let after = scan.after.as_deref().map(|after| full_key(table, after));
    let start = match after {
        Some(after) if after >= end => return None,
        Some(after) if after >= prefix => Bound::Excluded(after),
        Some(_) | None => Bound::Included(prefix),
    };
    Some((start, Bound::Excluded(end)))
}

/// Yields the first key greater than every key with the prefix.
fn end_of_prefix(prefix: &[u8]) -> Option<Vec<u8>> {
    let last = prefix.iter().rposition(|byte| *byte != u8::MAX)?;
    let mut end = prefix.get(..=last)?.to_vec();
    *end.last_mut()? += 1;
    Some(end)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_of_scans() {
        let scan = |prefix: &[u8], after: Option<&[u8]>| {
            let scan = Scan {
                prefix: prefix.to_vec(),
                after: after.map(<[u8]>::to_vec),
                limit: 1,
            };
            of_scan(Table::Repos, &scan)
        };
        let included = |key: &[u8]| Bound::Included(key.to_vec());
        let excluded = |key: &[u8]| Bound::Excluded(key.to_vec());
        assert_eq!(
            scan(b"", None),
            Some((included(b"\x01"), excluded(b"\x02")))
        );
        assert_eq!(
            scan(b"a", None),
            Some((included(b"\x01a"), excluded(b"\x01b")))
        );
        assert_eq!(
            scan(b"\xff\xff", None),
            Some((included(b"\x01\xff\xff"), excluded(b"\x02")))
        );
        assert_eq!(
            scan(b"b", Some(b"a")),
            Some((included(b"\x01b"), excluded(b"\x01c")))
        );
        assert_eq!(
            scan(b"b", Some(b"b")),
            Some((excluded(b"\x01b"), excluded(b"\x01c")))
        );
        assert_eq!(scan(b"b", Some(b"c")), None);
        assert_eq!(scan(b"b", Some(b"d")), None);
    }
}
