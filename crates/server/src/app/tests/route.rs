//! Fixed routes, and what every answer has.

use super::*;

#[tokio::test]
async fn fixed_routes_answer() {
    let server = Server::new();
    let json = "application/json";
    let text = "text/plain; charset=utf-8";
    let table = [
        ("GET /v2/", 200, json, ""),
        ("GET /v2/?x=y", 200, json, ""),
        ("HEAD /v2/", 200, json, ""),
        ("OPTIONS /v2/", 204, "", ""),
        ("GET /v2/_catalog", 200, json, r#"{"repositories":[]}"#),
        (
            "GET /v2/_oci/ext/discover",
            200,
            json,
            r#"{"extensions":[]}"#,
        ),
        ("GET /livez", 200, text, "ok"),
        ("DELETE /livez", 200, text, "ok"),
        (
            "GET /readyz",
            500,
            text,
            "internal server error: not ready yet\n",
        ),
        (
            "GET /startupz",
            500,
            text,
            "internal server error: not ready yet\n",
        ),
        ("GET /", 404, text, "404 page not found\n"),
        ("POST /nothing", 404, text, "404 page not found\n"),
    ];
    for (line, status, kind, body) in table {
        let answer = server.send(line, &[], "").await;
        assert_eq!(answer.status, status, "{line}");
        assert_eq!(answer.header("content-type"), kind, "{line}");
        assert_eq!(answer.body, body, "{line}");
    }
    server.app.set_started();
    server.app.set_ready(true);
    assert_eq!(server.get("/startupz").await.status, 200);
    assert_eq!(server.get("/readyz").await.body, "ok");
    let base = server.get("/v2/").await;
    assert_eq!(
        base.header("docker-distribution-api-version"),
        "registry/2.0"
    );
}

#[tokio::test]
async fn errors_below_v2_are_lists() {
    let server = Server::new();
    let table = [
        ("GET /v2", 404, "UNSUPPORTED"),
        ("GET /v2/nothing", 404, "UNSUPPORTED"),
        ("POST /v2/", 405, "UNSUPPORTED"),
        ("POST /v2/a/blobs/uploads", 405, "UNSUPPORTED"),
        ("GET /v2/a/tags/list", 404, "NAME_UNKNOWN"),
        ("GET /v2/a/manifests/x", 404, "NAME_UNKNOWN"),
        ("GET /v2/a/manifests/sha256:0", 404, "MANIFEST_UNKNOWN"),
        ("PUT /v2/a/manifests/sha256:0", 400, "DIGEST_INVALID"),
        ("GET /v2/a/blobs/sha256:0", 400, "DIGEST_INVALID"),
        ("GET /v2/a/blobs/uploads/x", 404, "BLOB_UPLOAD_UNKNOWN"),
        ("GET /v2/a/referrers/sha256:0", 400, "DIGEST_INVALID"),
        ("GET /v2/a/tags/list?n=x", 400, "UNSUPPORTED"),
        ("GET /v2/a/tags/list?n=-1", 400, "UNSUPPORTED"),
    ];
    for (line, status, code) in table {
        let answer = server.send(line, &[], "").await;
        assert_eq!(
            (answer.status, answer.code().as_str()),
            (status, code),
            "{line}"
        );
        assert_eq!(answer.header("content-type"), "application/json", "{line}");
        if status == 405 {
            assert_ne!(answer.header("allow"), "", "{line}");
        }
    }
}

#[tokio::test]
async fn unclean_paths_are_redirected() {
    let server = Server::new();
    let answer = server.send("POST /v2//a/../b/tags/list?n=1", &[], "").await;
    assert_eq!(answer.status, 301);
    assert_eq!(answer.header("location"), "/v2/b/tags/list?n=1");
}

#[tokio::test]
async fn every_answer_is_identified() {
    let server = Server::new();
    let answer = server
        .send("GET /v2/", &[("x-request-id", "abc")], "")
        .await;
    assert_eq!(answer.header("x-request-id"), "abc");
    let answer = server.get("/nothing").await;
    assert_eq!(answer.header("x-request-id").len(), 33);
}

#[tokio::test]
async fn lists_are_paged() {
    let server = Server::new();
    for tag in ["b", "a", "c"] {
        server.push_image("r/one", tag, "layer").await;
    }
    server.push_image("r/two", "x", "layer").await;
    let all = server.get("/v2/r/one/tags/list").await;
    assert_eq!(all.body, r#"{"name":"r/one","tags":["a","b","c"]}"#);
    assert_eq!(all.header("link"), "");
    let page = server.get("/v2/r/one/tags/list?n=2").await;
    assert_eq!(page.body, r#"{"name":"r/one","tags":["a","b"]}"#);
    let next = page.header("link");
    assert_eq!(next, r#"</v2/r/one/tags/list?n=2&last=b>; rel="next""#);
    let rest = server.get("/v2/r/one/tags/list?n=2&last=b").await;
    assert_eq!(rest.body, r#"{"name":"r/one","tags":["c"]}"#);
    assert_eq!(rest.header("link"), "");
    let none = server.get("/v2/r/one/tags/list?n=0").await;
    assert_eq!(none.body, r#"{"name":"r/one","tags":[]}"#);
    assert_eq!(none.header("link"), "");
    let after = server.get("/v2/r/one/tags/list?last=ab").await;
    assert_eq!(after.body, r#"{"name":"r/one","tags":["b","c"]}"#);
    let head = server.send("HEAD /v2/r/one/tags/list", &[], "").await;
    assert_eq!((head.status, head.body.as_str()), (200, ""));
    assert_eq!(head.header("content-length"), all.body.len().to_string());
    let catalog = server.get("/v2/_catalog?n=1").await;
    assert_eq!(catalog.body, r#"{"repositories":["r/one"]}"#);
    let next = catalog.header("link");
    assert_eq!(next, r#"</v2/_catalog?n=1&last=r/one>; rel="next""#);
    let rest = server.get("/v2/_catalog?n=1&last=r%2Fone").await;
    assert_eq!(rest.body, r#"{"repositories":["r/two"]}"#);
    let odd = server.get("/v2/_catalog?n=abc").await;
    assert_eq!(odd.body, r#"{"repositories":["r/one","r/two"]}"#);
}
