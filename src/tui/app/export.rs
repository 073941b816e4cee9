//! The way of an export: a menu of formats, a line for the file, then the desk writes it. Every view of
//! a session has it, so it is nobody's own.

use super::{App, Effect};
use crate::tui::{
    desk::Ask,
    keys::Action,
    rows::SessionId,
    views::{self, Told, View},
};

/// Formats, what each is for, and the end of its file's name.
const FORMATS: [(&str, &str, &str); 6] = [
    ("tape", "to open, replay and verify", "tape.jsonl"),
    ("html", "a report to read in a browser", "html"),
    ("har", "for browsers' tools", "har"),
    ("curl", "a script of the requests", "sh"),
    ("json", "messages, one a line", "jsonl"),
    ("mermaid", "the sequence as a diagram", "mmd"),
];

/// A view's own text, where it has one.
const TEXT: &str = "text";

/// What is being exported: the session, and the format by its place.
pub(super) type Exporting = (SessionId, usize);

impl App {
    /// Begins: which format?
    pub(super) fn export(&mut self) {
        if self.view().and_then(View::session).is_none() {
            self.data.say("no session is selected");
            return;
        }
        let items = FORMATS.iter().map(|(name, about, _)| format!("{name:<8} {about}"));
        let mut items: Vec<String> = items.collect();
        let mut at = 0;
        if self.view().is_some_and(|view| view.text(&self.data).is_some()) {
            items.push(format!("{:<8} {}", TEXT, "this view as it is read"));
            at = FORMATS.iter().position(|(name, ..)| *name == "mermaid").unwrap_or(0);
        }
        self.overlay = Some(views::menu(Action::Export, "export as", items, at));
    }

    /// Goes on with an overlay's answer; false where it is none of an export's.
    pub(super) fn exports(&mut self, told: &Told) -> bool {
        if self.exporting.is_none() && self.view().is_some_and(View::has_export) {
            return false;
        }
        match told {
            Told::Chosen(Action::Export, place) => {
                let session = self.view().and_then(View::session);
                self.overlay = None;
                let end = FORMATS.get(*place).map_or("txt", |(_, _, end)| end);
                if let Some(session) = session {
                    self.exporting = Some((session, *place));
                    let path = format!("session-{}.{end}", session.0 + 1);
                    self.overlay = Some(views::prompt(Action::Export, &path));
                }
            }
            Told::Entered(Action::Export, line) => {
                self.overlay = None;
                self.write(line.trim());
            }
            Told::Left(Action::Export) => {
                self.overlay = None;
                self.exporting = None;
            }
            Told::Editing(Action::Export, _) => {}
            _ => return false,
        }
        true
    }

    /// A path, after the menu; a format and a path, as a command.
    fn write(&mut self, line: &str) {
        let (session, format, path) = if let Some((session, place)) = self.exporting.take() {
            (Some(session), FORMATS.get(place).map_or(TEXT, |format| format.0), line)
        } else {
            let (format, path) = line.split_once(' ').unwrap_or((line, ""));
            (self.view().and_then(View::session), format, path.trim())
        };
        let known = FORMATS.iter().any(|(name, ..)| *name == format);
        match session {
            _ if format == TEXT => self.write_text(path),
            _ if !known => {
                let all: Vec<_> = FORMATS.iter().map(|(name, ..)| *name).collect();
                self.data.say(format!("no format `{format}`: {}", all.join(", ")));
            }
            _ if path.is_empty() => self.data.say("export to which file?"),
            None => self.data.say("no session is selected"),
            Some(session) => {
                let ticket = self.effects.ticket();
                let (format, path) = (format.to_owned(), path.to_owned());
                self.data.say(format!("writing {path}"));
                self.effects.push(Effect::Ask(Ask::Export { ticket, session, format, path }));
            }
        }
    }

    /// What the view shows, as text.
    fn write_text(&mut self, path: &str) {
        let text = self.view().and_then(|view| view.text(&self.data));
        match text {
            None => self.data.say("this view has no text of its own: 3 is the sequence"),
            Some(_) if path.is_empty() => self.data.say("export to which file?"),
            Some(text) => {
                let (ticket, path) = (self.effects.ticket(), path.to_owned());
                self.effects.push(Effect::Ask(Ask::Save { ticket, path, text }));
            }
        }
    }
}
