//! A tape as a script for a server: its sessions, what each request asked, and what came.

use std::collections::{BTreeMap, HashMap, HashSet};

use bytes::Bytes;

use super::{
    asked::{Asked, Claim},
    reply::{self, Reply},
    route::{Route, Routes},
};
use crate::{
    capture::{ExchangeId, Record, Timestamp},
    protocol::{Direction, Kind, Message, RefusalReason, Story, Told},
};

/// All that was recorded.
#[derive(Debug, Default)]
pub struct Script {
    /// In the order of their beginning, tape after tape.
    pub(super) sessions: Vec<Recorded>,
    /// The exchanges of all sessions; each session's in the order of time.
    pub(super) entries: Vec<Entry>,
    pub(super) routes: Routes,
    /// Those that the tapes' first lines list.
    pub(super) placeholders: Vec<String>,
    /// The exchange in which a request of the server was answered, by the request's message.
    pub(super) answered_in: HashMap<String, Answered>,
}

/// How a client answered a request of the server.
#[derive(Clone, Debug)]
pub(super) struct Answered {
    pub(super) entry: usize,
    pub(super) at: Timestamp,
    /// What it said, in one spelling.
    pub(super) said: String,
}

/// A recorded session.
#[derive(Debug)]
pub(super) struct Recorded {
    pub(super) id: ExchangeId,
    /// The entry that begins it: `initialize`, or the GET whose stream names the endpoint. None
    /// where nothing begins it (2026-07-28).
    pub(super) starter: Option<usize>,
    pub(super) entries: Vec<usize>,
    /// The same by what they ask.
    pub(super) by_key: HashMap<String, Vec<usize>>,
    /// Those in whose requests placeholders stand: they fit more than one key.
    pub(super) wild: Vec<usize>,
    /// The ids that the server gave, each with the entry whose response was the first to name it.
    pub(super) born: BTreeMap<String, usize>,
}

impl Recorded {
    /// Its server tells clients apart by ids that it gives.
    pub(super) fn gives_ids(&self) -> bool {
        !self.born.is_empty()
    }
}

/// A recorded exchange.
#[derive(Debug)]
pub(super) struct Entry {
    pub(super) session: usize,
    pub(super) exchange: ExchangeId,
    pub(super) at: Timestamp,
    /// Its server: `http://127.0.0.1:3000`.
    pub(super) origin: String,
    pub(super) asked: Asked,
    /// The session ids in its request, the path's included.
    pub(super) claims: Vec<Claim>,
    pub(super) route: usize,
    /// The message that it is about.
    pub(super) message: Option<String>,
    /// The message of `initialize`.
    pub(super) opening: Option<Bytes>,
    /// It was refused for its session.
    pub(super) refuses: Option<RefusalReason>,
    pub(super) reply: Reply,
}

impl Entry {
    pub(super) fn is_refusal(&self) -> bool {
        self.reply.status >= 400
    }

    /// A stream to listen on.
    pub(super) fn is_get(&self) -> bool {
        self.asked.http == "GET"
    }
}

impl Script {
    /// A script without sessions.
    #[must_use]
    pub fn new(placeholders: Vec<String>) -> Self {
        Self { placeholders, ..Self::default() }
    }

    /// Takes a session with the records of its exchanges, in the order of the session's list.
    pub fn add(&mut self, story: &Story, records: &[Vec<Record>]) {
        let session = self.sessions.len();
        let mut read = Vec::new();
        for exchange in records {
            let Some(id) = exchange.first().and_then(|record| record.exchange) else { continue };
            let (Some(told), Some((asked, own))) = (story.exchange(id), Asked::recorded(exchange))
            else {
                continue;
            };
            read.push((told, asked, own, exchange));
        }
        read.sort_by_key(|(told, ..)| (told.reading.summary.started_at, told.id()));
        let first = self.entries.len();
        let places: HashMap<ExchangeId, usize> =
            read.iter().enumerate().map(|(n, (told, ..))| (told.id(), first + n)).collect();
        let scene = reply::Scene::new(story, &places);
        for (told, asked, own, records) in read {
            let summary = &told.reading.summary;
            let in_path = summary.candidates.iter();
            let in_path = in_path.filter(|c| c.source == "path" && !c.in_response);
            let in_path: Vec<String> = in_path.map(|c| c.value.clone()).collect();
            let (route, path_claim) = self.routes.add(&asked.path, &in_path, &asked.http);
            let mut claims = asked.claims.clone();
            claims.extend(path_claim);
            let head = asked.head_part().map(|part| part.number);
            let message = own.iter().find(|message| Some(message.number) == head);
            self.entries.push(Entry {
                session,
                exchange: told.id(),
                at: summary.started_at,
                origin: summary.origin.clone(),
                claims,
                route,
                message: message.map(Message::id),
                opening: message.filter(|_| asked.is_initialize()).map(|m| m.payload.clone()),
                refuses: summary.refusal.as_ref().map(|refusal| refusal.reason),
                reply: Reply::of(told, records, &scene, &asked),
                asked,
            });
        }
        let mut recorded = self.recorded(story.session.id, session, first);
        recorded.born = self.born(story, first);
        self.sessions.push(recorded);
        self.note_answers(story, &places);
    }

