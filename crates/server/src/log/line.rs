//! Lines of JSON, written by hand: no tree, no allocation beyond the line itself.

use std::io::Write as _;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// One line: an object with its fields in the order of the calls.
#[derive(Debug, Default)]
pub(crate) struct Line {
    bytes: Vec<u8>,
}

impl Line {
    /// Begins a line, reusing the memory of the last.
    ///
    /// Compat: `time`, `level` and `message` come first, in this order.
    pub(crate) fn begin(&mut self, at: SystemTime, level: &str, message: &str) {
        self.bytes.clear();
        self.bytes.extend_from_slice(b"{\"time\":\"");
        write_time(&mut self.bytes, at);
        self.bytes.extend_from_slice(b"\",\"level\":\"");
        self.bytes.extend_from_slice(level.as_bytes());
        self.bytes.push(b'"');
        self.str("message", message);
    }

    pub(crate) fn str(&mut self, key: &str, value: &str) {
        self.key(key);
        self.quoted(value);
    }

    /// Writes a time as text.
    pub(crate) fn time(&mut self, key: &str, at: SystemTime) {
        self.key(key);
        self.bytes.push(b'"');
        write_time(&mut self.bytes, at);
        self.bytes.push(b'"');
    }

    pub(crate) fn display(&mut self, key: &str, value: impl std::fmt::Display) {
        self.key(key);
        self.bytes.push(b'"');
        self.escaped_display(value);
        self.bytes.push(b'"');
    }

    /// Writes what has a JSON form already: numbers and truth values.
    pub(crate) fn raw(&mut self, key: &str, value: impl std::fmt::Display) {
        self.key(key);
        // Writing to memory does not fail.
        let _ = write!(self.bytes, "{value}");
    }

    /// Writes the key of a value that the caller writes into [`Self::bytes`].
    pub(crate) fn key(&mut self, key: &str) {
        self.bytes.push(b',');
        self.quoted(key);
        self.bytes.push(b':');
    }

    pub(crate) fn quoted(&mut self, value: &str) {
        self.bytes.push(b'"');
        escape(&mut self.bytes, value);
        self.bytes.push(b'"');
    }

    /// Writes a number.
    pub(crate) fn number(&mut self, mut value: u64) {
        let mut digits = [0; 20];
        let mut len = 0;
        for digit in digits.iter_mut().rev() {
            *digit = b'0' + u8::try_from(value % 10).unwrap_or(0);
            value /= 10;
            len += 1;
            if value == 0 {
                break;
            }
        }
        let digits = digits.get(digits.len() - len..).unwrap_or_default();
        self.bytes.extend_from_slice(digits);
    }

    /// Writes a part of a string whose quotes the caller writes.
    pub(crate) fn escaped(&mut self, value: &str) {
        escape(&mut self.bytes, value);
    }

    fn escaped_display(&mut self, value: impl std::fmt::Display) {
        struct Escape<'a>(&'a mut Vec<u8>);
        impl std::fmt::Write for Escape<'_> {
            fn write_str(&mut self, part: &str) -> std::fmt::Result {
                escape(self.0, part);
                Ok(())
            }
        }
        let _ = std::fmt::Write::write_fmt(&mut Escape(&mut self.bytes), format_args!("{value}"));
    }

    /// Gives the memory for what the other calls do not write.
    pub(crate) const fn bytes(&mut self) -> &mut Vec<u8> {
        &mut self.bytes
    }

    /// Ends the line and yields it.
    ///
    /// Compat: `caller`, `func` and `goroutine` come last; their values are free.
    pub(crate) fn end(&mut self, caller: &str, function: &str) -> &[u8] {
        self.place(caller, function);
        self.bytes.extend_from_slice(b",\"goroutine\":1}\n");
        &self.bytes
    }

    /// Ends a line of the audit, which names no goroutine.
    pub(crate) fn end_audit(&mut self, caller: &str, function: &str) -> &[u8] {
        self.place(caller, function);
        self.bytes.extend_from_slice(b"}\n");
        &self.bytes
    }

    fn place(&mut self, caller: &str, function: &str) {
        self.str("caller", caller);
        self.str("func", function);
    }
}

