//! Why a query could not be read, with a caret under the place.

use std::fmt;

/// A query that could not be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct QueryError {
    /// The query as typed.
    pub text: String,
    /// Where, in characters from 1.
    pub column: usize,
    /// What is wrong there.
    pub what: String,
    /// What would be right.
    pub hint: String,
}

impl QueryError {
    /// An error at a byte offset of the text.
    pub(super) fn at(text: &str, offset: usize, what: impl Into<String>, hint: &str) -> Self {
        let before = text.get(..offset).unwrap_or(text);
        let column = before.chars().count() + 1;
        Self { text: text.to_owned(), column, what: what.into(), hint: hint.to_owned() }
    }
}

impl fmt::Display for QueryError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { text, column, what, hint } = self;
        // One cell a character: a tab or line end would move the caret.
        let shown: String = text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
        writeln!(f, "{what} at column {column} of the query")?;
        writeln!(f, "  {shown}")?;
        writeln!(f, "  {:>column$}", '^')?;
        write!(f, "hint: {hint}")
    }
}

impl std::error::Error for QueryError {}
