use std::time::Instant;

use super::*;

/// Passwords `secret` with bcrypt at cost 4, and `Hello world!` with SHA-256-crypt.
const ANN: &str = "ann:$2y$04$8otrwfABVoWHtxSG6ZUlAuQd.2i.0kat8YVwdh/f1zrds.5Ym54SC";
const BOB: &str = "bob:$5$saltstring$5B8vYYiY.CVt1RlTTf8KbXBH3hsxY/GNooZaBBGWEc5";

fn source() -> Source {
    Source::new([127, 0, 0, 1].into())
}

fn htpasswd(text: &str) -> Htpasswd {
    Htpasswd::new(text.as_bytes(), HtpasswdOptions::default()).unwrap()
}

async fn check(htpasswd: &Htpasswd, user: &str, password: &str) -> bool {
    let checked = htpasswd.check(user, password.as_bytes(), source());
    checked.await.unwrap()
}

#[tokio::test]
async fn lines_are_read_as_zot_reads_them() {
    let bytes =
        format!("\n# a remark\r\nnobody\nann:plain\n{ANN}\r\n{BOB}\nbob:x\neve:$apr1$a$b\n:x");
    let mut bytes = bytes.into_bytes();
    bytes.extend_from_slice(b"\n\xff:x\n");
    let htpasswd = Htpasswd::new(&bytes, HtpasswdOptions::default()).unwrap();
    assert_eq!(htpasswd.users(), 3);
    let table = [
        ("ann", "secret", true),
        ("ann", "plain", false),
        ("ann", "", false),
        ("Ann", "secret", false),
        ("bob", "Hello world!", false),
        ("bob", "x", false),
        ("eve", "secret", false),
        ("# a remark", "", false),
        ("", "x", false),
    ];
    for (user, password, want) in table {
        assert_eq!(
            check(&htpasswd, user, password).await,
            want,
            "{user} {password}"
        );
    }
}

#[tokio::test]
async fn a_reload_takes_all_or_nothing() {
    let htpasswd = htpasswd(ANN);
    assert!(matches!(
        htpasswd.reload(&vec![b'\n'; FILE_LIMIT + 1]),
        Err(HtpasswdError::TooLarge)
    ));
    assert!(check(&htpasswd, "ann", "secret").await);
    assert_eq!(htpasswd.reload(BOB.as_bytes()).unwrap(), 1);
    assert!(!check(&htpasswd, "ann", "secret").await);
    assert!(check(&htpasswd, "bob", "Hello world!").await);
    assert_eq!(htpasswd.reload(b"").unwrap(), 0);
    assert!(!check(&htpasswd, "bob", "Hello world!").await);
}

#[tokio::test]
async fn fips_knows_sha_only() {
    let options = HtpasswdOptions {
        fips: Fips::Only,
        ..HtpasswdOptions::default()
    };
    let file = format!("{ANN}\n{BOB}\n");
    let htpasswd = Htpasswd::new(file.as_bytes(), options).unwrap();
    assert!(!check(&htpasswd, "ann", "secret").await);
    assert!(check(&htpasswd, "bob", "Hello world!").await);
}

#[test]
fn case_a28_a_user_who_is_not_there_costs_as_much_as_one_who_is() {
    let key = hmac::Key::new(hmac::HMAC_SHA256, &[7; 32]);
    let file = File::parse(format!("{ANN}\n{BOB}\nout:x\n").as_bytes(), Fips::Off);
    let work = |user: &str| match file.task(user, &key) {
        Task::Check(hash, counts) => (hash.is_approved(), counts),
        Task::Nothing => panic!("no work for {user}"),
    };
    assert_eq!(work("ann"), (false, true));
    assert_eq!(work("bob"), (true, true));
    assert!(!work("out").1);
    let mut approved = 0;
    for number in 0..100 {
        let user = format!("user{number}");
        assert_eq!(work(&user), work(&user), "always the same work");
        assert!(!work(&user).1);
        approved += usize::from(work(&user).0);
    }
    assert!(
        (20..80).contains(&approved),
        "as often as users have it: {approved}"
    );
    let empty = File::parse(b"", Fips::Off);
    assert!(matches!(empty.task("ann", &key), Task::Nothing));
}

#[tokio::test]
async fn case_a28_the_right_password_of_somebody_else_is_no_way_in() {
    let htpasswd = htpasswd(ANN);
    for user in ["nobody", "ann ", "ANN", "ann\0"] {
        assert!(!check(&htpasswd, user, "secret").await, "{user}");
    }
}

#[tokio::test]
async fn case_a48_passwords_without_end_are_not_computed() {
    let htpasswd = htpasswd(BOB);
    let begun = Instant::now();
    let password = "x".repeat(1 << 20);
    assert!(!check(&htpasswd, "bob", &password).await);
    // With SHA-crypt that would be hours.
    assert!(begun.elapsed().as_secs() < 60);
}

#[test]
fn nothing_prints_a_hash() {
    let text = format!("{:?}", htpasswd(ANN));
    assert!(!text.contains("$2"), "{text}");
}
