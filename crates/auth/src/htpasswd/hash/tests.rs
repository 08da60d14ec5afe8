use super::*;

/// Made with `htpasswd -B`; the second one of 80 times `x`, of which bcrypt reads 72.
const BCRYPT: &str = "$2y$04$8otrwfABVoWHtxSG6ZUlAuQd.2i.0kat8YVwdh/f1zrds.5Ym54SC";
const BCRYPT_LONG: &str = "$2y$04$IWZB4tTY.ZDCJ9gOMmEhueSLEMl56daoaznnmVGI.7x.h/gB2ypX2";
/// A vector of the reference implementation.
const ARGON: &str =
    "$argon2id$v=19$m=256,t=2,p=1$c29tZXNhbHQ$nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4";

const X100: &str = "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx";
const X200: &str = "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx";

/// Made with the `crypt` of a C library.
const SHA: &[(&str, &str)] = &[
    (
        "Hello world!",
        "$5$saltstring$5B8vYYiY.CVt1RlTTf8KbXBH3hsxY/GNooZaBBGWEc5",
    ),
    (
        "Hello world!",
        "$5$rounds=10000$saltstringsaltst$3xv.VbSHBb41AL9AvLeujZkZRBAwqFMz2.opqey6IcA",
    ),
    (
        "Hello world!",
        "$5$rounds=10000$saltstringsaltstring$3xv.VbSHBb41AL9AvLeujZkZRBAwqFMz2.opqey6IcA",
    ),
    (
        "",
        "$5$rounds=1000$a$h8gEN0ODxYvLokgp44mp9FQeMZy0f9j01cbNDQnD727",
    ),
    (
        X100,
        "$5$rounds=10$roundstoolow$nflUBqU/Fgl4Nmkvg3hNDArgZTdYevg71bdZKYb/T.3",
    ),
    (
        "pass:wort\u{e4}",
        "$6$saltstring$nIpfUhpR7mgWqjOXjFb9nheshsOfv3DaGNwyBXVcfZ/tdE0w8ygYOTA1XCiohDstWAm.niK3iz23D3EDr3ce..",
    ),
    (
        "Hello world!",
        "$6$rounds=10000$saltstringsaltst$OW1/O6BYHV6BcXZu8QVeXbDWra3Oeqh0sbHbbMCVNSnCM/UrjmM0Dp8vOuZeHBy/YTBmSK6H9qs/y3RnOaw5v.",
    ),
    (
        X200,
        "$6$rounds=1400$anotherlongsalts$.KQkrklP5M8SjCD5.dynbwjdUsaj9OA/DclgYZCZZeicMAnXgAW2shwuO/zS8G8mTsY5I1tSi2wbTfFHdOUkI.",
    ),
    (
        "",
        "$6$rounds=1000$b$GAGO9DanIJiIix/thUJE7wNrBWgNIIcherjS0CAqePqdiUZ4eCtT5s4rKhoz4qYX1uIy2ZI6PDX0wCce8ApAd0",
    ),
];

#[test]
fn passwords_match_the_hashes_of_other_tools() {
    let (at_limit, beyond) = ("x".repeat(72), format!("{}y", "x".repeat(79)));
    let old = BCRYPT.replace("$2y$", "$2a$");
    let newer = BCRYPT.replace("$2y$", "$2b$");
    let table = [
        ("secret", BCRYPT),
        ("secret", old.as_str()),
        ("secret", newer.as_str()),
        (at_limit.as_str(), BCRYPT_LONG),
        (beyond.as_str(), BCRYPT_LONG),
        ("password", ARGON),
        (
            "password",
            "$argon2id$v=19$m=64,t=3,p=4$c29tZXNhbHQ$T4fNMJtyzPmC46C+DDai6FF5I8o+6vKMbvxnbQkvttU",
        ),
        (
            "password",
            "$argon2id$m=256,t=2,p=1$c29tZXNhbHQ$2gcOV25Q8vOKPIl8vdxsf7QCjocJcf+erntOGHkpXm4",
        ),
    ];
    for (password, text) in table.iter().chain(SHA) {
        let hash = Hash::parse(text).unwrap();
        assert!(hash.verify(password.as_bytes()), "{text}");
        assert!(!hash.verify(b"Hello world?"), "{text}");
        assert_eq!(
            hash.is_approved(),
            text.starts_with("$5") || text.starts_with("$6")
        );
    }
}

#[test]
fn what_is_no_hash_or_costs_too_much_is_refused() {
    let sha = |rounds: &str| format!("$5${rounds}a$h8gEN0ODxYvLokgp44mp9FQeMZy0f9j01cbNDQnD727");
    let argon = |costs: &str| ARGON.replace("m=256,t=2,p=1", costs);
    let table = [
        (BCRYPT.replace("$04$", "$03$"), "is malformed"),
        (BCRYPT.replace("$04$", "$16$"), ""),
        (BCRYPT.replace("$04$", "$17$"), "costs too much"),
        (BCRYPT.replace("$04$", "$31$"), "costs too much"),
        (format!("{BCRYPT}x"), "is malformed"),
        (BCRYPT.replace("$2y$", "$2x$"), "is of an unsupported type"),
        ("$apr1$a$b".to_owned(), "is of an unsupported type"),
        (
            "{SHA}qUqP5cyxm6YcTAhz05Hph5gvu9M=".to_owned(),
            "is of an unsupported type",
        ),
        ("secret".to_owned(), "is of an unsupported type"),
        (String::new(), "is of an unsupported type"),
        (sha("rounds=1000000$"), ""),
        (sha("rounds=1000001$"), "has too many rounds"),
        (sha("rounds=9999999999$"), "has malformed rounds"),
        (sha("rounds=+5$"), "has malformed rounds"),
        (sha("rounds=$"), "has malformed rounds"),
        ("$5$rounds=1000".to_owned(), "has no salt"),
        ("$6$salt".to_owned(), "has no digest"),
        ("$5$salt$short".to_owned(), "has a malformed digest"),
        (sha("").replace("727", "72:"), "has a malformed digest"),
        (argon("m=262144,t=16,p=4"), ""),
        (argon("m=262145,t=1,p=1"), "costs too much"),
        (argon("m=262144,t=17,p=4"), "costs too much"),
        (argon("m=4294967295,t=4294967295,p=1"), "costs too much"),
        (argon("m=256,t=1,p=65"), "costs too much"),
        (argon("m=1,t=1,p=1"), "is malformed"),
        (argon("m=256,t=0,p=1"), "is malformed"),
        (argon("m=256,t=1"), "is malformed"),
        (argon("m=256,t=1,p=1,x=1"), "is malformed"),
        (ARGON.replace("v=19", "v=18"), "is of an unknown version"),
        (ARGON.replace("$nf65", "$!"), "is malformed"),
        (
            ARGON.replace("argon2id", "argon2i"),
            "is of an unsupported type",
        ),
        (format!("{ARGON}$x"), "is malformed"),
    ];
    for (text, want) in table {
        let got = Hash::parse(&text).map(|_| ());
        assert_eq!(got.err().unwrap_or_default(), want, "{text}");
    }
}

#[test]
fn the_memory_of_argon2_is_known_beforehand() {
    assert_eq!(Hash::parse(ARGON).unwrap().memory(), 256);
    assert_eq!(Hash::parse(BCRYPT).unwrap().memory(), 0);
}
