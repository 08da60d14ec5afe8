use std::collections::HashSet;

use super::*;

const ALL: [ErrorCode; 27] = [
    ErrorCode::BlobUnknown,
    ErrorCode::BlobUploadInvalid,
    ErrorCode::BlobUploadUnknown,
    ErrorCode::RangeInvalid,
    ErrorCode::DigestInvalid,
    ErrorCode::ManifestBlobUnknown,
    ErrorCode::ManifestInvalid,
    ErrorCode::ManifestTypeInvalid,
    ErrorCode::SizeExceeded,
    ErrorCode::TooManyTags,
    ErrorCode::ManifestUnknown,
    ErrorCode::NameInvalid,
    ErrorCode::NameUnknown,
    ErrorCode::SizeInvalid,
    ErrorCode::Unauthorized,
    ErrorCode::Denied,
    ErrorCode::InUse,
    ErrorCode::Unsupported,
    ErrorCode::ParameterInvalid,
    ErrorCode::NotFound,
    ErrorCode::Conflict,
    ErrorCode::PreconditionFailed,
    ErrorCode::TooManyRequests,
    ErrorCode::Timeout,
    ErrorCode::StorageFull,
    ErrorCode::Unavailable,
    ErrorCode::Internal,
];

#[test]
fn every_row_is_an_error() {
    let mut descriptions = HashSet::new();
    for code in ALL {
        assert!((400..600).contains(&code.status()), "{code:?}");
        let is_code = |b: u8| b.is_ascii_uppercase() || b == b'_';
        assert!(code.as_str().bytes().all(is_code), "{code:?}");
        assert!(!code.message().ends_with('.'), "{code:?}");
        descriptions.insert(code.description());
    }
    // Two codes share one: the blob is missing either way.
    assert_eq!(descriptions.len(), ALL.len() - 1);
}

#[test]
fn the_specification_names_the_codes() {
    let table = [
        (ErrorCode::BlobUnknown, "BLOB_UNKNOWN", 404),
        (ErrorCode::BlobUploadInvalid, "BLOB_UPLOAD_INVALID", 400),
        (ErrorCode::RangeInvalid, "BLOB_UPLOAD_INVALID", 416),
        (ErrorCode::BlobUploadUnknown, "BLOB_UPLOAD_UNKNOWN", 404),
        (ErrorCode::DigestInvalid, "DIGEST_INVALID", 400),
        (ErrorCode::ManifestBlobUnknown, "MANIFEST_BLOB_UNKNOWN", 404),
        (ErrorCode::ManifestInvalid, "MANIFEST_INVALID", 400),
        (ErrorCode::ManifestTypeInvalid, "MANIFEST_INVALID", 415),
        (ErrorCode::SizeExceeded, "MANIFEST_INVALID", 413),
        (ErrorCode::TooManyTags, "MANIFEST_INVALID", 414),
        (ErrorCode::ManifestUnknown, "MANIFEST_UNKNOWN", 404),
        (ErrorCode::NameInvalid, "NAME_INVALID", 404),
        (ErrorCode::NameUnknown, "NAME_UNKNOWN", 404),
        (ErrorCode::SizeInvalid, "SIZE_INVALID", 400),
        (ErrorCode::Unauthorized, "UNAUTHORIZED", 401),
        (ErrorCode::Denied, "DENIED", 403),
        (ErrorCode::InUse, "DENIED", 405),
        (ErrorCode::Unsupported, "UNSUPPORTED", 405),
        (ErrorCode::TooManyRequests, "TOOMANYREQUESTS", 429),
    ];
    for (code, text, status) in table {
        assert_eq!((code.as_str(), code.status()), (text, status));
    }
}

#[test]
fn body_has_one_error_with_its_details_in_order() {
    let error = Error::new(ErrorCode::ManifestUnknown)
        .with("reference", "la\"test")
        .with_list("digests", &[1, 2])
        .caused_by("disk on fire");
    let want = concat!(
        r#"{"errors":[{"code":"MANIFEST_UNKNOWN","message":"manifest unknown","detail":"#,
        r#"{"description":"the repository has no manifest under this reference","#,
        r#""reference":"la\"test","digests":["1","2"]}}]}"#
    );
    assert_eq!(String::from_utf8(error.to_body()).unwrap(), want);
}

#[test]
fn the_cause_is_for_the_log_alone() {
    let error = Error::from(ErrorCode::Internal).caused_by("secret path");
    assert_eq!(error.to_string(), "unknown error");
    assert_eq!(error.source().unwrap().to_string(), "secret path");
    let body = String::from_utf8(error.to_body()).unwrap();
    assert!(!body.contains("secret"), "{body}");
    assert!(Error::new(ErrorCode::Denied).source().is_none());
}
