//! `wiretape replay`: a session's messages, or some of them, sent to a server again.

use std::{path::Path, process::ExitCode};

use anyhow::bail;

use super::{
    Ctx,
    args::{Reading, ReplayArgs},
    recording::Recording,
    verify::{Asked, exit, of_recording, of_tape, play},
};

/// Replays.
pub(crate) fn run(args: &ReplayArgs, ctx: &mut Ctx) -> anyhow::Result<ExitCode> {
    let mut asked = Asked::of(&args.playing, args.to.clone())?;
    for typed in &args.set {
        asked.edits.add(typed)?;
    }
    if !args.speed.is_finite() || args.speed < 0.0 {
        bail!("--speed is 0, 1, or how many times as fast as recorded");
    }
    asked.speed = (args.speed > 0.0).then_some(args.speed);
    let tape = Path::new(&args.what);
    let played = if tape.is_file() {
        of_tape(tape, args.as_of)?
    } else {
        let reading = Reading { as_of: args.as_of, ..Reading::default() };
        let mut recording = Recording::open(ctx, &reading, None)?;
        let sessions = recording.select(&args.what)?;
        if sessions.is_empty() {
            bail!("no session matches `{}`", args.what);
        }
        of_recording(args.what.clone(), &mut recording, &sessions)?
    };
    // The store is let go before the run may keep itself in it.
    let ran = play(&[played], &asked, ctx)?;
    Ok(exit(&ran, false))
}
