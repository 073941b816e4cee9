//! The desk: what the terminal UI asks is answered here, on threads of its own, from a store, a store
//! in use, or a tape ([`crate::tui::desk`]).
//!
//! `keeper` reads what there was before, oldest first, in parts, then goes on with what comes: it
//! alone tells rows and sessions. `reader` answers what is looked at, `seeker` what takes its time.
//! All three share one source and one ledger. News go through a bounded channel: a UI that is slow
//! holds the keeper up, that holds up its feed, which then reads the journal; the recorder is never
//! waited for, nor does it wait.

mod feed;
mod keeper;
mod shared;
#[cfg(test)]
mod tests;
mod veil;

use std::{path::PathBuf, sync::mpsc as inbox};

use tokio::sync::mpsc;

pub(crate) use self::feed::Live;
use self::{
    keeper::{Keeper, Wake},
    shared::Shared,
};
use super::open;
use crate::{
    capture::Timestamp,
    recorder::{Source, home::Home},
    tasks,
    tui::desk::{Ask, Desk, News, SourceStatus},
};

/// News that wait for the UI. A part of them has 4,096 rows at most, so that is 25 MB; then the desk
/// waits.
const NEWS: usize = 64;

/// How the source stands at this moment: who records in this process tells it.
pub(crate) type Standing = Box<dyn FnMut() -> SourceStatus + Send>;

/// What is browsed.
pub(crate) struct Opening {
    /// What there is to read.
    pub(crate) source: Box<dyn Source>,
    /// What is recorded from now on; none where nothing is.
    pub(crate) live: Option<Live>,
    /// Asked once a second.
    pub(crate) standing: Standing,
    /// The tape; none for a store.
    pub(crate) tape: Option<PathBuf>,
    /// The home whose store it is.
    pub(crate) home: Option<Home>,
    /// Secrets are shown.
    pub(crate) reveal: bool,
    /// The clock; none for now, or for a tape's last record.
    pub(crate) as_of: Option<Timestamp>,
}

impl Opening {
    /// A tape.
    pub(crate) fn tape(path: PathBuf) -> anyhow::Result<Self> {
        let source = open::tape(&path)?;
        let what = path.display().to_string();
        Ok(Self {
            source,
            live: None,
            standing: Box::new(move || SourceStatus {
                what: what.clone(),
                ..SourceStatus::default()
            }),
            tape: Some(path),
            home: None,
            reveal: false,
            as_of: None,
        })
    }

    /// A home's store, whoever owns it. Where somebody records into it, what comes is told too.
    /// Blocks, and needs to be called outside of a runtime.
    pub(crate) fn home(home: &Home) -> anyhow::Result<Self> {
        let (source, in_use) = open::home(home)?;
        let what = home.root().display().to_string();
        let live = in_use.then(|| Live::Remote(home.clone()));
        let status = SourceStatus { what, live: live.is_some(), ..SourceStatus::default() };
        Ok(Self {
            source,
            live,
            standing: Box::new(move || status.clone()),
            tape: None,
            home: Some(home.clone()),
            reveal: false,
            as_of: None,
        })
    }
}

/// Starts the threads. They end once the desk is dropped.
pub(crate) fn desk(opening: Opening) -> anyhow::Result<(Box<dyn Desk>, mpsc::Receiver<News>)> {
    let (news, told) = mpsc::channel(NEWS);
    let (wake, woken) = inbox::channel();
    let shared = Shared::new(opening.source, opening.reveal, news);
    let batches = opening.live.map(|live| feed::start(live, wake.clone())).transpose()?;
    let is_tape = opening.tape.is_some();
    let keeper = Keeper::new(shared, woken, batches, opening.standing, opening.as_of, is_tape);
    tasks::thread("browse", move || keeper.run())?;
    Ok((Box::new(Workers { wake }), told))
}

/// The UI's end: hands on what is asked.
struct Workers {
    wake: inbox::Sender<Wake>,
}

impl Desk for Workers {
    fn ask(&mut self, ask: Ask) {
        // One that ended has said why.
        let _ = match ask {
            Ask::Complete(rows) => self.wake.send(Wake::Complete(rows)),
            Ask::Reveal(reveal) => self.wake.send(Wake::Reveal(reveal)),
            _ => Ok(()),
        };
    }
}

impl Drop for Workers {
    fn drop(&mut self) {
        let _ = self.wake.send(Wake::End);
    }
}
