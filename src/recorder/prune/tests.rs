//! Deleting on a store in use: what lives stays readable, by readers that are at it too, through
//! any number of purges.

use std::{
    fs,
    path::Path,
    sync::atomic::{AtomicBool, Ordering},
    thread,
};

use bytes::Bytes;

use crate::{
    capture::{ExchangeId, Fact, Record, Side},
    clock,
    recorder::{
        FeedStart, Recorder, Source,
        recorder::flush,
        testing::{chunk, id, kept},
        tests::{end, ids, on_disk, open, send, whole_call},
    },
    tap::Tap,
};

fn calls(tap: &Tap, count: usize) -> Vec<ExchangeId> {
    (0..count).map(|_| whole_call(tap, kept("http://a/mcp"))).collect()
}

/// An exchange of many journal entries, the first 20 of them large.
fn long_call(recorder: &Recorder, tap: &Tap, entries: usize) -> ExchangeId {
    let id = open(tap, kept("http://a/mcp"));
    for n in 0..entries {
        send(tap, id, Side::Response, &vec![b'x'; if n < 20 { 60_000 } else { 1 }]);
        flush(&recorder.asks);
    }
    end(tap, id);
    id
}

fn numbers(records: &[Record]) -> Vec<u32> {
    records.iter().map(|record| record.n).collect()
}

#[test]
fn purging_again_and_again_keeps_what_lives() {
    let home = tempfile::tempdir().unwrap();
    let (recorder, tap, _) = on_disk(home.path());
    let mut made = calls(&tap, 3);
    let mut source = recorder.source();
    for _ in 0..3 {
        recorder.pruner().prune(&[id()], true).unwrap();
        recorder.pruner().prune(&[], true).unwrap();
        assert_eq!(ids(&mut source), made);
        made.extend(calls(&tap, 1));
        assert_eq!(ids(&mut source), made);
        assert_eq!(source.records(made[0]).unwrap().len(), 6);
    }
    assert!(!home.path().join("catalog.broken").exists(), "deleted rows are gone too");
    let segments = recorder.retention.as_ref().unwrap().segments().len();
    assert!(segments <= 5, "{segments} segments: a purge of nothing begins no new one each time");
}

#[test]
fn what_is_only_carried_over_is_not_told_as_freed() {
    let home = tempfile::tempdir().unwrap();
    let (recorder, tap, _) = on_disk(home.path());
    let made = calls(&tap, 500);
    assert!(recorder.pruner().prune(&made, true).unwrap().freed_bytes > 100_000);
    for _ in 0..3 {
        // The tombstones are 8 KB; a segment's header and an entry's head are 24 bytes.
        let freed = recorder.pruner().prune(&[], true).unwrap().freed_bytes;
        assert!(freed < 100, "{freed}");
    }
}

#[test]
fn readers_see_everything_while_segments_are_rewritten() {
    let home = tempfile::tempdir().unwrap();
    let (recorder, tap, _) = on_disk(home.path());
    let note = Fact::Note { text: "a notice".to_owned() };
    tap.send(None, clock::now(), note);
    let made = calls(&tap, 60);
    let (dead, left) = made.split_at(30);
    flush(&recorder.asks);
    let over = AtomicBool::new(false);
    thread::scope(|scope| {
        let (over, recorder) = (&over, &recorder);
        for _ in 0..2 {
            scope.spawn(move || {
                let mut source = recorder.source();
                while !over.load(Ordering::SeqCst) {
                    let listed = ids(&mut source);
                    assert!(left.iter().all(|id| listed.contains(id)));
                    for id in left {
                        assert_eq!(source.records(*id).unwrap().len(), 6);
                    }
                    assert_eq!(source.notices().unwrap().len(), 1);
                }
            });
        }
        let purged: Vec<_> = dead.iter().map(|id| recorder.pruner().prune(&[*id], true)).collect();
        over.store(true, Ordering::SeqCst);
        assert!(
            purged.iter().all(|pruned| matches!(pruned, Ok(p) if p.exchanges == 1)),
            "{purged:?}"
        );
    });
}

