//! What is played: the sessions of a tape, or of the store, told whole.

use std::{fs::File, io::BufReader, path::Path};

use anyhow::Context as _;

use crate::{
    capture::{Record, Timestamp},
    cli::recording::Recording,
    protocol::{Session, Story},
    recorder::TapeSource,
    store::tape::TapeReader,
};

/// One tape, or what was chosen of the store.
pub(in crate::cli) struct Played {
    /// As it was named.
    pub(in crate::cli) name: String,
    /// Oldest first.
    pub(in crate::cli) stories: Vec<Story>,
    /// The placeholders that line 1 lists.
    pub(in crate::cli) placeholders: Vec<String>,
    /// The clock for relative times.
    pub(in crate::cli) as_of: Timestamp,
}

/// Reads a tape.
pub(in crate::cli) fn of_tape(path: &Path, as_of: Option<Timestamp>) -> anyhow::Result<Played> {
    let name = path.display().to_string();
    let open = || File::open(path).map(BufReader::new).with_context(|| name.clone());
    let tape = TapeReader::new(open()?).with_context(|| name.clone())?;
    let redactions = tape.header().redactions.iter();
    let placeholders = redactions.map(|redaction| redaction.placeholder.clone()).collect();
    let source = TapeSource::open(open()?).with_context(|| name.clone())?;
    let mut recording = Recording::of(Box::new(source), as_of, true)?;
    let sessions = recording.sessions()?.to_vec();
    let mut played = of_recording(name, &mut recording, sessions)?;
    played.placeholders = placeholders;
    Ok(played)
}

/// Tells sessions of a recording.
pub(in crate::cli) fn of_recording(
    name: String,
    recording: &mut Recording,
    sessions: Vec<Session>,
) -> anyhow::Result<Played> {
    let mut stories = Vec::with_capacity(sessions.len());
    for session in sessions {
        let ids = session.exchanges.iter();
        let records: Vec<Vec<Record>> =
            ids.map(|id| recording.records(*id)).collect::<anyhow::Result<_>>()?;
        stories.push(Story::tell(session, records.iter().map(Vec::as_slice)));
    }
    Ok(Played { name, stories, placeholders: Vec::new(), as_of: recording.as_of })
}
