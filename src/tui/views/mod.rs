//! One file a pane. A view draws from its own state and [`Data`], and changes its state by actions;
//! it asks through effects and never waits.

mod calls;
mod list;
mod notice;
mod sessions;

use crossterm::event::{KeyEvent, MouseEvent};
use ratatui::layout::Rect;

use super::{
    app::{Data, Effects},
    desk::News,
    draw::Canvas,
    keys::{Action, Keys},
    rows::SessionId,
    theme::Theme,
};

/// Where to go from here.
pub(crate) enum Flow {
    /// Nowhere.
    Stay,
    /// Not mine: whoever is below may take it.
    Pass,
    /// Another view upon this one.
    Open(Box<dyn View>),
    /// The view before this one.
    Back,
    /// Something over this view.
    Over(Box<dyn Overlay>),
    /// The overlay is done with.
    Close,
    /// The overlay is done with, and has an answer for the view below.
    Tell(Told),
    /// Out.
    Quit,
}

/// What an overlay tells the view below.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Told {
    /// A line was entered, in the prompt of this action.
    Entered(Action, String),
    /// The line so far: what is live while it is edited.
    Editing(Action, String),
    /// The prompt was left: what was there before holds again.
    Left(Action),
    /// This item of a menu, by its place, in the menu of this action.
    Chosen(Action, usize),
}

/// A pane that fills the screen between crumbs and counters.
pub(crate) trait View {
    /// Its word in the crumbs, with the filter where one is set.
    fn crumb(&self, data: &Data) -> String;

    /// The session it shows, where it shows one: the digits lead to its other views.
    fn session(&self) -> Option<SessionId> {
        None
    }

    /// At the top right: `⇣follow`.
    fn badge(&self, _data: &Data, _theme: Theme) -> Option<String> {
        None
    }

    /// The line of counters: left and right.
    fn counters(&self, data: &Data) -> (String, String);

    /// The keys of its hints, the most wanted first.
    fn hints(&self) -> &'static [Action];

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

    /// Pasted text.
    fn paste(&mut self, _text: &str) {}

    /// Draws it upon the whole screen.
    fn draw(&self, canvas: &mut Canvas<'_>, area: Rect, data: &Data, keys: &Keys);
}

/// The first view.
pub(crate) fn root() -> Box<dyn View> {
    Box::new(sessions::Sessions::default())
}

/// Help.
pub(crate) fn help() -> Box<dyn Overlay> {
    Box::new(notice::Notice::of("help"))
}

/// Whether to leave while recording.
pub(crate) fn ask_to_quit(data: &Data) -> Box<dyn Overlay> {
    let connections = data.status.connections;
    Box::new(notice::Notice::quit(format!(
        "Recording goes on here, with {connections} open connections. End it and quit? (y/n)"
    )))
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
        _ => return None,
    }
    Some(stack)
}
