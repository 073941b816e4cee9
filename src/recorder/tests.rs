//! The recorder as a whole: what goes into the tap comes out of sources and feed, through memory,
//! disk, crash and full disk alike.

mod index;

use std::{
    fs,
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};

use bytes::Bytes;

use super::{
    FeedStart, Recorder, RecorderSettings, Source,
    ground::Ground,
    recorder::flush,
    testing::{ended, kept, opening},
};
use crate::{
    capture::{ExchangeId, Fact, Outcome, Record, Side},
    clock,
    store::{Journal, JournalReader, MemoryJournal, Position, Segments, StoreError},
    tap::{Opening, Tap, WireResponse},
};

pub(super) fn start(ground: Ground, settings: RecorderSettings) -> (Recorder, Tap) {
    let (recorder, tap, _) = Recorder::start(ground, settings, &mut |_, _| {}).unwrap();
    (recorder, tap)
}

pub(super) fn in_memory() -> (Recorder, Tap) {
    start(Ground::memory(MemoryJournal::default()), RecorderSettings::default())
}

pub(super) fn block_on<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(future)
}

pub(super) fn open(tap: &Tap, opening: Opening) -> ExchangeId {
    block_on(tap.open(opening))
}

pub(super) fn send(tap: &Tap, id: ExchangeId, side: Side, data: &[u8]) {
    let data = Bytes::copy_from_slice(data);
    tap.send(Some(id), clock::now(), Fact::Chunk { side, data, cut: 0 });
}

pub(super) fn answer(tap: &Tap, id: ExchangeId, media: &'static str) {
    let mut headers = http::HeaderMap::new();
    headers.insert("content-type", http::HeaderValue::from_static(media));
    let head = WireResponse {
        status: http::StatusCode::OK,
        version: http::Version::HTTP_11,
        reason: None,
        bytes: None,
        headers,
    };
    block_on(tap.head(id, clock::now(), head));
}

pub(super) fn end(tap: &Tap, id: ExchangeId) {
    tap.send(Some(id), clock::now(), ended());
}

const CALL: &[u8] = br#"{"jsonrpc":"2.0","id":1,"method":"tools/list"}"#;

