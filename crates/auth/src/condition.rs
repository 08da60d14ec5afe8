//! Expressions over requests and claims, in the Common Expression Language.
//!
//! An expression is compiled once: its names are resolved and its types checked as far as they are
//! known. Evaluating one cannot panic, allocates in proportion to what it may cost, and costs at
//! most 50,000 steps, a few milliseconds.
//!
//! What there is: the standard functions and macros, comparison of numbers of different types, UTC as
//! the zone of times, optional values, lists and maps of one type, and the extensions of strings,
//! sets and encoders.
//!
//! What there is not: messages of protocol buffers, and named time zones (offsets such as `+02:00`
//! are understood).
//!
//! Limits: 32 KiB and 4,096 nodes an expression, 64 levels, 32 brackets
//! in each other, patterns that compile to 64 KiB.
//!
//! Compat: what zot evaluates with cel-go; zot knows no limits. The language is written here because
//! the library that speaks it adds 1.2 MiB to the server (3.1 MiB with times), checks no types and
//! bounds no costs.
//!
//! | module | holds |
//! |---|---|
//! | `token`, `parse` | from text to trees |
//! | `kind`, `check` | types, and from trees to code |
//! | `code`, `work` | evaluation and its bounds |
//! | `value`, `number`, `moment` | values |
//! | `functions`, `pattern` | what can be called |
//! | `request` | the variable of policies |
//! | [`mapping`] | claims to a user |

#![expect(
    clippy::wildcard_enum_match_arm,
    reason = "a value of any other type does not fit, whatever types there may be one day"
)]

mod check;
mod code;
mod functions;
mod kind;
pub mod mapping;
mod moment;
mod number;
mod parse;
mod pattern;
mod request;
mod token;
mod value;
mod work;

use std::fmt;

use code::{Code, Evaluation};
use kind::Type;
pub(crate) use request::Request;
pub(crate) use value::Value;
pub use work::Failure;
use work::Work;

/// Why an expression was refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CompileError {
    /// It is malformed, names what there is not, or mixes types.
    #[error(
        "failed to parse the CEL expression '{expression}': ERROR: <input>:{line}:{column}: {message}"
    )]
    Expression {
        /// The expression.
        expression: String,
        /// The line, from 1.
        line: usize,
        /// The column in characters, from 1.
        column: usize,
        /// What is wrong.
        message: String,
    },
    /// It exceeds a limit.
    #[error("failed to parse the CEL expression: {0}")]
    TooLarge(&'static str),
    /// It yields another type than is needed.
    #[error("CEL expression output type mismatch: expected bool, got {0}")]
    Output(String),
}

impl CompileError {
    fn syntax(source: &str, at: usize, message: impl Into<String>) -> Self {
        let before = source.get(..at).unwrap_or(source);
        let line = before.rsplit('\n').next().unwrap_or_default();
        Self::Expression {
            expression: source.to_owned(),
            line: before.matches('\n').count() + 1,
            column: line.chars().count() + 1,
            message: message.into(),
        }
    }

    const fn too_large(message: &'static str) -> Self {
        Self::TooLarge(message)
    }
}

/// A compiled expression.
struct Program {
    code: Code,
    yields: Type,
}

impl fmt::Debug for Program {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Program({})", self.yields)
    }
}

impl Program {
    /// Compiles an expression over variables, each a map by name.
    fn compile(source: &str, variables: &[&'static str]) -> Result<Self, CompileError> {
        let tree = parse::parse(source)?;
        let checked = check::check(source, variables, &tree)?;
        Ok(Self {
            code: checked.code,
            yields: checked.kind,
        })
    }

    /// Refuses an expression that is not known to yield true or false.
    fn must_be_bool(self) -> Result<Self, CompileError> {
        if self.yields == Type::BOOL {
            return Ok(self);
        }
        Err(CompileError::Output(self.yields.to_string()))
    }

    /// Evaluates with a value for each variable, in their order.
    fn evaluate(&self, variables: &[&Value]) -> Result<Value, Failure> {
        let mut evaluation = Evaluation {
            frame: variables.iter().copied().cloned().collect(),
            work: Work::new(),
        };
        evaluation.run(&self.code)
    }
}

/// A compiled condition of a policy.
#[derive(Debug)]
pub(crate) struct Condition {
    program: Program,
    message: String,
}

impl Condition {
    pub(crate) fn compile(expression: &str, message: &str) -> Result<Self, CompileError> {
        Ok(Self {
            program: Program::compile(expression, &["req"])?,
            message: message.to_owned(),
        })
    }

    /// What a caller is told when it is false.
    pub(crate) fn message(&self) -> Option<&str> {
        Some(self.message.as_str()).filter(|message| !message.is_empty())
    }

    /// Tells whether it holds for the value of `req`.
    pub(crate) fn holds(&self, request: &Value) -> Result<bool, Failure> {
        match self.program.evaluate(&[request])? {
            Value::Bool(holds) => Ok(holds),
            _ => Err(Failure::Result("true or false")),
        }
    }
}

#[cfg(test)]
mod tests;
