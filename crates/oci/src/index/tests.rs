use proptest::prelude::*;

use super::*;
use crate::digest::Digest;
use crate::platform::Platform;
use crate::tag::Tag;

const MAX: usize = 1 << 30;

fn entry(media_type: MediaType, content: &[u8]) -> Descriptor {
    let size = content.len().try_into().unwrap();
    Descriptor::new(media_type, Digest::sha256(content), size)
}

fn read(text: &str) -> Result<(IndexFile, Vec<SkippedEntry>), IndexError> {
    IndexFile::parse(text.as_bytes(), MAX)
}

#[test]
fn written_exactly_as_the_layout_wants() {
    let tag: Tag = "v1".parse().unwrap();
    let file = IndexFile {
        manifests: vec![
            entry(MediaType::OCI_MANIFEST, b"{}").with_ref_name(&tag),
            entry(MediaType::OCI_INDEX, b"[]"),
        ],
    };
    let want = concat!(
        r#"{"schemaVersion":2,"manifests":["#,
        r#"{"mediaType":"application/vnd.oci.image.manifest.v1+json","#,
        r#""digest":"sha256:44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a","#,
        r#""size":2,"annotations":{"org.opencontainers.image.ref.name":"v1"}},"#,
        r#"{"mediaType":"application/vnd.oci.image.index.v1+json","#,
        r#""digest":"sha256:4f53cda18c2baa0c0354bb5f9a3ecbe5ed12ab4d8e11ba873c2f11161202b945","#,
        r#""size":2}]}"#
    );
    assert_eq!(String::from_utf8(file.to_bytes()).unwrap(), want);
    assert_eq!(read(want), Ok((file, vec![])));
    assert_eq!(
        IndexFile::default().to_bytes(),
        br#"{"schemaVersion":2,"manifests":[]}"#
    );
}

#[test]
fn empty_and_foreign_files_are_read() {
    for text in [
        r#"{"schemaVersion":2,"manifests":null}"#,
        r#"{"schemaVersion":2,"manifests":[]}"#,
        r#"{"schemaVersion":2}"#,
        "{}",
        " {\"manifests\" : [ ] , \"annotations\" : {\"a\":{}} , \"schemaVersion\":\"x\" } \n",
    ] {
        assert_eq!(read(text), Ok((IndexFile::default(), vec![])), "{text}");
    }
}

#[test]
fn one_bad_entry_does_not_spoil_the_file() {
    let good = serde_json::to_string(&entry(MediaType::OCI_MANIFEST, b"x")).unwrap();
    let unknown = good.replace(
        "\"size\"",
        "\"urls\":[],\"data\":\"eA==\",\"x\":{},\"size\"",
    );
    let bad = good.replace("sha256:", "md5:");
    let text = format!(r#"{{"manifests":[{good},{bad},null,{{}},{unknown}]}}"#);
    let (file, skipped) = read(&text).unwrap();
    assert_eq!(
        file.manifests,
        vec![entry(MediaType::OCI_MANIFEST, b"x"); 2]
    );
    let skipped: Vec<_> = skipped
        .iter()
        .map(|entry| (entry.position, entry.reason.as_str()))
        .collect();
    assert_eq!(
        skipped,
        [
            (1, "manifests[1].digest: digest algorithm is not supported"),
            (2, "manifests[2]: must be an object"),
            (3, "manifests[3].mediaType: is required"),
        ]
    );
}

#[test]
fn broken_files_are_refused() {
    let good = IndexFile {
        manifests: vec![entry(MediaType::OCI_MANIFEST, b"x"); 3],
    };
    let bytes = good.to_bytes();
    for length in 0..bytes.len() {
        let found = IndexFile::parse(&bytes[..length], MAX);
        assert!(matches!(found, Err(IndexError::Malformed(_))), "{length}");
    }
    for text in [
        "[]",
        "null",
        r#"{"manifests":{}}"#,
        r#"{"manifests":5}"#,
        r#"{"manifests":[],"manifests":[]}"#,
        "{} {}",
        "{\"\u{1}\":1}",
    ] {
        let found = read(text);
        assert!(matches!(found, Err(IndexError::Malformed(_))), "{text}");
    }
    assert_eq!(
        IndexFile::parse(&bytes, bytes.len() - 1),
        Err(IndexError::TooLarge {
            limit: bytes.len() - 1
        })
    );
}

#[test]
fn entries_are_handed_over_before_the_file_turns_out_broken() {
    let text = IndexFile {
        manifests: vec![entry(MediaType::OCI_MANIFEST, b"x"); 3],
    };
    let mut bytes = text.to_bytes();
    bytes.truncate(bytes.len() - 3);
    let mut count = 0;
    assert!(for_each_entry(&bytes, MAX, |_| count += 1).is_err());
    assert_eq!(count, 2);
}

#[test]
fn entries_are_written_one_by_one() {
    let entries = [
        entry(MediaType::OCI_MANIFEST, b"x"),
        entry(MediaType::OCI_INDEX, b"y"),
    ];
    let mut writer = IndexWriter::new(Vec::new()).unwrap();
    for entry in &entries {
        writer.push(entry).unwrap();
    }
    let written = writer.finish().unwrap();
    let manifests = entries.to_vec();
    assert_eq!(written, IndexFile { manifests }.to_bytes());
}

#[test]
fn a_full_disk_is_reported() {
    let one = entry(MediaType::OCI_MANIFEST, b"x");
    let whole = to_bytes(None, [&one, &one]).len();
    for room in 0..whole {
        let mut disk = vec![0; room];
        let write = |out: &mut [u8]| {
            let mut writer = IndexWriter::new(out)?;
            writer.push(&one)?;
            writer.push(&one)?;
            writer.finish().map(|_| ())
        };
        let error: io::Error = write(&mut disk).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::WriteZero, "{room}");
    }
}

