//! Which format a file has, by its content.

use std::{
    fmt,
    fs::File,
    io::{BufRead as _, BufReader, Read},
    path::Path,
};

use serde::{
    Deserializer as _,
    de::{DeserializeSeed, IgnoredAny, MapAccess, Visitor},
};

use super::error::ImportError;
use crate::cli::args::ImportFormat;

/// How much of a file is looked at for what tells its format: more than any header line.
const LOOKED_AT: u64 = 1 << 20;

/// The format of a file.
pub(super) fn form(file: &Path) -> Result<ImportFormat, ImportError> {
    let mut input = BufReader::new(File::open(file)?);
    let start = input.fill_buf()?;
    if start.starts_with(&[0x1f, 0x8b]) {
        return unknown("it is compressed", "unpack it with gunzip first");
    }
    if start.starts_with(&[0xef, 0xbb, 0xbf]) {
        input.consume(3);
    }
    if input.fill_buf()?.is_empty() {
        return unknown("it is empty", KNOWN);
    }
    let keys = keys(input.take(LOOKED_AT));
    told(&keys)
}

/// What is said where nothing fits.
const KNOWN: &str =
    "wiretape reads tapes, HAR, and the recordings of mcpsnoop, mcp-cassette and mcp-recorder";

fn unknown<T>(what: &str, hint: &'static str) -> Result<T, ImportError> {
    Err(ImportError::Unknown { what: what.to_owned(), hint })
}

/// Tells the format by the keys of the first object.
fn told(keys: &[String]) -> Result<ImportFormat, ImportError> {
    let has = |key: &str| keys.iter().any(|known| known == key);
    if has("log") {
        Ok(ImportFormat::Har)
    } else if has("session_id") && has("direction") {
        Ok(ImportFormat::Mcpsnoop)
    } else if has("cassetteVersion") {
        Ok(ImportFormat::McpCassette)
    } else if has("interactions") || has("metadata") {
        Ok(ImportFormat::McpRecorder)
    } else if has("format") {
        Ok(ImportFormat::Tape)
    } else if has("format_version") {
        unknown(
            "it looks like a cassette of the mcp-cassette on PyPI, which is another tool than the \
             one on npm",
            KNOWN,
        )
    } else if has("generated_at") && has("events") {
        unknown(
            "it looks like a report of `mcpsnoop export`",
            "import the session's log, the .jsonl that mcpsnoop keeps in its state folder",
        )
    } else if has("schema") {
        unknown(
            "it looks like JSON that wiretape printed, or exported with --format json",
            "a tape can be imported: `wiretape export -o FILE.tape.jsonl`",
        )
    } else if has("jsonrpc") {
        unknown("it looks like bare JSON-RPC messages, without times or directions", KNOWN)
    } else if keys.is_empty() {
        unknown("it does not begin with a JSON object", KNOWN)
    } else {
        unknown(&format!("it is JSON of a kind that is not known: {}", keys.join(", ")), KNOWN)
    }
}

/// The keys of the object that a text begins with, as far as they can be read.
fn keys(input: impl Read) -> Vec<String> {
    let mut keys = Vec::new();
    let mut json = serde_json::Deserializer::from_reader(input);
    // What follows the last key that was read need not be JSON.
    let _ = json.deserialize_map(Keys(&mut keys));
    keys
}

/// At most so many keys tell what it is.
const MOST_KEYS: usize = 32;

struct Keys<'a>(&'a mut Vec<String>);

impl<'de> Visitor<'de> for Keys<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        while self.0.len() < MOST_KEYS {
            let Some(key) = map.next_key::<String>()? else { break };
            self.0.push(key);
            map.next_value_seed(Passed)?;
        }
        Ok(())
    }
}

struct Passed;

impl<'de> DeserializeSeed<'de> for Passed {
    type Value = ();

    fn deserialize<D: serde::Deserializer<'de>>(self, json: D) -> Result<(), D::Error> {
        json.deserialize_ignored_any(IgnoredAny).map(drop)
    }
}
