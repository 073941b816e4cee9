//! The index as the catalog keeps it: under each key and batch the exchanges that bear it, packed
//! (store.md: "one key per message and index gave 13,000 exchanges/s here, packed postings 59,000").
//!
//! A row of [`Table::Postings`] has as its key the index's [`Key`], the first exchange in it and the
//! journal's position at the time of the batch; its value is ids of 16 bytes, ascending, all of one
//! [`bucket`]. Exchanges end in another order than they begin, so the rows of a bucket overlap, and
//! a walk from old to new takes a bucket at a time. Applying a batch again after a crash makes at
//! most another row with the same ids, which a walk tells once. An id may outlive its exchange: a
//! walk passes over what has no row of its own.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use foldhash::fast::RandomState;

use crate::{
    capture::ExchangeId,
    protocol::{
        Summary,
        index::{self, Key, Plan},
    },
    store::{Catalog, CatalogBatch, Position, StoreError, Table},
};

use super::{ids::IdSet, rows::Row, shared::unreadable};

/// Ids in one row: values stay within 1 KB (store.md).
const ROW_IDS: usize = 62;

/// Low bits of an id's milliseconds that a bucket leaves out: it is half a minute long. Longer ones
/// would make a walk of a busy recording sort more than it needs, shorter ones would make rows of
/// single ids, and the engine reads a list of all its pages whenever it is opened.
const BUCKET_BITS: u32 = 15;

/// Ids of exchanges that are read ahead where no key leads.
const IDS_AT_ONCE: usize = 256;

/// Places that are reserved for exchanges that are asked for at once; for more the list grows.
const ROOM: usize = 1_024;

/// Bytes of an exchange's id.
const ID_BYTES: usize = 16;

/// What a batch adds to the index.
#[derive(Default)]
pub(super) struct Postings {
    /// In the order in which they ended.
    added: HashMap<Key, Vec<ExchangeId>, RandomState>,
    /// Deleted since: still in `added`.
    gone: IdSet,
    keys: Vec<Key>,
}

impl Postings {
    /// Lists an exchange that has ended.
    pub(super) fn add(&mut self, summary: &Summary) {
        if self.gone.contains(&summary.id) {
            self.sweep();
        }
        self.keys.clear();
        index::keys(summary, &mut self.keys);
        for key in self.keys.drain(..) {
            self.added.entry(key).or_default().push(summary.id);
        }
    }

    /// Takes an exchange that is deleted off the batch again.
    pub(super) fn forget(&mut self, id: ExchangeId) {
        self.gone.insert(id);
    }

    /// Adds the rows to a batch; `at` is the journal's position behind it.
    pub(super) fn take(&mut self, at: Position, batch: &mut CatalogBatch) {
        self.sweep();
        for (key, mut ids) in self.added.drain() {
            ids.sort_unstable();
            ids.dedup();
            for same in ids.chunk_by(|a, b| bucket(*a) == bucket(*b)) {
                for row in same.chunks(ROW_IDS) {
                    let Some(first) = row.first() else { continue };
                    let mut name = place(key, *first);
                    name.extend(at.segment.to_be_bytes());
                    name.extend(at.offset.to_be_bytes());
                    batch.changes.push((Table::Postings, name, Some(packed(row))));
                }
            }
        }
    }

    /// All that is gone in one pass.
    fn sweep(&mut self) {
        if !self.gone.is_empty() {
            let gone = std::mem::take(&mut self.gone);
            self.added.values_mut().for_each(|ids| ids.retain(|id| !gone.contains(id)));
        }
    }
}

/// Takes exchanges off the index: the changes for it. Nobody else changes rows that are there.
pub(super) fn removal(
    dead: &[Summary],
    catalog: &dyn Catalog,
    batch: &mut CatalogBatch,
) -> Result<(), StoreError> {
    let mut places: BTreeMap<(Key, u64), BTreeSet<ExchangeId>> = BTreeMap::new();
    let mut keys = Vec::new();
    for summary in dead {
        keys.clear();
        index::keys(summary, &mut keys);
        for key in &keys {
            places.entry((*key, bucket(summary.id))).or_default().insert(summary.id);
        }
    }
    for ((key, bucket), gone) in places {
        each_row(catalog, key, bucket_start(bucket), |found, name, ids| {
            if found != bucket {
                return false;
            }
            let mut left = ids.clone();
            left.retain(|id| !gone.contains(id));
            if left.len() < ids.len() {
                let value = (!left.is_empty()).then(|| packed(&left));
                batch.changes.push((Table::Postings, name.to_vec(), value));
            }
            true
        })?;
    }
    Ok(())
}

