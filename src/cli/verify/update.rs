//! `--update`: a tape with its fixes, all other lines byte for byte as they were. What is put in is
//! redacted as an export is; new placeholders are listed in line 1. The file is replaced whole.

use std::{
    collections::{BTreeMap, HashMap, HashSet, VecDeque},
    fs::File,
    io::BufReader,
    path::Path,
};

use anyhow::{Context as _, anyhow};
use bytes::Bytes;

use super::{
    drafts::Draft,
    fix::{Change, Fix, is_response},
};
use crate::{
    capture::{
        ExchangeId, Fact, Headers, Record, Side,
        redact::{Leg, Mode, Redactor, placeholders_in},
    },
    cli::{environment, export},
    replay::{compare::Difference, patch::patched},
    store::tape::{Redaction, TapeHeader, TapeReader, line},
};

/// Writes a tape anew with its fixes.
pub(super) fn update(
    path: &Path,
    fixes: &[&Fix],
    secrets: &[(String, String)],
) -> anyhow::Result<()> {
    let name = || path.display().to_string();
    let draft = Draft::beside(path)?;
    let open = || -> anyhow::Result<_> { Ok(TapeReader::new(BufReader::new(File::open(path)?))?) };
    let concerned: HashSet<ExchangeId> = fixes.iter().map(|fix| fix.exchange).collect();
    let mut recorded: HashMap<ExchangeId, Vec<Record>> = HashMap::new();
    let tape = open().with_context(name)?;
    let header = tape.header().clone();
    for record in tape.records() {
        let record = record.with_context(name)?;
        if let Some(id) = record.exchange.filter(|id| concerned.contains(id)) {
            recorded.entry(id).or_default().push(record);
        }
    }
    let mut put = Put::new(&header, secrets, fixes)?;
    let mut made = HashMap::new();
    for (id, records) in &recorded {
        let own = fixes.iter().copied().filter(|fix| fix.exchange == *id);
        made.insert(*id, put.made(records, own)?);
    }
    let mut lines = Vec::new();
    for read in open().with_context(name)? {
        let read = read.with_context(name)?;
        let text = read.text().to_owned();
        let records = read.into_records();
        let id = records.first().and_then(|record| record.exchange);
        match id.and_then(|id| made.get_mut(&id)) {
            Some(made) => made.write(&text, &records, &header, &mut lines)?,
            None => lines.extend_from_slice(text.as_bytes()),
        }
    }
    let first = put.header(&header).line() + "\n";
    draft.publish(&[first.as_bytes(), &lines].concat())
}

/// Makes what is put into a tape.
struct Put {
    redactor: Redactor,
    known: HashSet<String>,
    /// Placeholders that are new on the tape.
    new: BTreeMap<String, u64>,
}

/// What becomes of one exchange's response.
enum Made {
    /// The new bytes of each of its chunks; its body is decoded now, and was not.
    Chunks { pieces: VecDeque<Bytes>, decoded: bool },
    /// All of it; none once it is written.
    Response(Option<Vec<Record>>),
}

impl Put {
    fn new(
        header: &TapeHeader,
        secrets: &[(String, String)],
        fixes: &[&Fix],
    ) -> anyhow::Result<Self> {
        let mut redactor = Redactor::new(Mode::Export);
        for redaction in &header.redactions {
            redactor.reserve(&redaction.placeholder);
        }
        for (name, value) in secrets {
            redactor.learn_named(
                &name.to_ascii_lowercase(),
                super::print::credential(value).as_bytes(),
            );
        }
        for secret in environment::secrets() {
            redactor.learn_named(environment::KIND, &secret);
        }
        for fix in fixes {
            if let Change::Response(records) = &fix.change {
                for record in records {
                    redactor.hear(&record.fact);
                }
            }
        }
        redactor.seek()?;
        let known = header.redactions.iter().map(|listed| listed.placeholder.clone()).collect();
        Ok(Self { redactor, known, new: BTreeMap::new() })
    }

