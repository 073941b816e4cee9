//! A request as the user edits it: the text that the editor gets, and what comes back of it.
//!
//! It reads like the wire: method and target, headers, an empty line, the body. Secrets are masked in
//! it; where a placeholder still stands when it comes back, the real one is put in its place. Headers
//! that are credentials are not in it, for no recording gives them (protocol.md §7).

use std::fmt::Write as _;

use anyhow::{Context as _, bail};
use serde_json::value::RawValue;
use similar::{ChangeTag, TextDiff};
use url::Url;

use crate::{
    capture::redact::{Leg, placeholders_in},
    cli::{faces::compact, masked::Mask, pretty},
    replay::drive::{Foretold, OwnFields},
    tui::desk::GivenHeader,
};

/// A longer text is not edited here: an editor would get it, but a screen has to show what changed.
const LONGEST: usize = 4 << 20;

/// Lines around a change that are shown with it.
const AROUND: usize = 1;

/// What is said first in the file. The lines are left out when it is read again.
const HEAD: &str = "\
# A request, as it would be sent. Change it, save, leave: nothing is sent before you have
# seen it once more and pressed Enter. {{name:1}} hides a secret: where it still stands, the real
# one is sent in its place. First come method and target, then headers, an empty line, the body.
";

/// Fields that hyper makes, or the target.
const NOT_EDITED: [&str; 3] = ["host", "accept-encoding", "content-length"];

/// A request that can be edited.
pub(super) struct Draft {
    /// What the editor gets.
    pub(super) text: String,
    method: String,
    /// As it is shown.
    url: String,
    headers: Vec<(String, String)>,
    /// Names of headers that the user gave beside it: these go over what stands in the file.
    given: Vec<String>,
    /// The body on one line, as it would be sent.
    body: Option<String>,
    /// What is shown, and what stands there in truth.
    veiled: Vec<(String, String)>,
    /// The target is the endpoint: another one is another endpoint.
    is_endpoint: bool,
}

/// What the user changed.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Edited {
    /// Another endpoint.
    pub(super) to: Option<String>,
    /// Another body.
    pub(super) body: Option<String>,
    /// Other headers.
    pub(super) own: OwnFields,
}

impl Draft {
    /// Of what would be sent to an endpoint. Headers that the user gave beside it are not in it: they
    /// stay whatever is edited.
    pub(super) fn of(
        first: &Foretold,
        endpoint: &str,
        given: &[GivenHeader],
        mask: &mut Mask,
    ) -> anyhow::Result<Self> {
        let url = mask.url(&first.url).into_owned();
        let masked = mask.headers(&first.headers);
        let is_given = |name: &str| given.iter().any(|own| own.name.eq_ignore_ascii_case(name));
        let headers: Vec<(String, String)> = masked
            .iter()
            .filter(|(name, _)| !NOT_EDITED.contains(name) && !is_given(name))
            .map(|(name, value)| (name.to_owned(), String::from_utf8_lossy(value).into_owned()))
            .collect();
        let body = first.body.as_deref().map(|body| compact(body.as_bytes()).get().to_owned());
        let mut text = format!("{} {url}\n", first.method);
        for (name, value) in &headers {
            let _ = writeln!(text, "{name}: {value}");
        }
        let mut veiled = Vec::new();
        if let Some(body) = &body {
            let shown = mask.body(None, Leg::Mcp, body.as_bytes());
            let shown = pretty::json(&shown);
            let shown =
                shown.context("its body cannot be shown as it is\nhint: :reveal, then edit")?;
            veiled = veils(body, mask);
            let _ = write!(text, "\n{shown}\n");
        }
        if text.len() > LONGEST {
            bail!("the request is too long to be edited here");
        }
        let is_endpoint = is_at(&first.url, endpoint);
        let given = given.iter().map(|header| header.name.clone()).collect();
        let method = first.method.clone();
        Ok(Self { text, method, url, headers, given, body, veiled, is_endpoint })
    }

    /// What the editor gets, with what is to be known.
    pub(super) fn file(&self) -> String {
        format!("{HEAD}{}", self.text)
    }

