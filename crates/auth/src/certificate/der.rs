//! DER, as much as certificates need.
//!
//! Spec: X.690, 8 and 10.

/// Reads one element after the other. All elements are definite in length and in the shortest form;
/// what is not ends the reading.
#[derive(Clone, Copy, Debug)]
pub(super) struct Reader<'a>(&'a [u8]);

/// The tags that certificates use here.
pub(super) mod tag {
    pub(in super::super) const BOOLEAN: u8 = 0x01;
    pub(in super::super) const INTEGER: u8 = 0x02;
    pub(in super::super) const BIT_STRING: u8 = 0x03;
    pub(in super::super) const OCTET_STRING: u8 = 0x04;
    pub(in super::super) const OID: u8 = 0x06;
    pub(in super::super) const UTF8: u8 = 0x0c;
    pub(in super::super) const NUMERIC: u8 = 0x12;
    pub(in super::super) const PRINTABLE: u8 = 0x13;
    pub(in super::super) const TELETEX: u8 = 0x14;
    pub(in super::super) const IA5: u8 = 0x16;
    pub(in super::super) const UTC_TIME: u8 = 0x17;
    pub(in super::super) const TIME: u8 = 0x18;
    pub(in super::super) const BMP: u8 = 0x1e;
    pub(in super::super) const SEQUENCE: u8 = 0x30;
    pub(in super::super) const SET: u8 = 0x31;
}

impl<'a> Reader<'a> {
    pub(super) const fn new(bytes: &'a [u8]) -> Self {
        Self(bytes)
    }

    pub(super) const fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Yields what all must end with.
    pub(super) fn end(&self) -> Option<()> {
        self.is_empty().then_some(())
    }

    /// Takes the next element: its tag and its content.
    pub(super) fn any(&mut self) -> Option<(u8, &'a [u8])> {
        let (&tag, rest) = self.0.split_first()?;
        // Tags of several bytes occur in no certificate.
        if tag & 0x1f == 0x1f {
            return None;
        }
        let (&first, rest) = rest.split_first()?;
        let (len, rest) = match first {
            0..=0x7f => (usize::from(first), rest),
            0x81..=0x84 => long_length(usize::from(first & 0x0f), rest)?,
            _ => return None,
        };
        let (content, rest) = rest.split_at_checked(len)?;
        self.0 = rest;
        Some((tag, content))
    }

    /// Takes the next element, which must have a tag.
    pub(super) fn take(&mut self, tag: u8) -> Option<&'a [u8]> {
        self.any()
            .and_then(|(found, content)| (found == tag).then_some(content))
    }

    /// Tells whether the next element has a tag.
    pub(super) fn is_next(&self, tag: u8) -> bool {
        self.0.first() == Some(&tag)
    }

    /// Takes the next element with its head, which must have a tag.
    pub(super) fn whole(&mut self, tag: u8) -> Option<&'a [u8]> {
        let before = self.0;
        self.take(tag)?;
        before.get(..before.len() - self.0.len())
    }

    /// Takes the next element, which must have a tag, and reads within.
    pub(super) fn enter(&mut self, tag: u8) -> Option<Self> {
        self.take(tag).map(Self)
    }
}

/// Reads a length of several bytes, of which none is for nothing.
fn long_length(bytes: usize, rest: &[u8]) -> Option<(usize, &[u8])> {
    let (digits, rest) = rest.split_at_checked(bytes)?;
    let mut len = 0_usize;
    for digit in digits {
        len = len.checked_mul(256)?.checked_add(usize::from(*digit))?;
    }
    let is_shortest = len > 0x7f && digits.first() != Some(&0);
    is_shortest.then_some((len, rest))
}
