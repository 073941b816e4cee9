//! The user's rules: `export --redact RULES.toml` (faces.md, Tapes). They add to what is secret
//! anyway and never take away from it.

use std::{collections::HashMap, fs, path::Path};

use anyhow::{Context, bail};
use serde_json::Value;

use crate::{
    capture::{
        Side,
        redact::{Mark, documents},
    },
    cli::recording::Entry,
    protocol::{Direction, Kind},
    replay::rules::{Action, Rule, Rules, Selector},
};

/// What a rule without a path leaves as it is: MCP's own words, without which a message is none.
const KEPT: &[&str] = &["_meta", "mimeType", "name", "protocolVersion", "role", "type", "uri"];

/// The rules of a file that are about redacting.
#[derive(Default)]
pub(super) struct Own(Vec<Rule>);

/// What the answers of one exchange answer: method and name, by direction and id.
#[derive(Default)]
pub(super) struct Answered(HashMap<(Side, String), (String, Option<String>)>);

impl Answered {
    pub(super) fn of(entries: &[Entry]) -> Self {
        let messages = entries.iter().filter_map(|entry| entry.message.as_ref());
        let answers =
            messages.filter(|message| matches!(message.kind, Kind::Response | Kind::Error));
        let told = answers.filter_map(|answer| {
            let side = match answer.direction {
                Direction::ClientToServer => Side::Request,
                Direction::ServerToClient => Side::Response,
            };
            let key = (side, answer.rpc_id.clone()?);
            Some((key, (answer.method.clone()?, answer.name.clone())))
        });
        Self(told.collect())
    }
}

impl Own {
    /// Reads a file; no file has no rules.
    pub(super) fn read(path: Option<&Path>) -> anyhow::Result<Self> {
        let Some(path) = path else { return Ok(Self::default()) };
        let name = path.display();
        let text = fs::read_to_string(path).with_context(|| format!("cannot read {name}"))?;
        Self::parse(&text).with_context(|| format!("{name}"))
    }

    pub(super) fn parse(text: &str) -> anyhow::Result<Self> {
        let rules = Rules::parse(text)?.list;
        for (number, rule) in (1..).zip(&rules) {
            if !matches!(rule.action, Action::Redact) {
                bail!(
                    "rule {number}: `do = \"{}\"` is not for exports\nhint: `--redact` takes rules \
                     with `do = \"redact\"` alone",
                    rule.action.as_str()
                );
            }
            if rule.path.is_none() && rule.method.is_none() && rule.name.is_none() {
                bail!(
                    "rule {number} names nothing: it would empty every message\nhint: give it a \
                     `path`, a `method` or a `name`"
                );
            }
        }
        Ok(Self(rules))
    }

    /// Whether a rule asks what an answer is an answer to.
    pub(super) fn asks(&self) -> bool {
        self.0.iter().any(|rule| rule.method.is_some() || rule.name.is_some())
    }

    /// What they say is secret in a body.
    pub(super) fn marks(&self, side: Side, body: &[u8], answered: &Answered) -> Vec<Mark> {
        let mut marks = Vec::new();
        if self.0.is_empty() {
            return marks;
        }
        documents(body, &mut |document| {
            let messages = match &document.value {
                Value::Array(batch) => {
                    batch.iter().enumerate().map(|(at, one)| (format!("/{at}"), one)).collect()
                }
                one => vec![(String::new(), one)],
            };
            for (prefix, message) in messages {
                let (method, name) = subject(message, side, answered);
                let concerned =
                    self.0.iter().filter(|rule| rule.concerns(&method, name.as_deref()));
                let places: Vec<Place> =
                    concerned.flat_map(|rule| Place::of(rule, message)).collect();
                let own = document.scalars.iter().filter(|(pointer, mark)| {
                    let pointer = pointer.strip_prefix(&prefix).unwrap_or_default();
                    let value = body.get(mark.range.clone()).unwrap_or_default();
                    let word = !mark.is_string && matches!(value, b"true" | b"false");
                    let null = !mark.is_string && value == b"null";
                    !null && places.iter().any(|place| place.has(pointer, word))
                });
                marks.extend(own.map(|(_, mark)| mark.clone()));
            }
        });
        marks
    }
}

