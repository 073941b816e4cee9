//! The sequence diagram as SVG: two lanes, a row each message, exchange or pause.
//!
//! Widths are parts of the page's, heights are fixed, so that text keeps its size at any width.
//! Labels are HTML in it: that alone cuts a line that is too long with an ellipsis.

use super::{
    bounds::{ROWS, left_out},
    markup::Markup,
    view::{View, rpc_id},
};
use crate::{
    cli::units,
    protocol::{
        Direction,
        picture::{Arrow, Http, Line, Pause, Row, Sequence, Shown, Tone},
    },
};

/// Where the lanes stand.
const CLIENT: &str = "14%";
const SERVER: &str = "99%";
const BETWEEN: &str = "85%";

/// Heights, in pixels.
const HEAD: usize = 30;
const ROW: usize = 30;

/// Draws a session's.
pub(super) fn draw(page: &mut Markup, view: &View) {
    let sequence = Sequence::of(&view.story, Shown::default());
    let rows = sequence.rows.get(..ROWS.min(sequence.rows.len())).unwrap_or_default();
    if rows.is_empty() {
        return;
    }
    let id = format!("sequence{}", view.number);
    page.say("h3", &[("id", &id)], "Sequence");
    page.tag("p", &[("class", "legend")], |page| {
        page.text("Solid: requests and answers. Dotted: notifications. Red: failed. Amber: not answered, or cancelled.");
        if !sequence.streams.is_empty() {
            page.text(" The bar at the server: a stream is open to listen.");
        }
    });
    let height = (HEAD + rows.len() * ROW + ROW / 2).to_string();
    let attributes = [
        ("class", "sequence"),
        ("role", "group"),
        ("aria-labelledby", id.as_str()),
        ("width", "100%"),
        ("height", &height),
    ];
    page.tag("svg", &attributes, |page| {
        let counted = units::count(rows.len() as u64, "row");
        let about = format!("Client to the left, server to the right, time downwards, {counted}. Each message stands below with its payload.");
        page.say("desc", &[], &about);
        lanes(page, view, &height);
        streams(page, &sequence, rows);
        for (number, row) in rows.iter().enumerate() {
            let top = HEAD + number * ROW;
            match row {
                Row::Arrow(arrow) => message(page, view, arrow, &sequence, top),
                Row::Http(http) => exchange(page, view, http, top),
                Row::Pause(pause) => paused(page, pause, top),
            }
        }
    });
    left_out(page, rows.len(), sequence.rows.len(), "row", &view.tape());
}

fn lanes(page: &mut Markup, view: &View, height: &str) {
    let session = &view.story.session;
    for (x, anchor, what, peer) in [
        (CLIENT, "start", "client", &session.client),
        (SERVER, "end", "server", &session.server_info),
    ] {
        let name = peer.as_ref().map(|peer| format!("{} {}", peer.name, peer.version));
        let name = name.map(|name| name.trim().to_owned()).filter(|name| !name.is_empty());
        let said = name.map_or_else(|| what.to_owned(), |name| format!("{what} {name}"));
        let line = [("class", "lane"), ("x1", x), ("x2", x), ("y1", "22"), ("y2", height)];
        page.empty("line", &line);
        page.say(
            "text",
            &[("class", "peer"), ("x", x), ("y", "14"), ("text-anchor", anchor)],
            &said,
        );
    }
}

/// Beside the server's lane: while the client listens.
fn streams(page: &mut Markup, sequence: &Sequence, rows: &[Row]) {
    for stream in &sequence.streams {
        let from = rows.partition_point(|row| row.at() < stream.from);
        let until =
            stream.until.map_or(rows.len(), |until| rows.partition_point(|row| row.at() <= until));
        if from >= rows.len() {
            continue;
        }
        let top = (HEAD + from * ROW + ROW * 2 / 3).to_string();
        let bottom = (HEAD + until * ROW).to_string();
        let line =
            [("class", "stream"), ("x1", SERVER), ("x2", SERVER), ("y1", &top), ("y2", &bottom)];
        page.empty("line", &line);
    }
}

fn message(page: &mut Markup, view: &View, arrow: &Arrow, sequence: &Sequence, top: usize) {
    let Some(message) = view.story.messages.get(arrow.place) else { return };
    let label = arrow.label(message, message.name.as_deref());
    let mut beside = vec![rpc_id(message)];
    let is_answer = message.latency_us.is_some();
    beside.extend(arrow.since_us.map(|us| {
        let sign = if is_answer { "" } else { "+" };
        format!("{sign}{}", units::duration(us))
    }));
    beside.push(view.remark(arrow.place).to_owned());
    if let Some(stream) = arrow.stream.and_then(|place| sequence.streams.get(place)) {
        beside.push(format!("on stream {}", view.number_of(stream.exchange)));
    }
    beside.retain(|part| !part.is_empty());
    let way = match arrow.direction {
        Direction::ClientToServer => Way::Right,
        Direction::ServerToClient => Way::Left,
    };
    let at = view.since(arrow.at);
    let anchor = view.message_anchor(arrow.place);
    let row = Drawn { way, dotted: arrow.line == Line::Dotted, tone: arrow.tone, top };
    row.draw(page, &at, &label, &beside.join(" · "), anchor);
}

