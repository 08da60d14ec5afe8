//! cosign: signatures made and checked with a key, without any service.

use testkit::client::Client;
use testkit::image::Image;

use crate::scene::{Scene, TAG, platforms};

/// Makes a key pair in the home.
fn cosign(scene: &Scene) -> Option<Client> {
    let cosign = scene
        .home
        .client("cosign")?
        .variable("COSIGN_PASSWORD", "not a secret");
    cosign.run(&["generate-key-pair"]);
    Some(cosign)
}

const SIGN: &[&str] = &[
    "sign",
    "--yes",
    "--key=cosign.key",
    "--tlog-upload=false",
    "--use-signing-config=false",
    "--allow-http-registry",
];
const VERIFY: &[&str] = &[
    "verify",
    "--key=cosign.pub",
    "--insecure-ignore-tlog",
    "--allow-http-registry",
];

#[test]
fn signatures_that_refer_to_the_image_are_found() {
    let scene = Scene::new();
    let Some(cosign) = cosign(&scene) else { return };
    let (signed, other) = (Image::sample(1), Image::sample(2));
    scene.push("app", &signed);
    scene.push("other", &other);
    let name = format!("{}@{}", scene.server.name("app"), signed.digest);

    cosign.fail(&[VERIFY, &[&name]].concat());
    cosign.run(&[SIGN, &[&name]].concat());
    cosign.run(&[VERIFY, &[&name]].concat());
    assert_eq!(
        scene.remote.referrers("app", &signed.digest).unwrap().len(),
        1
    );
    assert_eq!(scene.remote.tags("app").unwrap(), [TAG]);

    let unsigned = format!("{}@{}", scene.server.name("other"), other.digest);
    cosign.fail(&[VERIFY, &[&unsigned]].concat());
}

#[test]
fn signatures_in_tags_are_found() {
    let scene = Scene::new();
    let Some(cosign) = cosign(&scene) else { return };
    let image = platforms();
    scene.push("app", &image);
    let name = format!("{}@{}", scene.server.name("app"), image.digest);

    let old = ["--new-bundle-format=false", &name];
    cosign.run(&[SIGN, &old].concat());
    let tag = format!("sha256-{}.sig", image.digest.to_hex());
    assert_eq!(scene.remote.tags("app").unwrap(), [tag.as_str(), TAG]);
    cosign.run(&[VERIFY, &old].concat());

    // a copy takes the signature along
    let target = scene.server.name("elsewhere/app:v1");
    cosign.run(&["copy", "--allow-http-registry", &name, &target]);
    cosign.run(&[VERIFY, &["--new-bundle-format=false", &target]].concat());
}

#[test]
fn attestations_are_found() {
    let scene = Scene::new();
    let Some(cosign) = cosign(&scene) else { return };
    let image = Image::sample(1);
    scene.push("app", &image);
    let name = format!("{}@{}", scene.server.name("app"), image.digest);
    scene
        .home
        .write("statement.json", r#"{"built": "by hand"}"#);

    let about = ["--type=custom", "--predicate=statement.json", &name];
    let attest = [&["attest"], SIGN.get(1..).unwrap(), &about].concat();
    cosign.run(&attest);
    let check = [
        &["verify-attestation", "--type=custom"],
        &VERIFY[1..],
        &[&name],
    ]
    .concat();
    cosign.run(&check);
}
