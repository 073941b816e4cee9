//! A tape read through once: which of its calls stand alone, and the sessions of all.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    fs::File,
    io::BufReader,
};

use super::{PlayedSession, READ_AHEAD, Reel, runs::Runs, size};
use crate::{
    capture::{ExchangeId, Fact, Record, Timestamp},
    cli::{
        progress::Reading,
        verify::pipe::{Giver, beside},
    },
    protocol::{
        Session, Sessions, Story, Summary,
        alone::{likeness, reaches_out},
        read,
    },
    replay::{bind::Heard, plan::Apart},
    store::tape::{Places, TapeError},
};

/// A call that stands alone.
pub(super) struct Row {
    pub(super) id: ExchangeId,
    pub(super) started_at: Timestamp,
    pub(super) last_at: Timestamp,
    /// When its request and its answer were whole.
    sent_at: Timestamp,
    over_at: Timestamp,
    pub(super) likeness: u64,
}

/// What was seen of a tape.
pub(super) struct Survey {
    places: Places<BufReader<File>>,
    placeholders: Vec<String>,
    /// Ascending by exchange.
    rows: Vec<Row>,
    /// What these say, by their likeness.
    heard: HashMap<u64, Heard>,
    /// What does not stand alone.
    others: BTreeMap<ExchangeId, Summary>,
}

/// The lines of a tape.
struct Lines {
    places: Places<BufReader<File>>,
    placeholders: Vec<String>,
    /// Exchanges that have no end, or more behind it.
    open: BTreeSet<ExchangeId>,
}

impl Lines {
    /// Reads them, and hands over each exchange when it has ended.
    fn read(
        input: BufReader<File>,
        reading: &Reading,
        whole: &Giver<(ExchangeId, Vec<Record>)>,
    ) -> Result<Self, TapeError> {
        let mut placeholders = Vec::new();
        let mut open: HashMap<ExchangeId, Vec<Record>> = HashMap::new();
        let places = Places::read(
            input,
            |header| {
                let all = header.redactions.iter();
                placeholders = all.map(|redaction| redaction.placeholder.clone()).collect();
            },
            |records, at| {
                reading.at(at);
                for record in records {
                    let Some(id) = record.exchange else { continue };
                    let ends = matches!(record.fact, Fact::End(_));
                    let own = open.entry(id).or_default();
                    own.push(record);
                    if ends {
                        let own = std::mem::take(own);
                        open.remove(&id);
                        let bytes = size(&own);
                        // Whoever takes them does so to the end.
                        let _ = whole.give((id, own), bytes);
                    }
                }
            },
        )?;
        Ok(Self { places, placeholders, open: open.into_keys().collect() })
    }
}

/// What the exchanges of a tape are, as they come.
struct Seeing {
    rows: Vec<Row>,
    others: BTreeMap<ExchangeId, Summary>,
    heard: HashMap<u64, Heard>,
}

impl Seeing {
    fn see(&mut self, id: ExchangeId, records: Vec<Record>) {
        match Row::of(id, records, &mut self.heard) {
            Seen::Alone(row) => self.rows.push(row),
            Seen::Other(summary) => drop(self.others.insert(id, *summary)),
            Seen::Nothing => {}
        }
    }
}

/// What is played of a tape: where the rest of it is, its placeholders, its sessions, its clock.
pub(super) type Surveyed = (Reel, Vec<String>, Vec<PlayedSession>, Timestamp);

impl Survey {
    /// Reads a tape through: its lines on a thread of their own, what they say beside.
    pub(super) fn read(input: BufReader<File>, reading: &Reading) -> Result<Self, TapeError> {
        let (rows, others, heard) = (Vec::new(), BTreeMap::new(), HashMap::new());
        let mut seen = Seeing { rows, others, heard };
        let (lines, ()) = beside(
            "tape-lines",
            READ_AHEAD,
            |whole| Lines::read(input, reading, &whole),
            |mut whole| {
                while let Some((id, records)) = whole.take() {
                    seen.see(id, records);
                }
            },
        )?;
        let Lines { places, placeholders, open } = lines?;
        let Seeing { rows, others, heard } = seen;
        let mut survey = Self { places, placeholders, rows, heard, others };
        survey.correct(open)?;
        Ok(survey)
    }

    /// Exchanges of which there is more behind their end, or no end, do not stand alone.
    fn correct(&mut self, mut odd: BTreeSet<ExchangeId>) -> Result<(), TapeError> {
        self.rows.sort_by_key(|row| row.id);
        let twice = self.rows.windows(2).filter_map(|two| match two {
            [one, other] if one.id == other.id => Some(one.id),
            _ => None,
        });
        odd.extend(twice);
        odd.extend(self.rows.iter().map(|row| row.id).filter(|id| self.others.contains_key(id)));
        self.rows.retain(|row| !odd.contains(&row.id));
        self.rows.shrink_to_fit();
        for id in odd {
            let summary = read(&self.places.records(id)?).map(|reading| reading.summary);
            self.others.extend(summary.map(|summary| (id, summary)));
        }
        Ok(())
    }