fn exchange(page: &mut Markup, view: &View, http: &Http, top: usize) {
    let way = if http.answers.is_some() { Way::Left } else { Way::Both };
    let row = Drawn { way, dotted: false, tone: http.tone, top };
    // A house says in a body of its own why it refuses.
    let refusal = view.story.exchange(http.exchange);
    let refusal = refusal.and_then(|told| told.reading.summary.refusal.as_ref());
    let said = refusal.map(|refusal| format!("{} {}", refusal.code, refusal.text));
    let beside = said.as_deref().map(str::trim).unwrap_or_default();
    let anchor = view.exchange_anchor(http.exchange);
    row.draw(page, &view.since(http.at), &http.label(&view.story), beside, anchor);
}

fn paused(page: &mut Markup, pause: &Pause, top: usize) {
    let word = if pause.waiting { "waiting" } else { "idle" };
    let said = format!("{} {word}", units::duration(pause.us()));
    let y = (top + ROW * 2 / 3).to_string();
    let band = (top + ROW / 4).to_string();
    let height = (ROW / 2 + 4).to_string();
    let rect =
        [("class", "pause"), ("x", CLIENT), ("width", BETWEEN), ("y", &band), ("height", &height)];
    page.empty("rect", &rect);
    page.say(
        "text",
        &[("class", "paused"), ("x", "56%"), ("y", &y), ("text-anchor", "middle")],
        &said,
    );
}

/// Where an arrow points.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Way {
    Right,
    Left,
    /// A request and its answer in one row.
    Both,
}

/// An arrow with its label.
struct Drawn {
    way: Way,
    dotted: bool,
    tone: Tone,
    top: usize,
}

impl Drawn {
    fn draw(&self, page: &mut Markup, at: &str, label: &str, beside: &str, anchor: Option<String>) {
        let href = anchor.map(|anchor| format!("#{anchor}"));
        let link = href.as_deref().map(|href| [("href", href)]);
        let name = if link.is_some() { "a" } else { "g" };
        page.tag(name, link.as_ref().map_or(&[], |link| &link[..]), |page| {
            let sign = match self.way {
                Way::Right => "→",
                Way::Left => "←",
                Way::Both => "↔",
            };
            page.say("title", &[], &format!("{at} s {sign} {label} {beside}"));
            let y = (self.top + ROW * 2 / 3 - 4).to_string();
            page.say("text", &[("class", "at"), ("x", "0"), ("y", &y)], at);
            self.line(page);
            let top = self.top.to_string();
            let place = [("x", CLIENT), ("width", BETWEEN), ("y", &top), ("height", "19")];
            page.tag("foreignObject", &place, |page| {
                let side = match self.way {
                    Way::Left => "label left",
                    Way::Right | Way::Both => "label",
                };
                page.tag("div", &[("class", side)], |page| {
                    page.say("span", &[("class", word(self.tone))], label);
                    if !beside.is_empty() {
                        page.text(" ");
                        page.say("span", &[("class", "faint")], beside);
                    }
                });
            });
        });
    }

    fn line(&self, page: &mut Markup) {
        let y = (self.top + 22).to_string();
        let (from, to) = if self.way == Way::Left { (SERVER, CLIENT) } else { (CLIENT, SERVER) };
        let class = match (self.way, self.dotted) {
            (Way::Both, _) => format!("http {}", word(self.tone)),
            (_, true) => format!("dotted {}", word(self.tone)),
            (_, false) => word(self.tone).to_owned(),
        };
        let head = format!("url(#head-{})", word(self.tone));
        let mut line =
            vec![("class", class.as_str()), ("x1", from), ("x2", to), ("y1", &y), ("y2", &y)];
        line.push(("marker-end", &head));
        if self.way == Way::Both {
            line.push(("marker-start", &head));
        }
        page.empty("line", &line);
    }
}

/// The tone as the style names it.
fn word(tone: Tone) -> &'static str {
    match tone {
        Tone::Plain => "plain",
        Tone::Failed => "failed",
        Tone::Waiting => "waiting",
    }
}

/// The heads of arrows, once a page.
pub(super) fn heads(page: &mut Markup) {
    let size = [("class", "heads"), ("width", "0"), ("height", "0"), ("aria-hidden", "true")];
    page.tag("svg", &size, |page| {
        for (id, class) in
            [("head-plain", "plain"), ("head-failed", "failed"), ("head-waiting", "waiting")]
        {
            let marker = [
                ("id", id),
                ("viewBox", "0 0 8 8"),
                ("refX", "8"),
                ("refY", "4"),
                ("markerWidth", "8"),
                ("markerHeight", "8"),
                ("markerUnits", "userSpaceOnUse"),
                ("orient", "auto-start-reverse"),
            ];
            page.tag("marker", &marker, |page| {
                page.empty("path", &[("class", class), ("d", "M0 0L8 4L0 8z")]);
            });
        }
    });
}
