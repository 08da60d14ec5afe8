//! Points in time and the spans between them.

use time::format_description::well_known::Rfc3339;
use time::{Duration, OffsetDateTime, UtcOffset};

use super::work::Failure;

/// A span of time in nanoseconds, 292 years to either side at most.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Span(i64);

/// A point in time, in the years from 1 to 9999, in UTC.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Timestamp(OffsetDateTime);

/// The parts of a point in time that can be asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Part {
    Year,
    Month,
    Date,
    DayOfMonth,
    DayOfWeek,
    DayOfYear,
    Hours,
    Minutes,
    Seconds,
    Milliseconds,
}

impl Span {
    pub(super) const ZERO: Self = Self(0);

    pub(super) const fn nanos(self) -> i64 {
        self.0
    }

    /// Reads a duration such as `1h30m`, `-1.5s` or `0`.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let (sign, mut rest) = match text.strip_prefix('-') {
            Some(rest) => (-1, rest),
            None => (1, text.strip_prefix('+').unwrap_or(text)),
        };
        if rest == "0" {
            return Some(Self::ZERO);
        }
        if rest.is_empty() {
            return None;
        }
        let mut total = 0_i128;
        while !rest.is_empty() {
            let digits = rest.find(|c: char| c != '.' && !c.is_ascii_digit())?;
            let (number, after) = rest.split_at_checked(digits)?;
            let unit = after.find(|c: char| c == '.' || c.is_ascii_digit());
            let (unit, after) = after.split_at_checked(unit.unwrap_or(after.len()))?;
            total = total.checked_add(scaled(number, unit_nanos(unit)?)?)?;
            rest = after;
        }
        i64::try_from(sign * total).ok().map(Self)
    }

    /// Writes the span in seconds, such as `5400s`.
    pub(super) fn write(self) -> String {
        let sign = if self.0 < 0 { "-" } else { "" };
        let (whole, nanos) = (
            (self.0 / 1_000_000_000).unsigned_abs(),
            (self.0 % 1_000_000_000).unsigned_abs(),
        );
        if nanos == 0 {
            return format!("{sign}{whole}s");
        }
        let fraction = format!("{nanos:09}");
        format!("{sign}{whole}.{}s", fraction.trim_end_matches('0'))
    }

    pub(super) fn plus(self, other: Self) -> Result<Self, Failure> {
        self.0.checked_add(other.0).map(Self).ok_or(Failure::Range)
    }

    pub(super) fn minus(self, other: Self) -> Result<Self, Failure> {
        self.0.checked_sub(other.0).map(Self).ok_or(Failure::Range)
    }

    pub(super) fn negated(self) -> Result<Self, Failure> {
        self.0.checked_neg().map(Self).ok_or(Failure::Range)
    }

    /// Yields the whole span in a unit; `None` for parts that spans do not have.
    pub(super) const fn part(self, part: Part) -> Option<i64> {
        let unit = match part {
            Part::Hours => 3_600_000_000_000,
            Part::Minutes => 60_000_000_000,
            Part::Seconds => 1_000_000_000,
            Part::Milliseconds => 1_000_000,
            Part::Year
            | Part::Month
            | Part::Date
            | Part::DayOfMonth
            | Part::DayOfWeek
            | Part::DayOfYear => return None,
        };
        Some(self.0 / unit)
    }
}

/// Reads a decimal number of units.
fn scaled(number: &str, unit: i128) -> Option<i128> {
    let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
    if (whole.is_empty() && fraction.is_empty()) || fraction.contains('.') || whole.len() > 19 {
        return None;
    }
    let fraction: String = fraction.chars().take(15).collect();
    let read = |digits: &str| {
        if digits.is_empty() {
            Some(0)
        } else {
            digits.parse::<i128>().ok()
        }
    };
    let power = 10_i128.checked_pow(u32::try_from(fraction.len()).ok()?)?;
    let small = read(&fraction)?.checked_mul(unit)? / power;
    read(whole)?.checked_mul(unit)?.checked_add(small)
}

