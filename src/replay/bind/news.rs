//! What a table learnt, for another that is to know the same: a comparison that lags behind the run
//! expects what was known when its step was done, not what is known by now.

use super::{Table, known::Whole};

/// What a table learnt since it was asked last.
#[derive(Debug, Default)]
pub struct News(pub(super) Vec<New>);

/// One thing that it learnt.
#[derive(Clone, Debug)]
pub(super) enum New {
    Token(usize, String),
    Whole(Whole, String),
    Told(String, String),
    Cookie(String, String),
    Origin(Option<(String, String)>),
}

impl Table {
    /// What it learnt since this was asked last.
    pub fn news(&mut self) -> News {
        News(std::mem::take(&mut self.unsaid))
    }

    /// Learns what another of the same bindings did.
    pub fn follow(&mut self, news: News) {
        for new in news.0 {
            self.take(new);
        }
    }

    /// Learns, and remembers that it did; what is known already is no news.
    pub(super) fn note(&mut self, new: New) {
        let is_known = match &new {
            New::Token(token, fresh) => self.fresh.get(token) == Some(fresh),
            New::Whole(whole, fresh) => self.whole.get(whole) == Some(fresh),
            New::Told(recorded, fresh) => self.told.get(recorded) == Some(fresh),
            New::Cookie(name, value) => self.cookies.get(name) == Some(value),
            New::Origin(origin) => self.origin == *origin,
        };
        if !is_known {
            self.unsaid.push(new.clone());
            self.take(new);
        }
    }

    fn take(&mut self, new: New) {
        match new {
            New::Token(token, fresh) => drop(self.fresh.insert(token, fresh)),
            New::Whole(whole, fresh) => drop(self.whole.insert(whole, fresh)),
            New::Told(recorded, fresh) => drop(self.told.insert(recorded, fresh)),
            New::Cookie(name, value) => drop(self.cookies.insert(name, value)),
            New::Origin(origin) => self.origin = origin,
        }
    }
}
