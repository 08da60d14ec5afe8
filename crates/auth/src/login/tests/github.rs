use super::*;

async fn github() -> Arc<Service> {
    let service = Service::bare().await;
    let access = format!("access-{MARKER}");
    service.set(
        "/token",
        &json!({"access_token": access, "token_type": "bearer"}),
    );
    let mails = json!([
        {"email": "other@x", "primary": false, "verified": true},
        {"email": "ann@x", "primary": true, "verified": true},
    ]);
    service.set("/api/v3/user/emails", &mails);
    let next = format!(
        "link: <{0}/x>; rel=\"prev\", <{0}/more?page=2>; rel=\"next\"\r\n",
        service.base
    );
    service.set_with("/api/v3/user/orgs", 200, &next, "[{\"login\":\"org-b\"}]");
    service.set("/more", &json!([{"login": "org-a"}]));
    let teams = json!([{"slug": "dev", "organization": {"login": "org-a"}}]);
    service.set("/api/v3/user/teams", &teams);
    service
}

async fn round(service: &Service) -> Result<LoggedIn, LoginError> {
    let login = login(service, &secret());
    let begun = begin(&login, "github", "").await?;
    finish(&login, "github", &begun).await
}

#[tokio::test]
async fn names_and_groups_come_from_the_api() {
    let service = github().await;
    let begun = begin(&login(&service, &secret()), "github", "")
        .await
        .unwrap();
    let query = query(&begun.location);
    assert_eq!(query["scope"], "email groups");
    assert!(!query.contains_key("nonce") && !query.contains_key("code_challenge"));

    let logged_in = round(&service).await.unwrap();
    assert_eq!(logged_in.person.name, "ann@x");
    assert_eq!(logged_in.person.groups, ["org-a", "org-a/dev", "org-b"]);
    let asked = service.seen("/token").remove(0);
    assert_eq!(asked.form["client_secret"], "secret-s3cr3tm4rk+");
    let told = service.seen("/more").remove(0).authorization;
    assert_eq!(told, format!("Bearer access-{MARKER}"));
}

#[tokio::test]
async fn lists_that_are_not_allowed_are_skipped() {
    let service = github().await;
    service.set_with("/api/v3/user/orgs", 403, "", "");
    assert_eq!(round(&service).await.unwrap().person.groups, ["org-a/dev"]);
    service.set_with("/api/v3/user/teams", 403, "", "");
    assert!(round(&service).await.unwrap().person.groups.is_empty());
    service.set_with("/api/v3/user/teams", 500, "", "");
    assert!(shown(&round(&service).await.unwrap_err()).contains("answered 500"));
}

/// A list leads to other hosts neither us nor the token.
#[tokio::test]
async fn case_a03_pages_elsewhere_are_not_read() {
    let service = github().await;
    let other = Service::bare().await;
    let next = format!("link: <{}/more>; rel=\"next\"\r\n", other.base);
    service.set_with("/api/v3/user/orgs", 200, &next, "[]");
    round(&service).await.unwrap();
    assert!(other.seen("/more").is_empty());
}

#[tokio::test]
async fn a_name_is_a_mail_address_of_ones_own() {
    let service = github().await;
    for (mails, want) in [
        (json!([{"email": "a@x", "primary": true}]), Some("a@x")),
        (
            json!([{"email": "a@x", "primary": true, "verified": false}]),
            None,
        ),
        (json!([{"email": "a@x", "verified": true}]), None),
        (json!([]), None),
    ] {
        service.set("/api/v3/user/emails", &mails);
        let got = round(&service).await.map(|logged_in| logged_in.person.name);
        assert_eq!(got.as_deref().ok(), want, "{mails}");
        assert!(want.is_some() || matches!(got, Err(LoginError::Nameless { .. })));
    }
    service.set(
        "/token",
        &json!({"error": "bad_verification_code", "error_uri": MARKER}),
    );
    let text = shown(&round(&service).await.unwrap_err());
    assert!(text.contains("answered bad_verification_code"), "{text}");
}
