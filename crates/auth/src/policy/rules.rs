//! A policy as it is asked.

use std::cell::OnceCell;
use std::collections::HashMap;

use meta::Action;
use oci::glob::RepoGlob;

use super::decision::{Decision, Denial, Ground};
use super::options::{ConditionText, Entry, Grant, MetricsReaders, PolicyOptions};
use super::{Asked, Facts, PolicyError, Subject};
use crate::condition::{Condition, Request, Value};
use crate::limit::Actions;

/// The action that is a behaviour.
const DETECT_COLLISION: &str = "detectManifestCollision";

/// Holds a compiled policy.
#[derive(Debug)]
pub(super) struct Rules {
    /// The longest first.
    patterns: Vec<Pattern>,
    admin: GrantRule,
    /// Static groups by user.
    groups: HashMap<String, Vec<String>>,
    pub(super) metrics: MetricsRule,
    pub(super) has_anonymous: bool,
    pub(super) has_known: bool,
}

#[derive(Debug)]
struct Pattern {
    /// What every name that matches begins and ends with: looking at it first spares most of the
    /// matching. A thousand patterns cost a microsecond so.
    prefix: String,
    suffix: String,
    glob: RepoGlob,
    entry: EntryRule,
}

impl Pattern {
    fn matches(&self, repo: &str) -> bool {
        repo.starts_with(&self.prefix) && repo.ends_with(&self.suffix) && self.glob.matches(repo)
    }
}

#[derive(Debug)]
struct EntryRule {
    policies: Vec<GrantRule>,
    default: Given,
    anonymous: Given,
}

#[derive(Debug)]
struct GrantRule {
    users: Names,
    groups: Names,
    given: Given,
    conditions: Vec<Condition>,
}

/// What a list of actions gives.
#[derive(Clone, Copy, Debug)]
struct Given {
    actions: Actions,
    detects_collision: bool,
}

impl Given {
    fn named(names: &[String]) -> Self {
        Self {
            actions: Actions::named(names),
            detects_collision: names.iter().any(|name| name == DETECT_COLLISION),
        }
    }
}

/// Who may read the metrics.
#[derive(Debug)]
pub(super) struct MetricsRule {
    users: Names,
    pub(super) anonymous: bool,
}

impl MetricsRule {
    fn of(readers: &MetricsReaders) -> Self {
        Self {
            users: Names::new(readers.users.clone()),
            anonymous: Actions::named(&readers.anonymous).contains(Action::Read),
        }
    }

    pub(super) fn admits(&self, who: &Subject<'_>) -> bool {
        match who.name {
            Some(name) => self.users.contains(name),
            None => self.anonymous,
        }
    }
}

/// A sorted set of names.
#[derive(Debug)]
struct Names(Box<[String]>);

impl Names {
    fn new(mut names: Vec<String>) -> Self {
        names.sort_unstable();
        names.dedup();
        Self(names.into())
    }

    fn contains(&self, name: &str) -> bool {
        self.0
            .binary_search_by(|held| held.as_str().cmp(name))
            .is_ok()
    }
}

impl GrantRule {
    fn names_user(&self, who: &Subject<'_>) -> bool {
        who.name.is_some_and(|name| self.users.contains(name))
    }

    fn names_group(&self, who: &Subject<'_>) -> bool {
        who.groups.iter().any(|group| self.groups.contains(group))
    }

    fn names(&self, who: &Subject<'_>) -> bool {
        self.names_user(who) || self.names_group(who)
    }
}

impl EntryRule {
    /// Tells whether some list gives something to a caller, whatever the conditions.
    fn gives(&self, who: &Subject<'_>, what: impl Fn(Given) -> bool) -> bool {
        let rest = match who.name {
            Some(_) => self.default,
            None => self.anonymous,
        };
        let mut policies = self.policies.iter();
        what(rest) || policies.any(|policy| what(policy.given) && policy.names(who))
    }
}

