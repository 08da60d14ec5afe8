use proptest::prelude::*;
use rcgen::string::{BmpString, Ia5String, PrintableString, TeletexString};
use rcgen::{CertificateParams, DnType, DnValue, KeyPair, SanType};

use super::*;

const EMAIL: [u64; 7] = [1, 2, 840, 113_549, 1, 9, 1];

fn of(id: &[u64]) -> DnType {
    DnType::CustomDnType(id.to_vec())
}

fn known(last: u64) -> DnType {
    of(&[2, 5, 4, last])
}

fn certificate(subject: Vec<(DnType, DnValue)>, names: Vec<SanType>) -> Vec<u8> {
    let mut params = CertificateParams::new(Vec::new()).unwrap();
    params.distinguished_name = rcgen::DistinguishedName::new();
    for (kind, value) in subject {
        params.distinguished_name.push(kind, value);
    }
    params.subject_alt_names = names;
    let key = KeyPair::generate().unwrap();
    params.self_signed(&key).unwrap().der().to_vec()
}

fn utf8(text: &str) -> DnValue {
    DnValue::Utf8String(text.to_owned())
}

fn ia5(text: &str) -> Ia5String {
    Ia5String::try_from(text).unwrap()
}

fn rule(words: &[&str]) -> NameRule {
    NameRule {
        attributes: words.iter().map(|word| word.parse().unwrap()).collect(),
        ..NameRule::default()
    }
}

/// The names of alice in every attribute.
fn alice() -> Vec<u8> {
    certificate(
        vec![
            (DnType::CommonName, utf8("alice")),
            (DnType::OrganizationName, utf8("Acme")),
        ],
        vec![
            SanType::DnsName(ia5("one.example")),
            SanType::URI(ia5("SPIFFE://cluster.local/ns/a/sa/alice")),
            SanType::Rfc822Name(ia5("alice@example.org")),
            SanType::IpAddress([127, 0, 0, 1].into()),
            SanType::DnsName(ia5("two.example")),
            SanType::URI(ia5("https://example.org/alice")),
            SanType::Rfc822Name(ia5("a@example.org")),
        ],
    )
}

#[test]
fn the_first_attribute_that_yields_a_name_counts() {
    let spiffe = "spiffe://cluster.local/ns/a/sa/alice";
    let table: [(&[&str], Option<&str>); 12] = [
        (&["CommonName"], Some("alice")),
        (&["cn"], Some("alice")),
        (&["Subject"], Some("CN=alice,O=Acme")),
        (&["DN"], Some("CN=alice,O=Acme")),
        (&["Email"], Some("alice@example.org")),
        (&["RFC822Name"], Some("alice@example.org")),
        (&["URI"], Some(spiffe)),
        (&["url"], Some(spiffe)),
        (&["DNSName"], Some("one.example")),
        (&["dns"], Some("one.example")),
        (&["Email", "CN"], Some("alice@example.org")),
        (&[], None),
    ];
    for (words, want) in table {
        assert_eq!(name(&alice(), &rule(words)).as_deref(), want, "{words:?}");
    }
    let only_dns = certificate(vec![], vec![SanType::DnsName(ia5("host.example"))]);
    for words in [
        ["CN", "DNS"],
        ["DN", "DNS"],
        ["URI", "DNS"],
        ["Email", "DNS"],
    ] {
        assert_eq!(
            name(&only_dns, &rule(&words)).as_deref(),
            Some("host.example"),
            "{words:?}"
        );
    }
    assert_eq!(name(&only_dns, &rule(&["CN", "DN", "URI", "Email"])), None);
    let unknown = "Issuer".parse::<Attribute>().unwrap_err();
    assert_eq!(
        unknown.to_string(),
        "unsupported identity attribute: Issuer"
    );
}

