//! Every tape in `captures/` is a test: it reads, is written again byte by byte, folds into
//! sessions, and is redacted already.

use std::{
    fs::{self, File},
    io::{BufReader, Cursor},
    path::{Path, PathBuf},
};

use tempfile::tempdir;
use wiretape::{
    capture::{ExchangeId, Record},
    protocol::{Sessions, read},
    store::tape::{Spool, TapeReader},
};

use crate::support::wiretape::run;

#[test]
fn each_is_written_again_byte_by_byte() {
    for path in tapes() {
        let reader = reader(&path);
        let header = reader.header().clone();
        let mut records: Vec<Record> =
            reader.records().map(|record| record.expect("a record")).collect();
        records.sort_by_key(|record| (record.exchange, record.n));
        let mut spool = Spool::new(Cursor::new(Vec::new()));
        for record in records {
            spool.push(record).expect("memory");
        }
        let mut again = Vec::new();
        spool.finish(header, &mut again).expect("memory");
        assert_eq!(String::from_utf8_lossy(&again), text(&path), "{}", path.display());
    }
}

#[test]
fn each_folds_into_sessions_with_messages() {
    for path in tapes() {
        let mut records: Vec<Record> =
            reader(&path).records().map(|record| record.expect("a record")).collect();
        let last = records.iter().map(|record| record.at).max().expect("records");
        records.retain(|record| record.exchange.is_some());
        records.sort_by_key(|record| (record.exchange, record.n));
        let mut sessions = Sessions::new();
        for exchange in records.chunk_by(|a, b| a.exchange == b.exchange) {
            let reading = read(exchange).expect("it begins with its opening");
            assert_eq!(reading.summary.unread, None, "{}", path.display());
            sessions.apply(reading.summary);
        }
        let sessions = sessions.list(last);
        assert!(!sessions.is_empty(), "{}", path.display());
        for session in sessions {
            assert!(session.counts.messages > 0, "{}: {}", path.display(), session.id);
            assert!(session.exchanges.iter().is_sorted_by_key(|id: &ExchangeId| *id));
        }
    }
}

#[test]
fn exporting_each_changes_nothing() {
    let home = tempdir().expect("a folder");
    for path in tapes() {
        let out = home.path().join("again.tape.jsonl");
        run(
            home.path(),
            &["export", &path.display().to_string(), "-o", &out.display().to_string()],
        );
        assert_eq!(text(&out), text(&path), "{}", path.display());
    }
}

fn tapes() -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut folders = vec![Path::new(env!("CARGO_MANIFEST_DIR")).join("captures")];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).expect("a folder") {
            let path = entry.expect("an entry").path();
            if path.is_dir() {
                folders.push(path);
            } else if path.to_string_lossy().ends_with(".tape.jsonl") {
                found.push(path);
            }
        }
    }
    assert!(found.len() >= 2, "there are tapes of both eras");
    found
}

fn reader(path: &Path) -> TapeReader<BufReader<File>> {
    TapeReader::new(BufReader::new(File::open(path).expect("a file"))).expect("a tape")
}

fn text(path: &Path) -> String {
    fs::read_to_string(path).expect("a text")
}
