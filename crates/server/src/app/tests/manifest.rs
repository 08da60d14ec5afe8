//! Manifests and referrers over HTTP.

use super::*;

const DOCKER: &str = "application/vnd.docker.distribution.manifest.v2+json";

#[tokio::test]
async fn case_b63_what_was_pushed_is_served_whatever_is_accepted() {
    let server = Server::new();
    let (digest, text) = server.push_image("a", "t", "layer").await;
    let by_digest = format!("/v2/a/manifests/{digest}");
    for path in ["/v2/a/manifests/t", by_digest.as_str()] {
        for accept in ["*/*", "text/html", DOCKER] {
            let line = format!("GET {path}");
            let got = server.send(&line, &[("accept", accept)], "").await;
            assert_eq!(
                (got.status, got.body.as_str()),
                (200, text.as_str()),
                "{path}"
            );
            assert_eq!(got.header("docker-content-digest"), digest.to_string());
            assert_eq!(got.header("content-type"), MANIFEST);
            assert_eq!(got.header("content-length"), text.len().to_string());
        }
        let head = server.send(&format!("HEAD {path}"), &[], "").await;
        assert_eq!((head.status, head.body.as_str()), (200, ""));
        assert_eq!(head.header("content-length"), text.len().to_string());
        assert_eq!(head.header("etag"), format!("\"{digest}\""));
    }
    let cached = server.get(&by_digest).await;
    assert!(cached.header("cache-control").ends_with("immutable"));
    assert_eq!(
        server
            .get("/v2/a/manifests/t")
            .await
            .header("cache-control"),
        ""
    );
}

#[tokio::test]
async fn conditions_hold() {
    let server = Server::new();
    let (digest, _) = server.push_image("a", "t", "one").await;
    let (etag, line) = (format!("\"{digest}\""), "GET /v2/a/manifests/t");
    let same = server.send(line, &[("if-none-match", &etag)], "").await;
    assert_eq!((same.status, same.body.as_str()), (304, ""));
    assert_eq!(same.header("etag"), etag);
    assert_eq!(same.header("content-length"), "");
    let other = server.send(line, &[("if-none-match", "\"x\"")], "").await;
    assert_eq!(other.status, 200);
    let text = server.image("a", "two", "").await;
    let put = "PUT /v2/a/manifests/t";
    let kind = ("content-type", MANIFEST);
    let refused = server
        .send(put, &[kind, ("if-none-match", "*")], &text)
        .await;
    assert_eq!(refused.status, 412);
    let refused = server
        .send(put, &[kind, ("if-match", "\"x\"")], &text)
        .await;
    assert_eq!(refused.status, 412);
    let taken = server.send(put, &[kind, ("if-match", &etag)], &text).await;
    assert_eq!(taken.status, 201, "{}", taken.body);
    let delete = "DELETE /v2/a/manifests/t";
    assert_eq!(
        server.send(delete, &[("if-match", &etag)], "").await.status,
        412
    );
    assert_eq!(server.send(delete, &[], "").await.status, 202);
}

#[tokio::test]
async fn case_b69_docker_types_name_the_setting() {
    let server = Server::new();
    let put = "PUT /v2/a/manifests/t";
    for (kind, status) in [(DOCKER, 415), ("text/plain", 415), ("", 415)] {
        let answer = server.send(put, &[("content-type", kind)], "{}").await;
        assert_eq!(
            (answer.status, answer.code().as_str()),
            (status, "MANIFEST_INVALID")
        );
        let names = answer.body.contains("docker2s2");
        assert_eq!(names, kind == DOCKER, "{}", answer.body);
    }
    let text = server.image("a", "layer", "").await;
    let kind = format!("{MANIFEST}; charset=utf-8");
    let answer = server.send(put, &[("content-type", &kind)], &text).await;
    assert_eq!(answer.status, 201, "{}", answer.body);
}

