//! One message as one aligned line for people: the same in `show`, `find` and live.

use super::{
    output::{Output, style},
    units, visible,
};
use crate::{
    capture::ExchangeId,
    protocol::{Call, CallOutcome, Direction, Kind, Message},
};

/// What an id is shortened to: the time in it to the millisecond. Reading verbs take it as it is.
const SHORT_ID: usize = 13;

/// Columns for method and name, where there is room for them.
const SUBJECT: usize = 40;

/// Columns of method and name that are worth more than the size and the session.
const SUBJECT_WANTED: usize = 18;

/// Columns of method and name on the narrowest terminal.
const SUBJECT_LEAST: usize = 12;

/// Time, arrow, id, status and latency, with the blanks between all.
const BESIDE: usize = 12 + 1 + 1 + 1 + 1 + 8 + 1 + 14 + 1 + 8;

/// Left of what stands within a session.
const MARGIN: &str = "  ";

/// What a line has room for. On a narrow terminal the subject shrinks, then the size goes, then the
/// session: a line that breaks is harder to read than one that says less.
#[derive(Debug, PartialEq, Eq)]
struct Columns {
    session: bool,
    size: bool,
    subject: usize,
}

impl Columns {
    fn within(width: usize, session: bool) -> Self {
        let width = if session { width } else { width.saturating_sub(MARGIN.len()) };
        let left = |with_session: bool, with_size: bool| {
            let session = if with_session { SHORT_ID + 1 } else { 0 };
            let size = if with_size { 10 } else { 0 };
            width.saturating_sub(BESIDE + session + size)
        };
        let layouts = [(session, true), (session, false), (false, false)];
        let fits =
            layouts.into_iter().find(|(session, size)| left(*session, *size) >= SUBJECT_WANTED);
        let (session, size) = fits.unwrap_or((false, false));
        Self { session, size, subject: left(session, size).clamp(SUBJECT_LEAST, SUBJECT) }
    }

    /// How wide a line within a session is.
    fn used(&self) -> usize {
        MARGIN.len() + BESIDE + self.subject + if self.size { 10 } else { 0 }
    }
}

/// The beginning of an id, enough to name it.
pub(crate) fn short(id: ExchangeId) -> String {
    let mut text = id.to_string();
    text.truncate(SHORT_ID);
    text
}

/// Time, session, arrow, method and name, id, status, latency, size, as the terminal has room.
/// Without a session the line stands within one, indented. `talk` says that it goes to stderr.
pub(crate) fn line(
    out: &Output,
    talk: bool,
    session: Option<ExchangeId>,
    message: &Message,
    name: Option<&str>,
    call: Option<&Call>,
) -> String {
    let paint = |style, text: String| {
        if talk { out.paint_talk(style, text) } else { out.paint(style, text) }
    };
    let (arrow, side) = match message.direction {
        Direction::ClientToServer => ("→", style::CLIENT),
        Direction::ServerToClient => ("←", style::SERVER),
    };
    let (status, status_style) = status(message, call);
    let rpc_id = message.rpc_id.as_deref().map(|id| format!("#{}", visible::line(id)));
    let latency = message.latency_us.map(units::duration).unwrap_or_default();
    let width = if talk { out.talk_width() } else { out.width() };
    let columns = Columns::within(width, session.is_some());
    let subject = visible::cut(&subject(message, name), columns.subject).into_owned();
    let subject = visible::pad(&subject, columns.subject);
    let parts = [
        Some(paint(style::FAINT, units::time_of_day(message.at))),
        session.filter(|_| columns.session).map(|session| paint(style::ID, short(session))),
        Some(paint(side, arrow.to_owned())),
        Some(paint(side, subject)),
        Some(paint(style::FAINT, visible::pad(&visible::cut(&rpc_id.unwrap_or_default(), 8), 8))),
        Some(paint(status_style, visible::pad(&visible::cut(&status, 14), 14))),
        Some(paint(style::PLAIN, format!("{latency:>8}"))),
        columns.size.then(|| {
            paint(style::FAINT, format!("{:>9}", units::size(message.payload.len() as u64)))
        }),
    ];
    let mut line = if session.is_some() { String::new() } else { MARGIN.to_owned() };
    for (index, part) in parts.into_iter().flatten().enumerate() {
        if index > 0 {
            line.push(' ');
        }
        line.push_str(&part.to_string());
    }
    line
}

/// A line within a session with a remark after it, or below it where the terminal is too narrow.
pub(crate) fn with_remark(out: &Output, line: String, remark: &str) -> String {
    if remark.is_empty() {
        return line;
    }
    let faint = |text: String| out.paint(style::FAINT, text).to_string();
    let used = Columns::within(out.width(), false).used();
    if used + 2 + visible::width(remark) <= out.width() {
        line + &faint(format!("  {remark}"))
    } else {
        // Below the arrow.
        format!("{line}\n{}", faint(format!("{MARGIN}             {remark}")))
    }
}

fn subject(message: &Message, name: Option<&str>) -> String {
    let method = message.method.as_deref().unwrap_or(match message.rpc_id.as_deref() {
        None | Some("null") => "(answer to no request)",
        Some(_) => "(answer to an unknown request)",
    });
    let mut subject = visible::line(method).into_owned();
    if let Some(name) = name {
        subject.push(' ');
        subject.push_str(&visible::line(name));
    }
    subject
}

/// The word for how it went. Colour never carries it alone.
pub(super) fn status(message: &Message, call: Option<&Call>) -> (String, anstyle::Style) {
    match (message.kind, message.rpc_code) {
        (Kind::Error, Some(code)) => (format!("error {code}"), style::BAD),
        (Kind::Error, None) => ("error".to_owned(), style::BAD),
        (Kind::Response, _) if message.tool_error => ("tool error".to_owned(), style::BAD),
        (Kind::Response, _) => ("ok".to_owned(), style::GOOD),
        (Kind::Request, _) => match call.map(|call| call.outcome) {
            Some(CallOutcome::Pending) => ("pending".to_owned(), style::WAITING),
            Some(CallOutcome::Error) => ("failed".to_owned(), style::BAD),
            Some(CallOutcome::Cancelled) => ("cancelled".to_owned(), style::WAITING),
            _ => ("request".to_owned(), style::PLAIN),
        },
        (Kind::Notification, _) => ("notification".to_owned(), style::FAINT),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_says_less_rather_than_break() {
        let table = [
            (120, true, Columns { session: true, size: true, subject: 40 }),
            (100, true, Columns { session: true, size: true, subject: 28 }),
            (80, true, Columns { session: true, size: false, subject: 18 }),
            (80, false, Columns { session: false, size: true, subject: 20 }),
            (60, true, Columns { session: false, size: false, subject: 12 }),
            (0, false, Columns { session: false, size: false, subject: 12 }),
        ];
        for (width, session, columns) in table {
            assert_eq!(Columns::within(width, session), columns, "{width}");
        }
    }
}
