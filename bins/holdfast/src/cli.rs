//! The command line.
//!
//! Compat: commands, arguments, the texts of refusals and exit code 1 are those that scripts for zot know.

use std::ffi::OsString;
use std::path::PathBuf;

use clap::error::{ContextKind, ContextValue, ErrorKind};
use clap::{CommandFactory, Parser, Subcommand};
use clap_complete::Shell;

/// An OCI container image registry.
#[derive(Debug, Parser)]
#[command(
    name = "holdfast",
    disable_version_flag = true,
    subcommand_required = false
)]
struct Line {
    /// Log the version and what this build holds
    #[arg(short = 'v', long)]
    version: bool,
    #[command(subcommand)]
    command: Option<Verb>,
}

#[derive(Debug, Subcommand)]
enum Verb {
    /// Serve a registry; without a file, one in ./holdfast-data on 127.0.0.1:8080
    Serve {
        /// The configuration file
        config: Vec<PathBuf>,
        /// Accepted for compatibility: stores are compared with their files at every start
        #[arg(long)]
        force_reparse: bool,
    },
    /// Check a configuration file
    Verify {
        /// The configuration file
        config: Vec<PathBuf>,
    },
    /// Print the JSON Schema of the configuration
    Schema,
    /// Print a completion script
    Completion {
        /// The shell
        shell: Shell,
    },
}

/// What the command line asks for.
#[derive(Debug)]
pub(crate) enum Command {
    /// Log the version.
    Version,
    /// Serve, with a file or with the built-in defaults.
    Serve {
        /// The file.
        config: Option<PathBuf>,
    },
    /// Check a file; nothing, when there is none.
    Verify {
        /// The file.
        config: Option<PathBuf>,
    },
    /// Print the schema.
    Schema,
    /// Print a completion script.
    Completion {
        /// For which shell.
        shell: Shell,
    },
}

/// A command, or a text that answers it.
#[derive(Debug)]
pub(crate) enum Parsed {
    /// Print this.
    Text(String),
    /// Do this.
    Command(Command),
}

/// Reads the command line.
///
/// # Errors
/// The text of the refusal.
pub(crate) fn parse(arguments: impl IntoIterator<Item = OsString>) -> Result<Parsed, String> {
    let line = match Line::try_parse_from(arguments) {
        Ok(line) => line,
        Err(error) if error.kind() == ErrorKind::DisplayHelp => {
            return Ok(Parsed::Text(error.to_string()));
        }
        Err(error) => return Err(refusal(&error)),
    };
    Ok(match line.command {
        _ if line.version => Parsed::Command(Command::Version),
        None => Parsed::Text(Line::command().render_help().to_string()),
        Some(verb) => Parsed::Command(command(verb)?),
    })
}

fn command(verb: Verb) -> Result<Command, String> {
    Ok(match verb {
        Verb::Serve { config, .. } => Command::Serve {
            config: at_most_one(config)?,
        },
        Verb::Verify { config } => Command::Verify {
            config: at_most_one(config)?,
        },
        Verb::Schema => Command::Schema,
        Verb::Completion { shell } => Command::Completion { shell },
    })
}

fn at_most_one(mut files: Vec<PathBuf>) -> Result<Option<PathBuf>, String> {
    if files.len() > 1 {
        return Err(format!(
            "accepts at most 1 arg(s), received {}",
            files.len()
        ));
    }
    Ok(files.pop())
}

fn refusal(error: &clap::Error) -> String {
    if error.kind() == ErrorKind::InvalidSubcommand
        && let Some(ContextValue::String(name)) = error.get(ContextKind::InvalidSubcommand)
    {
        return format!(
            "unknown command {name:?} for \"holdfast\"\nRun 'holdfast --help' for usage."
        );
    }
    let text = error.render().to_string();
    text.trim_start_matches("error: ").trim_end().to_owned()
}

/// Yields the completion script for a shell.
pub(crate) fn completion(shell: Shell) -> String {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut Line::command(), "holdfast", &mut script);
    String::from_utf8_lossy(&script).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(line: &str) -> Result<Parsed, String> {
        parse(line.split(' ').map(OsString::from))
    }

    #[test]
    fn commands() {
        let is_serve = |file: Option<&str>, line: &str| match parsed(line) {
            Ok(Parsed::Command(Command::Serve { config })) => config == file.map(PathBuf::from),
            _ => false,
        };
        assert!(is_serve(None, "holdfast serve"));
        assert!(is_serve(Some("a.json"), "holdfast serve a.json"));
        assert!(is_serve(
            Some("a.json"),
            "holdfast serve a.json --force-reparse"
        ));
        assert!(matches!(
            parsed("holdfast -v"),
            Ok(Parsed::Command(Command::Version))
        ));
        assert!(matches!(
            parsed("holdfast --version"),
            Ok(Parsed::Command(Command::Version))
        ));
        assert!(matches!(parsed("holdfast"), Ok(Parsed::Text(text)) if text.contains("serve")));
        assert!(matches!(parsed("holdfast --help"), Ok(Parsed::Text(_))));
    }

    #[test]
    fn refusals_read_as_scripts_expect() {
        let table = [
            ("holdfast foo", "unknown command \"foo\" for \"holdfast\""),
            ("holdfast serve a b", "accepts at most 1 arg(s), received 2"),
            (
                "holdfast verify a b c",
                "accepts at most 1 arg(s), received 3",
            ),
            ("holdfast serve --nope", "unexpected argument '--nope'"),
        ];
        for (line, want) in table {
            let refusal = parsed(line).expect_err("refused");
            assert!(refusal.starts_with(want), "{line}: {refusal}");
        }
    }

    #[test]
    fn completion_knows_the_commands() {
        assert!(completion(Shell::Bash).contains("verify"));
    }
}
