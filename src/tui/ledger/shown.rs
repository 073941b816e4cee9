//! Rows as they were told last, as far as they may change.

use std::collections::{HashMap, VecDeque};

use foldhash::fast::RandomState;

use crate::{
    capture::ExchangeId,
    tui::rows::{Row, RowId, RowKind},
};

/// Rows that are remembered whole, beside those of what goes on: one of another session, or one
/// that is read whole, is compared with what was told.
const REMEMBERED: usize = 8_192;

/// Rows that may still change.
#[derive(Default)]
pub(super) struct Shown {
    rows: HashMap<RowId, Row, RandomState>,
    order: VecDeque<RowId>,
}

impl Shown {
    pub(super) fn get(&self, id: RowId) -> Option<Row> {
        self.rows.get(&id).copied()
    }

    /// The exchanges of calls that are like this.
    pub(super) fn calls<'a>(
        &'a self,
        like: impl Fn(&Row) -> bool + 'a,
    ) -> impl Iterator<Item = ExchangeId> + 'a {
        let calls = self.rows.values().filter(|row| row.kind == RowKind::Call);
        calls.filter(move |row| like(row)).map(|row| row.exchange)
    }

    pub(super) fn of(&self, exchange: ExchangeId) -> Vec<(RowId, Row)> {
        let all = self.rows.iter().filter(|(_, row)| row.exchange == exchange);
        all.map(|(id, row)| (*id, *row)).collect()
    }

    pub(super) fn put(&mut self, id: RowId, row: Row, goes_on: impl Fn(ExchangeId) -> bool) {
        if self.rows.insert(id, row).is_none() {
            self.order.push_back(id);
        }
        for _ in REMEMBERED..self.order.len() {
            let Some(oldest) = self.order.pop_front() else { return };
            if self.rows.get(&oldest).is_some_and(|row| goes_on(row.exchange)) {
                self.order.push_back(oldest);
            } else {
                self.rows.remove(&oldest);
            }
        }
    }
}
