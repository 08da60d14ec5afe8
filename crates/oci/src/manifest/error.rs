//! What may be wrong with a manifest.

use crate::digest::DigestError;
use crate::json::JsonError;
use crate::media_type::MediaType;

/// Says why bytes are not a manifest that is accepted.
///
/// Paths are written like `layers[2].digest`; texts that the client chose are shortened.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ManifestError {
    /// The body is too large or is not acceptable JSON.
    #[error(transparent)]
    Json(#[from] JsonError),
    /// The content type is none of those of a manifest.
    #[error("{0} is not the media type of a manifest")]
    UnknownType(MediaType),
    /// The manifest is of Docker's schema 1, by its content type or by its content.
    #[error("docker schema 1 manifests are not supported, push the image in the OCI format")]
    Schema1,
    /// The body names another type than the request.
    #[error("mediaType: {body} in the body, but the content type is {given}")]
    TypeMismatch {
        /// The type of the request.
        given: MediaType,
        /// The type in the body.
        body: String,
    },
    /// The body has a field that belongs to the other kind of manifest, so it could be read as both.
    #[error("{field}: not allowed in a manifest of this type")]
    Ambiguous {
        /// The field that should not be there.
        field: &'static str,
    },
    /// A field is missing or is not what the specification asks for.
    #[error("{path}: {reason}")]
    Schema {
        /// Where; `manifest` is the whole body.
        path: String,
        /// What is wrong there.
        reason: String,
    },
    /// A digest is malformed or of an algorithm that is not served.
    #[error("{path}: {reason}")]
    Digest {
        /// Where.
        path: String,
        /// What is wrong there.
        reason: DigestError,
    },
}
