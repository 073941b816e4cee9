//! The sessions of the list: which exchange is in which, and what is summed up of each.

use std::collections::{BTreeSet, HashMap, VecDeque};

use foldhash::fast::RandomState;

use super::{
    Veil,
    door::Door,
    sketch::{Activity, Sketch},
};
use crate::{
    capture::{ExchangeId, Timestamp},
    protocol::{Session, Sessions, State, Summary, Transport},
    tui::{
        rows::{Row, RowKind, SessionId, SessionRow},
        text,
    },
};

/// Exchanges that are looked at again because what came since may have put them into another
/// session: a challenge into that of the request that it led to. Older ones stay where they are.
const RECENT: usize = 4_096;

/// So long after its last record a session's row can still change by itself: it is idle after 30
/// minutes.
const AGEING: u64 = 40 * 60 * 1_000_000_000;

/// All sessions.
pub(super) struct Book {
    fold: Sessions,
    door: Door,
    list: Vec<Entry>,
    by_name: HashMap<ExchangeId, SessionId>,
    dirty: BTreeSet<SessionId>,
    /// Sessions that were told once.
    told: u32,
    /// The latest record.
    latest: Timestamp,
    recent: VecDeque<ExchangeId>,
    /// Something was folded since it was looked who is in another session now.
    folded: bool,
    counted: HashMap<ExchangeId, Counted, RandomState>,
}

/// What an exchange added to its session.
#[derive(Clone, Copy, Debug)]
struct Counted {
    session: SessionId,
    errors: u64,
    running: bool,
    at: Timestamp,
    last_at: Timestamp,
}

struct Entry {
    name: ExchangeId,
    sums: Sums,
}

/// What is summed up of a session.
struct Sums {
    exchanges: u64,
    errors: u64,
    from_server: u64,
    latency: Sketch,
    activity: Activity,
    started_at: Timestamp,
    last_at: Timestamp,
    /// The latest record of what was only counted.
    passed_at: Timestamp,
    problems: Option<u64>,
    deleted: bool,
}

impl Book {
    pub(super) fn new() -> Self {
        Self {
            fold: Sessions::new(),
            door: Door::default(),
            list: Vec::new(),
            by_name: HashMap::new(),
            dirty: BTreeSet::new(),
            told: 0,
            latest: Timestamp::default(),
            recent: VecDeque::new(),
            folded: false,
            counted: HashMap::default(),
        }
    }

    /// Takes in an exchange as it stands; the session that it is in.
    pub(super) fn apply(&mut self, summary: &Summary) -> SessionId {
        let (id, kin) = (summary.id, self.door.kin(summary));
        if let Some(session) = self.door.pass(summary, &kin) {
            let folded = self.fold.session_of(id).is_some();
            let is_first = self.name(session) == Some(id);
            // What went on was folded until now.
            if !folded || !is_first && self.session_in_fold(id) == session {
                if folded {
                    self.fold.forget(id);
                    self.folded = true;
                }
                self.count(summary, session);
                if let Some(entry) = self.list.get_mut(session.0 as usize) {
                    entry.sums.passed_at = entry.sums.passed_at.max(summary.last_at);
                }
                return session;
            }
        }
        self.fold.apply(summary.clone());
        self.folded = true;
        let session = self.session_in_fold(id);
        self.door.folded(summary, &kin, session);
        self.count(summary, session);
        session
    }

    /// Exchanges that the fold holds.
    #[cfg(test)]
    pub(super) fn folded(&self) -> usize {
        self.fold.len()
    }

    /// Exchanges that are in another session by now, and which.
    pub(super) fn moved(&mut self) -> Vec<(ExchangeId, SessionId)> {
        if !std::mem::take(&mut self.folded) {
            return Vec::new();
        }
        let recent: Vec<ExchangeId> = self.recent.iter().copied().collect();
        let mut moved = Vec::new();
        for id in recent {
            let Some(before) = self.counted.get(&id).map(|counted| counted.session) else {
                continue;
            };
            if self.fold.session_of(id).is_none() {
                // It was counted only.
                continue;
            }
            let now = self.session_in_fold(id);
            if now != before {
                self.recount(id, now);
                moved.push((id, now));
            }
        }
        if !moved.is_empty() {
            self.door.forget();
        }
        moved
    }

    /// Takes a row into the sums, in place of what it was before.
    pub(super) fn row(&mut self, before: Option<&Row>, row: &Row) {
        if let Some(before) = before.filter(|before| *before != row) {
            self.add(before, false);
            self.add(row, true);
        } else if before.is_none() {
            self.add(row, true);
        }
    }

    fn add(&mut self, row: &Row, comes: bool) {
        let Some(entry) = self.list.get_mut(row.session.0 as usize) else { return };
        let sums = &mut entry.sums;
        if row.from_server && matches!(row.kind, RowKind::Call | RowKind::Notification) {
            let less = sums.from_server.saturating_sub(1);
            sums.from_server = if comes { sums.from_server + 1 } else { less };
        }
        if row.kind == RowKind::Call && row.total_us != u32::MAX {
            if comes {
                sums.latency.add(row.total_us);
            } else {
                sums.latency.remove(row.total_us);
            }
        }
        self.dirty.insert(row.session);
    }

