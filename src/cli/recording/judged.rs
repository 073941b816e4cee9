//! What is wrong in sessions: kept by the source, or looked for now.

use super::{Entry, Recording};
use crate::{
    capture::{ExchangeId, Fact, Record},
    protocol::{
        Message, Session, Story,
        problems::{
            Basis, JUDGED_BYTES, JUDGED_EXCHANGES, Judgement, Problem, as_judged, judge_all,
        },
    },
};

/// Exchanges in which a listing looks for problems, about half a second; what it found is kept, so
/// that the next listing looks further.
const JUDGED_AT_ONCE: usize = 4_000;

impl Recording {
    /// Of a problem as a whole all of its session has a part.
    pub(super) fn is_at_fault(&self, session: ExchangeId, entry: &Entry) -> bool {
        let message = entry.message.as_ref().map(Message::id);
        self.problems(session).any(|problem| match (&problem.message, problem.exchange) {
            (Some(at), _) => Some(at) == message.as_ref(),
            (None, Some(exchange)) => exchange == entry.exchange,
            (None, None) => true,
        })
    }

    /// What is wrong in sessions, as kept or looked for now; [`Recording::subject`] knows it then.
    pub(crate) fn judge(&mut self, sessions: &[Session]) -> anyhow::Result<()> {
        self.judge_within(sessions, usize::MAX)
    }

    /// The same for a listing: sessions in which nobody has looked yet are left open beyond
    /// [`JUDGED_AT_ONCE`].
    pub(crate) fn judge_some(&mut self, sessions: &[Session]) -> anyhow::Result<()> {
        self.judge_within(sessions, JUDGED_AT_ONCE)
    }

    fn judge_within(&mut self, sessions: &[Session], mut exchanges: usize) -> anyhow::Result<()> {
        let ids: Vec<ExchangeId> = sessions.iter().map(|session| session.id).collect();
        let kept = self.source.kept(&ids)?;
        for (session, kept) in sessions.iter().zip(kept) {
            let basis = Basis::of(session, self.as_of);
            let known = |judgement: &Judgement| judgement.of == basis;
            if self.judged.get(&session.id).is_some_and(known) {
                continue;
            }
            let judgement = match kept.filter(known) {
                Some(kept) => kept,
                None if session.exchanges.len() > exchanges => continue,
                None => {
                    exchanges -= session.exchanges.len();
                    self.look_for_problems(session, basis)?
                }
            };
            self.judged.insert(session.id, judgement);
        }
        Ok(())
    }

    fn look_for_problems(&mut self, session: &Session, of: Basis) -> anyhow::Result<Judgement> {
        let told = self.first_exchanges(session)?;
        let judgement = Judgement::of(as_judged(&self.fold, session, &of), of, &told);
        self.source.keep(std::slice::from_ref(&judgement))?;
        Ok(judgement)
    }

    /// A session told whole, as much of it as is judged: a story is in memory.
    pub(crate) fn story(&mut self, session: &Session) -> anyhow::Result<Story> {
        let told = self.first_exchanges(session)?;
        Ok(Story::tell(session.clone(), told.iter().map(Vec::as_slice)))
    }

    fn first_exchanges(&mut self, session: &Session) -> anyhow::Result<Vec<Vec<Record>>> {
        let mut told = Vec::new();
        let mut bytes = 0;
        for id in session.exchanges.iter().take(JUDGED_EXCHANGES) {
            let records = self.records(*id)?;
            bytes += records.iter().map(body_bytes).sum::<u64>();
            if bytes > JUDGED_BYTES && !told.is_empty() {
                break;
            }
            told.push(records);
        }
        Ok(told)
    }

    /// Looks for what shows only over all sessions of a server: from now on it counts too.
    pub(crate) fn judge_over_all(&mut self) -> anyhow::Result<()> {
        if self.over_all.is_none() {
            self.over_all = Some(judge_all(self.sessions()?));
        }
        Ok(())
    }

    /// How many problems a session has; none where nobody has looked.
    pub(crate) fn problem_count(&self, session: ExchangeId) -> Option<u64> {
        self.judged.contains_key(&session).then(|| self.problems(session).count() as u64)
    }

    /// The problems of a judged session, last what shows only over all sessions.
    pub(crate) fn problems(&self, session: ExchangeId) -> impl Iterator<Item = &Problem> {
        let own = self.judged.get(&session).map(|judgement| judgement.problems.as_slice());
        let over_all = self.over_all.as_deref().unwrap_or_default();
        let of_it = move |problem: &&Problem| problem.session == session;
        own.unwrap_or_default().iter().chain(over_all.iter().filter(of_it))
    }
}

/// Bytes of a body that a record holds.
pub(crate) fn body_bytes(record: &Record) -> u64 {
    match &record.fact {
        Fact::Chunk { data, .. } => data.len() as u64,
        _ => 0,
    }
}
