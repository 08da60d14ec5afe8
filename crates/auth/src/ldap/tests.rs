use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair};
use rustls::ServerConfig;
use rustls::crypto::ring;
use rustls::pki_types::PrivateKeyDer;

use super::directory::{Directory, Script, answer};
use super::*;

fn source() -> Source {
    Source::new([127, 0, 0, 1].into())
}

fn options(directory: &Directory) -> LdapOptions {
    LdapOptions {
        base: "dc=x".to_owned(),
        user_attribute: "uid".to_owned(),
        group_attribute: Some("memberOf".to_owned()),
        account: ServiceAccount {
            dn: "cn=service".to_owned(),
            password: "s3rvice".to_owned(),
        },
        ..LdapOptions::new("127.0.0.1", directory.port, Transport::Plain)
    }
}

fn ldap(directory: &Directory) -> Ldap {
    Ldap::new(options(directory)).unwrap()
}

/// Yields the groups, `no` for a wrong password, or the error.
async fn told(ldap: &Ldap, user: &str, password: &str) -> String {
    match ldap.check(user, password.as_bytes(), source()).await {
        Ok(Some(groups)) => format!("yes {}", groups.join(",")),
        Ok(None) => "no".to_owned(),
        Err(error) => error.to_string(),
    }
}

#[tokio::test]
async fn passwords_are_those_of_the_one_entry_that_matches() {
    let mut script = Script::default();
    let twins = vec![("cn=ann", None), ("cn=bob", None)];
    script.entries.insert("twin", twins);
    script.entries.insert("root", vec![("", None)]);
    let directory = Directory::start(script).await;
    let ldap = ldap(&directory);
    let table = [
        ("ann", "secret", "yes dev,ops"),
        ("ann", "Secret", "no"),
        ("eve", "secret", "no"),
        ("twin", "secret", "no"),
        ("root", "secret", "directory: an entry has no name"),
        ("*", "secret", "no"),
        ("ann)(uid=ann", "secret", "no"),
    ];
    for (user, password, want) in table {
        assert_eq!(told(&ldap, user, password).await, want, "{user} {password}");
    }
}

#[tokio::test]
async fn case_a15_an_empty_password_is_refused_without_a_word() {
    let directory = Directory::start(Script::default()).await;
    let ldap = ldap(&directory);
    for (user, password) in [
        ("ann", ""),
        ("", "secret"),
        ("ann", "\0"),
        ("ann", "secret\0"),
    ] {
        assert_eq!(told(&ldap, user, password).await, "no");
    }
    assert_eq!(directory.asked(), [""; 0]);
    for user in ["*", "(", r"a\2a", ")(uid=*"] {
        assert_eq!(told(&ldap, user, "secret").await, "no");
        let asked = directory.asked();
        assert_eq!(
            asked.last().unwrap(),
            &format!("1: search dc=x 1 uid={user}")
        );
    }
}

#[tokio::test]
async fn no_kept_connection_is_bound_as_a_user() {
    let directory = Directory::start(Script::default()).await;
    let ldap = Ldap::new(LdapOptions {
        depth: Depth::Subtree,
        user_filter: Some("(objectClass=person)".to_owned()),
        group_attribute: None,
        ..options(&directory)
    });
    let ldap = ldap.unwrap();
    for password in ["secret", "wrong", "secret"] {
        let want = if password == "wrong" { "no" } else { "yes " };
        assert_eq!(told(&ldap, "ann", password).await, want);
    }
    assert_eq!(
        directory.asked(),
        [
            "1: bind cn=service s3rvice",
            "1: search dc=x 2 uid=ann",
            "2: bind cn=ann secret",
            "1: search dc=x 2 uid=ann",
            "3: bind cn=ann wrong",
            "1: search dc=x 2 uid=ann",
            "4: bind cn=ann secret",
        ]
    );
}

#[tokio::test]
async fn a_broken_connection_is_replaced() {
    let directory = Directory::start(Script {
        requests: 2,
        ..Script::default()
    });
    let directory = directory.await;
    let ldap = ldap(&directory);
    for _ in 0..3 {
        assert_eq!(told(&ldap, "ann", "secret").await, "yes dev,ops");
    }
    let asked = directory.asked();
    let bound = |line: &&String| line.ends_with("bind cn=service s3rvice");
    assert_eq!(asked.iter().filter(bound).count(), 3);
}

