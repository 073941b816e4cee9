//! What need not be folded. Most exchanges say nothing new of their session: same client, same id,
//! same revision, answered as the one before. These are counted, not folded, so that the fold of a
//! million exchanges holds some thousand.
//!
//! An exchange passes where one like it, of the same kin, was folded lately. What decides where
//! others belong, or how a session stands, is always folded: `initialize`, refusals, `DELETE`, what
//! gives an id or leads elsewhere, what goes on.

use std::{
    collections::HashMap,
    hash::{BuildHasher as _, Hash as _, Hasher as _},
};

use foldhash::quality::RandomState;

use crate::{
    capture::{ExchangeId, Timestamp},
    protocol::{
        Summary,
        index::{Key, Kin},
    },
    tui::rows::SessionId,
};

/// After so long one is folded again: a group ends where nothing came for 30 minutes.
const RENEWED: u64 = 5 * 60 * 1_000_000_000;

/// How long after a challenge, or a step of OAuth, all that its client says may be what that led to.
const LEADS: u64 = 10 * 60 * 1_000_000_000;

/// Kin that are remembered. When there are more all are forgotten, and folded again as they come:
/// some 10 MB.
const REMEMBERED: usize = 50_000;

/// Clients that are watched; more are not, and what they were challenged for stays by itself.
const WATCHED: usize = 4_096;

/// What was folded lately.
#[derive(Default)]
pub(super) struct Door {
    /// What tells looks and faces apart, of every exchange that is read; its seed is random, since
    /// what is hashed may be anybody's.
    hash: RandomState,
    /// By kin: what exchanges looked like that were folded, each with its session.
    known: HashMap<Key, Vec<Like>>,
    /// How many answered `initialize`s there were at an endpoint.
    starts: HashMap<Key, u32>,
    /// Clients of which something leads on, and until when.
    watched: HashMap<Key, Timestamp>,
    /// The kin of exchanges that look the same: to tell them takes the longest of all.
    kin: HashMap<u64, Kin>,
}

/// An exchange that stands for those that are like it.
#[derive(Clone, Copy, Debug)]
struct Like {
    looks: u64,
    id: ExchangeId,
    session: SessionId,
    at: Timestamp,
}

impl Door {
    /// The kin of an exchange.
    pub(super) fn kin(&mut self, summary: &Summary) -> Kin {
        if self.kin.len() >= REMEMBERED {
            self.kin.clear();
        }
        let face = self.face(summary);
        *self.kin.entry(face).or_insert_with(|| Kin::of(summary))
    }

    /// The session of an exchange that need not be folded.
    pub(super) fn pass(&self, summary: &Summary, kin: &Kin) -> Option<SessionId> {
        if !is_plain(summary, kin) || self.is_watched(summary, kin) {
            return None;
        }
        let looks = self.looks(summary, kin);
        let like = self.known.get(&of(kin))?.iter().find(|like| like.looks == looks)?;
        let fresh = summary.started_at.0.abs_diff(like.at.0) < RENEWED && like.id < summary.id;
        fresh.then_some(like.session)
    }

    /// An exchange was folded into this session.
    pub(super) fn folded(&mut self, summary: &Summary, kin: &Kin, session: SessionId) {
        if kin.is_start
            && let Some(starts) = kin.starts
        {
            *self.starts.entry(starts).or_default() += 1;
        }
        if kin.is_lead && !is_stray(summary, kin) && self.watched.len() < WATCHED {
            let until = Timestamp(summary.last_at.0.saturating_add(LEADS));
            self.watched.insert(kin.spoken, until);
        }
        if !is_plain(summary, kin) {
            if summary.outcome.is_some() || kin.is_start {
                // What comes after it is to be looked at.
                self.known.remove(&of(kin));
            }
            return;
        }
        if self.known.len() >= REMEMBERED {
            self.known.clear();
        }
        let looks = self.looks(summary, kin);
        let like = Like { looks, id: summary.id, session, at: summary.started_at };
        let known = self.known.entry(of(kin)).or_default();
        known.retain(|like| like.looks != looks);
        known.push(like);
    }

    /// Sessions got other exchanges or names: nothing is known any more.
    pub(super) fn forget(&mut self) {
        self.known.clear();
    }

    fn is_watched(&self, summary: &Summary, kin: &Kin) -> bool {
        kin.speaks
            && self.watched.get(&kin.spoken).is_some_and(|until| summary.started_at <= *until)
    }

    /// All that the fold looks at, but for times and sums.
    fn looks(&self, summary: &Summary, kin: &Kin) -> u64 {
        let mut hasher = self.hash.build_hasher();
        self.face(summary).hash(&mut hasher);
        (&summary.name, &summary.method, summary.transport).hash(&mut hasher);
        (summary.streaming, summary.initialized, summary.dialects).hash(&mut hasher);
        kin.starts.and_then(|starts| self.starts.get(&starts)).hash(&mut hasher);
        hasher.finish()
    }

    /// What tells where an exchange belongs: all that [`Kin::of`] goes by.
    fn face(&self, summary: &Summary) -> u64 {
        let mut hasher = self.hash.build_hasher();
        for candidate in &summary.candidates {
            (&candidate.source, &candidate.value, candidate.in_response).hash(&mut hasher);
        }
        for named in [&summary.client, &summary.server] {
            let named = named.as_ref().map(|named| (named.name.as_str(), named.version.as_str()));
            named.hash(&mut hasher);
        }
        (&summary.run, &summary.peer, summary.pid, &summary.origin, &summary.path)
            .hash(&mut hasher);
        (&summary.revision, summary.auth, summary.is_mcp, summary.status).hash(&mut hasher);
        let counts = summary.counts;
        (counts.messages > 0, counts.errors > 0, summary.outcome.is_none()).hash(&mut hasher);
        let answered = summary.initialize.as_ref().map(|initialize| initialize.answered);
        (answered, summary.refusal.is_some()).hash(&mut hasher);
        summary.methods.iter().any(|method| method == "server/discover").hash(&mut hasher);
        hasher.finish()
    }
}

/// Those of one id on the wire, or of one group.
fn of(kin: &Kin) -> Key {
    kin.opens.unwrap_or(kin.group)
}

/// A request without the id that its client may have been given: where it belongs was settled
/// before it came.
fn is_stray(summary: &Summary, kin: &Kin) -> bool {
    // A step of OAuth bears no id either, and no message.
    let speaks = summary.counts.messages > 0 && summary.counts.errors == 0;
    kin.lacks_id && !kin.is_challenge && speaks && succeeded(summary)
}

fn succeeded(summary: &Summary) -> bool {
    summary.status.is_some_and(|status| (200..300).contains(&status))
}

/// It has a status, and that is no sign of how its session stands.
fn is_plain(summary: &Summary, kin: &Kin) -> bool {
    let answered = succeeded(summary) || summary.status.is_some_and(|status| status >= 400);
    summary.outcome.is_some()
        && answered
        && (!kin.is_lead || is_stray(summary, kin))
        && !kin.is_opening
        && !kin.is_start
        && !kin.gives
        && summary.refusal.is_none()
        && summary.method != "DELETE"
        && !summary.initialized
        && summary.last_event_id.is_none()
        && summary.candidates.iter().all(|candidate| !candidate.is_cookie())
        && !summary.candidates.iter().any(|candidate| candidate.source == "endpoint-event")
}
