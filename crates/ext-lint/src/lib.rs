//! Lint: refuses images that lack the annotations an operator demands.
//!
//! The smallest extension there is, and the pattern for the others: [`Lint::install`] reads its own
//! section of the configuration and puts one [`PushCheck`] into the plan. Knows manifests and their
//! annotations. Knows nothing of routes, of storage, or of other extensions.
//!
//! | module | holds |
//! |---|---|
//! | `rule` | what is demanded, compiled once |
//! | `check` | a manifest held against the rules |

mod check;
mod rule;

use std::sync::Arc;

use config::Config;
use ext::{Extension, Host, InstallError, Plan};
use registry::PushCheck;

use crate::check::AnnotationCheck;
use crate::rule::Rule;

/// The extension: `extensions.lint`.
#[derive(Clone, Copy, Debug)]
pub struct Lint;

impl Extension for Lint {
    fn name(&self) -> &'static str {
        "lint"
    }

    fn install(&self, config: &Config, _: &Host, plan: &mut Plan) -> Result<(), InstallError> {
        let section = config.extensions.as_ref().and_then(|all| all.lint.as_ref());
        let Some(section) = section.filter(|lint| lint.enable) else {
            return Ok(());
        };
        let rules =
            Rule::compile_all(section).map_err(|reason| InstallError::new(self.name(), reason))?;
        if !rules.is_empty() {
            let check: Arc<dyn PushCheck> = Arc::new(AnnotationCheck::new(rules));
            plan.fixed.push_checks.push(check);
        }
        Ok(())
    }
}