    /// The sessions: what is told together of each, and what stands alone.
    pub(super) fn sessions(mut self, as_of: Option<Timestamp>) -> anyhow::Result<Surveyed> {
        let last = self.rows.iter().map(|row| row.last_at);
        let last = last.chain(self.others.values().map(|summary| summary.last_at)).max();
        let as_of = as_of.unwrap_or_else(|| last.unwrap_or_default());
        let others = self.others.keys().copied().collect();
        let runs = Runs::of(&self.rows, &others);
        let kept = runs.kept();
        let mut fold = Sessions::new();
        for place in &kept {
            let Some(row) = self.rows.get(*place) else { continue };
            if let Some(reading) = read(&self.places.records(row.id)?) {
                fold.apply(reading.summary);
            }
        }
        let reaching: Vec<ExchangeId> =
            self.others.values().filter(|other| reaches_out(other)).map(|other| other.id).collect();
        for summary in std::mem::take(&mut self.others).into_values() {
            fold.apply(summary);
        }
        let reaching: BTreeSet<ExchangeId> =
            reaching.into_iter().filter_map(|id| fold.session_of(id)).collect();
        let mut rows: HashMap<ExchangeId, Vec<usize>> = HashMap::new();
        for place in 0..self.rows.len() {
            let first = runs.first_of(place).and_then(|first| self.rows.get(first));
            let session = first.and_then(|first| fold.session_of(first.id));
            if let Some(session) = session.filter(|_| !kept.contains(&place)) {
                rows.entry(session).or_default().push(place);
            }
        }
        let mut sessions = fold.list(as_of);
        drop(fold);
        sessions.sort_by_key(|session| (session.started_at, session.id));
        let mut played = Vec::with_capacity(sessions.len());
        for session in sessions {
            let own = rows.remove(&session.id).unwrap_or_default();
            let whole = reaching.contains(&session.id);
            played.push(self.session(session, &own, whole)?);
        }
        Ok((Reel::new(self.places), self.placeholders, played, as_of))
    }

    fn session(
        &mut self,
        mut session: Session,
        rows: &[usize],
        whole: bool,
    ) -> anyhow::Result<PlayedSession> {
        let rows = || rows.iter().filter_map(|place| self.rows.get(*place));
        let last_at = rows().map(|row| row.last_at).chain([session.last_at]).max();
        let last_at = last_at.unwrap_or_default();
        session.last_at = last_at;
        let (mut held, mut apart) = (session.exchanges.clone(), Vec::new());
        let mut heard = Heard::default();
        if whole {
            held.extend(rows().map(|row| row.id));
            held.sort_unstable();
            session.exchanges.clone_from(&held);
        } else {
            apart = rows().map(|row| Apart::new(row.id, row.sent_at, row.over_at)).collect();
            apart.sort_by_key(|apart| (apart.sent_at, apart.exchange));
            let alike: BTreeSet<u64> = rows().map(|row| row.likeness).collect();
            alike.iter().filter_map(|alike| self.heard.get(alike)).for_each(|its| heard.join(its));
        }
        let records: Vec<Vec<Record>> =
            held.into_iter().map(|id| self.places.records(id)).collect::<Result<_, _>>()?;
        let story = Story::tell(session, records.iter().map(Vec::as_slice));
        Ok(PlayedSession { story, apart, heard, last_at })
    }
}

/// What an exchange is.
enum Seen {
    Alone(Row),
    Other(Box<Summary>),
    /// Its opening is not there.
    Nothing,
}

impl Row {
    fn of(id: ExchangeId, mut records: Vec<Record>, heard: &mut HashMap<u64, Heard>) -> Seen {
        records.sort_by_key(|record| record.n);
        let story = Story::tell(Session::unknown(id), [records.as_slice()]);
        let times = story.calls.first().and_then(|call| {
            let (request, answer) = (story.request(call)?, story.answer(call)?);
            Some((request.at, answer.at))
        });
        let Some(told) = story.exchanges.first() else { return Seen::Nothing };
        let summary = &told.reading.summary;
        let Some((sent_at, over_at)) = times.filter(|_| story.stands_alone()) else {
            return Seen::Other(Box::new(summary.clone()));
        };
        let likeness = likeness(summary);
        heard.entry(likeness).or_default().take(&story);
        let (started_at, last_at) = (summary.started_at, summary.last_at);
        Seen::Alone(Self { id, started_at, last_at, sent_at, over_at, likeness })
    }
}
