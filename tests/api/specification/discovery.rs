//! Content discovery.

use testkit::image::Image;

use crate::table::{Row, Scene, row};

pub(super) fn scene() -> Scene {
    let mut scene = Scene::new();
    for tag in ["b", "B", "a", "1", "_"] {
        scene.push("m", ("org/app", tag), &Image::sample(1));
    }
    scene.push_blob("b", "org/empty", b"a blob alone");
    scene
}

pub(super) fn rows() -> Vec<Row> {
    let list = |query: &str, rule, tags: &str| {
        row(format!("GET /v2/org/app/tags/list{query}"), 200)
            .rule("Listing Tags", rule)
            .body(&format!(r#"{{"name":"org/app","tags":{tags}}}"#))
    };
    let next = |last: &str| format!(r#"</v2/org/app/tags/list?n=2&last={last}>; rel="next""#);
    vec![
        list(
            "",
            "all, in the order of their bytes",
            r#"["1","B","_","a","b"]"#,
        )
        .lacks("Link"),
        list("?n=2", "so many, and where it goes on", r#"["1","B"]"#).has("Link", &next("B")),
        list(
            "?n=2&last=B",
            "after a tag, which is left out",
            r#"["_","a"]"#,
        )
        .has("Link", &next("a")),
        list("?n=2&last=a", "the end", r#"["b"]"#).lacks("Link"),
        list("?last=_", "the count may be left out", r#"["a","b"]"#).lacks("Link"),
        list(
            "?n=5",
            "no more than asked for are there",
            r#"["1","B","_","a","b"]"#,
        )
        .lacks("Link"),
        list(
            "?n=100",
            "fewer than asked for are there",
            r#"["1","B","_","a","b"]"#,
        )
        .lacks("Link"),
        list("?n=0", "none, and no link", "[]").lacks("Link"),
        row("GET /v2/org/empty/tags/list", 200)
            .rule("Listing Tags", "a repository without tags")
            .body(r#"{"name":"org/empty","tags":[]}"#),
        row("GET /v2/org/none/tags/list", 404)
            .rule("Listing Tags", "no repository")
            .code("NAME_UNKNOWN"),
    ]
}

/// Names the subject `{s}`, and of what refers to it `{typed}`, `{plain}` and `{list}`.
pub(super) fn referrers_scene() -> Scene {
    let mut scene = Scene::new();
    let subject = Image::sample(1);
    let typed = Image::artifact("application/vnd.example.sbom")
        .subject(&subject)
        .annotation("org.example.format", "json")
        .build();
    let list = Image::index()
        .subject(&subject)
        .annotation("a", "b")
        .build();
    let plain = Image::builder().subject(&subject).build();
    scene.push("s", ("org/app", "v1"), &subject);
    scene.push("typed", ("org/app", "typed"), &typed);
    scene.push("list", ("org/lists", "list"), &list);
    scene.push("plain", ("org/plain", "plain"), &plain);
    let tag = scene.fill("{s}").replace(':', "-");
    scene.name("schema", &tag);
    scene
}

pub(super) fn referrers() -> Vec<Row> {
    let rule = |line: &str, status, rule| row(line, status).rule("Listing Referrers", rule);
    let mut rows = vec![
        rule(
            "GET /v2/org/app/referrers/{s}",
            200,
            "an index of what refers to the digest",
        )
        .has("Content-Type", "{index}")
        .lacks("OCI-Filters-Applied")
        .json("/schemaVersion", 2)
        .json("/mediaType", "{index}")
        .json("/manifests/0/mediaType", "{image}")
        .json("/manifests/0/digest", "{typed}"),
        rule(
            "GET /v2/org/app/referrers/{s}",
            200,
            "with type and annotations",
        )
        .json("/manifests/0/artifactType", "application/vnd.example.sbom")
        .json("/manifests/0/annotations/org.example.format", "json"),
        rule(
            "GET /v2/org/plain/referrers/{s}",
            200,
            "an image without a type has that of its config",
        )
        .json("/manifests/0/digest", "{plain}")
        .json("/manifests/0/artifactType", "{config}"),
        rule(
            "GET /v2/org/lists/referrers/{s}",
            200,
            "an index without a type has none",
        )
        .json("/manifests/0/digest", "{list}")
        .json("/manifests/0/mediaType", "{index}")
        .json("/manifests/0/annotations/a", "b")
        .absent("/manifests/0/artifactType"),
    ];
    rows.extend(unreferred());
    rows.extend(schema());
    rows
}

fn unreferred() -> Vec<Row> {
    let rule = |line: &str, status, rule| row(line, status).rule("Listing Referrers", rule);
    let none = r#"{"schemaVersion":2,"mediaType":"{index}","manifests":[]}"#;
    vec![
        rule(
            "GET /v2/org/app/referrers/{typed}",
            200,
            "nothing refers to it",
        )
        .body(none),
        rule(
            "GET /v2/org/app/referrers/{nothing}",
            200,
            "never 404: no subject",
        )
        .body(none),
        rule(
            "GET /v2/org/none/referrers/{s}",
            200,
            "never 404: no repository",
        )
        .body(none),
        rule("GET /v2/org/app/referrers/v1", 400, "no digest").code("DIGEST_INVALID"),
        rule(
            "GET /v2/org/app/referrers/{s}?artifactType=application/vnd.example.sbom",
            200,
            "a filter, and that it was applied",
        )
        .has("OCI-Filters-Applied", "artifactType")
        .json("/manifests/0/digest", "{typed}"),
        rule(
            "GET /v2/org/app/referrers/{s}?artifactType=x/y",
            200,
            "a filter that nothing passes",
        )
        .has("OCI-Filters-Applied", "artifactType")
        .body(none),
    ]
}

/// Clients that know nothing of the API keep lists of their own under a tag.
fn schema() -> Vec<Row> {
    let index = r#"{"schemaVersion":2,"mediaType":"{index}","manifests":[{"mediaType":"{image}","digest":"{typed}","size":{typed.size}}]}"#;
    let section = "Referrers Tag Schema";
    vec![
        row("GET /v2/org/app/manifests/{schema}", 404)
            .rule(section, "the registry does not make the tag")
            .code("MANIFEST_UNKNOWN"),
        row("PUT /v2/org/app/manifests/{schema}", 201)
            .rule(section, "clients may")
            .manifest("{index}", index)
            .keeps("ETag", "etag"),
        row("GET /v2/org/app/manifests/{schema}", 200)
            .rule(section, "it is a manifest like others")
            .has("Content-Type", "{index}"),
        row("PUT /v2/org/app/manifests/{schema}", 412)
            .rule(section, "two of them do not overwrite each other")
            .manifest("{index}", index)
            .with("If-Match", "\"{nothing}\"")
            .code("MANIFEST_INVALID"),
        row("PUT /v2/org/app/manifests/{schema}", 201)
            .rule(section, "who knows the last state may go on")
            .manifest("{index}", index)
            .with("If-Match", "{etag}"),
        row("GET /v2/org/app/referrers/{s}", 200)
            .rule(
                "Enabling the Referrers API",
                "what such an index lists is listed, and once",
            )
            .json("/manifests/0/digest", "{typed}")
            .absent("/manifests/1"),
    ]
}
