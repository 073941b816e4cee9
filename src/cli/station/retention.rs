//! `--max-store`: keeps the journal within its size while the station records.

use std::{sync::Arc, time::Duration};

use tokio::time::{MissedTickBehavior, interval};

use super::owner::RecorderOwner;
use crate::{
    cli::{output::Output, units},
    recorder::Recorder,
    tasks::{self, Tasks},
};

/// How often the size is looked at; the first time is at once.
const LOOK: Duration = Duration::from_secs(30);

/// Deletes the oldest sessions whenever the journal is larger than `limit` bytes, and says so,
/// until the tasks are asked to stop. Traffic is not held up: it happens on a thread of its own.
pub(super) async fn keep_within(
    limit: u64,
    owner: Arc<RecorderOwner>,
    tasks: Tasks,
    mut out: Output,
) {
    let mut look = interval(LOOK);
    look.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut said = None;
    loop {
        tokio::select! {
            () = tasks.stopped() => return,
            _ = look.tick() => {}
        }
        let Some(pruner) = owner.with(Recorder::pruner) else { return };
        let shrunk = tasks::blocking(move || pruner.shrink_to(limit)).await;
        match shrunk {
            Ok(Ok(gone)) if gone.exchanges > 0 => {
                said = None;
                out.talk(format_args!(
                    "wiretape: --max-store: {} of the oldest sessions deleted, {} given back",
                    units::count(gone.exchanges, "exchange"),
                    units::size(gone.freed_bytes)
                ));
            }
            Ok(Ok(_)) => said = None,
            // The program is ending.
            Err(_) => return,
            Ok(Err(error)) => {
                let error = error.to_string();
                // Once, not every half minute.
                if said.as_ref() != Some(&error) {
                    out.talk(format_args!("warning: --max-store: nothing deleted: {error}"));
                    said = Some(error);
                }
            }
        }
    }
}
