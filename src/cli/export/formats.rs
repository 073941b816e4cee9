//! The forms of an export beside the tape. Each is made from the finished tape, redacted or not, so
//! that all of them hold the same and none has redaction of its own; what was made is searched for
//! secrets as a tape is. A form is one file here and one line in [`FORMATS`].
//!
//! They are written exchange by exchange: one is in memory at a time, and of its session only what
//! shares calls with it.

mod curl;
mod har;
mod json;
mod mermaid;
#[cfg(test)]
mod tests;

use std::{
    fs::File,
    io::{BufReader, Seek, SeekFrom},
    path::Path,
};

use anyhow::{Context as _, bail};

use crate::{
    capture::Timestamp,
    cli::{args::ExportFormat, output::Output, recording::Recording},
    recorder::TapeSource,
};

/// A form of an export.
pub(in crate::cli) struct Format {
    form: ExportFormat,
    /// Files that are named like this are written in it without being asked.
    endings: &'static [&'static str],
    write: fn(&mut Recording, &mut Output) -> anyhow::Result<()>,
}

/// All forms but the tape itself.
const FORMATS: [Format; 4] = [
    Format { form: ExportFormat::Har, endings: &["har"], write: har::write },
    Format { form: ExportFormat::Curl, endings: &["sh"], write: curl::write },
    Format { form: ExportFormat::Json, endings: &[], write: json::write },
    Format { form: ExportFormat::Mermaid, endings: &["mmd", "mermaid"], write: mermaid::write },
];

/// The form that was asked for, or that the file's name ends in; none for a tape.
pub(in crate::cli) fn chosen(
    asked: Option<ExportFormat>,
    output: &Path,
) -> anyhow::Result<Option<&'static Format>> {
    let ending = output.extension().and_then(|ending| ending.to_str()).unwrap_or_default();
    let ending = ending.to_ascii_lowercase();
    match asked {
        Some(ExportFormat::Html) => html(),
        None if matches!(ending.as_str(), "html" | "htm") => html(),
        Some(asked) => Ok(FORMATS.iter().find(|format| format.form == asked)),
        None => Ok(FORMATS.iter().find(|format| format.endings.contains(&ending.as_str()))),
    }
}

fn html() -> anyhow::Result<Option<&'static Format>> {
    bail!(
        "html comes with the terminal UI, which is not there yet\n\
         hint: --format har opens in browsers' devtools, --format mermaid draws a diagram"
    )
}

/// Writes a tape in another form.
pub(in crate::cli) fn write(
    format: &Format,
    mut tape: File,
    as_of: Option<Timestamp>,
    to: &File,
) -> anyhow::Result<()> {
    let failed = "the temporary file of the export";
    tape.seek(SeekFrom::Start(0)).context(failed)?;
    let source = TapeSource::open(BufReader::new(tape)).context(failed)?;
    let mut recording = Recording::of(Box::new(source), as_of, true)?;
    recording.sessions()?;
    let mut out = Output::to(to.try_clone().context(failed)?);
    (format.write)(&mut recording, &mut out)?;
    Ok(out.flush()?)
}
