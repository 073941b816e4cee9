//! Where the calls that stand alone are until their turn comes: on the tape.

use std::{
    fs::File,
    io::BufReader,
    sync::{Mutex, PoisonError},
};

use super::{PlayedSession, READ_AHEAD, size};
use crate::{
    capture::{ExchangeId, Timestamp},
    cli::verify::pipe::{Giver, beside},
    protocol::{Session, Story},
    store::tape::Places,
};

/// Calls that overlap are told together, in the order of time; where more do, their order beyond
/// these is that of their requests.
const TOGETHER_CAP: usize = 64;

/// A tape that is open.
pub(super) struct Reel {
    places: Mutex<Places<BufReader<File>>>,
}

impl Reel {
    pub(super) fn new(places: Places<BufReader<File>>) -> Self {
        Self { places: Mutex::new(places) }
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

/// A story that was told ahead, or why it could not be.
pub(in crate::cli::verify) type Early = anyhow::Result<(ExchangeId, Story)>;

impl Telling<'_> {
    /// The story of one exchange.
    pub(in crate::cli::verify) fn story(&self, exchange: ExchangeId) -> anyhow::Result<Story> {
        self.told(exchange).map(|(story, _)| story)
    }

    /// The same, and how many bytes were recorded of it.
    fn told(&self, exchange: ExchangeId) -> anyhow::Result<(Story, usize)> {
        let mut places = self.reel.places.lock().unwrap_or_else(PoisonError::into_inner);
        let records = places.records(exchange)?;
        drop(places);
        let bytes = size(&records);
        Ok((Story::tell(self.stub.clone(), [records.as_slice()]), bytes))
    }

    /// Tells these for somebody else. False where nobody wants more.
    pub(in crate::cli::verify) fn ahead(
        &self,
        exchanges: impl Iterator<Item = ExchangeId>,
        told: &Giver<Early>,
    ) -> bool {
        for exchange in exchanges {
            let story = self.told(exchange);
            let is_over = story.is_err();
            let (story, bytes) = match story {
                Ok((story, bytes)) => (Ok((exchange, story)), bytes),
                Err(error) => (Err(error), 0),
            };
            if told.give(story, bytes).is_err() || is_over {
                return false;
            }
        }
        true
    }

    /// All of them in the order of time, those that overlap together.
    pub(in crate::cli::verify) fn each(
        &self,
        visit: &mut dyn FnMut(&[Story]),
    ) -> anyhow::Result<()> {
        let all = self.session.apart.iter().map(|apart| apart.exchange);
        let (mut together, mut over) = (Vec::new(), Timestamp(0));
        let (_, visited) = beside(
            "tape-stories",
            READ_AHEAD,
            |told| self.ahead(all, &told),
            |mut told| {
                while let Some(story) = told.take() {
                    let (_, story) = story?;
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
            },
        )?;
        visited
    }
}
