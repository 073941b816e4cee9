//! Values that are born in a response and used in a later request: session ids, event ids,
//! cursors, tasks, `requestState`, handles in texts and URLs (protocol.md §7).
//!
//! [`Bindings`] finds them in a recorded session. A run has a [`Table`] of its own: it learns the
//! fresh value from the same place of the live response, and fills it in where the recorded one
//! stood. It knows no sockets; the driver tells it what came.
//!
//! A value is either what the protocol names (`class`: a cursor, a task), which is bound whole and
//! where its like stands, or a token (`token`), which is bound wherever it stands: in text, in
//! URLs, in base64, in JSON within a string (`layers`). `find` looks for them, `learn`, `lesson`
//! and `locate` read the fresh ones off live answers, `table` fills them in;
//! `news` has another table know the same. Rules may forbid a binding or make
//! one ([`Corrections`]); `--set` fills what nothing else does ([`Edits`]).

mod class;
mod coded;
mod corrections;
mod edits;
mod equal;
mod find;
mod json;
mod known;
mod layers;
mod learn;
mod lesson;
mod locate;
mod memo;
mod news;
mod origin;
mod pairs;
mod path;
mod table;
#[cfg(test)]
mod tests;
mod token;
mod tokens;
mod unit;

use std::{convert::Infallible, sync::Arc};

use serde::Serialize;

pub use corrections::Corrections;
pub use edits::Edits;
pub use find::{Apart, Heard};
use known::{Known, Place};
pub(crate) use learn::teaches_beside;
pub use news::News;
pub use table::Table;
pub(crate) use token::is_minted_anew;

use crate::{capture::redact, protocol::Story};

/// Placeholders of a tape that are taken for such; further ones are text.
const PLACEHOLDERS_CAP: usize = 1 << 16;

/// One binding, for the report: places, never values (faces.md, verify). All that go from the like
/// place to the like place are one, named by the first of them.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Binding {
    /// Where the value is born: `EXCHANGE.N/result/nextCursor`, `EXCHANGE header:mcp-session-id`.
    pub from: String,
    /// Where it is used.
    pub to: String,
    /// How often.
    pub count: u64,
}

/// The bindings of a recorded session.
#[derive(Clone, Debug, Default)]
pub struct Bindings {
    known: Arc<Known>,
}

/// A request that cannot be sent: a placeholder of the tape's redaction that nothing fills.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("redacted: {path}")]
pub struct Unfilled {
    /// RFC 6901 from the message, or `url`, `header:NAME`.
    pub path: String,
}

impl Bindings {
    /// Finds them. `placeholders` are those that the tape's first line lists.
    #[must_use]
    pub fn find(story: &Story, placeholders: &[String]) -> Self {
        Self::corrected(story, placeholders, &Corrections::default())
    }

    /// Finds them, as a user's rules have it.
    #[must_use]
    pub fn corrected(story: &Story, placeholders: &[String], corrections: &Corrections) -> Self {
        let nothing: (Heard, Apart<'_, Infallible>) = (Heard::default(), &mut |_| Ok(()));
        match Self::gathered(story, nothing, placeholders, corrections) {
            Ok(bindings) => bindings,
            Err(never) => match never {},
        }
    }

    /// The same of a session part of which is told apart ([`crate::protocol::alone`]), and was
    /// heard.
    ///
    /// # Errors
    ///
    /// That of whoever tells it.
    pub fn gathered<E>(
        story: &Story,
        apart: (Heard, Apart<'_, E>),
        placeholders: &[String],
        corrections: &Corrections,
    ) -> Result<Self, E> {
        // Whoever wrote the tape wrote its first line too.
        let is_one = |text: &&String| redact::placeholders_in(text.as_bytes()).eq([text.as_str()]);
        let placeholders: Vec<String> =
            placeholders.iter().filter(is_one).take(PLACEHOLDERS_CAP).cloned().collect();
        let known = Known::of(story, apart, &placeholders, corrections)?;
        Ok(Self { known: Arc::new(known) })
    }

    /// A run's table.
    #[must_use]
    pub fn table(&self) -> Table {
        Table::new(&self.known)
    }

    /// From where each value comes to where it goes.
    pub(crate) fn links(&self) -> &[(Place, Place)] {
        &self.known.links
    }

    /// For the report.
    #[must_use]
    pub fn told(&self) -> Vec<Binding> {
        self.known.told.clone()
    }
}
