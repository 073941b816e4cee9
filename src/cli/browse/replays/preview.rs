//! What a replay would send, as the screen has it: nothing is sent.

use std::sync::Arc;

use anyhow::Context as _;

use super::{
    Replaying,
    edited::{Draft, changes},
};
use crate::{
    capture::redact::Leg,
    cli::{
        masked::Mask,
        pretty, units,
        verify::{self, Asked, Foretold, Played},
    },
    recorder::Source as _,
    replay::{bind::Edits, drive},
    tui::{
        desk::{At, Given, Preview},
        rows::SessionId,
        text,
    },
};

/// Lines of a request that the screen gets.
const LINES: usize = 2_000;

impl Replaying {
    pub(super) fn preview(
        &self,
        session: SessionId,
        row: Option<At>,
        to: Option<String>,
        given: &Given,
    ) -> anyhow::Result<Preview> {
        let played = self.load(session)?;
        let asked = self.asked(row, to.clone().unwrap_or_default(), given)?;
        let mut mask = self.mask(&asked);
        let told = foretold(&played, &asked)?;
        if let Some((exchange, _)) = &told.first {
            // What is secret in it is known by its own records.
            for record in self.shared.clone().records(*exchange)? {
                mask.hear(&record.fact);
            }
        }
        let before = row.map(|_| draft(&told, given, &mut mask)).transpose();
        let Some(edited) = &given.edited else {
            let mut shown = preview(&told, to, &mut mask);
            match before {
                Ok(draft) => shown.draft = draft.map(|draft| draft.file().into()),
                Err(why) => {
                    let why = format!("cannot be edited: {why:#}").replace('\n', "; ");
                    shown.notes.push(why);
                }
            }
            return Ok(shown);
        };
        let before = before?.context("only one call is edited")?;
        let (asked, to) = applied(&before, edited, asked, to)?;
        let told = foretold(&played, &asked)?;
        let after = draft(&told, given, &mut mask)?;
        let mut shown = preview(&told, to, &mut mask);
        shown.draft = Some(Arc::clone(edited));
        let changes = changes(&before.text, &after.text);
        shown.changes = visible(changes.get(..LINES).unwrap_or(&changes));
        Ok(shown)
    }

    /// What was asked with what the user changed in the one request, and where it goes.
    pub(super) fn edited(
        &self,
        played: &Played,
        asked: Asked,
        given: &Given,
    ) -> anyhow::Result<(Asked, Option<String>)> {
        let edited = given.edited.as_deref().context("nothing was edited")?;
        let mut mask = self.mask(&asked);
        let told = foretold(played, &asked)?;
        if let Some((exchange, _)) = &told.first {
            for record in self.shared.clone().records(*exchange)? {
                mask.hear(&record.fact);
            }
        }
        let to = Some(asked.to.clone()).filter(|to| !to.is_empty());
        applied(&draft(&told, given, &mut mask)?, edited, asked, to)
    }

    /// A mask that knows what the user gave.
    fn mask(&self, asked: &Asked) -> Mask {
        let mut mask = Mask::new(self.reveals());
        asked.tell_secrets(&mut mask);
        mask
    }
}

fn foretold(played: &Played, asked: &Asked) -> anyhow::Result<Foretold> {
    let told = verify::foretell(played, asked)?;
    told.context("the session has nothing that could be sent")
}

fn draft(told: &Foretold, given: &Given, mask: &mut Mask) -> anyhow::Result<Draft> {
    let (_, first) = told.first.as_ref().context("its exchange was not recorded")?;
    Draft::of(first, &told.to, &given.headers, mask)
}

/// What was asked, changed.
fn applied(
    draft: &Draft,
    edited: &str,
    mut asked: Asked,
    to: Option<String>,
) -> anyhow::Result<(Asked, Option<String>)> {
    let read = draft.read(edited)?;
    if let Some(body) = read.body {
        asked.edits = Edits::whole(body);
    }
    asked.own = read.own;
    let to = read.to.or(to);
    asked.to = to.clone().unwrap_or_default();
    Ok((asked, to))
}

/// What would be sent, as it is shown. What was typed as the target is the user's own; the recorded
/// one may bear a key.
fn preview(told: &Foretold, to: Option<String>, mask: &mut Mask) -> Preview {
    let (mut request, mut notes) = (Vec::new(), Vec::new());
    if told.needed > 0 {
        let many = units::count(told.needed, "step");
        notes.push(format!("{many} of them because others need what they bring"));
    }
    if let Some((_, first)) = &told.first {
        request = request_lines(first, mask);
        notes.extend((!first.left_out.is_empty()).then(|| {
            let names = first.left_out.join(", ");
            format!("not sent, for it is a credential: {names}; h gives it")
        }));
        notes.extend(
            (!first.given.is_empty())
                .then(|| format!("sent as the server gives it: {}", first.given.join(", "))),
        );
        if first.unfilled {
            notes.push("values of earlier answers are put in when it is sent".to_owned());
        }
    }
    Preview {
        to: to.unwrap_or_else(|| mask.url(&told.endpoint).into_owned()),
        steps: told.steps,
        request: visible(&request),
        guarded: visible(&told.guarded),
        notes: visible(&notes),
        draft: None,
        changes: Vec::new(),
    }
}

fn request_lines(first: &drive::Foretold, mask: &mut Mask) -> Vec<String> {
    let mut lines = vec![format!("{} {}", first.method, mask.url(&first.url))];
    let headers = mask.headers(&first.headers);
    let line = |(name, value): (&str, &bytes::Bytes)| {
        format!("{name}: {}", String::from_utf8_lossy(value))
    };
    lines.extend(headers.iter().map(line));
    if let Some(body) = &first.body {
        let body = mask.body(None, Leg::Mcp, body.as_bytes());
        let text = pretty::json(&body);
        let text = text.unwrap_or_else(|| String::from_utf8_lossy(&body).into_owned());
        lines.push(String::new());
        lines.extend(text.lines().take(LINES).map(str::to_owned));
    }
    lines
}

fn visible(lines: &[String]) -> Vec<String> {
    lines.iter().map(|line| text::visible(line).into_owned()).collect()
}
