//! How old a tape is: a server moves on, and what was recorded long ago proves little.

use std::time::Duration;

use super::load::Played;
use crate::{
    capture::Timestamp,
    cli::{Ctx, units},
};

/// A tape that is older is worth a word (Polly's `expiresIn`).
const OLD: Duration = Duration::from_secs(90 * DAY);

const DAY: u64 = 24 * 60 * 60;

/// Says which tapes are old.
pub(super) fn warn(tapes: &[Played], now: Timestamp, ctx: &mut Ctx) {
    for tape in tapes {
        let last = tape.sessions.iter().map(|session| session.last_at).max();
        let age = last.map(|last| Duration::from_micros(now.micros_since(last)));
        if let Some(age) = age.filter(|age| *age > OLD) {
            let days = age.as_secs() / DAY;
            ctx.out.talk(format!("{} is {} old", tape.name, units::count(days, "day")));
            ctx.out.talk("hint: record it anew, or bring it up to date with --update");
        }
    }
}
