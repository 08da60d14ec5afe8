//! Placeholders in values: `${env:NAME}` and `${file:PATH}`.

use std::io::Read as _;
use std::path::PathBuf;

/// Most bytes that a file may put in the place of a placeholder.
const MAX_FILE: u64 = 65_536;

/// Where the values of placeholders come from.
#[derive(Debug, Clone, Default)]
pub(crate) struct Environment {
    /// The folder that relative paths start from; empty for the working directory.
    pub(crate) base: PathBuf,
}

impl Environment {
    /// Replaces the placeholders of a text. `$${env:` and `$${file:` stand for the same text with
    /// one dollar; any other `${` is left alone, since expressions and patterns may contain it.
    ///
    /// # Errors
    /// What is wrong with a placeholder. The message holds its name, never its value.
    pub(crate) fn expand(&self, text: String) -> Result<String, String> {
        if !text.contains("${") {
            return Ok(text);
        }
        let mut done = String::with_capacity(text.len());
        let mut rest = text.as_str();
        while let Some((before, after)) = rest.split_once("${") {
            done.push_str(before);
            rest = after;
            let Some((source, name)) = source(after) else {
                done.push_str("${");
                continue;
            };
            if done.ends_with('$') {
                done.push('{');
                continue;
            }
            let (name, after) = name
                .split_once('}')
                .ok_or_else(|| "has a placeholder without a closing brace".to_owned())?;
            done.push_str(&match source {
                Source::Variable => variable(name)?,
                Source::File => self.file(name)?,
            });
            rest = after;
        }
        done.push_str(rest);
        Ok(done)
    }

    fn file(&self, name: &str) -> Result<String, String> {
        let failed = |error| format!("needs the file {name}: {error}");
        let file = std::fs::File::open(self.base.join(name)).map_err(failed)?;
        let mut text = String::new();
        file.take(MAX_FILE + 1)
            .read_to_string(&mut text)
            .map_err(failed)?;
        if u64::try_from(text.len()).is_ok_and(|size| size > MAX_FILE) {
            return Err(format!(
                "needs the file {name}, which is over {MAX_FILE} bytes"
            ));
        }
        let end = text.trim_end_matches(['\n', '\r']).len();
        text.truncate(end);
        Ok(text)
    }
}

enum Source {
    Variable,
    File,
}

/// What a placeholder asks for, read from behind `${`.
fn source(text: &str) -> Option<(Source, &str)> {
    let variable = text
        .strip_prefix("env:")
        .map(|name| (Source::Variable, name));
    variable.or_else(|| text.strip_prefix("file:").map(|name| (Source::File, name)))
}

#[expect(
    clippy::disallowed_methods,
    reason = "the one place that reads the environment"
)]
fn variable(name: &str) -> Result<String, String> {
    std::env::var(name).map_err(|problem| match problem {
        std::env::VarError::NotPresent => format!("needs the variable {name}, which is not set"),
        std::env::VarError::NotUnicode(_) => {
            format!("needs the variable {name}, which is not text")
        }
    })
}
