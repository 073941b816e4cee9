//! The timeline as SVG: a bar an exchange, its time to the first byte lighter, a mark each frame.
//!
//! Places are parts of the page's width. Each bar is a drawing of its own that is stretched to it
//! ([`Axis::SPAN`] units wide), so that its frames are one path.

use std::fmt::Write as _;

use super::{
    bounds::{BARS, FRAMES, left_out},
    markup::Markup,
    view::{View, seconds},
};
use crate::{
    cli::units,
    protocol::picture::{Axis, Bar, Shape, Timeline, Tone, label},
};

/// Heights, in pixels.
const HEAD: usize = 24;
const ROW: usize = 38;
const BAR: usize = 14;

/// The least width of a part of a bar, so that it can be seen at all.
const LEAST: u32 = Axis::SPAN / 400;

/// Times written along the axis, about.
const MARKS: u32 = 5;

/// How far from a fold, which has a text of its own, a time is written.
const BESIDE_FOLD: u32 = Axis::SPAN / 40;

/// Draws a session's.
pub(super) fn draw(page: &mut Markup, view: &View) {
    let session = &view.story.session;
    let clock = crate::capture::Timestamp(
        session.started_at.0.saturating_add(session.age_us.saturating_mul(1_000)),
    );
    let timeline = Timeline::of(&view.story, clock);
    let bars = timeline.bars.get(..BARS.min(timeline.bars.len())).unwrap_or_default();
    if bars.is_empty() {
        return;
    }
    let id = format!("timeline{}", view.number);
    page.say("h3", &[("id", &id)], "Timeline");
    let legend = "A bar an exchange: light until the first byte, a mark each frame, the largest gap underlined. Hollow: open to listen. Grey bands: nothing ran, not to scale.";
    page.say("p", &[("class", "legend")], legend);
    let height = (HEAD + bars.len() * ROW).to_string();
    let attributes = [
        ("class", "timeline"),
        ("role", "group"),
        ("aria-labelledby", id.as_str()),
        ("width", "100%"),
        ("height", &height),
    ];
    page.tag("svg", &attributes, |page| {
        // Over what is drawn: of a long session it would else stand in one corner.
        let axis = &Timeline::axis_over(bars);
        let lasts = units::duration(axis.until.micros_since(axis.from));
        let counted = units::count(bars.len() as u64, "exchange");
        page.say("desc", &[], &format!("{counted} over {lasts}, time to the right."));
        scale(page, axis, &height);
        for (number, one) in bars.iter().enumerate() {
            bar(page, view, axis, one, HEAD + number * ROW);
        }
    });
    left_out(page, bars.len(), view.exchanges, "exchange", &view.tape());
}

fn scale(page: &mut Markup, axis: &Axis, height: &str) {
    for (fold, from, until) in axis.folds() {
        let (x, width) = (percent(from), percent(until - from));
        let band = [
            ("class", "fold"),
            ("x", x.as_str()),
            ("width", &width),
            ("y", "0"),
            ("height", height),
        ];
        page.tag("g", &[], |page| {
            let idle = units::duration(fold.until.micros_since(fold.from));
            page.say("title", &[], &format!("{idle} in which nothing ran"));
            page.empty("rect", &band);
            let middle = percent(from.midpoint(until));
            let place =
                [("class", "mark"), ("x", middle.as_str()), ("y", "12"), ("text-anchor", "middle")];
            page.say("text", &place, &idle);
        });
    }
    // Texts that would stand in each other's place are left out.
    let mut free = 0;
    for (us, at) in axis.marks(MARKS) {
        let behind = at + Axis::SPAN / 8;
        let in_a_fold =
            axis.folds().any(|(_, from, until)| from < behind && at < until + BESIDE_FOLD);
        if at < free || behind > Axis::SPAN + BESIDE_FOLD || in_a_fold {
            continue;
        }
        free = behind;
        let x = percent(at);
        page.empty(
            "line",
            &[("class", "grid"), ("x1", &x), ("x2", &x), ("y1", "0"), ("y2", height)],
        );
        let said = format!("{} s", seconds(us));
        page.say("text", &[("class", "mark"), ("x", &x), ("dx", "3"), ("y", "12")], &said);
    }
}

