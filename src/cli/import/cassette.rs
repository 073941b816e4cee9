//! A cassette of mcp-cassette (github.com/ivermin1123/mcp-cassette), versions 1 and 2: JSON Lines, a
//! header, then `frame` {t, dir, frame, http}, `raw` {t, dir, data} and, from version 2 on, `chunks`
//! {t, dir, id, via, chunks [{t, frame}]}; `t` in milliseconds since the header's `startedAt`. Kinds
//! of lines that are not known are passed over, as its own reader does.

use std::{borrow::Cow, fs::File, io::BufReader};

use serde::Deserialize;
use serde_json::value::RawValue;

use super::{
    conversation::{Conversation, NO_URL, Place, Word},
    error::ImportError,
    intake::{Foreign, Intake},
    lines,
};
use crate::capture::Timestamp;

const NAME: &str = "mcp-cassette";

const LACKS: &str = "it keeps messages, not HTTP: heads, session ids, event ids and streams are put \
                     together from them, times are whole milliseconds";

/// The newest version that is read.
const NEWEST: u64 = 2;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Header {
    #[serde(rename = "type")]
    kind: String,
    cassette_version: u64,
    #[serde(default)]
    recorder: String,
    started_at: String,
    #[serde(default)]
    url: Option<String>,
    #[serde(default)]
    command: Option<Vec<String>>,
}

#[derive(Deserialize)]
struct Line<'a> {
    #[serde(rename = "type", borrow)]
    kind: Cow<'a, str>,
    #[serde(default)]
    t: f64,
    #[serde(borrow, default)]
    dir: Cow<'a, str>,
    #[serde(borrow, default)]
    frame: Option<&'a RawValue>,
    #[serde(default)]
    http: Option<Http>,
    #[serde(borrow, default)]
    id: Option<&'a RawValue>,
    #[serde(borrow, default)]
    chunks: Vec<Chunk<'a>>,
}

#[derive(Deserialize)]
struct Http {
    status: u16,
}

#[derive(Deserialize)]
struct Chunk<'a> {
    t: f64,
    #[serde(borrow)]
    frame: &'a RawValue,
}

/// Reads a cassette.
pub(super) fn read(input: BufReader<File>) -> Result<Foreign, ImportError> {
    let mut intake = Intake::new(NAME, LACKS)?;
    let mut begun: Option<(Conversation, Timestamp)> = None;
    // A client's frames of one cassette go over one connection.
    lines::each(input, |line, text| match &mut begun {
        None => {
            begun = Some(header(text, line, &mut intake)?);
            Ok(())
        }
        Some((conversation, start)) => {
            let read = serde_json::from_str(text);
            let read: Line<'_> = read.map_err(|error| ImportError::json(&error, line))?;
            entry(&read, *start, line, conversation, &mut intake)
        }
    })?;
    let Some((conversation, _)) = begun else {
        let what = "it is empty".to_owned();
        return Err(ImportError::NotThat { format: "cassette of mcp-cassette", what });
    };
    conversation.finish(&mut intake)?;
    intake.finish()
}

fn header(
    text: &str,
    line: u64,
    intake: &mut Intake,
) -> Result<(Conversation, Timestamp), ImportError> {
    let not = |what: String| ImportError::NotThat { format: "cassette of mcp-cassette", what };
    let header: Header = serde_json::from_str(text)
        .map_err(|error| not(format!("its first line is no header: {error}")))?;
    if header.kind != "header" {
        return Err(not("its first line is no header".to_owned()));
    }
    if !(1..=NEWEST).contains(&header.cassette_version) {
        let found = header.cassette_version.to_string();
        return Err(ImportError::Version { format: NAME, found, known: "versions 1 and 2" });
    }
    let start = header.started_at.parse::<Timestamp>();
    let start = start.map_err(|e| ImportError::Line { line, column: 0, what: e.to_string() })?;
    if !header.recorder.is_empty() {
        intake.tool.clone_from(&header.recorder);
    }
    let url = header.url.filter(|url| super::har::is_http(url));
    let name = header.command.filter(|command| !command.is_empty());
    let place = Place {
        url: url.unwrap_or_else(|| NO_URL.to_owned()),
        run: format!("{NAME} {}", header.started_at),
        name: name.map(|command| command.join(" ")),
    };
    Ok((Conversation::new(place), start))
}

fn entry(
    entry: &Line<'_>,
    start: Timestamp,
    line: u64,
    conversation: &mut Conversation,
    intake: &mut Intake,
) -> Result<(), ImportError> {
    let time = |t: f64| {
        super::har::after(start, t).ok_or_else(|| ImportError::Line {
            line,
            column: 0,
            what: format!("`t` {t} is no time after the cassette's start"),
        })
    };
    match entry.kind.as_ref() {
        "frame" => {
            let Some(frame) = entry.frame else {
                let what = "a frame without `frame`".to_owned();
                return Err(ImportError::Line { line, column: 0, what });
            };
            let status = entry.http.as_ref().map(|http| http.status);
            let status = status.filter(|status| (100..1_000).contains(status));
            let at = time(entry.t)?;
            let word = Word { at, json: frame.get(), status, ..Word::default() };
            if entry.dir == "c2s" {
                conversation.client(&word, intake)
            } else {
                conversation.server(&word, intake)
            }
        }
        "chunks" => {
            let stream = entry.id.map(|id| id.get().to_owned());
            for chunk in &entry.chunks {
                let (at, stream) = (time(chunk.t)?, stream.clone());
                let word = Word { at, json: chunk.frame.get(), stream, ..Word::default() };
                conversation.server(&word, intake)?;
            }
            Ok(())
        }
        "raw" => {
            intake.pass_over("line that is no JSON-RPC");
            Ok(())
        }
        _ => {
            intake.pass_over("line of a kind that is not known");
            Ok(())
        }
    }
}
