//! What stands alone: a call that is asked and answered in one exchange and that nothing else of
//! its session is told by. Such exchanges are told one at a time, in whatever order, and say the same
//! as in the story of the whole session; so a session of any length is played in little memory.
//!
//! That is a promise of both sides: of the call ([`Story::stands_alone`]), and of the rest of its
//! session, which must not reach into other exchanges ([`reaches_out`]).

use std::hash::{DefaultHasher, Hash, Hasher};

use super::{
    Counts, Direction, Ending, Kind, Session, State, Story, Summary, Transport,
    calls::is_about_itself,
};
use crate::capture::{ExchangeId, Outcome, Timestamp};

/// Methods whose calls say something of the session: what it is, what the server offers, how work
/// goes on.
const OF_THE_SESSION: [&str; 8] = [
    "initialize",
    "server/discover",
    "tools/list",
    "resources/list",
    "resources/templates/list",
    "prompts/list",
    "subscriptions/listen",
    "logging/setLevel",
];

impl Story {
    /// The story of one exchange is that of one call, whole and of no concern to others.
    #[must_use]
    pub fn stands_alone(&self) -> bool {
        let ([told], [call]) = (self.exchanges.as_slice(), self.calls.as_slice()) else {
            return false;
        };
        let summary = &told.reading.summary;
        let Some(request) = self.request(call) else { return false };
        let method = request.method.as_deref().unwrap_or_default();
        let plain = summary.is_mcp
            && summary.method == "POST"
            && summary.outcome == Some(Outcome::Completed)
            && summary.status.is_some_and(|status| (200..300).contains(&status))
            && summary.transport == Some(Transport::StreamableHttp)
            && !summary.is_linked()
            && summary.initialize.is_none()
            && !summary.initialized
            && summary.refusal.is_none()
            && summary.connected_at.is_none()
            && summary.unread.is_none()
            && summary.candidates.iter().all(|candidate| !candidate.in_response);
        let whole = told.gaps.is_empty() && told.batches.is_empty() && told.form.is_none();
        let own = request.direction == Direction::ClientToServer
            && matches!(call.ending, Ending::Ok | Ending::ToolError | Ending::RpcError(_))
            && call.answer.is_some()
            && call.duplicates.is_empty()
            && call.refusal.is_none()
            && call.late.is_none()
            && call.continues.is_none()
            && call.asks.is_empty()
            && call.cancelled.is_none()
            && self.orphans.is_empty()
            && self.oauth.is_none();
        let beside = 2 + call.progress.len() + call.notifications.len();
        let quiet = !OF_THE_SESSION.contains(&method) && !method.starts_with("tasks/");
        let are_its = self.messages.iter().all(|message| {
            is_about_itself(message) && (message.direction, message.kind) != FROM_CLIENT
        });
        plain && whole && own && quiet && are_its && beside == self.messages.len()
    }
}

/// A client's word beside its request is about something else.
const FROM_CLIENT: (Direction, Kind) = (Direction::ClientToServer, Kind::Notification);

/// What an exchange carries concerns calls of others: it answers or cancels them, tells their
/// progress, takes up their streams, or refused what was then asked again. In its session nothing
/// stands alone.
#[must_use]
pub fn reaches_out(summary: &Summary) -> bool {
    const REACHING: [&str; 2] = ["notifications/cancelled", "notifications/progress"];
    let refused = matches!(summary.status, Some(401 | 403)) && summary.counts.calls > 0;
    refused
        || summary.answers_elsewhere
        || summary.more
        || summary.last_event_id.is_some()
        || matches!(summary.transport, Some(Transport::HttpSse | Transport::Ndjson))
        || summary.methods.iter().any(|method| REACHING.contains(&method.as_str()))
}

/// Exchanges that stand alone and are alike by this are of one session, one after the other, and
/// tell the same of it: all of a summary but what and when and how much.
#[must_use]
pub fn likeness(summary: &Summary) -> u64 {
    let blank = Summary {
        id: ExchangeId::from_bytes([0; 16]),
        started_at: Timestamp(0),
        last_at: Timestamp(0),
        counts: Counts::default(),
        methods: Vec::new(),
        names: Vec::new(),
        ..summary.clone()
    };
    let mut hasher = DefaultHasher::new();
    format!("{blank:?}").hash(&mut hasher);
    hasher.finish()
}

impl Session {
    /// One of which nothing is known yet: an exchange is told on it before it is known whose it is.
    #[must_use]
    pub fn unknown(id: ExchangeId) -> Self {
        Self {
            id,
            wire_id: None,
            identified_by: String::new(),
            candidates: Vec::new(),
            run: None,
            name: None,
            server: String::new(),
            revision: None,
            transport: None,
            dialects: Vec::new(),
            state: State::Created,
            states: Vec::new(),
            stream_state: None,
            open_streams: 0,
            idle_us: 0,
            age_us: 0,
            client: None,
            server_info: None,
            follows: None,
            joins: Vec::new(),
            given: Vec::new(),
            assigned: false,
            counts: Counts::default(),
            exchanges: Vec::new(),
            started_at: Timestamp(0),
            last_at: Timestamp(0),
        }
    }

    /// The same without what grows with it.
    #[must_use]
    pub fn stub(&self) -> Self {
        Self {
            exchanges: Vec::new(),
            states: Vec::new(),
            joins: Vec::new(),
            given: Vec::new(),
            candidates: Vec::new(),
            ..self.clone()
        }
    }
}
