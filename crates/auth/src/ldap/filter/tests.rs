use super::*;
use crate::ldap::ber::Reader;

/// Writes a filter as text again, every value in hexadecimal.
fn told(bytes: &[u8]) -> String {
    let mut reader = Reader::new(bytes);
    let (tag, content) = reader.next().unwrap();
    assert!(reader.is_empty());
    let mut inner = Reader::new(content);
    let all = |mut inner: Reader<'_>| {
        let mut text = String::new();
        while !inner.is_empty() {
            let (tag, content) = inner.next().unwrap();
            text += &told(&element(tag, content));
        }
        text
    };
    let words = |mut inner: Reader<'_>| {
        let mut words = Vec::new();
        while !inner.is_empty() {
            let (tag, content) = inner.next().unwrap();
            let text = String::from_utf8_lossy(content);
            words.push(format!("{:x}:{text}", tag & 15));
        }
        words.join(" ")
    };
    match tag {
        AND => format!("(&{})", all(inner)),
        OR => format!("(|{})", all(inner)),
        NOT => format!("(!{})", all(inner)),
        PRESENT => format!("({} is there)", String::from_utf8_lossy(content)),
        MATCHING => format!("(match {})", words(inner)),
        SUBSTRINGS => {
            let name = String::from_utf8_lossy(inner.read(4).unwrap());
            let parts = Reader::new(inner.read(0x30).unwrap());
            format!("({name} has {})", words(parts))
        }
        _ => {
            let name = String::from_utf8_lossy(inner.read(4).unwrap());
            let value = String::from_utf8_lossy(inner.read(4).unwrap());
            let sign = match tag {
                EQUAL => "=",
                AT_LEAST => ">=",
                AT_MOST => "<=",
                LIKE => "~=",
                _ => panic!("{tag}"),
            };
            format!("({name}{sign}{value})")
        }
    }
}

#[test]
fn text_becomes_what_is_sent() {
    let table = [
        ("(uid=ann)", "(uid=ann)"),
        ("uid=ann", "(uid=ann)"),
        ("((uid=ann))", "(uid=ann)"),
        (" ( uid=ann) ", "(uid=ann)"),
        ("(uid=)", "(uid=)"),
        (
            "(&(a=1)(|(b>=2)(c<=3))(!(d~=4)))",
            "(&(a=1)(|(b>=2)(c<=3))(!(d~=4)))",
        ),
        ("(& (a=1) (b=2) )", "(&(a=1)(b=2))"),
        ("(&)", "(&)"),
        ("(!(nsaccountlock=TRUE))", "(!(nsaccountlock=TRUE))"),
        ("(mail=*)", "(mail is there)"),
        ("(cn=a*b*c)", "(cn has 0:a 1:b 2:c)"),
        ("(cn=*b*)", "(cn has 1:b)"),
        ("(cn=a*)", "(cn has 0:a)"),
        (r"(cn=\2a\28\29\5C)", r"(cn=*()\)"),
        (r"(cn=\c3\a4x=y)", "(cn=\u{e4}x=y)"),
        ("(cn;lang-en=x)", "(cn;lang-en=x)"),
        (
            "(memberOf:1.2.840.113556.1.4.1941:=cn=a,dc=b)",
            "(match 1:1.2.840.113556.1.4.1941 2:memberOf 3:cn=a,dc=b)",
        ),
        (
            "(ou:dn:caseExactMatch:=x)",
            "(match 1:caseExactMatch 2:ou 3:x 4:\u{fffd})",
        ),
        ("(:caseExactMatch:=x)", "(match 1:caseExactMatch 3:x)"),
        ("(ou:=x)", "(match 2:ou 3:x)"),
    ];
    for (text, want) in table {
        assert_eq!(told(&parse(text).unwrap()), want, "{text}");
    }
}

#[test]
fn what_is_no_filter_is_refused() {
    let deep = format!("{}a=b{}", "(".repeat(40), ")".repeat(40));
    let table = [
        ("", FilterError::Form),
        ("()", FilterError::Form),
        ("(a)", FilterError::Form),
        ("(a=b", FilterError::Form),
        ("(a=b))", FilterError::Form),
        ("(a=b)(c=d)", FilterError::Form),
        ("(a=(b)", FilterError::Form),
        ("(!(a=b)(c=d))", FilterError::Form),
        ("(!a=b)", FilterError::Form),
        ("(a=**)", FilterError::Form),
        ("(=b)", FilterError::Attribute),
        ("(a b=c)", FilterError::Attribute),
        ("(:=c)", FilterError::Attribute),
        ("(a:x:y:=c)", FilterError::Attribute),
        (r"(a=\)", FilterError::Escape),
        (r"(a=\2)", FilterError::Escape),
        (r"(a=\zz)", FilterError::Escape),
        (deep.as_str(), FilterError::Depth),
    ];
    for (text, want) in table {
        assert_eq!(parse(text), Err(want), "{text}");
    }
}

#[test]
fn case_a15_no_name_gets_out_of_its_filter() {
    let also = parse("(objectClass=person)").unwrap();
    for name in ["*", "ann)(uid=*", r"\2a", r"a\", "(", "", "\0", "\u{e4}"] {
        let filter = of_user("uid", name, None);
        let mut reader = Reader::new(&filter);
        let mut parts = Reader::new(reader.read(EQUAL).unwrap());
        assert_eq!(parts.read(4).unwrap(), b"uid");
        assert_eq!(parts.read(4).unwrap(), name.as_bytes());
        assert!(parts.is_empty() && reader.is_empty());

        let both = of_user("uid", name, Some(&also));
        assert_eq!(told(&both), format!("(&(uid={name})(objectClass=person))"));
    }
}
