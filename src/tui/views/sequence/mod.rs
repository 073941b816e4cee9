//! The sequence diagram: client and server as lanes, an arrow a message. Solid is a request or its
//! answer, dotted a notification, double the selected call; long pauses are folded (tui.md §2.4).

mod lanes;

use std::collections::HashMap;

use ratatui::{buffer::Buffer, layout::Rect};

use self::lanes::{Lanes, Place, tone};
use super::{Flow, Told, View, detail::copy, list::List, menu, teller::Teller};
use crate::{
    capture::{ExchangeId, Timestamp},
    protocol::picture::{Line, Row, Tone},
    tui::{
        app::{Data, Effects},
        desk::{Ask, News, SequenceRow, Ticket},
        draw::{Canvas, row},
        keys::Action,
        rows::SessionId,
        text,
        theme::Theme,
    },
};

/// Rows of the list of calls that are looked through for a row's SEQ, counted from the last: a
/// diagram holds no more than its session's newest exchanges.
const LOOKED_THROUGH: usize = 100_000;

/// Columns of the diagram as text.
const WRITTEN: u16 = 100;

/// What can be copied of it.
const COPIES: [&str; 3] = ["sequence as text", "sequence as Mermaid", "id of the message"];

/// What names a row: it stays the same when the session is told again.
type Id = (Option<ExchangeId>, Option<u32>, Timestamp);

/// What is drawn beside requests and answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Shown {
    All,
    NoNotifications,
    MessagesOnly,
}

/// The view.
pub(crate) struct SequenceView {
    teller: Teller,
    list: List<Id>,
    /// The places of the rows that are shown.
    places: Vec<usize>,
    ids: Vec<Id>,
    seqs: HashMap<(ExchangeId, u32), usize>,
    shown: Shown,
    copying: Option<Ticket>,
}

impl SequenceView {
    pub(crate) fn of(session: SessionId, data: &Data) -> Self {
        let list = if data.status.live { List::following() } else { List::default() };
        Self {
            teller: Teller::of(session),
            list,
            places: Vec::new(),
            ids: Vec::new(),
            seqs: HashMap::new(),
            shown: Shown::All,
            copying: None,
        }
    }

    fn rows(&self) -> &[SequenceRow] {
        self.teller.told.as_ref().map_or(&[], |told| &told.sequence)
    }

    fn selected(&self) -> Option<&SequenceRow> {
        let place = self.list.place(&self.ids)?;
        self.rows().get(*self.places.get(place)?)
    }

    /// After the session was told, or other rows are wanted.
    fn lay_out(&mut self, data: &Data) {
        let keeps = |row: &SequenceRow| match (&row.row, self.shown) {
            (Row::Arrow(arrow), Shown::NoNotifications | Shown::MessagesOnly) => {
                arrow.line == Line::Solid
            }
            (Row::Http(http), Shown::MessagesOnly) => http.answers.is_some(),
            (Row::Pause(_), Shown::MessagesOnly) => false,
            _ => true,
        };
        let rows = self.rows().iter().enumerate();
        let kept: Vec<(usize, Id)> = rows
            .filter(|(_, row)| keeps(row))
            .map(|(place, row)| (place, (row.exchange, row.number, row.row.at())))
            .collect();
        (self.places, self.ids) = kept.into_iter().unzip();
        let calls = data.rows.of(self.teller.session);
        let skipped = calls.len().saturating_sub(LOOKED_THROUGH);
        let numbered = calls.iter().enumerate().skip(skipped);
        self.seqs = numbered
            .filter_map(|(seq, id)| data.row(*id).map(|row| ((row.exchange, row.number), seq + 1)))
            .collect();
        self.settle(data);
    }

    fn settle(&mut self, data: &Data) {
        self.list.settle(&self.ids, page(data));
    }

    fn seq(&self, row: &SequenceRow) -> Option<usize> {
        let own = row.exchange.zip(row.number.or(Some(0)));
        row.call.or(own).and_then(|key| self.seqs.get(&key).copied())
    }

    fn go_to(&mut self, wanted: impl Fn(&SequenceRow) -> bool) -> bool {
        let found =
            self.places.iter().position(|place| self.rows().get(*place).is_some_and(&wanted));
        if let Some(place) = found {
            self.list.stop_following(self.ids.len());
            self.list.select(place, &self.ids);
        }
        found.is_some()
    }

