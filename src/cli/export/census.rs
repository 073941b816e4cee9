//! Which placeholders stand on a tape, and how often: line 1 says so. It is counted on what is
//! written, so that a tape that is exported again says the same of itself.

use std::collections::{HashMap, HashSet};

use crate::{
    capture::{
        Fact, Headers, Record, Side,
        redact::{self, placeholders_in, stands_alone},
    },
    store::tape::Redaction,
};

/// Counts texts that look like placeholders; which of them are, is known at the end.
#[derive(Default)]
pub(in crate::cli) struct Census {
    /// By first appearance, with how often.
    seen: Vec<(String, u64)>,
    /// The place in `seen`.
    places: HashMap<String, usize>,
}

impl Census {
    /// Counts those in the records of an exchange: heads first, then bodies.
    pub(in crate::cli) fn take(&mut self, records: &[Record]) {
        let is_of = |record: &&Record, of: Option<Side>| match &record.fact {
            Fact::Chunk { side, .. } => of == Some(*side),
            _ => of.is_none(),
        };
        for of in [None, Some(Side::Request), Some(Side::Response)] {
            for record in records.iter().filter(|record| is_of(record, of)) {
                texts(record, &mut |text| placeholders_in(text).for_each(|one| self.count(one)));
            }
        }
    }

    fn count(&mut self, placeholder: &str) {
        let place = self.places.get(placeholder).copied();
        if let Some((_, count)) = place.and_then(|place| self.seen.get_mut(place)) {
            *count += 1;
        } else {
            self.places.insert(placeholder.to_owned(), self.seen.len());
            self.seen.push((placeholder.to_owned(), 1));
        }
    }

    /// Those that are placeholders: the ids of sessions, then the others by first appearance. The
    /// order depends on nothing but what was written.
    pub(in crate::cli) fn finish(
        &self,
        ids: &[String],
        made: &[redact::Redaction],
    ) -> Vec<Redaction> {
        let made: HashSet<&str> = made.iter().map(|made| made.placeholder.as_str()).collect();
        let of_ids: HashSet<&str> = ids.iter().map(String::as_str).collect();
        let of_ids = |(placeholder, _): &&(String, u64)| of_ids.contains(placeholder.as_str());
        let is_one = |(placeholder, _): &&(String, u64)| {
            made.contains(placeholder.as_str()) || stands_alone(placeholder)
        };
        let first = ids.iter().filter_map(|id| self.seen.get(*self.places.get(id)?));
        let rest = self.seen.iter().filter(|seen| !of_ids(seen)).filter(is_one);
        let counted = first.chain(rest).filter_map(|(placeholder, count)| {
            let kind = placeholder.strip_prefix("{{")?.rsplit_once(':')?.0.to_owned();
            Some(Redaction { placeholder: placeholder.clone(), kind, count: *count })
        });
        counted.collect()
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
            visit(open.name.as_deref().unwrap_or("").as_bytes());
            headers(&open.headers, visit);
        }
        Fact::Head(head) => {
            visit(head.reason.as_deref().unwrap_or("").as_bytes());
            headers(&head.headers, visit);
        }
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