#[tokio::test]
async fn case_b71_large_manifests_are_refused_early() {
    let server = Server::new();
    let put = "PUT /v2/a/manifests/t";
    let kind = ("content-type", MANIFEST);
    let body = "x".repeat(4 * 1024 * 1024 + 1);
    let answer = server.send(put, &[kind], &body).await;
    assert_eq!(
        (answer.status, answer.code().as_str()),
        (413, "MANIFEST_INVALID")
    );
}

#[tokio::test]
async fn tags_come_with_a_push_by_digest() {
    let server = Server::new();
    let text = server.image("a", "layer", "").await;
    let digest = Digest::sha256(text.as_bytes());
    let kind = [("content-type", MANIFEST)];
    let put = |query: String| format!("PUT /v2/a/manifests/{digest}?{query}");
    let answer = server
        .send(&put("tag=v1&tag=v2&tag=v1".to_owned()), &kind, &text)
        .await;
    assert_eq!(answer.status, 201, "{}", answer.body);
    let tags: Vec<_> = answer.headers.get_all("oci-tag").iter().collect();
    assert_eq!(tags, ["v1", "v2"]);
    assert_eq!(
        answer.header("location"),
        format!("/v2/a/manifests/{digest}")
    );
    assert_eq!(server.get("/v2/a/manifests/v2").await.body, text);
    let many = |count: usize| {
        let tags: Vec<_> = (0..count).map(|tag| format!("tag=t{tag}")).collect();
        put(tags.join("&"))
    };
    assert_eq!(server.send(&many(46), &kind, &text).await.status, 201);
    assert_eq!(server.send(&many(47), &kind, &text).await.status, 414);
    assert_eq!(
        server
            .send(&put("tag=".to_owned()), &kind, &text)
            .await
            .status,
        400
    );
    assert_eq!(
        server
            .send(&put("tag=.x".to_owned()), &kind, &text)
            .await
            .status,
        400
    );
    let by_tag = "PUT /v2/a/manifests/t?tag=v3";
    assert_eq!(server.send(by_tag, &kind, &text).await.status, 400);
}

#[tokio::test]
async fn case_b85_referrers_come_before_their_subject() {
    let server = Server::new();
    let subject = Digest::sha256(b"nothing yet");
    let empty = server.get(&format!("/v2/a/referrers/{subject}")).await;
    assert_eq!(empty.status, 200);
    assert!(empty.body.contains(r#""manifests":[]"#), "{}", empty.body);
    let mut digests = Vec::new();
    for kind in ["x/a", "x/b"] {
        let more = format!(
            r#","artifactType":"{kind}","subject":{{"mediaType":"{MANIFEST}","digest":"{subject}","size":1}}"#
        );
        let text = server.image("a", "layer", &more).await;
        let digest = Digest::sha256(text.as_bytes());
        let line = format!("PUT /v2/a/manifests/{digest}");
        let answer = server
            .send(&line, &[("content-type", MANIFEST)], &text)
            .await;
        assert_eq!(answer.status, 201, "{}", answer.body);
        assert_eq!(answer.header("oci-subject"), subject.to_string());
        digests.push(digest);
    }
    let path = format!("/v2/a/referrers/{subject}");
    let all = server.get(&path).await;
    assert_eq!(
        all.header("content-type"),
        "application/vnd.oci.image.index.v1+json"
    );
    assert!(
        digests
            .iter()
            .all(|digest| all.body.contains(&digest.to_string()))
    );
    let some = server.get(&format!("{path}?artifactType=x%2Fa")).await;
    assert_eq!(some.header("oci-filters-applied"), "artifactType");
    assert!(
        some.body.contains("x/a") && !some.body.contains("x/b"),
        "{}",
        some.body
    );
    let first = server.get(&format!("{path}?n=1")).await;
    let next = first.header("link").to_owned();
    let next = next.strip_prefix('<').unwrap().split('>').next().unwrap();
    let second = server.get(next).await;
    assert_ne!(first.body, second.body);
    assert_eq!(second.body.matches("artifactType").count(), 1);
    assert_eq!(second.header("link"), "");
}
