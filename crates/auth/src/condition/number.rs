//! Numbers of three types, compared and converted without loss.

use std::cmp::Ordering;

use super::value::Value;

/// 2 to the power of 63, the first double beyond the signed integers.
const TWO_63: f64 = 9_223_372_036_854_775_808.0;
/// 2 to the power of 64, the first double beyond the unsigned integers.
const TWO_64: f64 = 18_446_744_073_709_551_616.0;

/// Orders two numbers of any types; `None` for other values and what is not a number.
pub(super) fn compare(a: &Value, b: &Value) -> Option<Ordering> {
    match (a, b) {
        (Value::Double(a), Value::Double(b)) => a.partial_cmp(b),
        (Value::Double(a), b) => double_with(*a, integer(b)?),
        (a, Value::Double(b)) => double_with(*b, integer(a)?).map(Ordering::reverse),
        (a, b) => Some(integer(a)?.cmp(&integer(b)?)),
    }
}

fn integer(value: &Value) -> Option<i128> {
    match value {
        Value::Int(value) => Some((*value).into()),
        Value::Uint(value) => Some((*value).into()),
        _ => None,
    }
}

#[expect(
    clippy::as_conversions,
    clippy::cast_possible_truncation,
    reason = "the double is whole and within the range"
)]
fn double_with(double: f64, integer: i128) -> Option<Ordering> {
    if double.is_nan() {
        return None;
    }
    if double >= TWO_64 {
        return Some(Ordering::Greater);
    }
    if double < -TWO_63 {
        return Some(Ordering::Less);
    }
    let whole = double.floor();
    let order = (whole as i128).cmp(&integer);
    let fraction = whole < double;
    Some(match order {
        Ordering::Equal if fraction => Ordering::Greater,
        order => order,
    })
}

/// Takes the whole part of a double as an integer, where it is one.
#[expect(
    clippy::as_conversions,
    clippy::cast_possible_truncation,
    reason = "the range is checked"
)]
pub(super) fn to_int(double: f64) -> Option<i64> {
    (double > -TWO_63 && double < TWO_63).then_some(double as i64)
}

/// Takes the whole part of a double as an unsigned integer, where it is one.
#[expect(
    clippy::as_conversions,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "the range is checked"
)]
pub(super) fn to_uint(double: f64) -> Option<u64> {
    (0.0..TWO_64).contains(&double).then_some(double as u64)
}

/// Takes a whole double as an integer.
pub(super) fn exact_int(double: f64) -> Option<i64> {
    to_int(double).filter(|_| double.fract() == 0.0)
}

/// Takes a whole double as an unsigned integer.
pub(super) fn exact_uint(double: f64) -> Option<u64> {
    to_uint(double).filter(|_| double.fract() == 0.0)
}

/// Takes an integer as the nearest double.
#[expect(
    clippy::as_conversions,
    clippy::cast_precision_loss,
    reason = "the nearest double is what is asked for"
)]
pub(super) const fn of_int(int: i64) -> f64 {
    int as f64
}

/// Takes an unsigned integer as the nearest double.
#[expect(
    clippy::as_conversions,
    clippy::cast_precision_loss,
    reason = "the nearest double is what is asked for"
)]
pub(super) const fn of_uint(uint: u64) -> f64 {
    uint as f64
}

/// Writes a double: the shortest digits that say it, with an exponent below 1e-4 and from 1e+6 on.
///
/// Compat: as Go writes `%g`.
pub(super) fn write_double(double: f64) -> String {
    if double.is_nan() {
        return "NaN".to_owned();
    }
    if double.is_infinite() {
        return if double > 0.0 { "+Inf" } else { "-Inf" }.to_owned();
    }
    let scientific = format!("{double:e}");
    let Some((digits, exponent)) = scientific.split_once('e') else {
        return scientific;
    };
    let power: i32 = exponent.parse().unwrap_or_default();
    if (-4..6).contains(&power) {
        return format!("{double}");
    }
    let sign = if power < 0 { '-' } else { '+' };
    format!("{digits}e{sign}{:02}", power.abs())
}
