//! Functions and operators, with the types that they take.
//!
//! Types are written as one letter each, arguments before `>` and the result behind it; the target
//! of a method is its first argument.
//!
//! | letter | type |
//! |---|---|
//! | `n o i u d s b t r y` | null, bool, int, uint, double, string, bytes, timestamp, duration, type |
//! | `l m ?` | list, map, optional |
//! | `S` | list of strings |
//! | `*` | any |
//! | `1` | as a result: the type of the first argument |
//! | `f` | as a result: an optional item of the first argument |
//! | `v` | as a result: what the first argument, an optional, may hold |
//! | `O` | as a result: the first argument as an optional |

mod convert;
mod format;
mod operators;
mod sets;
mod text;

use std::fmt;

pub(super) use convert::kind_named;

use super::value::Value;
use super::work::{Failure, Work};

/// What running a function yields.
pub(super) type Outcome = Result<Value, Failure>;

/// A function, a method, or an operator.
pub(super) struct Function {
    pub(super) name: &'static str,
    pub(super) style: Style,
    /// The types that it takes and yields, one after the other.
    pub(super) signatures: &'static str,
    pub(super) run: fn(&mut Work, &[Value]) -> Outcome,
}

/// How a function is called.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Style {
    /// `f(x)`, or an operator.
    Plain,
    /// `x.f()`.
    Method,
    /// Either way.
    Both,
}

impl fmt::Debug for Function {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name)
    }
}

impl Function {
    const fn plain(
        name: &'static str,
        signatures: &'static str,
        run: fn(&mut Work, &[Value]) -> Outcome,
    ) -> Self {
        Self {
            name,
            style: Style::Plain,
            signatures,
            run,
        }
    }

    const fn method(
        name: &'static str,
        signatures: &'static str,
        run: fn(&mut Work, &[Value]) -> Outcome,
    ) -> Self {
        Self {
            style: Style::Method,
            ..Self::plain(name, signatures, run)
        }
    }

    const fn both(
        name: &'static str,
        signatures: &'static str,
        run: fn(&mut Work, &[Value]) -> Outcome,
    ) -> Self {
        Self {
            style: Style::Both,
            ..Self::plain(name, signatures, run)
        }
    }

    /// Tells whether it may be called as a method, or as a plain function.
    pub(super) fn answers(&self, is_method: bool) -> bool {
        self.style == Style::Both || (self.style == Style::Method) == is_method
    }
}

/// Finds a function by its name.
pub(super) fn find(name: &str, is_method: bool) -> Option<&'static Function> {
    let tables = [
        operators::FUNCTIONS,
        convert::FUNCTIONS,
        text::FUNCTIONS,
        sets::FUNCTIONS,
    ];
    let mut known = tables.into_iter().flatten();
    known.find(|function| function.name == name && function.answers(is_method))
}
