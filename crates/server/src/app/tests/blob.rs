//! Blobs and uploads over HTTP.

use super::*;

#[tokio::test]
async fn case_b62_blobs_say_their_length() {
    let server = Server::new();
    let digest = server.push_blob("a", "0123456789").await;
    let path = format!("/v2/a/blobs/{digest}");
    for (method, body) in [("GET", "0123456789"), ("HEAD", "")] {
        let line = format!("{method} {path}");
        let answer = server.send(&line, &[("accept-encoding", "gzip")], "").await;
        assert_eq!((answer.status, answer.body.as_str()), (200, body));
        assert_eq!(answer.header("content-length"), "10");
        assert_eq!(answer.header("content-type"), "application/octet-stream");
        assert_eq!(answer.header("docker-content-digest"), digest.to_string());
        assert_eq!(answer.header("accept-ranges"), "bytes");
        assert_eq!(answer.header("content-encoding"), "");
    }
    let etag = format!("\"{digest}\"");
    let line = format!("GET {path}");
    let same = server.send(&line, &[("if-none-match", &etag)], "").await;
    assert_eq!((same.status, same.body.as_str()), (304, ""));
    let absent = format!("GET /v2/a/blobs/{}", Digest::sha256(b"absent"));
    let answer = server.send(&absent, &[("if-none-match", "*")], "").await;
    assert_eq!(
        (answer.status, answer.code().as_str()),
        (404, "BLOB_UNKNOWN")
    );
}

#[tokio::test]
async fn ranges_are_served() {
    let server = Server::new();
    let digest = server.push_blob("a", "0123456789").await;
    let line = format!("GET /v2/a/blobs/{digest}");
    let table = [
        ("bytes=0-3", 206, "bytes 0-3/10", "0123"),
        ("bytes=-2", 206, "bytes 8-9/10", "89"),
        ("bytes=8-", 206, "bytes 8-9/10", "89"),
        ("bytes=0-1,2-3", 206, "bytes 0-3/10", "0123"),
        ("bytes=10-", 416, "bytes */10", ""),
        ("lines=1-2", 416, "bytes */10", ""),
        ("", 416, "bytes */10", ""),
    ];
    for (range, status, content_range, body) in table {
        let answer = server.send(&line, &[("range", range)], "").await;
        assert_eq!(
            (answer.status, answer.body.as_str()),
            (status, body),
            "{range}"
        );
        assert_eq!(answer.header("content-range"), content_range, "{range}");
        assert_eq!(
            answer.header("content-length"),
            body.len().to_string(),
            "{range}"
        );
    }
    let several = server.send(&line, &[("range", "bytes=0-1,5-6")], "").await;
    assert_eq!(several.status, 206);
    assert!(
        several
            .header("content-type")
            .starts_with("multipart/byteranges; boundary=")
    );
    assert_eq!(
        several.header("content-length"),
        several.body.len().to_string()
    );
    let stale = [("range", "bytes=0-3"), ("if-range", "\"other\"")];
    assert_eq!(server.send(&line, &stale, "").await.status, 200);
    let etag = format!("\"{digest}\"");
    let current = [("range", "bytes=0-3"), ("if-range", etag.as_str())];
    assert_eq!(server.send(&line, &current, "").await.status, 206);
}

#[tokio::test]
async fn case_b74_streamed_and_chunked_parts_mix() {
    let server = Server::new();
    let start = server.send("POST /v2/a/blobs/uploads/", &[], "").await;
    assert_eq!((start.status, start.header("range")), (202, "0-0"));
    let location = start.header("location").to_owned();
    let patch = format!("PATCH {location}");
    let answer = server.send(&patch, &[], "01234").await;
    assert_eq!((answer.status, answer.header("range")), (202, "0-4"));
    assert_eq!(answer.header("content-length"), "0");
    let chunk = [("content-range", "5-6"), ("content-length", "2")];
    let answer = server.send(&patch, &chunk, "56").await;
    assert_eq!((answer.status, answer.header("range")), (202, "0-6"));
    let again = server.send(&patch, &chunk, "56").await;
    assert_eq!((again.status, again.header("range")), (416, "0-6"));
    assert_eq!(again.code(), "BLOB_UPLOAD_INVALID");
    assert_eq!(again.header("location"), location);
    let state = server.get(&location).await;
    assert_eq!((state.status, state.header("range")), (204, "0-6"));
    let digest = Digest::sha256(b"0123456789");
    let wrong = format!("PUT {location}?digest={}", Digest::sha256(b"other"));
    let answer = server.send(&wrong, &[("content-length", "0")], "").await;
    assert_eq!(
        (answer.status, answer.code().as_str()),
        (400, "DIGEST_INVALID")
    );
    // The last part may come with the request that closes the session, its length unknown.
    let put = format!("PUT {location}?digest={digest}");
    let answer = server
        .send(&put, &[("transfer-encoding", "chunked")], "789")
        .await;
    assert_eq!(answer.status, 201, "{}", answer.body);
    assert_eq!(answer.header("location"), format!("/v2/a/blobs/{digest}"));
    assert_eq!(answer.header("docker-content-digest"), digest.to_string());
    let got = server.get(&format!("/v2/a/blobs/{digest}")).await;
    assert_eq!(got.body, "0123456789");
    assert_eq!(server.get(&location).await.status, 404);
}

