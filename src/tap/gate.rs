//! Whether traffic may pass: the recorder's word to the proxy (`--require-recording`).

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

/// The recorder's side of what [`super::Tap::is_open`] tells. Clones are the same gate; a new one
/// is open.
#[derive(Clone, Debug)]
pub struct Gate {
    open: Arc<AtomicBool>,
}

impl Gate {
    pub(super) fn new() -> Self {
        Self { open: Arc::new(AtomicBool::new(true)) }
    }

    /// Whether an exchange may begin.
    #[must_use]
    pub fn is_open(&self) -> bool {
        self.open.load(Ordering::Acquire)
    }

    /// Lets exchanges begin, or has them refused. Those that go on are not touched.
    pub fn set(&self, open: bool) {
        self.open.store(open, Ordering::Release);
    }
}
