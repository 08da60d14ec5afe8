//! Lists, page by page: tags, repositories, referrers.

use std::sync::Arc;

use meta::{Action, Rights};
use oci::{Descriptor, Digest, MediaType, RepoName, Tag};
use registry::{Error, PutManifest, ReferrersQuery};
use serde_json::json;

use crate::ground::{Kind, World, repo};
use crate::image::{
    CONFIG, by_digest, by_tag, bytes, descriptor, image, image_value, referrer, request, tag,
};

const BOTH: [Kind; 2] = [Kind::Disk, Kind::Memory];

#[tokio::test]
async fn tags_page_by_page() {
    for kind in BOTH {
        let world = World::on(kind);
        let name = repo("a");
        let raw = world.push(&name, "b", &[]).await.unwrap();
        for tag in ["B", "a", "a.1", "a-1", "c", "1"] {
            world.put(&name, by_tag(tag), &raw).await.unwrap();
        }
        // Neighbours do not mix.
        world.push(&repo("a/b"), "x", &[]).await.unwrap();
        world.push(&repo("a-b"), "x", &[]).await.unwrap();
        let all = ["1", "B", "a", "a-1", "a.1", "b", "c"];
        for (after, limit, expected, more) in [
            (None, 100, &all[..], false),
            (None, 7, &all[..], false),
            (None, 6, &all[..6], true),
            (None, 1, &all[..1], true),
            (None, 0, &[], true),
            (None, usize::MAX, &all[..], false),
            (Some("1"), 2, &all[1..3], true),
            (Some("a"), 100, &all[3..], false),
            (Some("a0 not there"), 100, &all[5..], false),
            (Some(""), 100, &all[..], false),
            (Some("c"), 100, &[], false),
            (Some("zzz"), 1, &[], false),
        ] {
            let page = world.registry.list_tags(&name, after, limit).await.unwrap();
            let tags: Vec<_> = page.items.iter().map(Tag::as_str).collect();
            assert_eq!(
                (&tags[..], page.more),
                (expected, more),
                "{after:?} {limit}"
            );
        }
        let unknown = world.registry.list_tags(&repo("b"), None, 1).await;
        assert!(matches!(unknown, Err(Error::RepoUnknown(_))));
        assert!(world.registry.tag_exists(&name, &tag("a")).await.unwrap());
        assert!(!world.registry.tag_exists(&name, &tag("z")).await.unwrap());
        assert!(
            !world
                .registry
                .tag_exists(&repo("b"), &tag("a"))
                .await
                .unwrap()
        );
    }
}

