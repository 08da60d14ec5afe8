//! What a body must have to be a manifest, field by field.

use super::*;
use crate::digest::DigestError;

/// Reads each text as an image and compares the fault.
fn refused(table: &[(&str, &str, &str)]) {
    for (text, path, reason) in table {
        let found = parse(&MediaType::OCI_MANIFEST, text);
        assert_eq!(found, schema(path, reason), "{text}");
    }
}

#[test]
fn the_version_is_2() {
    refused(&[
        ("[]", "manifest", "must be an object"),
        (" 2", "manifest", "must be an object"),
        ("{}", "schemaVersion", "is required"),
        (r#"{"schemaVersion":null}"#, "schemaVersion", "is required"),
        (r#"{"schemaVersion":3}"#, "schemaVersion", "must be 2"),
        (
            r#"{"schemaVersion":"2"}"#,
            "schemaVersion",
            "invalid type: string \"2\", expected i64",
        ),
        (
            r#"{"schemaVersion":2.0}"#,
            "schemaVersion",
            "invalid type: floating point `2.0`, expected i64",
        ),
    ]);
}

#[test]
fn an_image_has_a_config() {
    let required = "is required";
    refused(&[
        (r#"{"schemaVersion":2,"layers":[]}"#, "config", required),
        (
            r#"{"schemaVersion":2,"config":null,"layers":[]}"#,
            "config",
            required,
        ),
        (
            r#"{"schemaVersion":2,"config":[],"layers":[]}"#,
            "config",
            "must be an object",
        ),
        (
            r#"{"schemaVersion":2,"config":{},"layers":[]}"#,
            "config.mediaType",
            required,
        ),
    ]);
}

#[test]
fn an_image_has_a_list_of_layers() {
    let config = link(CONFIG);
    let table = [
        ("", "layers", "is required"),
        (
            r#","layers":null"#,
            "layers",
            "invalid type: null, expected a sequence",
        ),
        (
            r#","layers":{}"#,
            "layers",
            "invalid type: map, expected a sequence",
        ),
        (r#","layers":[null]"#, "layers[0]", "must be an object"),
        (r#","layers":[[]]"#, "layers[0]", "must be an object"),
    ];
    for (members, path, reason) in table {
        let text = format!(r#"{{"schemaVersion":2,"config":{config}{members}}}"#);
        refused(&[(&text, path, reason)]);
    }
    let none = format!(r#"{{"schemaVersion":2,"config":{config},"layers":[]}}"#);
    let manifest = parse(&MediaType::OCI_MANIFEST, &none).unwrap();
    assert_eq!(manifest.layers(), []);
}

#[test]
fn optional_fields_have_their_types() {
    let table = [
        (
            r#","annotations":{"a":1}"#,
            "annotations",
            "invalid type: integer `1`, expected a string",
        ),
        (r#","subject":{}"#, "subject.mediaType", "is required"),
        (r#","subject":"x""#, "subject", "must be an object"),
        (
            r#","artifactType":"no slash""#,
            "artifactType",
            "is not a media type",
        ),
        (
            r#","artifactType":1"#,
            "artifactType",
            "invalid type: integer `1`, expected a string",
        ),
        (
            r#","mediaType":{}"#,
            "mediaType",
            "invalid type: map, expected a string",
        ),
    ];
    for (members, path, reason) in table {
        refused(&[(&image_with(members), path, reason)]);
    }
}

#[test]
fn an_index_has_a_list_of_manifests() {
    let index = |text: &str| parse(&MediaType::OCI_INDEX, text);
    assert_eq!(
        index(r#"{"schemaVersion":2}"#),
        schema("manifests", "is required")
    );
    assert_eq!(
        index(r#"{"schemaVersion":2,"manifests":null}"#),
        schema("manifests", "invalid type: null, expected a sequence")
    );
    assert_eq!(index(&index_of("")).unwrap().kind(), ManifestKind::Index);
}

/// Reads an index whose second entry has these members, where `D` stands for a digest.
fn entry_refused(members: &str, field: &str, reason: &str) {
    let entry = format!("{{{}}}", members.replace('D', DIGEST));
    let text = index_of(&format!("{},{entry}", link(LAYER)));
    let path = format!("manifests[1].{field}");
    let found = parse(&MediaType::OCI_INDEX, &text);
    assert_eq!(found, schema(&path, reason), "{members}");
}

#[test]
fn descriptors_have_type_digest_and_size() {
    for (members, field) in [
        (r#""size":1,"digest":"D""#, "mediaType"),
        (r#""mediaType":null,"size":1,"digest":"D""#, "mediaType"),
        (r#""mediaType":"a/b","size":1"#, "digest"),
        (r#""mediaType":"a/b","size":1,"digest":null"#, "digest"),
        (r#""mediaType":"a/b","digest":"D""#, "size"),
    ] {
        entry_refused(members, field, "is required");
    }
    for media_type in ["", "a", "a/b;c", "a/b c", "/"] {
        let members = format!(r#""mediaType":"{media_type}","size":1,"digest":"D""#);
        entry_refused(&members, "mediaType", "is not a media type");
    }
    for (size, reason) in [
        ("-1", "invalid value: integer `-1`, expected u64"),
        ("1.5", "invalid type: floating point `1.5`, expected u64"),
        ("\"1\"", "invalid type: string \"1\", expected u64"),
        ("9223372036854775808", "is too large"),
    ] {
        let members = format!(r#""mediaType":"a/b","size":{size},"digest":"D""#);
        entry_refused(&members, "size", reason);
    }
    let largest = link(LAYER).replace(":2,", &format!(":{},", i64::MAX));
    let index = parse(&MediaType::OCI_INDEX, &index_of(&largest)).unwrap();
    assert_eq!(index.manifests()[0].size, 9_223_372_036_854_775_807);
}

#[test]
fn optional_fields_of_descriptors_have_their_types() {
    for (member, field, reason) in [
        (
            r#""platform":["amd64","linux"]"#,
            "platform",
            "must be an object",
        ),
        (
            r#""platform":{"os":5}"#,
            "platform",
            "invalid type: integer `5`, expected a string",
        ),
        (
            r#""annotations":{"a":null}"#,
            "annotations",
            "invalid type: null, expected a string",
        ),
    ] {
        let members = format!(r#""mediaType":"a/b","size":1,"digest":"D",{member}"#);
        entry_refused(&members, field, reason);
    }
}

#[test]
fn digests_of_unknown_algorithms_are_refused() {
    let hex = "0".repeat(64);
    let table = [
        (format!("blake3:{hex}"), DigestError::UnknownAlgorithm),
        (format!("md5:{hex}"), DigestError::UnknownAlgorithm),
        (hex, DigestError::NoAlgorithm),
        ("sha256:0".to_owned(), DigestError::BadValue),
        (DIGEST.to_uppercase(), DigestError::UnknownAlgorithm),
    ];
    for (digest, reason) in table {
        let bad = link(LAYER).replace(DIGEST, &digest);
        let want = |path: &str| {
            let path = path.to_owned();
            Err(ManifestError::Digest { path, reason })
        };
        assert_eq!(
            parse(&MediaType::OCI_INDEX, &index_of(&bad)),
            want("manifests[0].digest")
        );
        assert_eq!(
            parse(
                &MediaType::OCI_MANIFEST,
                &image_with(&format!(r#","subject":{bad}"#))
            ),
            want("subject.digest")
        );
    }
}
