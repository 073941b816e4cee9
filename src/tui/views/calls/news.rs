//! What the desk tells that concerns the list.

use super::Calls;
use crate::tui::{
    app::{Data, Effects},
    desk::News,
    rows::RowId,
};

impl Calls {
    pub(super) fn take_news(&mut self, news: &News, data: &mut Data, effects: &mut Effects) {
        match news {
            News::Rows(rows)
                if self.filter.looking.is_off() && !self.order.sorting().is_plain() =>
            {
                let first = u32::try_from(data.rows.len()).unwrap_or(u32::MAX);
                for (id, row) in (first..).zip(rows) {
                    if row.session == self.session {
                        self.order.note(RowId(id));
                    }
                }
            }
            News::Row(id, _) => {
                if self.passed(data).binary_search(id).is_ok() {
                    self.order.note(*id);
                }
                // What is still not whole may be asked for once more.
                self.asked.remove(id);
            }
            News::Text(ticket, text) if self.copying == Some(*ticket) => {
                self.copying = None;
                super::super::detail::copy(text.clone(), data, effects);
            }
            _ => {}
        }
        let now = data.clock;
        match self.filter.looking.news(news, now) {
            // In another order they are sorted when all are there.
            Ok(true) if self.filter.looking.ticket.is_none() => self.sort(data, effects),
            Ok(true) => self.settle(data, effects),
            Ok(false) => {}
            Err(why) => data.say(why),
        }
        if let Err(why) = self.search.news(news, now) {
            // It is not that there is no hit.
            self.seeking.clear();
            data.say(why);
        }
    }
}
