//! The columns of the list of sessions, and a row's cells in them.

use ratatui::{layout::Rect, style::Style};

use super::super::columns::{Column, Placed, place};
use crate::{
    protocol::State,
    tui::{
        app::Data,
        draw::Canvas,
        rows::{SessionId, SessionRow},
        text,
        theme::Theme,
    },
};

/// A column of the list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Cell {
    Number,
    State,
    Server,
    Protocol,
    Client,
    Exchanges,
    Errors,
    FromServer,
    P50,
    P95,
    Activity,
    Last,
}

/// What can be hidden by hand.
pub(super) const HIDEABLE: [(Cell, &str); 9] = [
    (Cell::Protocol, "PROTOCOL"),
    (Cell::Client, "CLIENT"),
    (Cell::Exchanges, "EXCH"),
    (Cell::Errors, "ERR"),
    (Cell::FromServer, "SRV→ (from the server)"),
    (Cell::P50, "P50"),
    (Cell::P95, "P95"),
    (Cell::Activity, "ACTIVITY"),
    (Cell::Last, "LAST"),
];

/// The columns for a width.
pub(super) fn columns(width: u16, hidden: &[Cell], theme: Theme) -> Vec<Placed<Cell>> {
    let column = |what, head, width, right, goes| Column { what, head, width, right, goes };
    let roomy = width >= 100;
    let client = column(Cell::Client, "CLIENT", if roomy { 15 } else { 10 }, false, 4);
    let mut all = vec![
        column(Cell::Number, "#", 4, true, 0),
        column(Cell::State, "STATE", if roomy { 13 } else { 12 }, false, 0),
        column(Cell::Server, "SERVER", if roomy { 20 } else { 14 }, false, 0),
        column(Cell::Protocol, "PROTOCOL", 10, false, 7),
    ];
    if roomy {
        all.push(client);
    }
    all.extend([
        column(Cell::Exchanges, "EXCH", 5, true, 0),
        column(Cell::Errors, "ERR", 3, true, 0),
        column(Cell::FromServer, theme.glyph("SRV→", "SRV>"), 4, true, 3),
        column(Cell::P50, "P50", 5, true, 2),
        column(Cell::P95, "P95", 5, true, 6),
        column(Cell::Activity, "ACTIVITY", 12, false, 1),
        column(Cell::Last, "LAST", 4, true, 5),
    ]);
    if !roomy {
        all.push(client);
    }
    place(&all, hidden, Cell::Server, width)
}

/// Draws one row's cells.
pub(super) fn draw(
    canvas: &mut Canvas<'_>,
    line: Rect,
    placed: &[Placed<Cell>],
    id: SessionId,
    session: &SessionRow,
    data: &Data,
) {
    for column in placed {
        let (said, style) = cell(canvas.theme, column, id, session, data);
        let x = line.x + column.x;
        if column.right {
            canvas.put_right(x, line.y, &said, column.width, style);
        } else {
            canvas.put(x, line.y, &said, column.width, style);
        }
    }
}

fn cell(
    theme: Theme,
    column: &Placed<Cell>,
    id: SessionId,
    session: &SessionRow,
    data: &Data,
) -> (String, Style) {
    let plain = theme.plain();
    let none = || theme.glyph("–", "-").to_owned();
    let quantile = |us: Option<u32>| us.map_or_else(none, |us| text::duration(us.into()));
    let count = |count: u64| if count == 0 { none() } else { count.to_string() };
    match column.what {
        Cell::Number => ((u64::from(id.0) + 1).to_string(), plain),
        Cell::State => {
            let (glyph, word) = state(session.state, theme);
            // Where there is room for the word but not for all of it, it is its usual short form.
            let short = session.state == State::Initialized && column.width < 13;
            (format!("{glyph} {}", if short { "init" } else { word }), state_style(session, theme))
        }
        Cell::Server => {
            let said = if session.name.is_some() || session.server.is_empty() {
                session.name.as_deref().unwrap_or("?")
            } else {
                // Where there is little room the scheme says least.
                let short = column.width < 24;
                session.server.strip_prefix("http://").filter(|_| short).unwrap_or(&session.server)
            };
            (text::cut_middle(said, column.width.into(), theme.glyph("…", "~")), theme.name())
        }
        Cell::Protocol => (session.revision.clone().unwrap_or_else(none), plain),
        Cell::Client => (session.client.clone().unwrap_or_else(none), plain),
        Cell::Exchanges => (big(session.exchanges), plain),
        Cell::Errors if session.errors > 0 => (big(session.errors), theme.bad()),
        Cell::Errors => ("0".to_owned(), theme.faint()),
        Cell::FromServer => (count(session.from_server), plain),
        Cell::P50 => (quantile(session.p50_us), plain),
        Cell::P95 => (quantile(session.p95_us), plain),
        Cell::Activity => (sparkline(&session.activity, theme), theme.name()),
        Cell::Last => (age(data.now.micros_since(session.last_at)), theme.faint()),
    }
}

/// Numbers as they are, as long as they fit.
fn big(count: u64) -> String {
    if count < 100_000 { count.to_string() } else { text::size(count) }
}

fn state_style(session: &SessionRow, theme: Theme) -> Style {
    match session.state {
        State::Initialized => theme.good(),
        State::Created | State::Connected => theme.waiting(),
        State::Expired => theme.bad(),
        State::Closed | State::Stateless => theme.plain(),
    }
}

/// A state's glyph and word.
pub(crate) fn state(state: State, theme: Theme) -> (&'static str, &'static str) {
    match state {
        State::Created => (theme.glyph("◔", "."), "created"),
        State::Connected => (theme.glyph("◐", "o"), "connected"),
        State::Initialized => (theme.glyph("●", "@"), "initialized"),
        State::Expired => (theme.glyph("○", "-"), "expired"),
        State::Closed => (theme.glyph("×", "x"), "closed"),
        State::Stateless => (theme.glyph("◌", "~"), "stateless"),
    }
}

/// Exchanges over time, the highest of them full.
fn sparkline(counts: &[u16], theme: Theme) -> String {
    let levels: [&str; 8] = if theme.ascii {
        ["_", ".", ":", "-", "=", "+", "*", "#"]
    } else {
        ["▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"]
    };
    let most = counts.iter().copied().max().unwrap_or(0).max(1);
    counts
        .iter()
        .filter_map(|count| {
            // What is there at all is more than nothing.
            let level = (usize::from(*count) * 7).div_ceil(usize::from(most));
            levels.get(level).copied()
        })
        .collect()
}

/// `2s`, `14m`, `3h`, `5d`.
pub(super) fn age(us: u64) -> String {
    match us / 1_000_000 {
        seconds @ 0..60 => format!("{seconds}s"),
        seconds @ 60..3_600 => format!("{}m", seconds / 60),
        seconds @ 3_600..86_400 => format!("{}h", seconds / 3_600),
        seconds => format!("{}d", (seconds / 86_400).min(999)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_there_is_more_than_nothing() {
        let theme = Theme { colour: true, ascii: false };
        assert_eq!(sparkline(&[0, 1, 50, 100], theme), "▁▂▅█");
        assert_eq!(sparkline(&[0, 0], theme), "▁▁");
        assert_eq!(sparkline(&[0, 65_535], Theme { ascii: true, ..theme }), "_#");
    }

    #[test]
    fn ages_are_short() {
        let shown = [2, 59, 60, 3_599, 7_200, 86_400 * 3].map(|s| age(s * 1_000_000));
        assert_eq!(shown, ["2s", "59s", "1m", "59m", "2h", "3d"]);
    }
}
