//! The engine of every search: what a query finds, old to new.
//!
//! The index names the exchanges that may match, in parts; of each its session is told from its kin
//! and its messages are read. A stream's messages come long after it began: hits wait until no
//! exchange can come that began before them.

use std::collections::{BTreeMap, VecDeque};

use super::{Entry, Recording};
use crate::{
    capture::{ExchangeId, Timestamp},
    protocol::{
        Summary,
        index::Plan,
        query::{Query, Subject},
    },
};

/// Exchanges that are asked for at once: few at first, so that the first hits come at once,
const FIRST_PART: usize = 64;

/// then more.
const LARGEST_PART: usize = 2_048;

/// One step of a search.
pub(crate) enum Step {
    /// A hit with its session.
    Hit(ExchangeId, Box<Entry>),
    /// This exchange was looked at.
    Looked(ExchangeId),
    /// The next step asks the index for more.
    Asks,
    /// There is no more.
    Over,
}

/// What matches, old to new.
pub(crate) struct Hits {
    query: Query,
    plan: Plan,
    /// Exchanges that the index found and that were not looked at yet.
    part: VecDeque<Summary>,
    after: Option<ExchangeId>,
    size: usize,
    over: bool,
    /// It was said that more will be asked for.
    asking: bool,
    /// Which exchanges are looked at; none for all.
    chooses: Option<Box<dyn Fn(ExchangeId) -> bool + Send>>,
    /// Hits that wait, by time.
    waiting: BTreeMap<(Timestamp, ExchangeId, Option<u32>), (ExchangeId, Entry)>,
}

impl Hits {
    /// Looks up what the query names.
    pub(crate) fn new(query: Query, recording: &mut Recording) -> anyhow::Result<Self> {
        Ok(Self {
            plan: recording.plan(&query)?,
            query,
            part: VecDeque::new(),
            after: None,
            size: FIRST_PART,
            over: false,
            asking: false,
            chooses: None,
            waiting: BTreeMap::new(),
        })
    }

    /// Only exchanges that this chooses are looked at; all of them lie within these two.
    pub(crate) fn among(
        mut self,
        within: Option<(ExchangeId, ExchangeId)>,
        chooses: impl Fn(ExchangeId) -> bool + Send + 'static,
    ) -> Self {
        if let Some((from, to)) = within {
            let (first, last) = self.plan.within.unwrap_or((from, to));
            self.plan.within = Some((first.max(from), last.min(to)));
        }
        self.chooses = Some(Box::new(chooses));
        self
    }

    /// Looks a bit further.
    pub(crate) fn step(&mut self, recording: &mut Recording) -> anyhow::Result<Step> {
        let asks = self.part.is_empty() && !self.over;
        if asks && !std::mem::replace(&mut self.asking, true) {
            return Ok(Step::Asks);
        }
        if asks {
            self.asking = false;
            self.part = recording.find(&self.plan, self.after, self.size)?.into();
            self.over = self.part.len() < self.size;
            self.after = self.part.back().map(|summary| summary.id).or(self.after);
            self.size = (self.size * 2).min(LARGEST_PART);
        }
        let next = self.part.front().map(|summary| summary.started_at);
        if let Some(hit) = self.waiting.first_entry()
            && next.is_none_or(|next| hit.key().0 < next)
        {
            let (session, entry) = hit.remove();
            return Ok(Step::Hit(session, Box::new(entry)));
        }
        let Some(summary) = self.part.pop_front() else {
            return Ok(if self.over { Step::Over } else { Step::Asks });
        };
        if self.chooses.as_ref().is_none_or(|chooses| chooses(summary.id)) {
            self.look_at(&summary, recording)?;
        }
        Ok(Step::Looked(summary.id))
    }

    fn look_at(&mut self, summary: &Summary, recording: &mut Recording) -> anyhow::Result<()> {
        if !self.query.may_match(summary) {
            return Ok(());
        }
        // Most of a long search for a word: it is not there.
        if self.query.asks_for_text()
            && !self.query.may_be_said(summary, &recording.records(summary.id)?)
        {
            return Ok(());
        }
        if self.look_alone(summary, recording)? {
            return Ok(());
        }
        if !recording.relate(summary)? {
            return Ok(());
        }
        let matches = |session| self.query.matches_session(session);
        if !recording.session_of(summary.id).is_some_and(matches) {
            return Ok(());
        }
        if self.query.asks_for_problems()
            && let Some(session) = recording.session_of(summary.id).cloned()
        {
            recording.judge(std::slice::from_ref(&session))?;
        }
        let entries = recording.entries_of(summary)?;
        let Some(session) = recording.session_of(summary.id) else { return Ok(()) };
        for entry in entries {
            let subject = recording.subject(session, &entry);
            if subject.is_some_and(|subject| self.query.matches(&subject)) {
                self.wait(session.id, entry);
            }
        }
        Ok(())
    }

    /// Looks at an exchange without reading its session, where nothing is asked of that but its
    /// id; false where more is.
    fn look_alone(&mut self, summary: &Summary, recording: &mut Recording) -> anyhow::Result<bool> {
        if summary.is_linked() || self.query.asks_for_problems() {
            return Ok(false);
        }
        let Some(session) = recording.placed(summary)? else { return Ok(false) };
        if self.query.asks_for_session(&session) {
            return Ok(false);
        }
        let entries = recording.entries_alone(summary)?;
        // An exchange that carries no message is printed with its place in the session.
        if entries.iter().any(|entry| entry.message.is_none()) {
            return Ok(false);
        }
        for entry in entries {
            let subject = Subject {
                session: &session,
                summary,
                call: entry.call.as_ref(),
                message: entry.message.as_ref(),
                at_fault: false,
            };
            if self.query.matches(&subject) {
                self.wait(session.id, entry);
            }
        }
        Ok(true)
    }

    fn wait(&mut self, session: ExchangeId, entry: Entry) {
        let number = entry.message.as_ref().map(|message| message.number);
        self.waiting.insert((entry.at, entry.exchange, number), (session, entry));
    }
}
