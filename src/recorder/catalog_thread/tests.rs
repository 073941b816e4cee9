use std::sync::mpsc;

use super::Work;
use crate::{
    capture::Side,
    recorder::{
        Source,
        recorder::flush,
        testing::kept,
        tests::{end, in_memory, open, send},
    },
};

/// What was appended before a rebuild is in the new catalog already when its entries come.
#[test]
fn entries_that_a_rebuild_has_read_are_not_applied_again() {
    let (recorder, tap) = in_memory();
    let id = open(&tap, kept("http://a/mcp"));
    for _ in 0..30 {
        send(&tap, id, Side::Response, b"x");
        flush(&recorder.asks);
    }
    recorder.catalog.sync();
    let (asks, work, other) = (recorder.asks.clone(), recorder.catalog.work.clone(), tap.clone());
    recorder.catalog.rebuild_after(Box::new(move || {
        send(&other, id, Side::Response, b"x");
        flush(&asks);
        // Between this entry and the next the changes are applied.
        let _ = work.send(Work::Sync(mpsc::sync_channel(1).0));
        end(&other, id);
        flush(&asks);
    }));
    recorder.catalog.sync();
    assert_eq!(recorder.shared.live.all(), [], "what the rebuild took in has left the tail");
    let records = recorder.source().records(id).unwrap();
    assert_eq!(records.len(), 33);
}
