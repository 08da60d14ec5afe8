//! What is demanded, compiled once.

use oci::RepoName;
use oci::glob::RepoGlob;
use regex::Regex;

/// Annotations that the manifests of some repositories must have.
#[derive(Debug)]
pub(crate) struct Rule {
    /// The repositories; all, when there is no pattern.
    repositories: Vec<RepoGlob>,
    /// The annotations.
    pub(crate) demands: Vec<Demand>,
}

/// One annotation that must be there.
#[derive(Debug)]
pub(crate) struct Demand {
    /// Its key.
    pub(crate) key: String,
    /// What its value must match, if that matters.
    value: Option<Regex>,
}

impl Rule {
    /// Turns the section into rules; the plain list of keys is a rule for every repository.
    ///
    /// # Errors
    /// Which pattern is malformed, and why.
    pub(crate) fn compile_all(section: &config::extensions::Lint) -> Result<Vec<Self>, String> {
        let mut rules = Vec::new();
        if !section.mandatory_annotations.is_empty() {
            let keys = section.mandatory_annotations.iter().cloned();
            let demands = keys.map(|key| Demand { key, value: None }).collect();
            rules.push(Self {
                repositories: Vec::new(),
                demands,
            });
        }
        for given in &section.rules {
            rules.push(Self::compile(given)?);
        }
        rules.retain(|rule| !rule.demands.is_empty());
        Ok(rules)
    }

    fn compile(given: &config::extensions::LintRule) -> Result<Self, String> {
        let glob = |pattern: &String| {
            RepoGlob::new(pattern)
                .map_err(|error| format!("repository pattern {pattern:?}: {error}"))
        };
        let repositories = given
            .repositories
            .iter()
            .map(glob)
            .collect::<Result<_, _>>()?;
        let demands = given
            .annotations
            .iter()
            .map(Demand::compile)
            .collect::<Result<_, _>>()?;
        Ok(Self {
            repositories,
            demands,
        })
    }

    /// Tells whether the rule is for a repository.
    pub(crate) fn is_for(&self, repo: &RepoName) -> bool {
        self.repositories.is_empty()
            || self
                .repositories
                .iter()
                .any(|glob| glob.matches(repo.as_str()))
    }
}

impl Demand {
    fn compile(given: &config::extensions::LintAnnotation) -> Result<Self, String> {
        let value = match given.pattern.as_str() {
            "" => None,
            pattern => Some(
                config::regex(pattern)
                    .map_err(|error| format!("value pattern {pattern:?}: {error}"))?,
            ),
        };
        Ok(Self {
            key: given.key.clone(),
            value,
        })
    }

    /// Tells whether a value satisfies the demand.
    pub(crate) fn is_met_by(&self, value: Option<&str>) -> bool {
        match (value, &self.value) {
            (None, _) => false,
            (Some(_), None) => true,
            (Some(value), Some(pattern)) => pattern.is_match(value),
        }
    }
}

#[cfg(test)]
mod tests {
    use config::extensions::{Lint, LintAnnotation, LintRule};

    use super::*;

    fn section(json: &str) -> Lint {
        let text = format!(r#"{{"storage":{{}},"extensions":{{"lint":{json}}}}}"#);
        let loaded = config::parse(text.as_bytes(), config::Format::Json, "test");
        let extensions = loaded.expect("valid").config.extensions;
        extensions.expect("given").lint.expect("given")
    }

    #[test]
    fn compiles_both_forms() {
        let rules = Rule::compile_all(&section(
            r#"{"mandatoryAnnotations":["a","b"],
                "rules":[{"repositories":["team/**"],"annotations":[{"key":"v","pattern":"^[0-9]+$"}]}]}"#,
        ))
        .expect("valid");
        let table = [
            ("busybox", 1),
            ("team/app", 2),
            ("team/app/deep", 2),
            ("team2/app", 1),
        ];
        for (repo, want) in table {
            let repo = repo.parse().expect("valid");
            assert_eq!(
                rules.iter().filter(|rule| rule.is_for(&repo)).count(),
                want,
                "{repo}"
            );
        }
        let demand = rules
            .last()
            .and_then(|rule| rule.demands.last())
            .expect("there");
        assert!(demand.is_met_by(Some("12")));
        assert!(!demand.is_met_by(Some("12a")));
        assert!(!demand.is_met_by(None));
    }

    #[test]
    fn names_the_pattern_that_is_malformed() {
        let with = |repository: &str, pattern: &str| {
            let annotation = LintAnnotation {
                key: "v".to_owned(),
                pattern: pattern.to_owned(),
            };
            let rule = LintRule {
                repositories: vec![repository.to_owned()],
                annotations: vec![annotation],
            };
            Rule::compile_all(&Lint {
                rules: vec![rule],
                ..Lint::default()
            })
        };
        assert!(
            with("a", "(")
                .expect_err("malformed")
                .contains("value pattern")
        );
        assert!(
            with("[", "")
                .expect_err("malformed")
                .contains("repository pattern")
        );
        assert_eq!(with("a", "x").expect("valid").len(), 1);
        assert!(Rule::compile_all(&section("{}")).expect("valid").is_empty());
    }
}
