//! A request, and the name under which its differences are listed.
//!
//! Texts may hold names in braces, such as `{layer}`, that the scene knows or that an earlier row
//! has kept from an answer.

use std::collections::BTreeMap;

/// What a row sends after its head.
#[derive(Clone, Debug)]
pub(crate) enum Content {
    None,
    Text(String),
    Chunks(Vec<String>),
}

/// A request to both servers.
#[derive(Clone, Debug)]
pub(crate) struct Row {
    pub(crate) line: String,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) content: Content,
    pub(crate) kept: Vec<(String, String)>,
    note: String,
}

/// Starts a row with its method and target.
pub(crate) fn row(line: impl Into<String>) -> Row {
    Row {
        line: line.into(),
        headers: Vec::new(),
        content: Content::None,
        kept: Vec::new(),
        note: String::new(),
    }
}

impl Row {
    /// Sends a header field.
    pub(crate) fn with(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    /// Sends a text; an empty one says that there is nothing.
    pub(crate) fn text(mut self, text: &str) -> Self {
        self.content = Content::Text(text.to_owned());
        self
    }

    /// Sends texts in chunks, without saying how long they are together.
    pub(crate) fn chunks(mut self, pieces: &[&str]) -> Self {
        self.content = Content::Chunks(pieces.iter().map(|piece| (*piece).to_owned()).collect());
        self
    }

    /// Sends a manifest of a type.
    pub(crate) fn manifest(self, media_type: &str, text: &str) -> Self {
        self.with("Content-Type", media_type).text(text)
    }

    /// Lets later rows use the value of a field of the answer by a name.
    pub(crate) fn keeps(mut self, header: &str, name: &str) -> Self {
        self.kept.push((header.to_owned(), name.to_owned()));
        self
    }

    /// Tells in the name of the row what its line does not show.
    pub(crate) fn note(mut self, note: &str) -> Self {
        note.clone_into(&mut self.note);
        self
    }

    fn name(&self) -> String {
        let mut name = self.line.clone();
        let mut add = |text: &str| name.extend([" [", text, "]"]);
        for (field, value) in &self.headers {
            add(&format!("{field}: {value}"));
        }
        if matches!(self.content, Content::Chunks(_)) {
            add("chunked");
        }
        if !self.note.is_empty() {
            add(&self.note);
        }
        name
    }
}

/// Yields the rows with their names: those that come again are numbered.
pub(crate) fn named(group: &str, rows: Vec<Row>) -> Vec<(String, Row)> {
    let mut seen = BTreeMap::new();
    let named = rows.into_iter().map(|row| {
        let name = format!("{group}: {}", row.name());
        let times: &mut u32 = seen.entry(name.clone()).or_default();
        *times += 1;
        let name = match *times {
            1 => name,
            times => format!("{name} #{times}"),
        };
        (name, row)
    });
    named.collect()
}

#[test]
fn rows_that_come_again_are_numbered() {
    let get = || row("GET /").with("Range", "x");
    let names = named("g", vec![get(), get().note("why"), get()]);
    let names: Vec<_> = names.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(
        names,
        [
            "g: GET / [Range: x]",
            "g: GET / [Range: x] [why]",
            "g: GET / [Range: x] #2"
        ]
    );
}
