//! Regular expressions in Go's syntax.

use regex::Regex;

/// Compiles a regular expression as it stands in a configuration.
///
/// Compat: zot reads Go's syntax. Where the two differ, the text is translated: `\Q…\E` quotes, and
/// a brace that opens no repetition stands for itself.
///
/// # Errors
/// When the text is no regular expression.
pub fn regex(text: &str) -> Result<Regex, regex::Error> {
    Regex::new(&translated(text))
}

fn translated(text: &str) -> String {
    let mut done = String::with_capacity(text.len());
    let mut rest = text;
    let mut in_class = false;
    while let Some(c) = rest.chars().next() {
        if let Some(quoted) = rest.strip_prefix("\\Q") {
            let (literal, after) = quoted.split_once("\\E").unwrap_or((quoted, ""));
            done.push_str(&regex::escape(literal));
            rest = after;
            continue;
        }
        let mut length = c.len_utf8();
        match c {
            '\\' => length += escape_length(rest) - 1,
            '[' => in_class = true,
            ']' => in_class = false,
            '{' if !in_class && !is_repetition(rest) => done.push('\\'),
            _ => {}
        }
        let (piece, after) = rest.split_at_checked(length).unwrap_or((rest, ""));
        done.push_str(piece);
        rest = after;
    }
    done
}

/// The length of an escape in bytes. Those with braces of their own are taken whole.
fn escape_length(text: &str) -> usize {
    let escaped = text.chars().nth(1);
    let braced = matches!(escaped, Some('p' | 'P' | 'x'))
        && text.get(2..).is_some_and(|t| t.starts_with('{'));
    match text.find('}') {
        Some(end) if braced => end + 1,
        _ => 1 + escaped.map_or(0, char::len_utf8),
    }
}

/// Whether a brace opens a repetition: `{2}`, `{2,}` or `{2,3}`.
fn is_repetition(text: &str) -> bool {
    let digits = |part: &str| part.chars().all(|c| c.is_ascii_digit());
    let inner = text.strip_prefix('{').and_then(|text| text.split_once('}'));
    inner.is_some_and(|(inner, _)| {
        let (least, most) = inner.split_once(',').unwrap_or((inner, ""));
        !least.is_empty() && digits(least) && digits(most)
    })
}

#[cfg(test)]
mod tests {
    use super::regex;

    #[test]
    fn reads_the_syntax_of_go() {
        for (pattern, text, matches) in [
            ("v2.*", "xv2.1", true),
            ("^v2$", "xv2", false),
            (r"\Qa.b\E$", "a.b", true),
            (r"\Qa.b\E$", "axb", false),
            (r"\Qa.b", "a.b", true),
            ("a{2}", "aa", true),
            ("^a{,2}$", "a{,2}", true),
            ("{", "{", true),
            ("[{]", "{", true),
            (r"\{x}", "{x}", true),
            (r"^\x{61}\pL\p{Greek}$", "abα", true),
            ("(?P<major>[0-9]+)", "12", true),
        ] {
            assert_eq!(
                regex(pattern).unwrap().is_match(text),
                matches,
                "{pattern} on {text}"
            );
        }
        for pattern in ["(", "[a", "*", r"\"] {
            assert!(regex(pattern).is_err(), "{pattern}");
        }
    }
}
