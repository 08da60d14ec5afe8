//! Conditions on requests.
//!
//! Expressions cannot be evaluated yet: a policy that has one is refused.

use crate::policy::Facts;

/// Why an expression was refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("failed to parse the CEL expression '{0}': expressions are not supported yet")]
pub struct CompileError(String);

/// Why an expression could not be evaluated.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("expressions are not supported yet")]
pub struct Failure;

/// A compiled condition.
#[derive(Debug)]
pub(crate) struct Condition {
    message: String,
}

impl Condition {
    pub(crate) fn compile(expression: &str, _message: &str) -> Result<Self, CompileError> {
        Err(CompileError(expression.to_owned()))
    }

    pub(crate) fn message(&self) -> Option<&str> {
        Some(self.message.as_str()).filter(|message| !message.is_empty())
    }

    #[expect(clippy::unused_self, reason = "nothing is evaluated yet")]
    pub(crate) fn holds(&self, _request: &Value) -> Result<bool, Failure> {
        Err(Failure)
    }
}

/// What conditions see of a request.
#[derive(Debug)]
pub(crate) struct Value;

/// Lends what conditions see of a request.
#[derive(Debug)]
#[expect(dead_code, reason = "nothing is evaluated yet")]
pub(crate) struct Request<'a> {
    pub(crate) facts: &'a Facts,
    pub(crate) repo: &'a str,
    pub(crate) action: &'static str,
    pub(crate) reference: &'a str,
    pub(crate) user: Option<&'a str>,
    pub(crate) groups: &'a [String],
    pub(crate) admin: bool,
    pub(crate) claims: Option<&'a serde_json::Value>,
}

impl Request<'_> {
    #[expect(clippy::unused_self, reason = "nothing is evaluated yet")]
    pub(crate) fn into_value(self) -> Value {
        Value
    }
}
