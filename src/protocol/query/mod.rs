//! The query language, one everywhere: UI filter, `find`, `list`, `export`, `prune` (faces.md).
//!
//! A query is terms that all must hold. Each is tested in its place: a session's fields on the
//! session, `status`, `rpc`, `tool-error` and `latency` on the call, `http` and `outcome` on the
//! exchange, the rest on the message.

mod error;
mod lex;
mod pattern;
mod plan;
mod raw;
mod term;
mod value;

pub use error::QueryError;
use term::Term;

use super::{
    call::Call,
    model::{Message, Session, Summary},
};
use crate::capture::Timestamp;

/// A parsed query.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Query {
    terms: Vec<Clause>,
}

#[derive(Clone, Debug, PartialEq)]
struct Clause {
    negated: bool,
    term: Term,
}

/// What a query is tested on: a message in its call, exchange and session, or an exchange that
/// carries none.
#[derive(Clone, Copy, Debug)]
pub struct Subject<'a> {
    /// The session.
    pub session: &'a Session,
    /// The exchange that carried the message.
    pub summary: &'a Summary,
    /// The call to which the message belongs; none for a notification.
    pub call: Option<&'a Call>,
    /// The message; none for an exchange without messages.
    pub message: Option<&'a Message>,
    /// A problem is known of it. Looked for only where a term asks for it
    /// ([`Query::asks_for_problems`]).
    pub at_fault: bool,
}

impl Query {
    /// Reads a query. Relative times count back from `now`.
    ///
    /// # Errors
    ///
    /// Says what is wrong at which column.
    pub fn parse(text: &str, now: Timestamp) -> Result<Self, QueryError> {
        let words = lex::words(text)?;
        let clause = |word: lex::Word| term::parse(text, &word, now);
        Ok(Self { terms: words.into_iter().map(clause).collect::<Result<_, _>>()? })
    }

    /// What has this text in it, whatever signs are in that.
    #[must_use]
    pub fn of_text(text: &str) -> Self {
        let value = lex::Value { text: text.to_owned(), quoted: true, offset: 0 };
        let term = Term::Text(pattern::Pattern::new(&[value]));
        Self { terms: vec![Clause { negated: false, term }] }
    }

    /// It has no terms: everything matches.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.terms.is_empty()
    }

    /// False only if nothing in the exchange can match: its records need not be read.
    #[must_use]
    pub fn may_match(&self, summary: &Summary) -> bool {
        // What is negated can hold of any message: it is left to `matches`.
        self.terms.iter().all(|clause| clause.negated || clause.term.may_hold(summary))
    }

    /// Whether the terms on the session hold; the others are not tested.
    #[must_use]
    pub fn matches_session(&self, session: &Session) -> bool {
        self.terms.iter().all(|clause| {
            clause.term.of_session(session).is_none_or(|holds| holds != clause.negated)
        })
    }

    /// Some term is on the session of a hit; any session serves to find out.
    #[must_use]
    pub fn asks_for_session(&self, any: &Session) -> bool {
        self.terms.iter().any(|clause| clause.term.of_session(any).is_some())
    }

    /// Whether all terms hold.
    #[must_use]
    pub fn matches(&self, subject: &Subject<'_>) -> bool {
        self.terms.iter().all(|clause| clause.term.holds(subject) != clause.negated)
    }

    /// Whether `list`, `export` and `prune` take a session: its own terms hold, one of its
    /// `subjects` meets all message terms, and none meets a negated one.
    pub fn takes_session<'a>(
        &self,
        session: &Session,
        subjects: impl IntoIterator<Item = Subject<'a>>,
    ) -> bool {
        if !self.matches_session(session) {
            return false;
        }
        let (negated, wanted): (Vec<_>, Vec<_>) = self
            .terms
            .iter()
            .filter(|clause| clause.term.of_session(session).is_none())
            .partition(|clause| clause.negated);
        let mut met = wanted.is_empty();
        if met && negated.is_empty() {
            return true;
        }
        for subject in subjects {
            if negated.iter().any(|clause| clause.term.holds(&subject)) {
                return false;
            }
            met = met || wanted.iter().all(|clause| clause.term.holds(&subject));
            if met && negated.is_empty() {
                return true;
            }
        }
        met
    }
}

#[cfg(test)]
mod tests;