    /// The request of the call of the selected row, or the call during which it was asked.
    fn jump(&mut self, data: &mut Data) {
        let Some(selected) = self.selected() else { return };
        let own = selected.exchange.zip(selected.number);
        let to = if selected.call == own { selected.during } else { selected.call };
        let moved = to.is_some_and(|to| {
            let (exchange, number) = (Some(to.0), Some(to.1));
            self.go_to(|row| row.exchange == exchange && row.number == number)
        });
        if !moved {
            data.say("it belongs to no other call");
        }
        self.settle(data);
    }

    fn next_failed(&mut self, data: &mut Data) {
        let at = self.list.place(&self.ids).map_or(0, |place| place + 1);
        let failed =
            |place: &usize| self.rows().get(*place).is_some_and(|row| tone(row) == Tone::Failed);
        let behind = self.places.iter().enumerate().skip(at);
        let around = behind.chain(self.places.iter().enumerate().take(at));
        let found = around.filter(|(_, place)| failed(place)).map(|(n, _)| n).next();
        match found {
            Some(place) => {
                self.list.stop_following(self.ids.len());
                self.list.select(place, &self.ids);
            }
            None => data.say("nothing failed here"),
        }
        self.settle(data);
    }
}

impl View for SequenceView {
    fn crumb(&self, data: &Data) -> String {
        super::crumb(self.teller.session, "sequence", data)
    }

    fn session(&self) -> Option<SessionId> {
        Some(self.teller.session)
    }

    fn badge(&self, data: &Data, theme: Theme) -> Option<String> {
        let shown = match self.shown {
            Shown::All => "notifications: on",
            Shown::NoNotifications => "notifications: off",
            Shown::MessagesOnly => "requests only",
        };
        let follow = match (self.list.follow, self.teller.is_behind(data)) {
            (true, _) => theme.glyph("⇣follow  ", "follow  "),
            (false, true) => "more to come  ",
            (false, false) => "",
        };
        Some(format!("{follow}{shown}"))
    }

    fn counters(&self, _data: &Data) -> (String, String) {
        if self.teller.told.is_none() {
            return ("not read yet".to_owned(), String::new());
        }
        let listening = self.rows().iter().filter(|row| row.listened).count();
        let left = match &self.teller.told {
            None => String::new(),
            Some(told) => {
                let cut = told
                    .only_last
                    .map_or(String::new(), |n| format!(" · last {}", text::count(n, "exchange")));
                format!("lanes: client · server · {listening} on listening streams{cut}")
            }
        };
        let at = self.list.place(&self.ids).map_or(0, |place| place + 1);
        (left, format!("{at} of {}", self.ids.len()))
    }

