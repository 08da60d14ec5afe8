//! Answers that carry parts of a blob.
//!
//! Spec: RFC 9110, sections 14.6 and 15.3.7.

use http::header as names;
use oci::range::Range;
use registry::BlobInfo;

use crate::body::Body;
use crate::header;
use crate::respond::Reply;

/// Puts parts of a blob into an answer: one as it is, several with their ranges between boundaries.
pub(crate) fn fill(reply: Reply, info: &BlobInfo, mut parts: Vec<(Range, Body)>) -> Reply {
    let media_type = header::of_media_type(&info.media_type);
    if parts.len() == 1
        && let Some((range, body)) = parts.pop()
    {
        let content_range = header::of_text(&range.to_content_range(info.size));
        return reply
            .with(names::CONTENT_TYPE, media_type)
            .with(names::CONTENT_RANGE, content_range)
            .with_body(body);
    }
    let boundary = uuid::Uuid::new_v4().simple().to_string();
    let content_type = format!("multipart/byteranges; boundary={boundary}");
    let mut bodies = Vec::with_capacity(2 * parts.len() + 1);
    for (position, (range, body)) in parts.into_iter().enumerate() {
        let before = if position == 0 { "" } else { "\r\n" };
        let head = format!(
            "{before}--{boundary}\r\nContent-Range: {}\r\nContent-Type: {}\r\n\r\n",
            range.to_content_range(info.size),
            media_type.to_str().unwrap_or_default(),
        );
        bodies.push(Body::full(head));
        bodies.push(body);
    }
    bodies.push(Body::full(format!("\r\n--{boundary}--\r\n")));
    reply
        .with(names::CONTENT_TYPE, header::of_text(&content_type))
        .with_body(Body::parts(bodies))
}

#[cfg(test)]
mod tests {
    use http::{Method, StatusCode};
    use http_body_util::BodyExt;
    use oci::{Digest, MediaType};

    use super::*;

    async fn filled(ranges: &[(u64, u64)]) -> (http::HeaderMap, String) {
        let content = "0123456789";
        let info = BlobInfo {
            digest: Digest::sha256(content.as_bytes()),
            size: 10,
            media_type: MediaType::OCTET_STREAM,
        };
        let mut parts = Vec::new();
        for (first, last) in ranges {
            let span = usize::try_from(*first).unwrap()..=usize::try_from(*last).unwrap();
            let body = Body::full(content.get(span).unwrap());
            parts.push((Range::new(*first, *last).unwrap(), body));
        }
        let reply = fill(Reply::new(StatusCode::PARTIAL_CONTENT), &info, parts);
        let (head, body) = reply.into_response(&Method::GET).into_parts();
        let bytes = body.collect().await.unwrap().to_bytes();
        (head.headers, String::from_utf8(bytes.to_vec()).unwrap())
    }

    #[tokio::test]
    async fn one_part_stands_alone() {
        let (headers, body) = filled(&[(2, 4)]).await;
        assert_eq!(body, "234");
        assert_eq!(headers[names::CONTENT_RANGE], "bytes 2-4/10");
        assert_eq!(headers[names::CONTENT_LENGTH], "3");
        assert_eq!(headers[names::CONTENT_TYPE], "application/octet-stream");
    }

    #[tokio::test]
    async fn several_parts_stand_between_boundaries() {
        let (headers, body) = filled(&[(0, 1), (5, 9)]).await;
        let kind = headers[names::CONTENT_TYPE].to_str().unwrap();
        let boundary = kind
            .strip_prefix("multipart/byteranges; boundary=")
            .unwrap();
        let want = format!(
            "--{boundary}\r\nContent-Range: bytes 0-1/10\r\nContent-Type: application/octet-stream\r\n\r\n01\
             \r\n--{boundary}\r\nContent-Range: bytes 5-9/10\r\nContent-Type: application/octet-stream\r\n\r\n56789\
             \r\n--{boundary}--\r\n"
        );
        assert_eq!(body, want);
        assert_eq!(headers[names::CONTENT_LENGTH], body.len().to_string());
        assert!(!headers.contains_key(names::CONTENT_RANGE));
    }
}
