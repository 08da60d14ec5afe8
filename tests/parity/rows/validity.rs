//! `PUT /v2/{name}/manifests/{reference}`: what a body may be.

use crate::row::{Row, row};

const HEAD: &str = r#""schemaVersion":2,"mediaType":"{image}""#;
const CONFIG: &str = r#""config":{"mediaType":"{config}","digest":"{c}","size":2}"#;
const LAYERS: &str = r#""layers":[{"mediaType":"{tar}","digest":"{l}","size":5}]"#;

/// Pushes a text under a tag that tells what it is, and looks whether it is there.
fn case(what: &str, text: &str) -> [Row; 2] {
    let tag = what.replace(' ', "-");
    [
        row(format!("PUT /v2/r/manifests/{tag}")).manifest("{image}", text),
        row(format!("GET /v2/r/manifests/{tag}")),
    ]
}

pub(crate) fn rows() -> Vec<Row> {
    let mut cases = shapes();
    cases.extend(contents());
    let large = "x".repeat(4 << 20);
    let large = format!(r#"{{{HEAD},{CONFIG},{LAYERS},"annotations":{{"a":"{large}"}}}}"#);
    cases.push(("over 4 MiB", large));
    let cases = cases.iter();
    cases.flat_map(|(what, text)| case(what, text)).collect()
}

fn shapes() -> Vec<(&'static str, String)> {
    let text = |note, text: &str| (note, text.to_owned());
    vec![
        text("empty", ""),
        text("no JSON", "not json"),
        text("null", "null"),
        text("an array", "[]"),
        text("a number", "1"),
        text("an empty object", "{}"),
        text("cut off", r#"{"schemaVersion":2,"#),
        ("two documents", format!("{{{HEAD},{CONFIG},{LAYERS}}}{{}}")),
        (
            "space around",
            format!(" \n{{{HEAD},{CONFIG},{LAYERS}}}\n "),
        ),
        (
            "a byte order mark",
            format!("\u{feff}{{{HEAD},{CONFIG},{LAYERS}}}"),
        ),
        (
            "no schema version",
            format!(r#"{{"mediaType":"{{image}}",{CONFIG},{LAYERS}}}"#),
        ),
        (
            "schema version 1",
            format!(r#"{{"schemaVersion":1,{CONFIG},{LAYERS}}}"#),
        ),
        (
            "schema version as text",
            format!(r#"{{"schemaVersion":"2",{CONFIG},{LAYERS}}}"#),
        ),
        (
            "schema version 2.0",
            format!(r#"{{"schemaVersion":2.0,{CONFIG},{LAYERS}}}"#),
        ),
        (
            "no media type",
            format!(r#"{{"schemaVersion":2,{CONFIG},{LAYERS}}}"#),
        ),
        (
            "another media type",
            format!(r#"{{"schemaVersion":2,"mediaType":"{{index}}",{CONFIG},{LAYERS}}}"#),
        ),
        (
            "a media type that is none",
            format!(r#"{{"schemaVersion":2,"mediaType":"x",{CONFIG},{LAYERS}}}"#),
        ),
        ("no config", format!("{{{HEAD},{LAYERS}}}")),
        (
            "config null",
            format!(r#"{{{HEAD},"config":null,{LAYERS}}}"#),
        ),
        (
            "config empty",
            format!(r#"{{{HEAD},"config":{{}},{LAYERS}}}"#),
        ),
        ("no layers", format!("{{{HEAD},{CONFIG}}}")),
        (
            "layers null",
            format!(r#"{{{HEAD},{CONFIG},"layers":null}}"#),
        ),
        (
            "layers empty",
            format!(r#"{{{HEAD},{CONFIG},"layers":[]}}"#),
        ),
        (
            "layers an object",
            format!(r#"{{{HEAD},{CONFIG},"layers":{{}}}}"#),
        ),
        (
            "unknown keys",
            format!(r#"{{{HEAD},{CONFIG},{LAYERS},"x":[1]}}"#),
        ),
        (
            "a key twice",
            format!(r#"{{{HEAD},{CONFIG},{LAYERS},{LAYERS}}}"#),
        ),
        (
            "parts of both kinds",
            format!(r#"{{{HEAD},{CONFIG},{LAYERS},"manifests":[]}}"#),
        ),
        (
            "annotations",
            format!(r#"{{{HEAD},{CONFIG},{LAYERS},"annotations":{{"a":"b"}}}}"#),
        ),
        (
            "annotations of numbers",
            format!(r#"{{{HEAD},{CONFIG},{LAYERS},"annotations":{{"a":1}}}}"#),
        ),
        (
            "an artifact type",
            format!(r#"{{{HEAD},{CONFIG},{LAYERS},"artifactType":"a/b"}}"#),
        ),
        (
            "an artifact type that is none",
            format!(r#"{{{HEAD},{CONFIG},{LAYERS},"artifactType":"x"}}"#),
        ),
    ]
}

fn contents() -> Vec<(&'static str, String)> {
    let image =
        |config: &str, layer: &str| format!(r#"{{{HEAD},"config":{config},"layers":[{layer}]}}"#);
    let part = |kind: &str, digest: &str, size: &str| {
        format!(r#"{{"mediaType":"{kind}","digest":"{digest}","size":{size}}}"#)
    };
    let (config, layer) = (part("{config}", "{c}", "2"), part("{tar}", "{l}", "5"));
    let with_layer = |note, kind, digest, size| (note, image(&config, &part(kind, digest, size)));
    let with_config = |note, kind, digest| (note, image(&part(kind, digest, "2"), &layer));
    let subject = |note, digest: &str| {
        let subject = part("{image}", digest, "{m.size}");
        (
            note,
            format!(r#"{{{HEAD},{CONFIG},{LAYERS},"subject":{subject}}}"#),
        )
    };
    vec![
        with_layer("layer missing", "{tar}", "{nothing}", "5"),
        with_layer("layer elsewhere", "{tar}", "{o}", "5"),
        with_layer("layer of another size", "{tar}", "{l}", "6"),
        with_layer("layer of no size", "{tar}", "{l}", "-1"),
        with_layer("layer of a half", "{tar}", "{l}", "5.5"),
        with_layer(
            "layer of a large size",
            "{tar}",
            "{l}",
            "99999999999999999999",
        ),
        with_layer("layer with size as text", "{tar}", "{l}", "\"5\""),
        with_layer("layer of a short digest", "{tar}", "sha256:00", "5"),
        with_layer(
            "layer of another algorithm",
            "{tar}",
            "md5:d41d8cd98f00b204e9800998ecf8427e",
            "5",
        ),
        with_layer("layer of no type", "", "{l}", "5"),
        with_layer("layer of an odd type", "x", "{l}", "5"),
        with_layer(
            "layer of another type",
            "application/vnd.example+x",
            "{l}",
            "5",
        ),
        with_layer(
            "foreign layer missing",
            "application/vnd.oci.image.layer.nondistributable.v1.tar+gzip",
            "{nothing}",
            "5",
        ),
        with_config("config missing", "{config}", "{nothing}"),
        with_config("empty config missing", "{empty}", "{nothing}"),
        with_config(
            "config of an artifact missing",
            "application/vnd.example+json",
            "{nothing}",
        ),
        with_config(
            "config of an artifact",
            "application/vnd.example+json",
            "{c}",
        ),
        with_config("empty config", "{empty}", "{c}"),
        (
            "the same layer twice",
            image(&config, &format!("{layer},{layer}")),
        ),
        subject("a subject that is missing", "{nothing}"),
        subject("a subject that is elsewhere", "{m}"),
        subject("a subject of a short digest", "sha256:00"),
        (
            "a subject that is null",
            format!(r#"{{{HEAD},{CONFIG},{LAYERS},"subject":null}}"#),
        ),
        (
            "a subject that is empty",
            format!(r#"{{{HEAD},{CONFIG},{LAYERS},"subject":{{}}}}"#),
        ),
        (
            "a layer with more",
            image(
                &config,
                &layer
                    .replace(
                        '}',
                        r#"","urls":["https://example.org/a"],"annotations":{"a":"b"}}"#,
                    )
                    .replace("5\"", "5"),
            ),
        ),
    ]
}
