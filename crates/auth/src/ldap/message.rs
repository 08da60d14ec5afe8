//! What is said to a directory, and what it answers.
//!
//! Spec: RFC 4511, 4.2 to 4.6 and 4.14.

use super::LdapError;
use super::ber::{
    ENUMERATED, INTEGER, OCTETS, Reader, SEQUENCE, SET, element, group, number, octets,
};

pub(super) const BIND: u8 = 0x60;
const BOUND: u8 = 0x61;
pub(super) const UNBIND: u8 = 0x42;
pub(super) const SEARCH: u8 = 0x63;
const ENTRY: u8 = 0x64;
const DONE: u8 = 0x65;
pub(super) const EXTENDED: u8 = 0x77;
const EXTENDED_DONE: u8 = 0x78;

const START_TLS: &str = "1.3.6.1.4.1.1466.20037";

/// A result code of a directory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Code(pub(super) u32);

impl Code {
    pub(super) const SUCCESS: Self = Self(0);
    pub(super) const SIZE_LIMIT: Self = Self(4);

    /// Tells whether a bind was refused because of who asked, and not because of a failure: wrong
    /// password, locked account, password that must be changed, no password at all.
    pub(super) const fn is_about_credentials(self) -> bool {
        matches!(self.0, 19 | 32 | 34 | 48 | 49 | 50 | 53)
    }

    /// Tells whether the directory may do later what it did not do now.
    pub(super) const fn is_passing(self) -> bool {
        matches!(self.0, 51 | 52)
    }
}

/// An entry that was found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Entry {
    pub(super) dn: String,
    /// The values of all attributes that are text.
    pub(super) values: Vec<String>,
}

/// What a directory says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Answer {
    Bound(Code),
    Entry(Entry),
    /// The end of a search.
    Done(Code),
    Extended(Code),
    /// Something that nobody waits for, such as a reference to another directory.
    Other,
}

/// Says what is looked for.
#[derive(Clone, Copy, Debug)]
pub(super) struct Search<'a> {
    pub(super) base: &'a str,
    /// One level or the whole tree, as it is sent.
    pub(super) scope: u32,
    pub(super) filter: &'a [u8],
    /// The attribute whose values are wanted.
    pub(super) attribute: Option<&'a str>,
    /// How long the directory may look, in seconds.
    pub(super) seconds: u32,
}

/// Yields the request to take the name `dn` with a password.
pub(super) fn bind(id: u32, dn: &str, password: &[u8]) -> Vec<u8> {
    let version = number(INTEGER, 3);
    let parts = [version, octets(dn), element(0x80, password)].concat();
    message(id, &element(BIND, &parts))
}

/// Yields the request to find entries. Two are enough to know that there is not one.
pub(super) fn search(id: u32, search: &Search<'_>) -> Vec<u8> {
    // Compat: zot asks for "dn" too, which is no attribute; without any, all would be sent.
    let mut attributes = octets("dn");
    if let Some(attribute) = search.attribute {
        attributes.extend(octets(attribute));
    }
    let parts = [
        octets(search.base).as_slice(),
        &number(ENUMERATED, search.scope),
        // Aliases are never followed.
        &number(ENUMERATED, 0),
        &number(INTEGER, 2),
        &number(INTEGER, search.seconds),
        // Values, not only names of attributes.
        &element(0x01, &[0]),
        search.filter,
        &element(SEQUENCE, &attributes),
    ]
    .concat();
    message(id, &element(SEARCH, &parts))
}

/// Yields the request to go on in TLS.
pub(super) fn start_tls(id: u32) -> Vec<u8> {
    let name = element(0x80, START_TLS.as_bytes());
    message(id, &element(EXTENDED, &name))
}

/// Yields the farewell.
pub(super) fn unbind(id: u32) -> Vec<u8> {
    message(id, &element(UNBIND, &[]))
}

fn message(id: u32, operation: &[u8]) -> Vec<u8> {
    group(SEQUENCE, &[&number(INTEGER, id), operation])
}

