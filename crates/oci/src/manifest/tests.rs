use super::*;

const DIGEST: &str = "sha256:44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a";

fn parse(media_type: &MediaType, text: &str) -> Result<Manifest, ManifestError> {
    let raw = Bytes::copy_from_slice(text.as_bytes());
    Manifest::parse(media_type, raw, Limits::MANIFEST)
}

fn link(media_type: &str) -> String {
    format!(r#"{{"mediaType":"{media_type}","size":2,"digest":"{DIGEST}"}}"#)
}

#[test]
fn case_a21_one_body_is_not_two_manifests() {
    let text = format!(
        r#"{{"schemaVersion":2,"config":{0},"layers":[],"manifests":[]}}"#,
        link("application/vnd.oci.image.config.v1+json")
    );
    assert_eq!(
        parse(&MediaType::OCI_MANIFEST, &text),
        Err(ManifestError::Ambiguous { field: "manifests" })
    );
    assert_eq!(
        parse(&MediaType::OCI_INDEX, &text),
        Err(ManifestError::Ambiguous { field: "config" })
    );
}
