//! `wiretape import`: recordings into the store. Exchanges keep their ids, those that are there
//! already are left as they are, so importing twice changes nothing.
//!
//! Every file is read to its end before anything of any file is taken: a file with a bad line
//! changes nothing. Another tool's recording becomes a temporary tape first, and from there on is
//! read as one. After that one exchange at a time is in memory.
//!
//! Other tools keep less than the wire had. What a format lacks is said, and noted in each exchange,
//! so that nobody takes what we had to make up (a head, a time) for what was recorded.

mod cassette;
mod conversation;
mod detect;
mod error;
mod har;
mod intake;
mod lines;
mod made;
mod mcpsnoop;
mod recorder;
#[cfg(test)]
mod tests;

use std::{fs::File, io::BufReader, path::Path, process::ExitCode};

use anyhow::Context as _;

use self::{error::ImportError, intake::Foreign};
use super::{
    Ctx,
    args::{ImportArgs, ImportFormat},
    open,
    store::{Imported, Store},
    units,
};
use crate::recorder::Source;

/// Another tool's format.
struct Format {
    form: ImportFormat,
    read: fn(BufReader<File>) -> Result<Foreign, ImportError>,
}

/// All formats but the tape.
const FORMATS: [Format; 4] = [
    Format { form: ImportFormat::Har, read: har::read },
    Format { form: ImportFormat::Mcpsnoop, read: mcpsnoop::read },
    Format { form: ImportFormat::McpCassette, read: cassette::read },
    Format { form: ImportFormat::McpRecorder, read: recorder::read },
];

/// Imports.
pub(crate) fn run(args: &ImportArgs, ctx: &mut Ctx) -> anyhow::Result<ExitCode> {
    let mut recordings = Vec::with_capacity(args.files.len());
    for file in &args.files {
        recordings.push(source(args.format, file, ctx)?);
    }
    let mut store = Store::open(ctx)?;
    let mut all = Imported::default();
    for recording in &mut recordings {
        let counts = store.import(recording.as_mut())?;
        all.exchanges += counts.exchanges;
        all.known += counts.known;
    }
    store.close()?;
    ctx.out.talk(said(all));
    Ok(ExitCode::SUCCESS)
}

/// A file's records, whatever its format.
fn source(
    asked: Option<ImportFormat>,
    file: &Path,
    ctx: &mut Ctx,
) -> anyhow::Result<Box<dyn Source>> {
    let name = || file.display().to_string();
    let form = match asked {
        Some(form) => form,
        None => detect::form(file).with_context(name)?,
    };
    let Some(format) = FORMATS.iter().find(|format| format.form == form) else {
        return open::source(ctx, Some(file));
    };
    let input = BufReader::new(File::open(file).with_context(name)?);
    let foreign = (format.read)(input).with_context(name)?;
    for lack in &foreign.lacks {
        ctx.out.talk(format_args!("{}: {}", file.display(), super::visible::line(lack)));
    }
    Ok(foreign.source)
}

fn said(counts: Imported) -> String {
    let exchanges = units::count(counts.exchanges, "exchange");
    match counts.known {
        0 => format!("imported {exchanges}"),
        known => format!("imported {exchanges}; {known} were there already and are as they were"),
    }
}
