//! How the latencies of a session are spread, by method and name: counted row by row as they come and
//! change, so that a million of them are gone through once, and never while a key waits.

use std::{cmp::Reverse, collections::HashMap};

use crate::tui::{
    app::Data,
    ledger::sketch::Sketch,
    rows::{Row, RowId, RowKind, SessionId, Symbol, Symbols},
};

/// Buckets of the histogram: powers of two from 128 us; the last one is everything above 2 s.
pub(super) const BUCKETS: usize = 16;

/// Names that are listed, the slowest: of resources there may be as many as calls, and putting all of
/// them in order takes longer than a key may.
pub(super) const LISTED: usize = 2_000;

/// So many latencies of a name are kept as they are.
const FEW: usize = 500;

/// Method and name.
pub(super) type Id = (Symbol, Symbol);

/// How the latencies of one method and name are spread.
#[derive(Clone, Debug, Default)]
pub(super) struct Spread {
    pub(super) buckets: [u32; BUCKETS],
    /// Off by two in a thousand at most.
    all: Sketch<256>,
    /// All of them, ascending, while they are few: then nothing is off.
    few: Vec<u32>,
    pub(super) errors: u32,
    pub(super) slowest: Option<(u32, RowId)>,
}

impl Spread {
    /// The latency that so many of a hundred do not exceed, and the slowest one does not either.
    pub(super) fn at(&self, percent: u64) -> Option<u32> {
        if self.few.len() as u64 == self.all.count() {
            let place = (self.all.count() * percent).div_ceil(100).checked_sub(1)?;
            return self.few.get(usize::try_from(place).ok()?).copied();
        }
        let near = self.all.quantile(percent)?;
        Some(self.slowest.map_or(near, |(most, _)| near.min(most)))
    }

    fn add(&mut self, us: u32) {
        // Once there are more they are never all here again.
        if self.few.len() < FEW && self.few.len() as u64 == self.all.count() {
            self.few.insert(self.few.partition_point(|own| *own < us), us);
        } else {
            self.few.clear();
        }
        self.all.add(us);
    }

    fn remove(&mut self, us: u32) {
        let all = self.few.len() as u64 == self.all.count();
        if let Ok(place) = self.few.binary_search(&us)
            && all
        {
            self.few.remove(place);
        } else {
            self.few.clear();
        }
        self.all.remove(us);
    }

    /// How many were answered.
    pub(super) fn answered(&self) -> u64 {
        self.all.count()
    }
}

/// The calls of a session that were counted so far.
#[derive(Debug, Default)]
pub(super) struct Counted {
    spreads: HashMap<Id, Spread>,
    /// The last row that was counted: those of the session up to it all were.
    upto: Option<RowId>,
    pub(super) answered: u64,
    /// A row changed that was counted.
    pub(super) changed: bool,
}

impl Counted {
    pub(super) fn get(&self, id: Id) -> Option<&Spread> {
        self.spreads.get(&id)
    }

    /// How many names there are.
    pub(super) fn names(&self) -> usize {
        self.spreads.len()
    }

    /// Rows that are left to be counted.
    pub(super) fn left<'a>(&self, session: SessionId, data: &'a Data) -> &'a [RowId] {
        let rows = data.rows.of(session);
        let from = self.upto.map_or(0, |upto| rows.partition_point(|id| *id <= upto));
        rows.get(from..).unwrap_or_default()
    }

    /// Counts the next ones, so many at most.
    pub(super) fn go_on(&mut self, session: SessionId, most: usize, data: &Data) {
        for id in self.left(session, data).iter().take(most) {
            if let Some(row) = data.row(*id) {
                self.add(*id, &row);
            }
            self.upto = Some(*id);
        }
    }

    /// A row is about to become another: what was counted of it is taken back.
    pub(super) fn replace(&mut self, id: RowId, row: &Row, session: SessionId, data: &Data) {
        if self.upto.is_none_or(|upto| id > upto) {
            return;
        }
        let Some(was) = data.row(id) else { return };
        let told = |row: &Row| {
            let own = row.session == session && row.kind == RowKind::Call;
            own.then_some((row.method, row.name, row.status.is_error(), row.total_us))
        };
        if told(&was) == told(row) {
            return;
        }
        self.changed = true;
        if told(&was).is_some() && !self.remove(id, &was) {
            // Which one is the slowest now only a look at all of them tells.
            *self = Self { changed: true, ..Self::default() };
            return;
        }
        if told(row).is_some() {
            self.add(id, row);
        }
    }

    fn add(&mut self, id: RowId, row: &Row) {
        if row.kind != RowKind::Call {
            return;
        }
        let spread = self.spreads.entry((row.method, row.name)).or_default();
        spread.errors += u32::from(row.status.is_error());
        let us = row.total_us;
        if us == u32::MAX {
            return;
        }
        if let Some(bucket) = spread.buckets.get_mut(bucket(us)) {
            *bucket += 1;
        }
        spread.add(us);
        self.answered += 1;
        if spread.slowest.is_none_or(|(most, _)| most < us) {
            spread.slowest = Some((us, id));
        }
    }

    /// False where that cannot be: it was the slowest one.
    fn remove(&mut self, id: RowId, row: &Row) -> bool {
        let Some(spread) = self.spreads.get_mut(&(row.method, row.name)) else { return true };
        if spread.slowest.is_some_and(|(_, slowest)| slowest == id) {
            return false;
        }
        spread.errors = spread.errors.saturating_sub(u32::from(row.status.is_error()));
        let us = row.total_us;
        if us == u32::MAX {
            return true;
        }
        if let Some(bucket) = spread.buckets.get_mut(bucket(us)) {
            *bucket = bucket.saturating_sub(1);
        }
        spread.remove(us);
        self.answered = self.answered.saturating_sub(1);
        true
    }

    /// The slowest names first, [`LISTED`] at most: that is what one looks for here.
    pub(super) fn slowest(&self, symbols: &Symbols) -> Vec<Id> {
        let mut all: Vec<_> =
            self.spreads.iter().map(|(id, spread)| (Reverse(spread.at(95)), *id)).collect();
        if all.len() > LISTED {
            all.select_nth_unstable(LISTED);
            all.truncate(LISTED);
        }
        let text = |symbol| symbols.text(symbol);
        all.sort_unstable_by(|(a, one), (b, other)| {
            let names = |id: &Id| (text(id.0), text(id.1));
            a.cmp(b).then_with(|| names(one).cmp(&names(other)))
        });
        all.into_iter().map(|(_, id)| id).collect()
    }
}