#[tokio::test]
async fn uploads_are_cancelled() {
    let server = Server::new();
    let start = server.send("POST /v2/a/blobs/uploads/", &[], "").await;
    let location = start.header("location").to_owned();
    let delete = format!("DELETE {location}");
    assert_eq!(server.send(&delete, &[], "").await.status, 204);
    let again = server.send(&delete, &[], "").await;
    assert_eq!(
        (again.status, again.code().as_str()),
        (404, "BLOB_UPLOAD_UNKNOWN")
    );
    let put = format!("PUT {location}");
    assert_eq!(server.send(&put, &[], "").await.status, 400);
}

#[tokio::test]
async fn case_b58_b67_a_refused_mount_is_a_plain_upload() {
    let server = Server::new();
    let digest = server.push_blob("from", "0123456789").await;
    let absent = Digest::sha256(b"absent");
    let post = |query: String| format!("POST /v2/to/blobs/uploads/?{query}");
    let mounted = post(format!("mount={digest}&from=from&origin=other.example"));
    let answer = server.send(&mounted, &[], "").await;
    assert_eq!(answer.status, 201, "{}", answer.body);
    assert_eq!(answer.header("location"), format!("/v2/to/blobs/{digest}"));
    for query in [
        format!("mount={absent}&from=from"),
        format!("mount={absent}"),
        format!("mount={absent}&from=no/such/repo"),
        format!("mount={absent}&from=NOT..A..NAME"),
        "mount=nonsense".to_owned(),
    ] {
        let answer = server.send(&post(query.clone()), &[], "").await;
        assert_eq!(
            (answer.status, answer.header("range")),
            (202, "0-0"),
            "{query}"
        );
        let location = answer.header("location");
        assert!(
            !location.contains('?') && location.starts_with('/'),
            "{location}"
        );
    }
    let alone = server.send(&post("from=from".to_owned()), &[], "").await;
    assert_eq!(alone.status, 405);
    let twice = format!("mount={digest}&mount={digest}");
    assert_eq!(server.send(&post(twice), &[], "").await.status, 400);
}

#[tokio::test]
async fn case_b03_a_deleted_blob_is_gone() {
    let server = Server::new();
    let digest = server.push_blob("a", "content").await;
    server.push_blob("b", "content").await;
    let delete = format!("DELETE /v2/a/blobs/{digest}");
    assert_eq!(server.send(&delete, &[], "").await.status, 202);
    for method in ["GET", "HEAD", "DELETE"] {
        let line = format!("{method} /v2/a/blobs/{digest}");
        assert_eq!(server.send(&line, &[], "").await.status, 404, "{line}");
    }
    assert_eq!(
        server.get(&format!("/v2/b/blobs/{digest}")).await.body,
        "content"
    );
    let (_, text) = server.push_image("a", "t", "content").await;
    let used = server.send(&delete, &[], "").await;
    assert_eq!(
        (used.status, used.code().as_str()),
        (405, "DENIED"),
        "{text}"
    );
    assert_eq!(used.header("allow"), "HEAD,GET,DELETE");
}

#[tokio::test]
async fn other_algorithms_are_taken() {
    let server = Server::new();
    let digest = Digest::of(oci::Algorithm::Sha512, b"content");
    let line = "POST /v2/a/blobs/uploads/?digest-algorithm=sha512";
    let start = server.send(line, &[], "").await;
    assert_eq!(start.status, 202);
    let put = format!("PUT {}?digest={digest}", start.header("location"));
    assert_eq!(server.send(&put, &[], "content").await.status, 201);
    assert_eq!(
        server.get(&format!("/v2/a/blobs/{digest}")).await.body,
        "content"
    );
    let odd = "POST /v2/a/blobs/uploads/?digest-algorithm=md5";
    assert_eq!(server.send(odd, &[], "").await.status, 400);
}
