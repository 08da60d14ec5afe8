//! Stops, kills and starts the server between and during pushes.

use std::sync::mpsc;
use std::thread;

use testkit::http::{Remote, Request};
use testkit::image::{Image, Layer, noise};
use testkit::process::Server;

use crate::scene::{Scene, TAG};

/// Pushes images one after another until the server no longer answers, and tells of each that it
/// took.
fn push_on(remote: Remote, taken: mpsc::Sender<(String, Image)>) -> thread::JoinHandle<()> {
    thread::spawn(move || {
        for seed in 0.. {
            let tag = format!("t{seed}");
            let layer = Layer::noise(seed, 20_000);
            let image = Image::builder()
                .layer(&layer)
                .layer(&Layer::sample(seed))
                .build();
            let repo = format!("storm/{}", seed % 3);
            if remote.push(&repo, &tag, &image).is_err() {
                break;
            }
            if taken.send((format!("{repo}:{tag}"), image)).is_err() {
                break;
            }
        }
    })
}

/// Pushes, ends the server in the middle with `end`, and checks that nothing taken is lost.
fn ends_in_the_middle(end: impl FnOnce(&mut Server)) {
    let mut server = Server::start();
    let (sender, receiver) = mpsc::channel();
    let pusher = push_on(server.remote(), sender);
    let mut taken: Vec<_> = receiver.iter().take(20).collect();
    end(&mut server);
    pusher.join().unwrap();
    taken.extend(receiver);

    let remote = server.remote();
    for (name, image) in &taken {
        let (repo, tag) = name.split_once(':').unwrap();
        remote.verify(repo, image).unwrap();
        assert_eq!(remote.digest_of(repo, tag).unwrap(), image.digest, "{name}");
    }
    remote.push("storm/0", "after", &Image::sample(1)).unwrap();
}

#[test]
fn what_was_taken_survives_a_stop_in_the_middle_of_pushes() {
    ends_in_the_middle(|server| {
        let status = server.restart();
        assert!(status.success(), "{status}");
    });
}

#[test]
fn what_was_taken_survives_a_kill_in_the_middle_of_pushes() {
    ends_in_the_middle(Server::crash);
}

#[test]
fn a_client_pushes_before_and_after_a_restart() {
    let mut scene = Scene::new();
    let Some(skopeo) = scene.home.client("skopeo") else {
        return;
    };
    let skopeo = skopeo.argument("--insecure-policy");
    let images: Vec<_> = (0..4).map(Image::sample).collect();
    for (position, image) in images.iter().enumerate() {
        if position == 2 {
            assert!(scene.restart().success());
        }
        let layout = scene.layout(&format!("in{position}"), image);
        let target = format!(
            "docker://{}",
            scene.server.name(&format!("app:t{position}"))
        );
        let push = [
            "copy",
            "--dest-tls-verify=false",
            &format!("oci:{layout}"),
            &target,
        ];
        skopeo.run(&push);
    }
    assert!(scene.restart().success());
    for (position, image) in images.iter().enumerate() {
        scene.assert_serves("app", &format!("t{position}"), image);
    }
    assert_eq!(scene.remote.tags("app").unwrap(), ["t0", "t1", "t2", "t3"]);
}

#[test]
fn an_upload_goes_on_after_a_restart() {
    let mut server = Server::start();
    let data = noise(1, 300_000);
    let (first, rest) = data.split_at(100_000);
    let location = server.remote().start_upload("app").unwrap();
    let patch = Request::new("PATCH", &location)
        .header("Content-Type", "application/octet-stream")
        .body(first.to_vec());
    let answer = server.remote().send(&patch).unwrap();
    assert_eq!(answer.status, 202, "{}", answer.text());
    let location = answer.header("location").unwrap().to_owned();

    assert!(server.restart().success());
    let remote = server.remote();
    let answer = remote.send(&Request::get(&location)).unwrap();
    assert_eq!(
        (answer.status, answer.header("range")),
        (204, Some("0-99999"))
    );
    let patch = Request::new("PATCH", &location)
        .header("Content-Type", "application/octet-stream")
        .header("Content-Range", "100000-299999")
        .body(rest.to_vec());
    let answer = remote.send(&patch).unwrap();
    assert_eq!(
        (answer.status, answer.header("range")),
        (202, Some("0-299999"))
    );
    let digest = oci::Digest::sha256(&data);
    let location = answer.header("location").unwrap();
    let answer = remote
        .finish_upload(location, &digest, &bytes::Bytes::new())
        .unwrap();
    assert_eq!(answer.status, 201, "{}", answer.text());
    assert!(remote.blob("app", &digest).unwrap().body == data);
}

#[test]
fn deletions_survive_a_restart() {
    let mut server = Server::start();
    let image = Image::sample(1);
    server.remote().push("app", TAG, &image).unwrap();
    server
        .remote()
        .push("app", "kept", &Image::sample(2))
        .unwrap();
    let target = format!("/v2/app/manifests/{}", image.digest);
    assert_eq!(
        server
            .remote()
            .send(&Request::delete(&target))
            .unwrap()
            .status,
        202
    );

    assert!(server.restart().success());
    assert_eq!(server.remote().tags("app").unwrap(), ["kept"]);
    assert_eq!(server.remote().manifest("app", TAG).unwrap().status, 404);
}
