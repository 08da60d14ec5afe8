//! Each way by itself, and some of them beside each other.

use meta::Action;
use serde_json::json;

use super::caller::{Credentials, Way, access_token, basic, certificate, sign_in};
use super::issuer::SERVICE_SEED;
use super::world::{Asked, Content, World};
use super::{ALL, POLICY};

const TLS: &str = r#""tls":{"cert":"@/cert","key":"@/key","cacert":"@/ca"},"#;
const PASSWORDS: &str = r#""auth":{"htpasswd":{"path":"@/users"}},"#;
const TOKENS: &str = r#""auth":{"bearer":{"realm":"https://t.example/token","service":"r.example","cert":"@/keys"}},"#;
const ONLY_TOKENS: &str = r#""auth":{"htpasswd":{"path":"@/users"},"bearer":{"realm":"https://t.example/token","service":"r.example","cert":"@/keys","exclusive":true}},"#;

/// The section that has one way on, with the ways that it opens besides.
fn section(way: Way) -> (&'static str, &'static [Way]) {
    match way {
        Way::Htpasswd | Way::Session | Way::OwnToken => {
            (PASSWORDS, &[Way::Htpasswd, Way::Session, Way::OwnToken])
        }
        // A session goes on for its two hours wherever passwords of any kind are accepted.
        Way::ApiKey => (r#""auth":{"apikey":true},"#, &[Way::ApiKey, Way::Session]),
        Way::AccessToken => (TOKENS, &[Way::AccessToken]),
        Way::Workload => (
            r#""auth":{"bearer":{"realm":"https://t.example/token","oidc":[{"issuer":"ISSUER",
                "audiences":["holdfast"],"claimMapping":{"username":"claims.sub"}}]}},"#,
            &[Way::Workload],
        ),
        Way::Certificate => (TLS, &[Way::Certificate]),
    }
}

/// Which methods a challenge names.
fn challenge(way: Way) -> &'static [&'static str] {
    match way {
        Way::Htpasswd | Way::Session | Way::OwnToken | Way::ApiKey => &[
            "Bearer realm=\"https://r.example/zot/auth/token\"",
            "Basic realm=\"home\"",
        ],
        Way::AccessToken | Way::Workload => &["Bearer realm=\"https://t.example/token\""],
        Way::Certificate => &[],
    }
}

async fn filled() -> World {
    let world = World::new(&format!("{ALL}{POLICY}"));
    Content::new().fill(&world).await;
    world
}

/// Makes sure of statuses; a line is method and path.
async fn expect(world: &World, label: &str, who: &Credentials, table: &[(&str, u16)]) {
    for (line, want) in table {
        let answer = world.send(who, &Asked::of(line)).await;
        assert_eq!(answer.status, *want, "{label}: {line}: {}", answer.body);
    }
}

/// The names that are signed in by each way: without any right, with one, and with all.
const NAMES: [&str; 3] = ["none", "read", "admin"];

/// What was made for a way while all were on, one for each of [`NAMES`].
type Owned = (Way, Vec<Credentials>);

#[tokio::test]
async fn each_way_alone_lets_nobody_in_by_another() {
    let mut world = filled().await;
    let mut owned: Vec<Owned> = Vec::new();
    for way in Way::ALL {
        let mut made = Vec::new();
        for name in NAMES {
            made.push(sign_in(&world, way, name).await);
        }
        owned.push((way, made));
    }
    for way in Way::ALL {
        world.set(&format!("{}{POLICY}", section(way).0));
        nobody_is_asked_for_more(&world, way).await;
        others_are_refused(&world, way, &owned).await;
        let (_, made) = owned.iter().find(|(other, _)| *other == way).unwrap();
        rights_are_those_of_policies(&world, way, made).await;
    }
}

async fn nobody_is_asked_for_more(world: &World, way: Way) {
    let nobody = Credentials::default();
    let table = [
        ("GET /v2/lab/app/tags/list", 401),
        ("GET /v2/open/app/tags/list", 200),
        ("DELETE /v2/open/app/manifests/v1", 401),
    ];
    expect(world, &format!("{way:?}"), &nobody, &table).await;
    let refused = world.get(&nobody, "/v2/lab/app/tags/list").await;
    let told = refused.header("www-authenticate");
    let named = challenge(way);
    let has_all = named.iter().all(|one| told.contains(one));
    let count = told.matches("realm=").count();
    assert!(has_all && count == named.len(), "{way:?}: {told}");
}