/// Reads a message: its number and what it says.
pub(super) fn read(bytes: &[u8]) -> Result<(u32, Answer), LdapError> {
    let mut message = Reader::new(Reader::new(bytes).read(SEQUENCE)?);
    let id = message.number(INTEGER)?;
    let (tag, content) = message.next()?;
    let mut content = Reader::new(content);
    let answer = match tag {
        BOUND => Answer::Bound(Code(content.number(ENUMERATED)?)),
        DONE => Answer::Done(Code(content.number(ENUMERATED)?)),
        EXTENDED_DONE => Answer::Extended(Code(content.number(ENUMERATED)?)),
        ENTRY => Answer::Entry(entry(content)?),
        _ => Answer::Other,
    };
    Ok((id, answer))
}

fn entry(mut content: Reader<'_>) -> Result<Entry, LdapError> {
    let text = |bytes: &[u8]| std::str::from_utf8(bytes).map(str::to_owned).ok();
    let dn = content.read(OCTETS)?;
    let dn = text(dn).ok_or(LdapError::Protocol("a name is not UTF-8"))?;
    let mut values = Vec::new();
    // There may be no attributes at all.
    if !content.is_empty() {
        let mut attributes = Reader::new(content.read(SEQUENCE)?);
        while !attributes.is_empty() {
            let mut attribute = Reader::new(attributes.read(SEQUENCE)?);
            attribute.read(OCTETS)?;
            let mut set = Reader::new(attribute.read(SET)?);
            while !set.is_empty() {
                values.extend(text(set.read(OCTETS)?));
            }
        }
    }
    Ok(Entry { dn, values })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ldap::filter;

    #[test]
    fn requests_are_what_the_standard_says() {
        let filter = filter::of_user("uid", "ann", None);
        let wanted = Search {
            base: "dc=x",
            scope: 2,
            filter: &filter,
            attribute: Some("memberOf"),
            seconds: 5,
        };
        let table: [(Vec<u8>, &[u8]); 4] = [
            (
                bind(1, "cn=a", b"pw"),
                b"\x30\x12\x02\x01\x01\x60\x0d\x02\x01\x03\x04\x04cn=a\x80\x02pw",
            ),
            (
                search(2, &wanted),
                b"\x30\x36\x02\x01\x02\x63\x31\x04\x04dc=x\x0a\x01\x02\x0a\x01\x00\x02\x01\x02\x02\x01\x05\
                  \x01\x01\x00\xa3\x0a\x04\x03uid\x04\x03ann\x30\x0e\x04\x02dn\x04\x08memberOf",
            ),
            (
                start_tls(3),
                b"\x30\x1d\x02\x01\x03\x77\x18\x80\x161.3.6.1.4.1.1466.20037",
            ),
            (unbind(4), b"\x30\x05\x02\x01\x04\x42\x00"),
        ];
        for (got, want) in table {
            assert_eq!(got, want);
        }
    }

    #[test]
    fn case_a12_entries_are_read_with_attributes_or_without() {
        let attribute = |name: &str, values: &[&[u8]]| {
            let values: Vec<u8> = values.iter().flat_map(octets).collect();
            group(SEQUENCE, &[&octets(name), &element(SET, &values)])
        };
        let entry = |parts: &[&[u8]]| message(7, &group(ENTRY, parts));
        let (dn, none) = (octets("cn=a"), element(SEQUENCE, &[]));
        let two = group(
            SEQUENCE,
            &[
                &attribute("a", &[b"1", b"\xff", b"2"]),
                &attribute("b", &[]),
            ],
        );
        let table: [(Vec<u8>, &[&str]); 3] = [
            (entry(&[&dn]), &[]),
            (entry(&[&dn, &none]), &[]),
            (entry(&[&dn, &two]), &["1", "2"]),
        ];
        for (bytes, values) in table {
            let Ok((7, Answer::Entry(entry))) = read(&bytes) else {
                panic!("{bytes:?}");
            };
            assert_eq!(
                (entry.dn.as_str(), entry.values.len()),
                ("cn=a", values.len())
            );
            assert_eq!(entry.values, values);
        }
        let odd = [
            entry(&[]),
            entry(&[&octets(b"\xff")]),
            entry(&[&dn, &octets("x")]),
            entry(&[&dn, &element(SEQUENCE, &octets("x"))]),
            message(7, &element(DONE, &[])),
            element(SEQUENCE, &[]),
        ];
        for bytes in odd {
            assert!(read(&bytes).is_err(), "{bytes:?}");
        }
        let reference = message(9, &element(0x73, &octets("ldap://other")));
        assert_eq!(read(&reference).unwrap(), (9, Answer::Other));
    }
}
