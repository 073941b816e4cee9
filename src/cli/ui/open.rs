//! `wiretape open`: looks at the store, at one in use, or at a tape.

use std::{
    io,
    path::{Path, PathBuf},
    process::ExitCode,
};

use anyhow::{Context as _, anyhow};
use tempfile::NamedTempFile;

use super::{code, keys, open_and_show, options};
use crate::{
    cli::{
        Ctx,
        args::OpenArgs,
        browse::{Opening, Rebuilt},
        failure::{self, Failure},
        runtime,
    },
    tui::keys::Keys,
};

/// Runs the verb.
pub(in crate::cli) fn run(args: &OpenArgs, ctx: &mut Ctx) -> anyhow::Result<ExitCode> {
    if args.keys {
        return print_keys(&keys::read(&ctx.locate_home()?.keys())?, args.json, ctx);
    }
    if !super::is_there() {
        return Err(no_terminal(args.tape.as_deref()));
    }
    let home = match args.tape {
        Some(_) => ctx.locate_home()?,
        None => ctx.open_home()?,
    };
    let options = options(args.looks, &home, ctx)?;
    let (reveal, as_of) = (args.reveal, args.as_of);
    // Holds the file as long as it is looked at.
    let spooled = match args.tape.as_deref() {
        Some(path) if path == Path::new("-") => Some(spool()?),
        _ => None,
    };
    let of_input = spooled.as_ref().map(|file| file.path().to_owned());
    let tape = args.tape.clone();
    let what = tape.as_deref().unwrap_or(home.root()).display().to_string();
    let open = move |rebuilt: Rebuilt| {
        let opening = match (of_input, tape) {
            (Some(path), _) => standard_input(path)?,
            (None, Some(path)) => Opening::tape(path)?,
            (None, None) => Opening::home(&home, &mut |done, of| rebuilt(done, of))?,
        };
        Ok(Opening { reveal, as_of, ..opening })
    };
    Ok(code(runtime()?.block_on(open_and_show(options, what, open))?))
}

/// What came on standard input.
fn standard_input(path: PathBuf) -> anyhow::Result<Opening> {
    let opening = Opening::tape(path)?;
    let mut standing = opening.standing;
    let standing = Box::new(move || {
        let mut status = standing();
        "standard input".clone_into(&mut status.what);
        status
    });
    Ok(Opening { standing, ..opening })
}

/// Standard input whole: a tape is read more than once.
fn spool() -> anyhow::Result<NamedTempFile> {
    let mut file =
        NamedTempFile::new().context("a temporary file for what comes on standard input")?;
    io::copy(&mut io::stdin().lock(), &mut file).context("standard input")?;
    Ok(file)
}

fn no_terminal(tape: Option<&Path>) -> anyhow::Error {
    let of = tape.map_or(String::new(), |tape| format!(" --tape {}", tape.display()));
    Failure::with_code(
        failure::code::USAGE,
        anyhow!(
            "`wiretape open` needs a terminal\n\
             hint: `wiretape list{of}` and `wiretape show @last{of}` print into pipes"
        ),
    )
}

fn print_keys(keys: &Keys, json: bool, ctx: &mut Ctx) -> anyhow::Result<ExitCode> {
    if json {
        ctx.out.line(keys.json_lines())?;
        return Ok(ExitCode::SUCCESS);
    }
    for (binding, keys) in keys.all() {
        ctx.out.line(format_args!(
            "{:<16} {:<14} {}",
            binding.name,
            keys.join(" "),
            binding.about
        ))?;
    }
    Ok(ExitCode::SUCCESS)
}