/// Lets one see only repositories that start with a text.
#[derive(Debug)]
struct StartWith(&'static str);

impl meta::Rule for StartWith {
    fn allows(&self, repo: &RepoName, action: Action) -> bool {
        action == Action::Read && repo.as_str().starts_with(self.0)
    }
}

#[tokio::test]
async fn case_a33_repositories_page_by_page_and_only_those_one_may_read() {
    let world = World::on(Kind::Memory);
    for name in ["a", "a/b", "b", "b/c", "c"] {
        world.put_blob(&repo(name), b"x").await.unwrap();
    }
    for number in 0..1200 {
        world
            .put_blob(&repo(&format!("m/n{number}")), b"x")
            .await
            .unwrap();
    }
    let everything = Rights::everything();
    let only = |start| Rights::by(Arc::new(StartWith(start)));
    let cases = [
        (&everything, None, 3, vec!["a", "a/b", "b"], true),
        (&everything, Some("b/c"), 1, vec!["c"], true),
        (&everything, Some("a/zzz"), 1, vec!["b"], true),
        (&everything, None, 0, vec![], true),
        (&only("b"), None, 2, vec!["b", "b/c"], false),
        (&only("b"), None, 1, vec!["b"], true),
        (&only("m/n999"), None, 5, vec!["m/n999"], false),
        (&only("nothing"), None, 5, vec![], false),
    ];
    for (rights, after, limit, expected, more) in cases {
        let page = world
            .registry
            .list_repos(rights, after, limit)
            .await
            .unwrap();
        let names: Vec<_> = page.items.iter().map(RepoName::as_str).collect();
        assert_eq!((names, page.more), (expected, more), "{after:?} {limit}");
    }
}

async fn pages(
    world: &World,
    name: &RepoName,
    subject: &Digest,
    filter: &[String],
    limit: usize,
) -> Vec<Descriptor> {
    let mut all: Vec<Descriptor> = Vec::new();
    loop {
        let after = all.last().map(|entry| entry.digest);
        let query = ReferrersQuery {
            subject,
            filter,
            after: after.as_ref(),
            limit,
        };
        let page = world.registry.list_referrers(name, query).await.unwrap();
        assert!(page.items.len() <= limit);
        assert!(!page.items.is_empty() || !page.more, "a page brings one on");
        all.extend(page.items);
        if !page.more {
            return all;
        }
    }
}

#[tokio::test]
async fn referrers_page_by_page_with_what_the_fallback_tag_lists() {
    for kind in BOTH {
        let world = World::on(kind);
        let name = repo("a");
        let subject = world.push(&name, "t", &[]).await.unwrap();
        let subject = descriptor(&MediaType::OCI_MANIFEST, &subject);
        let mut expected = Vec::new();
        for number in 0..50 {
            let kind = if number % 2 == 0 { "a/even" } else { "a/odd" };
            let raw = referrer(&subject, kind, &number.to_string());
            world.put(&name, by_digest(&raw), &raw).await.unwrap();
            // A tag does not make it appear twice.
            world
                .put(&name, by_tag(&format!("n{number}")), &raw)
                .await
                .unwrap();
            expected.push(Digest::sha256(&raw));
        }
        // Clients without the API list theirs under a tag; two are here, one is not, one has a row.
        let mut listed = Vec::new();
        for layer in [&b"x"[..], b"y"] {
            let raw = world.push(&name, "hidden", &[layer]).await.unwrap();
            listed.push(descriptor(&MediaType::OCI_MANIFEST, &raw));
            expected.push(Digest::sha256(&raw));
        }
        listed.push(descriptor(&MediaType::OCI_MANIFEST, &image(&[b"not here"])));
        let with_row = referrer(&subject, "a/even", "0");
        listed.push(descriptor(&MediaType::OCI_MANIFEST, &with_row));
        for entry in &mut listed {
            entry.artifact_type = Some("a/odd".to_owned());
        }
        let fallback = bytes(&json!({
            "schemaVersion": 2,
            "mediaType": MediaType::OCI_INDEX.as_str(),
            "manifests": listed,
        }));
        let push = PutManifest {
            reference: oci::Reference::Tag(Tag::of_referrers(&subject.digest)),
            ..request(by_tag("x"), &fallback)
        };
        world.registry.put_manifest(&name, push).await.unwrap();
        expected.sort_by_key(Digest::to_hex);
        for limit in [1, 2, 7, 16, 17, 51, 52, 53, 1000] {
            let all = pages(&world, &name, &subject.digest, &[], limit).await;
            let digests: Vec<_> = all.iter().map(|entry| entry.digest).collect();
            assert_eq!(digests, expected, "{limit}");
            for (filter, count) in [("a/even", 25), ("a/odd", 27), ("a/none", 0)] {
                let filter = [filter.to_owned()];
                let some = pages(&world, &name, &subject.digest, &filter, limit).await;
                assert_eq!(some.len(), count, "{filter:?} {limit}");
            }
        }
        let even = pages(&world, &name, &subject.digest, &["a/even".to_owned()], 100).await;
        assert!(
            even.iter()
                .all(|it| it.annotations.as_ref().unwrap().contains_key("note"))
        );
        let nobody = Digest::sha256(b"nobody");
        assert_eq!(pages(&world, &name, &nobody, &[], 10).await, []);
        assert_eq!(pages(&world, &repo("b"), &nobody, &[], 10).await, []);
    }
}

#[tokio::test]
async fn case_b85_a_referrer_may_come_before_its_subject() {
    let world = World::on(Kind::Disk);
    let name = repo("a");
    let subject = image(&[b"subject"]);
    let about = descriptor(&MediaType::OCI_MANIFEST, &subject);
    world.put_blob(&name, CONFIG).await.unwrap();
    let note = referrer(&about, "a/note", "x");
    let outcome = world.put(&name, by_digest(&note), &note).await.unwrap();
    assert_eq!(outcome.subject, Some(about.digest));
    assert_eq!(pages(&world, &name, &about.digest, &[], 10).await.len(), 1);
    world.push(&name, "t", &[b"subject"]).await.unwrap();
    assert_eq!(pages(&world, &name, &about.digest, &[], 10).await.len(), 1);
    world.delete(&name, &by_digest(&note)).await.unwrap();
    assert_eq!(pages(&world, &name, &about.digest, &[], 10).await, []);
}

#[tokio::test]
async fn case_b86_artifact_types_of_referrers() {
    let world = World::on(Kind::Disk);
    let name = repo("a");
    world.put_blob(&name, CONFIG).await.unwrap();
    let subject = descriptor(&MediaType::OCI_MANIFEST, b"subject");
    let mut with_type = image_value(&[]);
    with_type["artifactType"] = "a/own".into();
    let mut by_config = image_value(&[]);
    by_config["config"] = json!(descriptor(&MediaType::new("a/config"), CONFIG));
    let of_index = json!({
        "schemaVersion": 2,
        "mediaType": MediaType::OCI_INDEX.as_str(),
        "artifactType": "a/index",
        "manifests": [],
    });
    for (mut value, kind) in [
        (with_type, "a/own"),
        (by_config, "a/config"),
        (of_index, "a/index"),
    ] {
        value["subject"] = json!(subject);
        let raw = bytes(&value);
        world.put(&name, by_digest(&raw), &raw).await.unwrap();
        let filter = [kind.to_owned(), "a/other".to_owned()];
        let found = pages(&world, &name, &subject.digest, &filter, 10).await;
        assert_eq!(found.len(), 1, "{kind}");
        assert_eq!(found[0].digest, Digest::sha256(&raw));
        assert_eq!(found[0].artifact_type.as_deref(), Some(kind));
    }
}

/// However large the annotations are, a page is not.
#[tokio::test]
async fn case_a41_pages_of_referrers_are_bounded_by_bytes() {
    let world = World::on(Kind::Memory);
    let name = repo("a");
    world.put_blob(&name, CONFIG).await.unwrap();
    let subject = descriptor(&MediaType::OCI_MANIFEST, b"subject");
    for number in 0..40 {
        let raw = referrer(
            &subject,
            "a/big",
            &format!("{number}{}", "x".repeat(1 << 20)),
        );
        world.put(&name, by_digest(&raw), &raw).await.unwrap();
    }
    let query = ReferrersQuery {
        subject: &subject.digest,
        filter: &[],
        after: None,
        limit: 1000,
    };
    let page = world.registry.list_referrers(&name, query).await.unwrap();
    assert!(page.more && page.items.len() < 20, "{}", page.items.len());
    assert_eq!(
        pages(&world, &name, &subject.digest, &[], 1000).await.len(),
        40
    );
}