    /// How many problems a session has.
    pub(super) fn judged(&mut self, session: SessionId, problems: u64) {
        if let Some(entry) = self.list.get_mut(session.0 as usize) {
            entry.sums.problems = Some(problems);
            self.dirty.insert(session);
        }
    }

    /// A session was deleted, with these exchanges: nothing that comes joins them.
    pub(super) fn delete(&mut self, session: SessionId, members: &[ExchangeId]) {
        for id in members {
            self.fold.remove(*id);
            self.counted.remove(id);
        }
        self.door.forget();
        if let Some(entry) = self.list.get_mut(session.0 as usize) {
            entry.sums.deleted = true;
            self.by_name.remove(&entry.name);
            self.dirty.insert(session);
        }
    }

    /// An exchange was deleted.
    pub(super) fn remove(&mut self, session: SessionId) {
        let Some(entry) = self.list.get_mut(session.0 as usize) else { return };
        entry.sums.exchanges = entry.sums.exchanges.saturating_sub(1);
        entry.sums.deleted |= entry.sums.exchanges == 0;
        self.dirty.insert(session);
    }

    /// A session's id as others name it.
    pub(super) fn name(&self, session: SessionId) -> Option<ExchangeId> {
        self.list.get(session.0 as usize).map(|entry| entry.name)
    }

    /// A session as the fold tells it.
    pub(super) fn session(&self, session: SessionId, as_of: Timestamp) -> Option<Session> {
        self.fold.get(self.name(session)?, as_of)
    }

    /// How many exchanges a session has.
    pub(super) fn exchanges(&self, session: SessionId) -> u64 {
        self.list.get(session.0 as usize).map_or(0, |entry| entry.sums.exchanges)
    }

    /// All sessions that are not deleted.
    pub(super) fn all(&self) -> impl Iterator<Item = SessionId> {
        let all = self.list.iter().zip(0_u32..);
        all.filter(|(entry, _)| !entry.sums.deleted).map(|(_, place)| SessionId(place))
    }

    /// Tells anew what grows old: sessions that may have become idle, or still show activity.
    pub(super) fn touch_recent(&mut self, now: Timestamp) {
        let recent = |entry: &Entry| now.0.saturating_sub(entry.sums.last_at.0) < AGEING;
        let places = self.list.iter().zip(0_u32..).filter(|(entry, _)| recent(entry));
        self.dirty.extend(places.map(|(_, place)| SessionId(place)));
    }

    /// Tells every session anew.
    pub(super) fn touch_all(&mut self) {
        self.dirty = (0..self.list.len())
            .filter_map(|place| u32::try_from(place).ok())
            .map(SessionId)
            .collect();
    }

    /// The rows of sessions that changed since the last time, or only of those that are new: rows
    /// name them.
    pub(super) fn fresh(
        &mut self,
        now: Option<Timestamp>,
        veil: &mut dyn Veil,
    ) -> Vec<(SessionId, SessionRow)> {
        let from = SessionId(if now.is_some() { 0 } else { self.told });
        let fresh = self.dirty.split_off(&from);
        self.told = u32::try_from(self.list.len()).unwrap_or(u32::MAX);
        let now = now.unwrap_or(self.latest);
        fresh.into_iter().filter_map(|id| Some((id, self.row_of(id, now, veil)?))).collect()
    }

    fn row_of(&self, id: SessionId, now: Timestamp, veil: &mut dyn Veil) -> Option<SessionRow> {
        let entry = self.list.get(id.0 as usize)?;
        let sums = &entry.sums;
        let mut told = self.fold.get(entry.name, now);
        // The fold does not have the last of what was only counted: it is idle for less long.
        let lag = told.as_ref().map_or(0, |told| sums.passed_at.0.saturating_sub(told.last_at.0));
        if lag > 0 && told.as_ref().is_some_and(|told| told.state == State::Expired) {
            told = self.fold.get(entry.name, Timestamp(now.0.saturating_sub(lag)));
        }
        let mut shown = |text: &str| text::visible(&veil.name(text)).into_owned();
        let told = told.as_ref();
        let client = told.and_then(|told| told.client.as_ref());
        let client =
            client.map(|client| shown(format!("{} {}", client.name, client.version).trim()));
        let name = told.and_then(|told| told.name.as_deref()).map(&mut shown);
        let server = told.map(|told| veil.url(&told.server)).unwrap_or_default();
        let server = server.strip_prefix("https://").unwrap_or(&server);
        let plain = |text: &String| text::visible(text).into_owned();
        Some(SessionRow {
            id: entry.name,
            wire_id: told.and_then(|told| told.wire_id.as_ref()).map(plain),
            state: told.map_or(State::Closed, |told| told.state),
            server: text::visible(server).into_owned(),
            revision: told.and_then(|told| told.revision.as_ref()).map(plain),
            client,
            run: told.and_then(|told| told.run.as_ref()).map(plain),
            name,
            transport: told.and_then(|told| told.transport).map(transport),
            exchanges: sums.exchanges,
            errors: sums.errors,
            from_server: sums.from_server,
            problems: sums.problems,
            p50_us: sums.latency.quantile(50),
            p95_us: sums.latency.quantile(95),
            activity: sums.activity.told(sums.last_at, now),
            started_at: told.map_or(sums.started_at, |told| told.started_at),
            last_at: told.map_or(sums.last_at, |told| told.last_at.max(sums.passed_at)),
            open_streams: told.map_or(0, |told| told.open_streams),
            // A session without an exchange was one under another name.
            deleted: sums.deleted || sums.exchanges == 0,
        })
    }

