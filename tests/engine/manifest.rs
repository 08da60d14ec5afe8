//! Manifests: in and out.

use crate::ground::{Kind, World, repo};
use crate::image::{by_digest, by_tag};

#[tokio::test]
async fn an_image_goes_in_and_comes_out() {
    for kind in [Kind::Disk, Kind::Memory] {
        let world = World::on(kind).await;
        let repo = repo("team/app");
        let raw = world.push(&repo, "1.0", &[b"layer"]).await.unwrap();
        assert_eq!(world.get(&repo, &by_tag("1.0")).await.unwrap(), raw);
        assert_eq!(world.get(&repo, &by_digest(&raw)).await.unwrap(), raw);
        let layer = oci::Digest::sha256(b"layer");
        assert_eq!(world.blob(&repo, &layer).await.unwrap(), "layer");
        assert_eq!(world.tags(&repo).await, ["1.0"]);
        assert_eq!(world.listed(&repo).await, (vec!["1.0".to_owned()], 0));
        let world = world.restart().await;
        assert_eq!(world.get(&repo, &by_tag("1.0")).await.unwrap(), raw);
        let world = world.crash().await;
        assert_eq!(world.get(&repo, &by_tag("1.0")).await.unwrap(), raw);
    }
}
