//! What is played: the sessions of a tape, or of the store. Calls that stand alone
//! (`protocol::alone`) stay where they are until their turn comes; of each a row is held.

mod reel;
mod runs;
mod survey;

use std::{
    collections::BTreeSet,
    fs::File,
    io::{BufReader, BufWriter, Seek as _},
    path::Path,
};

use anyhow::Context as _;

use reel::Reel;
pub(super) use reel::{Early, Telling};
use survey::Survey;

use super::pipe::Bounds;
use crate::{
    capture::{ExchangeId, Fact, Headers, Record, Timestamp},
    cli::{export::census::Census, progress::Reading, recording::Recording},
    protocol::{Session, Story},
    replay::{
        bind::Heard,
        plan::Apart,
        steps::{Step, steps},
    },
    store::tape::{Spool, TapeHeader},
};

/// What is read ahead of whoever wants it.
pub(super) const READ_AHEAD: Bounds =
    Bounds { pieces: 64, bytes: 8 << 20, at_once: 16, at_most: None };

/// How many bytes of a recording these hold, all but.
pub(super) fn size(records: &[Record]) -> usize {
    let fields = |headers: &Headers| -> usize {
        headers.iter().map(|(name, value)| name.len() + value.len()).sum()
    };
    let own = |record: &Record| match &record.fact {
        Fact::Chunk { data, .. } => data.len(),
        Fact::Open(open) => open.url.len() + fields(&open.headers),
        Fact::Head(head) => fields(&head.headers),
        _ => 0,
    };
    records.iter().map(own).sum()
}

/// One tape, or what was chosen of the store.
pub(in crate::cli) struct Played {
    /// As it was named.
    pub(in crate::cli) name: String,
    /// Oldest first.
    pub(super) sessions: Vec<PlayedSession>,
    /// The placeholders that line 1 lists.
    pub(in crate::cli) placeholders: Vec<String>,
    /// The clock for relative times.
    pub(in crate::cli) as_of: Timestamp,
    reel: Reel,
}

/// A session.
pub(super) struct PlayedSession {
    /// What of it is told together.
    pub(super) story: Story,
    /// The calls that stand alone, in the order of their requests.
    pub(super) apart: Vec<Apart>,
    /// What was heard of these, for whoever looks for handles.
    pub(super) heard: Heard,
    /// Its latest record.
    pub(super) last_at: Timestamp,
}

impl Played {
    /// Leaves all sessions but this one; false where it is not there.
    pub(in crate::cli) fn only(&mut self, session: ExchangeId) -> bool {
        self.sessions.retain(|played| played.story.session.id == session);
        !self.sessions.is_empty()
    }

    /// The recorded endpoint of the first session.
    pub(in crate::cli) fn endpoint(&self) -> Option<String> {
        let steps = steps(&self.sessions.first()?.story);
        Some(steps.iter().find_map(Step::told)?.open.url.clone())
    }

    /// Tells what stands alone in a session.
    pub(super) fn telling<'p>(&'p self, session: &'p PlayedSession) -> Telling<'p> {
        self.reel.telling(session)
    }
}

/// Reads a tape.
pub(in crate::cli) fn of_tape(path: &Path, as_of: Option<Timestamp>) -> anyhow::Result<Played> {
    let name = path.display().to_string();
    let file = File::open(path).with_context(|| name.clone())?;
    of_file(name, file, as_of)
}

fn of_file(name: String, file: File, as_of: Option<Timestamp>) -> anyhow::Result<Played> {
    let length = file.metadata().map(|found| found.len()).unwrap_or_default();
    let reading = Reading::new(length);
    let survey = Survey::read(BufReader::new(file), &reading).with_context(|| name.clone());
    reading.finish();
    let (reel, placeholders, sessions, as_of) =
        survey?.sessions(as_of).with_context(|| name.clone())?;
    Ok(Played { name, sessions, placeholders, as_of, reel })
}

/// Takes sessions of a recording. They are put on a tape that nobody sees, so that the store can be
/// let go, and are played from it like any other.
pub(in crate::cli) fn of_recording(
    name: String,
    recording: &mut Recording,
    sessions: &[Session],
) -> anyhow::Result<Played> {
    let mut spool = Spool::new(tempfile::tempfile()?);
    let exchanges: BTreeSet<ExchangeId> =
        sessions.iter().flat_map(|session| session.exchanges.iter().copied()).collect();
    // What came from a redacted tape has its placeholders still, and no line 1 that lists them.
    let mut census = Census::default();
    for exchange in exchanges {
        let records = recording.records(exchange)?;
        census.take(&records);
        for record in records {
            spool.push(record)?;
        }
    }
    let mut file = tempfile::tempfile()?;
    let header = TapeHeader::new(recording.as_of, "", census.finish(&[], &[]));
    spool.finish(header, BufWriter::new(&file))?;
    file.rewind()?;
    let mut played = of_file(name, file, Some(recording.as_of))?;
    let wanted = |played: &PlayedSession| {
        sessions.iter().any(|session| session.id == played.story.session.id)
    };
    played.sessions.retain(wanted);
    Ok(played)
}
