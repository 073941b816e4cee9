//! One file a pane. A view draws from its own state and [`Data`], and changes its state by actions;
//! it asks through effects and never waits.

mod calls;
mod catalogue;
mod columns;
mod detail;
mod finding;
mod help;
mod latency;
mod list;
mod menu;
mod notice;
mod palette;
mod preview;
mod problems;
mod prompt;
mod question;
mod replayed;
mod runs;
mod sequence;
mod sessions;
mod teller;
#[cfg(test)]
mod tests;
mod timeline;
mod traced;
mod welcome;

use crossterm::event::{KeyEvent, MouseEvent};
use ratatui::layout::Rect;

use super::{
    app::{Data, Effects},
    desk::{At, Given, News},
    draw::Canvas,
    keys::{Action, Keys},
    rows::{RowId, SessionId},
    text,
    theme::Theme,
};
use crate::capture::ExchangeId;

/// Where to go from here.
pub(crate) enum Flow {
    /// Nowhere.
    Stay,
    /// Not mine: whoever is below may take it.
    Pass,
    /// Another view upon this one.
    Open(Box<dyn View>),
    /// The calls of a session at a message of an exchange, or at the exchange's first row. The desk
    /// knows which row that is: looking through a million of them is nothing for a key.
    Call(SessionId, ExchangeId, u32),
    /// The view before this one.
    Back,
    /// Something over this view.
    Over(Box<dyn Overlay>),
    /// The overlay is done with.
    Close,
    /// The overlay is done with, and has an answer for the view below.
    Tell(Told),
    /// The overlay is done with, and this is done as if its key had been pressed.
    Act(Action),
    /// Out.
    Quit,
}

/// What an overlay tells the view below.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Told {
    /// A line was entered, in the prompt of this action; or by a command (`:filter x`, `:export har x`).
    Entered(Action, String),
    /// The line so far: what is live while it is edited. The prompt stays; an error is said by
    /// [`Data::say`].
    Editing(Action, String),
    /// The prompt was left: what was there before holds again.
    Left(Action),
    /// The replay is to be sent.
    Send(Box<Sending>),
    /// The message at which a value stands is to be opened.
    Mention(SessionId, ExchangeId, u32),
    /// This item of a menu, by its place, in the menu of this action.
    Chosen(Action, usize),
    /// Yes, to the question of this action.
    Yes(Action),
    /// Go to the row of this number, from 1 (`:12`).
    Goto(u64),
    /// Move by so many rows (`:+500`).
    Move(i64),
}

/// A replay as it is to be sent.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Sending {
    /// Where to; empty for the recorded endpoint.
    pub(crate) to: String,
    /// Tools with side effects are called too.
    pub(crate) allow_side_effects: bool,
    /// What is taken beside the recording.
    pub(crate) given: Given,
}

/// A pane that fills the screen between crumbs and counters.
pub(crate) trait View {
    /// Its word in the crumbs, with the filter where one is set.
    fn crumb(&self, data: &Data) -> String;

    /// The session it shows, where it shows one: the digits lead to its other views.
    fn session(&self) -> Option<SessionId> {
        None
    }

    /// The call that is selected: what is replayed, copied, marked.
    fn row(&self) -> Option<RowId> {
        None
    }

    /// What it shows, as text for a file or the clipboard; only where that says more than the rows.
    fn text(&self, _data: &Data) -> Option<String> {
        None
    }

    /// It exports something of its own, not its session.
    fn has_export(&self) -> bool {
        false
    }

    /// At the top right: `⇣follow`.
    fn badge(&self, _data: &Data, _theme: Theme) -> Option<String> {
        None
    }

    /// The line of counters: left and right.
    fn counters(&self, data: &Data) -> (String, String);

    /// The keys of its hints, the most wanted first.
    fn hints(&self) -> &'static [Action];

    /// What a key does here, where that is not what its hint says everywhere.
    fn hint_word(&self, _action: Action) -> Option<&'static str> {
        None
    }

    /// A key.
    fn act(&mut self, action: Action, data: &mut Data, effects: &mut Effects) -> Flow;

    /// The mouse, and where the view stands.
    fn mouse(
        &mut self,
        _mouse: MouseEvent,
        _area: Rect,
        _data: &mut Data,
        _effects: &mut Effects,
    ) -> Flow {
        Flow::Stay
    }

    /// An overlay's answer.
    fn told(&mut self, _told: Told, _data: &mut Data, _effects: &mut Effects) -> Flow {
        Flow::Stay
    }

    /// News, before the shared state takes them in.
    fn news(&mut self, _news: &News, _data: &mut Data, _effects: &mut Effects) {}

    /// The shared state changed, or the view is shown again.
    fn refresh(&mut self, _data: &mut Data, _effects: &mut Effects) {}

    /// Something in it grows old by itself.
    fn ticks(&self, _data: &Data) -> bool {
        false
    }

    /// There is something to do that would take too long for one key: [`View::work`].
    fn has_work(&self, _data: &Data) -> bool {
        false
    }

    /// Does a part of it, a few milliseconds at most. Called again and again while no key and no
    /// news wait.
    fn work(&mut self, _data: &mut Data, _effects: &mut Effects) {}

    /// Draws it.
    fn draw(&self, canvas: &mut Canvas<'_>, area: Rect, data: &Data);
}