impl Rules {
    pub(super) fn compile(options: &PolicyOptions) -> Result<Self, PolicyError> {
        let build = Build { options };
        let mut patterns = Vec::new();
        for (pattern, entry) in &options.repositories {
            patterns.push(build.pattern(pattern, entry)?);
        }
        // Stable: of equally long patterns the first stays first.
        patterns.sort_by_key(|pattern| std::cmp::Reverse(pattern.glob.as_str().len()));
        let entries = || options.repositories.iter().map(|(_, entry)| entry);
        Ok(Self {
            patterns,
            admin: build.grant(&options.admin, "adminPolicy")?,
            groups: build.groups(),
            metrics: MetricsRule::of(&options.metrics),
            has_anonymous: entries().any(|entry| !entry.anonymous.is_empty()),
            has_known: entries()
                .any(|entry| !entry.policies.is_empty() || !entry.default.is_empty())
                || !(options.admin.users.is_empty() && options.admin.groups.is_empty()),
        })
    }

    fn entry_for(&self, repo: &str) -> Option<&Pattern> {
        self.patterns.iter().find(|pattern| pattern.matches(repo))
    }

    pub(super) fn decide(
        &self,
        who: &Subject<'_>,
        facts: &Facts,
        asked: Asked<'_>,
    ) -> Decision<'_> {
        let mut judge = Judge {
            asked: asked.action,
            request: OnceCell::new(),
            make: || {
                Request {
                    facts,
                    repo: asked.repo.as_str(),
                    action: asked.action.as_str(),
                    reference: asked.reference,
                    user: who.name,
                    groups: who.groups,
                    admin: self.admin.names(who),
                    claims: who.claims,
                }
                .into_value()
            },
            denial: Denial::by(Ground::Nothing),
        };
        let allowed = self
            .entry_for(asked.repo.as_str())
            .and_then(|pattern| judge.entry(pattern, who))
            .or_else(|| {
                let named = self.admin.names(who);
                let admitted = named && judge.admits(&self.admin, Ground::Admin);
                admitted.then_some(Ground::Admin)
            });
        match allowed {
            Some(ground) => Decision::Allowed(ground),
            None => Decision::Denied(judge.denial),
        }
    }

    pub(super) fn shows(&self, who: &Subject<'_>, repo: &str) -> bool {
        let reads = |given: Given| given.actions.contains(Action::Read);
        self.admin.names(who)
            || self
                .entry_for(repo)
                .is_some_and(|pattern| pattern.entry.gives(who, reads))
    }

    pub(super) fn detects_collision(&self, who: &Subject<'_>, repo: &str) -> bool {
        let detects = |given: Given| given.detects_collision;
        !self.admin.names(who)
            && self
                .entry_for(repo)
                .is_some_and(|pattern| pattern.entry.gives(who, detects))
    }

    pub(super) fn is_admin(&self, who: &Subject<'_>, facts: impl FnOnce() -> Facts) -> bool {
        if !self.admin.names(who) || self.admin.conditions.is_empty() {
            return self.admin.names(who);
        }
        let request = Request {
            facts: &facts(),
            repo: "",
            action: "",
            reference: "",
            user: who.name,
            groups: who.groups,
            admin: true,
            claims: who.claims,
        };
        let request = request.into_value();
        let mut conditions = self.admin.conditions.iter();
        conditions.all(|condition| condition.holds(&request) == Ok(true))
    }

    pub(super) fn groups_of(&self, user: &str) -> &[String] {
        self.groups.get(user).map(Vec::as_slice).unwrap_or_default()
    }
}

/// One decision under way.
struct Judge<'p, M> {
    asked: Action,
    /// What conditions see, made when the first one is met.
    request: OnceCell<Value>,
    make: M,
    denial: Denial<'p>,
}

