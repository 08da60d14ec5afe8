use proptest::prelude::*;

use super::*;

fn digests() -> impl Strategy<Value = Digest> {
    let algorithm = proptest::sample::select(oci::Algorithm::ALL.as_slice());
    (algorithm, any::<u64>())
        .prop_map(|(algorithm, seed)| Digest::of(algorithm, &seed.to_le_bytes()))
}

proptest! {
    #[test]
    fn keys_read_back(name in "[a-z0-9]{1,8}(/[a-z0-9]{1,8}){0,3}", text in "[\\w][\\w.-]{0,40}", first in digests(), second in digests()) {
        let repo_name: RepoName = name.parse().unwrap();
        let tag_name = Tag::stored(&text).unwrap();
        prop_assert_eq!(read_repo(Table::Repos, &repo(&repo_name)).unwrap(), repo_name.clone());

        let prefix = within(&repo_name);
        let key = tag(&repo_name, &tag_name);
        prop_assert_eq!(read_tag(Table::Tags, key.strip_prefix(prefix.as_slice()).unwrap()).unwrap(), tag_name.clone());
        let key = digest_in(&repo_name, &first);
        prop_assert_eq!(read_digest(Table::Manifests, key.strip_prefix(prefix.as_slice()).unwrap()).unwrap(), first);

        let prefix = digest_in(&repo_name, &first);
        let key = target(&repo_name, &first, &tag_name);
        prop_assert_eq!(read_tag(Table::Targets, key.strip_prefix(prefix.as_slice()).unwrap()).unwrap(), tag_name);
        let key = pair_in(&repo_name, &first, &second);
        prop_assert_eq!(read_digest(Table::Links, key.strip_prefix(prefix.as_slice()).unwrap()).unwrap(), second);

        let key = blob(&first, &repo_name);
        prop_assert_eq!(read_repo(Table::Blobs, key.strip_prefix(digest(&first).as_slice()).unwrap()).unwrap(), repo_name);
    }

    #[test]
    fn one_repository_is_not_the_prefix_of_another(a in "[a-z0-9]{1,4}(/[a-z0-9]{1,4})?", b in "[a-z0-9]{1,4}(/[a-z0-9]{1,4})?") {
        let (first, second): (RepoName, RepoName) = (a.parse().unwrap(), b.parse().unwrap());
        prop_assert_eq!(within(&second).starts_with(&within(&first)), first == second);
    }
}

#[test]
fn what_is_no_key_is_refused() {
    assert!(read_repo(Table::Repos, b"A").is_err());
    assert!(read_repo(Table::Repos, b"\xff").is_err());
    assert!(read_tag(Table::Tags, b"a/b").is_err());
    let mut key = digest(&Digest::sha256(b""));
    assert!(read_digest(Table::Manifests, &key).is_ok());
    key.push(0);
    assert!(read_digest(Table::Manifests, &key).is_err());
    assert!(read_digest(Table::Manifests, b"").is_err());
}
