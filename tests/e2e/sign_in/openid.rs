//! People who sign in at an `OpenID` provider, in a browser.

use serde_json::json;

use super::browser::Browser;
use super::house::{House, http};
use super::registry::{Link, PRIVATE, Registry, Who};
use crate::scene::TAG;
use crate::service::provider::{PERSON, PUBLIC, REGISTRY};
use crate::service::{Authority, GroupsIn, Provider};

/// Signs in at the provider as the person that it knows.
pub(super) fn sign_in(registry: &Registry) -> Browser {
    let mut browser = Browser::default();
    let start = format!("{}/zot/auth/login?provider=oidc", registry.origin());
    let login = browser.open(&start);
    let fields = [("login", PERSON.0), ("password", "any")];
    let consent = browser.submit(&login, &fields);
    let end = browser.submit(&consent, &[]);
    let status = end.response.status;
    assert_eq!(status, 201, "{}: {}", end.url, end.response.text());
    browser
}

/// Yields a browser as who asks.
pub(super) fn who(browser: &Browser) -> Who {
    Who::Browser(browser.cookies("/v2/"))
}

/// Signs out, and yields what the registry says.
pub(super) fn sign_out(registry: &Registry, browser: &mut Browser) -> serde_json::Value {
    let answer = registry.ask(&who(browser), "POST", "/zot/auth/logout");
    assert_eq!(answer.status, 200, "{answer}");
    browser.learn("/zot/auth/logout", answer.all("set-cookie").into_iter());
    answer.json()
}

/// Whether a caller is known by name, whatever he may do.
pub(super) fn is_known(registry: &Registry, who: &Who) -> bool {
    let status = registry.ask(who, "GET", "/zot/auth/apikey").status;
    assert!([200, 401].contains(&status), "{status}");
    status == 200
}

#[test]
fn case_b23_people_sign_in_make_keys_and_are_gone_after_the_logout() {
    let Some(house) = House::start(Link::Plain) else {
        return;
    };
    let registry = &house.registry;
    let mut browser = sign_in(registry);
    let person = who(&browser);
    let session = browser.value("session").unwrap();
    assert!(is_known(registry, &person));
    assert_eq!(registry.reads(&person, PRIVATE), 200);
    assert_eq!(registry.writes(&person, PRIVATE), 202);
    // a cookie alone is no reason to believe that the caller means it
    let cookie = format!("Cookie: {}", browser.cookies("/v2/"));
    let path = format!("/v2/{PRIVATE}/manifests/{TAG}");
    let plain = registry.ask_with(&Who::Nobody, "GET", &path, &["--header", &cookie]);
    assert_eq!(plain.status, 401, "{plain}");

    let key = registry.make_key(&person, &json!({"label": "e2e"}));
    let with_key = Who::password(PERSON.1, &key);
    assert_eq!(registry.reads(&with_key, PRIVATE), 200);
    pulls_with_crane(registry, PERSON.1, &key);

    let end = sign_out(registry, &mut browser);
    let end = end["endSessionUrl"].as_str().unwrap_or_default();
    assert!(end.starts_with(house.provider.issuer()), "{end}");
    assert_eq!(browser.value("session"), None);
    assert!(!is_known(registry, &person), "the old cookie is still good");
    assert_eq!(registry.reads(&person, PRIVATE), 401);
    assert_eq!(registry.reads(&with_key, PRIVATE), 200);
    registry.assert_discreet(&[REGISTRY.1, &key, &session]);
}

fn pulls_with_crane(registry: &Registry, user: &str, key: &str) {
    let Some(crane) = registry.home.client("crane") else {
        return;
    };
    let crane = crane.argument("--insecure");
    let address = registry.address.to_string();
    let login = [
        "auth",
        "login",
        "--username",
        user,
        "--password",
        key,
        &address,
    ];
    crane.run(&login);
    crane.run(&[
        "validate",
        "--remote",
        &registry.name(&format!("{PRIVATE}:{TAG}")),
    ]);
}

#[test]
fn case_b21_groups_are_found_wherever_they_are_told() {
    let Some(authority) = Authority::new() else {
        return;
    };
    for groups in [GroupsIn::IdToken, GroupsIn::UserInfo] {
        let Some(provider) = Provider::start(groups) else {
            return;
        };
        for settings in [provider.settings(), provider.public_settings()] {
            let is_public = settings["clientid"] == PUBLIC;
            let registry = Registry::start(Link::Plain, &authority, |home, address| {
                let mut http = http(Link::Plain, home, address);
                http["auth"]["openid"] = json!({"providers": {"oidc": settings}});
                http
            });
            let Some(registry) = registry else { return };
            let person = who(&sign_in(&registry));
            let status = registry.reads(&person, PRIVATE);
            assert_eq!(status, 200, "{groups:?}, without a secret: {is_public}");
        }
    }
}

#[test]
fn nobody_signs_in_without_having_started_here() {
    let Some(house) = House::start(Link::Plain) else {
        return;
    };
    let registry = &house.registry;
    for query in ["", "?code=abc&state=def", "?error=access_denied&state=def"] {
        let path = format!("/zot/auth/callback/oidc{query}");
        let answer = registry.ask(&Who::Nobody, "GET", &path);
        assert!([400, 401].contains(&answer.status), "{query}: {answer}");
        let mut browser = Browser::default();
        browser.learn(&path, answer.all("set-cookie").into_iter());
        assert_eq!(browser.value("session"), None);
    }
    let mut browser = Browser::default();
    let login = browser.open(&format!(
        "{}/zot/auth/login?provider=oidc",
        registry.origin()
    ));
    assert!(
        login.url.starts_with(house.provider.issuer()),
        "{}",
        login.url
    );
    let unknown = registry.ask(&Who::Nobody, "GET", "/zot/auth/login?provider=other");
    assert_eq!(unknown.status, 400, "{unknown}");
}