#[test]
fn indexes_choose_among_equal_names_and_a_pattern_takes_a_part() {
    let pattern = |text: &str| Some(Regex::new(text).unwrap());
    let second = NameRule {
        uri_index: 1,
        dns_index: 1,
        email_index: 1,
        ..NameRule::default()
    };
    let far = NameRule {
        uri_index: 2,
        dns_index: 2,
        email_index: usize::MAX,
        ..NameRule::default()
    };
    let with = |rule: &NameRule, attribute| NameRule {
        attributes: vec![attribute],
        ..rule.clone()
    };
    for (attribute, want) in [
        (Attribute::Uri, "https://example.org/alice"),
        (Attribute::DnsName, "two.example"),
        (Attribute::Email, "a@example.org"),
    ] {
        assert_eq!(
            name(&alice(), &with(&second, attribute)).as_deref(),
            Some(want)
        );
        assert_eq!(name(&alice(), &with(&far, attribute)), None);
    }
    let table = [
        ("^spiffe://[^/]+/ns/([^/]+)/sa/(.+)$", Some("a")),
        ("sa/(.*)", Some("alice")),
        ("^https://(.*)", None),
        ("sa/alice", None),
        ("sa/(bob)?", None),
        ("sa/alice()", None),
    ];
    for (text, want) in table {
        let rule = NameRule {
            uri_pattern: pattern(text),
            ..rule(&["URI"])
        };
        assert_eq!(name(&alice(), &rule).as_deref(), want, "{text}");
    }
    let falls_back = NameRule {
        uri_pattern: pattern("^nothing(.*)"),
        ..rule(&["URI", "CN"])
    };
    assert_eq!(name(&alice(), &falls_back).as_deref(), Some("alice"));
}

fn printable(text: &str) -> DnValue {
    DnValue::PrintableString(PrintableString::try_from(text).unwrap())
}