    /// Reads it again. What is wrong is said with its line and column.
    pub(super) fn read(&self, edited: &str) -> anyhow::Result<Edited> {
        let mut lines = Lines::new(edited);
        let mut read = Edited::default();
        let (at, request) = lines.first().context("there is no request line: METHOD URL")?;
        let (method, url) = request.split_once(' ').unwrap_or((request, ""));
        if method != self.method {
            bail!("line {at}: the method stays {}", self.method);
        }
        let url = url.trim();
        if url != self.url {
            if !self.is_endpoint {
                bail!("line {at}: the server named this target; t changes where all of it goes");
            }
            if let Some(hidden) = placeholders_in(url.as_bytes()).next() {
                bail!("line {at}: {hidden} stands for nothing in another target");
            }
            let to = Url::parse(url);
            to.with_context(|| format!("line {at}, column {}: the target", method.len() + 2))?;
            read.to = Some(url.to_owned());
        }
        let mut headers: Vec<(String, String)> = Vec::new();
        while let Some((at, line)) = lines.header() {
            let Some((name, value)) = line.split_once(':') else {
                bail!("line {at}, column {}: a header is `Name: value`", line.chars().count() + 1);
            };
            headers.push((name.trim().to_ascii_lowercase(), value.trim().to_owned()));
            let is_new = !self.headers.contains(headers.last().unwrap_or(&Default::default()));
            let hidden = placeholders_in(value.as_bytes()).next().filter(|_| is_new);
            if let Some(hidden) = hidden {
                bail!(
                    "line {at}: {hidden} stands for nothing in a header; h gives one that is secret"
                );
            }
        }
        read.own = self.own_fields(&headers);
        read.body = self.body(&lines)?;
        Ok(read)
    }

    /// What is otherwise among the headers.
    fn own_fields(&self, edited: &[(String, String)]) -> OwnFields {
        let of = |all: &[(String, String)], name: &str| -> Vec<String> {
            let own = all.iter().filter(|(own, _)| own.eq_ignore_ascii_case(name));
            own.map(|(_, value)| value.clone()).collect()
        };
        let gone = self.headers.iter().map(|(name, _)| name);
        let gone = gone.filter(|name| of(edited, name).is_empty()).cloned().collect();
        let is_given = |name: &str| self.given.iter().any(|own| own.eq_ignore_ascii_case(name));
        let is_other = |name: &str| of(edited, name) != of(&self.headers, name) && !is_given(name);
        let set = edited.iter().filter(|(name, _)| is_other(name)).cloned().collect();
        OwnFields { set, gone }
    }

    fn body(&self, lines: &Lines<'_>) -> anyhow::Result<Option<String>> {
        let (begins, text) = lines.rest();
        let Some(recorded) = &self.body else {
            if text.trim().is_empty() {
                return Ok(None);
            }
            bail!("line {begins}: this request has no body");
        };
        let begins_json = text.trim_start().starts_with(['{', '[']);
        if let Err(error) = serde_json::from_str::<&RawValue>(text) {
            let (line, column) = place(text, error.line(), error.column());
            let why = error.to_string();
            let why = why.split(" at line ").next().unwrap_or_default();
            bail!("line {}, column {column}: {why}", begins + line - 1);
        }
        if !begins_json {
            bail!("line {begins}, column 1: a JSON-RPC message is an object");
        }
        let mut body = text.to_owned();
        for (shown, real) in &self.veiled {
            body = body.replace(shown, real);
        }
        let body = compact(body.as_bytes()).get().to_owned();
        Ok((body != *recorded).then_some(body))
    }
}

/// A URL is the endpoint's; one without a path stands for the recorded path.
fn is_at(url: &str, endpoint: &str) -> bool {
    let (Ok(url), Ok(endpoint)) = (Url::parse(url), Url::parse(endpoint)) else { return false };
    url == endpoint || (endpoint.path() == "/" && url.origin() == endpoint.origin())
}

/// The lines of the file: comments are left out before the body.
struct Lines<'t> {
    rest: &'t str,
    /// The number of its first line.
    number: usize,
}

