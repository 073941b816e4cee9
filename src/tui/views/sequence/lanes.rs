//! The lanes of the diagram: where they stand, and what is drawn between them.

use ratatui::{layout::Rect, style::Style};

use super::super::host;
use crate::{
    capture::Timestamp,
    protocol::{
        Direction,
        picture::{Line, Row, Tone},
    },
    tui::{app::Data, desk::SequenceRow, draw::Canvas, rows::SessionId, text},
};

/// Where the client's lane stands: behind the mark, SEQ and T+.
const LEFT: u16 = 15;

/// Screens narrower than this have no column of latencies: what is said needs it more.
const NARROW: u16 = 60;

/// What stands right of the server's lane.
const RIGHT: u16 = 15;

pub(super) fn tone(row: &SequenceRow) -> Tone {
    match &row.row {
        Row::Arrow(arrow) => arrow.tone,
        Row::Http(http) => http.tone,
        Row::Pause(_) => Tone::Plain,
    }
}

/// What a row's neighbours say of it.
pub(super) struct Place {
    pub(super) seq: Option<usize>,
    pub(super) began: Timestamp,
    /// It belongs to the selected call.
    pub(super) pair: bool,
}

/// Where the two lanes stand.
pub(super) struct Lanes {
    left: u16,
    right: u16,
}

impl Lanes {
    pub(super) fn in_area(area: Rect) -> Self {
        let right = if area.width < NARROW { 1 } else { RIGHT };
        Self { left: area.x + LEFT, right: area.right().saturating_sub(right + 1) }
    }

    pub(super) fn head(
        &self,
        canvas: &mut Canvas<'_>,
        line: Rect,
        session: SessionId,
        data: &Data,
    ) {
        let style = canvas.theme.faint();
        canvas.put(line.x, line.y, "   SEQ     T+", LEFT, style);
        let half = self.right.saturating_sub(self.left) / 2;
        let found = data.session(session);
        let client = found.and_then(|session| session.client.as_deref()).unwrap_or_default();
        // One column between them, however long they are.
        canvas.put(self.left, line.y, &format!("CLIENT {client}"), half.saturating_sub(1), style);
        let server = found.map_or("", |session| host(&session.server));
        canvas.put_right(self.left + half, line.y, &format!("SERVER {server}"), half, style);
        if line.width >= NARROW {
            canvas.put_right(line.x, line.y, "LATENCY", line.width.saturating_sub(1), style);
        }
    }

    pub(super) fn row(
        &self,
        canvas: &mut Canvas<'_>,
        line: Rect,
        shown: &SequenceRow,
        place: &Place,
    ) {
        let theme = canvas.theme;
        if let Row::Pause(_) = &shown.row {
            return self.pause(canvas, line, &shown.label);
        }
        if let Some(seq) = place.seq {
            canvas.put_right(line.x + 1, line.y, &seq.to_string(), 5, theme.plain());
        }
        let since = shown.row.at().micros_since(place.began);
        canvas.put_right(line.x + 6, line.y, &seconds(since), 7, theme.faint());
        let style = match tone(shown) {
            Tone::Plain => theme.plain(),
            Tone::Failed => theme.bad(),
            Tone::Waiting => theme.waiting(),
        };
        let post = canvas.glyph("│", "|");
        canvas.put(self.left, line.y, post, 1, theme.faint());
        canvas.put(self.right, line.y, post, 1, theme.faint());
        let dash = match (&shown.row, place.pair) {
            (Row::Arrow(arrow), _) if arrow.line == Line::Dotted => canvas.glyph("┄", "."),
            (_, true) => canvas.glyph("═", "="),
            (Row::Http(_), false) => canvas.glyph("╌", "."),
            _ => canvas.glyph("─", "-"),
        };
        self.arrow(canvas, line.y, shown, dash, style);
        if let Row::Arrow(arrow) = &shown.row
            && let Some(us) = arrow.since_us
            && line.width >= NARROW
        {
            let latency = text::duration(us);
            let latency = if arrow.line == Line::Dotted { format!("+{latency}") } else { latency };
            canvas.put_right(line.x, line.y, &latency, line.width.saturating_sub(1), style);
        }
    }

    /// `── tools/call search #7 ─────▶`, or from the right: `◀──── result #7 ──`.
    fn arrow(
        &self,
        canvas: &mut Canvas<'_>,
        y: u16,
        shown: &SequenceRow,
        dash: &str,
        style: Style,
    ) {
        let to_server = match &shown.row {
            Row::Arrow(arrow) => arrow.direction == Direction::ClientToServer,
            Row::Http(http) => http.answers.is_none(),
            Row::Pause(_) => return,
        };
        let (from, until) = (self.left + 1, self.right);
        let wide = until.saturating_sub(from);
        canvas.put(from, y, &dash.repeat(wide.into()), wide, style);
        let during = if shown.during.is_some() { " (asked meanwhile)" } else { "" };
        let via = if shown.listened { canvas.glyph(" · listening", " - listening") } else { "" };
        let label = format!(" {}{during}{via} ", shown.label);
        let room = wide.saturating_sub(5);
        if to_server {
            canvas.put(from + 2, y, &label, room, style);
            canvas.put(until.saturating_sub(1), y, canvas.glyph("▶", ">"), 1, style);
        } else {
            canvas.put_right(until.saturating_sub(room + 2), y, &label, room, style);
            canvas.put(from, y, canvas.glyph("◀", "<"), 1, style);
        }
    }

    fn pause(&self, canvas: &mut Canvas<'_>, line: Rect, label: &str) {
        let style = canvas.theme.faint();
        let post = canvas.glyph("┊", ":");
        canvas.put(self.left, line.y, post, 1, style);
        canvas.put(self.right, line.y, post, 1, style);
        let dot = canvas.glyph("·", "-");
        let label = format!("{dot}  {label}  {dot}");
        let wide = self.right.saturating_sub(self.left);
        let own = u16::try_from(text::width(&label)).unwrap_or(wide);
        let x = self.left + wide.saturating_sub(own) / 2;
        canvas.put(x, line.y, &label, wide, style);
    }
}

/// Seconds with milliseconds, as T+ shows them; from a quarter of an hour on in words.
fn seconds(us: u64) -> String {
    const LONG: u64 = 900_000_000;
    if us >= LONG {
        return text::duration(us);
    }
    format!("{}.{:03}", us / 1_000_000, us / 1_000 % 1_000)
}