/// Subjects, and how Go writes them.
fn subjects() -> Vec<(Vec<(DnType, DnValue)>, &'static str)> {
    vec![
        (
            vec![
                (known(17), utf8("12345")),
                (known(3), utf8("alice")),
                (known(6), printable("US")),
                (known(8), utf8("State")),
                (known(5), printable("77")),
                (known(9), utf8("Street 1")),
                (known(10), utf8("Acme")),
                (known(7), utf8("Town")),
                (known(11), utf8("Unit")),
            ],
            "SERIALNUMBER=77,CN=alice,OU=Unit,O=Acme,POSTALCODE=12345,STREET=Street 1,L=Town,ST=State,C=US",
        ),
        (
            vec![(known(3), utf8(r#" #a,b+c"d\e<f>g;h "#))],
            r#"CN=\ #a\,b\+c\"d\\e\<f\>g\;h\ "#,
        ),
        (vec![(known(3), utf8("#a b"))], r"CN=\#a b"),
        (vec![(known(3), utf8(" "))], r"CN=\ "),
        (
            vec![(known(10), utf8("Zoë & Söhne")), (known(3), utf8("名"))],
            "CN=名,O=Zoë & Söhne",
        ),
        (
            vec![
                (of(&EMAIL), DnValue::Ia5String(ia5("a@b"))),
                (known(3), utf8("alice")),
                (
                    of(&[0, 9, 2342, 19_200_300, 100, 1, 25]),
                    DnValue::Ia5String(ia5("org")),
                ),
                (known(12), utf8("a*b")),
            ],
            "CN=alice,2.5.4.12=#0c03612a62,0.9.2342.19200300.100.1.25=#13036f7267,\
             1.2.840.113549.1.9.1=#0c03614062",
        ),
        (
            vec![
                (
                    known(3),
                    DnValue::BmpString(BmpString::try_from("bé").unwrap()),
                ),
                (
                    known(10),
                    DnValue::TeletexString(TeletexString::try_from("t").unwrap()),
                ),
            ],
            "CN=bé,O=t",
        ),
    ]
}

#[test]
fn subjects_are_written_as_go_writes_them() {
    for (subject, want) in subjects() {
        let der = certificate(subject, vec![]);
        assert_eq!(name(&der, &rule(&["DN"])).as_deref(), Some(want));
    }
    for (len, head) in [(127, "137f"), (200, "1381c8"), (300, "1382012c")] {
        let der = certificate(vec![(of(&[1, 2, 3]), utf8(&"x".repeat(len)))], vec![]);
        let want = format!("1.2.3=#{head}{}", "78".repeat(len));
        assert_eq!(name(&der, &rule(&["DN"])), Some(want));
    }
}

/// One element of DER, however long.
fn element(tag: u8, parts: &[&[u8]]) -> Vec<u8> {
    let content = parts.concat();
    let len = content.len();
    let mut out = vec![tag];
    if len < 0x80 {
        out.push(u8::try_from(len).unwrap());
    } else {
        out.push(0x82);
        out.extend(u16::try_from(len).unwrap().to_be_bytes());
    }
    out.extend(content);
    out
}

/// A certificate that nobody signed, with a subject and extensions as given.
fn raw(subject: &[&[u8]], extensions: &[&[u8]]) -> Vec<u8> {
    let empty = element(0x30, &[]);
    let mut parts = vec![
        element(2, &[&[1]]),
        empty.clone(),
        empty.clone(),
        empty.clone(),
    ];
    parts.push(element(0x30, subject));
    parts.push(empty.clone());
    if !extensions.is_empty() {
        parts.push(element(0xa3, &[&element(0x30, extensions)]));
    }
    let parts: Vec<&[u8]> = parts.iter().map(Vec::as_slice).collect();
    let body = element(0x30, &parts);
    element(0x30, &[&body, &empty, &element(3, &[&[0]])])
}

fn rdn(last: u8, kind: u8, value: &[u8]) -> Vec<u8> {
    let id = element(6, &[&[0x55, 4, last]]);
    element(0x31, &[&element(0x30, &[&id, &element(kind, &[value])])])
}

fn alternative(names: &[u8]) -> Vec<u8> {
    let id = element(6, &[&[0x55, 0x1d, 0x11]]);
    element(0x30, &[&id, &element(4, &[&element(0x30, &[names])])])
}

#[test]
fn odd_certificates_are_read_as_go_reads_them_or_not_at_all() {
    let cn = |text: &str| rdn(3, 0x0c, text.as_bytes());
    let unit = |text: &str| rdn(11, 0x0c, text.as_bytes());
    let both = rule(&["CN", "DNS", "DN"]);
    let dns = element(0x82, &[b"host"]);
    let table: [(&str, Vec<u8>, Option<&str>); 14] = [
        (
            "of two common names the last",
            raw(&[&cn("a"), &cn("b")], &[]),
            Some("b"),
        ),
        (
            "an empty one is none",
            raw(&[&cn("")], &[&alternative(&dns)]),
            Some("host"),
        ),
        (
            "equal attributes are joined",
            raw(&[&unit("a"), &unit("b")], &[]),
            Some("OU=a+OU=b"),
        ),
        (
            "control characters",
            raw(&[&cn("a\0b")], &[&alternative(&dns)]),
            Some("host"),
        ),
        ("line ends", raw(&[&cn("a\nb")], &[]), None),
        ("no subject", raw(&[], &[]), None),
        ("latin", raw(&[&rdn(3, 0x14, b"Zo\xeb")], &[]), Some("Zoë")),
        (
            "wide characters",
            raw(&[&rdn(3, 0x1c, &[0, 0, 0, 65])], &[]),
            None,
        ),
        ("not utf-8", raw(&[&rdn(3, 0x0c, &[0xff])], &[]), None),
        ("not printable", raw(&[&rdn(3, 0x13, b"a_b")], &[]), None),
        (
            "half a character",
            raw(&[&rdn(3, 0x1e, &[0, 65, 0])], &[]),
            None,
        ),
        (
            "names not in ascii",
            raw(
                &[&cn("a")],
                &[&alternative(&element(0x82, &["é".as_bytes()]))],
            ),
            None,
        ),
        (
            "names twice",
            raw(&[&cn("a")], &[&alternative(&dns), &alternative(&dns)]),
            None,
        ),
        ("rest", [raw(&[&cn("a")], &[]), vec![0]].concat(), None),
    ];
    for (what, der, want) in table {
        assert_eq!(name(&der, &both).as_deref(), want, "{what}");
    }
}

#[test]
fn identifiers_and_lengths_have_one_form() {
    let ids: [(&[u8], Option<&str>); 6] = [
        (&[0x2a, 3], Some("1.2.3=#130161")),
        (&[0x88, 0x37, 1], Some("2.999.1=#130161")),
        (&[0x2a, 0x80, 1], None),
        (&[0x2a, 0x81], None),
        (&[0x2a, 0x88, 0x80, 0x80, 0x80, 0], None),
        (&[], None),
    ];
    for (id, want) in ids {
        let attribute = element(0x30, &[&element(6, &[id]), &element(0x0c, &[b"a"])]);
        let der = raw(&[&element(0x31, &[&attribute])], &[]);
        assert_eq!(name(&der, &rule(&["DN"])).as_deref(), want, "{id:?}");
    }
    // Lengths that are longer than they must be, or have no end.
    for der in [
        &[0x30, 0x81, 1, 0][..],
        &[0x30, 0x80, 0, 0],
        &[0x30, 0x82, 0, 1, 0],
        &[0x1f, 1, 0],
        &[0x30],
    ] {
        assert_eq!(name(der, &rule(&["DN"])), None);
    }
}

/// A certificate of version 1 with times as given.
fn old(from: (u8, &str), to: (u8, &str)) -> Vec<u8> {
    let algorithm = element(0x30, &[&element(6, &[&[0x2a, 3]])]);
    let key = element(0x30, &[&algorithm, &element(3, &[&[0, 9, 9]])]);
    let times = [from, to].map(|(kind, text)| element(kind, &[text.as_bytes()]));
    let issuer = element(0x30, &[&rdn(3, 0x0c, b"ca")]);
    let subject = element(0x30, &[&rdn(3, 0x0c, b"alice")]);
    let body = [
        element(2, &[&[1]]),
        algorithm.clone(),
        issuer,
        element(0x30, &[&times[0], &times[1]]),
        subject,
        key,
    ];
    let body = element(0x30, &body.each_ref().map(Vec::as_slice));
    element(0x30, &[&body, &algorithm, &element(3, &[&[0, 7]])])
}

#[test]
fn version_1_is_taken_apart_and_its_times_are_read() {
    let der = old((0x17, "700101000000Z"), (0x18, "20500228235959Z"));
    let parts = Version1::read(&der).unwrap();
    assert_eq!(parts.validity, (0, 2_529_705_599));
    assert_eq!(parts.issuer, rdn(3, 0x0c, b"ca"));
    assert_eq!(
        (parts.algorithm, parts.signature),
        (&[6, 2, 0x2a, 3][..], &[7][..])
    );
    let key = PublicKey::read(parts.key).unwrap();
    assert_eq!(
        (key.algorithm, key.bits),
        (&[6, 2, 0x2a, 3][..], &[9, 9][..])
    );
    assert_eq!(parts.signed, &der[2..2 + parts.signed.len()]);
    assert_eq!(name(&der, &rule(&["CN"])).as_deref(), Some("alice"));
    let table = [
        ((0x17, "491231235959Z"), Some(2_524_607_999)),
        ((0x17, "500101000000Z"), Some(0)),
        ((0x17, "000229000000Z"), Some(951_782_400)),
        ((0x17, "000301000000Z"), Some(951_868_800)),
        ((0x18, "21000301000000Z"), Some(4_107_542_400)),
        ((0x17, "701301000000Z"), None),
        ((0x17, "7001010000Z"), None),
        ((0x17, "700101000000+0100"), None),
        ((0x17, "70010100000aZ"), None),
        ((0x18, "700101000000Z"), None),
        ((0x17, ""), None),
    ];
    for (time, want) in table {
        let der = old(time, (0x18, "99991231235959Z"));
        assert_eq!(
            Version1::read(&der).map(|parts| parts.validity.0),
            want,
            "{time:?}"
        );
    }
    assert!(Version1::read(&alice()).is_none());
}

proptest! {
    #[test]
    fn nothing_that_a_client_sends_panics(
        at in 0_usize..700,
        with in prop::collection::vec(any::<u8>(), 0..6),
        cut in 0_usize..700,
        noise in prop::collection::vec(any::<u8>(), 0..64),
    ) {
        let all = rule(&["DN", "CN", "Email", "URI", "DNS"]);
        let mut der = raw(&[&rdn(3, 0x0c, b"alice"), &rdn(10, 0x1e, &[0, 65])], &[&alternative(&element(0x86, &[b"a:b"]))]);
        name(&noise, &all);
        let at = at % der.len();
        der.splice(at..at, with.clone());
        name(&der, &all);
        for (place, byte) in der.iter_mut().skip(at).zip(&with) {
            *place = *byte;
        }
        name(&der, &all);
        der.truncate(cut);
        name(&der, &all);
        let mut der = old((0x17, "700101000000Z"), (0x18, "20500228235959Z"));
        let at = at % der.len();
        for (place, byte) in der.iter_mut().skip(at).zip(&with) {
            *place = *byte;
        }
        Version1::read(&der);
        PublicKey::of(&der);
    }
}
