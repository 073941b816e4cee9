//! Which recorded exchange answers a request: the same message first, then the same HTTP fields
//! (faults.md 23), from queues in the order of the recording.

use super::{
    asked::Asked,
    json,
    reply::Body,
    script::{Entry, Recorded},
    stage::Stage,
    take::Take,
};
use crate::protocol::RefusalReason;

/// What a request gets.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Choice {
    /// This exchange, in this run.
    Entry { take: u64, entry: usize },
    /// A stream, from behind this frame of this exchange.
    Resume { take: u64, from: (usize, usize) },
    /// Nothing, for its session.
    Refused(RefusalReason),
    /// Nothing before a credential is shown: this recorded refusal.
    Unauthorized(usize),
    /// Nothing: the tape knows no 2026-07-28.
    NotModern,
    /// Nothing: the tape knows nothing else.
    ModernOnly,
    /// Nothing: this path was never asked with this HTTP method.
    NoMethod,
    /// Nothing that was recorded.
    Missed,
}

impl Stage {
    pub(super) fn choose(&mut self, asked: &Asked, route: usize, known: Option<u64>) -> Choice {
        let in_known = known.and_then(|take| self.in_take(take, asked, route, Fit::Exact));
        if let Some((take, entry)) = known.zip(in_known) {
            return Choice::Entry { take, entry };
        }
        let unauthorized = self.unauthorized.filter(|_| !asked.has_credential);
        if unauthorized.is_none() {
            let in_known = known.and_then(|take| self.in_take(take, asked, route, Fit::Loose));
            if let Some((take, entry)) = known.zip(in_known) {
                return Choice::Entry { take, entry };
            }
        }
        if let Some(from) = known.and_then(|take| self.behind(take, asked)) {
            return from;
        }
        if let Some(choice) = self.anywhere(asked, route, Fit::Exact) {
            return choice;
        }
        if let Some(choice) = self.begin_session(asked, route, known) {
            return choice;
        }
        if let Some(choice) = self.prologue(asked, route) {
            return choice;
        }
        if let Some(entry) = unauthorized {
            return Choice::Unauthorized(entry);
        }
        if let Some(choice) = self.anywhere(asked, route, Fit::Sessionless) {
            return choice;
        }
        self.refusal(asked, route, known)
    }

    /// The next unused exchange of a run that asked the same.
    fn in_take(&self, number: u64, asked: &Asked, route: usize, fit: Fit) -> Option<usize> {
        let take = self.takes.get(&number)?;
        let recorded = self.script.sessions.get(take.session)?;
        let same = recorded.by_key.get(&asked.key).map(Vec::as_slice).unwrap_or_default();
        let done = take.done.get(&asked.key).copied().unwrap_or_default();
        let same = same.get(done..).unwrap_or_default().iter().copied();
        let is_next = |place: &usize| {
            let Some(entry) = self.script.entry(*place) else { return false };
            recorded.starter != Some(*place)
                && !take.used.contains_key(place)
                && entry.route == route
                && entry.asked.last_event_id == asked.last_event_id
                && (!take.is_ended || entry.is_refusal() || !recorded.gives_ids())
                && self.fits(Some((number, take)), recorded, entry, asked, fit)
        };
        if recorded.wild.is_empty() {
            return same.into_iter().find(is_next);
        }
        let is_like = |place: &usize| {
            self.script.entry(*place).is_some_and(|entry| self.is_like(entry, asked))
        };
        let mut all: Vec<usize> =
            same.chain(recorded.wild.iter().copied().filter(is_like)).collect();
        all.sort_unstable();
        all.into_iter().find(is_next)
    }

    /// It asks for the same, where placeholders stand for any text.
    fn is_like(&self, entry: &Entry, asked: &Asked) -> bool {
        let placeholders = &self.script.placeholders;
        let (own, its) = (&entry.asked.parts, &asked.parts);
        own.len() == its.len()
            && !own.is_empty()
            && own.iter().zip(its).all(|(own, its)| {
                own.kind == its.kind
                    && own.method == its.method
                    && json::differences(&own.said, &its.said, placeholders).is_empty()
            })
    }

    /// The HTTP fields are as they were.
    fn fits(
        &self,
        take: Option<(u64, &Take)>,
        recorded: &Recorded,
        entry: &Entry,
        asked: &Asked,
        fit: Fit,
    ) -> bool {
        let authorized =
            self.unauthorized.is_none() || entry.asked.has_credential == asked.has_credential;
        if entry.asked.is_modern != asked.is_modern || !authorized {
            return false;
        }
        let claims = || {
            entry.claims.len() == asked.claims.len()
                && entry.claims.iter().all(|own| {
                    let its = asked.claims.iter().find(|its| its.source == own.source);
                    its.is_some_and(|its| self.is_same_id(take, recorded, &own.value, &its.value))
                })
        };
        match fit {
            // 2026-07-28 has no sessions: a header of one is passed over.
            _ if asked.is_modern => true,
            Fit::Exact => claims(),
            Fit::Loose => !entry.is_refusal(),
            Fit::Sessionless => !recorded.gives_ids() && entry.claims.is_empty(),
        }
    }

    /// An id stands for the recorded one: that which was given out for it; or, where the server never
    /// gave it, any that is nobody's.
    fn is_same_id(
        &self,
        take: Option<(u64, &Take)>,
        recorded: &Recorded,
        own: &str,
        its: &str,
    ) -> bool {
        let served = self.served.get(its);
        if recorded.born.contains_key(own) {
            return served.is_some_and(|(number, of)| {
                of == own && take.is_none_or(|(take, _)| take == *number)
            });
        }
        let bound = take.and_then(|(_, take)| take.ids.sessions.get(own));
        served.is_none() && bound.is_none_or(|bound| bound == its)
    }

