//! Durations in Go's notation: `1h30m`, `500ms`, `-1.5s`, `0`.

use std::fmt::Write as _;
use std::time::Duration;

const UNITS: [(&str, u64); 8] = [
    ("ns", 1),
    ("us", 1_000),
    ("µs", 1_000),
    ("μs", 1_000),
    ("ms", 1_000_000),
    ("s", 1_000_000_000),
    ("m", 60_000_000_000),
    ("h", 3_600_000_000_000),
];

/// A whole number of hours.
pub(crate) const fn hours(hours: u64) -> Duration {
    Duration::from_secs(hours * 3600)
}

/// A duration that may be negative.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Signed {
    pub(crate) negative: bool,
    pub(crate) length: Duration,
}

impl Signed {
    /// The duration, unless it is negative.
    pub(crate) fn to_std(self) -> Option<Duration> {
        (!self.negative).then_some(self.length)
    }

    /// A number of nanoseconds.
    pub(crate) fn from_nanos(nanos: i64) -> Self {
        Self {
            negative: nanos < 0,
            length: Duration::from_nanos(nanos.unsigned_abs()),
        }
    }
}

/// Reads a duration.
///
/// # Errors
/// The text that Go's reader gives, such as `time: invalid duration "x"`.
pub(crate) fn parse(text: &str) -> Result<Signed, String> {
    let invalid = || format!("time: invalid duration {text:?}");
    let negative = text.starts_with('-');
    let mut rest = text.strip_prefix(['+', '-']).unwrap_or(text);
    if rest == "0" {
        return Ok(Signed {
            negative: false,
            length: Duration::ZERO,
        });
    }
    if rest.is_empty() {
        return Err(invalid());
    }
    let mut nanos = 0_u64;
    while !rest.is_empty() {
        let (amount, after) = number(rest).ok_or_else(invalid)?;
        let end = after
            .find(|c: char| c == '.' || c.is_ascii_digit())
            .unwrap_or(after.len());
        let (unit, after) = after.split_at(end);
        if unit.is_empty() {
            return Err(format!("time: missing unit in duration {text:?}"));
        }
        let (_, scale) = UNITS
            .iter()
            .find(|(name, _)| *name == unit)
            .ok_or_else(|| format!("time: unknown unit {unit:?} in duration {text:?}"))?;
        nanos = amount
            .times(*scale)
            .and_then(|more| nanos.checked_add(more))
            .filter(|sum| i64::try_from(*sum).is_ok())
            .ok_or_else(invalid)?;
        rest = after;
    }
    Ok(Signed {
        negative: negative && nanos > 0,
        length: Duration::from_nanos(nanos),
    })
}

/// Writes a duration as Go does: `1h0m0s`, `1.5s`, `20ms`, `0s`.
pub(crate) fn format(duration: Duration) -> String {
    let nanos = duration.subsec_nanos();
    let seconds = duration.as_secs();
    if seconds == 0 {
        return match nanos {
            0 => "0s".to_owned(),
            1..1_000 => format!("{nanos}ns"),
            1_000..1_000_000 => with_fraction(nanos / 1_000, nanos % 1_000, 3) + "µs",
            _ => with_fraction(nanos / 1_000_000, nanos % 1_000_000, 6) + "ms",
        };
    }
    let mut text = String::new();
    if seconds >= 3600 {
        let _ = write!(text, "{}h", seconds / 3600);
    }
    if seconds >= 60 {
        let _ = write!(text, "{}m", seconds / 60 % 60);
    }
    text + &with_fraction(seconds % 60, nanos, 9) + "s"
}

fn with_fraction(whole: impl std::fmt::Display, fraction: u32, digits: usize) -> String {
    if fraction == 0 {
        return whole.to_string();
    }
    let fraction = format!("{fraction:0digits$}");
    format!("{whole}.{}", fraction.trim_end_matches('0'))
}

/// A decimal number, exact.
struct Amount<'a> {
    whole: &'a str,
    fraction: &'a str,
}

impl Amount<'_> {
    /// The number times a scale, fractions of the result cut off. None on overflow.
    fn times(&self, scale: u64) -> Option<u64> {
        let whole = if self.whole.is_empty() {
            0
        } else {
            self.whole.parse::<u64>().ok()?
        };
        let mut total = whole.checked_mul(scale)?;
        let (mut numerator, mut share) = (0_u128, u128::from(scale));
        let mut divisor = 1_u128;
        // Beyond 18 digits nothing of a nanosecond is left.
        for digit in self
            .fraction
            .chars()
            .take(18)
            .filter_map(|c| c.to_digit(10))
        {
            numerator = numerator * 10 + u128::from(digit);
            divisor *= 10;
        }
        share = share * numerator / divisor;
        total = total.checked_add(u64::try_from(share).ok()?)?;
        Some(total)
    }
}

fn number(text: &str) -> Option<(Amount<'_>, &str)> {
    let digits = |text: &str| {
        text.find(|c: char| !c.is_ascii_digit())
            .unwrap_or(text.len())
    };
    let (whole, rest) = text.split_at(digits(text));
    let (fraction, rest) = match rest.strip_prefix('.') {
        Some(rest) => rest.split_at(digits(rest)),
        None => ("", rest),
    };
    (!whole.is_empty() || !fraction.is_empty()).then_some((Amount { whole, fraction }, rest))
}

#[cfg(test)]
mod tests;
