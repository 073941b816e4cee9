//! How much of a recording is drawn. A page is opened whole: what does not fit is counted where it
//! is missing, and is on the tape.

use super::markup::Markup;
use crate::cli::units;

/// Sessions that are told; the table lists [`LISTED`] of them.
pub(super) const SESSIONS: usize = 40;

/// Sessions in the table.
pub(super) const LISTED: usize = 400;

/// Rows of a session's sequence diagram.
pub(super) const ROWS: usize = 400;

/// Bars of a session's timeline.
pub(super) const BARS: usize = 200;

/// Frames that are marked on a bar, and rows of the list of an exchange's frames.
pub(super) const FRAMES: usize = 200;

/// Messages of a session with their payloads.
pub(super) const MESSAGES: usize = 1_000;

/// Exchanges of a session with their heads.
pub(super) const EXCHANGES: usize = 400;

/// Headers of a head.
pub(super) const HEADERS: usize = 60;

/// Bytes of a text that stands on one line, be it a name, a URL or a header.
pub(super) const LINE_BYTES: usize = 1 << 10;

/// Offers of one list, capabilities' texts among them.
pub(super) const OFFERS: usize = 100;

/// Problems of a session.
pub(super) const PROBLEMS: usize = 200;

/// Bytes of one payload.
pub(super) const PAYLOAD_BYTES: usize = 16 << 10;

/// Bytes of all payloads of a page: behind that each is a number of bytes.
pub(super) const PAGE_BYTES: usize = 12 << 20;

/// What is left for payloads.
#[derive(Debug)]
pub(super) struct Room(usize);

impl Room {
    /// Of a new page.
    pub(super) fn of_a_page() -> Self {
        Self(PAGE_BYTES)
    }

    /// How many of so many bytes may be drawn.
    pub(super) fn take(&mut self, bytes: usize) -> usize {
        let taken = bytes.min(PAYLOAD_BYTES).min(self.0);
        self.0 -= taken;
        taken
    }
}

/// Says that there is more than was drawn; nothing where all is there.
pub(super) fn left_out(page: &mut Markup, drawn: usize, of: usize, noun: &str, command: &str) {
    if drawn >= of {
        return;
    }
    page.tag("p", &[("class", "cut")], |page| {
        page.text(&format!(
            "The first {drawn} of {} are drawn. The whole: ",
            units::count(of as u64, noun)
        ));
        page.say("code", &[], command);
    });
}