fn bucket(us: u32) -> usize {
    let bits = (us >> 7).checked_ilog2().map_or(0, |bits| bits as usize + 1);
    bits.min(BUCKETS - 1)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::tui::{app::testing, desk::News, rows::Status};

    const SESSION: SessionId = SessionId(0);

    #[test]
    fn latencies_fall_into_buckets() {
        for (us, place) in [(0, 0), (127, 0), (128, 1), (255, 1), (256, 2), (u32::MAX - 1, 15)] {
            assert_eq!(bucket(us), place, "{us}");
        }
        assert_eq!(Spread::default().at(50), None);
    }

    #[test]
    fn percentiles_of_few_are_exact_and_of_many_nearly() {
        let mut spread = Spread::default();
        (1..=100).rev().for_each(|ms| spread.add(ms * 1_000));
        assert_eq!([spread.at(50), spread.at(95)], [Some(50_000), Some(95_000)]);
        spread.remove(95_000);
        assert_eq!(spread.at(95), Some(96_000));
        (0..10_000).for_each(|_| spread.add(310_000));
        let near = spread.at(95).expect("some");
        assert!(near.abs_diff(310_000) <= 620, "{near}");
    }

    /// All rows as they are, counted anew.
    fn anew(data: &Data) -> Counted {
        let mut counted = Counted::default();
        counted.go_on(SESSION, usize::MAX, data);
        counted
    }

    /// What is shown of each name: answered, failed, the 95th percentile, the slowest.
    type Told = (Id, u64, u32, Option<u32>, Option<u32>);

    fn told(counted: &Counted) -> Vec<Told> {
        let mut all: Vec<_> = counted
            .spreads
            .iter()
            .filter(|(_, spread)| spread.answered() > 0 || spread.errors > 0)
            .map(|(id, spread)| {
                let most = spread.slowest.map(|(us, _)| us);
                (*id, spread.answered(), spread.errors, spread.at(95), most)
            })
            .collect();
        all.sort_unstable();
        all
    }

    #[test]
    fn of_many_names_the_slowest_are_listed() {
        let mut counted = Counted::default();
        for n in 0..3_000 {
            let row = Row { name: Symbol(n), total_us: n + 1, ..testing::call(0) };
            counted.add(RowId(n), &row);
        }
        let listed = counted.slowest(&Symbols::default());
        assert_eq!((listed.len(), counted.names()), (LISTED, 3_000));
        assert!(listed.iter().all(|(_, name)| name.0 >= 1_000), "{:?}", listed.last());
        assert_eq!(listed.first().map(|(_, name)| name.0), Some(2_999));
    }

    proptest! {
        #[test]
        fn what_changes_is_counted_as_if_it_had_been_so(
            changes in prop::collection::vec((0u32..60, 0u32..3, 1u32..5, 0u32..2, any::<bool>()), 0..80),
            parts in 1usize..20,
        ) {
            let mut data = Data::default();
            data.apply(News::Rows((0..40).map(testing::call).collect()));
            let mut counted = Counted::default();
            counted.go_on(SESSION, parts, &data);
            for (n, session, us, name, failed) in changes {
                let row = Row {
                    session: SessionId(session),
                    total_us: if us == 4 { u32::MAX } else { us * 1_000_000 },
                    name: Symbol(name),
                    status: if failed { Status::RpcError } else { Status::Ok },
                    ..testing::call(n)
                };
                if (n as usize) < data.rows.len() {
                    counted.replace(RowId(n), &row, SESSION, &data);
                    data.apply(News::Row(RowId(n), row));
                } else {
                    data.apply(News::Rows(vec![row]));
                }
                counted.go_on(SESSION, parts, &data);
            }
            counted.go_on(SESSION, usize::MAX, &data);
            prop_assert_eq!(told(&counted), told(&anew(&data)));
            prop_assert_eq!(counted.answered, anew(&data).answered);
        }
    }
}
