//! Which documents are manifests.

use registry::{Options, Sparse};
use testkit::server::Setup;

use super::{IMAGE, INDEX, name_text, prepare, scene};
use crate::table::{Row, Scene, row};

fn refused(kind: &str, text: &str) -> Row {
    row("PUT /v2/r/manifests/t", 400)
        .manifest(kind, text)
        .code("MANIFEST_INVALID")
        .detail("reference", "t")
}

fn taken(kind: &str, text: &str) -> Row {
    row("PUT /v2/r/manifests/t", 201).manifest(kind, text)
}

#[test]
fn images_that_are_none() {
    let mut scene = scene();
    let image = |text: &str| refused("{image}", text);
    let config = r#""config":{"mediaType":"{config}","digest":"{c}","size":2}"#;
    let layer = r#"{"mediaType":"{tar}","digest":"{l}","size":5}"#;
    let with =
        |config: &str, layers: &str| format!(r#"{{"schemaVersion":2,{config},"layers":{layers}}}"#);
    scene.run([
        image(""),
        image("null"),
        image("[]"),
        image("\"text\""),
        image("{"),
        image("{}"),
        image("not json"),
        image(&format!("{IMAGE}x")),
        image(&format!("{IMAGE}{IMAGE}")),
        image(&IMAGE.replace(":2,\"mediaType", ":1,\"mediaType")),
        image(&IMAGE.replace("\"schemaVersion\":2,", "")),
        image(&IMAGE.replace("\"schemaVersion\":2", "\"schemaVersion\":\"2\"")),
        image(r#"{"schemaVersion":2,"layers":[]}"#),
        image(&format!(r#"{{"schemaVersion":2,{config}}}"#)),
        image(&with(config, "{}")),
        image(&with(config, &format!("[{layer},3]"))),
        image(&with(config, "[{}]")),
        image(&with(&config.replace("\"size\":2", "\"size\":\"2\""), "[]")),
        image(&with(&config.replace("\"size\":2", "\"size\":-1"), "[]")),
        image(&with(&config.replace("\"size\":2", "\"size\":1e3"), "[]")),
        image(&with(&config.replace(",\"size\":2", ""), "[]")),
        image(&with(&config.replace("\"{c}\"", "\"sha256:00\""), "[]")),
        image(&with(
            &config.replace("\"{c}\"", "\"../../etc/passwd\""),
            "[]",
        )),
        image(&with(&config.replace("{config}", ""), "[]")),
        image(&with(&config.replace("{config}", "no slash"), "[]")),
    ]);
    scene.run([
        row("HEAD /v2/r/manifests/t", 404),
        // what no row refused
        taken("{image}", &with(config, "[]")),
        taken("{image}", &with(config, &format!("[{layer},{layer}]"))),
        taken("{image}", &format!(" \n{IMAGE}\n ")),
        taken(
            "{image}",
            &IMAGE.replace("\"layers\"", "\"unknown\":{\"a\":[1]},\"layers\""),
        ),
        taken(
            "{image}",
            &IMAGE.replace("\"layers\"", "\"subject\":null,\"layers\""),
        ),
    ]);
}

#[test]
fn documents_that_read_as_two() {
    let mut scene = scene();
    name_text(&mut scene, "child", IMAGE);
    let both = IMAGE.replace("\"layers\"", "\"manifests\":[],\"layers\"");
    let twice = IMAGE.replace("\"layers\":", "\"layers\":[],\"layers\":");
    let deep = format!("\"x\":{}1{},\"layers\"", "[".repeat(65), "]".repeat(65));
    scene.run([
        refused("{image}", &both),
        refused(
            "{index}",
            &INDEX.replace("\"manifests\"", "\"layers\":[],\"manifests\""),
        ),
        refused(
            "{index}",
            &INDEX.replace("\"manifests\"", "\"config\":{},\"manifests\""),
        ),
        refused("{image}", &twice),
        refused(
            "{image}",
            &IMAGE.replace("\"size\":5", "\"size\":5,\"size\":6"),
        ),
        refused(
            "{image}",
            &IMAGE.replace("\"layers\"", "\"l\\u0061yers\":[],\"layers\""),
        ),
        refused(
            "{image}",
            &IMAGE.replace("\"mediaType\":\"{image}\"", "\"mediaType\":\"{index}\""),
        ),
        refused("{image}", &IMAGE.replace("\"layers\"", &deep)),
        taken("{image}", &IMAGE.replace("\"mediaType\":\"{image}\",", "")),
    ]);
}

#[test]
fn images_have_their_blobs() {
    let mut scene = scene();
    let missing = IMAGE.replace("{l}", "{nothing}");
    let both = missing.replace("{c}", "{nothing}");
    let unknown = |text: &str| {
        row("PUT /v2/r/manifests/t", 404)
            .manifest("{image}", text)
            .code("MANIFEST_BLOB_UNKNOWN")
            .json("/errors/0/detail/digest/0", "{nothing}")
    };
    let foreign = "application/vnd.oci.image.layer.nondistributable.v1.tar+gzip";
    scene.run([
        unknown(&missing),
        unknown(&both),
        // whatever the type of the config
        unknown(&missing.replace("{config}", "application/x")),
        unknown(
            &IMAGE
                .replace("{c}", "{nothing}")
                .replace("{config}", "application/x"),
        ),
        // those of another repository do not count
        row("PUT /v2/other/manifests/t", 404)
            .manifest("{image}", IMAGE)
            .code("MANIFEST_BLOB_UNKNOWN")
            .json("/errors/0/detail/digest/1", "{l}"),
        row("HEAD /v2/r/manifests/t", 404),
        row("GET /v2/r/tags/list", 200).json("/tags", Vec::<String>::new()),
        // what may not be distributed need not be here
        taken("{image}", &missing.replace("{tar}", foreign)),
    ]);
}

#[test]
fn indexes_may_come_before_their_manifests() {
    let mut scene = scene();
    name_text(&mut scene, "child", IMAGE);
    scene.run([
        taken("{index}", INDEX),
        row("GET /v2/r/manifests/{child}", 404).code("MANIFEST_UNKNOWN"),
        row("PUT /v2/r/manifests/{child}", 201).manifest("{image}", IMAGE),
        row("GET /v2/r/manifests/{child}", 200).body("{child.text}"),
        taken("{index}", r#"{"schemaVersion":2,"manifests":[]}"#),
        refused("{index}", r#"{"schemaVersion":2}"#),
        refused("{index}", &INDEX.replace("{child}", "sha256:1")),
        refused(
            "{index}",
            &INDEX.replace("\"size\":{child.size}", "\"size\":null"),
        ),
    ]);
}

#[test]
fn sparse_images_with_the_switch() {
    let mut scene = Scene::of(Setup {
        engine: Options {
            sparse: Sparse::Anything,
            ..Options::default()
        },
        ..Setup::default()
    });
    prepare(&mut scene);
    let missing = IMAGE.replace("{l}", "{nothing}");
    name_text(&mut scene, "s", &missing);
    scene.run([
        taken("{image}", &missing).has("Docker-Content-Digest", "{s}"),
        row("GET /v2/r/manifests/t", 200).body("{s.text}"),
        row("GET /v2/r/blobs/{nothing}", 404).code("BLOB_UNKNOWN"),
    ]);
}

#[test]
fn subjects_need_not_exist() {
    let mut scene = scene();
    let subject = r#""subject":{"mediaType":"{image}","digest":"{nothing}","size":1},"layers""#;
    let text = IMAGE.replace("\"layers\"", subject);
    let index = r#"{"schemaVersion":2,"mediaType":"{index}","subject":{"mediaType":"{image}","digest":"{nothing}","size":1},"manifests":[]}"#;
    scene.run([
        taken("{image}", &text).has("OCI-Subject", "{nothing}"),
        taken("{index}", index).has("OCI-Subject", "{nothing}"),
        taken("{image}", IMAGE).lacks("OCI-Subject"),
        refused(
            "{image}",
            &IMAGE.replace("\"layers\"", "\"subject\":{},\"layers\""),
        ),
        refused(
            "{image}",
            &IMAGE.replace("\"layers\"", "\"subject\":\"x\",\"layers\""),
        ),
        refused(
            "{image}",
            &text.replace("\"digest\":\"{nothing}\"", "\"digest\":\"x\""),
        ),
    ]);
}
