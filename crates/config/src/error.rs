//! What may be wrong with a configuration, and what is only worth a line in the log.

use std::fmt;

/// Why a configuration was refused. The text is what the command line prints.
///
/// Compat: every text starts with `invalid server config`, and the words that scripts look for
/// follow at once; the file and the key come behind them.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The file cannot be read.
    #[error("invalid server config: failed to read the config file (file {file})")]
    Read {
        /// The file as it was named.
        file: String,
        /// What the system said.
        source: std::io::Error,
    },
    /// The text is not in the format that the file name promises.
    #[error("invalid server config: failed to parse: {message} (file {file})")]
    Syntax {
        /// The file as it was named.
        file: String,
        /// What the reader of the format said.
        message: String,
    },
    /// There is no key at all.
    #[error(
        "invalid server config: failed to load config due to the absence of any key:value pair (file {file})"
    )]
    Empty {
        /// The file as it was named.
        file: String,
    },
    /// Keys are unknown, or values are of the wrong type.
    #[error(
        "invalid server config: decoding failed due to the following error(s): {faults} (file {file})"
    )]
    Decode {
        /// The file as it was named.
        file: String,
        /// Everything that is wrong.
        faults: Faults,
    },
    /// A file with credentials or keys cannot be used.
    #[error("invalid server config: failed to {problem} ({key} in {file}: {secret_file})")]
    SecretFile {
        /// The configuration file.
        file: String,
        /// The key that names the secret file.
        key: String,
        /// The secret file.
        secret_file: String,
        /// What went wrong, in zot's words.
        problem: String,
    },
    /// A value, or a set of values, makes no sense.
    #[error("invalid server config: {message} ({key}{})", in_file(.file))]
    Invalid {
        /// The configuration file; empty for a configuration that was made in memory.
        file: String,
        /// The path of the key, such as `http.tls`.
        key: String,
        /// What is wrong, in zot's words where it has some.
        message: String,
    },
}

impl Error {
    pub(crate) fn invalid(key: impl Into<String>, message: impl Into<String>) -> Self {
        Self::Invalid {
            file: String::new(),
            key: key.into(),
            message: message.into(),
        }
    }

    /// Names the file of an error that a check of values in memory has found.
    pub(crate) fn in_file(mut self, origin: &str) -> Self {
        if let Self::Invalid { file, .. } = &mut self {
            origin.clone_into(file);
        }
        self
    }
}

fn in_file(file: &str) -> String {
    if file.is_empty() {
        String::new()
    } else {
        format!(" in {file}")
    }
}

/// One thing that is wrong with a document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// The path of the key; empty for the whole document.
    pub key: String,
    /// What is wrong.
    pub text: String,
}

/// Everything that is wrong with a document; at least one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Faults(pub Vec<Fault>);

impl fmt::Display for Faults {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, fault) in self.0.iter().enumerate() {
            if at > 0 {
                f.write_str("; ")?;
            }
            f.write_str(&fault.text)?;
            if !fault.key.is_empty() {
                write!(f, " (key {})", fault.key)?;
            }
        }
        Ok(())
    }
}

/// Something that the user should know of, for one line in the log at level warn.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Warning {
    /// The message.
    pub message: String,
    /// The fields of the line, by name. Never a secret.
    pub fields: Vec<(&'static str, String)>,
}

impl Warning {
    pub(crate) fn new(message: impl Into<String>) -> Self {
        Self {
            message: message.into(),
            fields: Vec::new(),
        }
    }

    pub(crate) fn with(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.fields.push((name, value.into()));
        self
    }
}