    /// In any run, the newest first.
    fn anywhere(&self, asked: &Asked, route: usize, fit: Fit) -> Option<Choice> {
        let mut takes: Vec<u64> = self.takes.keys().copied().collect();
        takes.sort_by_key(|number| {
            let started = self.takes.get(number).is_some_and(|take| take.is_started);
            (!started, std::cmp::Reverse(*number))
        });
        takes.into_iter().find_map(|take| {
            let entry = self.in_take(take, asked, route, fit)?;
            Some(Choice::Entry { take, entry })
        })
    }

    /// Begins a session anew: of those that begin like this the one that asks the same, and of them
    /// the one that was begun least often, so that each has its turn.
    fn begin_session(&mut self, asked: &Asked, route: usize, known: Option<u64>) -> Option<Choice> {
        let mut best: Option<((u8, u64), usize, usize)> = None;
        for (session, recorded) in self.script.sessions.iter().enumerate() {
            let Some(place) = recorded.starter else { continue };
            let Some(entry) = self.script.entry(place) else { continue };
            let same = entry.asked.key == asked.key && entry.route == route;
            if !same || !self.fits(None, recorded, entry, asked, Fit::Loose) {
                continue;
            }
            let exact = self.fits(None, recorded, entry, asked, Fit::Exact);
            let said = |asked: &Asked| asked.parts.first().map(|part| part.said.clone());
            let rank = u8::from(!exact) * 2 + u8::from(said(&entry.asked) != said(asked));
            let starts = self.starts.get(session).copied().unwrap_or_default();
            if best.as_ref().is_none_or(|(other, ..)| (rank, starts) < *other) {
                best = Some(((rank, starts), session, place));
            }
        }
        let (_, session, entry) = best?;
        let waiting = |take: &Take| take.session == session && !take.is_started;
        let known = known.filter(|number| self.takes.get(number).is_some_and(waiting));
        let waiting = self.takes.iter().rev().find(|(_, take)| waiting(take));
        let take = known.or(waiting.map(|(number, _)| *number));
        let take = take.unwrap_or_else(|| self.new_take(session));
        Some(Choice::Entry { take, entry })
    }

    /// What led to a session can be asked for again: a new run begins with it.
    fn prologue(&mut self, asked: &Asked, route: usize) -> Option<Choice> {
        let mut found = None;
        for (session, recorded) in self.script.sessions.iter().enumerate() {
            let starter = recorded.starter.and_then(|place| self.script.entry(place));
            let Some(starter) = starter else { continue };
            let same = recorded.by_key.get(&asked.key).into_iter().flatten();
            let first = same.copied().find(|place| {
                self.script.entry(*place).is_some_and(|entry| {
                    entry.at < starter.at
                        && entry.route == route
                        && self.fits(None, recorded, entry, asked, Fit::Exact)
                })
            });
            if let Some(entry) = first {
                found = Some((session, entry));
                break;
            }
        }
        let (session, entry) = found?;
        let take = self.new_take(session);
        Some(Choice::Entry { take, entry })
    }

    /// The stream that gave the client its last event.
    fn behind(&self, number: u64, asked: &Asked) -> Option<Choice> {
        let last = asked.last_event_id.as_deref()?;
        let take = self.takes.get(&number)?;
        let mut used: Vec<(&usize, _)> = take.used.iter().collect();
        used.sort_by_key(|(place, at)| (*at, *place));
        used.into_iter().rev().find_map(|(place, _)| {
            let Body::Stream(stream) = &self.script.entry(*place)?.reply.body else { return None };
            let cue = stream.cues.iter().rposition(|cue| cue.event_id.as_deref() == Some(last))?;
            Some(Choice::Resume { take: number, from: (*place, cue) })
        })
    }

    fn refusal(&self, asked: &Asked, route: usize, known: Option<u64>) -> Choice {
        let script = &self.script;
        let is_probe = asked.method() == "server/discover";
        if (asked.is_modern || is_probe) && !script.speaks_modern() {
            return Choice::NotModern;
        }
        let begins = |recorded: &Recorded| recorded.starter.is_some();
        if asked.is_initialize() && !script.sessions.iter().any(begins) && script.speaks_modern() {
            return Choice::ModernOnly;
        }
        let methods = script.routes.get(route).map(|route| route.methods.as_slice());
        if !methods.unwrap_or_default().contains(&asked.http) {
            return Choice::NoMethod;
        }
        if asked.is_modern {
            return Choice::Missed;
        }
        let over = known.and_then(|take| self.takes.get(&take)).is_some_and(|take| take.is_ended);
        let with_ids = Recorded::gives_ids;
        let all_have_ids = !script.sessions.is_empty() && script.sessions.iter().all(with_ids);
        let any_has_ids = script.sessions.iter().any(with_ids);
        if over || any_has_ids && known.is_none() && !asked.claims.is_empty() {
            return Choice::Refused(RefusalReason::UnknownSession);
        }
        if asked.claims.is_empty() && all_have_ids && !asked.is_initialize() {
            return Choice::Refused(RefusalReason::NoSessionId);
        }
        let stands = matches!(asked.http.as_str(), "GET" | "DELETE") && asked.parts.is_empty();
        if stands { Choice::NoMethod } else { Choice::Missed }
    }
}

/// How exactly HTTP fields are to be as recorded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fit {
    /// The same session ids in the same places.
    Exact,
    /// The session is known: how it was named does not matter, but refusals are for their cause.
    Loose,
    /// The server gave no ids, and passes over those that come.
    Sessionless,
}