fn unit_nanos(unit: &str) -> Option<i128> {
    Some(match unit {
        "ns" => 1,
        "us" | "µs" | "μs" => 1_000,
        "ms" => 1_000_000,
        "s" => 1_000_000_000,
        "m" => 60_000_000_000,
        "h" => 3_600_000_000_000,
        _ => return None,
    })
}

impl Timestamp {
    pub(super) const EPOCH: Self = Self(OffsetDateTime::UNIX_EPOCH);

    /// Takes the time of the machine.
    pub(crate) fn of_system(time: std::time::SystemTime) -> Self {
        Self(OffsetDateTime::from(time))
    }

    /// Takes seconds since 1970.
    pub(super) fn of_seconds(seconds: i64) -> Option<Self> {
        in_range(OffsetDateTime::from_unix_timestamp(seconds).ok()?)
    }

    pub(super) const fn seconds(self) -> i64 {
        self.0.unix_timestamp()
    }

    /// Reads the form of RFC 3339.
    pub(super) fn parse(text: &str) -> Option<Self> {
        if text.contains(['t', 'z', ' ']) {
            return None;
        }
        in_range(OffsetDateTime::parse(text, &Rfc3339).ok()?)
    }

    /// Writes the form of RFC 3339, with as many digits of a second as are needed.
    pub(super) fn write(self) -> Result<String, Failure> {
        let written = self.0.format(&Rfc3339);
        written.map_err(|_unwritable| Failure::Conversion("string"))
    }

    pub(super) fn plus(self, span: Span) -> Result<Self, Failure> {
        let moved = self.0.checked_add(Duration::nanoseconds(span.0));
        moved.and_then(in_range).ok_or(Failure::Range)
    }

    pub(super) fn minus(self, span: Span) -> Result<Self, Failure> {
        self.plus(span.negated()?)
    }

    pub(super) fn since(self, other: Self) -> Result<Span, Failure> {
        let nanos = (self.0 - other.0).whole_nanoseconds();
        let nanos = i64::try_from(nanos).map_err(|_too_long| Failure::Range)?;
        Ok(Span(nanos))
    }

    /// Yields a part, in UTC or in a zone: `UTC`, or an offset such as `+02:00`.
    pub(super) fn part(self, part: Part, zone: Option<&str>) -> Result<i64, Failure> {
        let local = match zone {
            Some(zone) => {
                let zone = offset(zone).ok_or(Failure::Argument("time zones must be offsets"))?;
                self.0.checked_to_offset(zone).ok_or(Failure::Range)?
            }
            None => self.0,
        };
        Ok(match part {
            Part::Year => local.year().into(),
            Part::Month => i64::from(u8::from(local.month())) - 1,
            Part::Date => local.day().into(),
            Part::DayOfMonth => i64::from(local.day()) - 1,
            Part::DayOfWeek => local.weekday().number_days_from_sunday().into(),
            Part::DayOfYear => i64::from(local.ordinal()) - 1,
            Part::Hours => local.hour().into(),
            Part::Minutes => local.minute().into(),
            Part::Seconds => local.second().into(),
            Part::Milliseconds => local.millisecond().into(),
        })
    }
}

fn in_range(time: OffsetDateTime) -> Option<Timestamp> {
    let time = time.checked_to_offset(UtcOffset::UTC)?;
    (time.year() >= 1).then_some(Timestamp(time))
}

/// Reads a time zone.
pub(super) fn offset(zone: &str) -> Option<UtcOffset> {
    if zone == "UTC" || zone.is_empty() {
        return Some(UtcOffset::UTC);
    }
    let (sign, rest) = match zone.strip_prefix('-') {
        Some(rest) => (-1, rest),
        None => (1, zone.strip_prefix('+').unwrap_or(zone)),
    };
    let (hours, minutes) = rest.split_once(':')?;
    let read = |digits: &str| digits.parse::<i8>().ok().filter(|value| *value >= 0);
    UtcOffset::from_hms(sign * read(hours)?, sign * read(minutes)?, 0).ok()
}
