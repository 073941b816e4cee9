//! `wiretape completions SHELL`: a script for the shell, on stdout.

use std::process::ExitCode;

use super::{
    Ctx,
    args::{Cli, CompletionsArgs},
};

/// Prints the script.
pub(crate) fn run(args: CompletionsArgs, ctx: &mut Ctx) -> anyhow::Result<ExitCode> {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut Cli::definition(), "wiretape", &mut script);
    ctx.out.bytes(&script)?;
    Ok(ExitCode::SUCCESS)
}