fn bar(page: &mut Markup, view: &View, axis: &Axis, bar: &Bar, top: usize) {
    let href = view.exchange_anchor(bar.exchange).map(|anchor| format!("#{anchor}"));
    let link = href.as_deref().map(|href| [("href", href)]);
    let name = if link.is_some() { "a" } else { "g" };
    page.tag(name, link.as_ref().map_or(&[], |link| &link[..]), |page| {
        let (what, beside) = (subject(view, bar), facts(view, bar));
        page.say("title", &[], &format!("{what} · {beside}"));
        let y = top.to_string();
        let place = [("x", "0"), ("width", "100%"), ("y", y.as_str()), ("height", "19")];
        page.tag("foreignObject", &place, |page| {
            page.tag("div", &[("class", "label")], |page| {
                page.say("span", &[], &what);
                page.text(" ");
                page.say("span", &[("class", "faint")], &beside);
            });
        });
        let (y, units) = ((top + 19).to_string(), format!("0 0 {} {BAR}", Axis::SPAN));
        let height = BAR.to_string();
        let own = [
            ("viewBox", units.as_str()),
            ("preserveAspectRatio", "none"),
            ("x", "0"),
            ("y", &y),
            ("width", "100%"),
            ("height", &height),
        ];
        page.tag("svg", &own, |page| body(page, axis, bar));
    });
}

/// The bar itself.
fn body(page: &mut Markup, axis: &Axis, bar: &Bar) {
    let from = axis.at(bar.from);
    let until = axis.at(bar.until).max(from + LEAST).min(Axis::SPAN);
    let from = from.min(until.saturating_sub(LEAST));
    let byte = bar.first_byte.map_or(until, |at| axis.at(at).clamp(from, until));
    let class = class(bar);
    for (part, from, until) in [("wait", from, byte), ("body", byte, until)] {
        if until > from {
            let class = format!("{class} {part}");
            let (x, width) = (from.to_string(), (until - from).to_string());
            let rect = [
                ("class", class.as_str()),
                ("x", &x),
                ("width", &width),
                ("y", "1"),
                ("height", "10"),
            ];
            page.empty("rect", &rect);
        }
    }
    if let Some(place) = bar.largest_gap
        && let Some(behind) = bar.ticks.get(place)
    {
        let before = place.checked_sub(1).and_then(|place| bar.ticks.get(place));
        let begins = before.map_or(from, |tick| axis.at(tick.at));
        let d = format!("M{begins} 12.7H{}", axis.at(behind.at).max(begins + LEAST / 2));
        page.empty("path", &[("class", "gap"), ("d", &d)]);
    }
    let mut d = String::new();
    for tick in bar.ticks.iter().take(FRAMES) {
        let _ = write!(d, "M{} 1V11", axis.at(tick.at));
    }
    if !d.is_empty() {
        page.empty("path", &[("class", "ticks"), ("d", &d)]);
    }
}

fn class(bar: &Bar) -> &'static str {
    match bar.shape {
        _ if bar.tone == Tone::Failed => "failed",
        Shape::Messages => "messages",
        Shape::Listens => "listens",
        Shape::Plain => "http",
    }
}

fn subject(view: &View, bar: &Bar) -> String {
    let number = view.number_of(bar.exchange);
    let Some(told) = view.story.exchange(bar.exchange) else { return number.to_string() };
    let summary = &told.reading.summary;
    let first = bar.first.and_then(|place| view.story.messages.get(place));
    let what = match first {
        Some(message) => label(message, message.name.as_deref()),
        None => summary.path.clone(),
    };
    format!("{number} {} {what}", summary.method)
}

fn facts(view: &View, bar: &Bar) -> String {
    let summary = view.story.exchange(bar.exchange).map(|told| &told.reading.summary);
    let status = summary.and_then(|summary| summary.status).map(|status| status.to_string());
    let fault = summary.and_then(|summary| summary.outcome).filter(|outcome| outcome.is_fault());
    let lasts = units::duration(bar.us());
    let gap = bar.after_largest_gap().map(|tick| {
        format!("largest gap {} before frame {}", units::duration(tick.gap_us), tick.index)
    });
    let parts = [
        status,
        fault.map(|fault| fault.as_str().to_owned()),
        (bar.shape == Shape::Listens).then(|| "listens".to_owned()),
        Some(if bar.goes_on { format!("{lasts}, goes on") } else { lasts }),
        bar.first_byte_us().map(|us| format!("first byte {}", units::duration(us))),
        (!bar.ticks.is_empty()).then(|| units::count(bar.ticks.len() as u64, "frame")),
        (bar.ticks.len() > FRAMES).then(|| format!("the first {FRAMES} marked")),
        gap,
        bar.resumes.map(|root| format!("takes up {}", view.number_of(root))),
    ];
    parts.into_iter().flatten().collect::<Vec<_>>().join(" · ")
}

/// A place of the axis as a part of the width.
fn percent(place: u32) -> String {
    let thousandths = u64::from(place) * 100_000 / u64::from(Axis::SPAN);
    format!("{}.{:03}%", thousandths / 1_000, thousandths % 1_000)
}
