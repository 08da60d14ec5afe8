//! `/v2/{name}/blobs/uploads/…`: sessions, streams, chunks, whole blobs.

use crate::row::{Row, row};

const POST: &str = "POST /v2/r/blobs/uploads/";

const ODD_RANGES: &[&str] = &[
    "bytes 5-9",
    "bytes=5-9",
    "5-9/10",
    "5-",
    "-9",
    "9-5",
    "5",
    "a-b",
    "5 - 9",
    "5--9",
    "5-9-",
    "0x5-9",
];

const WRONG_ENDS: &[&str] = &[
    "",
    "?digest=",
    "?digest=x",
    "?digest=sha256:00",
    "?x=y",
    "?digest=md5:d41d8cd98f00b204e9800998ecf8427e",
    "?digest={h}&digest={h}",
    "?digest={nothing}",
];

fn start() -> Row {
    row(POST).keeps("Location", "at")
}

fn at(line: &str) -> Row {
    row(line)
}

/// Sessions and whole blobs.
pub(crate) fn rows() -> Vec<Row> {
    let mut rows = vec![
        start(),
        start().text(""),
        start().with("Content-Type", "application/json").text("{}"),
        row("POST /v2/fresh/x/blobs/uploads/"),
        row("GET /v2/fresh/x/tags/list"),
        row(format!("{POST}?x=y")),
        row(format!("{POST}?digest-algorithm=sha512")),
        row("POST /v2/r/blobs/uploads"),
        at("GET {at}"),
        at("HEAD {at}"),
        at("OPTIONS {at}"),
        at("POST {at}"),
        at("DELETE {at}"),
        at("GET {at}").note("after DELETE"),
        at("DELETE {at}").note("twice"),
        at("PATCH {at}").text("x").note("after DELETE"),
        at("PUT {at}?digest={b}")
            .text("0123456789")
            .note("after DELETE"),
    ];
    for method in ["GET", "HEAD", "PUT", "PATCH", "DELETE", "OPTIONS"] {
        rows.push(row(format!("{method} /v2/r/blobs/uploads/")));
    }
    for id in ["{no-session}", "x", "..%2F..", "%00"] {
        let path = format!("/v2/r/blobs/uploads/{id}");
        rows.extend([
            row(format!("GET {path}")),
            row(format!("DELETE {path}")),
            row(format!("PATCH {path}")).text("x"),
            row(format!("PATCH {path}"))
                .with("Content-Range", "0-0")
                .text("x"),
            row(format!("PUT {path}?digest={{b}}")).text("0123456789"),
            row(format!("PUT {path}")).text("0123456789"),
        ]);
    }
    rows.extend([
        start(),
        at("GET /v2/other{at}").note("no such path"),
        row("GET /v2/none/blobs/uploads/{no-session}"),
    ]);
    rows.extend(whole());
    rows
}

fn whole() -> Vec<Row> {
    let post = |query: &str| row(format!("{POST}?digest={query}")).with("Content-Type", "{bytes}");
    vec![
        post("{h}").text("01234"),
        row("GET /v2/r/blobs/{h}"),
        post("{h}").text("01234").note("again"),
        post("{h.512}").text("01234"),
        row("GET /v2/r/blobs/{h.512}"),
        post("{e}").text(""),
        post("{e}").note("no length"),
        post("{nothing}").text("01234"),
        row("GET /v2/r/blobs/{nothing}"),
        post("sha256:00").text("01234"),
        post("").text("01234"),
        post("x").text("01234"),
        post("md5:d41d8cd98f00b204e9800998ecf8427e").text(""),
        post("{h}&digest={h}").text("01234"),
        post("{h}").chunks(&["01", "234"]),
        row(format!("{POST}?digest={{h}}")).text("01234"),
        row(format!("{POST}?digest={{h}}"))
            .with("Content-Type", "text/plain")
            .text("01234"),
        row(format!("{POST}?digest={{h}}"))
            .with("Content-Type", "{bytes}; charset=utf-8")
            .text("01234"),
    ]
}