    fn recorded(&self, id: ExchangeId, session: usize, first: usize) -> Recorded {
        let own = || self.entries.iter().enumerate().skip(first);
        debug_assert!(own().all(|(_, entry)| entry.session == session), "added one by one");
        let opens = |entry: &Entry| entry.is_get() && entry.reply.names_endpoint;
        let begins = |entry: &Entry| entry.asked.is_initialize() && !entry.is_refusal();
        let starter = own().find(|(_, entry)| opens(entry));
        let starter = starter.or_else(|| own().find(|(_, entry)| begins(entry)));
        let mut by_key: HashMap<String, Vec<usize>> = HashMap::new();
        let mut wild = Vec::new();
        for (place, entry) in own() {
            by_key.entry(entry.asked.key.clone()).or_default().push(place);
            if self.placeholders.iter().any(|text| entry.asked.key.contains(text.as_str())) {
                wild.push(place);
            }
        }
        Recorded {
            id,
            starter: starter.map(|(place, _)| place),
            entries: own().map(|(place, _)| place).collect(),
            by_key,
            wild,
            born: BTreeMap::new(),
        }
    }

    /// The ids that responses named before any request did.
    fn born(&self, story: &Story, first: usize) -> BTreeMap<String, usize> {
        let candidates = |told: &Told| -> HashSet<String> {
            let found = told.reading.summary.candidates.iter();
            found.filter(|c| !c.is_cookie()).map(|c| c.value.clone()).collect()
        };
        let all: HashSet<String> = story.exchanges.iter().flat_map(candidates).collect();
        let mut born = BTreeMap::new();
        for id in all.into_iter().chain(story.session.wire_id.clone()) {
            let entries = || self.entries.iter().enumerate().skip(first);
            let claims = |entry: &Entry| entry.claims.iter().any(|claim| claim.value == id);
            let claimed = entries().find(|(_, e)| claims(e)).map(|(_, entry)| entry.at);
            let named = entries().find_map(|(place, entry)| {
                let told = story.exchange(entry.exchange)?;
                reply::names(told, &id).then_some((place, entry.reply.head_at))
            });
            if let Some((place, at)) = named
                && claimed.is_none_or(|claimed| at <= claimed)
            {
                born.insert(id, place);
            }
        }
        born
    }

    fn note_answers(&mut self, story: &Story, places: &HashMap<ExchangeId, usize>) {
        for message in &story.messages {
            let is_answer = matches!(message.kind, Kind::Response | Kind::Error)
                && message.direction == Direction::ClientToServer;
            let Some(asked) = message.answers.as_ref().filter(|_| is_answer) else { continue };
            let Some(&entry) = places.get(&message.exchange) else { continue };
            let part = self.entries.get(entry).and_then(|entry| {
                entry.asked.parts.iter().find(|part| part.number == message.number)
            });
            let said = part.map(|part| part.said.clone()).unwrap_or_default();
            let answered = Answered { entry, at: message.at, said };
            self.answered_in.entry(asked.clone()).or_insert(answered);
        }
    }

    pub(super) fn entry(&self, place: usize) -> Option<&Entry> {
        self.entries.get(place)
    }

    /// Whether anything was recorded in the manner of 2026-07-28, and answered.
    pub(super) fn speaks_modern(&self) -> bool {
        self.entries.iter().any(|entry| entry.asked.is_modern && !entry.is_refusal())
    }

    /// What a client without a credential was told.
    pub(super) fn unauthorized(&self) -> Option<usize> {
        self.entries.iter().position(|entry| {
            matches!(entry.reply.status, 401 | 403)
                && !entry.asked.has_credential
                && self.entries.iter().any(|other| {
                    other.session == entry.session
                        && other.asked.has_credential
                        && !other.is_refusal()
                })
        })
    }

    /// The path that a client is to be given: that of the first exchange that shows MCP.
    #[must_use]
    pub fn client_path(&self) -> String {
        let starters = self.sessions.iter().filter_map(|session| self.entry(session.starter?));
        let asks = |entry: &&Entry| !entry.asked.parts.is_empty();
        let entry = starters.chain(self.entries.iter().filter(asks)).next();
        let route = entry.and_then(|entry| self.routes.get(entry.route));
        route.map_or_else(|| "/mcp".to_owned(), Route::path)
    }

    /// How many exchanges there are.
    #[must_use]
    pub fn exchanges(&self) -> usize {
        self.entries.len()
    }

    /// How many sessions there are.
    #[must_use]
    pub fn sessions(&self) -> usize {
        self.sessions.len()
    }
}
