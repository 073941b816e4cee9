//! `--learn N`: the tapes replayed N times, and rules proposed for what differs from one replay to
//! the next. They are written to a file beside the first tape and applied by nobody: a person looks
//! through it and names it with `--rules`.

use std::path::{Path, PathBuf};

use super::{Asked, Played, Ran, drafts::Draft, play};
use crate::{
    cli::{Ctx, units},
    replay::compare::{Verdict, learn::learn},
};

/// Names that are tried for the file; nobody keeps more proposals of one tape.
const NAMES_CAP: u32 = 1_000;

/// Replays on after the run whose verdicts were told, and proposes.
pub(super) fn propose(
    tapes: &[Played],
    mut asked: Asked,
    first: &Ran,
    times: u16,
    ctx: &mut Ctx,
) -> anyhow::Result<()> {
    (asked.quiet, asked.keep) = (true, false);
    let mut runs = vec![verdicts(first)];
    for run in 1..times {
        ctx.out.talk(format!("replay {} of {times}", run + 1));
        let ran = play(tapes, &asked, ctx)?;
        if ran.interrupted {
            return Ok(());
        }
        runs.push(verdicts(&ran));
    }
    let runs: Vec<&[Verdict]> = runs.iter().map(Vec::as_slice).collect();
    let learnt = learn(&runs);
    if learnt.proposals.is_empty() {
        ctx.out
            .talk("no rules are proposed: from replay to replay nothing differs that one settles");
        return Ok(());
    }
    let path = free(tapes.first().map_or("session", |tape| &tape.name));
    Draft::beside(&path)?.publish(learnt.toml().as_bytes())?;
    let rules = units::count(learnt.proposals.len() as u64, "rule");
    ctx.out.talk(format!("{rules} proposed in {}, none applied", path.display()));
    ctx.out.talk(format!("hint: look through it, then --rules {}", path.display()));
    Ok(())
}

fn verdicts(ran: &Ran) -> Vec<Verdict> {
    ran.tapes.iter().flat_map(|tape| tape.verdicts.iter().cloned()).collect()
}

/// A name that no file has: what was looked through before is not written over.
fn free(tape: &str) -> PathBuf {
    let stem = tape.strip_suffix(".jsonl").unwrap_or(tape);
    let stem = stem.strip_suffix(".tape").unwrap_or(stem);
    let name = |number: u32| match number {
        1 => PathBuf::from(format!("{stem}.learnt.toml")),
        number => PathBuf::from(format!("{stem}.learnt-{number}.toml")),
    };
    let is_free = |path: &PathBuf| !Path::new(path).exists();
    (1..NAMES_CAP).map(name).find(is_free).unwrap_or_else(|| name(NAMES_CAP))
}
