//! What a query asks of the index: its terms as keys, where they can be. Pure; [`super::super::index`]
//! says what a plan promises.

use std::collections::HashMap;

use super::{Query, pattern::Pattern, term::Term};
use crate::{
    capture::{Outcome, Timestamp},
    protocol::{
        call::CallOutcome,
        index::{self, Key, Kin, Plan},
        model::Kind,
    },
};

/// HTTP's statuses.
const STATUSES: std::ops::Range<u16> = 100..1000;

/// Statuses that are asked for one by one; of more only that something failed.
const STATUSES_CAP: usize = 16;

impl Query {
    /// What the query asks of the index. `groups` has, for each of [`Query::session_texts`] that
    /// was looked up, the groups of the exchanges whose id begins with it; a text that is not in it
    /// was not looked up and limits nothing.
    #[must_use]
    pub fn plan(&self, groups: &HashMap<String, Vec<Key>>) -> Plan {
        // What is negated can hold of any message: it is left to `matches`.
        let wanted = self.terms.iter().filter(|clause| !clause.negated);
        let (mut since, mut until): (Option<Timestamp>, Option<Timestamp>) = (None, None);
        for clause in wanted.clone() {
            match &clause.term {
                Term::Since(time) => since = since.max(Some(*time)),
                Term::Until(time) => until = Some(until.map_or(*time, |known| (*time).min(known))),
                _ => {}
            }
        }
        let timed = since.is_some() || until.is_some();
        let during = timed.then(|| index::during(since, until));
        let all = wanted.filter_map(|clause| keys(&clause.term, groups)).collect();
        Plan { all, during, within: None }
    }

    /// What is typed for ids of sessions, save globs.
    #[must_use]
    pub fn session_texts(&self) -> Vec<&str> {
        let texts = self.terms.iter().filter(|clause| !clause.negated).filter_map(|clause| {
            match &clause.term {
                Term::Session(pattern) => pattern.texts(),
                _ => None,
            }
        });
        texts.flatten().collect()
    }

    /// Some term is on problems: sessions are to be judged.
    #[must_use]
    pub fn asks_for_problems(&self) -> bool {
        self.terms.iter().any(|clause| clause.term == Term::HasProblem)
    }
}

/// The keys of which an exchange bears at least one if the term can hold in it; none where no key
/// tells.
fn keys(term: &Term, groups: &HashMap<String, Vec<Key>>) -> Option<Vec<Key>> {
    let listed = |pattern: &Pattern, key: fn(&str) -> Key| {
        let mut keys: Vec<Key> = pattern.texts()?.into_iter().map(key).collect();
        keys.push(Key::unlisted());
        Some(keys)
    };
    match term {
        Term::Method(pattern) => listed(pattern, Key::method),
        Term::Name(pattern) => listed(pattern, Key::name),
        Term::Http(pattern) => statuses(|status| pattern.is(&status.to_string())),
        Term::HttpCompared(op, with) => statuses(|status| op.compare(status.into(), *with)),
        Term::Outcome(wanted) => {
            let completed = wanted.contains(&Outcome::Completed);
            (!completed).then(|| wanted.iter().map(|outcome| Key::outcome(*outcome)).collect())
        }
        Term::Status(wanted) if !wanted.contains(&CallOutcome::Ok) => {
            let failed = wanted.contains(&CallOutcome::Error).then(Key::failed);
            Some(failed.into_iter().chain([Key::undecided()]).collect())
        }
        Term::ToolError | Term::Rpc(_) => Some(vec![Key::failed(), Key::undecided()]),
        Term::Kind(wanted) if wanted.iter().all(|kind| *kind == Kind::Error) => {
            Some(vec![Key::failed()])
        }
        Term::Session(pattern) => {
            let mut keys = Vec::new();
            for text in pattern.texts()? {
                keys.push(Kin::of_wire_id(text));
                keys.extend(groups.get(text)?);
            }
            Some(keys)
        }
        _ => None,
    }
}

/// The keys of the statuses that are meant; none where 200 is among them, which is no key.
fn statuses(wanted: impl Fn(u16) -> bool) -> Option<Vec<Key>> {
    let meant = || STATUSES.filter(|status| wanted(*status));
    if meant().count() > STATUSES_CAP {
        return meant().all(|status| status >= 400).then(|| vec![Key::failed()]);
    }
    meant().all(index::is_indexed).then(|| meant().map(Key::http).collect())
}
