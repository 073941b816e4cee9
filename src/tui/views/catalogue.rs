//! What the server offers and what both sides can do: tools, resources, templates and prompts with
//! how they were used; offered and never called, called and not offered (tui.md §2.6, 2.7).

use ratatui::layout::Rect;

use super::{Flow, View, list::List, teller::Teller};
use crate::tui::{
    app::{Data, Effects},
    desk::{News, OfferTold},
    draw::{Canvas, row},
    keys::Action,
    rows::SessionId,
    text,
    theme::Theme,
};

/// The view.
pub(crate) struct Catalogue {
    teller: Teller,
    list: List<usize>,
    ids: Vec<usize>,
    /// The first line of the definition that is seen.
    scrolled: usize,
}

impl Catalogue {
    pub(crate) fn of(session: SessionId) -> Self {
        Self { teller: Teller::of(session), list: List::default(), ids: Vec::new(), scrolled: 0 }
    }

    fn offers(&self) -> &[OfferTold] {
        self.teller.told.as_ref().map_or(&[], |told| &told.offers)
    }

    fn selected(&self) -> Option<&OfferTold> {
        self.offers().get(self.list.selected?)
    }
}

impl View for Catalogue {
    fn crumb(&self, data: &Data) -> String {
        super::crumb(self.teller.session, "catalogue", data)
    }

    fn session(&self) -> Option<SessionId> {
        Some(self.teller.session)
    }

    fn badge(&self, data: &Data, _theme: Theme) -> Option<String> {
        self.teller.is_behind(data).then(|| "more to come".to_owned())
    }

    fn counters(&self, _data: &Data) -> (String, String) {
        if self.teller.told.is_none() {
            return ("not read yet".to_owned(), String::new());
        }
        let count = |kind: &str| self.offers().iter().filter(|offer| offer.kind == kind).count();
        let unused = self.offers().iter().filter(|offer| offer.listed && offer.calls == 0).count();
        let kinds = ["tool", "resource", "template", "prompt"];
        let kinds = kinds.map(|kind| text::count(count(kind), kind)).join(" · ");
        let left = format!("{kinds} · {unused} never used");
        let at = self.list.place(&self.ids).map_or(0, |place| place + 1);
        (left, format!("{at} of {}", self.ids.len()))
    }

    fn hints(&self) -> &'static [Action] {
        &[Action::Right, Action::Left, Action::Copy]
    }

    fn hint_word(&self, action: Action) -> Option<&'static str> {
        match action {
            Action::Right => Some("scroll down"),
            Action::Left => Some("scroll up"),
            _ => None,
        }
    }

    fn act(&mut self, action: Action, data: &mut Data, effects: &mut Effects) -> Flow {
        let page = page(data.area);
        if self.list.act(action, &self.ids, page, false) {
            self.scrolled = 0;
            self.list.settle(&self.ids, page);
            return Flow::Stay;
        }
        match action {
            Action::Right | Action::Open => {
                let lines = self.selected().map_or(0, |offer| {
                    let pretty = pretty(&offer.definition);
                    pretty.lines().count()
                });
                let seen = usize::from(below(data.area).height.saturating_sub(1));
                self.scrolled = (self.scrolled + 1).min(lines.saturating_sub(seen));
            }
            Action::Left => self.scrolled = self.scrolled.saturating_sub(1),
            Action::Copy => {
                let Some(offer) = self.selected() else { return Flow::Stay };
                effects.copy(String::from_utf8_lossy(&offer.definition).into_owned());
                data.say("copied its definition");
            }
            _ => return Flow::Pass,
        }
        Flow::Stay
    }

    fn news(&mut self, news: &News, data: &mut Data, _effects: &mut Effects) {
        if self.teller.news(news) {
            self.ids = (0..self.offers().len()).collect();
            self.list.settle(&self.ids, page(data.area));
        }
    }

    fn refresh(&mut self, data: &mut Data, effects: &mut Effects) {
        self.teller.refresh(data, effects);
        self.list.settle(&self.ids, page(data.area));
    }

    fn ticks(&self, data: &Data) -> bool {
        self.teller.is_behind(data)
    }

    fn draw(&self, canvas: &mut Canvas<'_>, area: Rect, _data: &Data) {
        let Some(told) = &self.teller.told else {
            return super::say(canvas, area, &self.teller.instead());
        };
        let theme = canvas.theme;
        let can = |side: &[String]| {
            if side.is_empty() { "nothing said".to_owned() } else { side.join(", ") }
        };
        let lines = [("client can", &told.client_can), ("server can", &told.server_can)];
        for (n, (word, side)) in (0u16..).zip(lines) {
            canvas.put(area.x + 1, area.y + n, word, 11, theme.faint());
            let side = can(side);
            let shown = text::visible(&side);
            canvas.put(
                area.x + 13,
                area.y + n,
                &shown,
                area.width.saturating_sub(14),
                theme.plain(),
            );
        }
        if self.ids.is_empty() {
            let below = Rect { y: area.y + 3, height: area.height.saturating_sub(3), ..area };
            return super::say(canvas, below, "nothing was listed and nothing called by name");
        }
        canvas.put(area.x, area.y + 2, HEAD, area.width, theme.faint());
        for (n, place) in self.ids.iter().skip(self.list.top).take(page(area)).enumerate() {
            let line = row(area, u16::try_from(n + 3).unwrap_or(u16::MAX));
            let Some(offer) = self.offers().get(*place) else { continue };
            draw_offer(canvas, line, offer);
            if self.list.selected == Some(*place) {
                canvas.put(line.x, line.y, canvas.glyph("▌", ">"), 1, theme.heading());
                canvas.tint(line, theme.selected());
            }
        }
        if let Some(offer) = self.selected() {
            definition(canvas, below(area), offer, self.scrolled);
        }
    }
}

