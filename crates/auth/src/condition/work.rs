//! What an evaluation may cost, and how it fails.

/// Most steps of one evaluation: a node of the expression, an item of a list, 64 bytes of text.
const STEPS: u32 = 50_000;
/// How many bytes of text are one step.
const BYTES: usize = 64;

/// Counts what an evaluation costs.
#[derive(Debug)]
pub(super) struct Work {
    left: u32,
}

impl Work {
    pub(super) const fn new() -> Self {
        Self { left: STEPS }
    }

    /// Counts steps.
    pub(super) fn spend(&mut self, steps: usize) -> Result<(), Failure> {
        let steps = u32::try_from(steps).unwrap_or(u32::MAX);
        self.left = self.left.checked_sub(steps).ok_or(Failure::Cost)?;
        Ok(())
    }

    /// Counts bytes that are read or made.
    pub(super) fn spend_bytes(&mut self, bytes: usize) -> Result<(), Failure> {
        self.spend(bytes / BYTES)
    }
}

/// Why an expression could not be evaluated. Never holds a value that it met.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Failure {
    /// A field or key that is not there.
    #[error("no such key: {0}")]
    NoSuchKey(String),
    /// An index or key that is computed and not there.
    #[error("index out of bounds or no such key")]
    NoSuchIndex,
    /// A function or operator does not take values of these types.
    #[error("no such overload: {0}")]
    NoSuchOverload(&'static str),
    /// A division by zero.
    #[error("division by zero")]
    DivideByZero,
    /// A number, time or duration leaves its range.
    #[error("result out of range")]
    Range,
    /// A text or value that does not stand for what it is converted to.
    #[error("cannot convert to {0}")]
    Conversion(&'static str),
    /// A function is given what it cannot work with.
    #[error("{0}")]
    Argument(&'static str),
    /// A value is asked of an optional that has none.
    #[error("optional.none() dereference")]
    NoValue,
    /// Two entries of a map have the same key.
    #[error("repeated key in a map")]
    RepeatedKey,
    /// The result is not of the type that is needed.
    #[error("the result is not {0}")]
    Result(&'static str),
    /// The evaluation takes too long.
    #[error("the expression takes too many steps")]
    Cost,
}