    fn session_in_fold(&mut self, id: ExchangeId) -> SessionId {
        let name = self.fold.session_of(id).unwrap_or(id);
        if let Some(known) = self.by_name.get(&name) {
            return *known;
        }
        // A session that goes by another name now keeps its place.
        let renamed = self.counted.get(&id).map(|counted| counted.session).filter(|session| {
            let before = self.list.get(session.0 as usize).map(|entry| entry.name);
            before.and_then(|before| self.fold.session_of(before)) == Some(name)
        });
        let renamed = renamed.or_else(|| {
            let told = self.fold.get(name, Timestamp::default())?;
            told.exchanges.iter().find_map(|member| {
                let session = self.by_name.get(member).copied()?;
                (self.fold.session_of(*member) == Some(name)).then_some(session)
            })
        });
        let session = renamed.unwrap_or_else(|| {
            let place = u32::try_from(self.list.len()).unwrap_or(u32::MAX);
            self.list.push(Entry { name, sums: Sums::new() });
            SessionId(place)
        });
        if let Some(entry) = self.list.get_mut(session.0 as usize) {
            self.by_name.remove(&entry.name);
            entry.name = name;
        }
        self.by_name.insert(name, session);
        self.dirty.insert(session);
        session
    }

    fn count(&mut self, summary: &Summary, session: SessionId) {
        let id = summary.id;
        let before = self.counted.get(&id).copied();
        match before {
            None => self.recent.push_back(id),
            Some(before) if before.session != session => self.recount(id, session),
            Some(_) => {}
        }
        self.latest = self.latest.max(summary.last_at);
        let errors = summary.counts.errors;
        let running = summary.outcome.is_none();
        if let Some(entry) = self.list.get_mut(session.0 as usize) {
            let sums = &mut entry.sums;
            if before.is_none() {
                sums.begin(summary.started_at);
            }
            let known = before.map_or(0, |before| before.errors);
            sums.errors = (sums.errors + errors).saturating_sub(known);
            sums.last_at = sums.last_at.max(summary.last_at);
        }
        self.counted.insert(
            id,
            Counted { session, errors, running, at: summary.started_at, last_at: summary.last_at },
        );
        self.dirty.insert(session);
        self.forget_old();
    }

    /// Moves what an exchange added to its session into another one.
    fn recount(&mut self, id: ExchangeId, now: SessionId) {
        let Some(counted) = self.counted.get_mut(&id) else { return };
        let before = std::mem::replace(&mut counted.session, now);
        let (errors, at, last_at) = (counted.errors, counted.at, counted.last_at);
        if let Some(entry) = self.list.get_mut(before.0 as usize) {
            entry.sums.exchanges = entry.sums.exchanges.saturating_sub(1);
            entry.sums.errors = entry.sums.errors.saturating_sub(errors);
        }
        if let Some(entry) = self.list.get_mut(now.0 as usize) {
            entry.sums.begin(at);
            entry.sums.last_at = entry.sums.last_at.max(last_at);
            entry.sums.errors += errors;
        }
        self.dirty.extend([before, now]);
    }

    fn forget_old(&mut self) {
        for _ in RECENT..self.recent.len() {
            let Some(oldest) = self.recent.pop_front() else { return };
            if self.counted.get(&oldest).is_some_and(|counted| counted.running) {
                self.recent.push_back(oldest);
            } else {
                self.counted.remove(&oldest);
            }
        }
    }
}

impl Sums {
    fn new() -> Self {
        Self {
            exchanges: 0,
            errors: 0,
            from_server: 0,
            latency: Sketch::default(),
            activity: Activity::new(Timestamp::default()),
            started_at: Timestamp::default(),
            last_at: Timestamp::default(),
            passed_at: Timestamp::default(),
            problems: None,
            deleted: false,
        }
    }

    /// An exchange more, which began then.
    fn begin(&mut self, at: Timestamp) {
        if self.exchanges == 0 {
            self.activity = Activity::new(at);
            self.started_at = at;
        }
        self.exchanges += 1;
        self.started_at = self.started_at.min(at);
        self.last_at = self.last_at.max(at);
        self.activity.add(at);
    }
}

fn transport(transport: Transport) -> &'static str {
    match transport {
        Transport::StreamableHttp => "streamable-http",
        Transport::HttpSse => "http+sse",
        Transport::Ndjson => "ndjson",
    }
}
