//! What a client asks a token for.

use crate::bearer::actions_of;
use crate::limit::Actions;

/// The most scopes that one token is for.
const MAX_SCOPES: usize = 64;
/// The longest name in bytes.
const MAX_NAME: usize = 255;

/// Says what a token is wanted for.
///
/// Spec: distribution token authentication, scope.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Wanted {
    /// Actions in one repository.
    Repository {
        /// Its name.
        name: String,
        /// The actions.
        actions: Actions,
    },
    /// The list of repositories.
    Catalog,
}

impl Wanted {
    /// Reads the values of the parameter `scope`, each of which may hold several. What is unknown is
    /// left out: the token is then not for it.
    pub fn read<'a>(values: impl IntoIterator<Item = &'a str>) -> Vec<Self> {
        let words = values.into_iter().flat_map(str::split_ascii_whitespace);
        words.filter_map(Self::parse).take(MAX_SCOPES).collect()
    }

    fn parse(text: &str) -> Option<Self> {
        let (kind, rest) = text.split_once(':')?;
        // A host with a port may be a part of the name.
        let (name, actions) = rest.rsplit_once(':')?;
        // `repository(plugin)` is a repository too.
        let kind = kind.split('(').next().unwrap_or(kind);
        match kind {
            "repository" if !name.is_empty() && name.len() <= MAX_NAME => {
                let named = actions.split(',').flat_map(actions_of);
                let actions = named.fold(Actions::NONE, |set, action| set.with(*action));
                Some(Self::Repository {
                    name: name.to_owned(),
                    actions,
                })
            }
            "registry" if name == "catalog" => Some(Self::Catalog),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_what_clients_ask_for() {
        use meta::Action::{self, Create, Delete, Read, Update};
        let repository = |name: &str, actions: &[Action]| Wanted::Repository {
            name: name.to_owned(),
            actions: Actions::of(actions),
        };
        let table: [(&[&str], Vec<Wanted>); 10] = [
            (&[], vec![]),
            (&["repository:a/b:pull"], vec![repository("a/b", &[Read])]),
            (
                &[
                    "repository:a:pull,push repository:b:pull",
                    "repository:c:delete",
                ],
                vec![
                    repository("a", &[Read, Create, Update]),
                    repository("b", &[Read]),
                    repository("c", &[Delete]),
                ],
            ),
            (
                &["repository:a:*,pull"],
                vec![repository("a", &[Read, Create, Update, Delete])],
            ),
            (
                &["repository(plugin):a:pull"],
                vec![repository("a", &[Read])],
            ),
            (
                &["repository:host:5000/a:pull"],
                vec![repository("host:5000/a", &[Read])],
            ),
            (&["registry:catalog:*"], vec![Wanted::Catalog]),
            (&["repository:a:fly"], vec![repository("a", &[])]),
            (
                &["repository::pull", "repository:a", "x:y:z", ":", ""],
                vec![],
            ),
            (&["registry:other:*"], vec![]),
        ];
        for (values, want) in table {
            assert_eq!(Wanted::read(values.iter().copied()), want, "{values:?}");
        }
        let many = "repository:a:pull ".repeat(1000);
        assert_eq!(Wanted::read([many.as_str()]).len(), MAX_SCOPES);
        let long = format!("repository:{}:pull", "a".repeat(256));
        assert!(Wanted::read([long.as_str()]).is_empty());
    }
}
