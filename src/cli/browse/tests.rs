//! Whatever way a recording comes to the desk, as a tape, from a store, or as it happens, the rows
//! and sessions are the same in the end.

mod answers;

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt::Debug,
    fs::{self, File},
    io::BufReader,
    path::{Path, PathBuf},
    time::Duration,
};

use proptest::prelude::*;
use tokio::{sync::mpsc, time::timeout};

use super::{Live, Opening, desk};
use crate::{
    capture::{ExchangeId, Record, Timestamp},
    protocol::Sessions,
    recorder::{FeedStart, Recorder, RecorderSettings, Source, TapeSource},
    tui::{
        desk::{Ask, Desk, News, SourceStatus, Ticket},
        ledger::{Changes, Ledger, Need, Veil},
        rows::{Row, RowId, RowKind, RpcId, SessionId, SessionRow, Symbols},
    },
};

/// What the UI has: rows by what they are of, sessions by their ids.
#[derive(Default)]
struct Seen {
    symbols: Symbols,
    rows: Vec<Row>,
    sessions: Vec<SessionRow>,
}

impl Seen {
    fn take(&mut self, changes: Changes) {
        self.symbols.extend(changes.symbols);
        self.rows.extend(changes.rows);
        for (id, row) in changes.replaced {
            self.rows[id.0 as usize] = row;
        }
        for (id, row) in changes.sessions {
            let place = id.0 as usize;
            self.sessions.truncate(self.sessions.len().max(place));
            if place < self.sessions.len() {
                self.sessions[place] = row;
            } else {
                assert_eq!(place, self.sessions.len(), "sessions come in their order");
                self.sessions.push(row);
            }
        }
    }

    fn news(&mut self, news: News) {
        let mut changes = Changes::default();
        match news {
            News::Symbols(symbols) => changes.symbols = symbols,
            News::Rows(rows) => changes.rows = rows,
            News::Row(id, row) => changes.replaced.push((id, row)),
            News::Sessions(sessions) => changes.sessions = sessions,
            other => panic!("{other:?}"),
        }
        self.take(changes);
    }

    fn key(row: &Row) -> (ExchangeId, u32) {
        (row.exchange, if row.kind == RowKind::Exchange { u32::MAX } else { row.number })
    }

    /// All rows as texts, by what they are of.
    fn told(&self) -> BTreeMap<(ExchangeId, u32), String> {
        let shown = self.rows.iter().filter(|row| row.session != SessionId::NONE);
        let told = shown.map(|row| {
            let parent = row.parent.and_then(|parent| self.rows.get(parent.0 as usize));
            let id = match row.rpc_id {
                RpcId::Text(symbol) => self.symbols.text(symbol).to_owned(),
                other => format!("{other:?}"),
            };
            let session = &self.sessions[row.session.0 as usize];
            let text = format!(
                "{:?} {:?} {} {} id {id} http {} code {} at {} {} us of {} frames {} size {} \
                 parent {:?} {}{}{}{} in {}",
                row.kind,
                row.status,
                self.symbols.text(row.method),
                self.symbols.text(row.name),
                row.http,
                row.code,
                row.at,
                row.first_us,
                row.total_us,
                row.frames,
                row.size,
                parent.map(Self::key),
                if row.from_server { "server " } else { "" },
                if row.streamed { "streamed " } else { "" },
                if row.batched { "batched " } else { "" },
                if row.is_whole { "" } else { "in part " },
                session.id,
            );
            (Self::key(row), text)
        });
        told.collect()
    }

    fn told_sessions(&self) -> BTreeMap<ExchangeId, String> {
        let shown = self.sessions.iter().filter(|session| !session.deleted);
        shown
            .map(|session| {
                let plain = SessionRow { problems: None, activity: [0; 12], ..session.clone() };
                (session.id, format!("{plain:?}"))
            })
            .collect()
    }
}

struct Bare;

impl Veil for Bare {
    fn name(&mut self, text: &str) -> String {
        text.to_owned()
    }

    fn url(&mut self, text: &str) -> String {
        text.to_owned()
    }
}

