//! One model (design.md, tenet 3): a tape, a store and a live recording that hold the same records
//! tell the same sessions, messages and problems; and however a stream's bytes arrive, it reads
//! the same.

use std::{collections::HashMap, path::Path};

use bytes::Bytes;
use tempfile::tempdir;
use wiretape::{
    capture::{ExchangeId, Fact, Record, Side, Timestamp},
    protocol::{
        CallStory, Message, Reader, Reading, Session, Sessions, Story, pair,
        problems::{Problem, judge},
        read,
    },
    recorder::{Recorder, RecorderSettings, Source, TapeSource},
};

use crate::support::{stories, tapes};

/// Streams up to this length are split at every byte.
const EVERY_BYTE: usize = 64 << 10;

/// Longer ones at so many.
const SEEDED: usize = 1_000;

/// What a recording tells: each session with its messages, problems and what each exchange holds.
#[derive(Debug, PartialEq)]
struct Told {
    session: Session,
    messages: Vec<Message>,
    calls: Vec<CallStory>,
    problems: Vec<Problem>,
    readings: Vec<Reading>,
}

#[test]
fn a_tape_a_store_and_a_live_recording_tell_the_same() {
    for path in tapes::all() {
        let records = stories::in_order(&path);
        let as_of = records.iter().map(|record| record.at).max().expect("records");
        let of_tape = of_source(&mut tape(&path), as_of);
        assert!(!of_tape.is_empty(), "{}", path.display());
        assert_same("live", &path, &live(&records, as_of), &of_tape);

        // Imported up to the middle of the tape, where exchanges are open, then anew.
        let home = tempdir().expect("a folder");
        let store = open(home.path());
        let mut broken_off = store.importer().gather();
        broken_off.take(records[..records.len() / 2].to_vec()).expect("a disk");
        drop(broken_off);
        store.close().expect("a disk");
        let store = open(home.path());
        let mut whole = store.importer().gather();
        whole.take(records.clone()).expect("a disk");
        whole.finish().expect("a disk");
        assert_same("store", &path, &of_source(&mut store.source(), as_of), &of_tape);
        store.close().expect("a disk");
        let store = open(home.path());
        assert_same("store again", &path, &of_source(&mut store.source(), as_of), &of_tape);
        store.close().expect("a disk");

        // And by a catalog that is made anew from the journal.
        std::fs::remove_dir_all(home.path().join("catalog")).expect("the catalog's folder");
        let store = open(home.path());
        assert_same("rebuilt", &path, &of_source(&mut store.source(), as_of), &of_tape);
        store.close().expect("a disk");
    }
}

#[test]
fn however_a_stream_is_split_it_reads_the_same() {
    let mut streams = 0;
    for path in tapes::all() {
        for records in by_exchange(&stories::in_order(&path)) {
            let whole = read(&records).expect("an exchange");
            if !whole.summary.streaming {
                continue;
            }
            let Some(stream) = Stream::of(&records) else { continue };
            streams += 1;
            let reference = stream.read(0);
            let held = |reading: &Reading| reading.frames.iter().map(|f| f.raw.clone()).collect();
            let raw: Vec<Bytes> = held(&reference);
            assert_eq!(raw, held(&whole) as Vec<Bytes>, "{}", path.display());
            for at in stream.splits() {
                let split = stream.read(at);
                assert!(
                    split.messages == reference.messages && split.frames == reference.frames,
                    "{} split at {at}: {split:#?}",
                    path.display()
                );
            }
        }
    }
    assert!(streams >= 4, "only {streams} streams in captures/");
}

/// An exchange whose response is a stream, to be cut in two.
struct Stream {
    before: Vec<Record>,
    body: Bytes,
    at: Timestamp,
    template: Record,
    after: Vec<Record>,
}

impl Stream {
    /// None where the response has no byte.
    fn of(records: &[Record]) -> Option<Self> {
        let is_body =
            |record: &&Record| matches!(&record.fact, Fact::Chunk { side: Side::Response, .. });
        let template = records.iter().find(is_body)?.clone();
        let chunks = records.iter().filter(is_body).filter_map(|record| match &record.fact {
            Fact::Chunk { data, .. } => Some(data.to_vec()),
            _ => None,
        });
        let body = Bytes::from(chunks.collect::<Vec<_>>().concat());
        let at = records.iter().filter(is_body).map(|record| record.at).max()?;
        let first = records.iter().position(|record| is_body(&record))?;
        let before = records[..first].to_vec();
        let after = records[first..].iter().filter(|r| !is_body(r)).cloned().collect();
        Some(Self { before, body, at, template, after })
    }

