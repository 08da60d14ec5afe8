//! Macros that run over lists and maps.

use super::{Checked, Checker, Outcome};
use crate::condition::CompileError;
use crate::condition::code::{Code, Fold, FoldKind};
use crate::condition::kind::{Kind, Type};
use crate::condition::parse::{Expr, Node};

impl Checker<'_> {
    /// Compiles a macro; `None` when it is a method that is meant.
    pub(super) fn macro_call(
        &mut self,
        target: &Expr,
        name: &str,
        args: &[Expr],
    ) -> Option<Outcome> {
        let (kind, over, filter, body) = match (name, args) {
            ("all", [over, body]) => (FoldKind::All, over, None, body),
            ("exists", [over, body]) => (FoldKind::Exists, over, None, body),
            ("exists_one", [over, body]) => (FoldKind::ExistsOne, over, None, body),
            ("map", [over, body]) => (FoldKind::Map, over, None, body),
            ("map", [over, filter, body]) => (FoldKind::Map, over, Some(filter), body),
            ("filter", [over, body]) => (FoldKind::Filter, over, None, body),
            ("optMap", [over, body]) => return Some(self.optional_map(target, over, body, false)),
            ("optFlatMap", [over, body]) => {
                return Some(self.optional_map(target, over, body, true));
            }
            _ => return None,
        };
        Some(self.fold(kind, target, over, (filter, body)))
    }

    fn variable(&self, over: &Expr) -> Result<String, CompileError> {
        match &over.node {
            Node::Name(name) => Ok(name.clone()),
            _ => Err(self.error(over.at, "argument must be a simple name")),
        }
    }

    fn fold(
        &mut self,
        kind: FoldKind,
        target: &Expr,
        over: &Expr,
        (filter, body): (Option<&Expr>, &Expr),
    ) -> Outcome {
        let name = self.variable(over)?;
        let range = self.expr(target)?;
        let item = match &range.kind {
            Type::Dyn => Type::Dyn,
            Type::List(item) => item.as_ref().clone(),
            Type::Map(key, _) => key.as_ref().clone(),
            other @ (Type::Plain(_) | Type::Optional(_)) => {
                let message = format!(
                    "expression of type '{other}' cannot be range of a comprehension (must be \
                     list, map, or dynamic)"
                );
                return Err(self.error(target.at, message));
            }
        };
        self.scope.push((name, item.clone()));
        let filter = filter.map(|filter| self.predicate(filter)).transpose();
        let body = if kind == FoldKind::Map {
            self.expr(body)
        } else {
            self.predicate(body)
        };
        self.scope.pop();
        let (filter, body) = (filter?, body?);
        let yields = match kind {
            FoldKind::All | FoldKind::Exists | FoldKind::ExistsOne => Type::BOOL,
            FoldKind::Map => Type::list(body.kind),
            FoldKind::Filter => Type::list(item),
        };
        let fold = Fold {
            kind,
            range: range.code,
            filter: filter.map(|filter| filter.code),
            body: body.code,
        };
        Ok(Checked::new(Code::Fold(Box::new(fold)), yields))
    }

    fn predicate(&mut self, expr: &Expr) -> Outcome {
        let checked = self.expr(expr)?;
        if checked.kind.may_be(Kind::Bool) {
            return Ok(checked);
        }
        let types = [Type::BOOL, checked.kind];
        Err(self.no_overload(expr.at, "_&&_", &types, false))
    }

    fn optional_map(&mut self, target: &Expr, over: &Expr, body: &Expr, is_flat: bool) -> Outcome {
        let name = self.variable(over)?;
        let of = self.expr(target)?;
        let inner = match &of.kind {
            Type::Optional(inner) => inner.as_ref().clone(),
            Type::Dyn => Type::Dyn,
            other => {
                let message = format!("expected type 'optional_type(dyn)' but found '{other}'");
                return Err(self.error(target.at, message));
            }
        };
        self.scope.push((name, inner));
        let body = self.expr(body);
        self.scope.pop();
        let body = body?;
        let kind = if is_flat {
            body.kind.join(&Type::optional(Type::Dyn))
        } else {
            Some(Type::optional(body.kind))
        };
        let kind = kind.ok_or_else(|| self.error(over.at, "optFlatMap must yield an optional"))?;
        let (of, body) = (Box::new(of.code), Box::new(body.code));
        Ok(Checked::new(Code::OptionalMap { of, body, is_flat }, kind))
    }
}
