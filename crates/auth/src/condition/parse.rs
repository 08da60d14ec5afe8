//! Expressions as trees.

use super::CompileError;
use super::token::{Token, TokenKind, tokens};
use super::value::Value;

/// Most bytes of an expression.
const LENGTH: usize = 32 * 1024;
/// Most levels of a tree.
const DEPTH: usize = 64;
/// Most brackets in each other.
const NESTING: usize = 32;
/// Most nodes of a tree.
const NODES: usize = 4096;

/// A node of a tree and where it is written.
#[derive(Clone, Debug)]
pub(super) struct Expr {
    pub(super) at: usize,
    depth: usize,
    pub(super) node: Node,
}

#[derive(Clone, Debug)]
pub(super) enum Node {
    Literal(Value),
    Name(String),
    /// `of.field`, or `of.?field`.
    Select {
        of: Box<Expr>,
        field: String,
        is_optional: bool,
    },
    /// `of[key]`, or `of[?key]`.
    Index {
        of: Box<Expr>,
        key: Box<Expr>,
        is_optional: bool,
    },
    /// A function, a method, a macro, or an operator such as `_+_`.
    Call {
        target: Option<Box<Expr>>,
        name: String,
        args: Vec<Expr>,
    },
    List(Vec<Item>),
    Map(Vec<(Expr, Item)>),
    And(Vec<Expr>),
    Or(Vec<Expr>),
    If(Box<[Expr; 3]>),
}

/// An item of a list, or a value of a map. An optional one without a value is left out.
#[derive(Clone, Debug)]
pub(super) struct Item {
    pub(super) value: Expr,
    pub(super) is_optional: bool,
}

impl Node {
    fn depth_below(&self) -> usize {
        let deepest = |nodes: &[Expr]| nodes.iter().map(|expr| expr.depth).max().unwrap_or(0);
        match self {
            Self::Literal(_) | Self::Name(_) => 0,
            Self::Select { of, .. } => of.depth,
            Self::Index { of, key, .. } => of.depth.max(key.depth),
            Self::Call { target, args, .. } => {
                let target = target.as_ref().map_or(0, |target| target.depth);
                target.max(deepest(args))
            }
            Self::List(items) => items.iter().map(|item| item.value.depth).max().unwrap_or(0),
            Self::Map(entries) => entries
                .iter()
                .map(|(key, item)| key.depth.max(item.value.depth))
                .max()
                .unwrap_or(0),
            Self::And(parts) | Self::Or(parts) => deepest(parts),
            Self::If(parts) => deepest(parts.as_slice()),
        }
    }
}

/// Words that are not names.
///
/// Spec: CEL language definition, Syntax.
const RESERVED: [&str; 18] = [
    "as",
    "break",
    "const",
    "continue",
    "else",
    "for",
    "function",
    "if",
    "import",
    "in",
    "let",
    "loop",
    "package",
    "namespace",
    "return",
    "var",
    "void",
    "while",
];

const RELATIONS: [(&str, &str); 6] = [
    ("==", "_==_"),
    ("!=", "_!=_"),
    ("<=", "_<=_"),
    (">=", "_>=_"),
    ("<", "_<_"),
    (">", "_>_"),
];
const SUMS: [(&str, &str); 2] = [("+", "_+_"), ("-", "_-_")];
const PRODUCTS: [(&str, &str); 3] = [("*", "_*_"), ("/", "_/_"), ("%", "_%_")];

/// Parses an expression.
pub(super) fn parse(source: &str) -> Result<Expr, CompileError> {
    if source.len() > LENGTH {
        return Err(CompileError::too_large("the expression is too long"));
    }
    let mut parser = Parser {
        source,
        tokens: tokens(source)?.into_iter().peekable(),
        depth: 0,
        nodes: 0,
    };
    let expr = parser.expr()?;
    match parser.next() {
        Some(token) if token.kind != TokenKind::End => Err(parser.unexpected(&token)),
        _ => Ok(expr),
    }
}

struct Parser<'s> {
    source: &'s str,
    tokens: std::iter::Peekable<std::vec::IntoIter<Token>>,
    depth: usize,
    nodes: usize,
}