#[tokio::test]
async fn another_account_is_used_at_once() {
    let directory = Directory::start(Script::default()).await;
    let ldap = ldap(&directory);
    assert_eq!(told(&ldap, "ann", "secret").await, "yes dev,ops");
    directory
        .script
        .lock()
        .passwords
        .insert("cn=other", "0ther");
    for (dn, password, want) in [
        (
            "cn=other",
            "old",
            "the directory refused the service account with result 49",
        ),
        ("cn=other", "0ther", "yes dev,ops"),
    ] {
        directory.asked();
        ldap.set_account(ServiceAccount {
            dn: dn.to_owned(),
            password: password.to_owned(),
        });
        assert_eq!(ldap.pool.len(), 0);
        assert_eq!(told(&ldap, "ann", "secret").await, want);
        let first = directory.asked().remove(0);
        assert!(first.ends_with(&format!("bind {dn} {password}")), "{first}");
    }
    let text = format!("{ldap:?}");
    assert!(!text.contains("s3rvice"), "{text}");
}

#[tokio::test]
async fn failures_are_no_wrong_passwords() {
    type Change = fn(&mut Script);
    let directory = Directory::start(Script::default()).await;
    let table: [(Change, &str); 6] = [
        (|script| script.wrong = 53, "no"),
        (|script| script.wrong = 19, "no"),
        (
            |script| script.wrong = 13,
            "the directory refused a login with result 13",
        ),
        (
            |script| script.wrong = 51,
            "the directory refused a login with result 51",
        ),
        (|script| script.searched = 4, "no"),
        (
            |script| script.searched = 32,
            "the directory refused search with result 32",
        ),
    ];
    for (change, want) in table {
        *directory.script.lock() = Script::default();
        change(&mut directory.script.lock());
        assert_eq!(told(&ldap(&directory), "ann", "wrong").await, want);
    }
    drop(directory);
    let nobody = LdapOptions {
        user_attribute: "uid".to_owned(),
        ..LdapOptions::new("127.0.0.1", 1, Transport::Plain)
    };
    let ldap = Ldap::new(nobody).unwrap();
    assert_eq!(
        told(&ldap, "ann", "x").await,
        "no connection to the directory"
    );
}

#[tokio::test]
async fn case_a12_odd_answers_are_errors() {
    let mut script = Script::default();
    script.entries.insert("bare", vec![("cn=ann", None)]);
    let directory = Directory::start(script).await;
    assert_eq!(told(&ldap(&directory), "bare", "secret").await, "yes ");
    let table: [(&[u8], &str); 6] = [
        (b"\xff\xff\xff", "directory: a message is malformed"),
        (
            b"\x30\x84\x7f\xff\xff\xff",
            "directory: a message is too large",
        ),
        (b"\x30\x00", "directory: a message is malformed"),
        (b"\x30\x80\x00\x00", "directory: a message is malformed"),
        (
            &answer(9, 0x61, 0),
            "directory: an answer is not to what was asked",
        ),
        (
            &answer(1, 0x65, 0),
            "directory: an answer is not to what was asked",
        ),
    ];
    for (garbage, want) in table {
        directory.script.lock().garbage = Some(garbage.to_vec());
        assert_eq!(told(&ldap(&directory), "ann", "secret").await, want);
    }
    for (garbage, want) in [
        (answer(0, 0x78, 52), "the directory closed the connection"),
        (Vec::new(), "the directory took too long"),
    ] {
        directory.script.lock().garbage = Some(garbage);
        let options = LdapOptions {
            step: Duration::from_millis(20),
            ..options(&directory)
        };
        let ldap = Ldap::new(options).unwrap();
        assert_eq!(told(&ldap, "ann", "secret").await, want);
    }
}

#[tokio::test]
async fn idle_connections_are_dropped() {
    let directory = Directory::start(Script::default()).await;
    let ldap = ldap(&directory);
    told(&ldap, "ann", "secret").await;
    assert_eq!(ldap.pool.len(), 1);
    tokio::time::pause();
    tokio::time::advance(Duration::from_secs(59)).await;
    assert_eq!(ldap.pool.len(), 1);
    sleep(Duration::from_secs(2)).await;
    assert_eq!(ldap.pool.len(), 0);
}

