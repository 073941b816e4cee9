//! A tape read by the library: its records, its sessions told whole.

use std::{
    collections::BTreeMap,
    fs::File,
    io::{BufRead, BufReader},
    path::Path,
};

use wiretape::{
    capture::{ExchangeId, Record},
    protocol::{Sessions, Story, read},
    store::tape::TapeReader,
};

pub(crate) fn reader(path: &Path) -> TapeReader<BufReader<File>> {
    TapeReader::new(BufReader::new(File::open(path).expect("a file"))).expect("a tape")
}

/// A tape's records in the order of its lines.
pub(crate) fn in_order(path: &Path) -> Vec<Record> {
    reader(path).records().map(|record| record.expect("a record")).collect()
}

/// The records of a tape, exchange by exchange.
pub(crate) fn records(path: &Path) -> Vec<Record> {
    sorted(reader(path))
}

/// Those of a tape in memory.
pub(crate) fn records_in(tape: &str) -> Vec<Record> {
    sorted(TapeReader::new(tape.as_bytes()).expect("a tape"))
}

fn sorted(reader: TapeReader<impl BufRead>) -> Vec<Record> {
    let mut records: Vec<Record> =
        reader.records().map(|record| record.expect("a record")).collect();
    records.sort_by_key(|record| (record.exchange, record.n));
    records
}

/// All its sessions, the oldest first, at the time of its last record.
pub(crate) fn stories(records: &[Record]) -> Vec<Story> {
    let as_of = records.iter().map(|record| record.at).max().expect("records");
    let exchanges: BTreeMap<ExchangeId, &[Record]> = records
        .chunk_by(|a, b| a.exchange == b.exchange)
        .filter_map(|exchange| Some((exchange.first()?.exchange?, exchange)))
        .collect();
    let mut sessions = Sessions::new();
    for exchange in exchanges.values() {
        let reading = read(exchange).expect("it begins with its opening");
        assert_eq!(reading.summary.unread, None, "it can be read");
        sessions.apply(reading.summary);
    }
    let mut sessions = sessions.list(as_of);
    sessions.sort_by_key(|session| session.exchanges.first().copied());
    sessions
        .into_iter()
        .map(|session| {
            let own: Vec<&[Record]> =
                session.exchanges.iter().filter_map(|id| exchanges.get(id).copied()).collect();
            Story::tell(session, own)
        })
        .collect()
}
