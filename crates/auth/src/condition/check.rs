//! From trees to code: names are resolved, types are checked as far as they are known.

mod call;
mod fold;

use super::CompileError;
use super::code::{Access, Code};
use super::functions::kind_named;
use super::kind::{Kind, Type};
use super::parse::{Expr, Item, Node};
use super::value::{Key, Value};

/// Code and the type of what it yields.
pub(super) struct Checked {
    pub(super) code: Code,
    pub(super) kind: Type,
}

impl Checked {
    const fn new(code: Code, kind: Type) -> Self {
        Self { code, kind }
    }
}

/// Compiles a tree over variables, each of which is a map by name.
pub(super) fn check(
    source: &str,
    variables: &[&'static str],
    expr: &Expr,
) -> Result<Checked, CompileError> {
    let scope = variables
        .iter()
        .map(|name| ((*name).to_owned(), Type::fields()));
    let mut checker = Checker {
        source,
        scope: scope.collect(),
        may_mix: false,
    };
    checker.expr(expr)
}

struct Checker<'s> {
    source: &'s str,
    /// Variables, then what the macros around run over.
    scope: Vec<(String, Type)>,
    /// Whether lists and maps may mix types: where they are arguments of `format`.
    may_mix: bool,
}

type Outcome = Result<Checked, CompileError>;