#[test]
fn a_subscriber_that_is_behind_misses_nothing_that_moved() {
    let home = tempfile::tempdir().unwrap();
    let (recorder, tap, _) = on_disk(home.path());
    let made: Vec<_> = (0..4).map(|_| long_call(&recorder, &tap, 30)).collect();
    flush(&recorder.asks);
    recorder.catalog.sync();
    let mut feed = recorder.feed().subscribe(FeedStart::Beginning);
    let mut seen = feed.next_blocking().unwrap().to_vec();
    assert!(seen.len() < 40, "it is behind");
    recorder.pruner().prune(&made[..1], true).unwrap();
    let last = calls(&tap, 1);
    flush(&recorder.asks);
    while !seen.iter().any(|record| record.exchange == Some(last[0])) {
        seen.extend_from_slice(&feed.next_blocking().unwrap());
    }
    for id in &made[1..] {
        let of: Vec<_> = seen.iter().filter(|r| r.exchange == Some(*id)).cloned().collect();
        assert_eq!(numbers(&of), (0..32).collect::<Vec<_>>());
    }
}

#[test]
fn an_import_without_an_end_outlives_purges() {
    let home = tempfile::tempdir().unwrap();
    let (recorder, _tap, _) = on_disk(home.path());
    let (from, from_tap, other) = {
        let other = tempfile::tempdir().unwrap();
        let (from, tap, _) = on_disk(other.path());
        (from, tap, other)
    };
    let running = open(&from_tap, kept("http://a/mcp"));
    let records = from.source().records(running).unwrap();
    drop((from, other));
    assert!(recorder.importer().exchange(records.clone()).unwrap());
    let mut source = recorder.source();
    for _ in 0..2 {
        recorder.pruner().prune(&[], true).unwrap();
        assert_eq!(ids(&mut source), [running]);
        assert_eq!(source.records(running).unwrap(), records);
    }
    assert_eq!(recorder.pruner().prune(&[running], true).unwrap().exchanges, 1);
    assert_eq!(ids(&mut source), []);
}

#[test]
fn one_that_comes_back_shorter_has_no_old_entries() {
    let home = tempfile::tempdir().unwrap();
    let (recorder, tap, _) = on_disk(home.path());
    let id = long_call(&recorder, &tap, 200);
    let records = recorder.source().records(id).unwrap();
    recorder.pruner().prune(&[id], false).unwrap();
    recorder.close().unwrap();
    fs::remove_dir_all(home.path().join("catalog")).unwrap();
    let (recorder, _tap, _) = on_disk(home.path());
    assert!(recorder.importer().exchange(records.clone()).unwrap());
    recorder.catalog.sync();
    assert_eq!(numbers(&recorder.source().records(id).unwrap()), numbers(&records));
}

#[test]
fn a_segment_that_cannot_be_read_is_not_taken_for_dead() {
    let home = tempfile::tempdir().unwrap();
    for _ in 0..2 {
        let (recorder, tap, _) = on_disk(home.path());
        calls(&tap, 1);
        recorder.close().unwrap();
    }
    let first = home.path().join("00000001.seg");
    flip_byte(&first, 30);
    fs::remove_dir_all(home.path().join("catalog")).unwrap();
    let (recorder, tap, recovered) = on_disk(home.path());
    assert!(recovered.rebuilt.is_some());
    let made = calls(&tap, 1);
    recorder.pruner().prune(&made, false).unwrap();
    recorder.pruner().prune(&[], true).unwrap();
    assert!(first.exists(), "somebody may still mend it");
}

fn flip_byte(path: &Path, at: usize) {
    let mut bytes = fs::read(path).unwrap();
    bytes[at] ^= 0xff;
    fs::write(path, bytes).unwrap();
}

#[test]
fn an_absurd_length_on_a_tape_breaks_nothing() {
    let home = tempfile::tempdir().unwrap();
    let (recorder, tap, _) = on_disk(home.path());
    let id = whole_call(&tap, kept("http://a/mcp"));
    let mut records = recorder.source().records(id).unwrap();
    recorder.pruner().prune(&[id], false).unwrap();
    let cut = |n| Record {
        fact: Fact::Chunk { side: Side::Response, data: Bytes::from_static(b"x"), cut: u64::MAX },
        ..chunk(id, n, b"")
    };
    records.insert(5, cut(4));
    records.insert(5, cut(4));
    assert!(recorder.importer().exchange(records).unwrap());
    recorder.catalog.sync();
    assert_eq!(recorder.shared.live.all(), [], "the catalog has taken it in");
    assert_eq!(ids(&mut recorder.source()), [id]);
}