#[test]
fn options_that_make_no_sense_are_refused() {
    let base = || LdapOptions::new("x", 1, Transport::Plain);
    let uid = || LdapOptions {
        user_attribute: "uid".to_owned(),
        ..base()
    };
    let with_filter = |filter: &str| LdapOptions {
        user_filter: Some(filter.to_owned()),
        ..uid()
    };
    let bad_group = LdapOptions {
        group_attribute: Some("a)".to_owned()),
        ..uid()
    };
    let table = [
        (base(), "the user attribute is malformed"),
        (bad_group, "the group attribute is malformed"),
        (with_filter("(a=b"), "malformed filter"),
        (with_filter(" "), ""),
        (with_filter("a=b"), ""),
    ];
    for (options, want) in table {
        let made = Ldap::new(options).map(|_| ());
        let error = made.err().map(|error| error.to_string());
        assert_eq!(error.unwrap_or_default(), want);
    }
}

/// Makes an authority, and a directory's side of TLS that it vouches for.
fn certified() -> (String, Arc<ServerConfig>) {
    let key = KeyPair::generate().unwrap();
    let mut params = CertificateParams::new(Vec::new()).unwrap();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let authority = params.self_signed(&key).unwrap();
    let issuer = Issuer::new(params, key);
    let key = KeyPair::generate().unwrap();
    let params = CertificateParams::new(vec!["127.0.0.1".to_owned()]).unwrap();
    let certificate = params.signed_by(&key, &issuer).unwrap();
    let builder = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()));
    let builder = builder.with_safe_default_protocol_versions().unwrap();
    let config = builder.with_no_client_auth().with_single_cert(
        vec![certificate.der().clone()],
        PrivateKeyDer::try_from(key.serialize_der()).unwrap(),
    );
    (authority.pem(), Arc::new(config.unwrap()))
}

#[tokio::test]
async fn tls_is_spoken_to_whom_is_trusted() {
    let (pem, config) = certified();
    let (stranger, _) = certified();
    let refused = "no secure connection to the directory";
    let yes = "yes dev,ops";
    let trusted = || client_config(Trust::Pem(pem.as_bytes())).unwrap();
    let strange = client_config(Trust::Pem(stranger.as_bytes())).unwrap();
    let system = client_config(Trust::System).unwrap();
    let everybody = client_config(Trust::Everybody).unwrap();
    for at_once in [true, false] {
        let directory = Directory::start(Script {
            tls: Some((Arc::clone(&config), at_once)),
            ..Script::default()
        });
        let directory = directory.await;
        let table = [
            (trusted(), yes),
            (Arc::clone(&strange), refused),
            (Arc::clone(&system), refused),
            (Arc::clone(&everybody), yes),
        ];
        for (config, want) in table {
            let transport = if at_once {
                Transport::Tls(config)
            } else {
                Transport::StartTls(config)
            };
            let options = LdapOptions {
                transport,
                ..options(&directory)
            };
            let ldap = Ldap::new(options).unwrap();
            assert_eq!(told(&ldap, "ann", "secret").await, want, "{at_once}");
            if want == refused {
                let asked = directory.asked();
                assert!(!asked.iter().any(|line| line.contains("bind")), "{asked:?}");
            }
            directory.asked();
        }
    }
}

#[tokio::test]
async fn words_before_tls_are_not_taken_for_words_in_it() {
    let (pem, config) = certified();
    let directory = Directory::start(Script {
        tls: Some((config, false)),
        behind: answer(1, 0x61, 0),
        ..Script::default()
    });
    let directory = directory.await;
    let trust = client_config(Trust::Pem(pem.as_bytes())).unwrap();
    let options = LdapOptions {
        transport: Transport::StartTls(trust),
        ..options(&directory)
    };
    let ldap = Ldap::new(options).unwrap();
    let want = "directory: there is more before TLS begins";
    assert_eq!(told(&ldap, "ann", "secret").await, want);
    assert!(matches!(
        client_config(Trust::Pem(b"nothing")),
        Err(TrustError::Certificates)
    ));
}
