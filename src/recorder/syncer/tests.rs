use std::{
    sync::atomic::{AtomicU32, Ordering},
    thread::sleep,
};

use super::*;
use crate::{
    recorder::tests::until,
    store::{Journal, MemoryCatalog, MemoryJournal},
    tap,
};

/// Appends at moments that fall before, into and after a sync; the last one is synced too.
#[test]
fn the_last_append_of_a_burst_is_made_durable() {
    let (_tap, intake) = tap::channel(tap::OnFull::Wait);
    let journal = MemoryJournal::default().reader();
    let shared = Shared::new(journal, Arc::new(MemoryCatalog::default()), intake.gate());
    let (appended, synced) = (Arc::new(AtomicU32::new(0)), Arc::new(AtomicU32::new(0)));
    let (from, to) = (Arc::clone(&appended), Arc::clone(&synced));
    let sync = Box::new(move || {
        to.store(from.load(Ordering::SeqCst), Ordering::SeqCst);
        Ok(())
    });
    let (urge, _thread) = Syncer::start(sync, Arc::new(shared)).unwrap();
    for _ in 0..15 {
        for wait in [0, 60, 45] {
            sleep(Duration::from_millis(wait));
            appended.fetch_add(1, Ordering::SeqCst);
            urge.appended(false);
        }
        until(|| synced.load(Ordering::SeqCst) == appended.load(Ordering::SeqCst));
    }
}
