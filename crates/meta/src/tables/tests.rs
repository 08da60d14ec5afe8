use std::collections::BTreeMap;

use oci::MediaType;

use super::*;
use crate::memory::MemoryStore;
use crate::rights::{Action, Rights, Rule};
use crate::rows::{LinkRow, ReferrerRow, Role};

fn meta() -> Meta {
    Meta::new(Arc::new(MemoryStore::new()))
}

fn repo(name: &str) -> RepoName {
    name.parse().unwrap()
}

fn tag(name: &str) -> Tag {
    name.parse().unwrap()
}

fn pointing_to(digest: Digest) -> TagRow {
    TagRow {
        digest,
        media_type: MediaType::OCI_MANIFEST,
        size: 2,
        tagged: 1,
        moved: 1,
    }
}

fn present() -> BlobRow {
    BlobRow::Present {
        size: 1,
        media_type: None,
        checked: 0,
    }
}

struct Under(&'static str);

impl Rule for Under {
    fn allows(&self, repo: &RepoName, action: Action) -> bool {
        action == Action::Read && repo.as_str().starts_with(self.0)
    }
}

#[tokio::test]
async fn tags_and_targets_stay_in_step() {
    let (meta, app) = (meta(), repo("app"));
    let (one, two) = (Digest::sha256(b"1"), Digest::sha256(b"2"));
    let mut edit = Edit::durable();
    edit.move_tag(&app, &tag("b"), None, &pointing_to(one))
        .move_tag(&app, &tag("a"), None, &pointing_to(one))
        .move_tag(&repo("app2"), &tag("c"), None, &pointing_to(one));
    meta.write(edit).await.unwrap();
    assert_eq!(
        meta.targets(&app, &one, 9).await.unwrap(),
        [tag("a"), tag("b")]
    );

    let mut edit = Edit::relaxed();
    edit.move_tag(&app, &tag("a"), Some(&pointing_to(one)), &pointing_to(two))
        .move_tag(&app, &tag("b"), Some(&pointing_to(one)), &pointing_to(one));
    meta.write(edit).await.unwrap();
    assert_eq!(meta.targets(&app, &one, 9).await.unwrap(), [tag("b")]);
    assert_eq!(meta.targets(&app, &two, 9).await.unwrap(), [tag("a")]);

    let mut edit = Edit::durable();
    edit.delete_tag(&app, &tag("a"), &pointing_to(two));
    meta.write(edit).await.unwrap();
    assert!(meta.targets(&app, &two, 9).await.unwrap().is_empty());
    let tags = meta.tags(&app, None, 9).await.unwrap();
    assert_eq!(tags, [(tag("b"), pointing_to(one))]);
}

#[tokio::test]
async fn tags_are_paged_by_name() {
    let (meta, app) = (meta(), repo("app"));
    let row = pointing_to(Digest::sha256(b""));
    let mut edit = Edit::durable();
    for name in ["v10", "v1", "v2", "V3"] {
        edit.move_tag(&app, &tag(name), None, &row);
    }
    meta.write(edit).await.unwrap();
    let names = async |after, limit| -> Vec<String> {
        let tags = meta.tags(&app, after, limit).await.unwrap();
        tags.iter().map(|(tag, _)| tag.to_string()).collect()
    };
    assert_eq!(names(None, 9).await, ["V3", "v1", "v10", "v2"]);
    assert_eq!(names(Some("v1"), 1).await, ["v10"]);
    assert_eq!(names(Some("v11"), 9).await, ["v2"]);
    assert_eq!(names(None, 0).await, [""; 0]);
}

#[tokio::test]
async fn checks_see_what_was_read() {
    let (meta, app) = (meta(), repo("app"));
    let row = pointing_to(Digest::sha256(b""));
    let set = |seen: Option<&Found<TagRow>>| {
        let mut edit = Edit::durable();
        edit.expect_tag(&app, &tag("a"), seen);
        edit.move_tag(&app, &tag("a"), seen.map(|seen| &seen.value), &row);
        edit
    };
    meta.write(set(None)).await.unwrap();
    let conflict = meta.write(set(None)).await;
    assert!(matches!(conflict, Err(WriteError::Conflict)));
    let seen = meta.tag(&app, &tag("a")).await.unwrap();
    meta.write(set(seen.as_ref())).await.unwrap();
}

#[tokio::test]
async fn links_and_referrers_of_one_manifest() {
    let (meta, app) = (meta(), repo("app"));
    let [child, other, first, second] = [b"c", b"o", b"1", b"2"].map(|text| Digest::sha256(text));
    let link = LinkRow {
        role: Role::Child,
        media_type: MediaType::OCI_MANIFEST,
    };
    let referrer = ReferrerRow {
        media_type: MediaType::OCI_MANIFEST,
        size: 1,
        artifact_type: None,
        annotations: BTreeMap::from([("k".to_owned(), "v".to_owned())]),
    };
    let mut edit = Edit::durable();
    edit.put_link(&app, &child, &first, &link)
        .put_link(&app, &child, &second, &link)
        .put_referrer(&app, &child, &first, &referrer)
        .put_referrer(&app, &child, &second, &referrer)
        .put_referrer(&app, &other, &second, &referrer);
    meta.write(edit).await.unwrap();

    let parents = meta.parents(&app, &child, 9).await.unwrap();
    assert_eq!(parents.len(), 2);
    assert!(meta.has_parent(&app, &child).await.unwrap());
    assert!(!meta.has_parent(&app, &other).await.unwrap());
    assert!(!meta.has_parent(&repo("ap"), &child).await.unwrap());
    let all = meta.referrers(&app, &child, None, 9).await.unwrap();
    assert_eq!(all.len(), 2);
    let rest = meta.referrers(&app, &child, Some(&all[0].0), 9).await;
    assert_eq!(rest.unwrap(), all[1..]);

    let mut edit = Edit::durable();
    edit.delete_link(&app, &child, &first)
        .delete_link(&app, &child, &second)
        .delete_referrer(&app, &child, &first);
    meta.write(edit).await.unwrap();
    assert!(!meta.has_parent(&app, &child).await.unwrap());
    let left = meta.referrers(&app, &child, None, 9).await.unwrap();
    assert_eq!(left, [(second, referrer)]);
}

#[tokio::test]
async fn lists_show_what_the_caller_may_read() {
    let meta = meta();
    let blob = Digest::sha256(b"blob");
    let row = RepoRow {
        created: 1,
        index: None,
        store: String::new(),
    };
    let mut edit = Edit::durable();
    for number in 0..600 {
        let name = repo(&format!("hidden/{number:03}"));
        edit.put_repo(&name, &row)
            .put_blob(&name, &blob, &present());
    }
    for name in ["open/a", "open/b", "open/c"] {
        edit.put_repo(&repo(name), &row);
    }
    edit.put_blob(&repo("open/a"), &blob, &BlobRow::Deleted { at: 1 });
    edit.put_blob(&repo("open/b"), &blob, &present());
    meta.write(edit).await.unwrap();

    let rights = Rights::by(Arc::new(Under("open/")));
    let names = |list: Vec<(RepoName, RepoRow)>| -> Vec<String> {
        list.iter().map(|(repo, _)| repo.to_string()).collect()
    };
    let open = meta.repos(&rights, None, 2).await.unwrap();
    assert_eq!(names(open), ["open/a", "open/b"]);
    let open = meta.repos(&rights, Some("open/b"), 2).await.unwrap();
    assert_eq!(names(open), ["open/c"]);
    let all = meta.repos(&Rights::everything(), None, 1000).await.unwrap();
    assert_eq!(all.len(), 603);
    let holders = meta.holders(&blob, None, 9, &rights).await.unwrap();
    assert_eq!(holders, [(repo("open/b"), present())]);
    let after = Some(&repo("open/b")).cloned();
    let holders = meta.holders(&blob, after.as_ref(), 9, &rights).await;
    assert!(holders.unwrap().is_empty());
}

#[tokio::test]
async fn repositories_ahead_are_listed_until_they_agree() {
    let meta = meta();
    let mut edit = Edit::durable();
    edit.put_ahead(&repo("a"), &AheadRow { since: 1 })
        .put_ahead(&repo("b"), &AheadRow { since: 2 });
    meta.write(edit).await.unwrap();
    let after = repo("a");
    let rest = meta.repos_ahead(Some(&after), 9).await.unwrap();
    assert_eq!(rest, [(repo("b"), AheadRow { since: 2 })]);

    let stale = meta.ahead(&repo("a")).await.unwrap();
    let mut edit = Edit::durable();
    edit.put_ahead(&repo("a"), &AheadRow { since: 3 });
    meta.write(edit).await.unwrap();
    let mut edit = Edit::durable();
    edit.expect_ahead(&repo("a"), stale.as_ref())
        .delete_ahead(&repo("a"));
    let result = meta.write(edit).await;
    assert!(matches!(result, Err(WriteError::Conflict)));
    assert_eq!(meta.repos_ahead(None, 9).await.unwrap().len(), 2);
}
