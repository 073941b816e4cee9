//! TLS handshakes that failed, counted per host, so that a client that tries again and again makes
//! one growing notice.

use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
};

use crate::{
    capture::{Fact, TlsFailure, TlsSide},
    clock,
    tap::Tap,
    tls::Blame,
};

/// How many hosts are counted. When it is full, failures of further hosts are told with count 1.
const COUNTED_HOSTS: usize = 1024;

/// The counts.
#[derive(Debug, Default)]
pub(super) struct Failures {
    counts: Mutex<HashMap<(bool, String), u64>>,
}

impl Failures {
    /// Tells of one more failure.
    pub(super) fn tell(&self, tap: &Tap, side: TlsSide, host: String, blame: &Blame) {
        let count = self.count(side, &host);
        tracing::debug!(?side, host, count, reason = blame.reason, "TLS handshake failed");
        let (reason, remedy) = (blame.reason.clone(), blame.remedy.clone());
        let failure = TlsFailure { side, host, reason, remedy, count };
        tap.send(None, clock::now(), Fact::TlsFailure(Box::new(failure)));
    }

    fn count(&self, side: TlsSide, host: &str) -> u64 {
        let mut counts = self.counts.lock().unwrap_or_else(PoisonError::into_inner);
        let key = (side == TlsSide::Client, host.to_owned());
        if counts.len() >= COUNTED_HOSTS && !counts.contains_key(&key) {
            return 1;
        }
        let count = counts.entry(key).or_insert(0);
        *count += 1;
        *count
    }
}
