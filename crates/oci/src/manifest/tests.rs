use std::fmt::Write as _;

use proptest::prelude::*;

use super::*;
use crate::digest::Digest;
use crate::json::JsonError;

mod schema;

const DIGEST: &str = "sha256:44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a";
const CONFIG: &str = "application/vnd.oci.image.config.v1+json";
const LAYER: &str = "application/vnd.oci.image.layer.v1.tar+gzip";
const CACHE: &str = "application/vnd.buildkit.cacheconfig.v0";

fn parse(media_type: &MediaType, text: &str) -> Result<Manifest, ManifestError> {
    let raw = Bytes::copy_from_slice(text.as_bytes());
    let manifest = Manifest::parse(media_type, raw, Limits::MANIFEST)?;
    assert_eq!(manifest.raw(), text.as_bytes());
    assert_eq!(manifest.media_type(), media_type);
    agree(&manifest);
    Ok(manifest)
}

/// Compares the view with what another reader of the specification sees.
fn agree(manifest: &Manifest) {
    let links = |found: &[oci_spec::image::Descriptor]| -> Vec<(String, u64)> {
        let link = |it: &oci_spec::image::Descriptor| (it.digest().to_string(), it.size());
        found.iter().map(link).collect()
    };
    let ours = |found: &[Descriptor]| -> Vec<(String, u64)> {
        let link = |it: &Descriptor| (it.digest.to_string(), it.size);
        found.iter().map(link).collect()
    };
    match manifest.kind() {
        ManifestKind::Image => {
            let other = oci_spec::image::ImageManifest::from_reader(&manifest.raw()[..]).unwrap();
            let config = manifest.config().unwrap();
            assert_eq!(ours(manifest.layers()), links(other.layers()));
            assert_eq!(
                config.media_type.as_str(),
                other.config().media_type().as_ref()
            );
            assert_eq!(manifest.subject().is_some(), other.subject().is_some());
        }
        ManifestKind::Index => {
            let other = oci_spec::image::ImageIndex::from_reader(&manifest.raw()[..]).unwrap();
            assert_eq!(ours(manifest.manifests()), links(other.manifests()));
            assert_eq!(manifest.subject().is_some(), other.subject().is_some());
        }
    }
}