fn streams() -> Vec<Row> {
    vec![
        start(),
        at("PATCH {at}").text("01"),
        at("GET {at}").note("two bytes"),
        at("PATCH {at}").text("2").note("a second one"),
        at("PATCH {at}").chunks(&["3", "4"]),
        at("PATCH {at}").text("").note("of nothing"),
        at("PATCH {at}").note("without a length"),
        at("PATCH {at}")
            .with("Content-Type", "text/plain")
            .text("5"),
        at("GET {at}").note("six bytes"),
        at("PUT {at}?digest={b}").note("too short"),
    ]
}

/// Parts of blobs, streamed and in chunks.
pub(crate) fn chunks() -> Vec<Row> {
    let chunk = |range: &str, text: &str| {
        at("PATCH {at}")
            .with("Content-Type", "{bytes}")
            .with("Content-Range", range)
            .text(text)
    };
    let mut rows = streams();
    rows.extend([
        start(),
        chunk("1-4", "1234").note("a hole at the start"),
        chunk("0-4", "01234"),
        at("GET {at}").note("five bytes"),
        chunk("0-4", "01234").note("again"),
        chunk("6-9", "6789").note("a hole"),
        chunk("4-6", "456").note("an overlap"),
        chunk("5-9", "567").note("too short"),
        chunk("5-9", "56789x").note("too long"),
    ]);
    rows.extend(ODD_RANGES.iter().map(|range| chunk(range, "56789")));
    rows.extend([
        at("GET {at}").note("still five bytes"),
        chunk("5-6", "56"),
        at("PUT {at}?digest={b}")
            .with("Content-Range", "8-9")
            .text("89"),
        at("PUT {at}?digest={b}")
            .with("Content-Range", "7-9")
            .text("789"),
        row("GET /v2/r/blobs/{b}"),
        start(),
        at("PATCH {at}")
            .with("Content-Range", "0-4")
            .chunks(&["01234"]),
        at("GET {at}").note("after a range without a length"),
        start(),
        chunk("+0-4", "01234"),
        start(),
        chunk("", "56789").note("an empty range"),
        at("GET {at}").note("after an empty range"),
    ]);
    rows
}

fn put(query: &str) -> Row {
    at(&format!("PUT {{at}}{query}"))
}

fn last_parts() -> Vec<Row> {
    vec![
        start(),
        at("PATCH {at}").text("01"),
        put("?digest={h}")
            .text("234")
            .note("a last part without a range"),
        start(),
        at("PATCH {at}").text("01"),
        put("?digest={h}").with("Content-Range", "2-4").text("234"),
        start(),
        put("?digest={h}")
            .with("Content-Range", "0-4")
            .text("01234")
            .note("all of it"),
        start(),
        put("?digest={h}").chunks(&["01", "234"]),
        start(),
        at("PATCH {at}").text("01"),
        put("?digest={h}")
            .with("Content-Range", "2-4")
            .chunks(&["234"]),
        start(),
        at("PATCH {at}").text("01"),
        put("?digest={h}")
            .with("Content-Range", "2-9")
            .text("234")
            .note("a range too long"),
    ]
}

/// How sessions end.
pub(crate) fn ends() -> Vec<Row> {
    let mut rows = Vec::new();
    for query in WRONG_ENDS {
        rows.extend([
            start(),
            at("PATCH {at}").text("01234"),
            put(query),
            at("GET {at}"),
        ]);
    }
    rows.extend(last_parts());
    rows.extend([
        start(),
        at("PATCH {at}").text("01234"),
        put("?digest={h}"),
        at("GET {at}").note("after its end"),
        start(),
        at("PATCH {at}").text("01234"),
        put("?digest={h}").text(""),
        start(),
        put("?digest={h}").text("01234").note("in one piece"),
        start(),
        put("?digest={h.512}").text("01234"),
        start(),
        put("?digest={h}").with("Content-Range", "x").text("01234"),
        start(),
        put("?digest={h}")
            .with("Content-Range", "bytes 0-4")
            .text("01234"),
        start(),
        put("?digest={e}").text("").note("nothing"),
        start(),
        put("?digest={e}").note("nothing, and no length"),
        start(),
        put("?digest={nothing}").text("01234").note("wrong"),
        at("GET {at}").note("after wrong"),
        at("DELETE {at}").note("after wrong"),
        start(),
        put("?digest={h}&x=y")
            .with("Content-Type", "text/plain")
            .text("01234"),
    ]);
    rows
}