/// The next exchanges behind `after` that a plan finds, at most `most`, ascending.
pub(super) fn find(
    catalog: &dyn Catalog,
    plan: &Plan,
    after: Option<ExchangeId>,
    most: usize,
) -> Result<Vec<Summary>, StoreError> {
    let (first, last) = plan.within.unwrap_or((LOWEST, HIGHEST));
    let start = after.and_then(next).map_or(first, |next| next.max(first));
    if after == Some(HIGHEST) || most == 0 {
        return Ok(Vec::new());
    }
    if plan.all.is_empty() && plan.during.is_none() {
        // All that are asked for are there, save at the end: the list is not moved as it grows.
        let mut found = Vec::with_capacity(most.min(ROOM));
        catalog.walk(Table::Exchanges, start.as_bytes(), &mut |key, value| {
            if key > &last.as_bytes()[..] {
                return Ok(false);
            }
            found.push(Row::from_bytes(value).map_err(unreadable)?.summary);
            Ok(found.len() < most)
        })?;
        return Ok(found);
    }
    let mut found = Vec::new();
    let mut lists: Vec<Ids<'_>> =
        plan.all.iter().map(|any| Ids::AnyOf(AnyOf::new(catalog, any))).collect();
    if lists.is_empty() {
        lists.push(Ids::All(All { catalog, ids: Vec::new(), from: None }));
    }
    if let Some((from, to)) = plan.during {
        let astray = List::new(catalog, Key::astray());
        lists.push(Ids::During(During { from, to, astray }));
    }
    let mut wanted = start;
    while found.len() < most {
        let Some(id) = common(&mut lists, wanted)?.filter(|id| *id <= last) else { break };
        if let Some(row) = catalog.get(Table::Exchanges, id.as_bytes())? {
            found.push(Row::from_bytes(&row).map_err(unreadable)?.summary);
        }
        match next(id) {
            Some(next) => wanted = next,
            None => break,
        }
    }
    Ok(found)
}

/// The first id from `wanted` on that all lists have.
fn common(lists: &mut [Ids<'_>], mut wanted: ExchangeId) -> Result<Option<ExchangeId>, StoreError> {
    loop {
        let before = wanted;
        for list in lists.iter_mut() {
            match list.seek(wanted)? {
                Some(id) => wanted = id,
                None => return Ok(None),
            }
        }
        if wanted == before {
            return Ok(Some(wanted));
        }
    }
}

/// A list of ids, ascending.
enum Ids<'a> {
    All(All<'a>),
    AnyOf(AnyOf<'a>),
    During(During<'a>),
}

impl Ids<'_> {
    /// The first id from `wanted` on.
    fn seek(&mut self, wanted: ExchangeId) -> Result<Option<ExchangeId>, StoreError> {
        match self {
            Self::All(all) => all.seek(wanted),
            Self::AnyOf(any) => any.seek(wanted),
            Self::During(during) => during.seek(wanted),
        }
    }
}

/// Every exchange there is.
struct All<'a> {
    catalog: &'a dyn Catalog,
    ids: Vec<ExchangeId>,
    /// From where on `ids` are all there are.
    from: Option<ExchangeId>,
}

impl All<'_> {
    fn seek(&mut self, wanted: ExchangeId) -> Result<Option<ExchangeId>, StoreError> {
        if self.from.is_none_or(|from| wanted < from)
            || self.ids.last().is_none_or(|last| *last < wanted)
        {
            self.from = Some(wanted);
            self.ids.clear();
            let ids = &mut self.ids;
            self.catalog.walk(Table::Exchanges, wanted.as_bytes(), &mut |key, _| {
                ids.extend(key.first_chunk::<ID_BYTES>().map(|id| ExchangeId::from_bytes(*id)));
                Ok(ids.len() < IDS_AT_ONCE)
            })?;
        }
        let place = self.ids.partition_point(|id| *id < wanted);
        Ok(self.ids.get(place).copied())
    }
}

/// Every id of a time, there or not, and the exchanges that are astray.
struct During<'a> {
    from: ExchangeId,
    to: ExchangeId,
    astray: List<'a>,
}

impl During<'_> {
    fn seek(&mut self, wanted: ExchangeId) -> Result<Option<ExchangeId>, StoreError> {
        let within = Some(wanted.max(self.from)).filter(|id| *id <= self.to);
        if within == Some(wanted) {
            return Ok(within);
        }
        let astray = self.astray.seek(wanted)?;
        Ok(within.into_iter().chain(astray).min())
    }
}

/// The exchanges that bear one of several keys.
struct AnyOf<'a> {
    lists: Vec<List<'a>>,
}

impl<'a> AnyOf<'a> {
    fn new(catalog: &'a dyn Catalog, keys: &[Key]) -> Self {
        Self { lists: keys.iter().map(|key| List::new(catalog, *key)).collect() }
    }

