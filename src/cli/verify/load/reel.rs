//! Where the calls that stand alone are until their turn comes: on the tape.

use std::{cell::RefCell, fs::File, io::BufReader};

use anyhow::Context as _;

use super::PlayedSession;
use crate::{
    capture::{ExchangeId, Timestamp},
    protocol::{Session, Story},
    replay::drive::Teller,
    store::tape::Places,
};

/// Calls that overlap are told together, in the order of time; where more do, their order beyond
/// these is that of their requests.
const TOGETHER_CAP: usize = 64;

/// A tape that is open.
pub(super) struct Reel {
    places: RefCell<Places<BufReader<File>>>,
}

impl Reel {
    pub(super) fn new(places: Places<BufReader<File>>) -> Self {
        Self { places: RefCell::new(places) }
    }

    pub(super) fn telling<'p>(&'p self, session: &'p PlayedSession) -> Telling<'p> {
        Telling { reel: self, session, stub: session.story.session.stub() }
    }
}

/// Tells what stands alone in one session.
pub(in crate::cli::verify) struct Telling<'p> {
    reel: &'p Reel,
    session: &'p PlayedSession,
    stub: Session,
}

impl Telling<'_> {
    /// The story of one exchange.
    pub(in crate::cli::verify) fn story(&self, exchange: ExchangeId) -> anyhow::Result<Story> {
        let places = self.reel.places.try_borrow_mut();
        let records = places.context("the tape is being read")?.records(exchange)?;
        Ok(Story::tell(self.stub.clone(), [records.as_slice()]))
    }

    /// All of them in the order of time, those that overlap together.
    pub(in crate::cli::verify) fn each(
        &self,
        visit: &mut dyn FnMut(&[Story]),
    ) -> anyhow::Result<()> {
        let (mut together, mut over) = (Vec::new(), Timestamp(0));
        for apart in &self.session.apart {
            let story = self.story(apart.exchange)?;
            let Some(told) = story.exchanges.first() else { continue };
            let summary = &told.reading.summary;
            if together.len() >= TOGETHER_CAP || summary.started_at > over {
                visit(&together);
                together.clear();
            }
            over = over.max(summary.last_at);
            together.push(story);
        }
        visit(&together);
        Ok(())
    }
}

impl Teller for Telling<'_> {
    fn tell(&self, exchange: ExchangeId) -> Result<Story, String> {
        self.story(exchange).map_err(|error| format!("{error:#}"))
    }
}
