//! Cuts a batch of records into journal entries: consecutive records of one exchange, up to
//! [`ENTRY_BYTES`] each (store.md, The layout). Pure.

use std::ops::Range;

use crate::capture::{ExchangeId, Fact, Headers, Record};

/// The size at which an entry is closed. One record that is larger makes an entry of its own.
pub(super) const ENTRY_BYTES: usize = 64 * 1024;

/// What a record costs beside its payload, on disk and in memory.
const RECORD_BYTES: usize = 64;

/// Puts the records of each exchange together, exchanges in the order of their opening, notices
/// first. Within an exchange the order stays.
pub(super) fn group(records: &mut [Record]) {
    if !records.is_sorted_by_key(|record| record.exchange) {
        records.sort_by_key(|record| record.exchange);
    }
}

/// The entries of grouped records, in order; together they are all of them.
pub(super) fn entries(records: &[Record]) -> Vec<Range<usize>> {
    let mut entries = Vec::new();
    let mut start = 0;
    let mut bytes = 0;
    let mut of: Option<Option<ExchangeId>> = None;
    for (index, record) in records.iter().enumerate() {
        let weight = weight(record);
        if of.is_some_and(|of| of != record.exchange || bytes + weight > ENTRY_BYTES) {
            entries.push(start..index);
            start = index;
            bytes = 0;
        }
        of = Some(record.exchange);
        bytes += weight;
    }
    if start < records.len() {
        entries.push(start..records.len());
    }
    entries
}

/// About how many bytes a record takes.
pub(super) fn weight(record: &Record) -> usize {
    RECORD_BYTES
        + match &record.fact {
            Fact::Chunk { data, .. } => data.len(),
            Fact::Open(open) => open.url.len() + fields(&open.headers),
            Fact::Head(head) => fields(&head.headers),
            Fact::Informational(head) => fields(&head.headers),
            Fact::BodyEnd { trailers, .. } => fields(trailers),
            Fact::Tls(tls) => tls.peer_cert.as_ref().map_or(0, bytes::Bytes::len),
            Fact::Note { text } => text.len(),
            Fact::Tombstone { exchanges } => exchanges.len() * 17,
            _ => 0,
        }
}

fn fields(headers: &Headers) -> usize {
    headers.iter().map(|(name, value)| name.len() + value.len() + 4).sum()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::recorder::testing::{chunk, id};

    proptest! {
        #[test]
        fn entries_are_all_records_and_none_mixes_exchanges_or_overflows(
            sizes in prop::collection::vec((0u8..4, 0usize..50_000), 0..60),
        ) {
            let ids = [id(), id(), id(), id()];
            let mut records: Vec<_> = sizes
                .iter()
                .enumerate()
                .map(|(n, &(who, len))| {
                    chunk(ids[usize::from(who)], u32::try_from(n).unwrap(), &vec![b'x'; len])
                })
                .collect();
            group(&mut records);
            let entries = entries(&records);
            let mut next = 0;
            for entry in &entries {
                prop_assert_eq!(entry.start, next);
                prop_assert!(entry.end > entry.start);
                next = entry.end;
                let part = &records[entry.clone()];
                prop_assert!(part.iter().all(|record| record.exchange == part[0].exchange));
                prop_assert!(part.windows(2).all(|pair| pair[0].n < pair[1].n));
                prop_assert!(
                    part.len() == 1 || part.iter().map(weight).sum::<usize>() <= ENTRY_BYTES
                );
            }
            prop_assert_eq!(next, records.len());
        }
    }
}
