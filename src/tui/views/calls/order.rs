//! The list in another order than that of its coming. A million rows are sorted in parts of a
//! millisecond between keys: keys of the rows first, then those by their digits. The order before it is
//! shown until the new one is there. Rows that come or change are merged in the same way, at most once
//! a second where there are many.
//!
//! A thread for it would have to be given a copy of all keys, which is most of the work; and while
//! the parts are done here a key waits for one of them at most.

use std::{collections::HashMap, mem};

use super::{
    super::list::Shown,
    radix::{Entry, Radix},
};
use crate::{
    capture::Timestamp,
    tui::{
        app::Data,
        rows::{Row, RowId, RpcId, SessionId, Symbol},
    },
};

/// What rows are sorted by.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum By {
    #[default]
    Seq,
    What,
    Id,
    Status,
    Latency,
    Frames,
    Size,
}

/// All of them, with the words of the menu.
pub(super) const ALL: [(By, &str); 7] = [
    (By::Seq, "seq"),
    (By::What, "method and name"),
    (By::Id, "id"),
    (By::Status, "status"),
    (By::Latency, "latency"),
    (By::Frames, "frames"),
    (By::Size, "size"),
];

/// An order.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Sorting {
    pub(super) by: By,
    pub(super) descending: bool,
}

impl Sorting {
    /// The order of coming, there or back: nothing is to be sorted.
    pub(super) fn is_plain(self) -> bool {
        self.by == By::Seq
    }

    pub(super) fn word(self) -> &'static str {
        ALL.iter().find(|(by, _)| *by == self.by).map_or("", |(_, word)| word)
    }
}

/// Rows that are taken at once: about a millisecond.
const PART: usize = 1 << 15;

/// Parts that a short list takes at most: its texts, its keys, three for each of their six digits, and
/// what came meanwhile.
const PARTS: usize = 24;

/// Lists up to this many rows are merged at once when a row changes; longer ones once a second.
const SMALL: usize = 5_000;

/// A sorted list.
#[derive(Debug, Default)]
pub(super) struct Order {
    sorting: Sorting,
    entries: Vec<Entry>,
    /// Places of texts in their order, for keys that are texts.
    ranks: HashMap<(Symbol, Symbol), u32>,
    /// Rows that came or changed since.
    changed: Vec<RowId>,
    merged_at: Timestamp,
    work: Option<Work>,
    /// There is an order to be shown.
    pub(super) is_there: bool,
}

#[derive(Debug)]
enum Work {
    /// Gathers the texts.
    Texts { source: Vec<RowId>, at: usize, texts: HashMap<(Symbol, Symbol), u32> },
    /// Makes keys.
    Keys { source: Vec<RowId>, at: usize, radix: Radix },
    /// Sorts them.
    Sort(Radix),
    /// Takes rows that came or changed into the order.
    Amend {
        /// Which, ascending.
        changed: Vec<RowId>,
        /// They themselves, sorted.
        run: Vec<Entry>,
        /// So many entries, and so many of `run`, are in `out` already.
        taken: (usize, usize),
        out: Vec<Entry>,
    },
}

impl Order {
    /// Sorts these rows from now on.
    pub(super) fn begin(&mut self, sorting: Sorting, source: Vec<RowId>) {
        let was = mem::take(self);
        *self = Self { sorting, is_there: was.is_there, entries: was.entries, ..Self::default() };
        if sorting.is_plain() {
            *self = Self { sorting, ..Self::default() };
            return;
        }
        self.work = Some(if sorting.by == By::What {
            Work::Texts { source, at: 0, texts: HashMap::new() }
        } else {
            keys_of(source)
        });
    }

    pub(super) fn sorting(&self) -> Sorting {
        self.sorting
    }

    /// A row came or changed.
    pub(super) fn note(&mut self, id: RowId) {
        if !self.sorting.is_plain() {
            self.changed.push(id);
        }
    }

