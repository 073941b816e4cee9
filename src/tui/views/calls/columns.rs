//! The columns of the list of calls, and a row's cells in them.

use ratatui::{layout::Rect, style::Style};

use super::super::columns::{Column, GUTTER, Placed, place};
use crate::{
    capture::Timestamp,
    tui::{
        app::Data,
        draw::Canvas,
        rows::{Row, RowKind, RpcId, Status},
        text,
        theme::Theme,
    },
};

/// A column of the list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Cell {
    Seq,
    Time,
    Dir,
    DirWord,
    What,
    Id,
    Status,
    Latency,
    Frames,
    Size,
}

/// What can be hidden by hand (`C`), and under which name.
pub(super) const HIDEABLE: [(Cell, &str); 8] = [
    (Cell::Time, "T+"),
    (Cell::Dir, "direction"),
    (Cell::DirWord, "direction in words"),
    (Cell::Id, "ID"),
    (Cell::Status, "STATUS"),
    (Cell::Latency, "LATENCY"),
    (Cell::Frames, "FR (frames)"),
    (Cell::Size, "SIZE"),
];

/// How times are shown.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum TimeForm {
    /// Seconds since the session began.
    #[default]
    Since,
    /// The time of day, UTC.
    Clock,
    /// Since the row before.
    Gap,
}

impl TimeForm {
    pub(super) fn next(self) -> Self {
        match self {
            Self::Since => Self::Clock,
            Self::Clock => Self::Gap,
            Self::Gap => Self::Since,
        }
    }

    pub(super) fn word(self) -> &'static str {
        match self {
            Self::Since => "seconds since the session began",
            Self::Clock => "time of day, UTC",
            Self::Gap => "since the row before",
        }
    }
}

/// The columns for a width. `rows` is how many there are: their numbers have room.
pub(super) fn columns(
    width: u16,
    rows: usize,
    hidden: &[Cell],
    time: TimeForm,
) -> Vec<Placed<Cell>> {
    let digits = rows.checked_ilog10().unwrap_or(0) + 1;
    let seq = u16::try_from(digits).unwrap_or(4).max(4);
    let roomy = width >= 76;
    let status = match width {
        0..50 => 9,
        50..76 => 11,
        _ => 14,
    };
    let column = |what, head, width, right, goes| Column { what, head, width, right, goes };
    let (time_head, time_width) = match time {
        TimeForm::Since => ("T+", 5),
        TimeForm::Clock => ("UTC", 12),
        TimeForm::Gap => ("GAP", 6),
    };
    let mut all = vec![
        column(Cell::Seq, "SEQ", seq, true, 0),
        column(Cell::Time, time_head, time_width, true, 5),
        column(Cell::Dir, "", 2, false, 0),
    ];
    if width >= 130 {
        all.push(column(Cell::DirWord, "FROM", 6, false, 3));
    }
    all.extend([
        column(Cell::What, "METHOD / NAME", 12, false, 0),
        column(Cell::Id, "ID", 4, true, 4),
        column(Cell::Status, "STATUS", status, false, 0),
        column(Cell::Latency, "LATENCY", 7, true, 0),
        column(Cell::Frames, "FR", if roomy { 3 } else { 2 }, true, 2),
        column(Cell::Size, "SIZE", 4, true, 1),
    ]);
    let mut placed = place(&all, hidden, Cell::What, width);
    if (50..76).contains(&width) {
        // Beside a detail the method matters more than the size.
        let narrow = placed.iter().any(|column| column.what == Cell::What && column.width < 20);
        if narrow && placed.iter().any(|column| column.what == Cell::Size) {
            let mut hidden = hidden.to_vec();
            hidden.push(Cell::Size);
            placed = place(&all, &hidden, Cell::What, width);
        }
    }
    debug_assert!(placed.first().is_none_or(|first| first.x == GUTTER));
    placed
}

/// What a row's cells need besides the row.
pub(super) struct Around<'a> {
    pub(super) data: &'a Data,
    pub(super) seq: usize,
    pub(super) started: Timestamp,
    /// The row before it in time.
    pub(super) before: Option<Timestamp>,
    pub(super) time: TimeForm,
    /// The row whose stream carried it, by its number.
    pub(super) parent: Option<usize>,
    /// A hit of the search.
    pub(super) hit: bool,
}

