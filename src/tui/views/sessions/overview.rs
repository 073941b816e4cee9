//! What is known of the selected session: how it came to be where it stands, and the facts.

use super::{
    super::{
        detail::lines::{Line, LinesPane, Tint},
        teller::Teller,
    },
    columns::state,
};
use crate::tui::{
    app::{Data, Effects},
    desk::{News, SessionTold},
    rows::SessionId,
    text,
    theme::Theme,
};

/// The pane and what it shows.
#[derive(Debug, Default)]
pub(super) struct Overview {
    teller: Option<Teller>,
    pub(super) pane: LinesPane,
}

impl Overview {
    /// Shows a session; asks for it where it is another, or where it has gone on.
    pub(super) fn show(&mut self, session: SessionId, data: &Data, effects: &mut Effects) {
        if self.teller.as_ref().is_none_or(|teller| teller.session != session) {
            self.teller = Some(Teller::of(session));
            let reading = Line::new("", Tint::Plain, "reading the session", Tint::Faint);
            self.pane = LinesPane::of(vec![reading]);
        }
        if let Some(teller) = &mut self.teller {
            teller.refresh(data, effects);
        }
    }

    pub(super) fn news(&mut self, news: &News) {
        let Some(teller) = &mut self.teller else { return };
        if teller.news(news) {
            let lines = match (&teller.told, &teller.failed) {
                (Some(told), _) => lines(told),
                (None, Some(why)) => vec![Line::new("", Tint::Plain, why, Tint::Bad)],
                (None, None) => Vec::new(),
            };
            self.pane.replace(lines);
        }
    }
}

fn lines(told: &SessionTold) -> Vec<Line> {
    let theme = Theme { colour: true, ascii: true };
    let mut lines = Vec::new();
    let mut before = None;
    for (at, when, evidence) in &told.states {
        let (_, word) = state(*at, theme);
        let when_said = if let Some(before) = before {
            format!("+{}", text::duration(when.micros_since(before)))
        } else {
            let (hour, minute, second) = when.to_datetime().to_hms();
            format!("{hour:02}:{minute:02}:{second:02}")
        };
        before = Some(*when);
        lines.push(Line::new(
            &format!("{word:<12}{when_said:>9}  "),
            Tint::Name,
            evidence,
            Tint::Plain,
        ));
    }
    if let Some(last) = told.only_last {
        let said = format!("looked at: only its last {}", text::count(last, "exchange"));
        lines.push(Line::new("", Tint::Plain, &said, Tint::Waiting));
    }
    if !told.facts.is_empty() {
        lines.push(Line::blank());
    }
    let wide = told.facts.iter().map(|(name, _)| text::width(name)).max().unwrap_or(0).min(20);
    lines.extend(told.facts.iter().map(|(name, value)| {
        let gap = " ".repeat(wide.saturating_sub(text::width(name)) + 2);
        Line::new(&format!("{name}{gap}"), Tint::Faint, value, Tint::Plain)
    }));
    let can = |name: &str, what: &[String]| {
        (!what.is_empty())
            .then(|| Line::new(&format!("{name} can "), Tint::Faint, &what.join(", "), Tint::Plain))
    };
    lines.extend(can("client", &told.client_can));
    lines.extend(can("server", &told.server_can));
    if !told.problems.is_empty() {
        let said = format!("{}; 6 shows them", text::count(told.problems.len(), "problem"));
        lines.push(Line::new("", Tint::Plain, &said, Tint::Waiting));
    }
    lines
}
