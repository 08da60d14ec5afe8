//! Parts of lists.

/// One part of a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Page<T> {
    /// The entries, in order.
    pub items: Vec<T>,
    /// Whether there are more after the last of them.
    pub more: bool,
}

impl<T> Page<T> {
    /// Makes a page of at most `limit` entries from a list that was read one further.
    pub(crate) fn cut(mut items: Vec<T>, limit: usize) -> Self {
        let more = items.len() > limit;
        items.truncate(limit);
        Self { items, more }
    }
}
