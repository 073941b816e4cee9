//! The state of the UI and how it changes: `update(Msg) -> Effects`, pure. It touches no terminal, no
//! clock and no disk; what is to be done outside is an [`Effect`].

mod chrome;
mod data;
mod export;
mod options;
mod runs;
#[cfg(test)]
pub(crate) mod testing;
#[cfg(test)]
mod tests;

use crossterm::event::{KeyEvent, MouseEvent};
use ratatui::{buffer::Buffer, layout::Rect};

pub(crate) use data::Data;
pub use options::{Editing, Editor, Log, Options};
pub(crate) use runs::{RULINGS, Run};

use super::{
    desk::{Ask, At, News, Ticket},
    draw::Canvas,
    keys::{Action, Keys},
    rows::{RowId, SessionId},
    text,
    theme::Theme,
    views::{self, Flow, Overlay, Told, View},
};
use crate::capture::Timestamp;

/// News held while painting is paused; then they are taken in, pause or not. A part of rows is one of
/// them: what is held is less than what is shown.
const HELD: usize = 100_000;

/// The smallest screen that is drawn on; on a smaller one its size is told (tui.md §1).
const SMALLEST: (u16, u16) = (40, 10);

/// What comes in.
#[derive(Clone, Debug)]
pub(crate) enum Msg {
    /// A key.
    Key(KeyEvent),
    /// The mouse.
    Mouse(MouseEvent),
    /// Pasted text.
    Paste(String),
    /// The screen's size.
    Resize(u16, u16),
    /// From the desk.
    News(News),
    /// The time; comes with every other message, and by itself once a second where something on the
    /// screen grows old ([`App::ticks`]).
    Time(Timestamp),
    /// No key and no news wait: a part of what takes longer can be done ([`App::has_work`]).
    Work,
    /// A text to read, with its title.
    Read(String, String),
    /// What came back from the editor, or why nothing did.
    Edited(Result<String, String>),
}

/// What is to be done.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Effect {
    /// Ask the desk.
    Ask(Ask),
    /// Put into the clipboard.
    Copy(String),
    /// End.
    Quit,
    /// Suspend the program.
    Suspend,
    /// Give the terminal to the user's editor with this text: [`Msg::Edited`].
    Edit(String),
    /// Paint every cell anew.
    Repaint,
    /// Listen to the mouse, or leave it to the terminal.
    Mouse(bool),
    /// Read the end of wiretape's own log: [`Msg::Read`].
    Log,
    /// Panic, here or on another thread: what a test of the terminal's hygiene needs.
    Panic {
        /// On another thread.
        worker: bool,
    },
}

/// What is to be done, in order, and the tickets of what is asked.
#[derive(Debug, Default)]
pub(crate) struct Effects {
    pub(crate) list: Vec<Effect>,
    tickets: u64,
}

impl Effects {
    /// Does something.
    pub(crate) fn push(&mut self, effect: Effect) {
        self.list.push(effect);
    }

    /// A ticket of its own for the next question.
    pub(crate) fn ticket(&mut self) -> Ticket {
        self.tickets += 1;
        Ticket(self.tickets)
    }

    /// Puts a text into the clipboard.
    pub(crate) fn copy(&mut self, text: String) {
        self.push(Effect::Copy(text));
    }

    /// Asks; the ticket is known already.
    pub(crate) fn ask(&mut self, ask: Ask) {
        self.push(Effect::Ask(ask));
    }
}

/// Everything.
pub(crate) struct App {
    pub(crate) data: Data,
    keys: Keys,
    theme: Theme,
    /// The views that were opened, the shown one last; never empty.
    stack: Vec<Box<dyn View>>,
    /// What lies over the view: help, a menu, a prompt, a question.
    overlay: Option<Box<dyn Overlay>>,
    effects: Effects,
    /// News that wait while painting is paused.
    held: Option<Vec<News>>,
    /// The session, and the call of it, that a preview of a replay is of.
    previewed: Option<(SessionId, Option<RowId>)>,
    /// The question for a row whose calls are to be opened, and its session.
    opening: Option<(Ticket, SessionId)>,
    /// What is being exported, between its menu and its line.
    exporting: Option<export::Exporting>,
    /// The last key was ^C, and nobody had anything to cancel.
    interrupted: bool,
}

