//! Expressions as they are evaluated: names are places, functions are known.

use std::collections::BTreeMap;
use std::sync::Arc;

use regex::Regex;

use super::functions::Function;
use super::value::{Key, Map, Value};
use super::work::{Failure, Work};

/// A compiled node.
#[derive(Debug)]
pub(super) enum Code {
    Const(Value),
    /// A variable, or what a macro runs over: a place in the frame.
    Slot(usize),
    Field {
        of: Box<Self>,
        key: Key,
        access: Access,
    },
    Index {
        of: Box<Self>,
        key: Box<Self>,
        is_optional: bool,
    },
    Call {
        function: &'static Function,
        args: Vec<Self>,
    },
    /// `matches` with a pattern that does not change.
    Matches {
        text: Box<Self>,
        pattern: Regex,
    },
    And(Vec<Self>),
    Or(Vec<Self>),
    If(Box<[Self; 3]>),
    List(Vec<(Self, bool)>),
    Map(Vec<(Self, Self, bool)>),
    Fold(Box<Fold>),
    /// `optMap` and `optFlatMap`.
    OptionalMap {
        of: Box<Self>,
        body: Box<Self>,
        is_flat: bool,
    },
}

/// How a field is looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Access {
    Plain,
    Optional,
    /// `has()`.
    Test,
}

/// A macro that runs over a list, or over the keys of a map.
#[derive(Debug)]
pub(super) struct Fold {
    pub(super) kind: FoldKind,
    pub(super) range: Code,
    pub(super) filter: Option<Code>,
    pub(super) body: Code,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum FoldKind {
    All,
    Exists,
    ExistsOne,
    Map,
    Filter,
}

/// One evaluation under way.
pub(super) struct Evaluation {
    /// The variables, then what the macros that are under way run over.
    pub(super) frame: Vec<Value>,
    pub(super) work: Work,
}

type Outcome = Result<Value, Failure>;

impl Evaluation {
    pub(super) fn run(&mut self, code: &Code) -> Outcome {
        self.work.spend(1)?;
        match code {
            Code::Const(value) => Ok(value.clone()),
            Code::Slot(at) => self.frame.get(*at).cloned().ok_or(Failure::NoSuchIndex),
            Code::Field { of, key, access } => field(&self.run(of)?, key, *access),
            Code::Index {
                of,
                key,
                is_optional,
            } => {
                let (of, key) = (self.run(of)?, self.run(key)?);
                index(&of, &key, *is_optional)
            }
            Code::Call { function, args } => self.call(function, args),
            Code::Matches { text, pattern } => match self.run(text)? {
                Value::String(text) => {
                    self.work.spend_bytes(text.len() * 4)?;
                    Ok(Value::Bool(pattern.is_match(&text)))
                }
                _ => Err(Failure::NoSuchOverload("matches")),
            },
            Code::And(parts) => self.until(parts, false),
            Code::Or(parts) => self.until(parts, true),
            Code::If(parts) => {
                let [condition, yes, no] = parts.as_ref();
                match self.run(condition)? {
                    Value::Bool(true) => self.run(yes),
                    Value::Bool(false) => self.run(no),
                    _ => Err(Failure::NoSuchOverload("_?_:_")),
                }
            }
            Code::List(items) => self.list(items),
            Code::Map(entries) => self.map(entries),
            Code::Fold(fold) => self.fold(fold),
            Code::OptionalMap { of, body, is_flat } => self.optional_map(of, body, *is_flat),
        }
    }

    fn call(&mut self, function: &Function, args: &[Code]) -> Outcome {
        match args {
            [only] => {
                let args = [self.run(only)?];
                (function.run)(&mut self.work, &args)
            }
            [first, second] => {
                let args = [self.run(first)?, self.run(second)?];
                (function.run)(&mut self.work, &args)
            }
            more => {
                let args: Result<Vec<_>, _> = more.iter().map(|arg| self.run(arg)).collect();
                (function.run)(&mut self.work, &args?)
            }
        }
    }

    /// Yields `end` as soon as a part does; a part that fails matters only if none does.
    fn until(&mut self, parts: &[Code], end: bool) -> Outcome {
        let mut failure = None;
        for part in parts {
            match self.judge(part) {
                Ok(value) if value == end => return Ok(Value::Bool(end)),
                Ok(_) => {}
                Err(Failure::Cost) => return Err(Failure::Cost),
                Err(error) => failure = failure.or(Some(error)),
            }
        }
        failure.map_or(Ok(Value::Bool(!end)), Err)
    }

    fn judge(&mut self, code: &Code) -> Result<bool, Failure> {
        match self.run(code)? {
            Value::Bool(value) => Ok(value),
            _ => Err(Failure::NoSuchOverload("bool")),
        }
    }

    fn list(&mut self, items: &[(Code, bool)]) -> Outcome {
        let mut list = Vec::with_capacity(items.len());
        for (item, is_optional) in items {
            let value = self.run(item)?;
            match value {
                Value::Optional(value) if *is_optional => {
                    list.extend(value.map(Arc::unwrap_or_clone));
                }
                _ if *is_optional => return Err(Failure::NoSuchOverload("optional element")),
                value => list.push(value),
            }
        }
        Ok(Value::List(list.into()))
    }