    fn seek(&mut self, wanted: ExchangeId) -> Result<Option<ExchangeId>, StoreError> {
        let mut least = None;
        for list in &mut self.lists {
            least = least.into_iter().chain(list.seek(wanted)?).min();
        }
        Ok(least)
    }
}

/// The exchanges that bear one key, a bucket at a time.
struct List<'a> {
    catalog: &'a dyn Catalog,
    key: Key,
    /// Those of one bucket, ascending.
    ids: Vec<ExchangeId>,
    /// Where was looked last: nothing lies between here and the first of `ids`.
    reach: Option<ExchangeId>,
    /// Behind `ids` there is nothing.
    over: bool,
}

impl<'a> List<'a> {
    fn new(catalog: &'a dyn Catalog, key: Key) -> Self {
        Self { catalog, key, ids: Vec::new(), reach: None, over: false }
    }

    fn seek(&mut self, wanted: ExchangeId) -> Result<Option<ExchangeId>, StoreError> {
        if self.reach.is_some_and(|reach| wanted >= reach) {
            let place = self.ids.partition_point(|id| *id < wanted);
            if let Some(id) = self.ids.get(place) {
                return Ok(Some(*id));
            }
            if self.over {
                return Ok(None);
            }
        }
        // The bucket of what is wanted may hold only what lies before it.
        let mut from = bucket(wanted);
        loop {
            self.load(from)?;
            self.reach = Some(wanted);
            let place = self.ids.partition_point(|id| *id < wanted);
            match (self.ids.get(place), self.ids.last()) {
                (Some(id), _) => return Ok(Some(*id)),
                (None, Some(last)) => from = bucket(*last).saturating_add(1),
                (None, None) => {
                    self.over = true;
                    return Ok(None);
                }
            }
        }
    }

    /// Reads the first bucket from `from` on that is not empty.
    fn load(&mut self, from: u64) -> Result<(), StoreError> {
        let mut read = None;
        let mut ids = std::mem::take(&mut self.ids);
        ids.clear();
        each_row(self.catalog, self.key, bucket_start(from), |found, _, row| {
            if read.is_some_and(|read| read != found) {
                return false;
            }
            read = Some(found);
            ids.extend(row);
            true
        })?;
        ids.sort_unstable();
        ids.dedup();
        self.ids = ids;
        self.over = false;
        Ok(())
    }
}

/// Visits the rows of a key from an id on: bucket, name and ids, until the visitor returns false.
fn each_row(
    catalog: &dyn Catalog,
    key: Key,
    from: ExchangeId,
    mut visit: impl FnMut(u64, &[u8], Vec<ExchangeId>) -> bool,
) -> Result<(), StoreError> {
    let prefix = key.to_bytes();
    catalog.walk(Table::Postings, &place(key, from), &mut |name, value| {
        let first = name.strip_prefix(&prefix).and_then(|rest| rest.first_chunk::<ID_BYTES>());
        let Some(first) = first else { return Ok(false) };
        let bucket = bucket(ExchangeId::from_bytes(*first));
        let (ids, _) = value.as_chunks::<ID_BYTES>();
        let ids = ids.iter().map(|bytes| ExchangeId::from_bytes(*bytes)).collect();
        Ok(visit(bucket, name, ids))
    })
}

fn place(key: Key, id: ExchangeId) -> Vec<u8> {
    [&key.to_bytes()[..], &id.as_bytes()[..]].concat()
}

fn packed(ids: &[ExchangeId]) -> Vec<u8> {
    let mut packed = Vec::with_capacity(ids.len() * ID_BYTES);
    for id in ids {
        packed.extend_from_slice(id.as_bytes());
    }
    packed
}

const LOWEST: ExchangeId = ExchangeId::from_bytes([0; ID_BYTES]);
const HIGHEST: ExchangeId = ExchangeId::from_bytes([0xff; ID_BYTES]);

/// The id behind this one; none behind the last.
fn next(id: ExchangeId) -> Option<ExchangeId> {
    let number = u128::from_be_bytes(*id.as_bytes()).checked_add(1)?;
    Some(ExchangeId::from_bytes(number.to_be_bytes()))
}

/// Which second an id is of, by the milliseconds it begins with.
fn bucket(id: ExchangeId) -> u64 {
    let milliseconds = u128::from_be_bytes(*id.as_bytes()) >> 80;
    u64::try_from(milliseconds).unwrap_or(u64::MAX) >> BUCKET_BITS
}

/// The first id of a bucket.
fn bucket_start(bucket: u64) -> ExchangeId {
    let milliseconds = u128::from(bucket) << BUCKET_BITS;
    ExchangeId::from_bytes((milliseconds << 80).to_be_bytes())
}

#[cfg(test)]
mod tests;