impl<'p, M: Fn() -> Value> Judge<'p, M> {
    fn entry(&mut self, pattern: &'p Pattern, who: &Subject<'_>) -> Option<Ground<'p>> {
        let name = pattern.glob.as_str();
        self.denial.ground = Ground::Entry(name);
        let policies = || pattern.entry.policies.iter().enumerate();
        let users = policies().filter(|(_, policy)| policy.names_user(who));
        let groups = policies().filter(|(_, policy)| policy.names_group(who));
        for (at, policy) in users.chain(groups) {
            let ground = Ground::Policy { pattern: name, at };
            if self.admits(policy, ground) {
                return Some(ground);
            }
        }
        let (rest, ground) = match who.name {
            Some(_) => (pattern.entry.default, Ground::Default(name)),
            None => (pattern.entry.anonymous, Ground::Anonymous(name)),
        };
        rest.actions.contains(self.asked).then_some(ground)
    }

    /// Tells whether a grant that names the caller gives the right now.
    ///
    /// Compat: of several conditions that are in the way, the message of the last one counts.
    fn admits(&mut self, grant: &'p GrantRule, ground: Ground<'p>) -> bool {
        if !grant.given.actions.contains(self.asked) {
            return false;
        }
        for condition in &grant.conditions {
            let request = self.request.get_or_init(&self.make);
            match condition.holds(request) {
                Ok(true) => continue,
                Ok(false) => {
                    self.denial.reason = condition.message().or(self.denial.reason);
                }
                Err(failure) => self.denial.failure = Some(failure),
            }
            self.denial.ground = ground;
            return false;
        }
        true
    }
}

/// Compiles options.
struct Build<'a> {
    options: &'a PolicyOptions,
}

impl Build<'_> {
    fn pattern(&self, pattern: &str, entry: &Entry) -> Result<Pattern, PolicyError> {
        let mut policies = Vec::new();
        for (at, policy) in entry.policies.iter().enumerate() {
            let place = Ground::Policy { pattern, at }.to_string();
            policies.push(self.grant(policy, &place)?);
        }
        Ok(Pattern {
            prefix: literal_prefix(pattern).to_owned(),
            suffix: literal_suffix(pattern).to_owned(),
            glob: RepoGlob::new(pattern)?,
            entry: EntryRule {
                policies,
                default: Given::named(&entry.default),
                anonymous: Given::named(&entry.anonymous),
            },
        })
    }

    fn grant(&self, grant: &Grant, place: &str) -> Result<GrantRule, PolicyError> {
        let compile = |(at, text): (usize, &ConditionText)| {
            Condition::compile(&text.expression, &text.message).map_err(|source| {
                let place = place.to_owned();
                PolicyError::Condition { place, at, source }
            })
        };
        let conditions = grant.conditions.iter().enumerate().map(compile);
        Ok(GrantRule {
            users: Names::new(grant.users.clone()),
            groups: Names::new(self.group_names(&grant.groups)),
            given: Given::named(&grant.actions),
            conditions: conditions.collect::<Result<_, _>>()?,
        })
    }

    /// Adds the static groups that are meant, in whatever case they are declared.
    fn group_names(&self, named: &[String]) -> Vec<String> {
        let meant = |group: &str| {
            let folded = group.to_lowercase();
            named.iter().any(|name| name.to_lowercase() == folded)
        };
        let declared = self.options.groups.iter().map(|(group, _)| group);
        let declared = declared.filter(|group| meant(group)).cloned();
        named.iter().cloned().chain(declared).collect()
    }

    fn groups(&self) -> HashMap<String, Vec<String>> {
        let mut of_users: HashMap<String, Vec<String>> = HashMap::new();
        for (group, users) in &self.options.groups {
            for user in users {
                let groups = of_users.entry(user.clone()).or_default();
                for name in [group.clone(), group.to_lowercase()] {
                    if !groups.contains(&name) {
                        groups.push(name);
                    }
                }
            }
        }
        of_users
    }
}

/// The characters that stand for something else.
const SPECIAL: [char; 7] = ['*', '?', '[', ']', '{', '}', '\\'];

/// Yields what every name that a pattern matches begins with.
fn literal_prefix(pattern: &str) -> &str {
    match pattern.split_once(SPECIAL) {
        // `a/**` matches `a` too.
        Some((literal, _)) => literal.trim_end_matches('/'),
        None => pattern,
    }
}

/// Yields what every name that a pattern matches ends with.
fn literal_suffix(pattern: &str) -> &str {
    match pattern.rsplit_once(SPECIAL) {
        // `**/a` matches `a` too.
        Some((_, literal)) => literal.trim_start_matches('/'),
        None => pattern,
    }
}
