//! The calls of a driver by name.

use std::fmt;

/// Names a method of [`crate::Driver`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Operation {
    /// `get`
    Get,
    /// `stat`
    Stat,
    /// `put`
    Put,
    /// `list`
    List,
    /// `delete`
    Delete,
    /// `link`
    Link,
    /// `rename`
    Rename,
    /// `append`
    Append,
    /// `commit`
    Commit,
    /// `persist`
    Persist,
    /// `redirect`
    Redirect,
}

impl Operation {
    /// All of them.
    pub const ALL: [Self; 11] = [
        Self::Get,
        Self::Stat,
        Self::Put,
        Self::List,
        Self::Delete,
        Self::Link,
        Self::Rename,
        Self::Append,
        Self::Commit,
        Self::Persist,
        Self::Redirect,
    ];

    /// Yields the name of the method.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Get => "get",
            Self::Stat => "stat",
            Self::Put => "put",
            Self::List => "list",
            Self::Delete => "delete",
            Self::Link => "link",
            Self::Rename => "rename",
            Self::Append => "append",
            Self::Commit => "commit",
            Self::Persist => "persist",
            Self::Redirect => "redirect",
        }
    }
}

impl fmt::Display for Operation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
