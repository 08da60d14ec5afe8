use std::os::unix::fs::FileExt;

use futures_util::StreamExt;
use futures_util::stream;
use http_body::Body as _;
use http_body_util::BodyExt;
use storage::{ErrorKind, Key};

use super::*;

fn connection() -> Connection {
    Connection::new(([127, 0, 0, 1], 1).into())
}

fn file(len: usize, offset: u64) -> (Vec<u8>, storage::Body) {
    let whole: Vec<u8> = (0..len + 10)
        .map(|at| u8::try_from(at % 251).unwrap())
        .collect();
    let file = tempfile::tempfile().unwrap();
    file.write_all_at(&whole, 0).unwrap();
    let start = usize::try_from(offset).unwrap();
    let expected = whole[start..start + len].to_vec();
    let slice = FileSlice {
        file: Arc::new(file),
        offset,
        len: u64::try_from(len).unwrap(),
    };
    (expected, storage::Body::File(slice))
}

async fn collect(body: Body) -> Vec<u8> {
    let exact = body.size_hint().exact().unwrap();
    assert_eq!(body.is_end_stream(), exact == 0);
    let bytes = body.collect().await.unwrap().to_bytes();
    assert_eq!(u64::try_from(bytes.len()).unwrap(), exact);
    bytes.to_vec()
}

#[tokio::test]
async fn every_form_of_content_yields_its_bytes() {
    for version in [Version::HTTP_11, Version::HTTP_2] {
        for (len, offset) in [(0, 0), (1, 9), (65_536, 3), (65_537, 5), (1_000_000, 0)] {
            let (expected, content) = file(len, offset);
            let length = u64::try_from(len).unwrap();
            let body = Body::content(content, length, &connection(), version);
            assert!(
                collect(body).await == expected,
                "{len} bytes over {version:?}"
            );
        }
    }
    assert_eq!(collect(Body::full("text")).await, b"text");
    assert_eq!(collect(Body::empty()).await, b"");
}

#[tokio::test]
async fn parts_follow_each_other() {
    let (expected, content) = file(100_000, 1);
    let content = Body::content(content, 100_000, &connection(), Version::HTTP_11);
    let body = Body::parts(vec![
        Body::full("--a\r\n"),
        Body::empty(),
        content,
        Body::full("--a--"),
    ]);
    let bytes = collect(body).await;
    assert_eq!(bytes, [b"--a\r\n", expected.as_slice(), b"--a--"].concat());
    assert_eq!(collect(Body::parts(vec![Body::empty()])).await, b"");
}

fn streamed(pieces: Vec<Result<&'static str, ErrorKind>>, len: u64) -> Body {
    let key: Key = Key::new("a/b").unwrap();
    let pieces = pieces.into_iter().map(move |piece| match piece {
        Ok(text) => Ok(Bytes::from(text)),
        Err(kind) => Err(storage::Error::new(kind, &key)),
    });
    let content = storage::Body::Stream(stream::iter(pieces).boxed());
    Body::content(content, len, &connection(), Version::HTTP_11)
}

#[tokio::test]
async fn a_stream_must_keep_its_word() {
    let whole = streamed(vec![Ok("ab"), Ok(""), Ok("c")], 3);
    assert_eq!(collect(whole).await, b"abc");
    let long = streamed(vec![Ok("ab"), Ok("cd")], 3).collect().await;
    assert!(matches!(long, Err(BodyError::Length)));
    let short = streamed(vec![Ok("ab")], 3).collect().await;
    assert!(matches!(short, Err(BodyError::Length)));
    let broken = streamed(vec![Ok("ab"), Err(ErrorKind::Io)], 3)
        .collect()
        .await;
    assert!(matches!(broken, Err(BodyError::Content(_))));
}

#[tokio::test]
async fn a_file_that_is_too_short_is_an_error() {
    let (_, content) = file(1000, 0);
    let storage::Body::File(mut slice) = content else {
        unreachable!("it is a file");
    };
    slice.len = 50_000;
    let body = Body::content(
        storage::Body::File(slice),
        50_000,
        &connection(),
        Version::HTTP_2,
    );
    assert!(matches!(body.collect().await, Err(BodyError::Read(_))));
}

#[test]
fn a_body_is_small() {
    assert!(size_of::<Body>() <= 48, "{}", size_of::<Body>());
}
