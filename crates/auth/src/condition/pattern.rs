//! Regular expressions as expressions write them.

use std::borrow::Cow;

use regex::{Regex, RegexBuilder};

/// Most bytes that a compiled pattern may take.
const SIZE: usize = 64 * 1024;
/// Most levels of groups in each other.
const NESTING: u32 = 32;

/// Compiles a pattern in RE2's syntax; `None` when it is malformed or too large.
///
/// Compat: zot reads RE2's syntax. Where the two differ, the text is translated: the classes of
/// letters, digits and blanks are those of ASCII, `\Q…\E` quotes, and a class holds nothing but
/// characters.
pub(super) fn compile(pattern: &str) -> Option<Regex> {
    RegexBuilder::new(&translated(pattern))
        .size_limit(SIZE)
        .nest_limit(NESTING)
        .build()
        .ok()
}

fn translated(pattern: &str) -> String {
    let mut done = String::with_capacity(pattern.len());
    let mut rest = pattern;
    let mut in_class = false;
    while !rest.is_empty() {
        let piece = if in_class {
            inside(&mut rest, &mut in_class)
        } else {
            outside(&mut rest, &mut in_class)
        };
        done.push_str(&piece);
    }
    done
}

/// Takes one piece of a pattern.
fn outside(rest: &mut &str, in_class: &mut bool) -> Cow<'static, str> {
    if let Some(quoted) = rest.strip_prefix("\\Q") {
        let (literal, after) = quoted.split_once("\\E").unwrap_or((quoted, ""));
        *rest = after;
        return regex::escape(literal).into();
    }
    if rest.starts_with('\\') {
        return escape(rest, Place::Outside);
    }
    if let Some(after) = rest.strip_prefix('[') {
        *in_class = true;
        let (negation, after) = match after.strip_prefix('^') {
            Some(after) => ("^", after),
            None => ("", after),
        };
        // A closing bracket that comes first stands for itself.
        let (first, after) = match after.strip_prefix(']') {
            Some(after) => ("\\]", after),
            None => ("", after),
        };
        *rest = after;
        return format!("[{negation}{first}").into();
    }
    take(rest).to_string().into()
}

/// Takes one piece of a class.
fn inside(rest: &mut &str, in_class: &mut bool) -> Cow<'static, str> {
    if rest.starts_with('\\') {
        return escape(rest, Place::Class);
    }
    if rest.starts_with("[:")
        && let Some((named, after)) = rest.split_once(":]")
    {
        let named = format!("{named}:]");
        *rest = after;
        return named.into();
    }
    match take(rest) {
        ']' => {
            *in_class = false;
            "]".into()
        }
        // These have a meaning in classes that they do not have in RE2.
        c @ ('[' | '&' | '~') => format!("\\{c}").into(),
        c => c.to_string().into(),
    }
}

fn take(rest: &mut &str) -> char {
    let mut chars = rest.chars();
    let c = chars.next().unwrap_or_default();
    *rest = chars.as_str();
    c
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Place {
    Outside,
    Class,
}

fn escape(rest: &mut &str, place: Place) -> Cow<'static, str> {
    take(rest);
    if rest.is_empty() {
        return "\\".into();
    }
    let escaped = take(rest);
    match ascii_class(escaped, place) {
        Some(class) => class.into(),
        None => format!("\\{escaped}").into(),
    }
}

fn ascii_class(escaped: char, place: Place) -> Option<&'static str> {
    Some(match (escaped, place) {
        ('d', Place::Class) => "0-9",
        ('d', Place::Outside) => "[0-9]",
        ('D', _) => "[^0-9]",
        ('w', Place::Class) => "0-9A-Za-z_",
        ('w', Place::Outside) => "[0-9A-Za-z_]",
        ('W', _) => "[^0-9A-Za-z_]",
        ('s', Place::Class) => "\\t\\n\\f\\r ",
        ('s', Place::Outside) => "[\\t\\n\\f\\r ]",
        ('S', _) => "[^\\t\\n\\f\\r ]",
        ('b', Place::Outside) => "(?-u:\\b)",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_mean_what_re2_makes_of_them() {
        for (pattern, text, want) in [
            ("^v[0-9]+$", "v12", true),
            ("b+", "abbc", true),
            (r"^\w+$", "é", false),
            (r"^[\w.-]+$", "a.b-c", true),
            (r"^\d+$", "٣", false),
            (r"^[^\s\d]+$", "ab", true),
            (r"^[^\s\d]+$", "a1", false),
            (r"\bpro\b", "a pro b", true),
            (r"\Qa.b\E$", "axb", false),
            (r"\Qa.b", "a.b", true),
            ("^[[]$", "[", true),
            ("^[]a]+$", "]a", true),
            ("^[^]a]+$", "]a", false),
            ("^[a&&b]+$", "&ab", true),
            ("^[[:alpha:]]+$", "ab", true),
            ("^[[:alpha:]1]+$", "ab2", false),
            (r"^\[x\]$", "[x]", true),
            (r"^\pL\p{Greek}$", "aα", true),
            ("(?i)^ABC$", "abc", true),
        ] {
            let regex = compile(pattern);
            let got = regex.map(|regex| regex.is_match(text));
            assert_eq!(got, Some(want), "{pattern} on {text}");
        }
        let deep = "(".repeat(100) + &")".repeat(100);
        let large = "(a{100}){100}{100}";
        for pattern in ["(", "[a", "*", "\\", "(?=a)", deep.as_str(), large] {
            assert!(compile(pattern).is_none(), "{pattern}");
        }
    }
}