/// Draws one row's cells.
pub(super) fn draw(
    canvas: &mut Canvas<'_>,
    line: Rect,
    placed: &[Placed<Cell>],
    row: &Row,
    around: &Around<'_>,
) {
    for column in placed {
        let (said, style) = cell(canvas.theme, column, row, around);
        let x = line.x + column.x;
        if column.what == Cell::What
            && text::width(&said) <= usize::from(column.width)
            && !around.hit
        {
            what_in_parts(canvas, x, line.y, column.width, row, around);
        } else if column.right {
            canvas.put_right(x, line.y, &said, column.width, style);
        } else {
            canvas.put(x, line.y, &said, column.width, style);
        }
    }
}

fn cell(theme: Theme, column: &Placed<Cell>, row: &Row, around: &Around<'_>) -> (String, Style) {
    let plain = theme.plain();
    match column.what {
        Cell::Seq => (around.seq.to_string(), theme.faint()),
        Cell::Time => (time(row, around), theme.faint()),
        Cell::Dir if row.kind == RowKind::Exchange => (theme.glyph("⇄", "=").to_owned(), plain),
        Cell::Dir if row.from_server => (theme.glyph("←", "<").to_owned(), theme.waiting()),
        Cell::Dir => (theme.glyph("→", ">").to_owned(), plain),
        Cell::DirWord => (if row.from_server { "server" } else { "client" }.to_owned(), plain),
        Cell::What => {
            let style = if around.hit { theme.hit() } else { theme.name() };
            let what = what(row, around.data, theme);
            let mark = theme.glyph("…", "~");
            (text::cut_middle(&what, column.width.into(), mark), style)
        }
        Cell::Id => (id(row, around.data), plain),
        Cell::Status => {
            let room = usize::from(column.width);
            (status(row, around.parent, room, theme), style_of(row, theme))
        }
        Cell::Latency => latency(row, around.data.now, theme),
        Cell::Frames if row.frames == 0 => (String::new(), plain),
        Cell::Frames => (text::size(row.frames.into()), plain),
        Cell::Size
            if row.size == 0
                && (row.status == Status::Pending || row.kind == RowKind::Notification) =>
        {
            (String::new(), plain)
        }
        Cell::Size => (text::size(row.size.into()), plain),
    }
}

fn indent(row: &Row, theme: Theme) -> &'static str {
    if row.batched { theme.glyph("┊ ", ": ") } else { "" }
}

/// `tools/call search`
pub(super) fn what(row: &Row, data: &Data, theme: Theme) -> String {
    let method = data.symbols.text(row.method);
    let name = data.symbols.text(row.name);
    let between = if name.is_empty() { "" } else { " " };
    format!("{}{method}{between}{name}", indent(row, theme))
}

/// The same with the name in a colour of its own.
fn what_in_parts(
    canvas: &mut Canvas<'_>,
    x: u16,
    y: u16,
    width: u16,
    row: &Row,
    around: &Around<'_>,
) {
    let theme = canvas.theme;
    let method = format!("{}{} ", indent(row, theme), around.data.symbols.text(row.method));
    let quiet = matches!(row.kind, RowKind::Notification | RowKind::Exchange);
    let style = if quiet { theme.faint() } else { theme.plain() };
    let wide = canvas.put(x, y, &method, width, style);
    let name = around.data.symbols.text(row.name);
    if wide < width {
        canvas.put(x + wide, y, name, width - wide, theme.name());
    }
}

pub(super) fn id(row: &Row, data: &Data) -> String {
    match row.rpc_id {
        RpcId::None => String::new(),
        RpcId::Number(number) => number.to_string(),
        // A text's quotes say nothing in a column of its own.
        RpcId::Text(symbol) => data.symbols.text(symbol).trim_matches('"').to_owned(),
    }
}

fn time(row: &Row, around: &Around<'_>) -> String {
    match around.time {
        TimeForm::Since => seconds(row.at.micros_since(around.started)),
        TimeForm::Gap => {
            // Rows stand in the order of their exchanges: what an open stream brought may be later
            // than the row behind it.
            around.before.map_or(String::new(), |before| match row.at.micros_since(before) {
                0 => match before.micros_since(row.at) {
                    0 => "+0us".to_owned(),
                    us => format!("-{}", text::duration(us)),
                },
                us => format!("+{}", text::duration(us)),
            })
        }
        TimeForm::Clock => {
            let time = row.at.to_datetime();
            let (hour, minute, second) = time.to_hms();
            format!("{hour:02}:{minute:02}:{second:02}.{:03}", time.millisecond())
        }
    }
}