impl Checker<'_> {
    fn error(&self, at: usize, message: impl Into<String>) -> CompileError {
        CompileError::syntax(self.source, at, message)
    }

    fn slot(&self, name: &str) -> Option<(usize, &Type)> {
        let at = self.scope.iter().rposition(|(known, _)| known == name)?;
        self.scope.get(at).map(|(_, kind)| (at, kind))
    }

    fn expr(&mut self, expr: &Expr) -> Outcome {
        match &expr.node {
            Node::Literal(value) => {
                let kind = Type::of(value.kind());
                Ok(Checked::new(Code::Const(value.clone()), kind))
            }
            Node::Name(name) => self.name(expr, name),
            Node::Select {
                of,
                field,
                is_optional,
            } => {
                if let Some(kind) = self.type_named(expr) {
                    return Ok(type_value(kind));
                }
                let access = if *is_optional {
                    Access::Optional
                } else {
                    Access::Plain
                };
                self.select(expr.at, of, field, access)
            }
            Node::Index {
                of,
                key,
                is_optional,
            } => self.index(expr.at, of, key, *is_optional),
            Node::Call { target, name, args } => self.call(expr, target.as_deref(), name, args),
            Node::List(items) => self.list(items),
            Node::Map(entries) => self.map(entries),
            Node::And(parts) => Ok(Checked::new(
                Code::And(self.bools(expr.at, parts, "_&&_")?),
                Type::BOOL,
            )),
            Node::Or(parts) => Ok(Checked::new(
                Code::Or(self.bools(expr.at, parts, "_||_")?),
                Type::BOOL,
            )),
            Node::If(parts) => self.choice(expr.at, parts),
        }
    }

    fn name(&self, expr: &Expr, name: &str) -> Outcome {
        if let Some((at, kind)) = self.slot(name) {
            return Ok(Checked::new(Code::Slot(at), kind.clone()));
        }
        match kind_named(name) {
            Some(kind) => Ok(type_value(kind)),
            None => Err(self.undeclared(expr.at, name)),
        }
    }

    fn undeclared(&self, at: usize, name: &str) -> CompileError {
        let message = format!("undeclared reference to '{name}' (in container '')");
        self.error(at, message)
    }

    /// The type that a name with points in it stands for.
    fn type_named(&self, expr: &Expr) -> Option<Kind> {
        kind_named(&self.qualified(expr)?)
    }

    /// A name with points in it, where it does not begin with a variable.
    fn qualified(&self, expr: &Expr) -> Option<String> {
        match &expr.node {
            Node::Name(name) => self.slot(name).is_none().then(|| name.clone()),
            Node::Select {
                of,
                field,
                is_optional: false,
            } => Some(format!("{}.{field}", self.qualified(of)?)),
            _ => None,
        }
    }

    fn select(&mut self, at: usize, of: &Expr, field: &str, access: Access) -> Outcome {
        let of = self.expr(of)?;
        let (inner, through_optional) = match &of.kind {
            Type::Optional(inner) => (inner.as_ref(), true),
            other => (other, false),
        };
        let found = match inner {
            Type::Dyn => Type::Dyn,
            Type::Map(_, value) => value.as_ref().clone(),
            other => {
                let message = format!("type '{other}' does not support field selection");
                return Err(self.error(at, message));
            }
        };
        let kind = match access {
            Access::Test => Type::BOOL,
            Access::Optional => Type::optional(found),
            Access::Plain if through_optional => Type::optional(found),
            Access::Plain => found,
        };
        let key = Key::String(field.into());
        let of = Box::new(of.code);
        Ok(Checked::new(Code::Field { of, key, access }, kind))
    }

    fn index(&mut self, at: usize, of: &Expr, key: &Expr, is_optional: bool) -> Outcome {
        let (of, key) = (self.expr(of)?, self.expr(key)?);
        let (inner, through_optional) = match &of.kind {
            Type::Optional(inner) => (inner.as_ref(), true),
            other => (other, false),
        };
        let found = match inner {
            Type::Dyn => Some(Type::Dyn),
            Type::List(item) => key.kind.may_be(Kind::Int).then(|| item.as_ref().clone()),
            Type::Map(known, value) => known.join(&key.kind).map(|_| value.as_ref().clone()),
            Type::Plain(_) | Type::Optional(_) => None,
        };
        let Some(found) = found else {
            let types = [of.kind, key.kind];
            return Err(self.no_overload(at, "_[_]", &types, false));
        };
        let kind = if is_optional || through_optional {
            Type::optional(found)
        } else {
            found
        };
        let (of, key) = (Box::new(of.code), Box::new(key.code));
        let code = Code::Index {
            of,
            key,
            is_optional,
        };
        Ok(Checked::new(code, kind))
    }

    fn bools(&mut self, at: usize, parts: &[Expr], name: &str) -> Result<Vec<Code>, CompileError> {
        let mut codes = Vec::new();
        for part in parts {
            let part = self.expr(part)?;
            if !part.kind.may_be(Kind::Bool) {
                let types = [part.kind, Type::BOOL];
                return Err(self.no_overload(at, name, &types, false));
            }
            codes.push(part.code);
        }
        Ok(codes)
    }

    fn choice(&mut self, at: usize, parts: &[Expr; 3]) -> Outcome {
        let [condition, yes, no] = parts;
        let (condition, yes, no) = (self.expr(condition)?, self.expr(yes)?, self.expr(no)?);
        let joined = yes.kind.join(&no.kind);
        let Some(kind) = joined.filter(|_| condition.kind.may_be(Kind::Bool)) else {
            let types = [condition.kind, yes.kind, no.kind];
            return Err(self.no_overload(at, "_?_:_", &types, false));
        };
        let parts = Box::new([condition.code, yes.code, no.code]);
        Ok(Checked::new(Code::If(parts), kind))
    }

    fn item(&mut self, item: &Item) -> Outcome {
        let mut checked = self.expr(&item.value)?;
        if item.is_optional {
            checked.kind = match checked.kind {
                Type::Dyn => Type::Dyn,
                Type::Optional(inner) => *inner,
                other => {
                    let message = format!("expected type 'optional_type(dyn)' but found '{other}'");
                    return Err(self.error(item.value.at, message));
                }
            };
        }
        Ok(checked)
    }

    /// Joins the type of one more item; all must be of one type.
    fn joined(
        &self,
        at: usize,
        known: Option<Type>,
        more: &Type,
    ) -> Result<Option<Type>, CompileError> {
        let Some(known) = known else {
            return Ok(Some(more.clone()));
        };
        match known.join(more) {
            Some(joined) => Ok(Some(joined)),
            None if self.may_mix => Ok(Some(Type::Dyn)),
            None => {
                let message = format!("expected type '{known}' but found '{more}'");
                Err(self.error(at, message))
            }
        }
    }

    fn list(&mut self, items: &[Item]) -> Outcome {
        let (mut codes, mut kind) = (Vec::new(), None);
        for item in items {
            let checked = self.item(item)?;
            kind = self.joined(item.value.at, kind, &checked.kind)?;
            codes.push((checked.code, item.is_optional));
        }
        let kind = Type::list(kind.unwrap_or(Type::Dyn));
        Ok(Checked::new(Code::List(codes), kind))
    }

    fn map(&mut self, entries: &[(Expr, Item)]) -> Outcome {
        let (mut codes, mut keys, mut values) = (Vec::new(), None, None);
        for (key, item) in entries {
            let key_code = self.expr(key)?;
            keys = self.joined(key.at, keys, &key_code.kind)?;
            let checked = self.item(item)?;
            values = self.joined(item.value.at, values, &checked.kind)?;
            codes.push((key_code.code, checked.code, item.is_optional));
        }
        let kind = Type::Map(
            Box::new(keys.unwrap_or(Type::Dyn)),
            Box::new(values.unwrap_or(Type::Dyn)),
        );
        Ok(Checked::new(Code::Map(codes), kind))
    }
}

const fn type_value(kind: Kind) -> Checked {
    Checked::new(Code::Const(Value::Type(kind)), Type::Plain(Kind::Type))
}
