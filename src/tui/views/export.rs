//! A session written to a file: which format, then where.

use super::{Flow, menu, prompt};
use crate::tui::{
    app::{Data, Effects},
    desk::Ask,
    keys::Action,
    rows::SessionId,
};

/// Formats as faces.md spells them, with the end of a file's name and what they are for.
const FORMATS: [(&str, &str, &str); 6] = [
    ("tape", "tape", "to replay, verify and serve"),
    ("har", "har", "for a browser's tools"),
    ("curl", "sh", "the requests as commands"),
    ("json", "jsonl", "every message, a line each"),
    ("html", "html", "a report to read and to send"),
    ("mermaid", "mmd", "the sequence as a diagram"),
];

/// Asks for the format.
pub(super) fn ask_format() -> Flow {
    let items = FORMATS.iter().map(|(name, _, about)| format!("{name:<8} {about}")).collect();
    Flow::Over(menu(Action::Export, "export", items, 0))
}

/// A format was chosen: asks where to.
pub(super) fn ask_path(format: usize, session: SessionId) -> Flow {
    let Some((name, end, _)) = FORMATS.get(format) else { return Flow::Stay };
    let suggested = format!("{name} session-{}.{end}", session.0 + 1);
    Flow::Over(prompt(Action::Export, &suggested))
}

/// `har session-5.har` was entered.
pub(super) fn write(session: SessionId, line: &str, data: &mut Data, effects: &mut Effects) {
    let (format, path) = line.trim().split_once(' ').unwrap_or((line.trim(), ""));
    let path = path.trim();
    if !FORMATS.iter().any(|(name, ..)| *name == format) {
        let names: Vec<_> = FORMATS.iter().map(|(name, ..)| *name).collect();
        data.say(format!("no format `{format}`; there are {}", names.join(", ")));
        return;
    }
    if path.is_empty() {
        data.say(format!("where to? `{format} FILE`"));
        return;
    }
    let ticket = effects.ticket();
    let (format, path) = (format.to_owned(), path.to_owned());
    data.say(format!("writing {path}"));
    effects.ask(Ask::Export { ticket, session, format, path });
}
