//! `PUT /v2/{name}/manifests/{reference}`: what a body may be.
//!
//! In the tables `@H`, `@C` and `@L` stand for the head, the config and the layers of an image that
//! is taken.

use crate::row::{Row, row};

const HEAD: &str = r#""schemaVersion":2,"mediaType":"{image}""#;
const CONFIG: &str = r#""config":{"mediaType":"{config}","digest":"{c}","size":2}"#;
const LAYER: &str = r#"{"mediaType":"{tar}","digest":"{l}","size":5}"#;

const SHAPES: &[(&str, &str)] = &[
    ("empty", ""),
    ("no JSON", "not json"),
    ("null", "null"),
    ("an array", "[]"),
    ("a number", "1"),
    ("an empty object", "{}"),
    ("cut off", r#"{"schemaVersion":2,"#),
    ("two documents", "{@H,@C,@L}{}"),
    ("space around", " \n{@H,@C,@L}\n "),
    ("a byte order mark", "\u{feff}{@H,@C,@L}"),
    ("no schema version", r#"{"mediaType":"{image}",@C,@L}"#),
    ("schema version 1", r#"{"schemaVersion":1,@C,@L}"#),
    ("schema version as text", r#"{"schemaVersion":"2",@C,@L}"#),
    ("schema version 2.0", r#"{"schemaVersion":2.0,@C,@L}"#),
    ("no media type", r#"{"schemaVersion":2,@C,@L}"#),
    (
        "another media type",
        r#"{"schemaVersion":2,"mediaType":"{index}",@C,@L}"#,
    ),
    (
        "a media type that is none",
        r#"{"schemaVersion":2,"mediaType":"x",@C,@L}"#,
    ),
    ("no config", "{@H,@L}"),
    ("config null", r#"{@H,"config":null,@L}"#),
    ("config empty", r#"{@H,"config":{},@L}"#),
    ("no layers", "{@H,@C}"),
    ("layers null", r#"{@H,@C,"layers":null}"#),
    ("layers empty", r#"{@H,@C,"layers":[]}"#),
    ("layers an object", r#"{@H,@C,"layers":{}}"#),
    ("the same layer twice", r#"{@H,@C,"layers":[@1,@1]}"#),
    ("unknown keys", r#"{@H,@C,@L,"x":[1]}"#),
    ("a key twice", "{@H,@C,@L,@L}"),
    ("parts of both kinds", r#"{@H,@C,@L,"manifests":[]}"#),
    ("annotations", r#"{@H,@C,@L,"annotations":{"a":"b"}}"#),
    (
        "annotations of numbers",
        r#"{@H,@C,@L,"annotations":{"a":1}}"#,
    ),
    ("annotations null", r#"{@H,@C,@L,"annotations":null}"#),
    ("an artifact type", r#"{@H,@C,@L,"artifactType":"a/b"}"#),
    (
        "an artifact type that is none",
        r#"{@H,@C,@L,"artifactType":"x"}"#,
    ),
    ("a subject that is null", r#"{@H,@C,@L,"subject":null}"#),
    ("a subject that is empty", r#"{@H,@C,@L,"subject":{}}"#),
];

/// Layers: type, digest, size.
const LAYERS: &[(&str, [&str; 3])] = &[
    ("layer missing", ["{tar}", "{nothing}", "5"]),
    ("layer elsewhere", ["{tar}", "{o}", "5"]),
    ("layer of another size", ["{tar}", "{l}", "6"]),
    ("layer of no size", ["{tar}", "{l}", "-1"]),
    ("layer of a half", ["{tar}", "{l}", "5.5"]),
    (
        "layer of a large size",
        ["{tar}", "{l}", "99999999999999999999"],
    ),
    ("layer with size as text", ["{tar}", "{l}", "\"5\""]),
    ("layer of a short digest", ["{tar}", "sha256:00", "5"]),
    (
        "layer of another algorithm",
        ["{tar}", "md5:d41d8cd98f00b204e9800998ecf8427e", "5"],
    ),
    ("layer of no type", ["", "{l}", "5"]),
    ("layer of an odd type", ["x", "{l}", "5"]),
    (
        "layer of another type",
        ["application/vnd.example+x", "{l}", "5"],
    ),
    (
        "foreign layer missing",
        [
            "application/vnd.oci.image.layer.nondistributable.v1.tar+gzip",
            "{nothing}",
            "5",
        ],
    ),
];

const CONFIGS: &[(&str, [&str; 3])] = &[
    ("config missing", ["{config}", "{nothing}", "2"]),
    ("empty config missing", ["{empty}", "{nothing}", "2"]),
    ("empty config", ["{empty}", "{c}", "2"]),
    ("config of another size", ["{config}", "{c}", "3"]),
    (
        "config of an artifact missing",
        ["application/vnd.example+json", "{nothing}", "2"],
    ),
    (
        "config of an artifact",
        ["application/vnd.example+json", "{c}", "2"],
    ),
];

const SUBJECTS: &[(&str, [&str; 3])] = &[
    ("a subject that is missing", ["{image}", "{nothing}", "7"]),
    ("a subject that is elsewhere", ["{image}", "{m}", "7"]),
    ("a subject of a short digest", ["{image}", "sha256:00", "7"]),
];

pub(crate) fn rows() -> Vec<Row> {
    let mut rows = Vec::new();
    let mut add = |what: &str, text: &str| rows.extend(case(what, text));
    for (what, text) in SHAPES {
        add(what, text);
    }
    for (what, layer) in LAYERS {
        add(what, &format!(r#"{{@H,@C,"layers":[{}]}}"#, part(layer)));
    }
    for (what, config) in CONFIGS {
        add(what, &format!(r#"{{@H,"config":{},@L}}"#, part(config)));
    }
    for (what, subject) in SUBJECTS {
        add(
            what,
            &format!(r#"{{@H,@C,@L,"subject":{}}}"#, part(subject)),
        );
    }
    let large = "x".repeat(4 << 20);
    add(
        "over 4 MiB",
        &format!(r#"{{@H,@C,@L,"annotations":{{"a":"{large}"}}}}"#),
    );
    rows
}

fn part([media_type, digest, size]: &[&str; 3]) -> String {
    format!(r#"{{"mediaType":"{media_type}","digest":"{digest}","size":{size}}}"#)
}

/// Pushes a text under a tag that tells what it is, and looks whether it is there.
fn case(what: &str, text: &str) -> [Row; 2] {
    let tag = what.replace(' ', "-");
    let text = text
        .replace("@H", HEAD)
        .replace("@C", CONFIG)
        .replace("@L", r#""layers":[@1]"#)
        .replace("@1", LAYER);
    [
        row(format!("PUT /v2/r/manifests/{tag}")).manifest("{image}", &text),
        row(format!("GET /v2/r/manifests/{tag}")),
    ]
}
