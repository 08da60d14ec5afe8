//! Who logged in, by what the other service says.

use std::collections::BTreeSet;

use serde_json::{Map, Value};

/// The longest name in bytes.
const MAX_NAME: usize = 255;

/// Which claims say who somebody is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClaimNames {
    /// The claim of the user's name.
    pub username: String,
    /// The claim of the groups.
    pub groups: String,
}

impl Default for ClaimNames {
    fn default() -> Self {
        Self {
            username: "email".to_owned(),
            groups: "groups".to_owned(),
        }
    }
}

/// Somebody who logged in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Person {
    /// The name, as policies and logs write it.
    pub name: String,
    /// The groups, sorted, each once.
    pub groups: Vec<String>,
}

impl Person {
    /// Describes somebody; `None` for a name that no log or policy could carry.
    pub(crate) fn new(name: &str, groups: impl IntoIterator<Item = String>) -> Option<Self> {
        let fits =
            !name.is_empty() && name.len() <= MAX_NAME && !name.chars().any(char::is_control);
        let groups: BTreeSet<String> = groups
            .into_iter()
            .filter(|group| !group.is_empty())
            .collect();
        fits.then(|| Self {
            name: name.to_owned(),
            groups: groups.into_iter().collect(),
        })
    }

    /// Reads claims, the first list first: the user's name is that of the configured claim, or else
    /// the mail address; the groups are those of all lists.
    ///
    /// Spec: core 6.7.
    pub(crate) fn of(lists: &[&Map<String, Value>], names: &ClaimNames) -> Option<Self> {
        let text = |name: &str| {
            let mut values = lists.iter().filter_map(|claims| claims.get(name)?.as_str());
            values.find(|value| !value.is_empty())
        };
        let configured = text(&names.username);
        let name = configured.or_else(|| text("email"))?;
        // Compat: scripts look for these names.
        tracing::debug!(
            claim = if configured.is_some() {
                names.username.as_str()
            } else {
                "email"
            },
            identity = name,
            fellBackToDefaultClaim = configured.is_none(),
            "extracted identity"
        );
        let groups = lists.iter().filter_map(|claims| claims.get(&names.groups));
        Self::new(name, groups.flat_map(texts))
    }
}

/// Yields the texts of a claim that is one or a list of them.
fn texts(value: &Value) -> Vec<String> {
    let single = std::slice::from_ref(value);
    let items = value.as_array().map_or(single, Vec::as_slice);
    let texts = items.iter().filter_map(Value::as_str);
    texts.map(str::to_owned).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn person(username: &str, groups: &str, lists: &[Value]) -> Option<(String, String)> {
        let names = ClaimNames {
            username: username.to_owned(),
            groups: groups.to_owned(),
        };
        let lists: Vec<_> = lists.iter().map(|list| list.as_object().unwrap()).collect();
        let person = Person::of(&lists, &names)?;
        Some((person.name, person.groups.join(",")))
    }

    #[test]
    fn names_come_from_the_claim_or_the_mail_address() {
        let info = json!({"email": "a@x", "sub": "1", "name": "", "preferred_username": "ann"});
        let token = json!({"email": "t@x", "upn": "ann@corp", "name": "Ann", "n": 5});
        for (claim, want) in [
            ("email", "a@x"),
            ("preferred_username", "ann"),
            ("sub", "1"),
            ("upn", "ann@corp"),
            ("name", "Ann"),
            ("n", "a@x"),
            ("absent", "a@x"),
        ] {
            let got = person(claim, "groups", &[info.clone(), token.clone()]);
            assert_eq!(got.map(|person| person.0).as_deref(), Some(want), "{claim}");
        }
        for odd in [
            json!({}),
            json!({"email": ""}),
            json!({"email": 1}),
            json!({"email": "a\nb"}),
        ] {
            assert_eq!(
                person("email", "groups", std::slice::from_ref(&odd)),
                None,
                "{odd}"
            );
        }
        let long = json!({"email": "a".repeat(MAX_NAME + 1)});
        assert_eq!(person("email", "groups", &[long]), None);
    }

    /// Some services put groups into the identity token alone.
    #[test]
    fn case_b21_groups_come_from_both_lists() {
        let table = [
            (json!({"groups": ["b", "a"]}), json!({}), "groups", "a,b"),
            (json!({}), json!({"groups": ["b", "a"]}), "groups", "a,b"),
            (
                json!({"groups": ["a", "c"]}),
                json!({"groups": ["b", "a"]}),
                "groups",
                "a,b,c",
            ),
            (
                json!({"groups": "one"}),
                json!({"groups": ["two"]}),
                "groups",
                "one,two",
            ),
            (
                json!({"roles": ["r"], "groups": ["g"]}),
                json!({}),
                "roles",
                "r",
            ),
            (
                json!({"groups": [1, null, "", "g", ["x"]]}),
                json!({"groups": {}}),
                "groups",
                "g",
            ),
            (json!({}), json!({}), "groups", ""),
        ];
        for (mut info, token, claim, want) in table {
            info["email"] = "a@x".into();
            let got = person("email", claim, &[info.clone(), token.clone()]);
            assert_eq!(
                got.map(|person| person.1).as_deref(),
                Some(want),
                "{info} {token}"
            );
        }
    }
}