/// What has no owner in a configuration is of no use under it.
async fn others_are_refused(world: &World, way: Way, owned: &[Owned]) {
    let opened = section(way).1;
    let others = owned.iter().filter(|(other, _)| !opened.contains(other));
    for (other, made) in others {
        let table = [
            ("GET /v2/lab/app/tags/list", 401),
            ("DELETE /v2/lab/app/manifests/v1", 401),
        ];
        let label = format!("{other:?} under {way:?} alone");
        expect(world, &label, &made[2], &table).await;
    }
}

async fn rights_are_those_of_policies(world: &World, way: Way, made: &[Credentials]) {
    // Keys and certificates live on; tokens of this server do not outlive a configuration.
    let anew = matches!(way, Way::Session | Way::OwnToken);
    for (name, made) in NAMES.into_iter().zip(made) {
        let who = if anew {
            sign_in(world, way, name).await
        } else {
            made.clone()
        };
        // An access list has no policy beside it.
        let all = way == Way::AccessToken || name == "admin";
        let want = |action, granted| {
            let may = all || (name == "read" && action == Action::Read);
            if may { granted } else { 403 }
        };
        let table = [
            ("GET /v2/", 200),
            ("GET /v2/_catalog", 200),
            ("GET /v2/lab/app/tags/list", want(Action::Read, 200)),
            ("HEAD /v2/lab/app/manifests/v1", want(Action::Read, 200)),
            ("POST /v2/lab/app/blobs/uploads/", want(Action::Create, 202)),
            (
                "DELETE /v2/lab/app/manifests/none",
                want(Action::Delete, 404),
            ),
        ];
        expect(world, &format!("{way:?} {name}"), &who, &table).await;
    }
}

#[tokio::test]
async fn tokens_that_exclude_the_rest_are_all_that_counts() {
    let mut world = filled().await;
    let token = sign_in(&world, Way::AccessToken, "").await;
    let certificate = certificate("admin");
    world.set(&format!("{TLS}{ONLY_TOKENS}{POLICY}"));
    let tags = "GET /v2/lab/app/tags/list";
    expect(&world, "token", &token, &[("GET /v2/", 200), (tags, 200)]).await;
    for (label, who) in [
        ("password", basic("admin", "pw")),
        ("certificate", certificate),
        ("nobody", Credentials::default()),
    ] {
        let table = [
            ("GET /v2/", 401),
            (tags, 401),
            ("GET /v2/open/app/tags/list", 401),
        ];
        expect(&world, label, &who, &table).await;
    }
}

/// To be let in any token will do, of whatever it allows nothing.
#[tokio::test]
async fn case_n38_the_front_door_asks_for_no_scope() {
    let mut world = filled().await;
    let nothing = access_token(SERVICE_SEED, &json!([]));
    let elsewhere = json!([{"type": "repository", "name": "x", "actions": ["pull"]}]);
    let elsewhere = access_token(SERVICE_SEED, &elsewhere);
    for section in [ALL, TOKENS, ONLY_TOKENS] {
        world.set(&format!("{section}{POLICY}"));
        for who in [&nothing, &elsewhere] {
            let table = [
                ("GET /v2/", 200),
                ("HEAD /v2/", 200),
                ("GET /v2/lab/app/tags/list", 401),
            ];
            expect(&world, section, who, &table).await;
        }
        let refused = world.get(&Credentials::default(), "/v2/").await;
        let told = refused.header("www-authenticate");
        assert_eq!(refused.status, 401, "{section}");
        assert!(told.contains("scope=\"\""), "{told}");
    }
}

/// Names of certificates are users of policies, alone and beside other methods.
#[tokio::test]
async fn case_b19_a_certificate_names_a_user_of_policies() {
    const ALICE: &str = r#""accessControl":{"repositories":{
        "lab/**":{"policies":[{"users":["alice"],"actions":["read"]},
            {"users":["ann"],"actions":["read","create"]}]},
        "open/**":{"anonymousPolicy":["read"]}},
        "adminPolicy":{"users":["admin"],"actions":["read","create","update","delete"]}}"#;
    let mut world = filled().await;
    let (tags, push) = (
        "GET /v2/lab/app/tags/list",
        "POST /v2/lab/app/blobs/uploads/",
    );
    let open = "GET /v2/open/app/tags/list";
    let both = |password| Credentials {
        certificate: certificate("alice").certificate,
        ..basic("ann", password)
    };
    for section in [TLS.to_owned(), format!("{TLS}{PASSWORDS}")] {
        world.set(&format!("{section}{ALICE}"));
        let table = [
            ("alice", certificate("alice"), [200, 403, 403]),
            ("mallory", certificate("mallory"), [403, 403, 403]),
            ("no name", certificate(""), [401, 401, 401]),
            ("admin", certificate("admin"), [200, 202, 200]),
            ("nobody", Credentials::default(), [401, 401, 200]),
        ];
        for (label, who, [read, create, shared]) in table {
            let table = [(tags, read), (push, create), (open, shared)];
            expect(&world, &format!("{label} {section}"), &who, &table).await;
        }
    }
    // A password is looked at first, and a wrong one is not made good by a certificate.
    for (label, who, [read, create]) in [
        ("ann", basic("ann", "pw"), [200, 202]),
        ("ann at alice's", both("pw"), [200, 202]),
        ("wrong at alice's", both("no"), [401, 401]),
    ] {
        expect(&world, label, &who, &[(tags, read), (push, create)]).await;
    }
}