    fn hints(&self) -> &'static [Action] {
        &[
            Action::Open,
            Action::NextProblem,
            Action::Jump,
            Action::Options,
            Action::Export,
            Action::Copy,
            Action::Follow,
        ]
    }

    fn act(&mut self, action: Action, data: &mut Data, _effects: &mut Effects) -> Flow {
        if self.list.act(action, &self.ids, page(data), data.status.live) {
            self.settle(data);
            return Flow::Stay;
        }
        match action {
            Action::Open => {
                let selected = self
                    .selected()
                    .and_then(|row| row.call.or(row.exchange.zip(row.number.or(Some(0)))));
                return match selected {
                    Some((exchange, number)) => Flow::Call(self.teller.session, exchange, number),
                    None => Flow::Stay,
                };
            }
            Action::Options => {
                self.shown = match self.shown {
                    Shown::All => Shown::NoNotifications,
                    Shown::NoNotifications => Shown::MessagesOnly,
                    Shown::MessagesOnly => Shown::All,
                };
                self.lay_out(data);
            }
            Action::Copy => {
                let items = COPIES.map(str::to_owned).to_vec();
                return Flow::Over(menu(Action::Copy, "copy", items, 0));
            }
            Action::Jump => self.jump(data),
            Action::NextProblem => self.next_failed(data),
            Action::Follow => {
                self.list.follow = !self.list.follow;
                self.settle(data);
            }
            _ => return Flow::Pass,
        }
        Flow::Stay
    }

    fn told(&mut self, told: Told, data: &mut Data, effects: &mut Effects) -> Flow {
        match told {
            Told::Chosen(Action::Copy, 0) => match self.text(data) {
                Some(text) => copy(text, data, effects),
                None => data.say("the session is being read"),
            },
            Told::Chosen(Action::Copy, 1) => {
                let (ticket, session) = (effects.ticket(), self.teller.session);
                self.copying = Some(ticket);
                effects.ask(Ask::Written { ticket, session, format: "mermaid".to_owned() });
            }
            Told::Chosen(Action::Copy, _) => {
                let id = self.selected().and_then(|row| row.exchange.zip(row.number));
                match id {
                    Some((exchange, number)) => copy(format!("{exchange}.{number}"), data, effects),
                    None => data.say("this row is no message"),
                }
            }
            _ => {}
        }
        Flow::Stay
    }

    /// The rows as they stand here, on lines of their own.
    fn text(&self, data: &Data) -> Option<String> {
        let told = self.teller.told.as_ref()?;
        let theme = Theme { colour: false, ascii: false };
        let area = Rect::new(0, 0, WRITTEN, 1);
        let lanes = Lanes::in_area(area);
        let began = told.sequence.first().map_or(Timestamp(0), |row| row.row.at());
        let mut text = String::new();
        // A row at a time: a diagram may have many, and a buffer has each cell.
        let mut line = |draw: &dyn Fn(&mut Canvas<'_>)| {
            let mut buffer = Buffer::empty(area);
            draw(&mut Canvas { buffer: &mut buffer, theme });
            text.push_str(&written(&buffer));
            text.push('\n');
        };
        line(&|canvas| lanes.head(canvas, area, self.teller.session, data));
        for shown in self.places.iter().filter_map(|place| told.sequence.get(*place)) {
            let place = Place { seq: self.seq(shown), began, pair: false };
            line(&|canvas| lanes.row(canvas, area, shown, &place));
        }
        Some(text)
    }

    fn news(&mut self, news: &News, data: &mut Data, effects: &mut Effects) {
        if let News::Text(ticket, text) = news
            && self.copying == Some(*ticket)
        {
            self.copying = None;
            copy(text.clone(), data, effects);
        }
        if self.teller.news(news) {
            self.lay_out(data);
        }
    }

    fn refresh(&mut self, data: &mut Data, effects: &mut Effects) {
        self.teller.refresh(data, effects);
        self.settle(data);
    }

    fn ticks(&self, data: &Data) -> bool {
        self.teller.is_behind(data)
    }

    fn draw(&self, canvas: &mut Canvas<'_>, area: Rect, data: &Data) {
        let Some(told) = &self.teller.told else {
            return super::say(canvas, area, &self.teller.instead());
        };
        if self.ids.is_empty() {
            return super::say(canvas, area, "nothing was said in this session");
        }
        let lanes = Lanes::in_area(area);
        lanes.head(canvas, row(area, 0), self.teller.session, data);
        let selected = self.selected();
        let call = selected.and_then(|row| row.call);
        let began = told.sequence.first().map_or(Timestamp(0), |row| row.row.at());
        let places = self.places.iter().zip(&self.ids).skip(self.list.top);
        for (n, (place, id)) in places.take(page_of(area)).enumerate() {
            let line = row(area, u16::try_from(n + 1).unwrap_or(u16::MAX));
            let Some(shown) = told.sequence.get(*place) else { continue };
            let pair = call.is_some() && shown.call == call;
            let seq = self.seq(shown);
            lanes.row(canvas, line, shown, &Place { seq, began, pair });
            if self.list.selected == Some(*id) {
                canvas.put(line.x, line.y, canvas.glyph("▌", ">"), 1, canvas.theme.heading());
                canvas.tint(line, canvas.theme.selected());
            }
        }
    }
}

/// A row of cells as text; the second half of a wide grapheme is none.
fn written(buffer: &Buffer) -> String {
    let mut text = String::new();
    let mut skip = 0;
    for cell in buffer.content() {
        if skip > 0 {
            skip -= 1;
            continue;
        }
        skip = text::width(cell.symbol()).saturating_sub(1);
        text.push_str(cell.symbol());
    }
    text.truncate(text.trim_end().len());
    text
}

fn page(data: &Data) -> usize {
    page_of(data.area)
}

fn page_of(area: Rect) -> usize {
    usize::from(area.height.saturating_sub(1))
}