fn link(media_type: &str) -> String {
    format!(r#"{{"mediaType":"{media_type}","size":2,"digest":"{DIGEST}"}}"#)
}

/// Writes an image whose members are `more` and these: version, config and one layer.
fn image_with(more: &str) -> String {
    let (config, layer) = (link(CONFIG), link(LAYER));
    format!(r#"{{"schemaVersion":2,"config":{config},"layers":[{layer}]{more}}}"#)
}

fn index_of(entries: &str) -> String {
    format!(r#"{{"schemaVersion":2,"manifests":[{entries}]}}"#)
}

/// Says what is wrong at a place.
fn schema<T>(path: &str, reason: &str) -> Result<T, ManifestError> {
    Err(ManifestError::Schema {
        path: path.to_owned(),
        reason: reason.to_owned(),
    })
}

#[test]
fn an_image_is_seen_whole() {
    let text = image_with(&format!(
        r#","mediaType":"application/vnd.oci.image.manifest.v1+json","x-unknown":[{{}}],
        "subject":{},"annotations":{{"b":"2","a":"1"}}"#,
        link("application/vnd.oci.image.index.v1+json"),
    ));
    let manifest = parse(&MediaType::OCI_MANIFEST, &text).unwrap();
    let digest: Digest = DIGEST.parse().unwrap();
    assert_eq!(manifest.kind(), ManifestKind::Image);
    assert_eq!(
        manifest.config(),
        Some(&Descriptor::new(MediaType::OCI_CONFIG, digest, 2))
    );
    let layer = Descriptor::new(MediaType::OCI_LAYER_GZIP, digest, 2);
    assert_eq!(manifest.layers(), std::slice::from_ref(&layer));
    assert_eq!(manifest.blobs().count(), 2);
    assert_eq!(manifest.children().count(), 0);
    assert_eq!(manifest.manifests(), []);
    let subject = manifest.subject().unwrap();
    assert_eq!(subject.media_type, MediaType::OCI_INDEX);
    let notes: Vec<_> = manifest.annotations().iter().collect();
    assert_eq!(notes.len(), 2);
    assert!(!format!("{manifest:?}").contains("x-unknown"));
}

#[test]
fn case_a21_one_body_is_not_two_manifests() {
    let ambiguous = |field| Err(ManifestError::Ambiguous { field });
    for value in ["[]", "null", "{}"] {
        let text = image_with(&format!(r#","manifests":{value}"#));
        assert_eq!(
            parse(&MediaType::OCI_MANIFEST, &text),
            ambiguous("manifests")
        );
        assert_eq!(parse(&MediaType::OCI_INDEX, &text), ambiguous("config"));
        let text = format!(r#"{{"schemaVersion":2,"manifests":[],"layers":{value}}}"#);
        assert_eq!(parse(&MediaType::OCI_INDEX, &text), ambiguous("layers"));
    }
}

#[test]
fn case_a21_body_type_must_be_that_of_the_request() {
    let types = [
        MediaType::OCI_MANIFEST,
        MediaType::DOCKER_MANIFEST,
        MediaType::OCI_INDEX,
        MediaType::DOCKER_LIST,
    ];
    for given in &types {
        for body in &types {
            let field = format!(r#""mediaType":"{body}","#);
            let text = match given.manifest_kind() {
                Some(ManifestKind::Image) => image_with(""),
                _ => index_of(""),
            };
            let found = parse(given, &text.replacen('{', &format!("{{{field}"), 1));
            if given == body {
                assert!(found.is_ok(), "{given} {found:?}");
                continue;
            }
            let want = ManifestError::TypeMismatch {
                given: given.clone(),
                body: body.to_string(),
            };
            assert_eq!(found, Err(want));
        }
    }
}

#[test]
fn case_a21_keys_are_not_repeated() {
    let twice = image_with(r#","layers":[]"#);
    let nested = image_with(r#","x":{"\u0061":1,"a":2}"#);
    for text in [twice, nested] {
        let found = parse(&MediaType::OCI_MANIFEST, &text);
        let want = matches!(
            found,
            Err(ManifestError::Json(JsonError::DuplicateKey { .. }))
        );
        assert!(want, "{found:?}");
    }
}

#[test]
fn docker_manifests_must_name_their_type() {
    for value in ["", r#","mediaType":null"#] {
        assert_eq!(
            parse(&MediaType::DOCKER_MANIFEST, &image_with(value)),
            schema("mediaType", "is required")
        );
        assert!(parse(&MediaType::OCI_MANIFEST, &image_with(value)).is_ok());
    }
}

#[test]
fn case_b68_schema_1_is_refused_with_a_reason() {
    let body = r#"{"schemaVersion":1,"name":"a","tag":"b","fsLayers":[],"signatures":[]}"#;
    for media_type in [
        MediaType::DOCKER_SCHEMA1,
        MediaType::DOCKER_SCHEMA1_SIGNED,
        MediaType::DOCKER_MANIFEST,
        MediaType::OCI_MANIFEST,
    ] {
        let error = parse(&media_type, body).unwrap_err();
        assert_eq!(error, ManifestError::Schema1);
        assert!(error.to_string().contains("schema 1"));
    }
}

#[test]
fn case_b68_a_layer_may_be_listed_many_times() {
    let layers = [link(LAYER), link(LAYER), link(LAYER), link(LAYER)].join(",");
    let config = link(CONFIG);
    let text = format!(r#"{{"schemaVersion":2,"config":{config},"layers":[{layers}]}}"#);
    let manifest = parse(&MediaType::OCI_MANIFEST, &text).unwrap();
    assert_eq!(manifest.layers().len(), 4);
    assert_eq!(manifest.required_blobs().count(), 5);
}

#[test]
fn other_types_are_refused() {
    let long = format!("a/{}", "b".repeat(100_000));
    for text in ["application/json", "", LAYER, &long] {
        let error = parse(&MediaType::new(text), &image_with("")).unwrap_err();
        assert!(matches!(error, ManifestError::UnknownType(_)), "{error:?}");
        assert!(error.to_string().len() < 300);
    }
}

/// Writes a manifest of exactly `size` bytes, most of them annotations of a layer.
fn of_size(size: usize) -> String {
    let mut notes = String::new();
    while notes.len() + 600 < size {
        let _infallible = write!(notes, r#","k{}":"{}""#, notes.len(), "v\\n".repeat(50));
    }
    let head = image_with("");
    let mut text = head.replace(
        "\"layers\"",
        &format!("\"x\":{{\"a\":0{notes}}},\"layers\""),
    );
    let padding = " ".repeat(size - text.len());
    text.push_str(&padding);
    text
}

#[test]
fn case_b71_large_manifests_are_read_up_to_the_limit() {
    let mib = 1024 * 1024;
    for size in [mib, 4 * mib - mib / 10, 4 * mib] {
        let manifest = parse(&MediaType::OCI_MANIFEST, &of_size(size)).unwrap();
        assert_eq!(manifest.raw().len(), size);
    }
    for size in [4 * mib + 1, 4 * mib + mib / 10] {
        assert_eq!(
            parse(&MediaType::OCI_MANIFEST, &of_size(size)),
            Err(ManifestError::Json(JsonError::TooLarge { limit: 4 * mib }))
        );
    }
}

#[test]
fn case_b72_build_caches_are_indexes_of_layers() {
    let entries = [link(LAYER), link(LAYER), link(CACHE)].join(",");
    for media_type in [MediaType::OCI_INDEX, MediaType::DOCKER_LIST] {
        let text =
            format!(r#"{{"schemaVersion":2,"mediaType":"{media_type}","manifests":[{entries}]}}"#);
        let manifest = parse(&media_type, &text).unwrap();
        assert_eq!(manifest.children().count(), 3);
        assert_eq!(manifest.blobs().count(), 0);
        let last = manifest.children().last().unwrap();
        assert_eq!(last.media_type.as_str(), CACHE);
        assert_eq!(last.media_type.manifest_kind(), None);
    }
}

#[test]
fn case_b72_build_caches_are_images_with_a_private_config() {
    let text = image_with("").replace(CONFIG, CACHE);
    let manifest = parse(&MediaType::OCI_MANIFEST, &text).unwrap();
    assert_eq!(manifest.config().unwrap().media_type.as_str(), CACHE);
    assert_eq!(manifest.required_blobs().count(), 2);
}

#[test]
fn case_b86_artifact_type_is_the_field_or_the_type_of_the_config() {
    let empty = "application/vnd.oci.empty.v1+json";
    let with_config = |config: &str, more: &str| image_with(more).replace(CONFIG, config);
    let field = r#","artifactType":"a/field""#;
    let image = &MediaType::OCI_MANIFEST;
    let index = &MediaType::OCI_INDEX;
    let table = [
        (image, with_config("a/config", field), Some("a/field")),
        (image, with_config("a/config", ""), Some("a/config")),
        (
            image,
            with_config("a/config", r#","artifactType":"""#),
            Some("a/config"),
        ),
        (
            image,
            with_config("a/config", r#","artifactType":null"#),
            Some("a/config"),
        ),
        (image, with_config(empty, field), Some("a/field")),
        (image, with_config(empty, ""), Some(empty)),
        (
            index,
            index_of("").replace("]}", &format!("]{field}}}")),
            Some("a/field"),
        ),
        (index, index_of(""), None),
    ];
    for (media_type, text, want) in table {
        // The other reader wants a type that is not empty.
        let raw = Bytes::from(text.clone());
        let manifest = Manifest::parse(media_type, raw, Limits::MANIFEST).unwrap();
        assert_eq!(manifest.artifact_type(), want, "{text}");
    }
}

#[test]
fn layers_from_elsewhere_are_not_required() {
    let foreign = [
        "application/vnd.oci.image.layer.nondistributable.v1.tar",
        "application/vnd.oci.image.layer.nondistributable.v1.tar+gzip",
        "application/vnd.oci.image.layer.nondistributable.v1.tar+zstd",
        "application/vnd.docker.image.rootfs.foreign.diff.tar.gzip",
    ];
    for media_type in foreign {
        let text = image_with("").replace(LAYER, media_type);
        let manifest = parse(&MediaType::OCI_MANIFEST, &text).unwrap();
        assert_eq!(manifest.blobs().count(), 2, "{media_type}");
        let required: Vec<_> = manifest.required_blobs().collect();
        assert_eq!(required, [manifest.config().unwrap()], "{media_type}");
    }
}

#[test]
fn case_b49_windows_platforms_survive() {
    let entry = link("application/vnd.oci.image.manifest.v1+json").replace(
        '}',
        r#","platform":{"architecture":"amd64","os":"windows","os.version":"10.0.14393.1066",
        "os.features":["win32k"],"variant":null}}"#,
    );
    let manifest = parse(&MediaType::OCI_INDEX, &index_of(&entry)).unwrap();
    let platform = manifest.manifests()[0].platform.as_ref().unwrap();
    assert_eq!(platform.os_version.as_deref(), Some("10.0.14393.1066"));
    assert_eq!(platform.os_features, ["win32k"]);
    let json = serde_json::to_string(platform).unwrap();
    let want = r#"{"architecture":"amd64","os":"windows","os.version":"10.0.14393.1066","os.features":["win32k"]}"#;
    assert_eq!(json, want);
}

#[test]
fn optional_fields_may_be_null() {
    let nulls = r#","annotations":null,"subject":null,"artifactType":null,"mediaType":null"#;
    let manifest = parse(&MediaType::OCI_MANIFEST, &image_with(nulls)).unwrap();
    assert!(manifest.annotations().is_empty());
    assert_eq!(manifest.subject(), None);
    let entry = link(LAYER).replace(
        '}',
        r#","annotations":null,"platform":null,"artifactType":null,"urls":null}"#,
    );
    let manifest = parse(&MediaType::OCI_INDEX, &index_of(&entry)).unwrap();
    assert_eq!(manifest.manifests()[0].annotations, None);
}

#[test]
fn errors_quote_little_of_the_body() {
    let long = "x".repeat(100_000);
    let texts = [
        image_with(&format!(r#","mediaType":"{long}""#)),
        image_with("").replace(":2,", &format!(":\"{long}\",")),
        image_with("").replace(DIGEST, &long),
        image_with("").replace(LAYER, &long),
        image_with(&format!(r#","annotations":"{long}""#)),
    ];
    for text in texts {
        let message = parse(&MediaType::OCI_MANIFEST, &text)
            .unwrap_err()
            .to_string();
        assert!(message.len() < 400, "{message}");
    }
}

proptest! {
    #[test]
    fn never_panics(raw in proptest::collection::vec(any::<u8>(), 0..200)) {
        for media_type in MediaType::KNOWN {
            let _ = Manifest::parse(media_type, Bytes::from(raw.clone()), Limits::MANIFEST);
        }
    }

    #[test]
    fn damage_is_survived(at in any::<prop::sample::Index>(), byte in any::<u8>(), cut in any::<bool>()) {
        let mut raw = image_with(r#","subject":{},"annotations":{"a":"b"}"#).into_bytes();
        let at = at.index(raw.len());
        if cut { raw.truncate(at) } else { raw[at] = byte }
        if let Ok(manifest) = Manifest::parse(&MediaType::OCI_MANIFEST, raw.clone().into(), Limits::MANIFEST) {
            prop_assert_eq!(&manifest.raw()[..], &raw[..]);
            prop_assert!(manifest.config().is_some());
        }
    }
}
