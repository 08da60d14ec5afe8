//! What every client does, and the one story that all must live through.

use serde_json::json;
use testkit::client::Output;

use super::house::{GUEST, House, OWNER, owner, secrets};
use super::registry::{Link, Who};

/// A client that remembers, in a home of its own, who it is.
pub(super) trait Caller {
    /// Signs in.
    fn login(&mut self, user: &str, password: &str) -> Output;

    /// Whether signing in asks the registry, or only writes down what it is told.
    fn checks(&self) -> bool {
        true
    }

    /// Forgets who it is.
    fn logout(&mut self);

    /// Pulls what stands in the folder `pub` or `priv`, all of it anew.
    fn pull(&self, folder: &str) -> Output;

    /// Pushes something into the folder `pub` or `priv`.
    fn push(&self, folder: &str) -> Output;

    /// Names the repository below the folder, and the tag, that pushes go to.
    fn target(&self) -> (&'static str, &'static str) {
        ("new", "v1")
    }
}

/// What clients say when they are not let in, rather than failing otherwise.
const REFUSALS: [&str; 13] = [
    "401",
    "403",
    "unauthorized",
    "denied",
    "authentication required",
    "authorization failed",
    "authorization required",
    "forbidden",
    "no basic auth credentials",
    "credential not found",
    "invalid username/password",
    // docker, refused over TLS, tries the loopback address without, and tells of that alone
    "http request to an https server",
    "failed with status: 400",
];

/// Checks that a client was let in.
fn let_in(what: &str, output: &Output) {
    assert!(output.status.success(), "{what}\n{output}");
}

/// Checks that a client was not let in.
fn turned_away(what: &str, output: &Output) {
    assert!(!output.status.success(), "{what} went well\n{output}");
    let said = format!("{}{}", output.stdout, output.stderr).to_lowercase();
    let refused = REFUSALS.iter().any(|word| said.contains(word));
    assert!(refused, "{what} failed for another reason\n{output}");
}

/// Starts a registry and lets a client live through everything.
pub(super) fn live<C: Caller>(link: Link, start: impl FnOnce(&House) -> Option<C>) {
    let Some(house) = House::start(link) else {
        return;
    };
    let Some(mut client) = start(&house) else {
        return;
    };
    let client = &mut client;
    stranger(client);
    liar(client);
    let (repo, tag) = client.target();
    let pushed = format!("/v2/priv/{repo}/manifests/{tag}");
    let status = |who: &Who| house.registry.ask(who, "GET", &pushed).status;
    assert_eq!(status(&owner()), 404, "a refused push left something");
    member(client, OWNER);
    assert_eq!(status(&owner()), 200);
    assert_eq!(status(&Who::Nobody), 401);

    let key = house.registry.make_key(&owner(), &json!({"label": "e2e"}));
    member(client, (OWNER.0, &key));
    visitor(client);
    let secrets = secrets();
    let secrets: Vec<_> = secrets.iter().chain([&key]).map(String::as_str).collect();
    house.registry.assert_discreet(&secrets);
}

/// Without a login: the public part alone.
fn stranger(client: &impl Caller) {
    let_in("a pull without login", &client.pull("pub"));
    turned_away("a private pull without login", &client.pull("priv"));
    turned_away("a private push without login", &client.push("priv"));
    turned_away("a public push without login", &client.push("pub"));
}

/// With a wrong password: nothing that needs one.
fn liar(client: &mut impl Caller) {
    let login = client.login(OWNER.0, "wrong");
    if client.checks() {
        turned_away("a login with a wrong password", &login);
    }
    turned_away("a pull with a wrong password", &client.pull("priv"));
    turned_away("a push with a wrong password", &client.push("priv"));
    client.logout();
}

/// With a right password: everything, until the logout.
fn member(client: &mut impl Caller, (user, password): (&str, &str)) {
    let_in("a login", &client.login(user, password));
    let_in("a private pull", &client.pull("priv"));
    let_in("a public pull after a login", &client.pull("pub"));
    let_in("a private push", &client.push("priv"));
    let_in("a public push", &client.push("pub"));
    client.logout();
    turned_away("a private pull after the logout", &client.pull("priv"));
    let_in("a public pull after the logout", &client.pull("pub"));
}

/// With the right password of somebody without rights.
fn visitor(client: &mut impl Caller) {
    let_in("a login without rights", &client.login(GUEST.0, GUEST.1));
    let_in("a public pull without rights", &client.pull("pub"));
    turned_away("a private pull without rights", &client.pull("priv"));
    turned_away("a private push without rights", &client.push("priv"));
    client.logout();
}