impl<'t> Lines<'t> {
    fn new(text: &'t str) -> Self {
        Self { rest: text, number: 1 }
    }

    fn next(&mut self) -> Option<(usize, &'t str)> {
        if self.rest.is_empty() {
            return None;
        }
        let (line, rest) = self.rest.split_once('\n').unwrap_or((self.rest, ""));
        let number = self.number;
        (self.rest, self.number) = (rest, number + 1);
        Some((number, line.trim_end()))
    }

    /// The request line: the first that says something.
    fn first(&mut self) -> Option<(usize, &'t str)> {
        loop {
            let (number, line) = self.next()?;
            if !line.is_empty() && !line.starts_with('#') {
                return Some((number, line));
            }
        }
    }

    /// The next header; none behind the empty line.
    fn header(&mut self) -> Option<(usize, &'t str)> {
        loop {
            let (number, line) = self.next()?;
            if line.is_empty() {
                return None;
            }
            if !line.starts_with('#') {
                return Some((number, line));
            }
        }
    }

    /// What is left, and the number of its first line.
    fn rest(&self) -> (usize, &'t str) {
        (self.number, self.rest)
    }
}

/// A place that is counted in bytes, in characters.
fn place(text: &str, line: usize, column: usize) -> (usize, usize) {
    let own = text.lines().nth(line.saturating_sub(1)).unwrap_or_default();
    let before = own.as_bytes().get(..column.saturating_sub(1)).unwrap_or(own.as_bytes());
    (line.max(1), String::from_utf8_lossy(before).chars().count() + 1)
}

/// What is masked in a body: as it is shown, and as it is spelled.
fn veils(body: &str, mask: &Mask) -> Vec<(String, String)> {
    let Some(secrets) = mask.secrets() else { return Vec::new() };
    let places = secrets.lock().replacements(None, Leg::Mcp, body.as_bytes(), &[]);
    let pair = |shown: String, was: &str| {
        // A number gets quotes with its placeholder.
        if shown.starts_with('"') && !was.starts_with('"') {
            return Some((shown, was.to_owned()));
        }
        let hidden = placeholders_in(shown.as_bytes()).next()?.to_owned();
        let (before, behind) = shown.split_once(&hidden)?;
        let was = was.strip_prefix(before)?.strip_suffix(behind)?;
        (was != hidden).then(|| (hidden, was.to_owned()))
    };
    let places = places.unwrap_or_default().into_iter();
    let mut all: Vec<(String, String)> =
        places.filter_map(|place| pair(place.text, body.get(place.range)?)).collect();
    // Those with quotes first: the others are within them.
    all.sort_by(|one, other| other.0.len().cmp(&one.0.len()).then_with(|| one.cmp(other)));
    all.dedup();
    all
}

