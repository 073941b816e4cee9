//! `wiretape man`: the manual page of the program and of each verb, in roff on stdout.

use std::process::ExitCode;

use clap_mangen::Man;

use super::{Ctx, args::Cli};

/// Prints the pages, one after the other.
pub(crate) fn run(ctx: &mut Ctx) -> anyhow::Result<ExitCode> {
    let mut command = Cli::definition();
    command.build();
    let mut pages = Vec::new();
    let verbs: Vec<_> =
        command.get_subcommands().filter(|verb| verb.get_name() != "help").cloned().collect();
    Man::new(command).render(&mut pages)?;
    for verb in verbs {
        let name = format!("wiretape-{}", verb.get_name());
        Man::new(verb.name(name)).render(&mut pages)?;
    }
    ctx.out.bytes(&pages)?;
    Ok(ExitCode::SUCCESS)
}