/// What lies over a view and takes all keys: help, a menu, a prompt, a question.
pub(crate) trait Overlay {
    /// A key, and what it is bound to.
    fn key(
        &mut self,
        key: &KeyEvent,
        action: Option<Action>,
        data: &mut Data,
        effects: &mut Effects,
    ) -> Flow;

    /// News, as views get them.
    fn news(&mut self, _news: &News, _effects: &mut Effects) {}

    /// What came back from the editor, or why nothing did.
    fn edited(&mut self, _text: Result<String, String>, _data: &mut Data, _effects: &mut Effects) {}

    /// Pasted text.
    fn paste(&mut self, _text: &str) -> Flow {
        Flow::Stay
    }

    /// The mouse, and the whole screen.
    fn mouse(&mut self, _mouse: MouseEvent, _area: Rect) -> Flow {
        Flow::Stay
    }

    /// Where the terminal's cursor stands; hidden where there is none.
    fn cursor(&self, _area: Rect) -> Option<(u16, u16)> {
        None
    }

    /// Draws it upon the whole screen.
    fn draw(&self, canvas: &mut Canvas<'_>, area: Rect, data: &Data, keys: &Keys);
}

/// The first view.
pub(crate) fn root() -> Box<dyn View> {
    Box::new(sessions::Sessions::default())
}

/// Help.
pub(crate) fn help(keys: &Keys) -> Box<dyn Overlay> {
    Box::new(help::Help::new(keys))
}

/// The command palette.
pub(crate) fn palette(keys: &Keys) -> Box<dyn Overlay> {
    Box::new(palette::Palette::new(keys))
}

/// A line of input: for [`Action::Search`], [`Action::Filter`] (prefilled with what holds) or any
/// other action. It tells [`Told::Editing`], then [`Told::Entered`] or [`Told::Left`].
pub(crate) fn prompt(action: Action, prefilled: &str) -> Box<dyn Overlay> {
    Box::new(prompt::Prompt::new(action, prefilled))
}

/// A menu of items, beginning at one; it tells [`Told::Chosen`].
pub(crate) fn menu(action: Action, title: &str, items: Vec<String>, at: usize) -> Box<dyn Overlay> {
    Box::new(menu::Menu::new(action, title, items).at(at))
}

/// A question with yes and no; a yes tells [`Told::Yes`].
pub(crate) fn ask(action: Action, title: &'static str, text: &str) -> Box<dyn Overlay> {
    Box::new(question::Question::new(action, title, text))
}

/// A text to read.
pub(crate) fn read(title: &str, text: &str) -> Box<dyn Overlay> {
    Box::new(notice::Notice::new(title, text))
}

/// Whether to leave while recording: names what would be lost (tui.md §9, 4).
pub(crate) fn ask_to_quit(data: &Data) -> Box<dyn Overlay> {
    let status = &data.status;
    let what = status.listening.first().map_or(&status.what, |url| url);
    let through = match status.connections {
        0 => "no connection is open".to_owned(),
        1 => "1 connection is open and would be cut".to_owned(),
        n => format!("{} are open and would be cut", text::count(n, "connection")),
    };
    Box::new(question::Question::quit(&format!("Recording on {what}: {through}. End it?")))
}

/// What a replay would do, and whether to do it; `row` is one call of the session, and `edits` is set
/// where its request is to be edited first.
pub(crate) fn preview(
    session: SessionId,
    row: Option<At>,
    edits: bool,
    effects: &mut Effects,
) -> Box<dyn Overlay> {
    Box::new(preview::Preview::of(session, row, edits, effects))
}

/// Where a value stands in the recording.
pub(crate) fn traced(value: &str, effects: &mut Effects) -> Box<dyn Overlay> {
    Box::new(traced::Traced::of(value, effects))
}

/// The verdicts of a replay that begins now.
pub(crate) fn replayed(
    session: SessionId,
    row: Option<RowId>,
    sending: Box<Sending>,
    effects: &mut Effects,
) -> Box<dyn View> {
    let begins = replayed::Begins::Replay(row, sending);
    Box::new(replayed::Replay::new(session, begins, effects.ticket()))
}

/// Two calls held against each other.
pub(crate) fn compared(
    session: SessionId,
    recorded: RowId,
    replayed: RowId,
    effects: &mut Effects,
) -> Box<dyn View> {
    let begins = replayed::Begins::Calls(recorded, replayed);
    Box::new(replayed::Replay::new(session, begins, effects.ticket()))
}

/// Two sessions held against each other.
pub(crate) fn compared_sessions(
    recorded: SessionId,
    replayed: SessionId,
    effects: &mut Effects,
) -> Box<dyn View> {
    let begins = replayed::Begins::Session(replayed);
    Box::new(replayed::Replay::new(recorded, begins, effects.ticket()))
}

/// The views behind a digit, from the root on; none where there is nothing to show.
pub(crate) fn jump(
    number: u8,
    session: Option<SessionId>,
    data: &Data,
) -> Option<Vec<Box<dyn View>>> {
    let mut stack = vec![root()];
    match (number, session) {
        (1, _) => {}
        (2, Some(session)) => stack.push(Box::new(calls::Calls::of(session, data))),
        (3, Some(session)) => stack.push(Box::new(sequence::SequenceView::of(session, data))),
        (4, Some(session)) => stack.push(Box::new(timeline::TimelineView::of(session, data))),
        (5, Some(session)) => stack.push(Box::new(catalogue::Catalogue::of(session))),
        (6, Some(session)) => stack.push(Box::new(problems::Problems::of(session))),
        (7, Some(session)) => stack.push(Box::new(latency::Latency::of(session))),
        (8, session) => stack.push(Box::new(runs::RunsView::of(session))),
        _ => return None,
    }
    Some(stack)
}

/// `#12 api.acme.dev › sequence`: a view's crumb.
fn crumb(session: SessionId, word: &str, data: &Data) -> String {
    let server = data.session(session).map_or("", |session| &session.server);
    format!("#{} {} › {word}", session.0 + 1, host(server))
}

/// A server's host and port, of its URL with a scheme or without one.
fn host(server: &str) -> &str {
    let rest = server.split_once("://").map_or(server, |(_, rest)| rest);
    rest.split('/').next().unwrap_or(rest)
}

/// A few words where there is nothing else to draw: what goes on, and what to do about it.
fn say(canvas: &mut Canvas<'_>, area: Rect, words: &str) {
    let columns = area.width.saturating_sub(4);
    let lines = words.lines().flat_map(|line| text::wrap(&text::visible(line), columns.into()));
    let top = area.y + area.height / 4;
    for (y, line) in (top..area.bottom()).zip(lines) {
        let line = if canvas.theme.ascii { line.replace(['—', '·'], "-") } else { line };
        canvas.put(area.x + 2, y, &line, columns, canvas.theme.plain());
    }
}

/// A list of rows has nothing: why, where that is not the query's doing.
fn nothing_yet(data: &Data) -> Option<String> {
    if let Some(why) = &data.broken {
        return Some(format!("{why}\n\nopen it again to try anew; what was read before stays"));
    }
    if data.status.opening {
        return Some(match data.loading {
            Some((done, of)) => {
                format!("rebuilding the catalog: {done} of {}", text::count(of, "segment"))
            }
            None => format!("opening {}", data.status.what),
        });
    }
    let (done, of) = data.loading?;
    Some(format!("reading {done} of {}; rows appear as they are read", text::count(of, "exchange")))
}

/// A line with a heading in it, over a pane.
fn rule(canvas: &mut Canvas<'_>, area: Rect, heading: &str) {
    let theme = canvas.theme;
    let dash = canvas.glyph("─", "-");
    canvas.put(area.x, area.y, &dash.repeat(area.width.into()), area.width, theme.faint());
    let heading = format!(" {} ", text::visible(heading));
    canvas.put(area.x + 1, area.y, &heading, area.width.saturating_sub(2), theme.heading());
}

/// The calls of a session with one of them in detail.
pub(crate) fn call(session: SessionId, row: RowId, data: &Data) -> Box<dyn View> {
    Box::new(calls::Calls::at(session, row, data))
}

/// An empty pane upon what is there, with a heading.
fn pane(canvas: &mut Canvas<'_>, area: Rect, heading: &str) {
    for y in area.top()..area.bottom() {
        let blank = " ".repeat(area.width.into());
        canvas.put(area.x, y, &blank, area.width, canvas.theme.plain());
    }
    rule(canvas, area, heading);
    let last = Rect { y: area.bottom().saturating_sub(1), height: 1, ..area };
    let dash = canvas.glyph("─", "-");
    canvas.put(last.x, last.y, &dash.repeat(last.width.into()), last.width, canvas.theme.faint());
}