#[test]
fn tags_of_entries() {
    let plain = entry(MediaType::OCI_MANIFEST, b"x");
    assert_eq!(plain.ref_name(), None);
    let tagged = plain.with_ref_name(&Tag::stored("a:b").unwrap());
    assert_eq!(tagged.ref_name(), Some("a:b"));
    let moved = tagged.with_ref_name(&Tag::stored("c").unwrap());
    assert_eq!(moved.ref_name(), Some("c"));
    assert_eq!(moved.annotations.unwrap().len(), 1);
}

#[test]
fn layout_file_is_json() {
    let value: serde_json::Value = serde_json::from_str(LAYOUT_CONTENT).unwrap();
    assert_eq!(value["imageLayoutVersion"], "1.0.0");
}

fn descriptor() -> impl Strategy<Value = Descriptor> {
    let text = || proptest::option::of("\\PC{0,20}");
    let notes = proptest::collection::btree_map("\\PC{1,9}", "\\PC{0,9}", 1..4);
    let platform = (
        "[a-z0-9]{1,6}",
        text(),
        proptest::collection::vec("\\PC{0,9}", 0..3),
    );
    let platform = platform.prop_map(|(os, os_version, os_features)| Platform {
        os,
        os_version,
        os_features,
        ..Platform::default()
    });
    let known = proptest::sample::select(MediaType::KNOWN);
    let link = (known, any::<[u8; 4]>(), 0..=i64::MAX.unsigned_abs());
    let more = (
        proptest::option::of(notes),
        text(),
        proptest::option::of(platform),
    );
    (link, more).prop_map(
        |((media_type, content, size), (notes, artifact, platform))| {
            let mut descriptor = Descriptor::new(media_type, Digest::sha256(&content), size);
            descriptor.annotations = notes;
            descriptor.artifact_type = artifact;
            descriptor.platform = platform;
            descriptor
        },
    )
}

proptest! {
    #[test]
    fn what_is_written_reads_back(manifests in proptest::collection::vec(descriptor(), 0..6)) {
        let file = IndexFile { manifests };
        let bytes = file.to_bytes();
        prop_assert_eq!(IndexFile::parse(&bytes, MAX), Ok((file, vec![])));
        prop_assert!(oci_spec::image::ImageIndex::from_reader(&bytes[..]).is_ok());
    }

    #[test]
    fn never_panics(raw in proptest::collection::vec(any::<u8>(), 0..200), text in "\\PC*") {
        let _ = IndexFile::parse(&raw, MAX);
        let _ = read(&format!(r#"{{"manifests":[{text}]}}"#));
    }
}
