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
        self.overlay = Some(views::menu(Action::Export, "export as", items.collect(), 0));
    }

    /// Goes on with an overlay's answer; false where it is none of an export's.
    pub(super) fn exports(&mut self, told: &Told) -> bool {
        match told {
            Told::Chosen(Action::Export, place) => {
                let session = self.view().and_then(View::session);
                self.overlay = None;
                if let (Some(session), Some((_, _, end))) = (session, FORMATS.get(*place)) {
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
            (Some(session), FORMATS.get(place).map_or("", |format| format.0), line)
        } else {
            let (format, path) = line.split_once(' ').unwrap_or((line, ""));
            (self.view().and_then(View::session), format, path.trim())
        };
        let known = FORMATS.iter().any(|(name, ..)| *name == format);
        match session {
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
}