impl App {
    /// Begins at the list of sessions.
    pub(crate) fn new(options: Options, size: (u16, u16), now: Timestamp) -> Self {
        Self {
            data: Data {
                now,
                clock: now,
                area: inner(size),
                say: options.greeting,
                ..Data::default()
            },
            keys: options.keys,
            theme: options.theme,
            stack: vec![views::root()],
            overlay: None,
            effects: Effects::default(),
            held: None,
            previewed: None,
            opening: None,
            exporting: None,
            interrupted: false,
        }
    }

    /// Takes in what came; says what is to be done.
    pub(crate) fn update(&mut self, msg: Msg) -> Vec<Effect> {
        match msg {
            Msg::Key(key) => self.key(key),
            Msg::Mouse(mouse) => self.mouse(mouse),
            Msg::Paste(text) => {
                if let Some(overlay) = &mut self.overlay {
                    let flow = overlay.paste(&text);
                    self.follow(flow, None);
                }
            }
            Msg::Read(title, text) => self.overlay = Some(views::read(&title, &text)),
            Msg::Edited(text) => {
                if let Some(overlay) = &mut self.overlay {
                    overlay.edited(text, &mut self.data, &mut self.effects);
                }
            }
            Msg::Resize(width, height) => {
                self.data.area = inner((width, height));
                self.refresh();
            }
            Msg::News(news) => match &mut self.held {
                // An answer to what was asked is shown even so.
                Some(held) if news.is_recorded() => {
                    held.push(news);
                    if held.len() >= HELD {
                        self.pause();
                        self.data.say("painting again: too much came meanwhile");
                    }
                }
                _ => self.news(news),
            },
            Msg::Time(now) => {
                self.data.clock = now;
                self.data.now = self.data.status.as_of.unwrap_or(now);
            }
            Msg::Work => {
                if let Some(view) = self.stack.last_mut() {
                    view.work(&mut self.data, &mut self.effects);
                }
            }
        }
        std::mem::take(&mut self.effects.list)
    }

    /// Something on the screen grows old by itself: a pending call.
    pub(crate) fn ticks(&self) -> bool {
        self.held.is_none() && self.view().is_some_and(|view| view.ticks(&self.data))
    }

    /// There is work that waits for a moment without keys and news.
    pub(crate) fn has_work(&self) -> bool {
        self.view().is_some_and(|view| view.has_work(&self.data))
    }

    /// Draws the whole screen.
    pub(crate) fn draw(&self, buffer: &mut Buffer) {
        let area = *buffer.area();
        let mut canvas = Canvas { buffer, theme: self.theme };
        if area.width < SMALLEST.0 || area.height < SMALLEST.1 {
            let (width, height) = SMALLEST;
            let text = format!("need {width}x{height}, have {}x{}", area.width, area.height);
            canvas.put(area.x, area.y, &text, area.width, self.theme.plain());
            return;
        }
        let inner = inner((area.width, area.height));
        let Some(view) = self.view() else { return };
        self.crumbs(&mut canvas, area);
        view.draw(&mut canvas, inner, &self.data);
        self.counters(&mut canvas, area);
        self.hints(&mut canvas, area);
        if let Some(overlay) = &self.overlay {
            overlay.draw(&mut canvas, area, &self.data, &self.keys);
        }
    }

    /// Where the terminal's cursor stands; hidden where there is none.
    pub(crate) fn cursor(&self, area: Rect) -> Option<(u16, u16)> {
        let small = area.width < SMALLEST.0 || area.height < SMALLEST.1;
        self.overlay.as_ref().filter(|_| !small).and_then(|overlay| overlay.cursor(area))
    }

    fn view(&self) -> Option<&dyn View> {
        self.stack.last().map(AsRef::as_ref)
    }

