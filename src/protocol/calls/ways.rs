//! Which exchanges carry one stream: a GET with `Last-Event-ID` takes up the stream that gave that
//! event its id (MCP 2025-11-25 basic/transports), also one that the server closed after its
//! priming event.

use std::collections::{HashMap, HashSet, VecDeque};

use crate::{
    capture::{ExchangeId, Fact, Outcome, Record, Side, Timestamp},
    protocol::{
        facts::cut_text,
        model::{Direction, Frame, Kind, Message, Summary, Transport},
        pair::Stream,
        reader::Reading,
    },
};

/// Streams remembered by one event id, the latest ones: ids are unique in a session by the rule,
/// but some servers begin each stream with `0`. What is older is not found again.
const SAME_ID_CAP: usize = 32;

/// What calls need to know of an exchange.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Way {
    pub(super) id: ExchangeId,
    pub(super) started_at: Timestamp,
    pub(super) last_at: Timestamp,
    pub(super) outcome: Option<Outcome>,
    pub(super) status: Option<u16>,
    /// A GET on which answers to what was posted elsewhere may come: that of HTTP+SSE, a house's
    /// NDJSON, one that resumes by message count (houses.md 4).
    pub(super) is_channel: bool,
    /// Not all of its response could be read: an answer may have been in the rest.
    pub(super) is_lossy: bool,
    pub(super) last_event_id: Option<String>,
    /// The ids of its events, each cut as `last_event_id` is.
    pub(super) event_ids: Vec<String>,
}

impl Way {
    /// What a reading says of its exchange, and the records that it was read from.
    #[must_use]
    pub fn of(reading: &Reading, records: &[Record]) -> Self {
        let mut marks = Marks::default();
        for record in records {
            marks.note(&record.fact);
        }
        marks.frames(&reading.frames);
        marks.way(&reading.summary)
    }

    /// It goes on.
    pub(super) fn is_open(&self) -> bool {
        self.outcome.is_none()
    }
}

/// What calls need to know of an exchange beside its summary, as it comes.
#[derive(Clone, Debug, Default)]
pub struct Marks {
    counts: bool,
    lost: bool,
    event_ids: Vec<String>,
}

impl Marks {
    /// Takes in the next fact.
    pub fn note(&mut self, fact: &Fact) {
        match fact {
            Fact::Open(open) => self.counts |= open.headers.get("mcp-sequence").is_some(),
            Fact::Gap(gap) => self.lost |= gap.side != Some(Side::Request),
            Fact::Chunk { side, cut, .. } => self.lost |= *side == Side::Response && *cut > 0,
            _ => {}
        }
    }

    /// Takes in the next frames.
    pub fn frames(&mut self, frames: &[Frame]) {
        let ids = frames.iter().filter_map(|frame| frame.id.as_deref());
        self.event_ids.extend(ids.filter(|id| !id.is_empty()).map(cut_text));
    }

    /// Forgets all event ids but the last ones.
    pub fn keep_last(&mut self, ids: usize) {
        let old = self.event_ids.len().saturating_sub(ids);
        self.event_ids.drain(..old);
    }

    /// The exchange as it stands.
    #[must_use]
    pub fn way(&self, summary: &Summary) -> Way {
        let other_end = matches!(summary.transport, Some(Transport::HttpSse | Transport::Ndjson));
        Way {
            id: summary.id,
            started_at: summary.started_at,
            last_at: summary.last_at,
            outcome: summary.outcome,
            status: summary.status,
            is_channel: summary.method == "GET" && (other_end || self.counts),
            is_lossy: self.lost || summary.unread.is_some(),
            last_event_id: summary.last_event_id.clone().filter(|id| !id.is_empty()),
            event_ids: self.event_ids.clone(),
        }
    }
}

/// All exchanges of a session, and which of them resume which.
#[derive(Debug, Default)]
pub(super) struct Ways {
    by_id: HashMap<ExchangeId, Way>,
    /// Where a resumed stream began.
    root: HashMap<ExchangeId, ExchangeId>,
    /// By where it began: the exchanges that took it up, in order.
    resumes: HashMap<ExchangeId, Vec<ExchangeId>>,
    /// Where streams began of which not all could be read.
    lossy: HashSet<ExchangeId>,
    open_channel: bool,
    lossy_channel: bool,
}

