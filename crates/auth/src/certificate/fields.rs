//! The fields of a certificate that name somebody.
//!
//! Spec: RFC 5280, 4.1 and 4.2.1.6.

use super::der::{Reader, tag};
use super::subject::Subject;

/// The identifier of the extension with alternative names: 2.5.29.17.
const ALTERNATIVE_NAMES: &[u8] = &[0x55, 0x1d, 0x11];

/// Fields that are tagged by their place.
const VERSION: u8 = 0xa0;
const UNIQUE_IDS: [u8; 2] = [0x81, 0x82];
const EXTENSIONS: u8 = 0xa3;

/// Alternative names that count here; the others are passed over.
const EMAIL: u8 = 0x81;
const DNS: u8 = 0x82;
const URI: u8 = 0x86;

/// What a certificate says of its owner.
#[derive(Debug)]
pub(super) struct Fields<'a> {
    pub(super) subject: Subject,
    pub(super) emails: Vec<&'a str>,
    pub(super) dns_names: Vec<&'a str>,
    pub(super) uris: Vec<&'a str>,
}

impl<'a> Fields<'a> {
    /// Reads a certificate; none when it is malformed in any part that is looked at.
    pub(super) fn read(der: &'a [u8]) -> Option<Self> {
        let mut outer = Reader::new(der);
        let mut certificate = outer.enter(tag::SEQUENCE)?;
        outer.end()?;
        let mut body = certificate.enter(tag::SEQUENCE)?;
        certificate.take(tag::SEQUENCE)?;
        certificate.take(tag::BIT_STRING)?;
        certificate.end()?;

        if body.is_next(VERSION) {
            body.take(VERSION)?;
        }
        body.take(tag::INTEGER)?;
        // Algorithm, issuer, validity.
        for _ in 0..3 {
            body.take(tag::SEQUENCE)?;
        }
        let subject = Subject::read(body.enter(tag::SEQUENCE)?)?;
        body.take(tag::SEQUENCE)?;
        for id in UNIQUE_IDS {
            if body.is_next(id) {
                body.take(id)?;
            }
        }
        let mut fields = Self {
            subject,
            emails: Vec::new(),
            dns_names: Vec::new(),
            uris: Vec::new(),
        };
        if body.is_next(EXTENSIONS) {
            fields.read_extensions(body.enter(EXTENSIONS)?)?;
        }
        body.end()?;
        Some(fields)
    }

    fn read_extensions(&mut self, mut outer: Reader<'a>) -> Option<()> {
        let mut extensions = outer.enter(tag::SEQUENCE)?;
        outer.end()?;
        let mut seen = false;
        while !extensions.is_empty() {
            let mut extension = extensions.enter(tag::SEQUENCE)?;
            let id = extension.take(tag::OID)?;
            if extension.is_next(tag::BOOLEAN) {
                extension.take(tag::BOOLEAN)?;
            }
            let value = extension.take(tag::OCTET_STRING)?;
            extension.end()?;
            if id == ALTERNATIVE_NAMES {
                // Twice would mean that others may read other names than we do.
                if std::mem::replace(&mut seen, true) {
                    return None;
                }
                self.read_names(Reader::new(value))?;
            }
        }
        Some(())
    }

    fn read_names(&mut self, mut outer: Reader<'a>) -> Option<()> {
        let mut names = outer.enter(tag::SEQUENCE)?;
        outer.end()?;
        while !names.is_empty() {
            let (kind, content) = names.any()?;
            let list = match kind {
                EMAIL => &mut self.emails,
                DNS => &mut self.dns_names,
                URI => &mut self.uris,
                _ => continue,
            };
            let text = str::from_utf8(content).ok();
            list.push(text.filter(|text| text.is_ascii())?);
        }
        Some(())
    }
}
