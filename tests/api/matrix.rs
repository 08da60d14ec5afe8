//! Who may do what: every route, every method, every way to be known, every right.
//!
//! The expected statuses follow from `oracle`, the core contract written down apart from the server;
//! the routes are the server's own table, and what it has added under a configuration.
//!
//! | module | holds |
//! |---|---|
//! | `world` | a registry from a real configuration, and its content |
//! | `issuer` | who signs tokens |
//! | `caller` | who calls |
//! | `sample` | what is called |
//! | `oracle` | what must come of it |
//! | `alone` | one way at a time, and ways beside each other |

mod alone;
mod caller;
mod issuer;
mod oracle;
mod sample;
mod world;

use std::collections::{BTreeSet, HashMap};

use ext::ExtensionRoute;
use http::Method;
use server::access::rights_needed;
use server::route::route;

use caller::{Caller, Standing, Way, callers};
use oracle::{Demand, Kind, Verdict};
use sample::Sample;
use world::{Answer, Asked, Content, World};

/// Everything that there is, at once.
const ALL: &str = r#""tls":{"cert":"@/cert","key":"@/key","cacert":"@/ca"},"auth":{
    "htpasswd":{"path":"@/users"},"apikey":true,
    "openid":{"providers":{"oidc":{"issuer":"ISSUER","clientid":"c","scopes":["openid"]}}},
    "bearer":{"realm":"https://r.example/zot/auth/token","service":"r.example","cert":"@/keys",
        "oidc":[{"issuer":"ISSUER","audiences":["holdfast"],"claimMapping":{"username":"claims.sub"}}]}},"#;

/// Single rights, and something for everybody.
const POLICY: &str = r#""accessControl":{"repositories":{
    "lab/**":{"policies":[
        {"users":["read"],"actions":["read"]},{"users":["create"],"actions":["create"]},
        {"users":["update"],"actions":["update"]},{"users":["delete"],"actions":["delete"]}]},
    "open/**":{"anonymousPolicy":["read"]}},
    "adminPolicy":{"users":["admin"],"actions":["read","create","update","delete"]},
    "metrics":{"users":["read"]}}"#;

const METHODS: [&str; 8] = [
    "GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE",
];

fn methods() -> impl Iterator<Item = Method> {
    METHODS.into_iter().map(|name| name.parse().unwrap())
}

/// One walk over the matrix.
struct Walk {
    world: World,
    content: Content,
    /// What must be the case in each repository when a request was refused.
    state: HashMap<&'static str, Vec<String>>,
    /// The kinds of routes that were met.
    met: BTreeSet<Kind>,
    /// What each caller is told when he is refused, whatever there is.
    told: HashMap<String, String>,
    faults: Vec<String>,
    cells: usize,
}

impl Walk {
    async fn new() -> Self {
        let world = World::new(&format!("{ALL}{POLICY}"));
        let content = Content::new();
        let mut walk = Self {
            world,
            content,
            state: HashMap::new(),
            met: BTreeSet::new(),
            told: HashMap::new(),
            faults: Vec::new(),
            cells: 0,
        };
        for repo in ["lab/app", "open/app", "lab/none"] {
            walk.reset(repo).await;
        }
        walk
    }

    async fn reset(&mut self, repo: &'static str) {
        self.content.fill_one(&self.world, repo).await;
        let state = self.content.state(&self.world, repo).await;
        self.state.insert(repo, state);
    }

    async fn core(&mut self, caller: &Caller, samples: &[Sample]) {
        for sample in samples {
            let wanted =
                |method: &Method| sample.only.as_ref().is_none_or(|(only, _)| only == method);
            for method in methods().filter(wanted) {
                self.cell(caller, sample, &method).await;
            }
        }
    }

    async fn cell(&mut self, caller: &Caller, sample: &Sample, method: &Method) {
        let found = route(method, &sample.path);
        let kind = Kind::of(&found);
        self.met.insert(kind);
        let demand = oracle::demand(kind, method, sample.repo, sample.target);
        let line = format!(
            "{}: {method} {} {:?}",
            caller.label, sample.path, sample.only
        );
        if !oracle::agrees(&demand, rights_needed(&found, method)) {
            self.faults
                .push(format!("{line}: needs other than {demand:?}"));
        }
        let verdict = oracle::verdict(caller, &demand);
        let asked = sample::asked(&self.content, sample, (kind, method));
        let answer = self.world.send(&caller.credentials, &asked).await;
        self.cells += 1;
        match verdict {
            Verdict::Granted => {
                let want = sample
                    .found
                    .then(|| oracle::granted(kind, method))
                    .flatten();
                self.granted(&line, &answer, want);
            }
            Verdict::Refused(status) => {
                self.refused(&line, &answer, status);
                self.challenged(&line, (caller, &demand), &answer);
                if matches!(demand, Demand::Rights(..)) {
                    let key = format!("{} {method} {kind:?} {status}", caller.label);
                    self.same(&line, key, &answer);
                }
            }
        }
        let changes = !matches!(*method, Method::GET | Method::HEAD);
        if changes && matches!(demand, Demand::Rights(..)) {
            if matches!(verdict, Verdict::Refused(_)) {
                self.unchanged(&line, sample.repo).await;
            } else {
                self.reset(sample.repo).await;
            }
        }
    }

