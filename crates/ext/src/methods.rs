//! Sets of HTTP methods.

use std::fmt;

use http::Method;

/// Holds the methods that a route answers.
///
/// ```
/// use ext::Methods;
///
/// let methods = Methods::GET.and(Methods::OPTIONS);
/// assert!(methods.contains(&http::Method::GET));
/// assert_eq!(methods.to_string(), "GET,OPTIONS");
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Methods(u8);

impl Methods {
    /// No method.
    pub const NONE: Self = Self(0);
    /// `HEAD`.
    pub const HEAD: Self = Self(1);
    /// `GET`.
    pub const GET: Self = Self(1 << 1);
    /// `POST`.
    pub const POST: Self = Self(1 << 2);
    /// `PUT`.
    pub const PUT: Self = Self(1 << 3);
    /// `PATCH`.
    pub const PATCH: Self = Self(1 << 4);
    /// `DELETE`.
    pub const DELETE: Self = Self(1 << 5);
    /// `OPTIONS`.
    pub const OPTIONS: Self = Self(1 << 6);
    /// Every method, those without a name here too.
    pub const ANY: Self = Self(u8::MAX);
    /// `HEAD` and `GET`.
    pub const READ: Self = Self::HEAD.and(Self::GET);

    const NAMES: [(Self, &'static str); 7] = [
        (Self::HEAD, "HEAD"),
        (Self::GET, "GET"),
        (Self::POST, "POST"),
        (Self::PUT, "PUT"),
        (Self::PATCH, "PATCH"),
        (Self::DELETE, "DELETE"),
        (Self::OPTIONS, "OPTIONS"),
    ];

    /// Joins two sets.
    #[must_use]
    pub const fn and(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// Yields the set of one method; [`Methods::NONE`] for one that no route answers by name.
    pub fn of(method: &Method) -> Self {
        match *method {
            Method::HEAD => Self::HEAD,
            Method::GET => Self::GET,
            Method::POST => Self::POST,
            Method::PUT => Self::PUT,
            Method::PATCH => Self::PATCH,
            Method::DELETE => Self::DELETE,
            Method::OPTIONS => Self::OPTIONS,
            _ => Self::NONE,
        }
    }

    /// Tells whether the set has `method`.
    pub fn contains(self, method: &Method) -> bool {
        self == Self::ANY || self.0 & Self::of(method).0 != 0
    }

    /// Yields the methods with names, in a fixed order.
    pub fn iter(self) -> impl Iterator<Item = &'static str> {
        let named = Self::NAMES.into_iter();
        named
            .filter(move |(one, _)| self.0 & one.0 != 0)
            .map(|(_, name)| name)
    }
}

/// Writes the names with commas and no spaces, as CORS headers and `Allow` take them.
impl fmt::Display for Methods {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (position, name) in self.iter().enumerate() {
            if position > 0 {
                f.write_str(",")?;
            }
            f.write_str(name)?;
        }
        Ok(())
    }
}

impl fmt::Debug for Methods {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Methods({self})")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn holds_what_was_put_in() {
        let set = Methods::GET.and(Methods::DELETE);
        let table = [
            (Method::GET, true),
            (Method::HEAD, false),
            (Method::DELETE, true),
            (Method::TRACE, false),
        ];
        for (method, want) in table {
            assert_eq!(set.contains(&method), want, "{method}");
        }
        assert_eq!(set.to_string(), "GET,DELETE");
        assert!(Methods::ANY.contains(&Method::TRACE));
        assert!(!Methods::NONE.contains(&Method::TRACE));
    }
}
