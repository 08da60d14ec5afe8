//! From the claims of a token to a user.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::Value as Json;

use super::value::{Key, Value};
use super::{CompileError, Failure, Program};

/// The variables that expressions see.
const VARIABLES: [&str; 2] = ["claims", "vars"];
/// The user name where nothing else is said.
const USERNAME: &str = "claims.iss + '/' + claims.sub";

/// Holds a claim mapping before it is compiled.
#[derive(Clone, Debug, Default)]
pub struct MappingOptions {
    /// Yields the user name; when empty, issuer and subject with a slash between them.
    pub username: String,
    /// Yields the groups; none when empty.
    pub groups: String,
    /// Names and expressions that are evaluated first, each seeing those before it in `vars`.
    pub variables: Vec<(String, String)>,
    /// Expressions that must be true, and what is said when they are not.
    pub validations: Vec<(String, String)>,
}

/// Why a claim mapping was refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum MappingConfigError {
    /// A variable has no name.
    #[error("variable[{0}]: the name is empty")]
    NoName(usize),
    /// A validation has no message.
    #[error("validation[{0}]: the message is empty")]
    NoMessage(usize),
    /// An expression cannot be compiled.
    #[error("failed to parse CEL expression for {place}")]
    Expression {
        /// Which one, such as `validation[0]`.
        place: String,
        /// What is wrong with it.
        source: CompileError,
    },
}

/// Why claims make no user. Holds nothing that the claims say.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum MappingError {
    /// A validation is false: its message.
    #[error("claim validation failed: {0}")]
    Invalid(String),
    /// An expression cannot be evaluated with these claims.
    #[error("failed to evaluate {place}")]
    Evaluation {
        /// Which one, such as `username expression`.
        place: String,
        /// Why.
        source: Failure,
    },
    /// The user name is empty.
    #[error("the username expression yields an empty name")]
    NoUsername,
}

/// Says who claims make of a caller.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mapped {
    /// The user name, never empty.
    pub username: String,
    /// The groups.
    pub groups: Vec<String>,
}

/// A compiled claim mapping.
#[derive(Debug)]
pub struct Mapping {
    variables: Vec<(Arc<str>, Program)>,
    validations: Vec<(String, Program)>,
    username: Program,
    groups: Option<Program>,
}

impl Mapping {
    /// Compiles a mapping.
    ///
    /// # Errors
    /// [`MappingConfigError`] at the first thing that is wrong.
    ///
    /// Spec: core contract, 8.
    pub fn compile(options: &MappingOptions) -> Result<Self, MappingConfigError> {
        let mut variables = Vec::new();
        for (at, (name, expression)) in options.variables.iter().enumerate() {
            if name.is_empty() {
                return Err(MappingConfigError::NoName(at));
            }
            let place = format!("variable[{at}] (name: {name})");
            variables.push((name.as_str().into(), compile(expression, &place)?));
        }
        let mut validations = Vec::new();
        for (at, (expression, message)) in options.validations.iter().enumerate() {
            if message.is_empty() {
                return Err(MappingConfigError::NoMessage(at));
            }
            let place = format!("validation[{at}]");
            let program = compile(expression, &place)?.must_be_bool();
            let program =
                program.map_err(|source| MappingConfigError::Expression { place, source })?;
            validations.push((message.clone(), program));
        }
        let username = match options.username.as_str() {
            "" => USERNAME,
            username => username,
        };
        let groups = Some(&options.groups).filter(|groups| !groups.is_empty());
        Ok(Self {
            variables,
            validations,
            username: compile(username, "username")?,
            groups: groups.map(|groups| compile(groups, "groups")).transpose()?,
        })
    }

    /// Maps the claims of a token that has been verified.
    ///
    /// # Errors
    /// [`MappingError`] when they are not good for a user.
    pub fn apply(&self, claims: &Json) -> Result<Mapped, MappingError> {
        let claims = Value::of_json(claims);
        let mut vars = Value::fields([]);
        for (name, program) in &self.variables {
            let found = program.evaluate(&[&claims, &vars]);
            let found = found.map_err(failed(&format!("variable '{name}'")))?;
            vars = with(vars, name, found);
        }
        let evaluate = |program: &Program, place: &str| {
            let value = program.evaluate(&[&claims, &vars]);
            value.map_err(failed(place))
        };
        for (message, program) in &self.validations {
            if evaluate(program, "validation expression")? != Value::Bool(true) {
                return Err(MappingError::Invalid(message.clone()));
            }
        }
        let username = evaluate(&self.username, "username expression")?;
        let username = text(&username).map_err(failed("username expression"))?;
        if username.is_empty() {
            return Err(MappingError::NoUsername);
        }
        let place = "groups expression";
        let groups = match &self.groups {
            Some(groups) => texts(&evaluate(groups, place)?).map_err(failed(place))?,
            None => Vec::new(),
        };
        Ok(Mapped { username, groups })
    }
}

fn compile(expression: &str, place: &str) -> Result<Program, MappingConfigError> {
    Program::compile(expression, &VARIABLES).map_err(|source| MappingConfigError::Expression {
        place: place.to_owned(),
        source,
    })
}

fn failed(place: &str) -> impl Fn(Failure) -> MappingError {
    move |source| MappingError::Evaluation {
        place: place.to_owned(),
        source,
    }
}

/// Adds a variable to those that there are.
fn with(vars: Value, name: &Arc<str>, value: Value) -> Value {
    let mut map = match vars {
        Value::Map(map) => Arc::unwrap_or_clone(map),
        _ => BTreeMap::new(),
    };
    map.insert(Key::String(Arc::clone(name)), value);
    Value::Map(Arc::new(map))
}

fn text(value: &Value) -> Result<String, Failure> {
    match value {
        Value::String(text) => Ok(text.as_ref().to_owned()),
        _ => Err(Failure::Result("a string")),
    }
}

fn texts(value: &Value) -> Result<Vec<String>, Failure> {
    match value {
        Value::List(items) => items.iter().map(text).collect(),
        _ => Err(Failure::Result("a list of strings")),
    }
}

#[cfg(test)]
mod tests;