impl Ways {
    pub(super) fn of(ways: impl IntoIterator<Item = Way>, messages: &[Message]) -> Self {
        let mut order: Vec<Way> = ways.into_iter().collect();
        order.sort_by_key(|way| (way.started_at, way.id));
        let mut found = Self::default();
        let mut waiting = waiting(messages);
        let mut by_event: HashMap<&str, VecDeque<&Way>> = HashMap::new();
        for way in &order {
            found.open_channel |= way.is_channel && way.is_open();
            found.lossy_channel |= way.is_channel && way.is_lossy;
            if let Some(last) = way.last_event_id.as_deref()
                && let Some(before) = by_event.get(last)
            {
                found.resume(way, last, before, &mut waiting);
            }
            if way.is_lossy {
                found.lossy.insert(found.root_of(way.id));
            }
            for id in &way.event_ids {
                let known = by_event.entry(id).or_default();
                if known.back().is_none_or(|last| last.id != way.id) {
                    known.push_back(way);
                }
                if known.len() > SAME_ID_CAP {
                    known.pop_front();
                }
            }
        }
        drop(by_event);
        found.by_id = order.into_iter().map(|way| (way.id, way)).collect();
        found
    }

    /// Of the streams that gave this id, the one that has most need of being taken up.
    fn resume(
        &mut self,
        way: &Way,
        last: &str,
        before: &VecDeque<&Way>,
        waiting: &mut HashMap<ExchangeId, i64>,
    ) {
        let need = |other: &&&Way| {
            let had_ended = !other.is_open() && other.last_at <= way.started_at;
            let is_last = other.event_ids.last().is_some_and(|id| id == last);
            let root = self.root_of(other.id);
            let waits = waiting.get(&root).is_some_and(|left| *left > 0);
            (had_ended, is_last, waits, other.started_at, other.id)
        };
        let Some(taken_up) = before.iter().filter(|other| other.id != way.id).max_by_key(need)
        else {
            return;
        };
        let root = self.root_of(taken_up.id);
        self.root.insert(way.id, root);
        self.resumes.entry(root).or_default().push(way.id);
        let answered = waiting.get(&way.id).copied().unwrap_or_default();
        *waiting.entry(root).or_default() += answered;
    }

    /// The exchange with which a stream began.
    pub(super) fn root_of(&self, exchange: ExchangeId) -> ExchangeId {
        self.root.get(&exchange).copied().unwrap_or(exchange)
    }

    pub(super) fn get(&self, exchange: ExchangeId) -> Option<&Way> {
        self.by_id.get(&exchange)
    }

    pub(super) fn stream(&self, exchange: ExchangeId) -> Stream {
        let refused = self.get(exchange).and_then(|way| way.status).is_some_and(|s| s >= 400);
        Stream { root: self.root_of(exchange), refused }
    }

    /// The exchanges that took up the stream which began with `root`, in order.
    pub(super) fn resumes(&self, root: ExchangeId) -> &[ExchangeId] {
        self.resumes.get(&root).map(Vec::as_slice).unwrap_or_default()
    }

    /// Every exchange that took up a stream, with the one that it began with, ascending.
    pub(super) fn resumed(&self) -> Vec<(ExchangeId, ExchangeId)> {
        let mut resumed: Vec<_> = self.root.iter().map(|(id, root)| (*id, *root)).collect();
        resumed.sort_unstable();
        resumed
    }

    /// Not all of the stream that began here could be read.
    pub(super) fn is_lossy(&self, root: ExchangeId) -> bool {
        self.lossy.contains(&root)
    }

    /// An answer to what was posted elsewhere may have been lost.
    pub(super) fn has_lossy_channel(&self) -> bool {
        self.lossy_channel
    }

    /// What is posted elsewhere can still be answered.
    pub(super) fn has_open_channel(&self) -> bool {
        self.open_channel
    }
}

/// The client's requests less the server's answers, by the exchange that carried them.
fn waiting(messages: &[Message]) -> HashMap<ExchangeId, i64> {
    let mut waiting: HashMap<ExchangeId, i64> = HashMap::new();
    for message in messages {
        let more = match (message.direction, message.kind) {
            (Direction::ClientToServer, Kind::Request) => 1,
            (Direction::ServerToClient, Kind::Response | Kind::Error) => -1,
            _ => continue,
        };
        *waiting.entry(message.exchange).or_default() += more;
    }
    waiting
}