    /// Every offset, or some, always the same ones.
    fn splits(&self) -> Vec<usize> {
        if self.body.len() <= EVERY_BYTE {
            return (1..self.body.len()).collect();
        }
        let mut seed = 0x2545_f491_4f6c_dd1d_u64;
        let next = || {
            seed ^= seed << 13;
            seed ^= seed >> 7;
            seed ^= seed << 17;
            usize::try_from(seed % self.body.len() as u64).expect("below a length")
        };
        std::iter::repeat_with(next).take(SEEDED).collect()
    }

    fn read(&self, split: usize) -> Reading {
        let mut reader = Reader::with_frames();
        self.before.iter().for_each(|record| reader.push(record));
        for part in [self.body.slice(..split), self.body.slice(split..)] {
            let fact = Fact::Chunk { side: Side::Response, data: part, cut: 0 };
            reader.push(&Record { fact, at: self.at, ..self.template.clone() });
        }
        self.after.iter().for_each(|record| reader.push(record));
        Reading {
            summary: reader.summary().expect("an exchange"),
            messages: reader.take_messages(),
            frames: reader.take_frames(),
            documents: reader.take_documents(),
        }
    }
}

fn assert_same(what: &str, path: &Path, told: &[Told], wanted: &[Told]) {
    let ids = |told: &[Told]| told.iter().map(|told| told.session.id).collect::<Vec<_>>();
    assert_eq!(ids(told), ids(wanted), "{what}: {}", path.display());
    for (told, wanted) in told.iter().zip(wanted) {
        assert_eq!(told, wanted, "{what}: {}", path.display());
    }
}

fn tape(path: &Path) -> impl Source + use<> {
    let file = std::fs::File::open(path).expect("a file");
    TapeSource::open(std::io::BufReader::new(file)).expect("a tape")
}

fn open(home: &Path) -> Recorder {
    let (recorder, ..) =
        Recorder::open(home, RecorderSettings::default(), &mut |_, _| {}).expect("a store");
    recorder
}

/// What a reading verb does.
fn of_source(source: &mut dyn Source, as_of: Timestamp) -> Vec<Told> {
    let mut sessions = Sessions::new();
    for summary in source.summaries().expect("it reads") {
        sessions.apply(summary);
    }
    tell(&sessions, as_of, |id| source.records(id).expect("it reads"))
}

/// What a live view does: every record changes the sessions, messages come as they are whole.
fn live(records: &[Record], as_of: Timestamp) -> Vec<Told> {
    let mut sessions = Sessions::new();
    let mut readers: HashMap<ExchangeId, Reader> = HashMap::new();
    let mut messages: HashMap<ExchangeId, Vec<Message>> = HashMap::new();
    for record in records {
        let Some(id) = record.exchange else { continue };
        let reader = readers.entry(id).or_default();
        reader.push(record);
        messages.entry(id).or_default().extend(reader.take_messages());
        if let Some(summary) = reader.summary() {
            sessions.apply(summary);
        }
    }
    let exchanges: HashMap<ExchangeId, Vec<Record>> = by_exchange(records)
        .into_iter()
        .map(|records| (records[0].exchange.expect("an exchange"), records))
        .collect();
    let mut told = tell(&sessions, as_of, |id| exchanges[&id].clone());
    for told in &mut told {
        let ids = &told.session.exchanges;
        told.messages = ids.iter().flat_map(|id| messages[id].clone()).collect();
        told.messages.sort_by_key(|message| (message.at, message.exchange, message.number));
        pair(&mut told.messages);
    }
    told
}

fn tell(
    sessions: &Sessions,
    as_of: Timestamp,
    mut records: impl FnMut(ExchangeId) -> Vec<Record>,
) -> Vec<Told> {
    let told = sessions.list(as_of).into_iter().map(|session| {
        let exchanges: Vec<Vec<Record>> = session.exchanges.iter().map(|id| records(*id)).collect();
        let story = Story::tell(session, exchanges.iter().map(Vec::as_slice));
        let problems = judge(&story);
        let readings = story.exchanges.iter().map(|told| told.reading.clone()).collect();
        let Story { session, messages, calls, .. } = story;
        Told { session, messages, calls, problems, readings }
    });
    told.collect()
}

fn by_exchange(records: &[Record]) -> Vec<Vec<Record>> {
    let mut own: Vec<Record> =
        records.iter().filter(|record| record.exchange.is_some()).cloned().collect();
    own.sort_by_key(|record| (record.exchange, record.n));
    own.chunk_by(|a, b| a.exchange == b.exchange).map(<[Record]>::to_vec).collect()
}