/// Metrics have a guard of their own, and it guards nothing else.
#[tokio::test]
async fn case_a09_metrics_are_guarded_and_nothing_else_by_it() {
    let policy = |metrics: &str| {
        format!(
            r#""accessControl":{{"repositories":{{"lab/**":{{"policies":[{{"users":["read"],"actions":["read"]}}]}}}},
            "adminPolicy":{{"users":["admin"],"actions":["read","create","update","delete"]}},
            "metrics":{{{metrics}}}}}"#
        )
    };
    let everybody = [
        Credentials::default(),
        basic("none", "pw"),
        basic("read", "pw"),
        basic("admin", "pw"),
    ];
    let table = [
        // Who may read metrics, and who the tags of a repository.
        (
            r#""address":"127.0.0.1","#.to_owned(),
            [200, 200, 200, 200],
            [200, 200, 200, 200],
        ),
        (
            PASSWORDS.to_owned(),
            [401, 200, 200, 200],
            [401, 200, 200, 200],
        ),
        (
            PASSWORDS.to_owned() + &policy(""),
            [401, 403, 403, 403],
            [401, 403, 200, 200],
        ),
        (
            PASSWORDS.to_owned() + &policy(r#""users":["none"]"#),
            [401, 200, 403, 403],
            [401, 403, 200, 200],
        ),
        (
            PASSWORDS.to_owned() + &policy(r#""users":["read"],"anonymousPolicy":["read"]"#),
            [200, 403, 200, 403],
            [401, 403, 200, 200],
        ),
    ];
    let mut world = filled().await;
    for (http, metrics, tags) in table {
        world.set(http.trim_end_matches(','));
        for ((who, metrics), tags) in everybody.iter().zip(metrics).zip(tags) {
            let front = if tags == 401 { 401 } else { 200 };
            let table = [
                ("GET /metrics", metrics),
                ("GET /v2/lab/app/tags/list", tags),
                ("GET /v2/", front),
                ("GET /v2/_catalog", front),
            ];
            expect(&world, &http, who, &table).await;
        }
    }
}

/// Whether there is a blob in a repository is not for those to learn who may not read there.
#[tokio::test]
async fn case_b65_a_mount_says_nothing_of_what_may_not_be_read() {
    let world = filled().await;
    let (there, absent) = (
        oci::Digest::sha256(b"there"),
        oci::Digest::sha256(b"absent"),
    );
    let line = format!("POST /v2/open/app/blobs/uploads/?digest={there}");
    let pushed = Asked::of(&line).body(&"there".into());
    assert_eq!(world.send(&basic("admin", "pw"), &pushed).await.status, 201);
    for way in Way::ALL {
        let who = if way == Way::AccessToken {
            let access = json!([{"type": "repository", "name": "lab/app", "actions": ["push"]}]);
            access_token(SERVICE_SEED, &access)
        } else {
            sign_in(&world, way, "create").await
        };
        let mut told = Vec::new();
        for digest in [there, absent] {
            let line = format!("POST /v2/lab/app/blobs/uploads/?mount={digest}&from=open/app");
            let answer = world.send(&who, &Asked::of(&line)).await;
            let upload = answer.header("blob-upload-uuid").to_owned();
            assert_eq!(answer.status, 202, "{way:?}: {}", answer.body);
            let location = answer.header("location").replace(&upload, "");
            let mut names: Vec<_> = answer.headers.keys().map(ToString::to_string).collect();
            names.sort();
            told.push((location, names, answer.body));
        }
        assert_eq!(told[0], told[1], "{way:?}");
    }
}
