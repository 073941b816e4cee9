//! The large exchange that was read last. A session with it is told, judged and looked at within a second,
//! and each would read its ten megabytes anew, one after the other.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::super::recording::body_bytes;
use crate::capture::{ExchangeId, Fact, Record};

/// Bodies of so many bytes make an exchange large: what is smaller is read in a few milliseconds.
const LARGE: u64 = 1 << 20;

/// A larger one is read each time: it would stay in memory.
const LARGEST: u64 = 64 << 20;

/// One exchange, shared by the desk's threads.
#[derive(Clone, Default)]
pub(super) struct Recent(Arc<Mutex<Kept>>);

type Kept = Option<(ExchangeId, Vec<Record>)>;

impl Recent {
    /// The records of that exchange; none of another. Their bodies are shared.
    pub(super) fn get(&self, exchange: ExchangeId) -> Option<Vec<Record>> {
        self.kept().as_ref().filter(|(id, _)| *id == exchange).map(|(_, records)| records.clone())
    }

    /// Keeps it where it is large and over: nothing is added to it any more.
    pub(super) fn keep(&self, exchange: ExchangeId, records: &[Record]) {
        let is_over = records.iter().any(|record| matches!(record.fact, Fact::End(_)));
        let bytes: u64 = records.iter().map(body_bytes).sum();
        if is_over && (LARGE..=LARGEST).contains(&bytes) {
            *self.kept() = Some((exchange, records.to_vec()));
        }
    }

    /// Lets it go.
    pub(super) fn forget(&self) {
        *self.kept() = None;
    }

    fn kept(&self) -> MutexGuard<'_, Kept> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::recorder::testing::{chunk, end};

    #[test]
    fn only_a_large_one_that_is_over_is_kept_and_only_the_last() {
        let id = |n| ExchangeId::from_bytes([n; 16]);
        let body = vec![b'x'; 1 << 20];
        let recent = Recent::default();
        let large = [chunk(id(1), 0, &body), end(id(1), 1)];
        recent.keep(id(1), large.get(..1).unwrap());
        assert!(recent.get(id(1)).is_none(), "it goes on");
        recent.keep(id(1), &large);
        assert!(recent.get(id(1)).is_some_and(|kept| kept == large));
        recent.keep(id(2), &[chunk(id(2), 0, b"small"), end(id(2), 1)]);
        assert!(recent.get(id(1)).is_some() && recent.get(id(2)).is_none());
        let huge = vec![b'x'; 65 << 20];
        recent.keep(id(3), &[chunk(id(3), 0, &huge), end(id(3), 1)]);
        assert!(recent.get(id(3)).is_none(), "it would stay in memory");
        recent.forget();
        assert!(recent.get(id(1)).is_none());
    }
}