    /// What came or changed is not in the order yet: it will be when its time has come.
    pub(super) fn is_behind(&self) -> bool {
        !self.changed.is_empty()
    }

    /// There is something to do.
    pub(super) fn has_work(&self, now: Timestamp) -> bool {
        self.work.is_some() || (!self.changed.is_empty() && self.is_due(now))
    }

    fn is_due(&self, now: Timestamp) -> bool {
        self.entries.len() <= SMALL || now.micros_since(self.merged_at) >= 1_000_000
    }

    /// Does all of it: for lists that are short.
    pub(super) fn finish_if_short(&mut self, data: &Data) {
        let parts = SMALL / PART + PARTS;
        let source = match &self.work {
            Some(Work::Texts { source, .. } | Work::Keys { source, .. }) => source.len(),
            Some(Work::Sort(_)) => SMALL + 1,
            Some(Work::Amend { .. }) | None => self.entries.len() + self.changed.len(),
        };
        if source > SMALL {
            return;
        }
        for _ in 0..parts {
            if !self.has_work(data.clock) {
                return;
            }
            self.step(data);
        }
    }

    /// Does one part.
    pub(super) fn step(&mut self, data: &Data) {
        match self.work.take() {
            None => self.amend(data),
            Some(Work::Texts { source, at, texts }) => self.texts(data, source, at, texts),
            Some(Work::Keys { source, at, radix }) => self.keys(data, source, at, radix),
            Some(Work::Sort(radix)) => self.sort(data, radix),
            Some(Work::Amend { changed, run, taken, out }) => {
                self.amend_some(data, changed, run, taken, out);
            }
        }
    }

    fn texts(
        &mut self,
        data: &Data,
        source: Vec<RowId>,
        at: usize,
        mut texts: HashMap<(Symbol, Symbol), u32>,
    ) {
        let end = (at + PART).min(source.len());
        for id in source.get(at..end).unwrap_or_default() {
            if let Some(row) = data.row(*id) {
                texts.entry((row.method, row.name)).or_default();
            }
        }
        if end < source.len() {
            self.work = Some(Work::Texts { source, at: end, texts });
            return;
        }
        // A session has some hundred methods and names; of many resources there may be more.
        let mut names: Vec<_> = texts.keys().copied().collect();
        let text = |symbol| data.symbols.text(symbol);
        names.sort_unstable_by_key(|(method, name)| (text(*method), text(*name)));
        self.ranks = (0..).zip(names).map(|(rank, text)| (text, rank)).collect();
        self.work = Some(keys_of(source));
    }

    fn keys(&mut self, data: &Data, source: Vec<RowId>, at: usize, mut radix: Radix) {
        let end = (at + PART).min(source.len());
        for id in source.get(at..end).unwrap_or_default() {
            if let Some(row) = data.row(*id) {
                radix.push((self.key(&row), *id));
            }
        }
        self.work = Some(if end < source.len() {
            Work::Keys { source, at: end, radix }
        } else {
            Work::Sort(radix)
        });
    }

    fn sort(&mut self, data: &Data, mut radix: Radix) {
        match radix.step(PART) {
            None => self.work = Some(Work::Sort(radix)),
            Some(entries) => {
                self.entries = entries;
                self.is_there = true;
                self.merged_at = data.clock;
            }
        }
    }

    /// Begins to take what came and changed into the order.
    fn amend(&mut self, data: &Data) {
        let mut changed = mem::take(&mut self.changed);
        if changed.is_empty() {
            return;
        }
        changed.sort_unstable();
        changed.dedup();
        let mut run: Vec<Entry> =
            changed.iter().filter_map(|id| Some((self.key(&data.row(*id)?), *id))).collect();
        run.sort_unstable();
        let out = Vec::with_capacity(self.entries.len() + run.len());
        self.amend_some(data, changed, run, (0, 0), out);
    }