    fn made<'f>(
        &mut self,
        records: &[Record],
        fixes: impl Iterator<Item = &'f Fix>,
    ) -> anyhow::Result<Made> {
        let mut values = Vec::new();
        for fix in fixes {
            match &fix.change {
                Change::Response(live) => {
                    return Ok(Made::Response(Some(self.response(records, live))));
                }
                Change::Message { recorded, differences } => {
                    let differences: Vec<_> =
                        differences.iter().map(|found| self.redacted(found)).collect();
                    let text = patched(recorded, &differences);
                    let text =
                        text.ok_or_else(|| anyhow!("a difference has no place in its answer"))?;
                    values.push((recorded.as_str(), text));
                }
            }
        }
        let headers = records.iter().find_map(|record| match &record.fact {
            Fact::Head(head) => Some(head.headers.clone()),
            _ => None,
        });
        let headers = headers.unwrap_or_default();
        let pieces = export::body::with(records, Side::Response, &headers, &values);
        let (pieces, decoded) = pieces
            .ok_or_else(|| anyhow!("an answer cannot be put in: it does not stand on the tape in one piece\nhint: record the session anew"))?;
        Ok(Made::Chunks { pieces: pieces.into(), decoded })
    }

    /// A difference whose replayed value is as an export would have it. A value is secret by the
    /// key that it stands at.
    fn redacted(&mut self, difference: &Difference) -> Difference {
        let Some(value) = &difference.replayed else { return difference.clone() };
        let key = difference.path.rsplit('/').next().unwrap_or_default();
        let key = serde_json::Value::from(key.replace("~1", "/").replace("~0", "~")).to_string();
        let around = format!("{{{key}:{value}}}");
        let text = self.redactor.text(None, Leg::Mcp, around.as_bytes());
        let text = String::from_utf8_lossy(&text).into_owned();
        let inner = text.get(key.len() + 2..text.len().saturating_sub(1)).map(str::to_owned);
        self.count(text.as_bytes());
        Difference { replayed: inner, ..difference.clone() }
    }

    /// The live response in place of the recorded one, at its times. A session id that was given
    /// stays the recorded one, for later requests bear it.
    fn response(&mut self, recorded: &[Record], live: &[Record]) -> Vec<Record> {
        let head = |records: &[Record]| {
            records.iter().find_map(|record| match &record.fact {
                Fact::Head(head) => Some((record.at, record.n, head.headers.clone())),
                _ => None,
            })
        };
        let opened = recorded.first().map(|record| (record.at, record.n, Headers::default()));
        let Some((at, first, before)) = head(recorded).or(opened) else { return Vec::new() };
        let live_at = head(live).map(|(at, ..)| at).unwrap_or_default();
        let exchange = recorded.first().and_then(|record| record.exchange);
        let mut redacted = export::exchange::redact_plainly(live, &mut self.redactor);
        redacted.retain(|record| is_response(&record.fact));
        let mut n = first;
        for record in &mut redacted {
            record.at = crate::capture::Timestamp(
                at.0.saturating_add(record.at.0.saturating_sub(live_at.0)),
            );
            (record.exchange, record.n) = (exchange, n);
            n = n.saturating_add(1);
            if let Fact::Head(head) = &mut record.fact {
                let session = |name: &str| name.eq_ignore_ascii_case("mcp-session-id");
                let kept = before.0.iter().find(|(name, _)| session(name));
                let own = head.headers.0.iter_mut().find(|(name, _)| session(name));
                if let (Some((_, kept)), Some((_, own))) = (kept, own) {
                    own.clone_from(kept);
                }
            }
        }
        for record in &redacted {
            if let Ok(Some(text)) = line(std::slice::from_ref(record), at) {
                self.count(&text);
            }
        }
        redacted
    }

    fn count(&mut self, text: &[u8]) {
        for placeholder in placeholders_in(text).filter(|found| !self.known.contains(*found)) {
            *self.new.entry(placeholder.to_owned()).or_insert(0) += 1;
        }
    }

    /// Line 1: as it is, unless placeholders are new.
    fn header(&self, header: &TapeHeader) -> TapeHeader {
        let mut header = header.clone();
        header.redactions.extend(self.new.iter().map(|(placeholder, count)| {
            let kind = placeholder.trim_matches(['{', '}']).split(':').next().unwrap_or_default();
            Redaction { placeholder: placeholder.clone(), kind: kind.to_owned(), count: *count }
        }));
        header
    }
}

impl Made {
    /// Writes what becomes of a line.
    fn write(
        &mut self,
        text: &str,
        records: &[Record],
        header: &TapeHeader,
        out: &mut Vec<u8>,
    ) -> anyhow::Result<()> {
        let is_own = records.iter().any(|record| is_response(&record.fact));
        match self {
            _ if !is_own => out.extend_from_slice(text.as_bytes()),
            Self::Response(new) => {
                for group in new.take().unwrap_or_default() {
                    push(std::slice::from_ref(&group), header, out)?;
                }
            }
            Self::Chunks { pieces, decoded } => {
                let mut records = records.to_vec();
                let mut changed = false;
                for record in &mut records {
                    match &mut record.fact {
                        Fact::Chunk { side: Side::Response, data, .. } => {
                            let piece = pieces.pop_front().unwrap_or_default();
                            changed |= piece != *data;
                            *data = piece;
                        }
                        Fact::Head(head) if *decoded => {
                            export::exchange::rename(&mut head.headers);
                            changed = true;
                        }
                        _ => {}
                    }
                }
                if changed {
                    push(&records, header, out)?;
                } else {
                    out.extend_from_slice(text.as_bytes());
                }
            }
        }
        Ok(())
    }
}

fn push(records: &[Record], header: &TapeHeader, out: &mut Vec<u8>) -> anyhow::Result<()> {
    if let Some(text) = line(records, header.started_at).context("a line of the tape")? {
        out.extend_from_slice(&text);
        out.push(b'\n');
    }
    Ok(())
}
