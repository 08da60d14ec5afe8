//! How manifests are pushed: types, tags, digests, conditions, sizes.

use bytes::Bytes;
use oci::Digest;
use server::Settings;
use server::settings::DockerTypes;
use testkit::image::{Format, Image};
use testkit::server::{Server, Setup};

use super::{IMAGE, name_text, scene};
use crate::table::{Row, Scene, row};

#[test]
fn a_push_tells_where_the_manifest_is() {
    let mut scene = scene();
    let pushed = |reference: &str| {
        row(format!("PUT /v2/r/manifests/{reference}"), 201)
            .manifest("{image}", IMAGE)
            .has("Content-Length", "0")
            .lacks("OCI-Subject")
            .lacks("OCI-Tag")
            .body("")
    };
    let found = |line: &str| {
        row(line, 200)
            .has("Docker-Content-Digest", "{i}")
            .body("{i.text}")
    };
    scene.run([
        pushed("v1")
            .has("Location", "/v2/r/manifests/{i}")
            .has("Docker-Content-Digest", "{i}"),
        // the same again changes nothing
        pushed("v1").has("Docker-Content-Digest", "{i}"),
        pushed("{i}")
            .has("Location", "/v2/r/manifests/{i}")
            .has("Docker-Content-Digest", "{i}"),
        found("GET /v2/r/manifests/v1"),
        found("GET /v2/r/manifests/{i}"),
        pushed("{i.512}")
            .has("Location", "/v2/r/manifests/{i.512}")
            .has("Docker-Content-Digest", "{i.512}"),
        row("GET /v2/r/manifests/{i.512}", 200)
            .has("Docker-Content-Digest", "{i.512}")
            .has("ETag", "\"{i.512}\"")
            .body("{i.text}"),
        row("GET /v2/r/tags/list", 200).body(r#"{"name":"r","tags":["v1"]}"#),
    ]);
}

#[test]
fn tags_follow_the_grammar() {
    let mut scene = scene();
    let longest = "t".repeat(128);
    for tag in [
        "a",
        "_",
        "0",
        "A.b-c_d",
        "sha256",
        "sha256-abc.sig",
        longest.as_str(),
    ] {
        scene.run([
            row(format!("PUT /v2/r/manifests/{tag}"), 201).manifest("{image}", IMAGE),
            row(format!("HEAD /v2/r/manifests/{tag}"), 200),
        ]);
    }
    let long = "t".repeat(129);
    for tag in [
        ".x",
        "-x",
        "a:b",
        "a+b",
        "a@b",
        "t%2Fx",
        "md5:00",
        "é",
        "a%00b",
        long.as_str(),
    ] {
        scene.run([
            row(format!("PUT /v2/r/manifests/{tag}"), 400)
                .manifest("{image}", IMAGE)
                .code("MANIFEST_INVALID")
                .detail("reference", tag),
            row(format!("HEAD /v2/r/manifests/{tag}"), 404),
        ]);
    }
}

#[test]
fn a_push_by_digest_has_that_digest() {
    let mut scene = scene();
    let put = |reference: &str| {
        row(format!("PUT /v2/r/manifests/{reference}"), 400).manifest("{image}", IMAGE)
    };
    let bad = |reference: &str| put(reference).code("DIGEST_INVALID");
    scene.run([
        put("{nothing}")
            .code("MANIFEST_INVALID")
            .detail("digest", "{nothing}")
            .detail("reference", "{nothing}"),
        bad("sha256:00")
            .detail("digest", "sha256:00")
            .detail("reference", "sha256:00"),
        bad("sha256:"),
        bad("sha512:00"),
        bad("{i}0"),
        bad(&format!("sha256:{}", "A".repeat(64))),
        bad(&format!("sha256:{}", "g".repeat(64))),
        row("GET /v2/r/tags/list", 200).json("/tags", Vec::<String>::new()),
    ]);
}

#[test]
fn types_of_manifests() {
    let mut scene = scene();
    let put = |kind: &str, status| row("PUT /v2/r/manifests/t", status).manifest(kind, IMAGE);
    let refused = |kind: &str| {
        put(kind, 415)
            .code("MANIFEST_INVALID")
            .detail("mediaType", kind)
    };
    scene.run([
        row("PUT /v2/r/manifests/t", 415)
            .text(IMAGE)
            .code("MANIFEST_INVALID"),
        refused("application/json"),
        refused("text/plain"),
        refused("{config}"),
        refused("application/vnd.docker.distribution.manifest.v1+json"),
        refused("application/vnd.docker.distribution.manifest.v1+prettyjws"),
        refused("*/*"),
        refused("Application/VND.oci.image.manifest.v1+JSON"),
        put("{docker}", 415)
            .code("MANIFEST_INVALID")
            .holds("docker2s2"),
        put("{dockers}", 415)
            .code("MANIFEST_INVALID")
            .holds("docker2s2"),
        // the body says another type than the header
        put("{index}", 400).code("MANIFEST_INVALID"),
        put("{image}; charset=utf-8", 201),
        row("GET /v2/r/manifests/t", 200).has("Content-Type", "{image}"),
    ]);
}

#[test]
fn a_push_by_digest_sets_tags() {
    let mut scene = scene();
    let put = |query: &str, status| {
        row(format!("PUT /v2/r/manifests/{{i}}?{query}"), status).manifest("{image}", IMAGE)
    };
    let refused = |query: &str, reason: &str| {
        put(query, 400)
            .code("MANIFEST_INVALID")
            .detail("reason", reason)
    };
    let many = |count: usize| {
        let tags: Vec<_> = (0..count).map(|tag| format!("tag=t{tag}")).collect();
        tags.join("&")
    };
    let empty = "empty tag query parameter";
    let odd = "invalid tag query parameter: not a valid OCI/Docker tag";
    scene.run([
        refused("tag=", empty),
        refused("tag", empty),
        refused("tag=%20", empty),
        refused("tag=a&tag=", empty),
        refused("tag=.x", odd).detail("tag", ".x"),
        refused("tag=a/b", odd),
        refused("tag=a%0d%0aX-Evil:%201", odd),
        put(&many(47), 414)
            .code("MANIFEST_INVALID")
            .detail("limit", "46"),
        // counted before duplicates go
        put(&["tag=a"; 47].join("&"), 414).code("MANIFEST_INVALID"),
        row("GET /v2/r/tags/list", 200).json("/tags", Vec::<String>::new()),
        put("tag=b&tag=a&tag=b", 201)
            .has("OCI-Tag", "b, a")
            .has("Location", "/v2/r/manifests/{i}"),
        row("GET /v2/r/tags/list", 200).body(r#"{"name":"r","tags":["a","b"]}"#),
        row("GET /v2/r/manifests/a", 200).body("{i.text}"),
        put(&many(46), 201),
        row("GET /v2/r/manifests/t45", 200),
        row("PUT /v2/r/manifests/x?tag=y", 400)
            .manifest("{image}", IMAGE)
            .code("MANIFEST_INVALID")
            .detail(
                "reason",
                "tag query parameters are only valid when pushing a manifest by digest",
            ),
        row("HEAD /v2/r/manifests/x", 404),
    ]);
}

#[test]
fn pushes_have_preconditions() {
    let mut scene = scene();
    let other = IMAGE.replace("\"layers\":[", r#""annotations":{"a":"b"},"layers":["#);
    name_text(&mut scene, "o", &other);
    let put = |text: &str, status| row("PUT /v2/r/manifests/t", status).manifest("{image}", text);
    let refused = |row: Row| row.code("MANIFEST_INVALID");
    scene.run([
        refused(put(IMAGE, 412).with("If-Match", "*")),
        refused(put(IMAGE, 412).with("If-Match", "\"{i}\"")),
        row("HEAD /v2/r/manifests/t", 404),
        put(IMAGE, 201)
            .with("If-None-Match", "*")
            .has("ETag", "\"{i}\""),
        refused(put(&other, 412).with("If-None-Match", "*")),
        refused(put(&other, 412).with("If-Match", "\"{o}\"")),
        refused(put(&other, 412).with("If-Match", "nonsense")),
        row("GET /v2/r/manifests/t", 200).body("{i.text}"),
        put(&other, 201).with("If-Match", "\"{o}\", \"{i}\""),
        row("GET /v2/r/manifests/t", 200).body("{o.text}"),
        put(IMAGE, 201).with("If-Match", "*"),
    ]);
}

#[test]
fn a_moved_tag_leaves_the_old_manifest_readable() {
    let mut scene = scene();
    let other = IMAGE.replace("\"layers\":[", r#""annotations":{"a":"b"},"layers":["#);
    name_text(&mut scene, "o", &other);
    scene.run([
        row("PUT /v2/r/manifests/t", 201).manifest("{image}", IMAGE),
        row("PUT /v2/r/manifests/t", 201).manifest("{image}", &other),
        row("GET /v2/r/manifests/t", 200).body("{o.text}"),
        row("GET /v2/r/manifests/{i}", 200).body("{i.text}"),
        row("GET /v2/r/tags/list", 200).body(r#"{"name":"r","tags":["t"]}"#),
    ]);
}

#[test]
fn docker_types_with_the_switch() {
    let mut scene = Scene::of(Setup {
        settings: Settings {
            docker: DockerTypes::Accepted,
            ..Settings::default()
        },
        ..Setup::default()
    });
    let image = Image::builder().format(Format::Docker).build();
    let list = Image::index().format(Format::Docker).child(&image).build();
    scene.push("m", ("r", "m"), &image);
    scene.push("l", ("r", "l"), &list);
    scene.run([
        row("GET /v2/r/manifests/m", 200)
            .has("Content-Type", "{docker}")
            .body("{m.text}"),
        row("GET /v2/r/manifests/l", 200)
            .has("Content-Type", "{dockers}")
            .has("Docker-Content-Digest", "{l}")
            .body("{l.text}"),
        row("PUT /v2/r/manifests/x", 400)
            .manifest("{image}", "{m.text}")
            .code("MANIFEST_INVALID"),
        row("PUT /v2/r/manifests/x", 400)
            .manifest("{docker}", r#"{"schemaVersion":1,"mediaType":"{docker}"}"#)
            .code("MANIFEST_INVALID"),
        row("PUT /v2/r/manifests/x", 415)
            .manifest(
                "application/vnd.docker.distribution.manifest.v1+json",
                "{m.text}",
            )
            .code("MANIFEST_INVALID"),
        // a child is protected whatever its type
        row("DELETE /v2/r/manifests/{m}", 405).code("DENIED"),
        row("DELETE /v2/r/manifests/{l}", 202),
        row("DELETE /v2/r/manifests/{m}", 202),
    ]);
}

/// Yields a manifest of exactly `size` bytes.
fn large(server: &Server, size: usize) -> Bytes {
    let config = Bytes::from_static(b"{}");
    let digest = Digest::sha256(&config);
    server.remote().push_blob("r", &digest, &config).unwrap();
    let text = |filler: &str| {
        format!(
            r#"{{"schemaVersion":2,"config":{{"mediaType":"x/y","digest":"{digest}","size":2}},"layers":[],"annotations":{{"a":"{filler}"}}}}"#
        )
    };
    let filler = "a".repeat(size - text("").len());
    text(&filler).into()
}

#[test]
fn manifests_have_a_largest_size() {
    let mut scene = Scene::new();
    let limit = 4 * 1024 * 1024;
    let data = large(&scene.server, limit);
    let digest = Digest::sha256(&data);
    scene.name("d", &digest.to_string());
    let kind = "{image}";
    scene.run([
        row("PUT /v2/r/manifests/t", 201)
            .with("Content-Type", kind)
            .data(data.clone())
            .has("Docker-Content-Digest", "{d}"),
        row("PUT /v2/r/manifests/u", 413)
            .with("Content-Type", kind)
            .data(large(&scene.server, limit + 1))
            .code("MANIFEST_INVALID"),
        row("HEAD /v2/r/manifests/t", 200).has("Content-Length", "4194304"),
        row("HEAD /v2/r/manifests/u", 404),
    ]);
    assert!(scene.server.remote().manifest("r", "t").unwrap().body == data);
}