/// What changed between two texts, line by line.
pub(super) fn changes(old: &str, new: &str) -> Vec<String> {
    let diff = TextDiff::from_lines(old, new);
    let mut lines = Vec::new();
    for (n, group) in diff.grouped_ops(AROUND).iter().enumerate() {
        if n > 0 {
            lines.push("  ⋮".to_owned());
        }
        for change in group.iter().flat_map(|op| diff.iter_changes(op)) {
            let sign = match change.tag() {
                ChangeTag::Delete => '-',
                ChangeTag::Insert => '+',
                ChangeTag::Equal => ' ',
            };
            lines.push(format!("{sign} {}", change.value().trim_end_matches('\n')));
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    fn first(body: &str) -> Foretold {
        let headers = [
            ("host", "h:1"),
            ("content-type", "application/json"),
            ("x-trace", "a"),
            ("accept-encoding", "identity"),
        ];
        let headers = headers.map(|(name, value)| (name.to_owned(), value.to_owned()));
        Foretold {
            method: "POST".to_owned(),
            url: "http://h:1/mcp".to_owned(),
            headers: headers.into_iter().collect(),
            body: Some(body.to_owned()),
            left_out: vec![],
            given: vec![],
            unfilled: false,
        }
    }

    const BODY: &str = r#"{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"look","arguments":{"q":1.50,"api_key":"hunter2-hunter2","pin":"ü"}}}"#;

    fn draft() -> Draft {
        let mut mask = Mask::new(false);
        Draft::of(&first(BODY), "http://h:1", &[], &mut mask).expect("it can be edited")
    }

    #[test]
    fn what_is_not_changed_is_no_edit_and_secrets_stay() {
        let draft = draft();
        let file = draft.file();
        assert!(file.starts_with("# ") && file.contains("POST http://h:1/mcp\n"), "{file}");
        assert!(!file.contains("hunter2") && file.contains("{{api_key:1}}"), "{file}");
        assert!(!file.contains("host:") && !file.contains("identity"), "{file}");
        assert_eq!(draft.read(&file).expect("well"), Edited::default());
    }

    #[test]
    fn a_change_is_taken_and_the_rest_sent_as_it_was() {
        let draft = draft();
        let file = draft.file();
        let read = draft.read(&file.replace("1.50", "2.50")).expect("well");
        let body = BODY.replace("1.50", "2.50");
        assert_eq!(read, Edited { body: Some(body), ..Edited::default() });

        let headers = file.replace("x-trace: a", "X-New: b\nx-new: c");
        let read = draft.read(&headers).expect("well");
        let own = |pairs: &[(&str, &str)]| -> Vec<(String, String)> {
            pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
        };
        let set = own(&[("x-new", "b"), ("x-new", "c")]);
        assert_eq!(read.own, OwnFields { set, gone: vec!["x-trace".to_owned()] });
        assert_eq!((read.to, read.body), (None, None));

        let read = draft.read(&file.replace("h:1/mcp", "h:1/v2")).expect("well");
        assert_eq!(read.to.as_deref(), Some("http://h:1/v2"));
    }

    #[test]
    fn a_header_that_was_given_beside_it_is_no_edit() {
        use crate::tui::desk::{GivenValue, Secret};
        let before = draft().file();
        let value = GivenValue::Typed(Secret("b".to_owned()));
        let given = [GivenHeader { name: "X-Trace".to_owned(), value }];
        let mut mask = Mask::new(false);
        let draft = Draft::of(&first(BODY), "http://h:1/mcp", &given, &mut mask).expect("well");
        assert!(!draft.file().contains("x-trace"));
        // What was edited before it was given names it.
        assert_eq!(draft.read(&before).expect("well"), Edited::default());
    }

    #[test]
    fn what_is_wrong_is_said_with_its_place() {
        let draft = draft();
        let file = draft.file();
        let line = |word: &str| file.lines().position(|line| line.contains(word)).expect("it") + 1;
        for (edited, said) in [
            (file.replace("1.50", "oops"), format!("line {}, column ", line("1.50"))),
            (file.replace("\"ü\"", "\"ü\" x"), format!("line {}, column 18: ", line("ü"))),
            (file.replace("x-trace: a", "x-trace"), format!("line {}, column 8", line("x-trace"))),
            (file.replace("POST", "PUT"), format!("line {}: the method", line("POST"))),
            (file.replace("http://h:1/mcp", "nowhere"), "column 6: the target".to_owned()),
            (file.replace("x-trace: a", "x: {{authorization:1}}"), "stands for nothing".to_owned()),
            (String::new(), "no request line".to_owned()),
            ("POST http://h:1/mcp\n\n3".to_owned(), "is an object".to_owned()),
            ("POST http://h:1/mcp\n".to_owned(), "line 2, column 1".to_owned()),
        ] {
            let error = format!("{:#}", draft.read(&edited).expect_err(&edited));
            assert!(error.contains(&said), "{said}: {error}\n{edited}");
        }
    }

    #[test]
    fn changes_are_shown_with_a_line_around() {
        let lines = changes("a\nb\nc\nd\n", "a\nb\nC\nd\n");
        assert_eq!(lines, ["  b", "- c", "+ C", "  d"]);
        assert!(changes("same\n", "same\n").is_empty());
    }
}