/// Told from summaries, in the order of the exchanges, and then read whole.
fn at_once(tape: &Path) -> Seen {
    let mut source = open(tape);
    let (mut ledger, mut seen) = (Ledger::new(Box::new(Bare)), Seen::default());
    let summaries = source.summaries().expect("they are there");
    for summary in &summaries {
        if ledger.summary(summary) == Need::Records {
            ledger.records(&source.records(summary.id).expect("they are there"));
        }
        for id in ledger.wanted() {
            ledger.join(&source.records(id).expect("they are there"));
        }
    }
    ledger.loaded();
    seen.take(ledger.changes(Some(as_of(&summaries))));
    for summary in &summaries {
        ledger.complete(&source.records(summary.id).expect("they are there"));
    }
    seen.take(ledger.changes(Some(as_of(&summaries))));
    seen
}

/// Told as it happened, in batches of these sizes.
fn as_it_came(tape: &Path, sizes: &[usize]) -> Seen {
    let mut source = open(tape);
    let (mut ledger, mut seen) = (Ledger::new(Box::new(Bare)), Seen::default());
    ledger.loaded();
    let summaries = source.summaries().expect("they are there");
    let mut sizes = sizes.iter().cycle();
    let records = in_time(&mut *source);
    let mut left = records.as_slice();
    while !left.is_empty() {
        let size = (*sizes.next().expect("some")).clamp(1, left.len());
        let (batch, rest) = left.split_at(size);
        left = rest;
        for record in batch {
            assert!(ledger.record(record), "nothing is missing");
        }
        ledger.settle(false);
        seen.take(ledger.changes(Some(as_of(&summaries))));
    }
    ledger.settle(true);
    seen.take(ledger.changes(Some(as_of(&summaries))));
    seen
}

fn as_of(summaries: &[crate::protocol::Summary]) -> Timestamp {
    summaries.iter().map(|summary| summary.last_at).max().unwrap_or_default()
}

/// All records in the order in which a recorder had them.
fn in_time(source: &mut dyn Source) -> Vec<Record> {
    let mut all = Vec::new();
    for summary in source.summaries().expect("they are there") {
        let mut latest = Timestamp::default();
        for record in source.records(summary.id).expect("they are there") {
            // Within an exchange their order is that of their numbers.
            latest = latest.max(record.at);
            all.push((latest, record));
        }
    }
    all.sort_by_key(|(at, record)| (*at, record.exchange, record.n));
    all.into_iter().map(|(_, record)| record).collect()
}

/// Where two of them differ.
fn differences(told: &Seen, other: &Seen, what: &str) -> Vec<String> {
    let mut found = Vec::new();
    held(&told.told(), &other.told(), what, &mut found);
    held(&told.told_sessions(), &other.told_sessions(), what, &mut found);
    found
}

fn held<K: Ord + Debug>(
    told: &BTreeMap<K, String>,
    other: &BTreeMap<K, String>,
    what: &str,
    found: &mut Vec<String>,
) {
    let keys: BTreeSet<&K> = told.keys().chain(other.keys()).collect();
    for key in keys {
        let (one, two) = (told.get(key), other.get(key));
        if one != two {
            found.push(format!("{what}: {key:?}\n  {one:?}\n  {two:?}"));
        }
    }
}

fn none(mut found: Vec<String>) {
    let count = found.len();
    found.truncate(12);
    assert!(found.is_empty(), "{count} differences:\n{}", found.join("\n"));
}

#[test]
fn rows_told_as_they_come_are_those_told_at_once() {
    let (mut rows, mut found) = (0, Vec::new());
    for tape in tapes() {
        let told = at_once(&tape);
        for size in [1, 7, usize::MAX] {
            let what = format!("{} by {size}", short(&tape));
            found.extend(differences(&told, &as_it_came(&tape, &[size]), &what));
        }
        hold_against_the_fold(&tape, &told, &mut found);
        rows += told.rows.len();
    }
    none(found);
    assert!(rows > 500, "{rows}");
}

