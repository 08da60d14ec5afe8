use bytes::Bytes;

use super::*;
use crate::tag::Tag;

const CONFIG: &str = r#"{"mediaType":"a/config","size":2,"digest":"sha256:44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a"}"#;

fn manifest(media_type: &MediaType, members: &str) -> Manifest {
    let text = format!(r#"{{"schemaVersion":2,{members}}}"#);
    Manifest::parse(media_type, Bytes::from(text), Limits::MANIFEST).unwrap()
}

fn described(manifest: &Manifest) -> Descriptor {
    entry(manifest, Digest::sha256(manifest.raw()))
}

#[test]
fn case_b86_entries_carry_type_and_annotations() {
    let image = |more: &str| {
        let members = format!(r#""config":{CONFIG},"layers":[]{more}"#);
        described(&manifest(&MediaType::OCI_MANIFEST, &members))
    };
    let with_field = image(r#","artifactType":"a/field","annotations":{"k":"v"}"#);
    assert_eq!(with_field.artifact_type.as_deref(), Some("a/field"));
    let notes = with_field.annotations.unwrap();
    assert_eq!(notes.get("k").map(String::as_str), Some("v"));
    assert_eq!(notes.len(), 1);

    let with_config = image("");
    assert_eq!(with_config.artifact_type.as_deref(), Some("a/config"));
    assert_eq!(with_config.annotations, None);

    let index = manifest(
        &MediaType::OCI_INDEX,
        r#""manifests":[],"artifactType":"a/index""#,
    );
    let index = described(&index);
    assert_eq!(index.artifact_type.as_deref(), Some("a/index"));
    assert_eq!(index.media_type, MediaType::OCI_INDEX);
    assert_eq!(index.size, 59);
}

#[test]
fn body_is_an_index() {
    let empty = concat!(
        r#"{"schemaVersion":2,"mediaType":"application/vnd.oci.image.index.v1+json","#,
        r#""manifests":[]}"#
    );
    assert_eq!(to_body([]), empty.as_bytes());
    let index = manifest(
        &MediaType::OCI_INDEX,
        r#""manifests":[],"artifactType":"a/index","annotations":{"k":"v"}"#,
    );
    let entries = [described(&index), described(&index)];
    let body = to_body(&entries);
    let read = Manifest::parse(&MediaType::OCI_INDEX, body.clone().into(), Limits::MANIFEST);
    assert_eq!(read.unwrap().manifests(), entries);
    let (entries_again, skipped) = parse_fallback(&body, Limits::MANIFEST).unwrap();
    assert_eq!(entries_again, entries);
    assert_eq!(skipped, []);
    assert!(oci_spec::image::ImageIndex::from_reader(&body[..]).is_ok());
}

#[test]
fn fallback_lists_are_bounded_and_sound() {
    let parse = |text: &str| parse_fallback(text.as_bytes(), Limits::MANIFEST);
    let table = [
        ("", false),
        ("[]", true),
        (r#"{"manifests":[],"\u006danifests":[]}"#, false),
        (r#"{"manifests":5}"#, true),
    ];
    for (text, is_json) in table {
        let is_index_fault = matches!(parse(text), Err(FallbackError::Index(_)));
        let is_json_fault = matches!(parse(text), Err(FallbackError::Json(_)));
        assert_eq!(
            (is_index_fault, is_json_fault),
            (is_json, !is_json),
            "{text}"
        );
    }
    let (entries, skipped) = parse(r#"{"manifests":[{}]}"#).unwrap();
    assert_eq!((entries.len(), skipped.len()), (0, 1));
    let tag = Tag::of_referrers(&Digest::sha256(b""));
    assert!(tag.is_of_referrers());
}
