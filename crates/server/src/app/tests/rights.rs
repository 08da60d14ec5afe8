//! Callers who may not do everything.

use std::time::SystemTime;

use auth::User;
use ext::Caller;
use meta::{Action, Rights, Rule};
use oci::RepoName;

use super::*;

/// Allows actions by repository.
struct Table(&'static [(&'static str, &'static [Action])]);

impl Rule for Table {
    fn allows(&self, repo: &RepoName, action: Action) -> bool {
        let mut rows = self.0.iter();
        rows.any(|(name, actions)| *name == repo.as_str() && actions.contains(&action))
    }
}

/// Sends a request as a user with these rights; yields the status.
async fn send_as(server: &Server, table: Table, line: &str, body: &str) -> u16 {
    let (method, path) = line.split_once(' ').unwrap();
    let request = http::Request::builder().method(method).uri(path);
    let (parts, ()) = request
        .header("content-type", MANIFEST)
        .body(())
        .unwrap()
        .into_parts();
    let (snapshot, who) = (server.app.snapshot.load_full(), OnceLock::new());
    let request = Request {
        connection: &server.connection,
        parts: &parts,
        snapshot: &snapshot,
        client: Client::direct(server.connection.peer()),
        who: &who,
    };
    let caller = Caller {
        identity: Identity::User(Arc::new(User::new(
            "ann",
            Vec::new(),
            auth::Method::Htpasswd,
        ))),
        rights: Rights::by(Arc::new(table)),
        admin: false,
        peer: server.connection.peer(),
    };
    let call = Call {
        app: &server.app,
        request,
        caller: &caller,
    };
    let piece: Result<Bytes, SourceError> = Ok(Bytes::copy_from_slice(body.as_bytes()));
    let mut source = stream::iter([piece]);
    let route = route(&parts.method, parts.uri.path());
    let reply = match access::check(&route, &parts.method, &caller, SystemTime::UNIX_EPOCH) {
        Ok(()) => handler::dispatch(&call, &route, &mut source).await,
        Err(error) => Err(error),
    };
    reply.map_or_else(|error| error.code.status(), |reply| reply.status.as_u16())
}

#[tokio::test]
async fn case_a04_the_right_to_create_moves_no_tag() {
    const CREATE: Table = Table(&[("a", &[Action::Create])]);
    const UPDATE: Table = Table(&[("a", &[Action::Update])]);
    const READ: Table = Table(&[("a", &[Action::Read])]);
    let server = Server::new();
    server.push_image("a", "latest", "one").await;
    let text = server.image("a", "two", "").await;
    let digest = Digest::sha256(text.as_bytes());
    let latest = "PUT /v2/a/manifests/latest";
    let with_tag = format!("PUT /v2/a/manifests/{digest}?tag=new&tag=latest");
    assert_eq!(send_as(&server, READ, latest, &text).await, 403);
    assert_eq!(send_as(&server, CREATE, latest, &text).await, 403);
    assert_eq!(send_as(&server, CREATE, &with_tag, &text).await, 403);
    let other = "PUT /v2/a/manifests/LATEST";
    assert_eq!(send_as(&server, CREATE, other, &text).await, 201);
    let fresh = "PUT /v2/a/manifests/fresh";
    assert_eq!(send_as(&server, UPDATE, fresh, &text).await, 403);
    let by_digest = format!("PUT /v2/a/manifests/{digest}");
    assert_eq!(send_as(&server, UPDATE, &by_digest, &text).await, 403);
    assert_eq!(send_as(&server, UPDATE, latest, &text).await, 201);
}

#[tokio::test]
async fn case_a01_b65_blobs_of_other_repositories_stay_hidden() {
    const BOTH: Table = Table(&[
        ("a", &[Action::Read]),
        ("b", &[Action::Read, Action::Create]),
    ]);
    const ONE: Table = Table(&[("b", &[Action::Read, Action::Create])]);
    let server = Server::new();
    let digest = server.push_blob("a", "secret").await;
    let mount = format!("POST /v2/b/blobs/uploads/?mount={digest}");
    let blob = format!("/v2/b/blobs/{digest}");
    assert_eq!(send_as(&server, ONE, &mount, "").await, 202);
    let from = format!("{mount}&from=a");
    assert_eq!(send_as(&server, ONE, &from, "").await, 202);
    for method in ["HEAD", "GET"] {
        let line = format!("{method} {blob}");
        assert_eq!(send_as(&server, ONE, &line, "").await, 404, "{line}");
    }
    let direct = format!("GET /v2/a/blobs/{digest}");
    assert_eq!(send_as(&server, ONE, &direct, "").await, 403);
    assert_eq!(
        send_as(&server, BOTH, &format!("GET {blob}"), "").await,
        404
    );
    assert_eq!(send_as(&server, BOTH, &from, "").await, 201);
    assert_eq!(
        send_as(&server, BOTH, &format!("GET {blob}"), "").await,
        200
    );
}

#[tokio::test]
async fn case_a33_lists_show_what_may_be_read() {
    const ONE: Table = Table(&[("b", &[Action::Read])]);
    let server = Server::new();
    for repo in ["a", "b"] {
        server.push_image(repo, "t", "layer").await;
    }
    let rights = Rights::by(Arc::new(ONE));
    let page = server.app.registry.list_repos(&rights, None, 10).await;
    let names: Vec<_> = page
        .unwrap()
        .items
        .iter()
        .map(ToString::to_string)
        .collect();
    assert_eq!(names, ["b"]);
    assert_eq!(send_as(&server, ONE, "GET /v2/a/tags/list", "").await, 403);
    assert_eq!(send_as(&server, ONE, "GET /v2/b/tags/list", "").await, 200);
}
