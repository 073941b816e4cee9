//! What `--json` prints: one struct a schema, with exactly the fields of faces.md. Fields may be
//! added, never renamed. These are shapes only; what is masked and how things are found out is
//! decided before.

mod exchange;
mod frame;
mod listening;
mod mention;
mod message;
mod notice;
mod oauth;
mod problem;
mod served;
mod session;
mod summary;
#[cfg(test)]
mod tests;
mod verdict;
mod verified;

pub(crate) use exchange::{ExchangeFace, McpFace, RequestFace, ResponseFace};
pub(crate) use frame::FrameFace;
pub use listening::{ListeningFace, TargetFace};
pub(crate) use mention::MentionFace;
pub(crate) use message::{MessageFace, compact};
pub(crate) use notice::{NoticeFace, Told};
pub(crate) use oauth::OAuthFace;
pub(crate) use problem::ProblemFace;
pub(crate) use served::{ServedFace, StandFace};
pub(crate) use session::SessionFace;
pub(crate) use summary::SummaryFace;
pub(crate) use verdict::{ComparedFace, VerdictFace};
pub(crate) use verified::VerifiedFace;

use serde::Serializer;

use crate::capture::Timestamp;

/// A time as RFC 3339 with nanoseconds.
#[expect(clippy::trivially_copy_pass_by_ref, reason = "the signature is serde's")]
fn time<S: Serializer>(at: &Timestamp, to: S) -> Result<S::Ok, S::Error> {
    to.collect_str(at)
}

/// Something that has a text, as that text.
fn text<T: std::fmt::Display, S: Serializer>(what: &T, to: S) -> Result<S::Ok, S::Error> {
    to.collect_str(what)
}

/// The same, or null.
#[expect(clippy::ref_option, reason = "the signature is serde's")]
fn maybe_text<T: std::fmt::Display, S: Serializer>(
    what: &Option<T>,
    to: S,
) -> Result<S::Ok, S::Error> {
    match what {
        Some(what) => to.collect_str(what),
        None => to.serialize_none(),
    }
}