    fn news(&mut self, news: News) {
        if matches!(news, News::Unopened) {
            self.effects.push(Effect::Quit);
        }
        // Whoever asked is told before the state takes it in: an answer is nobody else's.
        for view in &mut self.stack {
            view.news(&news, &mut self.data, &mut self.effects);
        }
        if let Some(overlay) = &mut self.overlay {
            overlay.news(&news, &mut self.effects);
        }
        if let News::Found(ticket, row) = &news {
            self.found(*ticket, *row);
        }
        self.data.apply(news);
        if let Some(view) = self.stack.last_mut() {
            view.refresh(&mut self.data, &mut self.effects);
        }
    }

    /// A row is there that was to be opened, if it still is: another key has gone elsewhere.
    fn found(&mut self, ticket: Ticket, row: Option<RowId>) {
        let Some((_, session)) = self.opening.take_if(|(asked, _)| *asked == ticket) else {
            return;
        };
        // The desk may know a row before it is told here.
        match row.filter(|row| self.data.row(*row).is_some()) {
            Some(row) => {
                let view = views::call(session, row, &self.data);
                self.follow(Flow::Open(view), None);
            }
            None => self.data.say("it is not among the calls yet"),
        }
    }

    fn key(&mut self, key: KeyEvent) {
        self.data.say = None;
        self.opening = None;
        let action = self.keys.action(&key);
        let again = std::mem::take(&mut self.interrupted) && action == Some(Action::Interrupt);
        if again && self.overlay.is_none() {
            return self.quit();
        }
        match (&mut self.overlay, action) {
            (Some(overlay), _) => {
                let flow = overlay.key(&key, action, &mut self.data, &mut self.effects);
                self.follow(flow, action);
            }
            (None, Some(action)) => self.act(action),
            (None, None) => {}
        }
    }

    fn act(&mut self, action: Action) {
        if let Some(view) = self.stack.last_mut() {
            let flow = view.act(action, &mut self.data, &mut self.effects);
            self.follow(flow, Some(action));
        }
    }

    fn mouse(&mut self, mouse: MouseEvent) {
        let inner = self.data.area;
        if let Some(overlay) = &mut self.overlay {
            // The rows of crumbs, counters and hints are the overlay's too.
            let whole = Rect { y: 0, height: inner.height.saturating_add(3), ..inner };
            let flow = overlay.mouse(mouse, whole);
            return self.follow(flow, None);
        }
        if let Some(view) = self.stack.last_mut() {
            let flow = view.mouse(mouse, inner, &mut self.data, &mut self.effects);
            self.follow(flow, None);
        }
    }

    /// Goes where a view or an overlay wants to.
    fn follow(&mut self, flow: Flow, action: Option<Action>) {
        match flow {
            Flow::Stay => {}
            Flow::Pass => self.general(action),
            Flow::Open(view) => {
                self.overlay = None;
                self.stack.push(view);
                self.refresh();
            }
            Flow::Call(session, exchange, number) => {
                let ticket = self.effects.ticket();
                self.opening = Some((ticket, session));
                self.effects.ask(Ask::Row { ticket, exchange, number });
            }
            Flow::Back => {
                self.overlay = None;
                if self.stack.len() > 1 {
                    self.stack.pop();
                }
                self.refresh();
            }
            Flow::Over(overlay) => self.overlay = Some(overlay),
            Flow::Close | Flow::Tell(Told::Left(Action::Trace)) => self.overlay = None,
            Flow::Act(action) => {
                self.overlay = None;
                self.act(action);
            }
            Flow::Tell(Told::Send(sending)) => {
                self.overlay = None;
                if let Some((session, row)) = self.previewed.take() {
                    let view = views::replayed(session, row, sending, &mut self.effects);
                    self.follow(Flow::Open(view), None);
                }
            }
            Flow::Tell(Told::Entered(Action::Trace, value)) => self.trace(&value),
            Flow::Tell(Told::Mention(session, exchange, number)) => {
                self.follow(Flow::Call(session, exchange, number), None);
            }
            Flow::Tell(told) if self.exports(&told) => {}
            Flow::Tell(told) => {
                // An overlay's answer goes to the view below; a prompt stays while it is edited.
                if !matches!(told, Told::Editing(..)) {
                    self.overlay = None;
                }
                if let Some(view) = self.stack.last_mut() {
                    let flow = view.told(told, &mut self.data, &mut self.effects);
                    self.follow(flow, None);
                }
            }
            Flow::Quit => self.effects.push(Effect::Quit),
        }
    }