/// What is only counted is in the session in which the fold of everything has it, and that stands as
/// it does there.
fn hold_against_the_fold(tape: &Path, seen: &Seen, found: &mut Vec<String>) {
    let summaries = open(tape).summaries().expect("they are there");
    let mut fold = Sessions::new();
    for summary in &summaries {
        fold.apply(summary.clone());
    }
    for row in seen.rows.iter().filter(|row| row.session != SessionId::NONE) {
        let told = seen.sessions[row.session.0 as usize].id;
        let right = fold.session_of(row.exchange);
        if Some(told) != right {
            found.push(format!("{}: {} in {told} for {right:?}", short(tape), row.exchange));
        }
    }
    for session in fold.list(as_of(&summaries)) {
        let told = seen.sessions.iter().find(|row| row.id == session.id && !row.deleted);
        let told = told.map(|told| {
            let times = (told.started_at, told.last_at);
            let (revision, id) = (told.revision.clone(), told.wire_id.clone());
            format!(
                "{:?} {} {} {revision:?} {id:?} {times:?}",
                told.state, told.exchanges, told.errors
            )
        });
        let times = (session.started_at, session.last_at);
        let right = format!(
            "{:?} {} {} {:?} {:?} {times:?}",
            session.state,
            session.exchanges.len(),
            session.counts.errors,
            session.revision,
            session.wire_id
        );
        if told.as_ref() != Some(&right) {
            found.push(format!("{}: {}\n  {told:?}\n  {right}", short(tape), session.id));
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]
    #[test]
    fn however_the_feed_is_cut(which: prop::sample::Index, sizes in prop::collection::vec(1_usize..40, 1..12)) {
        let tapes = tapes();
        let tape = which.get(&tapes);
        none(differences(&at_once(tape), &as_it_came(tape, &sizes), &short(tape)));
    }
}

/// Everything that a desk tells until it has read all and, where it records, the recording is over.
struct Screen {
    desk: Box<dyn Desk>,
    news: mpsc::Receiver<News>,
    seen: Seen,
    others: Vec<News>,
    runtime: tokio::runtime::Runtime,
}

impl Screen {
    fn open(opening: Opening) -> Self {
        let (desk, news) = desk(opening).expect("threads");
        let runtime = crate::cli::runtime().expect("threads");
        Self { desk, news, seen: Seen::default(), others: Vec::new(), runtime }
    }

    /// Takes news in until one of them is what is waited for.
    fn until(&mut self, wanted: impl Fn(&News) -> bool) -> News {
        loop {
            let next = self
                .runtime
                .block_on(async { timeout(Duration::from_secs(60), self.news.recv()).await });
            let news = next
                .unwrap_or_else(|_| panic!("nothing comes after {:?}", self.others.last()))
                .expect("the desk goes on");
            let found = wanted(&news).then(|| news.clone());
            match news {
                News::Symbols(_) | News::Rows(_) | News::Row(..) | News::Sessions(_) => {
                    self.seen.news(news);
                }
                other => self.others.push(other),
            }
            if let Some(found) = found {
                return found;
            }
        }
    }

    fn loaded(&mut self) {
        self.until(|news| matches!(news, News::Loading { done, of } if done == of));
    }

    /// Makes all rows whole.
    fn complete(&mut self) {
        let in_part = |rows: &[Row]| {
            let all = (0_u32..).zip(rows).filter(|(_, row)| !row.is_whole);
            all.map(|(place, _)| RowId(place)).collect::<Vec<_>>()
        };
        let wanted = in_part(&self.seen.rows);
        let Some(last) = wanted.last().copied() else { return };
        self.desk.ask(Ask::Complete(wanted));
        self.until(|news| matches!(news, News::Row(id, _) if *id == last));
    }
}

fn standing() -> super::Standing {
    Box::new(|| SourceStatus { what: "a test".to_owned(), live: true, ..SourceStatus::default() })
}

#[test]
fn a_tape_a_store_and_a_recorder_show_the_same() {
    let mut found = Vec::new();
    for tape in tapes() {
        let what = short(&tape);
        let clock = as_of(&open(&tape).summaries().expect("they are there"));
        let mut of_tape = Screen::open(Opening::tape(tape.clone()).expect("a tape"));
        of_tape.loaded();
        of_tape.until(|news| matches!(news, News::Status(status) if status.as_of == Some(clock)));
        of_tape.complete();

        let folder = tempfile::tempdir().expect("a folder");
        let captures = folder.path().join("captures");
        let (recorder, tap, _) =
            Recorder::open(&captures, RecorderSettings::default(), &mut |_, _| {})
                .expect("a store");
        let mut live = Screen::open(Opening {
            source: Box::new(recorder.source()),
            live: Some(Live::Own(recorder.feed().subscribe(FeedStart::Now))),
            standing: standing(),
            tape: None,
            home: None,
            reveal: false,
            as_of: Some(clock),
        });
        live.loaded();
        recorder.importer().all(&mut *open(&tape)).expect("imported");
        let mut stored = Screen::open(Opening {
            source: Box::new(recorder.source()),
            live: None,
            standing: standing(),
            tape: None,
            home: None,
            reveal: false,
            as_of: Some(clock),
        });
        stored.loaded();
        stored.complete();
        found.extend(differences(&of_tape.seen, &stored.seen, &format!("{what}, stored")));
        drop(tap);
        recorder.close().expect("a disk");
        live.until(|news| matches!(news, News::Status(status) if !status.live));
        live.complete();
        found.extend(differences(&of_tape.seen, &live.seen, &format!("{what}, live")));
    }
    none(found);
}

#[test]
fn a_query_finds_rows_and_says_where_it_is_wrong() {
    let tape = tapes().into_iter().find(|tape| tape.ends_with("2025-11-25/demo.tape.jsonl"));
    let mut screen = Screen::open(Opening::tape(tape.expect("the demo")).expect("a tape"));
    screen.loaded();
    let ticket = Ticket(7);
    let query = "method:tools/call".to_owned();
    screen.desk.ask(Ask::Filter { ticket, query, session: None });
    screen.until(|news| matches!(news, News::Over(over) if *over == ticket));
    let found: Vec<RowId> = hits(&screen.others, ticket);
    let method = |row: &Row| screen.seen.symbols.text(row.method).to_owned();
    let wanted: Vec<RowId> = (0_u32..)
        .zip(&screen.seen.rows)
        .filter(|(_, row)| method(row) == "tools/call")
        .map(|(place, _)| RowId(place))
        .collect();
    assert!(!wanted.is_empty());
    assert_eq!(found, wanted);

    let ticket = Ticket(8);
    screen.desk.ask(Ask::Filter { ticket, query: "kind:nonsense".to_owned(), session: None });
    let failed = screen.until(|news| matches!(news, News::Failed(..)));
    let News::Failed(_, why) = failed else { unreachable!() };
    assert!(why.contains("column"), "{why}");

    let exchange = screen.seen.rows[found[0].0 as usize].exchange;
    screen.desk.ask(Ask::Exchange { ticket: Ticket(9), exchange });
    let told = screen.until(|news| matches!(news, News::Exchange(..)));
    let News::Exchange(_, told) = told else { unreachable!() };
    assert!(told.request_line.starts_with("POST "), "{}", told.request_line);
    assert!(told.messages.len() >= 2);

    let session = screen.seen.rows[found[0].0 as usize].session;
    screen.desk.ask(Ask::Session { ticket: Ticket(10), session });
    let told = screen.until(|news| matches!(news, News::Told(..)));
    let News::Told(_, told) = told else { unreachable!() };
    assert!(!told.sequence.is_empty() && !told.states.is_empty());
}

fn hits(news: &[News], of: Ticket) -> Vec<RowId> {
    let mut all = Vec::new();
    for news in news {
        if let News::Hits { ticket, rows, .. } = news
            && *ticket == of
        {
            all.extend(rows);
        }
    }
    all
}

/// The end of a path.
fn short(tape: &Path) -> String {
    let parts: Vec<_> = tape.iter().rev().take(2).map(|part| part.to_string_lossy()).collect();
    parts.into_iter().rev().collect::<Vec<_>>().join("/")
}

fn open(tape: &Path) -> Box<dyn Source> {
    let file = BufReader::new(File::open(tape).expect("a file"));
    Box::new(TapeSource::open(file).expect("a tape"))
}

fn tapes() -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut folders = vec![Path::new(env!("CARGO_MANIFEST_DIR")).join("captures")];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).expect("a folder") {
            let path = entry.expect("an entry").path();
            if path.is_dir() {
                folders.push(path);
            } else if path.to_string_lossy().ends_with(".tape.jsonl") {
                found.push(path);
            }
        }
    }
    found.sort();
    found
}
