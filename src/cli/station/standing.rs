//! How the recorder of this process stands, for the terminal UI: the top line's right end.

use std::{path::Path, sync::Arc};

use super::owner::RecorderOwner;
use crate::{
    cli::{browse::Standing, faces::ListeningFace},
    recorder::{Recorder, home::Home},
    tap,
    tui::desk::SourceStatus,
};

/// Nearer to the budget than this the traffic waits for the disk.
const NEAR: u64 = 10;

/// Asked again and again while the recorder runs; afterwards it is no longer live.
pub(super) fn of(
    owner: &Arc<RecorderOwner>,
    home: &Home,
    listening: &ListeningFace,
    bundle: &Path,
) -> Standing {
    let owner = Arc::clone(owner);
    let captures = home.captures();
    let targets = listening.targets.iter().map(|target| target.client_url.clone());
    let fixed = SourceStatus {
        what: home.root().display().to_string(),
        own: true,
        listening: listening.proxy.iter().cloned().chain(targets).collect(),
        ca: Some(listening.ca.clone()),
        bundle: Some(bundle.display().to_string()),
        ..SourceStatus::default()
    };
    Box::new(move || {
        let Some(status) = owner.with(Recorder::status) else { return fixed.clone() };
        let budget = u64::from(tap::BUDGET_BYTES);
        SourceStatus {
            live: true,
            connections: owner.connections(),
            paused: status.paused,
            waiting: status.waiting_bytes > budget / NEAR * (NEAR - 1),
            store_bytes: owner.with(|recorder| recorder.pruner().journal_bytes()).unwrap_or(0),
            free_bytes: fs4::available_space(&captures).unwrap_or(0),
            ..fixed.clone()
        }
    })
}
