//! The encoding of LDAP: tags, definite lengths, contents.
//!
//! Spec: RFC 4511, 5.1.

use super::LdapError;

pub(super) const INTEGER: u8 = 0x02;
pub(super) const OCTETS: u8 = 0x04;
pub(super) const ENUMERATED: u8 = 0x0a;
pub(super) const SEQUENCE: u8 = 0x30;
pub(super) const SET: u8 = 0x31;

/// The largest message in bytes that is read: an entry with some thousand groups fits.
pub(super) const MESSAGE_LIMIT: usize = 1024 * 1024;

/// Yields an element.
pub(super) fn element(tag: u8, content: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(content.len() + 6);
    bytes.push(tag);
    if let Ok(short @ 0..0x80) = u8::try_from(content.len()) {
        bytes.push(short);
    } else {
        let length = content.len().to_be_bytes();
        let zeros = length.iter().take_while(|byte| **byte == 0).count();
        let length = length.get(zeros..).unwrap_or_default();
        // At most eight.
        bytes.push(0x80 | u8::try_from(length.len()).unwrap_or_default());
        bytes.extend_from_slice(length);
    }
    bytes.extend_from_slice(content);
    bytes
}

/// Yields an element of elements.
pub(super) fn group(tag: u8, parts: &[&[u8]]) -> Vec<u8> {
    element(tag, &parts.concat())
}

pub(super) fn octets(text: impl AsRef<[u8]>) -> Vec<u8> {
    element(OCTETS, text.as_ref())
}

/// Yields a number that is not negative.
pub(super) fn number(tag: u8, value: u32) -> Vec<u8> {
    let bytes = value.to_be_bytes();
    let zeros = bytes.iter().take_while(|byte| **byte == 0).count();
    let mut content = bytes.get(zeros..).unwrap_or_default().to_vec();
    if content.first().is_none_or(|first| *first >= 0x80) {
        content.insert(0, 0);
    }
    element(tag, &content)
}

/// Reads elements that follow one another.
#[derive(Clone, Copy, Debug)]
pub(super) struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    pub(super) const fn new(bytes: &'a [u8]) -> Self {
        Self(bytes)
    }

    pub(super) const fn is_empty(self) -> bool {
        self.0.is_empty()
    }

    /// Reads the next element, whatever it is.
    pub(super) fn next(&mut self) -> Result<(u8, &'a [u8]), LdapError> {
        let (tag, head, length) = header(self.0)?.ok_or(MALFORMED)?;
        let content = self.0.get(head..head + length).ok_or(MALFORMED)?;
        self.0 = self.0.get(head + length..).unwrap_or_default();
        Ok((tag, content))
    }

    /// Reads the next element, which has this tag.
    pub(super) fn read(&mut self, tag: u8) -> Result<&'a [u8], LdapError> {
        match self.next()? {
            (found, content) if found == tag => Ok(content),
            _ => Err(MALFORMED),
        }
    }

    /// Reads a number that is not negative.
    pub(super) fn number(&mut self, tag: u8) -> Result<u32, LdapError> {
        let content = self.read(tag)?;
        let first = *content.first().ok_or(MALFORMED)?;
        if first >= 0x80 || content.len() > 5 {
            return Err(MALFORMED);
        }
        let value = content
            .iter()
            .fold(0_u64, |value, byte| value << 8 | u64::from(*byte));
        u32::try_from(value).map_err(|_large| MALFORMED)
    }
}

const MALFORMED: LdapError = LdapError::Protocol("a message is malformed");

/// Yields the length in bytes of the element that some bytes begin with; `None` while its header is
/// not complete.
pub(super) fn length(bytes: &[u8]) -> Result<Option<usize>, LdapError> {
    Ok(header(bytes)?.map(|(_, head, length)| head + length))
}

/// Reads tag, length of the header, length of the content.
fn header(bytes: &[u8]) -> Result<Option<(u8, usize, usize)>, LdapError> {
    let [tag, first, rest @ ..] = bytes else {
        return Ok(None);
    };
    if tag & 0x1f == 0x1f {
        return Err(MALFORMED);
    }
    let (head, length) = match usize::from(*first) {
        short @ 0..0x80 => (2, short),
        // Without a length, or with one beyond all limits.
        0x80 | 0x85.. => return Err(MALFORMED),
        long => {
            let count = long - 0x80;
            let Some(length) = rest.get(..count) else {
                return Ok(None);
            };
            let length = length
                .iter()
                .fold(0, |length, byte| length << 8 | usize::from(*byte));
            (2 + count, length)
        }
    };
    if length > MESSAGE_LIMIT {
        return Err(LdapError::Protocol("a message is too large"));
    }
    Ok(Some((*tag, head, length)))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn numbers_have_their_shortest_form() {
        let table: [(u32, &[u8]); 6] = [
            (0, &[2, 1, 0]),
            (127, &[2, 1, 127]),
            (128, &[2, 2, 0, 128]),
            (256, &[2, 2, 1, 0]),
            (0x7fff_ffff, &[2, 4, 0x7f, 0xff, 0xff, 0xff]),
            (u32::MAX, &[2, 5, 0, 0xff, 0xff, 0xff, 0xff]),
        ];
        for (value, want) in table {
            assert_eq!(number(INTEGER, value), want);
            assert_eq!(Reader::new(want).number(INTEGER).unwrap(), value);
        }
    }

    #[test]
    fn what_is_malformed_is_refused() {
        let table: [&[u8]; 9] = [
            &[],
            &[4],
            &[4, 2, 0],
            &[4, 0x80, 0, 0],
            &[4, 0x85, 0, 0, 0, 0, 1, 0],
            &[4, 0x84, 0xff, 0xff, 0xff, 0xff],
            &[4, 0x82, 1],
            &[0x1f, 1, 0],
            &[2, 1, 0],
        ];
        for bytes in table {
            assert!(Reader::new(bytes).read(OCTETS).is_err(), "{bytes:?}");
        }
        for bytes in [&[2, 1, 0xff][..], &[2, 0], &[2, 6, 0, 0, 0, 0, 0, 0]] {
            assert!(Reader::new(bytes).number(INTEGER).is_err(), "{bytes:?}");
        }
    }

    proptest! {
        #[test]
        fn elements_read_back(tag in 0_u8..0x1f, size in prop_oneof![0_usize..300, 65_000_usize..66_000]) {
            let content = vec![7; size];
            let bytes = element(tag, &content);
            prop_assert_eq!(length(&bytes).unwrap(), Some(bytes.len()));
            let mut reader = Reader::new(&bytes);
            prop_assert_eq!(reader.read(tag).unwrap(), content.as_slice());
            prop_assert!(reader.is_empty());
        }

        #[test]
        fn any_bytes_are_read_or_refused(bytes in proptest::collection::vec(any::<u8>(), 0..40)) {
            let mut reader = Reader::new(&bytes);
            while reader.next().is_ok() {}
            let _ = length(&bytes);
        }
    }
}
