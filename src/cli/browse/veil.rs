//! What rows and sessions may show: the mask of the reading verbs.

use std::sync::{Arc, Mutex, PoisonError};

use super::super::masked::Mask;
use crate::tui::ledger::Veil;

/// The desk's mask: one for all its threads, so that equal secrets are shown equal.
#[derive(Clone)]
pub(super) struct Masking(Arc<Mutex<Mask>>);

impl Masking {
    pub(super) fn new(reveal: bool) -> Self {
        Self(Arc::new(Mutex::new(Mask::new(reveal))))
    }

    /// Does something with the mask.
    pub(super) fn with<T>(&self, act: impl FnOnce(&mut Mask) -> T) -> T {
        act(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Veil for Mask {
    fn name(&mut self, text: &str) -> String {
        self.plain(text).into_owned()
    }

    fn url(&mut self, text: &str) -> String {
        Self::url(self, text).into_owned()
    }
}

impl Veil for Masking {
    fn name(&mut self, text: &str) -> String {
        self.with(|mask| Veil::name(mask, text))
    }

    fn url(&mut self, text: &str) -> String {
        self.with(|mask| Veil::url(mask, text))
    }
}
