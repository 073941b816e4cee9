//! `wiretape verify`: does a server still answer as it did on the tapes? Needs no store and no
//! certificate authority.
//!
//! `load` reads what is played, `started` has the server run, `run` plans tapes and sessions,
//! `driving` sends their steps, on a thread of its own, and `print` judges each as it is done and
//! tells a `sink`, which prints; `replay` and the terminal UI use them too; `pipe` is between threads; `foretell` says what would be sent; `sums` sums up, `reports` writes it for CI by way of `drafts`; `age` says which tapes are old,
//! `learning` proposes rules, `fix` says what changed on a tape and `update` writes it.

mod age;
mod drafts;
mod driving;
mod fix;
mod foretell;
mod learning;
mod load;
mod pipe;
mod print;
mod reports;
mod run;
mod sink;
mod started;
mod sums;
#[cfg(test)]
mod tests;
mod update;

use std::{
    fs,
    path::{Path, PathBuf},
    process::ExitCode,
};

use anyhow::{Context as _, bail};

pub(super) use foretell::{Foretold, foretell};
pub(super) use load::{Played, of_recording, of_tape};
pub(super) use run::{Asked, Ran, RanTape, play, play_to, variable};
pub(super) use sink::{Came, Outcome, Sink, Sums};

use self::{
    reports::Reports,
    started::{Start, Started},
};
use super::{Ctx, args::VerifyArgs, failure::code, units, visible};
use crate::{
    clock,
    replay::{
        compare::Ruling,
        rules::{Purpose, Rules, Selector},
    },
};

/// Verifies.
pub(crate) fn run(args: &VerifyArgs, ctx: &mut Ctx) -> anyhow::Result<ExitCode> {
    let asked = asked(args)?;
    let secrets = asked.secrets.clone();
    let reports = Reports::begin(args)?;
    there(&args.tapes)?;
    let tapes: Vec<Played> =
        args.tapes.iter().map(|tape| of_tape(tape, None)).collect::<anyhow::Result<_>>()?;
    age::warn(&tapes, clock::now(), ctx);
    let mut server = match args.start.as_deref().zip(args.ready.as_deref()) {
        None => None,
        Some((command, ready)) => match Started::launch(command, ready)? {
            Start::Ready(server) => Some(server),
            Start::Interrupted => return Ok(ExitCode::from(code::INTERRUPTED)),
        },
    };
    let ran = play(&tapes, &asked, ctx);
    let learnt = match (&ran, args.learn) {
        (Ok(ran), Some(times)) if !ran.interrupted => {
            learning::propose(&tapes, asked, ran, times, ctx)
        }
        _ => Ok(()),
    };
    if let Some(died) = server.as_mut().and_then(Started::died) {
        ctx.out.talk(died);
    }
    drop(server);
    let mut ran = ran?;
    reports.write(&mut ran)?;
    learnt?;
    if args.update && !ran.interrupted {
        return updated(args, &secrets, &ran, ctx);
    }
    Ok(exit(&ran, args.allow_skips))
}

/// Puts what changed into the tapes. What is not sure to be the server's answer is refused: nothing is
/// written then.
fn updated(
    args: &VerifyArgs,
    secrets: &[(String, String)],
    ran: &Ran,
    ctx: &mut Ctx,
) -> anyhow::Result<ExitCode> {
    let of = |ruling| ran.count(ruling);
    let unanswered = of(Ruling::Missing) + of(Ruling::Skipped);
    if unanswered > 0 && !args.allow_skips {
        ctx.out.talk(format!(
            "no tape was changed: {} without an answer to put in",
            units::count(unanswered, "step")
        ));
        ctx.out.talk(
            "hint: --allow-skips leaves them as they are; --allow-side-effects calls every tool",
        );
        return Ok(ExitCode::from(code::FOUND));
    }
    let mut unfixed = of(Ruling::Extra) + of(Ruling::Missing);
    for (path, tape) in args.tapes.iter().zip(&ran.tapes) {
        let (put, refused) = accept(path, tape, secrets)?;
        unfixed += refused.len() as u64;
        for why in refused {
            ctx.out.talk(format!("cannot be put in: {}", visible::line(why)));
        }
        if put > 0 {
            let many = units::count(put, "answer");
            ctx.out.talk(format!("{many} put into {}: see git diff", path.display()));
        }
    }
    Ok(if unfixed == 0 { ExitCode::SUCCESS } else { ExitCode::from(code::FOUND) })
}

/// Puts what changed into a tape; how many answers, and why others cannot be put in.
pub(super) fn accept<'t>(
    path: &Path,
    tape: &'t RanTape,
    secrets: &[(String, String)],
) -> anyhow::Result<(u64, Vec<&'t str>)> {
    let (mut fixes, mut refused) = (Vec::new(), Vec::new());
    for fix in &tape.fixes {
        match fix {
            Ok(fix) => fixes.push(fix),
            Err(why) => refused.push(why.as_str()),
        }
    }
    if !fixes.is_empty() {
        update::update(path, &fixes, secrets)?;
    }
    Ok((fixes.len() as u64, refused))
}

/// The tapes that were named are files: a word that is a session's or a query's is none.
fn there(tapes: &[PathBuf]) -> anyhow::Result<()> {
    let Some(none) = tapes.iter().find(|tape| !tape.exists()) else { return Ok(()) };
    let name = none.display();
    bail!(
        "{name}: there is no such file\nhint: a tape is made by `wiretape export SESSION -o {name}`; \
         what is in the store is played by `wiretape replay`"
    )
}

/// What was typed, checked.
fn asked(args: &VerifyArgs) -> anyhow::Result<Asked> {
    // One of them is there: clap sees to it.
    let to = args.to.clone().or_else(|| args.ready.clone()).unwrap_or_default();
    let mut asked = Asked::of(&args.playing, to)?;
    if let Some(path) = &args.rules {
        let name = || path.display().to_string();
        let text = fs::read_to_string(path).with_context(name)?;
        asked.rules = Rules::parse(&text).with_context(name)?;
        asked.rules.only(Purpose::Verify).with_context(name)?;
    }
    let ignored = args.ignore.iter().map(|path| Selector::parse(path));
    asked.ignore = ignored.collect::<Result<_, _>>()?;
    (asked.strict, asked.timing) = (args.strict, args.timing);
    asked.update = args.update;
    asked.holds = args.junit.is_some() || args.markdown.is_some() || args.learn.is_some();
    Ok(asked)
}

/// What scripts are told (faces.md, verify).
pub(super) fn exit(ran: &Ran, allow_skips: bool) -> ExitCode {
    ExitCode::from(exit_code(ran, allow_skips))
}

/// The same as a number.
pub(super) fn exit_code(ran: &Ran, allow_skips: bool) -> u8 {
    if ran.interrupted {
        code::INTERRUPTED
    } else if ran.is_green(allow_skips) {
        0
    } else {
        code::FOUND
    }
}
