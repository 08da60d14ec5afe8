//! Calls: which function is meant, and whether it takes such arguments.

use super::{Checked, Checker, Outcome};
use crate::condition::CompileError;
use crate::condition::code::{Access, Code};
use crate::condition::functions::{self, Function};
use crate::condition::kind::{Kind, Type};
use crate::condition::moment;
use crate::condition::parse::{Expr, Node};
use crate::condition::pattern;
use crate::condition::value::Value;
use crate::condition::work::Work;

/// Conversions that are made at once where nothing can change.
const CONVERSIONS: [&str; 7] = [
    "timestamp",
    "duration",
    "int",
    "uint",
    "double",
    "bool",
    "bytes",
];

impl Checker<'_> {
    pub(super) fn call(
        &mut self,
        expr: &Expr,
        target: Option<&Expr>,
        name: &str,
        args: &[Expr],
    ) -> Outcome {
        if target.is_none() && name == "has" {
            return self.has(expr.at, args);
        }
        let Some(target) = target else {
            let function = functions::find(name, false);
            let function = function.filter(|_| !name.starts_with(['_', '!', '-']) || is_sign(name));
            let function = function.ok_or_else(|| self.undeclared(expr.at, name))?;
            return self.apply(expr.at, function, args.iter(), false);
        };
        if let Some(namespace) = self.qualified(target)
            && let Some(function) = functions::find(&format!("{namespace}.{name}"), false)
        {
            return self.apply(expr.at, function, args.iter(), false);
        }
        if let Some(folded) = self.macro_call(target, name, args) {
            return folded;
        }
        let function = functions::find(name, true);
        let function = function.ok_or_else(|| self.undeclared(expr.at, name))?;
        let args = std::iter::once(target).chain(args);
        self.apply(expr.at, function, args, true)
    }

    fn has(&mut self, at: usize, args: &[Expr]) -> Outcome {
        match args {
            [
                Expr {
                    node:
                        Node::Select {
                            of,
                            field,
                            is_optional: false,
                        },
                    ..
                },
            ] => self.select(at, of, field, Access::Test),
            _ => Err(self.error(at, "invalid argument to has() macro")),
        }
    }

    fn apply<'e>(
        &mut self,
        at: usize,
        function: &'static Function,
        args: impl Iterator<Item = &'e Expr>,
        is_method: bool,
    ) -> Outcome {
        let (mut codes, mut types) = (Vec::new(), Vec::new());
        let around = self.may_mix;
        self.may_mix = function.name == "format";
        for arg in args {
            let checked = self.expr(arg)?;
            codes.push(checked.code);
            types.push(checked.kind);
        }
        self.may_mix = around;
        let fits = is_comparable(function.name, &types);
        let kind = result(function.signatures, &types).filter(|_| fits);
        let Some(kind) = kind else {
            return Err(self.no_overload(at, function.name, &types, is_method));
        };
        let code = self.folded(at, function, codes)?;
        Ok(Checked::new(code, kind))
    }

    /// Does at once what does not depend on a request, so that mistakes are found at once too.
    fn folded(
        &self,
        at: usize,
        function: &'static Function,
        args: Vec<Code>,
    ) -> Result<Code, CompileError> {
        match (function.name, args.as_slice()) {
            ("matches", [_, Code::Const(Value::String(written))]) => {
                let malformed = || self.error(at, format!("malformed pattern: {written}"));
                let pattern = pattern::compile(written).ok_or_else(malformed)?;
                let mut args = args;
                let text = args.swap_remove(0);
                let text = Box::new(text);
                return Ok(Code::Matches { text, pattern });
            }
            (name, [_, Code::Const(Value::String(zone))])
                if name.starts_with("get") && moment::offset(zone).is_none() =>
            {
                let message = format!("time zone '{zone}' is not an offset such as '+02:00'");
                return Err(self.error(at, message));
            }
            (name, [Code::Const(value)]) if CONVERSIONS.contains(&name) => {
                let value = (function.run)(&mut Work::new(), std::slice::from_ref(value));
                let value = value.map_err(|failure| self.error(at, failure.to_string()))?;
                return Ok(Code::Const(value));
            }
            _ => {}
        }
        Ok(Code::Call { function, args })
    }

    pub(super) fn no_overload(
        &self,
        at: usize,
        name: &str,
        types: &[Type],
        is_method: bool,
    ) -> CompileError {
        let list = |types: &[Type]| {
            let names: Vec<_> = types.iter().map(ToString::to_string).collect();
            names.join(", ")
        };
        let applied = match types {
            [target, args @ ..] if is_method => format!("{target}.({})", list(args)),
            args => format!("({})", list(args)),
        };
        let message = format!("found no matching overload for '{name}' applied to '{applied}'");
        self.error(at, message)
    }
}

fn is_sign(name: &str) -> bool {
    name.chars().any(|c| !c.is_ascii_alphanumeric() && c != '_') || name == "_in_"
}

/// Tells whether two types may be compared: nothing is of both `string` and `int`.
fn is_comparable(name: &str, types: &[Type]) -> bool {
    match (name, types) {
        ("_==_" | "_!=_" | "sets.contains" | "sets.equivalent" | "sets.intersects", [a, b]) => {
            a.join(b).is_some()
        }
        ("_in_", [item, Type::List(of) | Type::Map(of, _)]) => item.join(of).is_some(),
        _ => true,
    }
}

/// Yields the type of the result; `None` when no signature takes such arguments.
fn result(signatures: &str, args: &[Type]) -> Option<Type> {
    let mut results = signatures.split(' ').filter_map(|signature| {
        let (takes, yields) = signature.split_once('>')?;
        let fits = takes.len() == args.len()
            && takes
                .chars()
                .zip(args)
                .all(|(letter, arg)| takes_type(letter, arg));
        fits.then(|| yielded(yields, args))
    });
    let first = results.next()?;
    let is_only = results.all(|other| other == first);
    Some(if is_only { first } else { Type::Dyn })
}

fn takes_type(letter: char, arg: &Type) -> bool {
    match (letter, arg) {
        ('*', _) => true,
        ('S', Type::List(item)) => item.may_be(Kind::String),
        ('S', arg) => arg.may_be(Kind::List),
        (letter, arg) => kind_of(letter).is_some_and(|kind| arg.may_be(kind)),
    }
}

fn yielded(letter: &str, args: &[Type]) -> Type {
    let first = || args.first().cloned().unwrap_or(Type::Dyn);
    match (letter, args.first()) {
        ("1", _) => first(),
        ("O", _) => Type::optional(first()),
        ("f", Some(Type::List(item))) => Type::optional(item.as_ref().clone()),
        ("v", Some(Type::Optional(inner))) => inner.as_ref().clone(),
        ("f", _) => Type::optional(Type::Dyn),
        ("S", _) => Type::list(Type::STRING),
        (letter, _) => {
            let kind = letter.chars().next().and_then(kind_of);
            kind.map_or(Type::Dyn, Type::of)
        }
    }
}

const fn kind_of(letter: char) -> Option<Kind> {
    Some(match letter {
        'n' => Kind::Null,
        'o' => Kind::Bool,
        'i' => Kind::Int,
        'u' => Kind::Uint,
        'd' => Kind::Double,
        's' => Kind::String,
        'b' => Kind::Bytes,
        't' => Kind::Timestamp,
        'r' => Kind::Duration,
        'l' => Kind::List,
        'm' => Kind::Map,
        '?' => Kind::Optional,
        'y' => Kind::Type,
        _ => return None,
    })
}
