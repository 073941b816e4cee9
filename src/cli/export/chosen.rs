//! The chosen sessions with their secrets replaced: what every format is written from.

use std::collections::BTreeSet;

use super::{
    census::texts,
    exchange,
    part::Part,
    rules::{Answered, Own},
};
use crate::{
    capture::{
        ExchangeId, Record, Timestamp,
        redact::{Mode, Needles, Redaction, Redactor, placeholders_in},
    },
    cli::environment,
    protocol::Session,
};

/// What is exported, one exchange in memory at a time.
pub(super) struct Chosen {
    parts: Vec<Part>,
    own: Own,
    redactor: Redactor,
    /// Placeholders of sessions' ids.
    ids: Vec<String>,
    reveal: bool,
    /// How often everything is redacted.
    passes: usize,
}

/// What counts as secret beyond the built-in list.
#[derive(Default)]
pub(super) struct Beyond {
    /// `--redact`.
    pub(super) own: Own,
    /// Values from the environment.
    pub(super) known: Vec<Vec<u8>>,
}

impl Chosen {
    /// Goes over everything once and learns what is secret.
    pub(super) fn new(mut parts: Vec<Part>, reveal: bool, beyond: Beyond) -> anyhow::Result<Self> {
        let (mut redactor, ids) = learn(&mut parts, &beyond)?;
        if !reveal {
            redactor.seek()?;
        }
        Ok(Self { parts, own: beyond.own, redactor, ids, reveal, passes: 1 })
    }

    /// The sessions. They are told of the wire: what they say is not redacted.
    pub(super) fn sessions(&self) -> impl Iterator<Item = &Session> {
        self.parts.iter().flat_map(|part| &part.sessions)
    }

    /// The program that recorded.
    pub(super) fn tool(&self) -> String {
        self.parts.first().map_or_else(String::new, |part| part.tool.clone())
    }

    /// The clock of the export.
    pub(super) fn as_of(&self) -> Timestamp {
        self.parts.iter().map(|part| part.recording.as_of).min().unwrap_or_default()
    }

    /// Every exchange once, then the gaps of the recording, as records that may leave: redacted,
    /// unless `--reveal`.
    pub(super) fn each(
        &mut self,
        visit: &mut dyn FnMut(Vec<Record>) -> anyhow::Result<()>,
    ) -> anyhow::Result<()> {
        let mut seen: BTreeSet<ExchangeId> = BTreeSet::new();
        let Self { parts, own, redactor, reveal, passes, .. } = self;
        for part in parts {
            part.each(own, &mut |records, answered| {
                // Two tapes may hold the same exchange: the first one's is taken.
                let id = records.first().and_then(|record| record.exchange);
                if id.is_some_and(|id| !seen.insert(id)) {
                    return Ok(());
                }
                if *reveal {
                    return visit(records);
                }
                let marks = |side, text: &[u8]| own.marks(side, text, answered);
                let mut redacted = exchange::redact(&records, redactor, &marks);
                for _ in 1..*passes {
                    redacted = exchange::redact(&redacted, redactor, &exchange::unmarked);
                }
                visit(redacted)
            })?;
        }
        Ok(())
    }

    /// The placeholders of sessions' ids, by the sessions' order.
    pub(super) fn ids(&self) -> &[String] {
        &self.ids
    }

    /// What was replaced, by first appearance.
    pub(super) fn redactions(&self) -> Vec<Redaction> {
        self.redactor.redactions()
    }

    /// What finds every secret that was replaced; none for `--reveal`.
    pub(super) fn needles(&self) -> Option<&Needles> {
        self.redactor.needles()
    }

    /// From now on everything is redacted once more: a placeholder can make visible what a name
    /// says of the text around it.
    pub(super) fn more_thoroughly(&mut self) {
        self.passes += 1;
    }

    /// Redacts what was redacted before: nothing may change.
    pub(super) fn again(&mut self, records: &[Record]) -> Vec<Record> {
        exchange::redact(records, &mut self.redactor, &exchange::unmarked)
    }
}

/// The first time over everything: what is secret. Where placeholders of an earlier export are
/// found, it goes over everything again, so that no new secret gets one of theirs.
fn learn(parts: &mut [Part], beyond: &Beyond) -> anyhow::Result<(Redactor, Vec<String>)> {
    let mut taken = BTreeSet::new();
    let learnt = learn_beside(parts, beyond, &mut taken)?;
    if taken.is_empty() {
        return Ok(learnt);
    }
    learn_beside(parts, beyond, &mut taken)
}

/// Learns beside the placeholders that are `taken`, and adds those that there are.
fn learn_beside(
    parts: &mut [Part],
    beyond: &Beyond,
    taken: &mut BTreeSet<String>,
) -> anyhow::Result<(Redactor, Vec<String>)> {
    let mut redactor = Redactor::new(Mode::Export);
    for placeholder in &*taken {
        redactor.reserve(placeholder);
    }
    for secret in &beyond.known {
        redactor.learn_named(environment::KIND, secret);
    }
    for part in &*parts {
        part.learn_ids(&mut redactor);
    }
    let ids = redactor.redactions().into_iter().map(|made| made.placeholder).collect();
    for part in parts {
        part.each(&beyond.own, &mut |records, answered: &Answered| {
            for record in &records {
                texts(record, &mut |text| {
                    taken.extend(placeholders_in(text).map(str::to_owned));
                });
            }
            let marks = |side, text: &[u8]| beyond.own.marks(side, text, answered);
            exchange::redact(&records, &mut redactor, &marks);
            Ok(())
        })?;
    }
    Ok((redactor, ids))
}