    fn refresh(&mut self) {
        if let Some(view) = self.stack.last_mut() {
            view.refresh(&mut self.data, &mut self.effects);
        }
    }

    /// What a view left to everybody.
    fn general(&mut self, action: Option<Action>) {
        match action {
            Some(Action::Escape | Action::Quit) if self.stack.len() > 1 => {
                self.follow(Flow::Back, None);
            }
            Some(Action::Quit) => self.quit(),
            Some(Action::Interrupt) => {
                self.interrupted = true;
                self.data.say("nothing to cancel; once more quits");
            }
            Some(Action::Export) => self.export(),
            Some(Action::Palette) => self.overlay = Some(views::palette(&self.keys)),
            Some(Action::Repaint) => self.effects.push(Effect::Repaint),
            Some(Action::Suspend) => self.suspend(),
            Some(Action::Pause) => self.pause(),
            Some(Action::Replay | Action::ReplaySession | Action::Edit) => self.preview(action),
            Some(Action::Trace) => self.overlay = Some(views::prompt(Action::Trace, "")),
            Some(Action::Diff) => self.diff(),
            Some(Action::Help) => self.overlay = Some(views::help(&self.keys)),
            Some(Action::View(number)) => {
                let session = self.view().and_then(View::session);
                if let Some(stack) = views::jump(number, session, &self.data) {
                    self.stack = stack;
                    self.refresh();
                }
            }
            _ => {}
        }
    }

    /// What a replay would send; nothing is sent before that was seen.
    fn preview(&mut self, action: Option<Action>) {
        let Some(session) = self.view().and_then(View::session) else { return };
        let one = action != Some(Action::ReplaySession);
        let row = self.view().and_then(View::row).filter(|_| one);
        let edits = action == Some(Action::Edit);
        if edits && row.is_none() {
            return self.data.say("one call is edited: select it first");
        }
        self.previewed = Some((session, row));
        let at = row.and_then(|row| self.data.row(row));
        let at = at.map(|row| At { exchange: row.exchange, number: row.number });
        self.overlay = Some(views::preview(session, at, edits, &mut self.effects));
    }

    /// Where a value stands.
    fn trace(&mut self, value: &str) {
        self.overlay = None;
        if value.trim().is_empty() {
            return self.data.say("there is no value to trace");
        }
        self.overlay = Some(views::traced(value.trim(), &mut self.effects));
    }

    /// A replay that was recorded is held against what it replays, or a session against its latest
    /// replay.
    fn diff(&mut self) {
        if self.view().and_then(View::row).is_some() {
            self.data.say("m marks a row; d then holds another one against it");
            return;
        }
        let Some(session) = self.view().and_then(View::session) else { return };
        match self.data.replay_of(session) {
            Some((recorded, replayed)) => {
                let view = views::compared_sessions(recorded, replayed, &mut self.effects);
                self.follow(Flow::Open(view), None);
            }
            None => self.data.say(
                "no replay of this session was recorded; R replays it, `wiretape replay --keep` records that",
            ),
        }
    }

    fn quit(&mut self) {
        // The question names what would be lost (tui.md §9, 4).
        if self.data.status.own && self.data.status.live {
            self.overlay = Some(views::ask_to_quit(&self.data));
        } else {
            self.effects.push(Effect::Quit);
        }
    }

    fn suspend(&mut self) {
        if self.data.status.own && self.data.status.connections > 0 {
            let open = text::count(self.data.status.connections, "open connection");
            self.data.say(format!("not suspended: this process has {open}; q ends it"));
        } else {
            self.effects.push(Effect::Suspend);
        }
    }

    fn pause(&mut self) {
        match self.held.take() {
            None => self.held = Some(Vec::new()),
            Some(held) => held.into_iter().for_each(|news| self.news(news)),
        }
    }
}

/// Where views are: between the crumbs and the lines of counters and hints.
fn inner((width, height): (u16, u16)) -> Rect {
    Rect::new(0, 1, width, height.saturating_sub(3))
}