impl Parser<'_> {
    fn next(&mut self) -> Option<Token> {
        self.tokens.next()
    }

    fn place(&mut self) -> usize {
        let end = self.source.len();
        self.tokens.peek().map_or(end, |token| token.at)
    }

    fn error(&self, at: usize, message: impl Into<String>) -> CompileError {
        CompileError::syntax(self.source, at, message)
    }

    fn unexpected(&self, token: &Token) -> CompileError {
        let what = match &token.kind {
            TokenKind::End => "end of the expression".to_owned(),
            TokenKind::Word(word) => format!("'{word}'"),
            TokenKind::Sign(sign) => format!("'{sign}'"),
            TokenKind::Literal(_) => "a literal".to_owned(),
        };
        self.error(token.at, format!("Syntax error: unexpected {what}"))
    }

    fn next_sign(&mut self) -> Option<&'static str> {
        match self.tokens.peek().map(|token| &token.kind) {
            Some(TokenKind::Sign(sign)) => Some(sign),
            _ => None,
        }
    }

    fn takes(&mut self, sign: &str) -> bool {
        let found = self.next_sign() == Some(sign);
        if found {
            self.next();
        }
        found
    }

    fn takes_word(&mut self, word: &str) -> bool {
        let next = self.tokens.peek().map(|token| &token.kind);
        let found = matches!(next, Some(TokenKind::Word(next)) if next == word);
        if found {
            self.next();
        }
        found
    }

    fn needs(&mut self, sign: &str) -> Result<(), CompileError> {
        if self.takes(sign) {
            return Ok(());
        }
        match self.next() {
            Some(token) => Err(self.unexpected(&token)),
            None => Err(self.error(self.source.len(), "Syntax error")),
        }
    }

    fn make(&mut self, at: usize, node: Node) -> Result<Expr, CompileError> {
        self.nodes += 1;
        let depth = node.depth_below() + 1;
        if self.nodes > NODES || depth > DEPTH {
            return Err(CompileError::too_large("the expression is too complex"));
        }
        Ok(Expr { at, depth, node })
    }

    fn call(&mut self, at: usize, name: &str, args: Vec<Expr>) -> Result<Expr, CompileError> {
        let name = name.to_owned();
        let target = None;
        self.make(at, Node::Call { target, name, args })
    }

    fn expr(&mut self) -> Result<Expr, CompileError> {
        self.depth += 1;
        if self.depth > NESTING {
            return Err(CompileError::too_large("the expression is too complex"));
        }
        let condition = self.or()?;
        let at = self.place();
        let expr = if self.takes("?") {
            let yes = self.or()?;
            self.needs(":")?;
            let no = self.expr()?;
            self.make(at, Node::If(Box::new([condition, yes, no])))?
        } else {
            condition
        };
        self.depth -= 1;
        Ok(expr)
    }

    fn or(&mut self) -> Result<Expr, CompileError> {
        let at = self.place();
        let first = self.and()?;
        let mut parts = vec![first];
        while self.takes("||") {
            parts.push(self.and()?);
        }
        self.joined(at, parts, Node::Or)
    }

    fn and(&mut self) -> Result<Expr, CompileError> {
        let at = self.place();
        let first = self.relation()?;
        let mut parts = vec![first];
        while self.takes("&&") {
            parts.push(self.relation()?);
        }
        self.joined(at, parts, Node::And)
    }

    fn joined(
        &mut self,
        at: usize,
        mut parts: Vec<Expr>,
        node: fn(Vec<Expr>) -> Node,
    ) -> Result<Expr, CompileError> {
        match parts.pop() {
            Some(only) if parts.is_empty() => Ok(only),
            last => {
                parts.extend(last);
                self.make(at, node(parts))
            }
        }
    }

    fn relation(&mut self) -> Result<Expr, CompileError> {
        let mut left = self.operators(&SUMS, |parser| parser.operators(&PRODUCTS, Self::unary))?;
        loop {
            let at = self.place();
            let name = if self.takes_word("in") {
                "_in_"
            } else {
                let sign = self.next_sign();
                match RELATIONS.iter().find(|(known, _)| sign == Some(known)) {
                    Some((_, name)) => {
                        self.next();
                        name
                    }
                    None => return Ok(left),
                }
            };
            let right = self.operators(&SUMS, |parser| parser.operators(&PRODUCTS, Self::unary))?;
            left = self.call(at, name, vec![left, right])?;
        }
    }

    fn operators(
        &mut self,
        known: &[(&str, &str)],
        operand: impl Fn(&mut Self) -> Result<Expr, CompileError>,
    ) -> Result<Expr, CompileError> {
        let mut left = operand(self)?;
        loop {
            let at = self.place();
            let sign = self.next_sign();
            let Some((_, name)) = known.iter().find(|(known, _)| sign == Some(known)) else {
                return Ok(left);
            };
            self.next();
            let right = operand(self)?;
            left = self.call(at, name, vec![left, right])?;
        }
    }

    fn unary(&mut self) -> Result<Expr, CompileError> {
        let at = self.place();
        let Some(sign @ ("!" | "-")) = self.next_sign() else {
            return self.member(false);
        };
        let mut is_odd = false;
        while self.takes(sign) {
            is_odd = !is_odd;
        }
        let is_minus = sign == "-";
        let operand = self.member(is_minus && is_odd)?;
        match operand.node {
            Node::Literal(Value::Int(value)) if is_minus && is_odd => {
                let negated = value.checked_neg().unwrap_or(i64::MIN);
                self.make(at, Node::Literal(Value::Int(negated)))
            }
            Node::Literal(Value::Double(value)) if is_minus && is_odd => {
                self.make(at, Node::Literal(Value::Double(-value)))
            }
            _ if !is_odd => Ok(operand),
            _ => self.call(at, if is_minus { "-_" } else { "!_" }, vec![operand]),
        }
    }

    fn member(&mut self, is_negated: bool) -> Result<Expr, CompileError> {
        let mut expr = self.primary(is_negated)?;
        loop {
            let at = self.place();
            if self.takes(".") {
                let is_optional = self.takes("?");
                let name = self.field()?;
                let of = Box::new(expr);
                let node = if !is_optional && self.takes("(") {
                    let args = self.list_of(")", Self::expr)?;
                    let target = Some(of);
                    Node::Call { target, name, args }
                } else {
                    let field = name;
                    Node::Select {
                        of,
                        field,
                        is_optional,
                    }
                };
                expr = self.make(at, node)?;
            } else if self.takes("[") {
                let is_optional = self.takes("?");
                let key = Box::new(self.expr()?);
                self.needs("]")?;
                let of = Box::new(expr);
                let node = Node::Index {
                    of,
                    key,
                    is_optional,
                };
                expr = self.make(at, node)?;
            } else {
                return Ok(expr);
            }
        }
    }

    /// The name of a field, which may be a reserved word but for those that are literals or `in`.
    fn field(&mut self) -> Result<String, CompileError> {
        match self.next() {
            Some(Token {
                kind: TokenKind::Word(word),
                ..
            }) if !["true", "false", "null", "in"].contains(&word.as_str()) => Ok(word),
            Some(token) => Err(self.unexpected(&token)),
            None => Err(self.error(self.source.len(), "Syntax error")),
        }
    }

    fn primary(&mut self, is_negated: bool) -> Result<Expr, CompileError> {
        let Some(token) = self.next() else {
            return Err(self.error(self.source.len(), "Syntax error"));
        };
        let at = token.at;
        let node = match token.kind {
            TokenKind::Literal(Value::Int(i64::MIN)) if !is_negated => {
                return Err(self.error(at, "invalid int literal"));
            }
            TokenKind::Literal(value) => Node::Literal(value),
            TokenKind::Sign("(") => {
                let inner = self.expr()?;
                self.needs(")")?;
                return Ok(inner);
            }
            TokenKind::Sign("[") => Node::List(self.list_of("]", |parser| {
                let is_optional = parser.takes("?");
                let value = parser.expr()?;
                Ok(Item { value, is_optional })
            })?),
            TokenKind::Sign("{") => Node::Map(self.list_of("}", Self::entry)?),
            // A name that is not looked for in a container: there is none.
            TokenKind::Sign(".") => {
                let word = self.field()?;
                return self.name(at, word);
            }
            TokenKind::Word(word) => return self.name(at, word),
            TokenKind::Sign(_) | TokenKind::End => return Err(self.unexpected(&token)),
        };
        self.make(at, node)
    }

    fn entry(&mut self) -> Result<(Expr, Item), CompileError> {
        let is_optional = self.takes("?");
        let key = self.expr()?;
        self.needs(":")?;
        let value = self.expr()?;
        Ok((key, Item { value, is_optional }))
    }

    fn name(&mut self, at: usize, word: String) -> Result<Expr, CompileError> {
        let node = match word.as_str() {
            "true" => Node::Literal(Value::Bool(true)),
            "false" => Node::Literal(Value::Bool(false)),
            "null" => Node::Literal(Value::Null),
            reserved if RESERVED.contains(&reserved) => {
                return Err(self.error(at, format!("reserved identifier: {word}")));
            }
            _ if self.takes("(") => {
                let args = self.list_of(")", Self::expr)?;
                return self.call(at, &word, args);
            }
            _ => Node::Name(word),
        };
        self.make(at, node)
    }

    /// Parses what is between commas up to a closing sign.
    fn list_of<T>(
        &mut self,
        end: &str,
        item: impl Fn(&mut Self) -> Result<T, CompileError>,
    ) -> Result<Vec<T>, CompileError> {
        let mut items = Vec::new();
        while !self.takes(end) {
            items.push(item(self)?);
            if !self.takes(",") {
                self.needs(end)?;
                break;
            }
            // A list may end with a comma, arguments may not.
            if end == ")" && self.next_sign() == Some(")") {
                return Err(self.error(0, "Syntax error: unexpected ')'"));
            }
        }
        Ok(items)
    }
}
