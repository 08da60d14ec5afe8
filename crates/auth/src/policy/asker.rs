//! The rights of one caller in one request, as the engine is given them.

use meta::{Action, Refusal, Rule};
use oci::RepoName;
use tracing::{debug, warn};

use super::decision::{Decision, Denial};
use super::{Asked, Facts, Policy, Subject};
use crate::identity::Identity;

/// Asks a policy on behalf of a caller.
pub(super) struct Asker {
    pub(super) policy: Policy,
    pub(super) who: Identity,
    pub(super) facts: Facts,
}

impl Rule for Asker {
    fn allows(&self, repo: &RepoName, action: Action) -> bool {
        self.judge(repo, action, "").is_ok()
    }

    fn judge(&self, repo: &RepoName, action: Action, reference: &str) -> Result<(), Refusal> {
        let asked = Asked {
            repo,
            action,
            reference,
        };
        match self.policy.decide(&self.who, &self.facts, asked) {
            Decision::Allowed(_) => Ok(()),
            Decision::Denied(denial) => {
                note(&denial, asked);
                Err(Refusal {
                    reason: denial.reason.map(str::to_owned),
                })
            }
        }
    }

    fn shows(&self, repo: &RepoName) -> bool {
        self.policy
            .shows(&Subject::of(&self.who), &self.facts, repo)
    }

    fn detects_collision(&self, repo: &RepoName) -> bool {
        self.policy.detects_collision(&Subject::of(&self.who), repo)
    }
}

fn note(denial: &Denial<'_>, asked: Asked<'_>) {
    let (rule, repo) = (denial.ground, asked.repo);
    if let Some(failure) = &denial.failure {
        warn!(%rule, %repo, error = %failure, "failed to evaluate policy condition");
    } else if let Some(message) = denial.reason {
        debug!(%rule, %repo, message, "policy condition not met");
    }
}