    async fn unchanged(&mut self, line: &str, repo: &'static str) {
        let state = self.content.state(&self.world, repo).await;
        let before = &self.state[repo];
        if state != *before {
            let fault = format!("{line}: changed {before:#?} to {state:#?}");
            self.faults.push(fault);
            self.reset(repo).await;
        }
    }

    fn granted(&mut self, line: &str, answer: &Answer, want: Option<u16>) {
        let status = answer.status;
        let fine = match want {
            Some(want) => status == want,
            None => status < 500 && status != 401 && status != 403,
        };
        if !fine {
            let want = want.map_or_else(|| "no refusal".to_owned(), |want| want.to_string());
            let fault = format!("{line}: {status} instead of {want}: {}", answer.body);
            self.faults.push(fault);
        }
    }

    fn refused(&mut self, line: &str, answer: &Answer, status: u16) {
        let code = if status == 401 {
            "UNAUTHORIZED"
        } else {
            "DENIED"
        };
        let body = answer.json();
        let is_told = answer.body.is_empty() || body["errors"][0]["code"] == code;
        if answer.status != status || !is_told {
            let fault = format!(
                "{line}: {} instead of {status}: {}",
                answer.status, answer.body
            );
            self.faults.push(fault);
        }
    }

    /// Whoever is refused learns of every method that is on, but the user interface asks by itself.
    fn challenged(&mut self, line: &str, (caller, demand): (&Caller, &Demand), answer: &Answer) {
        let told = answer.header("www-authenticate");
        let fine = if caller.credentials.are_of_interface() {
            told.is_empty()
        } else {
            let scope = match demand {
                Demand::Rights(repo, _) => format!("scope=\"repository:{repo}:"),
                Demand::Nothing | Demand::Entry | Demand::Front => "scope=\"\"".to_owned(),
            };
            told.starts_with(
                "Bearer realm=\"https://r.example/zot/auth/token\",service=\"r.example\",",
            ) && told.contains(&scope)
                && told.ends_with(", Basic realm=\"home\"")
        };
        if !fine {
            self.faults.push(format!("{line}: challenged by {told:?}"));
        }
    }

    /// A refusal must not tell what there is: it is the same for all content of a kind.
    fn same(&mut self, line: &str, key: String, answer: &Answer) {
        let mut headers: Vec<String> = Vec::new();
        for (name, value) in &answer.headers {
            let value = value.to_str().unwrap();
            match name.as_str() {
                "date" | "x-request-id" => {}
                "www-authenticate" => {
                    let (before, scope) = value.split_once("repository:").unwrap_or((value, ""));
                    let after = scope.rsplit_once(':').map_or("", |(_, after)| after);
                    headers.push(format!("{name}: {before}{after}"));
                }
                name => headers.push(format!("{name}: {value}")),
            }
        }
        headers.sort();
        let told = format!("{} {headers:?} {}", answer.status, answer.body);
        let first = self.told.entry(key).or_insert_with(|| told.clone());
        if *first != told {
            self.faults
                .push(format!("{line}: told {told}, before {first}"));
        }
    }

    async fn extension(&mut self, caller: &Caller, found: &ExtensionRoute) {
        for method in methods() {
            let line = format!("{}: {method} {}", caller.label, found.prefix);
            let Some(want) = oracle::on_extension(caller, found, &method) else {
                self.faults.push(format!("{line}: no rule for {found:?}"));
                continue;
            };
            let mut asked = Asked::of(&format!("{method} {}", found.prefix));
            if method == Method::POST {
                asked = asked.body(&"{}".into());
            }
            let answer = self.world.send(&caller.credentials, &asked).await;
            self.cells += 1;
            if answer.status != want {
                let (status, body) = (answer.status, &answer.body);
                let fault = format!("{line}: {status} instead of {want}: {body}");
                self.faults.push(fault);
            }
            let own = found.prefix == "/zot/auth/token";
            if matches!(answer.status, 401 | 403) && !own {
                self.challenged(&line, (caller, &Demand::Entry), &answer);
            }
        }
    }
}

/// Every route, each method, everybody.
#[tokio::test]
async fn case_a35_every_method_on_every_route_demands_its_right() {
    let mut walk = Walk::new().await;
    let samples = sample::samples(&walk.content);
    let mut everybody = vec![caller::anonymous()];
    for way in Way::ALL {
        everybody.extend(callers(&walk.world, way).await);
    }
    let mut routes = [walk.world.own.clone(), walk.world.added.clone()].concat();
    // It ends sessions, so it comes last.
    routes.sort_by_key(|route| route.prefix.ends_with("/logout"));
    assert_eq!(walk.world.own.len(), 5, "{:?}", walk.world.own);
    for caller in &everybody {
        walk.core(caller, &samples).await;
        for route in &routes {
            walk.extension(caller, route).await;
        }
        let is_session = caller.way == Way::Session && caller.standing != Standing::Anonymous;
        if is_session {
            let answer = walk.world.get(&caller.credentials, "/v2/").await;
            assert_eq!(answer.status, 401, "{} goes on", caller.label);
        }
    }
    let all: BTreeSet<Kind> = Kind::ALL.iter().copied().collect();
    assert_eq!(walk.met, all, "kinds of routes that nobody asked for");
    assert!(walk.cells > 10_000, "{} cells", walk.cells);
    let count = walk.faults.len();
    walk.faults.truncate(40);
    assert_eq!(count, 0, "\n{}\n", walk.faults.join("\n"));
}
