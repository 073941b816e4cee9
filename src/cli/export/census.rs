//! Which placeholders stand on a tape, and how often: line 1 says so. It is counted on what is
//! written, so that a tape that is exported again says the same of itself.

use std::collections::HashMap;

use crate::{
    capture::{
        Fact, Headers, Record,
        redact::{self, placeholders_in},
    },
    store::tape::Redaction,
};

/// The kind of a placeholder whose secret no name gave away.
const MIRRORED: &str = "{{mirrored:";

/// Counts placeholders.
pub(super) struct Census {
    /// The place in `counted`, by placeholder.
    known: HashMap<String, usize>,
    counted: Vec<Redaction>,
}

impl Census {
    /// Counts these, and no text that only looks like one of them.
    pub(super) fn of(redactions: Vec<redact::Redaction>) -> Self {
        let counted: Vec<_> = redactions
            .into_iter()
            .map(|found| Redaction { placeholder: found.placeholder, kind: found.kind, count: 0 })
            .collect();
        let known =
            (0_usize..).zip(&counted).map(|(index, found)| (found.placeholder.clone(), index));
        Self { known: known.collect(), counted }
    }

    /// Counts those in a record.
    pub(super) fn take(&mut self, record: &Record) {
        texts(record, &mut |text| self.text(text));
    }

    /// Those that were there, by first appearance.
    pub(super) fn finish(self) -> Vec<Redaction> {
        self.counted.into_iter().filter(|found| found.count > 0).collect()
    }

    fn text(&mut self, text: &[u8]) {
        for placeholder in placeholders_in(text) {
            if !self.known.contains_key(placeholder) && placeholder.starts_with(MIRRORED) {
                self.known.insert(placeholder.to_owned(), self.counted.len());
                self.counted.push(Redaction {
                    placeholder: placeholder.to_owned(),
                    kind: "mirrored".to_owned(),
                    count: 0,
                });
            }
            let index = self.known.get(placeholder);
            if let Some(found) = index.and_then(|index| self.counted.get_mut(*index)) {
                found.count += 1;
            }
        }
    }
}

/// Hands on every text of a record in which a secret, and so a placeholder, may stand.
pub(super) fn texts(record: &Record, visit: &mut dyn FnMut(&[u8])) {
    let headers = |headers: &Headers, visit: &mut dyn FnMut(&[u8])| {
        headers.iter().for_each(|(_, value)| visit(value));
    };
    match &record.fact {
        Fact::Open(open) => {
            visit(open.url.as_bytes());
            headers(&open.headers, visit);
        }
        Fact::Head(head) => headers(&head.headers, visit),
        Fact::Informational(answer) => headers(&answer.headers, visit),
        Fact::BodyEnd { trailers, .. } => headers(trailers, visit),
        Fact::Chunk { data, .. } => visit(data),
        Fact::Rewrite(rewrite) => {
            visit(rewrite.old.as_bytes());
            visit(rewrite.new.as_bytes());
        }
        Fact::Note { text } => visit(text.as_bytes()),
        Fact::Gap(gap) => visit(gap.reason.as_bytes()),
        Fact::End(end) => visit(end.error.as_deref().unwrap_or("").as_bytes()),
        _ => {}
    }
}
