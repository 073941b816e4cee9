//! The UI's only door: what it asks, and the news that come. Who answers reads the store, parses and
//! searches; the UI never does (tui.md §4: it never reads disk, parses or greps).

mod ask;
mod news;
mod replays;
mod told;

pub use ask::{Ask, At, Copyable, Pair};
pub use news::{News, SourceStatus};
pub use replays::{
    Given, GivenHeader, GivenValue, Preview, Replayed, ReportForm, Secret, VerdictTold,
};
pub use told::{
    ExchangeTold, FrameTold, MENTIONS, MentionTold, MessageTold, OfferTold, SequenceRow,
    SessionTold,
};

/// Names one question, so that an answer that comes late is known. A new question of the same kind
/// cancels the one before it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Ticket(pub u64);

/// Who answers. Neither end waits: asking puts into a queue, news are taken from one.
pub trait Desk: Send {
    /// Asks.
    fn ask(&mut self, ask: Ask);

    /// The program is about to be stopped (`^Z`): lets go of what others may want meanwhile. This is
    /// waited for, for a moment.
    fn rest(&mut self) {}
}
