//! What must come of a request: core contract, 5 to 7, written down once more, apart from the server.

use ext::{Access, Cors, ExtensionRoute};
use http::Method;
use meta::Action;
use server::Route;
use server::access::Need;
use server::route::Space;

use super::caller::{Caller, RIGHTS, Standing, Way};

/// Writes down the variants of a type once, as a list of names and as a match without a rest: one
/// more variant does not compile before it stands here, and must then be asked for.
macro_rules! kinds {
    ($($kind:ident = $pattern:pat),* $(,)?) => {
        /// A kind of route.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub(crate) enum Kind { $($kind),* }

        impl Kind {
            pub(crate) const ALL: &[Self] = &[$(Self::$kind),*];

            pub(crate) fn of(route: &Route) -> Self {
                match route { $($pattern => Self::$kind),* }
            }
        }
    };
}

kinds! {
    Base = Route::Base,
    Catalog = Route::Catalog,
    Discover = Route::Discover,
    Tags = Route::Tags { .. },
    Manifest = Route::Manifest { .. },
    Blob = Route::Blob { .. },
    Uploads = Route::Uploads { .. },
    Upload = Route::Upload { .. },
    Referrers = Route::Referrers { .. },
    Health = Route::Health(_),
    OtherApi = Route::Other(Space::Api),
    OtherPlain = Route::Other(Space::Plain),
    Redirect = Route::Redirect(_),
    WrongMethod = Route::WrongMethod(_),
    Invalid = Route::Invalid(_),
}

/// What a push is to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Target {
    /// No manifest.
    None,
    Tag(Exists),
    /// A digest, with the tags that are to name it besides.
    Digest(&'static [Exists]),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Exists {
    Yes,
    No,
}

/// What a request demands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Demand {
    Nothing,
    Entry,
    /// To be let in by the front door.
    Front,
    /// All of these rights in a repository.
    Rights(String, Vec<Action>),
}

/// Core contract, 7.1 and 7.4.
pub(crate) fn demand(kind: Kind, method: &Method, repo: &str, target: Target) -> Demand {
    let is_preflight = *method == Method::OPTIONS;
    let rights = |actions: &[Action]| Demand::Rights(repo.to_owned(), actions.to_vec());
    match kind {
        Kind::Health | Kind::Redirect | Kind::WrongMethod | Kind::OtherPlain => Demand::Nothing,
        Kind::Base
        | Kind::Catalog
        | Kind::Discover
        | Kind::Tags
        | Kind::Manifest
        | Kind::Referrers
            if is_preflight =>
        {
            Demand::Nothing
        }
        Kind::Base => Demand::Front,
        Kind::Catalog | Kind::Discover | Kind::OtherApi | Kind::Invalid => Demand::Entry,
        Kind::Manifest if *method == Method::PUT => rights(&push(target)),
        Kind::Tags
        | Kind::Manifest
        | Kind::Blob
        | Kind::Uploads
        | Kind::Upload
        | Kind::Referrers => match method.as_str() {
            "GET" | "HEAD" => rights(&[Action::Read]),
            "POST" | "PATCH" | "PUT" => rights(&[Action::Create]),
            "DELETE" => rights(&[Action::Delete]),
            other => panic!("no rule for {other} on {kind:?}"),
        },
    }
}

fn push(target: Target) -> Vec<Action> {
    let of = |exists| match exists {
        Exists::Yes => Action::Update,
        Exists::No => Action::Create,
    };
    match target {
        Target::None => panic!("a push to nothing"),
        Target::Tag(exists) => vec![of(exists)],
        Target::Digest([]) => vec![Action::Create],
        Target::Digest(tags) => tags.iter().copied().map(of).collect(),
    }
}

/// Tells whether the server's own words for a need are those of a demand.
pub(crate) fn agrees(demand: &Demand, need: Need<'_>) -> bool {
    match (demand, need) {
        (Demand::Rights(repo, actions), Need::Right(name, action)) => {
            *repo == name.as_str() && *actions == [action]
        }
        (Demand::Rights(repo, actions), Need::Push(name)) => {
            *repo == name.as_str() && !actions.contains(&Action::Read)
        }
        // Preflights, and paths outside the interface, are answered before any need is looked at.
        (Demand::Nothing, _) | (Demand::Entry | Demand::Front, Need::Entry) => true,
        _ => false,
    }
}

/// What must come of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    Granted,
    Refused(u16),
}

/// Core contract, 6.1 and 7.2: for a policy that gives something to everybody.
pub(crate) fn verdict(caller: &Caller, demand: &Demand) -> Verdict {
    if *demand == Demand::Nothing {
        return Verdict::Granted;
    }
    if caller.standing == Standing::Wrong {
        return Verdict::Refused(401);
    }
    match demand {
        Demand::Nothing | Demand::Entry => Verdict::Granted,
        Demand::Front => {
            let credentials = &caller.credentials;
            let shows_nothing = credentials.scheme().is_empty() && !credentials.are_of_interface();
            if caller.standing == Standing::Anonymous && shows_nothing {
                Verdict::Refused(401)
            } else {
                Verdict::Granted
            }
        }
        Demand::Rights(repo, actions) => {
            let refused = actions.iter().map(|action| right(caller, repo, *action));
            let worst = refused.flatten().next();
            worst.map_or(Verdict::Granted, Verdict::Refused)
        }
    }
}