const HEAD: &str = "  KIND     NAME                        CALLS  ERR    P95  ABOUT";

fn draw_offer(canvas: &mut Canvas<'_>, line: Rect, offer: &OfferTold) {
    let theme = canvas.theme;
    canvas.put(line.x + 2, line.y, offer.kind, 8, theme.faint());
    canvas.put(line.x + 11, line.y, &text::visible(&offer.name), 26, theme.name());
    canvas.put_right(line.x + 38, line.y, &offer.calls.to_string(), 5, theme.plain());
    let errors = if offer.errors > 0 { theme.bad() } else { theme.plain() };
    canvas.put_right(line.x + 44, line.y, &offer.errors.to_string(), 4, errors);
    let p95 = offer.p95_us.map_or(String::new(), |us| text::duration(us.into()));
    canvas.put_right(line.x + 49, line.y, &p95, 6, theme.plain());
    let (about, style) = match (offer.listed, offer.calls) {
        (false, _) => ("called, not listed".to_owned(), theme.waiting()),
        (true, 0) => (format!("never used: {}", offer.about), theme.faint()),
        (true, _) => (offer.about.clone(), theme.plain()),
    };
    let room = line.width.saturating_sub(58);
    canvas.put(line.x + 57, line.y, &text::visible(&about), room, style);
}

fn page(area: Rect) -> usize {
    usize::from(area.height.saturating_sub(3 + below(area).height))
}

/// Where the selected one's definition stands; nowhere on a small screen.
fn below(area: Rect) -> Rect {
    let height = if area.height >= 18 { area.height / 3 } else { 0 };
    Rect { y: area.bottom() - height, height, ..area }
}

fn definition(canvas: &mut Canvas<'_>, area: Rect, offer: &OfferTold, scrolled: usize) {
    if area.height == 0 {
        return;
    }
    super::rule(canvas, area, &offer.name);
    let pretty = pretty(&offer.definition);
    let lines = pretty.lines().skip(scrolled).take(usize::from(area.height) - 1);
    for (n, line) in (1u16..).zip(lines) {
        let shown = text::visible(line);
        canvas.put(
            area.x + 1,
            area.y + n,
            &shown,
            area.width.saturating_sub(2),
            canvas.theme.plain(),
        );
    }
}

/// A definition over several lines; one that is too large to lay out at each paint stays as it is.
fn pretty(json: &[u8]) -> String {
    const MOST: usize = 64 << 10;
    if json.len() > MOST {
        return String::from_utf8_lossy(json).into_owned();
    }
    let value: Result<serde_json::Value, _> = serde_json::from_slice(json);
    let laid_out = value.and_then(|value| serde_json::to_string_pretty(&value));
    laid_out.unwrap_or_else(|_| String::from_utf8_lossy(json).into_owned())
}
