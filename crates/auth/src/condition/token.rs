//! Expressions as tokens.

use std::sync::Arc;

use super::CompileError;
use super::value::Value;

/// A token and where it begins, in bytes.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Token {
    pub(super) at: usize,
    pub(super) kind: TokenKind,
}

#[derive(Clone, Debug, PartialEq)]
pub(super) enum TokenKind {
    /// A name, or a word that has a meaning of its own.
    Word(String),
    Literal(Value),
    Sign(&'static str),
    End,
}

/// The signs, longer ones before those that they begin with.
const SIGNS: [&str; 25] = [
    "&&", "||", "==", "!=", "<=", ">=", "[", "]", "{", "}", "(", ")", ".", ",", "-", "!", "?", ":",
    "+", "*", "/", "%", "<", ">", "=",
];

/// Cuts an expression into tokens, the end included.
pub(super) fn tokens(source: &str) -> Result<Vec<Token>, CompileError> {
    let mut lexer = Lexer { source, at: 0 };
    let mut tokens = Vec::new();
    loop {
        let token = lexer.next()?;
        let is_last = token.kind == TokenKind::End;
        tokens.push(token);
        if is_last {
            return Ok(tokens);
        }
    }
}

struct Lexer<'s> {
    source: &'s str,
    at: usize,
}