/// `0.07`, `12.3`, `1:02`: in five columns.
fn seconds(us: u64) -> String {
    match us {
        0..100_000_000 => format!("{}.{:02}", us / 1_000_000, us / 10_000 % 100),
        100_000_000..600_000_000 => format!("{}.{}", us / 1_000_000, us / 100_000 % 10),
        600_000_000..5_940_000_000 => {
            format!("{}:{:02}", us / 60_000_000, us / 1_000_000 % 60)
        }
        _ => text::duration(us),
    }
}

fn style_of(row: &Row, theme: Theme) -> Style {
    let is_quiet = matches!(row.kind, RowKind::Notification | RowKind::Exchange);
    match row.status {
        Status::Pending if row.kind == RowKind::Notification => theme.faint(),
        Status::Ok if is_quiet => theme.faint(),
        status => theme.status(status),
    }
}

/// `200 ok ≋sse ⤷7`, shortened by what matters least until it fits.
fn status(row: &Row, parent: Option<usize>, room: usize, theme: Theme) -> String {
    let http = if row.http > 0 { row.http.to_string() } else { String::new() };
    let word = match row.status {
        Status::Pending if row.kind == RowKind::Notification => String::new(),
        Status::Pending => theme.glyph("⠹ pending", "... pending").to_owned(),
        Status::Ok => "ok".to_owned(),
        Status::ToolError => "isError".to_owned(),
        Status::RpcError => row.code.to_string(),
        Status::HttpError => "error".to_owned(),
        Status::Cancelled => "cancelled".to_owned(),
        Status::Late => "late".to_owned(),
        Status::NoReply => "no-reply".to_owned(),
        Status::Fault => "fault".to_owned(),
    };
    // A word that says no more than the number is left out.
    let empty_word = matches!(row.status, Status::HttpError)
        || (row.status == Status::Ok && row.kind != RowKind::Call && row.http > 0);
    let word = if empty_word && row.http > 0 { String::new() } else { word };
    let sse = if row.streamed { theme.glyph("≋sse", "sse").to_owned() } else { String::new() };
    let parent = parent.map_or(String::new(), |seq| format!("{}{seq}", theme.glyph("⤷", "^")));
    let http = if row.status == Status::Pending { String::new() } else { http };
    let short = if matches!(row.status, Status::Ok) && !http.is_empty() {
        ["", &*http]
    } else {
        [&*word, ""]
    };
    let candidates: [&[&str]; 5] = [
        &[&http, &word, &sse, &parent],
        &[short[0], short[1], &sse, &parent],
        &[short[0], short[1], &parent],
        &[short[0], short[1], &sse],
        &[short[0], short[1]],
    ];
    let joined = candidates.map(|parts| {
        let said: Vec<&str> = parts.iter().copied().filter(|part| !part.is_empty()).collect();
        said.join(" ")
    });
    let [.., last] = &joined;
    joined.iter().find(|said| text::width(said) <= room).unwrap_or(last).clone()
}

/// To the last byte; while it is pending, what has passed.
fn latency(row: &Row, now: Timestamp, theme: Theme) -> (String, Style) {
    if row.is_pending() {
        return (text::duration(now.micros_since(row.at)), theme.waiting());
    }
    match row.total_us {
        _ if row.kind == RowKind::Notification && row.total_us == 0 => {
            (String::new(), theme.plain())
        }
        u32::MAX => (theme.glyph("–", "-").to_owned(), theme.faint()),
        us => (text::duration(us.into()), theme.plain()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_fit_five_columns() {
        let shown: Vec<_> = [70_000, 12_340_000, 250_900_000, 661_000_000, 7_300_000_000]
            .map(seconds)
            .into_iter()
            .collect();
        assert_eq!(shown, ["0.07", "12.34", "250.9", "11:01", "2h1m"]);
    }

    #[test]
    fn columns_go_by_priority() {
        let names = |width| {
            columns(width, 418, &[], TimeForm::Since)
                .iter()
                .map(|column| column.head)
                .collect::<Vec<_>>()
                .join(" ")
        };
        assert_eq!(names(160), "SEQ T+  FROM METHOD / NAME ID STATUS LATENCY FR SIZE");
        assert_eq!(names(80), "SEQ T+  METHOD / NAME ID STATUS LATENCY FR SIZE");
        assert_eq!(names(66), "SEQ T+  METHOD / NAME ID STATUS LATENCY FR");
        assert_eq!(names(50), "SEQ T+  METHOD / NAME STATUS LATENCY");
        assert_eq!(names(40), "SEQ  METHOD / NAME STATUS LATENCY");
    }
}
