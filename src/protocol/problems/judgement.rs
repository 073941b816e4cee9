//! What was found wrong in one session, and of what it holds: to be kept until the session changes.
//!
//! Problems must not depend on when they are looked at, or nothing could be kept and a store would
//! say another thing than its tape. Of the reader's clock they depend on one fact alone: whether
//! the session has been idle past its time to live. So a session is judged as it stands at its last
//! record, or, where `as_of` lies behind the time to live, at that moment: never at any other.

use std::sync::OnceLock;

use serde::{Deserialize, Serialize};

use super::{Problem, RULES, Severity, judge};
use crate::{
    capture::{ExchangeId, Record, Timestamp},
    protocol::{
        index::Key,
        model::Session,
        session::{IDLE, Sessions},
        story::Story,
    },
};

/// Raised when a rule is added or finds something else: what was kept is then looked for again.
pub const RULES_VERSION: u32 = 2;

/// Exchanges of one session that are judged, the first ones. A problem says so where there are
/// more: a story is in memory whole.
pub const JUDGED_EXCHANGES: usize = 20_000;

/// Bytes of bodies of one session that are judged, the first ones; as above.
pub const JUDGED_BYTES: u64 = 64 << 20;

/// What was found in a session.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Judgement {
    /// The session.
    pub session: ExchangeId,
    /// What it held, and by which rules it was judged.
    pub of: Basis,
    /// What was found.
    pub problems: Vec<Problem>,
}

/// What a judgement holds for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Basis {
    rules: u64,
    exchanges: u64,
    messages: u64,
    frames: u64,
    last_at: Timestamp,
    running: u64,
    idle: bool,
}

impl Basis {
    /// Of a session as it stands at `as_of`.
    #[must_use]
    pub fn of(session: &Session, as_of: Timestamp) -> Self {
        Self {
            rules: rules(),
            exchanges: session.exchanges.len() as u64,
            messages: session.counts.messages,
            frames: session.counts.frames,
            last_at: session.last_at,
            running: session.open_streams,
            idle: as_of > idle_since(session),
        }
    }

    /// The time at which the session is judged.
    #[must_use]
    pub fn judged_at(&self) -> Timestamp {
        let idle = Timestamp(self.last_at.0.saturating_add(IDLE).saturating_add(1));
        if self.idle { idle } else { self.last_at }
    }
}

/// Which rules there are. One that finds something else under its old name raises
/// [`RULES_VERSION`].
fn rules() -> u64 {
    static RULES_HASH: OnceLock<u64> = OnceLock::new();
    *RULES_HASH.get_or_init(|| {
        let names: Vec<&str> = RULES.iter().copied().flatten().map(|rule| rule.id()).collect();
        let key = Key::of(&RULES_VERSION.to_string(), &names.join(" "));
        u64::from_be_bytes(key.to_bytes())
    })
}

fn idle_since(session: &Session) -> Timestamp {
    Timestamp(session.last_at.0.saturating_add(IDLE))
}

impl Judgement {
    /// Judges a session. `sessions` is the fold that it is of, `told` the records of its first
    /// exchanges.
    #[must_use]
    pub fn of(session: Session, of: Basis, told: &[Vec<Record>]) -> Self {
        let (id, count) = (session.id, session.exchanges.len());
        let mut problems = judge(&Story::tell(session, told.iter().map(Vec::as_slice)));
        if told.len() < count {
            problems.push(in_part(id, told.len(), count));
        }
        Self { session: id, of, problems }
    }
}

/// A session as it stands when it is judged.
#[must_use]
pub fn as_judged(sessions: &Sessions, session: &Session, of: &Basis) -> Session {
    sessions.get(session.id, of.judged_at()).unwrap_or_else(|| session.clone())
}

fn in_part(session: ExchangeId, judged: usize, of: usize) -> Problem {
    Problem {
        rule: "judged-in-part".to_owned(),
        severity: Severity::Info,
        session,
        exchange: None,
        message: None,
        text: format!("only the first {judged} of {of} exchanges were looked at for problems"),
        evidence: format!(
            "at most {JUDGED_EXCHANGES} exchanges and {} MiB of bodies of a session are judged",
            JUDGED_BYTES >> 20
        ),
        remedy: "record in shorter sessions, or export the part in question to a tape".to_owned(),
        source: "wiretape".to_owned(),
    }
}