/// Writes a text so that it is the inside of a JSON string.
///
/// Spec: RFC 8259, 7.
pub(crate) fn escape(out: &mut Vec<u8>, text: &str) {
    let bytes = text.as_bytes();
    // Nearly every text is plain, and this look at all of it is made sixteen bytes at a time.
    if !bytes
        .iter()
        .fold(false, |special, &byte| special | is_special(byte))
    {
        return out.extend_from_slice(bytes);
    }
    let mut plain = 0;
    for (at, &byte) in bytes.iter().enumerate() {
        if !is_special(byte) {
            continue;
        }
        out.extend_from_slice(bytes.get(plain..at).unwrap_or_default());
        plain = at + 1;
        match byte {
            b'"' => out.extend_from_slice(b"\\\""),
            b'\\' => out.extend_from_slice(b"\\\\"),
            b'\n' => out.extend_from_slice(b"\\n"),
            b'\r' => out.extend_from_slice(b"\\r"),
            b'\t' => out.extend_from_slice(b"\\t"),
            other => {
                let _ = write!(out, "\\u{other:04x}");
            }
        }
    }
    out.extend_from_slice(bytes.get(plain..).unwrap_or_default());
}

const fn is_special(byte: u8) -> bool {
    matches!(byte, 0..0x20 | b'"' | b'\\' | 0x7f)
}

/// Writes a time as RFC 3339 with nanoseconds, in UTC.
pub(crate) fn write_time(out: &mut Vec<u8>, at: SystemTime) {
    let since = at.duration_since(UNIX_EPOCH).unwrap_or_default();
    let (days, seconds) = (since.as_secs() / 86_400, since.as_secs() % 86_400);
    let (year, month, day) = civil(days);
    digits::<4>(out, year);
    out.push(b'-');
    digits::<2>(out, month);
    out.push(b'-');
    digits::<2>(out, day);
    out.push(b'T');
    digits::<2>(out, seconds / 3600);
    out.push(b':');
    digits::<2>(out, seconds / 60 % 60);
    out.push(b':');
    digits::<2>(out, seconds % 60);
    out.push(b'.');
    digits::<9>(out, u64::from(since.subsec_nanos()));
    out.push(b'Z');
}

/// Turns days since 1970 into a date of the Gregorian calendar, by eras of 400 years that begin
/// with March, so that the leap day is the last of its year.
const fn civil(days: u64) -> (u64, u64, u64) {
    let days = days + 719_468;
    let (era, day_of_era) = (days / 146_097, days % 146_097);
    let leaps = day_of_era / 1460 + day_of_era / 146_096 - day_of_era / 36_524;
    let year_of_era = (day_of_era - leaps) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * shifted + 2) / 5 + 1;
    let month = if shifted < 10 {
        shifted + 3
    } else {
        shifted - 9
    };
    let year = year_of_era + era * 400;
    (if month <= 2 { year + 1 } else { year }, month, day)
}

fn digits<const N: usize>(out: &mut Vec<u8>, mut value: u64) {
    let mut text = [b'0'; N];
    for digit in text.iter_mut().rev() {
        *digit += u8::try_from(value % 10).unwrap_or(0);
        value /= 10;
    }
    out.extend_from_slice(&text);
}

/// Writes a duration the way Go does (`1.234ms`, `1m2.5s`), with three decimals at most.
///
/// Compat: zot writes whole seconds, in the same form.
pub(crate) fn write_duration(out: &mut Vec<u8>, time: Duration) {
    let micros = time.as_micros();
    let (value, unit, decimals) = match micros {
        0 => return out.extend_from_slice(b"0s"),
        1..1_000 => (micros, "µs", 0),
        1_000..1_000_000 => (micros, "ms", 3),
        _ => (micros / 1_000, "s", 3),
    };
    let mut value = value;
    if unit == "s" {
        let minutes = value / 60_000;
        if minutes >= 60 {
            let _ = write!(out, "{}h", minutes / 60);
        }
        if minutes > 0 {
            let _ = write!(out, "{}m", minutes % 60);
        }
        value %= 60_000;
    }
    let _ = if decimals == 0 || value % 1_000 == 0 {
        let whole = if decimals == 0 { value } else { value / 1_000 };
        write!(out, "{whole}")
    } else {
        write!(out, "{}.{:03}", value / 1_000, value % 1_000)
    };
    if decimals == 3 && value % 1_000 != 0 {
        while out.last() == Some(&b'0') {
            out.pop();
        }
    }
    out.extend_from_slice(unit.as_bytes());
}

#[cfg(test)]
mod tests;
