//! What a run recorded, said at its end with the command that shows it.

use crate::{clock, protocol::Sessions, recorder::Source, tui::text::count};

/// The sentence for a run. Blocks.
pub(super) fn of_run(source: &mut dyn Source, run: &str) -> anyhow::Result<String> {
    let mut fold = Sessions::new();
    for summary in source.summaries()? {
        if summary.run.as_deref() == Some(run) {
            fold.apply(summary);
        }
    }
    let sessions = fold.list(clock::now());
    let exchanges: usize = sessions.iter().map(|session| session.exchanges.len()).sum();
    let said = format!(
        "wiretape: {} in {}",
        count(exchanges, "exchange"),
        count(sessions.len(), "session")
    );
    let hint = match &sessions[..] {
        [] => "nothing came through; `wiretape doctor` tells what the client needs".to_owned(),
        [one] => format!("wiretape show {}", one.id),
        _ => format!("wiretape list 'run:{run}'"),
    };
    Ok(format!("{said}\nhint: {hint}"))
}
