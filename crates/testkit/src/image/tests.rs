use std::io::Read;

use flate2::read::GzDecoder;
use oci::json::Limits;
use oci::{Digest, Manifest, MediaType, Platform};

use super::{Format, Image, Layer, blob_path};

fn named(image: &Image) -> Vec<Digest> {
    let manifest: serde_json::Value = serde_json::from_slice(&image.manifest).unwrap();
    let layers = manifest["layers"].as_array().cloned().unwrap_or_default();
    let links = [manifest["config"].clone()].into_iter().chain(layers);
    links
        .map(|link| link["digest"].as_str().unwrap().parse().unwrap())
        .collect()
}

#[test]
fn the_same_calls_yield_the_same_bytes() {
    let image = || {
        let layer = Layer::noise(7, 5000).folder("a", 0o755).link("a/b", "../c");
        Image::builder()
            .layer(&layer)
            .label("k", "v")
            .annotation("n", "w")
            .build()
    };
    assert_eq!(image(), image());
    assert_ne!(Image::sample(1).digest, Image::sample(2).digest);
}

#[test]
fn manifests_name_exactly_their_blobs() {
    let layer = Layer::sample(1);
    let plain = Image::builder()
        .layer(&layer)
        .layer(&Layer::sample(2))
        .build();
    let docker = Image::builder()
        .format(Format::Docker)
        .layer(&layer)
        .build();
    let artifact = Image::artifact("application/x-test")
        .file("text/plain", "a")
        .build();
    for image in [plain, docker, artifact] {
        let held: Vec<_> = image.blobs.iter().map(|(digest, _)| *digest).collect();
        assert_eq!(named(&image), held);
        assert_eq!(Digest::sha256(&image.manifest), image.digest);
        for (digest, data) in &image.blobs {
            assert_eq!(Digest::sha256(data), *digest);
        }
    }
}

#[test]
fn an_artifact_without_files_names_the_empty_object_once_in_its_blobs() {
    let subject = Image::sample(1);
    let artifact = Image::artifact("application/x-test")
        .subject(&subject)
        .build();
    assert_eq!(
        artifact.blobs,
        [(Digest::sha256(b"{}"), bytes::Bytes::from_static(b"{}"))]
    );
    let manifest: serde_json::Value = serde_json::from_slice(&artifact.manifest).unwrap();
    assert_eq!(manifest["subject"]["digest"], subject.digest.to_string());
    assert_eq!(manifest["subject"].as_object().unwrap().len(), 3);
    assert_eq!(manifest["artifactType"], "application/x-test");
}

#[test]
fn configs_name_the_layers_before_compression() {
    let image = Image::builder()
        .layer(&Layer::new().file("etc/x", 0o600, "hello"))
        .build();
    let config: serde_json::Value = serde_json::from_slice(&image.blobs[0].1).unwrap();
    let mut tar = Vec::new();
    GzDecoder::new(image.blobs[1].1.as_ref())
        .read_to_end(&mut tar)
        .unwrap();
    assert_eq!(
        config["rootfs"]["diff_ids"][0],
        Digest::sha256(&tar).to_string()
    );
    let mut archive = tar::Archive::new(tar.as_slice());
    let mut entry = archive.entries().unwrap().next().unwrap().unwrap();
    let mut content = String::new();
    entry.read_to_string(&mut content).unwrap();
    assert_eq!(
        (entry.path().unwrap().to_str(), content.as_str()),
        (Some("etc/x"), "hello")
    );
    assert_eq!(entry.header().mode().unwrap(), 0o600);
}

#[test]
fn indexes_describe_their_children() {
    let windows = Platform {
        architecture: "amd64".to_owned(),
        os: "windows".to_owned(),
        os_version: Some("10.0.1".to_owned()),
        ..Platform::default()
    };
    let child = Image::builder().platform(windows.clone()).build();
    let inner = Image::index().child(&child).build();
    let outer = Image::index()
        .format(Format::Docker)
        .child(&inner)
        .child(&child)
        .build();
    assert_eq!(outer.media_type, MediaType::DOCKER_LIST);
    assert_eq!(inner.descriptor().platform, None);
    assert_eq!(child.descriptor().platform, Some(windows));
    let order: Vec<_> = outer
        .manifests()
        .iter()
        .map(|manifest| manifest.digest)
        .collect();
    assert_eq!(
        order,
        [child.digest, inner.digest, child.digest, outer.digest]
    );
}

#[test]
fn what_is_built_passes_the_registry_s_own_reading() {
    let image = Image::sample(1);
    let docker = Image::builder()
        .format(Format::Docker)
        .layer(&Layer::sample(2))
        .build();
    let about = Image::artifact("application/x-test")
        .subject(&image)
        .build();
    let index = Image::index().child(&image).child(&about).build();
    for manifest in [&image, &docker, &about, &index] {
        let read = Manifest::parse(
            &manifest.media_type,
            manifest.manifest.clone(),
            Limits::default(),
        );
        assert!(read.is_ok(), "{read:?}");
    }
}

#[test]
fn layouts_hold_every_blob_once_under_its_digest() {
    let folder = tempfile::tempdir().unwrap();
    let index = Image::index()
        .child(&Image::sample(1))
        .child(&Image::sample(2))
        .build();
    index
        .write_layout(folder.path(), &"v1".parse().unwrap())
        .unwrap();
    let mut files = 0;
    for entry in std::fs::read_dir(folder.path().join("blobs/sha256")).unwrap() {
        let path = entry.unwrap().path();
        let mut data = Vec::new();
        std::fs::File::open(&path)
            .unwrap()
            .read_to_end(&mut data)
            .unwrap();
        assert_eq!(blob_path(folder.path(), &Digest::sha256(&data)), path);
        files += 1;
    }
    // a config, a layer and a manifest for each child, and the index
    assert_eq!(files, 7);
}