    /// What is shown meanwhile is what was there before, whole.
    fn amend_some(
        &mut self,
        data: &Data,
        changed: Vec<RowId>,
        run: Vec<Entry>,
        (mut old, mut new): (usize, usize),
        mut out: Vec<Entry>,
    ) {
        for _ in 0..PART {
            let (own, came) = (self.entries.get(old), run.get(new));
            match (own, came) {
                (Some((_, id)), _) if changed.binary_search(id).is_ok() => old += 1,
                (Some(own), came) if came.is_none_or(|came| own <= came) => {
                    out.push(*own);
                    old += 1;
                }
                (_, Some(came)) => {
                    out.push(*came);
                    new += 1;
                }
                (_, None) => {
                    self.entries = out;
                    self.merged_at = data.clock;
                    return;
                }
            }
        }
        self.work = Some(Work::Amend { changed, run, taken: (old, new), out });
    }

    fn key(&self, row: &Row) -> u64 {
        let key = match self.sorting.by {
            By::Seq => 0,
            By::What => {
                let rank = self.ranks.get(&(row.method, row.name));
                // A text that came later stands behind the others until all is sorted anew.
                rank.map_or(u64::from(u32::MAX), |rank| u64::from(*rank))
            }
            By::Id => match row.rpc_id {
                RpcId::None => u64::MAX >> 1,
                RpcId::Number(number) => number.into(),
                RpcId::Text(symbol) => (1 << 33) + u64::from(symbol.0),
            },
            By::Status => ((row.status as u64) << 32) | u64::from(row.code.unsigned_abs()),
            By::Latency => row.total_us.into(),
            By::Frames => row.frames.into(),
            By::Size => row.size.into(),
        };
        match (self.sorting.by, self.sorting.descending) {
            (_, false) => key,
            (_, true) => !key,
        }
    }
}

fn keys_of(source: Vec<RowId>) -> Work {
    let radix = Radix::with_room(source.len());
    Work::Keys { source, at: 0, radix }
}

/// The rows of a list as they are shown.
pub(super) enum Listed<'a> {
    /// In the order of their coming.
    Plain(&'a [RowId]),
    /// The last first.
    Backward(&'a [RowId]),
    /// Sorted, and the same in the order of their coming.
    Sorted(&'a Order, &'a Data, &'a [RowId]),
}

impl Shown<RowId> for Listed<'_> {
    fn len(&self) -> usize {
        match self {
            Self::Plain(ids) | Self::Backward(ids) => ids.len(),
            Self::Sorted(order, ..) => order.entries.len(),
        }
    }

    fn at(&self, place: usize) -> Option<RowId> {
        match self {
            Self::Plain(ids) => ids.get(place).copied(),
            Self::Backward(ids) => ids.get(ids.len().checked_sub(place + 1)?).copied(),
            Self::Sorted(order, ..) => order.entries.get(place).map(|(_, id)| *id),
        }
    }

    fn place(&self, id: RowId) -> Result<usize, usize> {
        match self {
            Self::Plain(ids) => ids.binary_search(&id),
            Self::Backward(ids) => match ids.binary_search(&id) {
                Ok(place) => Ok(ids.len() - place - 1),
                Err(place) => Err(ids.len() - place),
            },
            Self::Sorted(order, data, passed) => {
                if passed.binary_search(&id).is_err() {
                    return Err(0);
                }
                let Some(row) = data.row(id) else { return Err(0) };
                let key = order.key(&row);
                order.entries.binary_search(&(key, id)).or_else(|near| {
                    // Its key is another since it was sorted: rare, and soon merged.
                    order.entries.iter().position(|(_, of)| *of == id).ok_or(near)
                })
            }
        }
    }
}

/// A row's number in its session, from 1.
pub(super) fn seq(data: &Data, session: SessionId, id: RowId) -> Option<usize> {
    data.rows.of(session).binary_search(&id).ok().map(|place| place + 1)
}