/// Yields the status of a refusal, if a right is missing.
fn right(caller: &Caller, repo: &str, action: Action) -> Option<u16> {
    let in_lab = repo.starts_with("lab/");
    let name = match caller.standing {
        Standing::Anonymous => {
            let may = repo.starts_with("open/") && action == Action::Read;
            return (!may).then_some(401);
        }
        Standing::Wrong => return Some(401),
        Standing::Known(name) => name,
    };
    if let Some(scope) = &caller.scope
        && !(in_lab && scope.0.contains(&action))
    {
        return Some(401);
    }
    // An access list is all that counts.
    if caller.way == Way::AccessToken {
        return None;
    }
    let known = RIGHTS.iter().find(|(known, _)| *known == name);
    let (_, actions) = known.unwrap();
    let may = actions.contains(&action) && (in_lab || name == "admin");
    (!may).then_some(403)
}

/// Yields the status of a request that is granted and finds what it names; `None` where it depends on
/// what is malformed.
pub(crate) fn granted(kind: Kind, method: &Method) -> Option<u16> {
    Some(match (kind, method.as_str()) {
        (Kind::Invalid, _) => return None,
        (Kind::WrongMethod, _) => 405,
        (Kind::Redirect, _) => 301,
        (Kind::OtherApi | Kind::OtherPlain, _) => 404,
        (Kind::Health, _) => 200,
        (Kind::Manifest | Kind::Upload, "PUT") => 201,
        (Kind::Manifest | Kind::Blob, "DELETE") | (Kind::Uploads, _) | (Kind::Upload, "PATCH") => {
            202
        }
        (_, "OPTIONS") | (Kind::Upload, _) => 204,
        _ => 200,
    })
}

/// Yields the status on a route of an extension, or on one for signing in. `None` for a route that
/// nobody has thought of.
pub(crate) fn on_extension(
    caller: &Caller,
    route: &ExtensionRoute,
    method: &Method,
) -> Option<u16> {
    if *method == Method::OPTIONS && route.cors == Cors::Browser {
        return Some(204);
    }
    if !route.answers().contains(method) {
        return Some(405);
    }
    if let Err(status) = admitted(caller, route.access) {
        return Some(status);
    }
    let (access, status) = match route.prefix.as_str() {
        prefix if prefix.starts_with("/v2/_added/") => (route.access, 200),
        "/metrics" => (Access::Metrics, 200),
        "/zot/auth/logout" => (Access::Public, 200),
        // Without the name of a provider.
        "/zot/auth/login" => (Access::Public, 400),
        "/zot/auth/callback" => (Access::Public, 404),
        "/zot/auth/token" => (Access::Public, token(caller)),
        "/zot/auth/apikey" => (Access::Authenticated, api_key(caller, method)),
        _ => return None,
    };
    (access == route.access).then_some(status)
}

/// Core contract, 7.6 and the access classes of extensions.
fn admitted(caller: &Caller, access: Access) -> Result<(), u16> {
    if access == Access::Public {
        return Ok(());
    }
    let may = match (access, &caller.standing) {
        (_, Standing::Wrong) => return Err(401),
        (Access::Public | Access::Anonymous | Access::Authenticated, _) => return Ok(()),
        (_, Standing::Anonymous) => return Err(401),
        (Access::Admin, Standing::Known(name)) => *name == "admin",
        (Access::Metrics, Standing::Known(name)) => *name == "read",
    };
    // What a token is for says nothing of this.
    if may && caller.scope.is_none() {
        Ok(())
    } else {
        Err(403)
    }
}

/// Core contract, 6.9: passwords that are right are changed into tokens, and whoever has none gets
/// one of the anonymous caller.
fn token(caller: &Caller) -> u16 {
    let sent = caller.credentials.headers.iter();
    let several = sent.filter(|(name, _)| *name == "authorization").count() > 1;
    let is_wrong = caller.standing == Standing::Wrong && caller.credentials.scheme() == "Basic";
    if several || is_wrong { 401 } else { 200 }
}

/// Core contract, 6.6.
fn api_key(caller: &Caller, method: &Method) -> u16 {
    let by_token = caller.scope.is_some() || caller.way == Way::Workload;
    match (&caller.standing, method.as_str()) {
        (Standing::Anonymous | Standing::Wrong | Standing::Known(""), _) => 401,
        (Standing::Known(_), "POST") if by_token => 403,
        (Standing::Known(_), "POST") => 201,
        // Without the name of a key.
        (Standing::Known(_), "DELETE") => 400,
        (Standing::Known(_), _) => 200,
    }
}