/// The method and name that a message is about.
fn subject(message: &Value, side: Side, answered: &Answered) -> (String, Option<String>) {
    let text = |pointer: &str| message.pointer(pointer)?.as_str().map(str::to_owned);
    if let Some(method) = text("/method") {
        let name = ["/params/name", "/params/uri", "/params/taskId", "/params/ref/name"];
        return (method, name.into_iter().find_map(text));
    }
    let id = message.get("id").map(Value::to_string).unwrap_or_default();
    answered.0.get(&(side, id)).cloned().unwrap_or_default()
}

/// Where a rule applies in one message.
enum Place {
    /// Everything beneath a pointer; `*` stands for one step.
    Beneath(String),
    /// Parameters, result and error, save what makes them a message.
    All,
}

impl Place {
    fn of(rule: &Rule, message: &Value) -> Vec<Self> {
        match &rule.path {
            Some(path @ (Selector::Pointer(_) | Selector::Path(_))) => {
                path.places(message).into_iter().map(Self::Beneath).collect()
            }
            None => vec![Self::All],
        }
    }

    fn has(&self, pointer: &str, is_word: bool) -> bool {
        match self {
            Self::Beneath(place) => {
                let mut steps = pointer.split('/');
                place
                    .split('/')
                    .all(|wanted| steps.next().is_some_and(|step| wanted == "*" || wanted == step))
            }
            Self::All => {
                let mut steps = pointer.split('/').skip(1);
                let part = matches!(steps.next(), Some("params" | "result" | "error"));
                let own = steps.any(|step| KEPT.contains(&step));
                let code = pointer == "/error/code";
                part && !own && !code && !is_word
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn marked(rules: &str, side: Side, body: &str, answered: &Answered) -> Vec<String> {
        let own = Own::parse(rules).expect("rules");
        let marks = own.marks(side, body.as_bytes(), answered);
        marks.into_iter().map(|mark| body[mark.range].to_owned()).collect()
    }

    #[test]
    fn rules_mark_what_they_name() {
        let request = r#"{"jsonrpc":"2.0","id":7,"method":"tools/call","params":{"name":"pay","arguments":{"pin":1234,"to":["a","b"],"now":true}}}"#;
        let answer = r#"data: {"jsonrpc":"2.0","id":7,"result":{"content":[{"type":"text","text":"done"}]}}"#;
        let key = (Side::Response, "7".to_owned());
        let told = ("tools/call".to_owned(), Some("pay".to_owned()));
        let answered = Answered(HashMap::from([(key, told)]));
        let table: &[(&str, Side, &str, &[&str])] = &[
            ("path = \"/params/arguments/pin\"", Side::Request, request, &["1234"]),
            ("path = \"/params/arguments/to\"", Side::Request, request, &["a", "b"]),
            ("path = \"/params/arguments/to/*\"", Side::Request, request, &["a", "b"]),
            ("path = \"$..to[1]\"", Side::Request, request, &["b"]),
            ("path = \"/params/arguments/now\"", Side::Request, request, &["true"]),
            ("path = \"/result\"\nname = \"pa*\"", Side::Response, answer, &["text", "done"]),
            ("name = \"pay\"", Side::Response, answer, &["done"]),
            ("name = \"pay\"", Side::Request, request, &["1234", "a", "b"]),
            ("method = \"tools/list\"", Side::Response, answer, &[]),
            ("name = \"other\"", Side::Request, request, &[]),
        ];
        for (rule, side, body, expected) in table {
            let rules = format!("[[rule]]\n{rule}\ndo = \"redact\"\n");
            assert_eq!(marked(&rules, *side, body, &answered), *expected, "{rule}");
        }
        let batch = format!("[{request},{request}]");
        let rules = "[[rule]]\npath = \"/params/arguments/pin\"\ndo = \"redact\"\n";
        assert_eq!(marked(rules, Side::Request, &batch, &answered), ["1234", "1234"]);
    }

    #[test]
    fn other_rules_are_refused_by_name() {
        let refused = |text: &str| Own::parse(text).err().expect("refused").to_string();
        let text = "[[rule]]\nname = \"a\"\ndo = \"redact\"\n[[rule]]\ndo = \"ignore\"\n";
        let error = refused(text);
        assert!(error.contains("rule 2") && error.contains("`do = \"ignore\"`"), "{error}");
        assert!(refused("[[rule]]\ndo = \"redact\"\n").contains("names nothing"));
    }
}
