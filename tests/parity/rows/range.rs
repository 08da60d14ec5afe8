//! Parts of blobs.

use crate::row::{Row, row};

const RANGES: &[&str] = &[
    "bytes=0-0",
    "bytes=2-4",
    "bytes=9-9",
    "bytes=0-9",
    "bytes=0-",
    "bytes=7-",
    "bytes=-3",
    "bytes=-10",
    "bytes=-100",
    "bytes=5-100",
    "bytes=5-18446744073709551615",
    "bytes=5-18446744073709551616",
    "bytes=10-",
    "bytes=10-11",
    "bytes=100-200",
    "bytes=-0",
    "bytes=4-2",
    "bytes=",
    "bytes=-",
    "bytes",
    "",
    "bytes=a-b",
    "bytes=0-1-2",
    "bytes= 0-1",
    "bytes=0 -1",
    "bytes=0-1 ",
    "bytes =0-1",
    "Bytes=0-1",
    "BYTES=0-1",
    "items=0-1",
    "0-1",
    "bytes 0-1",
    "bytes=+1-2",
    "bytes=0x1-2",
    "bytes=0-1,4-5",
    "bytes=4-5,0-1",
    "bytes=0-1, 4-5",
    "bytes=0-1,,4-5",
    "bytes=0-1,",
    "bytes=,0-1",
    "bytes=0-2,3-5",
    "bytes=3-5,0-3",
    "bytes=0-5,2-3",
    "bytes=0-1,100-200",
    "bytes=0-1,x",
    "bytes=0-0,-1",
    "bytes=0-0,2-2,4-4,6-6,8-8",
];

pub(crate) fn rows() -> Vec<Row> {
    let mut rows = Vec::new();
    rows.extend(
        RANGES
            .iter()
            .map(|range| row("GET /v2/r/blobs/{b}").with("Range", range)),
    );
    let many = |count: usize| {
        let parts: Vec<_> = (0..count).map(|_| "0-0").collect();
        format!("bytes={}", parts.join(","))
    };
    rows.extend([
        row("GET /v2/r/blobs/{b}")
            .with("Range", &many(16))
            .note("16"),
        row("GET /v2/r/blobs/{b}")
            .with("Range", &many(17))
            .note("17"),
        row("GET /v2/r/blobs/{e}").with("Range", "bytes=0-0"),
        row("GET /v2/r/blobs/{e}").with("Range", "bytes=0-"),
        row("GET /v2/r/blobs/{e}").with("Range", "bytes=-1"),
        row("GET /v2/r/blobs/{nothing}").with("Range", "bytes=0-1"),
        row("GET /v2/r/blobs/{nothing}").with("Range", "x"),
        row("GET /v2/r/blobs/sha256:00").with("Range", "bytes=0-1"),
        row("GET /v2/none/blobs/{nothing}").with("Range", "bytes=0-1"),
        row("HEAD /v2/r/blobs/{b}").with("Range", "bytes=0-1"),
        row("HEAD /v2/r/blobs/{b}").with("Range", "bytes=x"),
        row("HEAD /v2/r/blobs/{b}").with("Range", "bytes=100-"),
        row("GET /v2/r/blobs/{b}")
            .with("Range", "bytes=0-1")
            .with("If-Range", "\"x\""),
        row("GET /v2/r/blobs/{b}")
            .with("Range", "bytes=0-1")
            .with("Range", "bytes=2-3"),
        row("GET /v2/a/b/blobs/{m.0}").with("Range", "bytes=0-9"),
        row("GET /v2/a/b/blobs/{m.0}").with("Range", "bytes=0-1,4-5"),
        row("GET /v2/other/blobs/{b}")
            .with("Range", "bytes=0-1")
            .note("held elsewhere"),
        row("GET /v2/other/blobs/{b}").note("after it"),
    ]);
    rows
}