    fn map(&mut self, entries: &[(Code, Code, bool)]) -> Outcome {
        let mut map: Map = BTreeMap::new();
        for (key, value, is_optional) in entries {
            let key = self.run(key)?;
            let key = Key::of(&key).filter(|_| !matches!(key, Value::Double(_)));
            let key = key.ok_or(Failure::Argument("unsupported key type"))?;
            let value = match self.run(value)? {
                Value::Optional(Some(value)) if *is_optional => Arc::unwrap_or_clone(value),
                Value::Optional(None) if *is_optional => continue,
                _ if *is_optional => return Err(Failure::NoSuchOverload("optional entry")),
                value => value,
            };
            if map.insert(key, value).is_some() {
                return Err(Failure::RepeatedKey);
            }
        }
        Ok(Value::Map(Arc::new(map)))
    }

    fn optional_map(&mut self, of: &Code, body: &Code, is_flat: bool) -> Outcome {
        let inner = match self.run(of)? {
            Value::Optional(Some(inner)) => Arc::unwrap_or_clone(inner),
            Value::Optional(None) => return Ok(Value::Optional(None)),
            _ => return Err(Failure::NoSuchOverload("optMap")),
        };
        self.frame.push(inner);
        let mapped = self.run(body);
        self.frame.pop();
        match mapped? {
            mapped @ Value::Optional(_) if is_flat => Ok(mapped),
            _ if is_flat => Err(Failure::NoSuchOverload("optFlatMap")),
            mapped => Ok(Value::some(mapped)),
        }
    }

    fn fold(&mut self, fold: &Fold) -> Outcome {
        match self.run(&fold.range)? {
            Value::List(items) => self.fold_over(fold, items.iter().cloned()),
            Value::Map(map) => self.fold_over(fold, map.keys().map(Key::value)),
            _ => Err(Failure::NoSuchOverload("range of a macro")),
        }
    }

    fn fold_over(&mut self, fold: &Fold, items: impl Iterator<Item = Value>) -> Outcome {
        let mut folded = Folded::default();
        for item in items {
            self.work.spend(1)?;
            self.frame.push(item);
            let step = self.step(fold, &mut folded);
            self.frame.pop();
            if let Some(end) = step? {
                return Ok(end);
            }
        }
        if let Some(failure) = folded.failure {
            return Err(failure);
        }
        Ok(match fold.kind {
            FoldKind::All => Value::Bool(true),
            FoldKind::Exists => Value::Bool(false),
            FoldKind::ExistsOne => Value::Bool(folded.count == 1),
            FoldKind::Map | FoldKind::Filter => Value::List(folded.list.into()),
        })
    }

    /// Takes one item; yields the result where no other item can change it.
    fn step(&mut self, fold: &Fold, folded: &mut Folded) -> Result<Option<Value>, Failure> {
        match fold.kind {
            FoldKind::All | FoldKind::Exists => {
                let end = fold.kind == FoldKind::Exists;
                match self.judge(&fold.body) {
                    Ok(value) => return Ok((value == end).then_some(Value::Bool(end))),
                    Err(Failure::Cost) => return Err(Failure::Cost),
                    Err(error) => folded.failure = folded.failure.take().or(Some(error)),
                }
            }
            FoldKind::ExistsOne => folded.count += usize::from(self.judge(&fold.body)?),
            FoldKind::Filter => {
                if self.judge(&fold.body)? {
                    folded.list.extend(self.frame.last().cloned());
                }
            }
            FoldKind::Map => {
                let wanted = match &fold.filter {
                    Some(filter) => self.judge(filter)?,
                    None => true,
                };
                if wanted {
                    folded.list.push(self.run(&fold.body)?);
                }
            }
        }
        Ok(None)
    }
}

#[derive(Default)]
struct Folded {
    list: Vec<Value>,
    count: usize,
    failure: Option<Failure>,
}

fn field(of: &Value, key: &Key, access: Access) -> Outcome {
    let (map, access) = match of {
        Value::Map(map) => (map, access),
        // What is selected of an optional value is optional too.
        Value::Optional(inner) => match (inner.as_deref(), access) {
            (Some(Value::Map(map)), Access::Test) => (map, Access::Test),
            (Some(Value::Map(map)), _) => (map, Access::Optional),
            (None, Access::Test) => return Ok(Value::Bool(false)),
            (None, _) => return Ok(Value::Optional(None)),
            (Some(_), _) => return Err(Failure::NoSuchOverload("field selection")),
        },
        _ if access == Access::Test => return Ok(Value::Bool(false)),
        _ => return Err(Failure::NoSuchOverload("field selection")),
    };
    let found = map.get(key);
    match access {
        Access::Test => Ok(Value::Bool(found.is_some())),
        Access::Optional => Ok(Value::Optional(found.cloned().map(Arc::new))),
        Access::Plain => found.cloned().ok_or_else(|| {
            Failure::NoSuchKey(match key {
                Key::String(name) => name.as_ref().to_owned(),
                Key::Bool(_) | Key::Int(_) | Key::Uint(_) => String::new(),
            })
        }),
    }
}

fn index(of: &Value, key: &Value, is_optional: bool) -> Outcome {
    if let Value::Optional(inner) = of {
        return match inner {
            Some(inner) => index(inner, key, true),
            None => Ok(Value::Optional(None)),
        };
    }
    let fits = match of {
        Value::List(_) => key.kind().is_number(),
        Value::Map(_) => key.kind().is_number() || matches!(key, Value::String(_) | Value::Bool(_)),
        _ => false,
    };
    if !fits {
        return Err(Failure::NoSuchOverload("_[_]"));
    }
    match of.at(key) {
        Some(found) if is_optional => Ok(Value::some(found.clone())),
        None if is_optional => Ok(Value::Optional(None)),
        Some(found) => Ok(found.clone()),
        None => Err(Failure::NoSuchIndex),
    }
}
