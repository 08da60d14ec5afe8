//! What can go wrong in the engine, and how clients are told.

use std::error::Error as StdError;

use oci::{Digest, ErrorCode, Reference, RepoName};
use storage::ErrorKind;

use crate::hook::Refusal;
use crate::source::SourceError;

/// Says why the engine could not do what it was asked.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// There is no such repository.
    #[error("repository {0} is unknown")]
    RepoUnknown(RepoName),
    /// The repository does not hold the blob.
    #[error("blob {0} is unknown")]
    BlobUnknown(Digest),
    /// The blob is named by a manifest of its repository.
    #[error("blob {0} is in use")]
    BlobInUse(Digest),
    /// The repository has no manifest under the reference.
    #[error("manifest {0} is unknown")]
    ManifestUnknown(Reference),
    /// The manifest is listed by an index of its repository.
    #[error("manifest {0} is in use")]
    ManifestInUse(Digest),
    /// More than one tag would go with the manifest.
    #[error("manifest {0} has several tags")]
    ManifestShared(Digest),
    /// The manifest's bytes are not a manifest of the declared type.
    #[error("manifest {reference} is invalid")]
    ManifestInvalid {
        /// What it was pushed as.
        reference: Reference,
        /// What is wrong with it.
        source: Box<oci::ManifestError>,
    },
    /// The manifest names blobs that its repository does not hold.
    #[error("manifest {reference} names {} missing blobs", missing.len())]
    BlobsMissing {
        /// What it was pushed as.
        reference: Reference,
        /// The first of the blobs that are missing.
        missing: Vec<Digest>,
    },
    /// The content does not have the digest that it was sent under.
    #[error("content does not match digest {expected}")]
    DigestMismatch {
        /// The digest that the client gave.
        expected: Digest,
    },
    /// A manifest's bytes do not have the digest that it was pushed by.
    #[error("manifest does not match digest {expected}")]
    ManifestMismatch {
        /// The digest that the client gave.
        expected: Digest,
    },
    /// A tag that is to be pushed does not follow the grammar.
    #[error("tag {0} is malformed")]
    TagInvalid(oci::Tag),
    /// There is no such upload session.
    #[error("upload {0} is unknown")]
    UploadUnknown(String),
    /// The data does not continue the upload where it stands.
    #[error("upload stands at {size} bytes")]
    UploadOffset {
        /// How many bytes the upload holds.
        size: u64,
    },
    /// Another request is writing to the upload.
    #[error("upload {0} has another writer")]
    UploadBusy(String),
    /// The client's data stopped coming.
    #[error("content from the client broke off")]
    Source(#[from] SourceError),
    /// A check of an extension refused the manifest.
    #[error("manifest was refused")]
    Refused(Refusal),
    /// The caller may not set what a push sets.
    #[error("caller has no right to this")]
    Denied(meta::Refusal),
    /// There are as many repositories as there may be.
    #[error("there are {0} repositories already")]
    TooManyRepos(u64),
    /// A precondition of the request does not hold.
    #[error("precondition does not hold")]
    Precondition,
    /// The same rows kept changing while the request tried to change them.
    #[error("too many concurrent changes")]
    Contended,
    /// The content in the store is not what its digest says.
    #[error("stored content of {0} is corrupt")]
    Corrupt(Digest),
    /// The store below failed.
    #[error(transparent)]
    Storage(#[from] storage::Error),
    /// The metadata store failed.
    #[error(transparent)]
    Meta(#[from] meta::Error),
    /// A task of the engine was stopped.
    #[error("the engine is shutting down")]
    Closed,
}

/// Yields an error in the form that log fields take.
pub(crate) fn logged<E: StdError + 'static>(error: &E) -> &(dyn StdError + 'static) {
    error
}

/// What every call of the engine yields.
pub type Result<T> = std::result::Result<T, Error>;

impl From<meta::WriteError> for Error {
    fn from(error: meta::WriteError) -> Self {
        match error {
            meta::WriteError::Conflict => Self::Contended,
            meta::WriteError::Store(error) => Self::Meta(error),
        }
    }
}

/// The one place that maps what failed to what the client reads.
impl From<Error> for oci::Error {
    fn from(error: Error) -> Self {
        let code = code_of(&error);
        let wire = oci::Error::new(code);
        match &error {
            Error::RepoUnknown(repo) => wire.with("name", repo),
            Error::BlobUnknown(digest) | Error::BlobInUse(digest) => wire.with("digest", digest),
            Error::ManifestUnknown(reference) => wire.with("reference", reference),
            Error::ManifestInUse(digest) | Error::ManifestShared(digest) => {
                wire.with("reference", digest)
            }
            Error::ManifestInvalid { reference, source } => wire
                .with("reference", reference)
                .with("jsonSchemaValidation", source)
                .because(source),
            Error::BlobsMissing { reference, missing } => wire
                .with("reference", reference)
                .with_list("digest", missing)
                .because(missing.first().map(ToString::to_string).unwrap_or_default()),
            Error::DigestMismatch { expected } => wire.with("digest", expected),
            Error::ManifestMismatch { expected } => wire
                .with("reference", expected)
                .with("digest", expected)
                .because("content has another digest"),
            Error::TagInvalid(tag) => wire.with("reference", tag).because("tag is malformed"),
            Error::UploadUnknown(id) | Error::UploadBusy(id) => wire.with("session_id", id),
            Error::UploadOffset { size } => wire.with("size", size),
            Error::TooManyRepos(limit) => wire
                .with("limit", limit)
                .because("there may be no more repositories"),
            Error::Refused(refusal) => wire
                .with(refusal.field, &refusal.reason)
                .because(refusal.reason.trim()),
            Error::Denied(refusal) => match &refusal.reason {
                Some(reason) => wire.with("reason", reason).because(reason),
                None => wire,
            },
            Error::Source(_) | Error::Precondition | Error::Contended => wire,
            Error::Corrupt(_) | Error::Storage(_) | Error::Meta(_) | Error::Closed => {
                wire.caused_by(error)
            }
        }
    }
}

fn code_of(error: &Error) -> ErrorCode {
    match error {
        Error::RepoUnknown(_) => ErrorCode::NameUnknown,
        Error::BlobUnknown(_) => ErrorCode::BlobUnknown,
        Error::BlobInUse(_) | Error::ManifestInUse(_) => ErrorCode::InUse,
        Error::ManifestUnknown(_) => ErrorCode::ManifestUnknown,
        Error::ManifestShared(_) => ErrorCode::Conflict,
        Error::ManifestInvalid { .. } | Error::ManifestMismatch { .. } | Error::Refused(_) => {
            ErrorCode::ManifestInvalid
        }
        Error::TagInvalid(_) => ErrorCode::ManifestInvalid,
        Error::BlobsMissing { .. } => ErrorCode::ManifestBlobUnknown,
        Error::DigestMismatch { .. } => ErrorCode::DigestInvalid,
        Error::UploadUnknown(_) => ErrorCode::BlobUploadUnknown,
        Error::UploadOffset { .. } | Error::UploadBusy(_) => ErrorCode::RangeInvalid,
        Error::Source(source) => source.code(),
        Error::Denied(_) => ErrorCode::Denied,
        Error::Precondition => ErrorCode::PreconditionFailed,
        Error::TooManyRepos(_) => ErrorCode::TooManyRequests,
        Error::Storage(error) => storage_code(error.kind()),
        Error::Meta(meta::Error::Full(_)) => ErrorCode::StorageFull,
        Error::Corrupt(_) | Error::Meta(_) => ErrorCode::Internal,
        Error::Closed | Error::Contended => ErrorCode::Unavailable,
    }
}

const fn storage_code(kind: ErrorKind) -> ErrorCode {
    match kind {
        ErrorKind::Full => ErrorCode::StorageFull,
        ErrorKind::Busy => ErrorCode::Unavailable,
        ErrorKind::NotFound
        | ErrorKind::Exists
        | ErrorKind::Offset
        | ErrorKind::NotEmpty
        | ErrorKind::Denied
        | ErrorKind::Unsupported
        | ErrorKind::Corrupt
        | ErrorKind::Io => ErrorCode::Internal,
    }
}
