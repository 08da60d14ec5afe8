//! From a file to a configuration that is complete and makes sense.

use std::io::Read as _;
use std::path::Path;

use figment::value::{Dict, Map as Profiles};
use figment::{Figment, Metadata, Profile, Provider};
use serde_json::{Map, Value as Json};

use crate::config::Config;
use crate::decode::Decode;
use crate::defaults;
use crate::error::{Error, Fault, Faults, Warning};
use crate::fold::{self, Environment, Folded};
use crate::format::Format;
use crate::secret_file;
use crate::shape::Sectioned;
use crate::validate::validate;

/// Largest accepted file in bytes.
const MAX_FILE: u64 = 16 * 1024 * 1024;

/// A configuration, and what is worth a line in the log.
#[derive(Debug, Clone)]
pub struct Loaded {
    /// The configuration: complete and valid.
    pub config: Config,
    /// To be logged at level warn, in this order.
    pub warnings: Vec<Warning>,
}

/// Reads a configuration file, and the files with credentials and keys that it names. The format
/// follows from the extension of the name; relative names inside start from the working directory.
///
/// Spec: core 2.
///
/// # Errors
/// [`Error`], with the text that the command line prints. The first check that fails decides,
/// except that a document is reported with all its unknown keys and misfit values at once.
pub fn load(path: &Path) -> Result<Loaded, Error> {
    load_from(path, &Environment::default())
}

/// As [`load`], for a document in memory. `origin` stands in messages where the file would.
///
/// # Errors
/// As [`load`].
pub fn parse(text: &[u8], format: Format, origin: &str) -> Result<Loaded, Error> {
    Source {
        origin,
        environment: &Environment::default(),
    }
    .load(text, format)
}

pub(crate) fn load_from(path: &Path, environment: &Environment) -> Result<Loaded, Error> {
    let origin = path.display().to_string();
    let text = read_file(path).map_err(|source| Error::Read {
        file: origin.clone(),
        source,
    })?;
    Source {
        origin: &origin,
        environment,
    }
    .load(&text, Format::of(path))
}

/// Reads a file, up to the size that any file of a configuration may have.
pub(crate) fn read_file(path: &Path) -> std::io::Result<Vec<u8>> {
    let mut text = Vec::new();
    std::fs::File::open(path)?
        .take(MAX_FILE + 1)
        .read_to_end(&mut text)?;
    if u64::try_from(text.len()).is_ok_and(|size| size > MAX_FILE) {
        return Err(std::io::Error::other("the file is too large"));
    }
    Ok(text)
}

struct Source<'a> {
    origin: &'a str,
    environment: &'a Environment,
}

impl Source<'_> {
    fn load(&self, text: &[u8], format: Format) -> Result<Loaded, Error> {
        let mut folded = self.decode(text, format)?;
        let mut warnings = std::mem::take(&mut folded.warnings);
        if format == Format::Guess {
            let message = "config file with no extension, trying all supported config types";
            warnings.insert(0, Warning::new(message).with("file", self.origin));
        }
        warnings.extend(defaults::notes(&folded.keys));
        let mut config: Config = self.extract(&folded.keys)?;
        if let Some(fault) = folded.first_refusal() {
            return Err(Error::invalid(fault.key, fault.text).in_file(self.origin));
        }
        secret_file::read_all(&mut config, self.environment, self.origin)?;
        defaults::complete(&mut config, &mut warnings)
            .map_err(|error| error.in_file(self.origin))?;
        validate(&config).map_err(|error| error.in_file(self.origin))?;
        Ok(Loaded { config, warnings })
    }

    /// The document in canonical keys and types.
    fn decode(&self, text: &[u8], format: Format) -> Result<Folded, Error> {
        let file = || self.origin.to_owned();
        let document = format.read(text).map_err(|message| Error::Syntax {
            file: file(),
            message,
        })?;
        if document.is_empty() {
            return Err(Error::Empty { file: file() });
        }
        let mut folded = fold::fold(document, Config::SECTION, "config.Config", self.environment);
        match std::mem::take(&mut folded.faults) {
            faults if faults.is_empty() => Ok(folded),
            faults => Err(Error::Decode {
                file: file(),
                faults: Faults(faults),
            }),
        }
    }

    /// The typed configuration: the document over the defaults that follow from it, over those of
    /// the types. What is left to fail are types with a syntax of their own.
    fn extract(&self, keys: &Map<String, Json>) -> Result<Config, Error> {
        let document = Layer {
            name: "config file",
            keys: keys.clone(),
        };
        let computed = Layer {
            name: "computed defaults",
            keys: defaults::computed(keys),
        };
        typed(&Figment::from(document).join(computed)).map_err(|fault| Error::Invalid {
            file: self.origin.to_owned(),
            key: fault.key,
            message: fault.text,
        })
    }
}

/// Decodes folded layers. They are read as one value first: a reader of figment's own for each type
/// would be half a MiB.
fn typed(layers: &Figment) -> Result<Config, Fault> {
    let complete = layers.extract().map_err(|error| Fault {
        key: error.path.join("."),
        text: error.kind.to_string(),
    })?;
    Config::decode(Json::Object(complete))
}

/// Folded keys as a layer of figment.
struct Layer {
    name: &'static str,
    keys: Map<String, Json>,
}

impl Provider for Layer {
    fn metadata(&self) -> Metadata {
        Metadata::named(self.name)
    }

    fn data(&self) -> Result<Profiles<Profile, Dict>, figment::Error> {
        let value = figment::value::Value::serialize(&self.keys)?;
        Ok(Profile::Default.collect(value.into_dict().unwrap_or_default()))
    }
}

#[cfg(test)]
mod tests;
