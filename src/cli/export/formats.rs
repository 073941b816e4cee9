//! The forms of an export beside the tape. Each is made from the finished tape, redacted or not, so
//! that all of them hold the same and none has redaction of its own; what was made is searched for
//! secrets as a tape is. A form is one file here and one line in [`FORMATS`].
//!
//! They are written exchange by exchange: one is in memory at a time, and of its session only what
//! shares calls with it.

mod curl;
mod har;
mod html;
mod json;
mod mermaid;
#[cfg(test)]
mod tests;

use std::{
    fs::File,
    io::{BufReader, Read as _, Seek, SeekFrom},
    path::Path,
};

use anyhow::Context as _;

use crate::{
    capture::{Record, Timestamp},
    cli::{args::ExportFormat, exchange::Exchange, output::Output, recording::Recording},
    protocol::read,
    recorder::TapeSource,
    store::tape::{Redaction, TapeHeader, TapeReader},
};

/// A form of an export.
pub(in crate::cli) struct Format {
    form: ExportFormat,
    /// Files that are named like this are written in it without being asked.
    endings: &'static [&'static str],
    write: fn(&mut Taped, &mut Output) -> anyhow::Result<()>,
}

/// What a form is made from.
struct Taped {
    recording: Recording,
    /// What the tape says was replaced on it.
    redactions: Vec<Redaction>,
    /// The program that recorded.
    tool: String,
    /// Secrets are in it.
    revealed: bool,
}

/// All forms but the tape itself.
const FORMATS: [Format; 5] = [
    Format {
        form: ExportFormat::Har,
        endings: &["har"],
        write: |taped, out| har::write(&mut taped.recording, out),
    },
    Format {
        form: ExportFormat::Curl,
        endings: &["sh"],
        write: |taped, out| curl::write(&mut taped.recording, out),
    },
    Format {
        form: ExportFormat::Json,
        endings: &[],
        write: |taped, out| json::write(&mut taped.recording, out),
    },
    Format { form: ExportFormat::Html, endings: &["html", "htm"], write: html::write },
    Format {
        form: ExportFormat::Mermaid,
        endings: &["mmd", "mermaid"],
        write: |taped, out| mermaid::write(&mut taped.recording, out),
    },
];

/// The form that was asked for, or that the file's name ends in; none for a tape.
pub(in crate::cli) fn chosen(
    asked: Option<ExportFormat>,
    output: &Path,
) -> Option<&'static Format> {
    let ending = output.extension().and_then(|ending| ending.to_str()).unwrap_or_default();
    let ending = ending.to_ascii_lowercase();
    match asked {
        Some(asked) => FORMATS.iter().find(|format| format.form == asked),
        None => FORMATS.iter().find(|format| format.endings.contains(&ending.as_str())),
    }
}

/// The request of one exchange as a command for curl; empty where its opening is not there.
pub(in crate::cli) fn curl(records: &[Record]) -> anyhow::Result<String> {
    let failed = "a temporary file for the command";
    let mut file = tempfile::tempfile().context(failed)?;
    let mut out = Output::to(file.try_clone().context(failed)?);
    if let Some(exchange) = Exchange::of(records) {
        let reading = read(records);
        curl::request(&exchange, reading.as_ref().map(|reading| &reading.summary), &mut out)?;
    }
    out.flush()?;
    file.seek(SeekFrom::Start(0)).context(failed)?;
    let mut command = String::new();
    file.read_to_string(&mut command).context(failed)?;
    Ok(command)
}

/// Writes a tape in another form.
pub(in crate::cli) fn write(
    format: &Format,
    mut tape: File,
    as_of: Option<Timestamp>,
    revealed: bool,
    to: &File,
) -> anyhow::Result<()> {
    let failed = "the temporary file of the export";
    tape.seek(SeekFrom::Start(0)).context(failed)?;
    let header = TapeReader::new(BufReader::new(&tape)).context(failed)?.header().clone();
    tape.seek(SeekFrom::Start(0)).context(failed)?;
    let source = TapeSource::open(BufReader::new(tape)).context(failed)?;
    let mut recording = Recording::of(Box::new(source), as_of, true)?;
    recording.sessions()?;
    let TapeHeader { redactions, tool, .. } = header;
    let mut taped = Taped { recording, redactions, tool, revealed };
    let mut out = Output::to(to.try_clone().context(failed)?);
    (format.write)(&mut taped, &mut out)?;
    Ok(out.flush()?)
}
