//! Disks that are full, and folders that are no repositories.

use std::sync::Arc;

use registry::Dedupe;
use storage::{Effect, ErrorKind, FaultDriver, MemoryDriver, Rule};
use testkit::http::Request;
use testkit::image::{Image, Layer};
use testkit::server::{Server, Setup};

use crate::table::{Scene, row};

/// Also fix 26. A registry that keeps all in memory stands for a disk that is soon full.
#[test]
fn case_b60_n26_a_full_disk_spoils_nothing() {
    let server = Server::start(Setup {
        driver: Some(Arc::new(MemoryDriver::new(3_000_000))),
        ..Setup::default()
    });
    let remote = server.remote();
    let image = |seed| Image::builder().layer(&Layer::noise(seed, 400_000)).build();
    let mut kept = Vec::new();
    let refused = (0..20).find(|seed| {
        let image = image(*seed);
        let pushed = remote.push("r", &format!("t{seed}"), &image);
        if pushed.is_ok() {
            kept.push((*seed, image));
        }
        pushed.is_err()
    });
    assert!(refused.is_some() && kept.len() > 2, "{} pushes", kept.len());
    let data = vec![0; 1_000_000];
    let digest = oci::Digest::sha256(&data);
    let post = Request::new("POST", &format!("/v2/r/blobs/uploads/?digest={digest}")).body(data);
    let answer = server.send(&post);
    assert_eq!(answer.status, 507);
    assert_eq!(answer.error_code().as_deref(), Some("UNAVAILABLE"));
    for (seed, image) in &kept {
        remote.verify("r", image).unwrap();
        assert_eq!(
            remote.digest_of("r", &format!("t{seed}")).unwrap(),
            image.digest
        );
    }
    assert_eq!(remote.tags("r").unwrap().len(), kept.len());
    // with space, it goes on by itself
    let (_, gone) = kept.remove(0);
    let delete = |path: String| server.send(&Request::delete(&path)).status;
    assert_eq!(delete(format!("/v2/r/manifests/{}", gone.digest)), 202);
    for (digest, _) in &gone.blobs {
        delete(format!("/v2/r/blobs/{digest}"));
    }
    remote.push("r", "again", &gone).unwrap();
    remote.verify("r", &gone).unwrap();
}

#[test]
fn case_b60_a_write_that_fails_is_an_answer() {
    for (kind, status) in [
        (ErrorKind::Full, 507),
        (ErrorKind::Io, 500),
        (ErrorKind::Denied, 500),
    ] {
        let driver = Arc::new(FaultDriver::new(Arc::new(MemoryDriver::new(1 << 24))));
        let mut scene = Scene::of(Setup {
            driver: Some(Arc::<FaultDriver>::clone(&driver)),
            ..Setup::default()
        });
        scene.push("m", ("r", "t"), &Image::sample(1));
        scene.name_content("b", b"0123456789");
        for operation in [storage::Operation::Append, storage::Operation::Commit] {
            driver.add(Rule::on(operation, Effect::Fail(kind)).times(1));
            let code = if status == 507 {
                "UNAVAILABLE"
            } else {
                "UNKNOWN"
            };
            scene.run([
                row("POST /v2/r/blobs/uploads/?digest={b}", status)
                    .text("0123456789")
                    .code(code),
                row("HEAD /v2/r/blobs/{b}", 404),
                row("GET /v2/r/manifests/t", 200).body("{m.text}"),
            ]);
        }
        scene.run([
            row("POST /v2/r/blobs/uploads/?digest={b}", 201).text("0123456789"),
            row("GET /v2/r/blobs/{b}", 200).body("0123456789"),
        ]);
    }
}

/// Fix 41: only what has the form of a repository is one.
#[test]
fn case_n41_folders_of_others_are_no_repositories() {
    let mut scene = Scene::of(Setup::on_disk());
    scene.push("m", ("org/app", "t"), &Image::sample(1));
    scene.server.stop();
    let root = scene.server.root();
    for folder in [
        ".sync/x/blobs/sha256",
        ".tmp",
        "_trivy/db",
        "lost+found",
        "org/app/.sync/abc/blobs",
        "org/app/blobs/sha256/.tmp",
        "org/empty/blobs/sha256",
        "plain",
    ] {
        std::fs::create_dir_all(root.join(folder)).unwrap();
    }
    for file in ["README", "org/app/blobs/sha256/notes.txt", "org/file"] {
        std::fs::File::create(root.join(file)).unwrap();
    }
    scene.server.restart();
    scene.run([
        row("GET /v2/_catalog", 200).body(r#"{"repositories":["org/app"]}"#),
        row("GET /v2/org/app/tags/list", 200).json("/tags/0", "t"),
        row("GET /v2/plain/tags/list", 404).code("NAME_UNKNOWN"),
        row("GET /v2/org/empty/tags/list", 404).code("NAME_UNKNOWN"),
        row("GET /v2/org/app/manifests/t", 200).body("{m.text}"),
    ]);
}

/// Fix 15: what is stored once for many stays for those that are left, in whatever order they go.
#[test]
fn case_n15_the_last_copy_is_as_good_as_the_first() {
    for order in [
        ["a", "b", "c"],
        ["c", "b", "a"],
        ["b", "a", "c"],
        ["b", "c", "a"],
    ] {
        let mut scene = Scene::of(Setup::on_disk());
        for repo in ["a", "b", "c"] {
            scene.push_blob("b", repo, b"0123456789");
        }
        for (position, repo) in order.iter().enumerate() {
            scene.run([row(format!("DELETE /v2/{repo}/blobs/{{b}}"), 202)]);
            let left = order.iter().skip(position + 1);
            scene.run(
                left.map(|repo| row(format!("GET /v2/{repo}/blobs/{{b}}"), 200).body("0123456789")),
            );
            if position == 1 {
                scene.server.restart();
            }
        }
        scene.push_blob("b", "a", b"0123456789");
        scene.run([row("GET /v2/a/blobs/{b}", 200).body("0123456789")]);
    }
}

#[test]
fn case_b06_dedupe_may_be_switched_on_a_filled_store() {
    let mut scene = Scene::of(Setup::on_disk());
    let images: Vec<_> = (0..8).map(Image::sample).collect();
    for repo in ["a", "b"] {
        for image in &images {
            scene.server.remote().push(repo, "t", image).unwrap();
        }
    }
    for dedupe in [Dedupe::Off, Dedupe::On] {
        scene.server.restart_as(Setup {
            dedupe,
            ..Setup::on_disk()
        });
        let remote = scene.server.remote();
        for image in &images {
            remote.push("c", "t", image).unwrap();
            for repo in ["a", "b", "c"] {
                remote.verify(repo, image).unwrap();
            }
        }
    }
    // what goes in one repository goes in no other
    let path = format!("/v2/a/manifests/{}", images[0].digest);
    assert_eq!(scene.server.send(&Request::delete(&path)).status, 202);
    for repo in ["b", "c"] {
        scene.server.remote().verify(repo, &images[0]).unwrap();
    }
}