impl<'s> Lexer<'s> {
    fn rest(&self) -> &'s str {
        self.source.get(self.at..).unwrap_or_default()
    }

    fn take(&mut self, bytes: usize) -> &'s str {
        let taken = self.rest().get(..bytes).unwrap_or_default();
        self.at += taken.len();
        taken
    }

    fn take_while(&mut self, fits: impl Fn(char) -> bool) -> &'s str {
        let rest = self.rest();
        self.take(rest.find(|c| !fits(c)).unwrap_or(rest.len()))
    }

    fn error(&self, at: usize, message: impl Into<String>) -> CompileError {
        CompileError::syntax(self.source, at, message)
    }

    fn skip_blanks(&mut self) {
        loop {
            self.take_while(|c| matches!(c, ' ' | '\t' | '\r' | '\n' | '\x0c'));
            if !self.rest().starts_with("//") {
                return;
            }
            self.take_while(|c| c != '\n');
        }
    }

    fn next(&mut self) -> Result<Token, CompileError> {
        self.skip_blanks();
        let (at, rest) = (self.at, self.rest());
        let mut chars = rest.chars();
        let kind = match (chars.next(), chars.next()) {
            (None, _) => TokenKind::End,
            (Some('0'..='9'), _) | (Some('.'), Some('0'..='9')) => self.number()?,
            _ => match string_opening(rest) {
                Some(opening) => self.string(opening)?,
                None => self.word_or_sign()?,
            },
        };
        Ok(Token { at, kind })
    }

    fn word_or_sign(&mut self) -> Result<TokenKind, CompileError> {
        let rest = self.rest();
        if rest.starts_with(|c: char| c == '_' || c.is_ascii_alphabetic()) {
            let word = self.take_while(|c| c == '_' || c.is_ascii_alphanumeric());
            return Ok(TokenKind::Word(word.to_owned()));
        }
        let sign = SIGNS.iter().find(|sign| rest.starts_with(**sign));
        let unknown = || self.error(self.at, "token recognition error");
        let sign = sign.filter(|sign| **sign != "=").ok_or_else(unknown)?;
        self.take(sign.len());
        Ok(TokenKind::Sign(sign))
    }

    /// Numbers have no sign of their own: `-1` is negated when it is parsed.
    fn number(&mut self) -> Result<TokenKind, CompileError> {
        let at = self.at;
        let bad = |lexer: &Self| lexer.error(at, "invalid number literal");
        let rest = self.rest();
        if rest.starts_with("0x") || rest.starts_with("0X") {
            self.take(2);
            let digits = self.take_while(|c| c.is_ascii_hexdigit());
            let value = u64::from_str_radix(digits, 16).map_err(|_no_number| bad(self))?;
            return self.integer(at, value);
        }
        let whole = self.take_while(|c| c.is_ascii_digit());
        let mut is_double = false;
        let mut after = self.rest().chars();
        if after.next() == Some('.') && after.next().is_some_and(|c| c.is_ascii_digit()) {
            is_double = true;
            self.take(1);
            self.take_while(|c| c.is_ascii_digit());
        }
        is_double |= self.exponent();
        if is_double {
            let text = self.source.get(at..self.at).unwrap_or_default();
            let value: f64 = text.parse().map_err(|_no_number| bad(self))?;
            return Ok(TokenKind::Literal(Value::Double(value)));
        }
        let value = whole.parse().map_err(|_no_number| bad(self))?;
        self.integer(at, value)
    }

    fn exponent(&mut self) -> bool {
        let Some(after) = self.rest().strip_prefix(['e', 'E']) else {
            return false;
        };
        let digits = after.strip_prefix(['+', '-']).unwrap_or(after);
        let length = digits.len()
            - digits
                .trim_start_matches(|c: char| c.is_ascii_digit())
                .len();
        if length > 0 {
            self.take(1 + after.len() - digits.len() + length);
        }
        length > 0
    }

    /// The smallest integer is one larger, without its sign, than the largest: it stays unsigned
    /// for the parser to negate.
    fn integer(&mut self, at: usize, value: u64) -> Result<TokenKind, CompileError> {
        if self.rest().starts_with(['u', 'U']) {
            self.take(1);
            return Ok(TokenKind::Literal(Value::Uint(value)));
        }
        match i64::try_from(value) {
            Ok(value) => Ok(TokenKind::Literal(Value::Int(value))),
            Err(_) if value == i64::MIN.unsigned_abs() => {
                Ok(TokenKind::Literal(Value::Int(i64::MIN)))
            }
            Err(_) => Err(self.error(at, "invalid int literal")),
        }
    }

    fn string(&mut self, opening: Opening) -> Result<TokenKind, CompileError> {
        let at = self.at;
        self.take(opening.length());
        let mut bytes = Vec::new();
        loop {
            let rest = self.rest();
            if rest.starts_with(opening.quote) {
                self.take(opening.quote.len());
                break;
            }
            let is_long = opening.quote.len() == 3;
            match rest.chars().next() {
                Some('\\') if !opening.is_raw => self.escape(opening, &mut bytes)?,
                Some('\n' | '\r') if !is_long => return Err(self.error(at, "unclosed string")),
                Some(c) => bytes.extend_from_slice(self.take(c.len_utf8()).as_bytes()),
                None => return Err(self.error(at, "unclosed string")),
            }
        }
        if opening.is_bytes {
            return Ok(TokenKind::Literal(Value::Bytes(bytes.into())));
        }
        let text = String::from_utf8(bytes).map_err(|_no_text| self.error(at, "invalid string"))?;
        Ok(TokenKind::Literal(Value::String(Arc::from(text))))
    }

    fn escape(&mut self, opening: Opening, bytes: &mut Vec<u8>) -> Result<(), CompileError> {
        let at = self.at;
        self.take(1);
        let c = self.rest().chars().next().unwrap_or('\0');
        let plain = match c {
            'a' => Some('\x07'),
            'b' => Some('\x08'),
            'f' => Some('\x0c'),
            'n' => Some('\n'),
            'r' => Some('\r'),
            't' => Some('\t'),
            'v' => Some('\x0b'),
            '\\' | '\'' | '"' | '`' | '?' => Some(c),
            _ => None,
        };
        if let Some(plain) = plain {
            self.take(1);
            let mut buffer = [0; 4];
            bytes.extend_from_slice(plain.encode_utf8(&mut buffer).as_bytes());
            return Ok(());
        }
        let (skip, digits, radix) = match c {
            'x' | 'X' => (1, 2, 16),
            'u' => (1, 4, 16),
            'U' => (1, 8, 16),
            '0'..='3' => (0, 3, 8),
            _ => return Err(self.error(at, "invalid escape sequence")),
        };
        self.take(skip);
        let text = self.take(digits);
        let is_whole = text.len() == digits && !text.starts_with('+');
        let code = u32::from_str_radix(text, radix)
            .ok()
            .filter(|_| is_whole)
            .ok_or_else(|| self.error(at, "invalid escape sequence"))?;
        if opening.is_bytes && matches!(c, 'u' | 'U') {
            return Err(self.error(at, "invalid escape sequence"));
        }
        if opening.is_bytes
            && let Ok(byte) = u8::try_from(code)
        {
            bytes.push(byte);
            return Ok(());
        }
        let c = char::from_u32(code).ok_or_else(|| self.error(at, "invalid escape sequence"))?;
        let mut buffer = [0; 4];
        bytes.extend_from_slice(c.encode_utf8(&mut buffer).as_bytes());
        Ok(())
    }
}

/// How a string begins.
#[derive(Clone, Copy)]
struct Opening {
    prefix: usize,
    is_raw: bool,
    is_bytes: bool,
    quote: &'static str,
}

impl Opening {
    const fn length(self) -> usize {
        self.prefix + self.quote.len()
    }
}

fn string_opening(text: &str) -> Option<Opening> {
    let mut start = text.bytes().take(3);
    let prefix = start.position(|byte| matches!(byte, b'"' | b'\''))?;
    let (letters, quoted) = text.split_at_checked(prefix)?;
    let (is_raw, is_bytes) = match letters.to_ascii_lowercase().as_str() {
        "" => (false, false),
        "r" => (true, false),
        "b" => (false, true),
        "br" => (true, true),
        _ => return None,
    };
    let known = ["\"\"\"", "'''", "\"", "'"];
    let quote = known.into_iter().find(|quote| quoted.starts_with(quote))?;
    Some(Opening {
        prefix,
        is_raw,
        is_bytes,
        quote,
    })
}