pub(super) fn whole_call(tap: &Tap, opening: Opening) -> ExchangeId {
    let id = open(tap, opening);
    send(tap, id, Side::Request, CALL);
    let trailers = crate::capture::Headers::default();
    tap.send(Some(id), clock::now(), Fact::BodyEnd { side: Side::Request, trailers });
    answer(tap, id, "application/json");
    send(tap, id, Side::Response, br#"{"jsonrpc":"2.0","id":1,"result":{}}"#);
    end(tap, id);
    id
}

pub(super) fn ids(source: &mut impl Source) -> Vec<ExchangeId> {
    source.summaries().unwrap().into_iter().map(|summary| summary.id).collect()
}

/// Waits for something that other threads bring about; a test that waits too long fails.
pub(super) fn until(mut is: impl FnMut() -> bool) {
    let start = Instant::now();
    while !is() {
        assert!(start.elapsed() < Duration::from_secs(20), "it did not come");
        std::thread::yield_now();
    }
}

#[test]
fn what_was_sent_is_there_at_once_numbered_and_whole() {
    let (recorder, tap) = in_memory();
    let mut source = recorder.source();
    let done = whole_call(&tap, kept("http://a/mcp"));
    let running = open(&tap, kept("http://a/mcp"));
    send(&tap, running, Side::Request, b"{}");
    assert_eq!(ids(&mut source), [done, running]);
    let records = source.records(done).unwrap();
    assert_eq!(records.iter().map(|record| record.n).collect::<Vec<_>>(), [0, 1, 2, 3, 4, 5]);
    assert!(matches!(records[0].fact, Fact::Open(_)) && matches!(records[5].fact, Fact::End(_)));
    // A running exchange is read on where the last reading stopped.
    send(&tap, running, Side::Request, b"{}");
    assert_eq!(source.summaries().unwrap()[1].outcome, None);
    assert_eq!(source.records(running).unwrap().len(), 3);
    recorder.close().unwrap();
    let last = source.summaries().unwrap().pop().unwrap();
    assert_eq!((last.id, last.outcome), (running, Some(Outcome::Truncated)));
}

#[test]
fn the_catalog_says_the_same_as_the_tail_did() {
    let (recorder, tap) = in_memory();
    let made: Vec<_> = (0..50).map(|_| whole_call(&tap, kept("http://a/mcp"))).collect();
    let mut source = recorder.source();
    let from_the_tail = source.summaries().unwrap();
    recorder.catalog.sync();
    assert_eq!(recorder.shared.live.all(), []);
    assert_eq!(source.summaries().unwrap(), from_the_tail);
    assert_eq!(ids(&mut source), made);
    assert_eq!(source.records(made[7]).unwrap().len(), 6);
}

#[test]
fn an_origin_that_shows_mcp_is_kept_back_dated_and_others_are_counted() {
    let (recorder, tap) = in_memory();
    let mut source = recorder.source();
    let before = open(&tap, opening("http://mcp.test/health"));
    end(&tap, before);
    let other = open(&tap, opening("http://plain.test/"));
    end(&tap, other);
    assert_eq!(ids(&mut source), []);
    let shows = whole_call(&tap, opening("http://mcp.test/mcp"));
    let after = open(&tap, opening("http://mcp.test/health"));
    end(&tap, after);
    assert_eq!(ids(&mut source), [before, shows, after]);
    recorder.close().unwrap();
    assert_eq!(ids(&mut source), [before, shows, after]);
    let notices = source.notices().unwrap();
    let Fact::NotKept(not_kept) = &notices[0].fact else { panic!("{notices:?}") };
    assert_eq!((not_kept.host.as_str(), not_kept.exchanges), ("plain.test", 1));
}

#[test]
fn slow_and_fast_subscribers_get_the_same() {
    let (recorder, tap) = in_memory();
    let early = whole_call(&tap, kept("http://a/mcp"));
    flush(&recorder.asks);
    let mut fast = recorder.feed().subscribe(FeedStart::Beginning);
    let mut slow = recorder.feed().subscribe(FeedStart::Beginning);
    let mut late = recorder.feed().subscribe(FeedStart::Now);
    let mut seen = fast.next_blocking().unwrap().to_vec();
    assert!(seen.iter().all(|record| record.exchange == Some(early)));
    // Every flush ends a batch: more of them than a subscriber may be behind.
    for _ in 0..100 {
        whole_call(&tap, kept("http://a/mcp"));
        flush(&recorder.asks);
        while seen.len() % 6 != 0 {
            seen.extend_from_slice(&fast.next_blocking().unwrap());
        }
    }
    recorder.close().unwrap();
    let rest = |feed: &mut super::Subscription| {
        let mut all: Vec<Record> = Vec::new();
        while let Some(records) = feed.next_blocking() {
            all.extend_from_slice(&records);
        }
        all
    };
    seen.extend(rest(&mut fast));
    assert_eq!(seen.len(), 101 * 6);
    assert_eq!(rest(&mut slow), seen);
    assert_eq!(rest(&mut late), seen[6..]);
}

#[test]
fn one_who_only_looks_on_is_told_all_of_heavy_traffic_in_the_end() {
    let (recorder, tap) = in_memory();
    let mut all = recorder.feed().subscribe(FeedStart::Now);
    let mut looks_on = recorder.feed().subscribe(FeedStart::LookOn);
    let reader = crate::tasks::thread("reads", move || {
        let mut seen = Vec::new();
        while let Some(records) = looks_on.next_blocking() {
            seen.extend_from_slice(&records);
        }
        seen
    });
    let reader = reader.unwrap();
    for _ in 0..4_000 {
        whole_call(&tap, kept("http://a/mcp"));
    }
    recorder.close().unwrap();
    let mut whole: Vec<Record> = Vec::new();
    while let Some(records) = all.next_blocking() {
        whole.extend_from_slice(&records);
    }
    assert_eq!(whole.len(), 4_000 * 6);
    assert!(reader.join().unwrap() == whole, "it is not told the same");
}

fn copy_folder(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap().flatten() {
        let target = to.join(entry.file_name());
        if entry.path().is_dir() {
            copy_folder(&entry.path(), &target);
        } else {
            fs::copy(entry.path(), target).unwrap();
        }
    }
}

pub(super) fn on_disk(dir: &Path) -> (Recorder, Tap, super::Recovered) {
    Recorder::open(dir, RecorderSettings::default(), &mut |_, _| {}).unwrap()
}

/// Files outlive a process that is killed; what it has in memory does not.
#[test]
fn no_row_is_in_the_catalog_before_its_entries_are_in_their_file() {
    let home = tempfile::tempdir().unwrap();
    let live = home.path().join("live");
    let (recorder, tap, _) = on_disk(&live);
    for round in 0..5 {
        let id = whole_call(&tap, kept("http://a/mcp"));
        flush(&recorder.asks);
        until(|| !recorder.shared.live.contains(id));
        let positions = recorder.shared.positions(id).unwrap();
        assert!(!positions.is_empty(), "it has a row");
        let image = home.path().join(round.to_string());
        copy_folder(&live, &image);
        let (journal, _) = Segments::open(&image).unwrap();
        for position in positions {
            assert!(journal.reader().read(position).is_ok(), "round {round}: {position:?}");
        }
    }
}

/// The store as a crash leaves it: a copy of its files while it is in use.
fn crashed(with_catalog: bool) {
    let home = tempfile::tempdir().unwrap();
    let (live, image) = (home.path().join("live"), home.path().join("image"));
    let (recorder, tap, first) = on_disk(&live);
    assert_eq!(first, super::Recovered::default());
    let done = whole_call(&tap, kept("http://a/mcp"));
    let stream = open(&tap, kept("http://a/mcp"));
    answer(&tap, stream, "text/event-stream");
    for _ in 0..20 {
        send(&tap, stream, Side::Response, b"data: x\n\n");
        flush(&recorder.asks);
    }
    // A stream's end makes the journal durable; the catalog then knows the other as running.
    let (sent, wait) = std::sync::mpsc::sync_channel(1);
    recorder.asks.send(super::writer::Ask::Sync(sent)).unwrap();
    wait.recv().unwrap().unwrap();
    recorder.catalog.sync();
    copy_folder(&live, &image);
    if !with_catalog {
        fs::remove_dir_all(image.join("catalog")).unwrap();
    }
    let (again, _tap, recovered) = on_disk(&image);
    assert_eq!(recovered.truncated_exchanges, 1);
    assert_eq!(recovered.rebuilt.is_some(), !with_catalog, "{recovered:?}");
    let mut source = again.source();
    let summaries = source.summaries().unwrap();
    assert_eq!(summaries.iter().map(|summary| summary.id).collect::<Vec<_>>(), [done, stream]);
    assert_eq!(summaries[1].outcome, Some(Outcome::Truncated));
    let records = source.records(stream).unwrap();
    assert!(records.iter().zip(0..).all(|(record, n)| record.n == n), "{records:?}");
    let Some(Fact::End(end)) = records.last().map(|record| &record.fact) else { panic!() };
    assert_eq!(end.response_bytes, 20 * 9);
    drop(source);
    again.close().unwrap();
    // Once ended it stays so, and nothing is left to recover.
    let (again, _tap, recovered) = on_disk(&image);
    assert_eq!(recovered, super::Recovered::default());
    assert_eq!(again.source().summaries().unwrap(), summaries);
}

#[test]
fn after_a_crash_the_catalog_is_caught_up_and_streams_are_truncated() {
    crashed(true);
}

#[test]
fn without_its_catalog_a_store_is_rebuilt_whole() {
    crashed(false);
}

/// A journal on a disk that can be full.
struct FullDisk {
    journal: MemoryJournal,
    full: Arc<AtomicBool>,
}

impl Journal for FullDisk {
    fn append(&mut self, records: &[Record]) -> Result<Position, StoreError> {
        if self.full.load(Ordering::SeqCst) {
            let source = std::io::Error::from(std::io::ErrorKind::StorageFull);
            return Err(StoreError::Io { path: "captures".into(), source });
        }
        self.journal.append(records)
    }

    fn sync(&mut self) -> Result<(), StoreError> {
        Ok(())
    }

    fn reader(&self) -> Box<dyn JournalReader> {
        self.journal.reader()
    }
}

#[test]
fn a_full_disk_pauses_with_a_gap_and_resumes_by_itself() {
    let full = Arc::new(AtomicBool::new(false));
    let disk = FullDisk { journal: MemoryJournal::default(), full: Arc::clone(&full) };
    let settings = RecorderSettings { require_recording: true, ..RecorderSettings::default() };
    let (recorder, tap) = start(Ground::memory(disk), settings);
    let id = open(&tap, kept("http://a/mcp"));
    answer(&tap, id, "text/event-stream");
    flush(&recorder.asks);
    full.store(true, Ordering::SeqCst);
    send(&tap, id, Side::Response, b"held, since it was tried");
    flush(&recorder.asks);
    assert!(!tap.is_open());
    assert!(recorder.status().paused.is_some() && recorder.status().refusing);
    send(&tap, id, Side::Response, b"lost");
    end(&tap, id);
    flush(&recorder.asks);
    full.store(false, Ordering::SeqCst);
    until(|| tap.is_open());
    let mut source = recorder.source();
    let facts: Vec<Fact> =
        source.records(id).unwrap().into_iter().map(|record| record.fact).collect();
    assert!(matches!(&facts[2], Fact::Chunk { data, .. } if data.starts_with(b"held")));
    assert!(matches!(&facts[3], Fact::Gap(gap) if gap.bytes == 4), "{facts:?}");
    assert!(matches!(facts[4], Fact::End(_)));
    let notices = source.notices().unwrap();
    assert!(matches!(&notices[0].fact, Fact::Gap(gap) if gap.bytes == 4 && gap.side.is_none()));
    assert_eq!(recorder.status().paused, None);
}

#[test]
fn a_cut_body_tells_so() {
    let settings = RecorderSettings { max_body: Some(4), ..RecorderSettings::default() };
    let (recorder, tap) = start(Ground::memory(MemoryJournal::default()), settings);
    let id = open(&tap, kept("http://a/mcp"));
    send(&tap, id, Side::Response, b"abcdef");
    end(&tap, id);
    let records = recorder.source().records(id).unwrap();
    assert!(matches!(&records[1].fact, Fact::Chunk { data, cut: 0, .. } if data == "abcd"));
    assert!(matches!(&records[2].fact, Fact::Chunk { data, cut: 2, .. } if data.is_empty()));
    let Fact::End(end) = &records[3].fact else { panic!("{records:?}") };
    assert_eq!(end.hashes.len(), 1);
}

#[test]
fn a_catalog_that_fails_is_rebuilt_while_recording() {
    let (recorder, tap) = in_memory();
    let before = whole_call(&tap, kept("http://a/mcp"));
    flush(&recorder.asks);
    recorder.catalog.sync();
    recorder.catalog.rebuild_after(Box::new(|| {}));
    let after = whole_call(&tap, kept("http://a/mcp"));
    assert_eq!(ids(&mut recorder.source()), [before, after]);
}

#[test]
fn counts_are_by_run() {
    let (recorder, tap) = in_memory();
    let mut labelled = kept("http://a/mcp");
    labelled.label = Arc::new(crate::tap::Label {
        run: Some("one".to_owned()),
        keep_all: true,
        ..Default::default()
    });
    whole_call(&tap, labelled);
    whole_call(&tap, kept("http://a/mcp"));
    flush(&recorder.asks);
    let status = recorder.status();
    assert_eq!((status.recorded.exchanges, status.by_run["one"].exchanges), (2, 1));
    assert_eq!(status.recorded.bytes, 2 * status.by_run["one"].bytes);
}

#[test]
fn importing_twice_changes_nothing_and_deleted_ones_may_come_back() {
    let (from, tap) = in_memory();
    let made = [whole_call(&tap, kept("http://a/mcp")), whole_call(&tap, kept("http://b/mcp"))];
    let plain = open(&tap, opening("http://plain.test/"));
    end(&tap, plain);
    let mut source = from.source();
    from.close().unwrap();

    let home = tempfile::tempdir().unwrap();
    let (recorder, _tap, _) = on_disk(home.path());
    let imported = recorder.importer().all(&mut source).unwrap();
    assert_eq!((imported.exchanges, imported.known, imported.notices), (2, 0, 1));
    let again = recorder.importer().all(&mut source).unwrap();
    assert_eq!((again.exchanges, again.known, again.notices), (0, 2, 0));
    let mut copy = recorder.source();
    assert_eq!(copy.summaries().unwrap(), source.summaries().unwrap());
    assert_eq!(copy.records(made[1]).unwrap(), source.records(made[1]).unwrap());
    assert_eq!(copy.notices().unwrap(), source.notices().unwrap());

    recorder.pruner().prune(&[made[0]], false).unwrap();
    assert_eq!(ids(&mut copy), [made[1]]);
    assert_eq!(copy.records(made[0]).unwrap(), []);
    assert_eq!(recorder.importer().all(&mut source).unwrap().exchanges, 1);
    assert_eq!(ids(&mut copy), made);
    drop(copy);
    recorder.close().unwrap();
    fs::remove_dir_all(home.path().join("catalog")).unwrap();
    let (recorder, _tap, _) = on_disk(home.path());
    assert_eq!(ids(&mut recorder.source()), made, "a rebuild obeys the order of the journal");
}

#[test]
fn what_is_deleted_stays_deleted_and_purging_gives_its_bytes_back() {
    let home = tempfile::tempdir().unwrap();
    let (recorder, tap, _) = on_disk(home.path());
    let made: Vec<_> = (0..20).map(|_| whole_call(&tap, kept("http://a/mcp"))).collect();
    let running = open(&tap, kept("http://a/mcp"));
    flush(&recorder.asks);
    let dead: Vec<_> = made[..10].iter().copied().chain([running]).collect();
    let pruned = recorder.pruner().prune(&dead, false).unwrap();
    assert_eq!((pruned.exchanges, pruned.freed_bytes), (10, 0), "what goes on stays");
    assert_eq!(recorder.pruner().prune(&dead, false).unwrap().exchanges, 0);
    end(&tap, running);
    recorder.close().unwrap();

    let left: Vec<_> = made[10..].iter().copied().chain([running]).collect();
    let (recorder, _tap, _) = on_disk(home.path());
    let mut source = recorder.source();
    let before = source.summaries().unwrap();
    assert_eq!(ids(&mut source), left);
    let pruned = recorder.pruner().prune(&[], true).unwrap();
    assert!(pruned.freed_bytes > 0, "{pruned:?}");
    assert_eq!(source.summaries().unwrap(), before);
    assert_eq!(source.records(made[15]).unwrap().len(), 6);
    drop(source);
    recorder.close().unwrap();
    let (recorder, tap, recovered) = on_disk(home.path());
    assert_eq!(recovered, super::Recovered::default());
    assert_eq!(ids(&mut recorder.source()), left);
    let young = whole_call(&tap, kept("http://young/mcp"));
    let shrunk = recorder.pruner().shrink_to(0).unwrap();
    assert_eq!(shrunk.exchanges, 11);
    // It lies in the segment that grows, which stays.
    assert_eq!(ids(&mut recorder.source()), [young]);
    assert_eq!(recorder.pruner().shrink_to(0).unwrap().exchanges, 0);
}

#[test]
fn a_tape_answers_as_its_store_does_and_can_be_imported() {
    use crate::store::tape::{TapeHeader, TapeWriter};
    let (from, tap) = in_memory();
    let made = [whole_call(&tap, kept("http://a/mcp")), whole_call(&tap, kept("http://b/mcp"))];
    let mut store = from.source();
    let mut all: Vec<Record> = made.iter().flat_map(|id| store.records(*id).unwrap()).collect();
    // Exchanges interleave on a tape.
    all.sort_by_key(|record| record.at);
    let header = TapeHeader::new(all[0].at, "wiretape 0.0.1", Vec::new());
    let mut writer = TapeWriter::new(Vec::new(), &header).unwrap();
    for record in &all {
        writer.write(std::slice::from_ref(record)).unwrap();
    }
    let bytes = writer.finish().unwrap();
    let mut tape = super::TapeSource::open(std::io::Cursor::new(bytes)).unwrap();
    assert_eq!(tape.origin().tool, "wiretape 0.0.1");
    assert_eq!(tape.summaries().unwrap(), store.summaries().unwrap());
    for id in made {
        assert_eq!(tape.records(id).unwrap(), store.records(id).unwrap());
    }

    let (to, _tap) = in_memory();
    let mut gathering = to.importer().gather();
    gathering.take(all).unwrap();
    assert_eq!(gathering.finish().unwrap().exchanges, 2);
    assert_eq!(to.source().summaries().unwrap(), tape.summaries().unwrap());
}
