//! One path of each kind, and what is sent there.

use http::Method;

use super::oracle::{Exists, Kind, Target};
use super::world::{Asked, Content, FILLED};

/// A path, and what is known of it.
#[derive(Clone, Debug)]
pub(crate) struct Sample {
    /// With `{upload}` for the upload that is open at that moment.
    pub(crate) path: String,
    /// Only with this method, because of the query that belongs to it.
    pub(crate) only: Option<(Method, &'static str)>,
    pub(crate) repo: &'static str,
    /// Whether what the path names is there.
    pub(crate) found: bool,
    pub(crate) target: Target,
    /// Which image a push sends.
    pub(crate) other: bool,
}

fn plain(path: &str) -> Sample {
    Sample {
        path: path.to_owned(),
        only: None,
        repo: "",
        found: true,
        target: Target::None,
        other: false,
    }
}

/// Yields all paths of the core, those for which there is nothing too.
pub(crate) fn samples(content: &Content) -> Vec<Sample> {
    let outside = [
        "/v2/",
        "/v2/_catalog",
        "/v2/_oci/ext/discover",
        "/v2/_nothing",
        "/v2/x",
        "/v2",
        "/nothing",
        "/livez",
        "/readyz",
        "/startupz",
        "/v2//lab/app/tags/list",
        "/v2/lab/App/tags/list",
        "/v2/lab/app/manifests/sha256:x",
        "/v2/lab/app/blobs/sha256:x",
    ];
    let mut samples = outside.map(plain).to_vec();
    samples.extend(FILLED.iter().flat_map(|repo| within(content, repo)));
    samples.extend(within(content, "lab/none"));
    samples
}

fn within(content: &Content, repo: &'static str) -> Vec<Sample> {
    let is_filled = FILLED.contains(&repo);
    let (image, other) = (content.image.digest, content.other.digest);
    let nothing = oci::Digest::sha256(b"what nobody has pushed");
    let known = if is_filled { Exists::Yes } else { Exists::No };
    let none = Target::None;
    let table = [
        ("tags/list".to_owned(), true, none),
        ("manifests/v1".to_owned(), true, Target::Tag(known)),
        ("manifests/new".to_owned(), false, Target::Tag(Exists::No)),
        (format!("manifests/{image}"), true, Target::Digest(&[])),
        (format!("manifests/{other}"), false, Target::Digest(&[])),
        (format!("blobs/{}", content.loose_digest()), true, none),
        (format!("blobs/{nothing}"), false, none),
        ("blobs/uploads/".to_owned(), true, none),
        ("blobs/uploads/{upload}".to_owned(), true, none),
        (
            "blobs/uploads/b4f3b1de-0000-4000-8000-000000000000".to_owned(),
            false,
            none,
        ),
        (format!("referrers/{image}"), true, none),
        (format!("referrers/{nothing}"), true, none),
    ];
    let of = |(tail, found, target): (String, bool, Target)| Sample {
        repo,
        found: found && is_filled,
        target,
        other: tail != format!("manifests/{image}"),
        ..plain(&format!("/v2/{repo}/{tail}"))
    };
    let mut samples = table.map(of).to_vec();
    if is_filled {
        let pushes: [(&str, &'static [Exists]); 3] = [
            ("tag=new", &[Exists::No]),
            ("tag=v1", &[Exists::Yes]),
            ("tag=v1&tag=new", &[Exists::Yes, Exists::No]),
        ];
        samples.extend(pushes.map(|(query, tags)| Sample {
            only: Some((Method::PUT, query)),
            ..of((format!("manifests/{other}"), true, Target::Digest(tags)))
        }));
    }
    samples
}

/// What makes a request to a sample a good one.
pub(crate) fn asked(content: &Content, sample: &Sample, (kind, method): (Kind, &Method)) -> Asked {
    let position = FILLED.iter().position(|repo| *repo == sample.repo);
    let upload = position.map_or("", |position| content.uploads[position].as_str());
    let path = sample
        .path
        .replace("{upload}", if upload.is_empty() { "x" } else { upload });
    let asked = Asked::of(&format!("{method} {path}"));
    match (kind, method.as_str()) {
        (Kind::Manifest, "PUT") => {
            let image = if sample.other {
                &content.other
            } else {
                &content.image
            };
            let query = sample.only.as_ref().map(|(_, query)| format!("?{query}"));
            let target = format!("{path}{}", query.unwrap_or_default());
            Asked { target, ..asked }.manifest(image)
        }
        (Kind::Upload, "PUT") => {
            let digest = oci::Digest::sha256(b"pushed");
            let target = format!("{path}?digest={digest}");
            Asked { target, ..asked }.body(&"pushed".into())
        }
        (Kind::Upload, "PATCH") => asked.body(&"a part".into()),
        _ => asked,
    }
}
