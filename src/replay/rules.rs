//! Rules that a user writes: `[[rule]]` with `path`, `method`, `name`, `do`, `value` (faces.md,
//! Tapes). One file format for comparing, redacting and faults; each user takes the rules that are
//! its own and refuses the others by name.

use std::{collections::BTreeSet, time::Duration};

use serde::Deserialize;
use wildmatch::WildMatch;

/// The longest rules file, in bytes; a longer one is refused.
pub const BYTES_CAP: usize = 1 << 20;

/// The most rules of a file: each is asked at every place of every message. A file with more is
/// refused.
pub const RULES_CAP: usize = 1_000;

/// The longest path, in bytes; a longer one is refused.
const PATH_CAP: usize = 512;

/// The most filters, groups and negations of a path: what reads it goes a call deeper with each and
/// takes twice as long. A path with more is refused.
const NESTED_CAP: usize = 8;

/// How big a regular expression may become, in bytes; a bigger one is refused.
const REGEX_CAP: usize = 1 << 20;

/// What is wrong with a rules file.
#[derive(Debug, thiserror::Error)]
pub enum RulesError {
    /// It is no TOML, or has keys that are none.
    #[error("the rules cannot be read: {0}")]
    Syntax(#[from] toml::de::Error),
    /// It is too long.
    #[error("the rules are too many: at most {RULES_CAP} rules in {BYTES_CAP} bytes")]
    TooMany,
    /// A rule, counted from 1, that makes no sense.
    #[error("rule {0}: {1}")]
    Rule(usize, String),
    /// A path.
    #[error(
        "`{0}` is no path: {1}\nhint: a path is RFC 6901 (`/result/content/0/text`), or RFC \
             9535 when it begins with `$`"
    )]
    Path(String, String),
}

/// Rules in the order of their file.
#[derive(Clone, Debug, Default)]
pub struct Rules {
    /// In order.
    pub list: Vec<Rule>,
}

/// One rule.
#[derive(Clone, Debug)]
pub struct Rule {
    /// Where; none for the whole message.
    pub path: Option<Selector>,
    /// Only these methods: a glob.
    pub method: Option<String>,
    /// Only these tools, prompts, resources: a glob.
    pub name: Option<String>,
    /// What.
    pub action: Action,
}

/// What a rule does.
#[derive(Clone, Debug)]
pub enum Action {
    /// Compare: not at all.
    Ignore,
    /// Compare: the JSON type alone.
    Type,
    /// Compare: both must match this.
    Regex(regex::Regex),
    /// Compare: an array without order.
    Unordered,
    /// Compare: numbers that are no farther apart.
    Tolerance(f64),
    /// Replay: what stands there was born at this path of an earlier answer.
    Bind(Selector),
    /// Replay: what stands there is no fresh value; it is sent, or compared, as recorded.
    Keep,
    /// Export: a secret.
    Redact,
    /// Serve: wait before answering.
    Delay(Duration),
    /// Serve: answer with this HTTP status (100 to 599), or JSON-RPC error code.
    Error(i64),
    /// Serve: cut the stream after this many frames.
    Cut(u64),
    /// Serve: forget the session.
    Expire,
}

/// Who takes rules.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// `verify --rules`: comparing, and what is bound.
    Verify,
    /// `export --redact`.
    Redact,
    /// `serve --faults`.
    Faults,
}

impl Purpose {
    /// What its rules do.
    fn words(self) -> &'static str {
        match self {
            Self::Verify => {
                "`verify --rules` takes ignore, type, regex, unordered, tolerance, bind, keep"
            }
            Self::Redact => "`export --redact` takes redact",
            Self::Faults => "`serve --faults` takes delay, error, cut, expire",
        }
    }
}

impl Action {
    /// The word of faces.md.
    #[must_use]
    pub fn as_str(&self) -> &'static str {
        match self {
            Self::Ignore => "ignore",
            Self::Type => "type",
            Self::Regex(_) => "regex",
            Self::Unordered => "unordered",
            Self::Tolerance(_) => "tolerance",
            Self::Redact => "redact",
            Self::Delay(_) => "delay",
            Self::Error(_) => "error",
            Self::Cut(_) => "cut",
            Self::Expire => "expire",
            Self::Bind(_) => "bind",
            Self::Keep => "keep",
        }
    }

    /// Whose it is.
    #[must_use]
    pub fn purpose(&self) -> Purpose {
        match self {
            Self::Ignore
            | Self::Type
            | Self::Regex(_)
            | Self::Unordered
            | Self::Tolerance(_)
            | Self::Bind(_)
            | Self::Keep => Purpose::Verify,
            Self::Redact => Purpose::Redact,
            Self::Delay(_) | Self::Error(_) | Self::Cut(_) | Self::Expire => Purpose::Faults,
        }
    }
}

/// A place in a message: RFC 6901 (`*` stands for one step), or RFC 9535 when it begins with `$`.
#[derive(Clone, Debug)]
pub enum Selector {
    /// RFC 6901, `*` allowed as a step.
    Pointer(String),
    /// RFC 9535.
    Path(Box<serde_json_path::JsonPath>),
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    #[serde(default)]
    rule: Vec<Typed>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Typed {
    path: Option<String>,
    method: Option<String>,
    name: Option<String>,
    #[serde(rename = "do")]
    what: String,
    value: Option<toml::Value>,
}

impl Rules {
    /// Reads a file's text.
    ///
    /// # Errors
    ///
    /// What is wrong with it.
    pub fn parse(text: &str) -> Result<Self, RulesError> {
        if text.len() > BYTES_CAP {
            return Err(RulesError::TooMany);
        }
        let file: File = toml::from_str(text)?;
        if file.rule.len() > RULES_CAP {
            return Err(RulesError::TooMany);
        }
        let rules = file.rule.into_iter().enumerate();
        let rules = rules.map(|(place, typed)| {
            Rule::of(typed).map_err(|error| match error {
                RulesError::Rule(_, text) => RulesError::Rule(place + 1, text),
                other => RulesError::Rule(place + 1, other.to_string()),
            })
        });
        Ok(Self { list: rules.collect::<Result<_, _>>()? })
    }

    /// Refuses rules that are somebody else's: they would have no effect.
    ///
    /// # Errors
    ///
    /// The first that is.
    pub fn only(&self, purpose: Purpose) -> Result<(), RulesError> {
        let foreign = |rule: &Rule| rule.action.purpose() != purpose;
        let Some(place) = self.list.iter().position(foreign) else { return Ok(()) };
        let word = self.list.get(place).map(|rule| rule.action.as_str()).unwrap_or_default();
        let text = format!("`do = \"{word}\"` has no effect here\nhint: {}", purpose.words());
        Err(RulesError::Rule(place + 1, text))
    }
}

impl Rule {
    fn of(typed: Typed) -> Result<Self, RulesError> {
        let path = typed.path.as_deref().map(Selector::parse).transpose()?;
        let action =
            action(&typed.what, typed.value.as_ref()).map_err(|e| RulesError::Rule(0, e))?;
        Ok(Self { path, method: typed.method, name: typed.name, action })
    }

    /// The rule speaks of this method and name.
    #[must_use]
    pub fn concerns(&self, method: &str, name: Option<&str>) -> bool {
        let fits = |glob: &Option<String>, text: &str| {
            glob.as_deref().is_none_or(|glob| WildMatch::new(glob).matches(text))
        };
        fits(&self.method, method) && fits(&self.name, name.unwrap_or_default())
    }
}

fn action(what: &str, value: Option<&toml::Value>) -> Result<Action, String> {
    let needs = |kind: &str| format!("`do = \"{what}\"` needs a `value`: {kind}");
    let text = || value.and_then(toml::Value::as_str);
    let number = || {
        let integer = value.and_then(toml::Value::as_integer);
        #[expect(clippy::cast_precision_loss, reason = "a tolerance, not an amount")]
        value.and_then(toml::Value::as_float).or(integer.map(|integer| integer as f64))
    };
    if value.is_some()
        && matches!(what, "ignore" | "type" | "unordered" | "keep" | "redact" | "expire")
    {
        return Err(format!("`do = \"{what}\"` takes no `value`"));
    }
    match what {
        "ignore" => Ok(Action::Ignore),
        "type" => Ok(Action::Type),
        "unordered" => Ok(Action::Unordered),
        "redact" => Ok(Action::Redact),
        "expire" => Ok(Action::Expire),
        "keep" => Ok(Action::Keep),
        "bind" => {
            let path = text().ok_or_else(|| needs("the path of an answer that it is born at"))?;
            Selector::parse(path).map(Action::Bind).map_err(|error| error.to_string())
        }
        "regex" => {
            let text = text().ok_or_else(|| needs("a regular expression"))?;
            let regex = regex::RegexBuilder::new(text).size_limit(REGEX_CAP).build();
            regex.map(Action::Regex).map_err(|error| error.to_string())
        }
        "tolerance" => {
            let most = number().filter(|most| *most >= 0.0);
            most.map(Action::Tolerance).ok_or_else(|| needs("a number, 0 or more"))
        }
        "delay" => {
            let seconds = number().and_then(|seconds| Duration::try_from_secs_f64(seconds).ok());
            seconds.map(Action::Delay).ok_or_else(|| needs("seconds"))
        }
        "error" => {
            let code = value.and_then(toml::Value::as_integer);
            code.map(Action::Error).ok_or_else(|| needs("an HTTP status or a JSON-RPC code"))
        }
        "cut" => {
            let frames = value.and_then(toml::Value::as_integer).and_then(|n| n.try_into().ok());
            frames.map(Action::Cut).ok_or_else(|| needs("a number of frames"))
        }
        other => Err(format!(
            "`do = \"{other}\"` is unknown\nhint: one of ignore, type, regex, unordered, \
             tolerance, bind, keep, redact, delay, error, cut, expire"
        )),
    }
}

impl Selector {
    /// Reads a path.
    ///
    /// # Errors
    ///
    /// What is wrong with it.
    pub fn parse(text: &str) -> Result<Self, RulesError> {
        let wrong = |why: String| RulesError::Path(text.to_owned(), why);
        if text.len() > PATH_CAP {
            let begun: String = text.chars().take(20).collect();
            let why = format!("it is longer than {PATH_CAP} bytes");
            return Err(RulesError::Path(format!("{begun}…"), why));
        }
        if text.starts_with('$') {
            if text.matches(['(', '?', '!']).count() > NESTED_CAP {
                return Err(wrong(format!("it has more than {NESTED_CAP} of `?`, `(` and `!`")));
            }
            let path = serde_json_path::JsonPath::parse(text);
            return path.map(Box::new).map(Self::Path).map_err(|error| wrong(error.to_string()));
        }
        if text.split('~').skip(1).any(|rest| !rest.starts_with(['0', '1'])) {
            return Err(wrong("`~` is written `~0`, and `/` in a key `~1`".to_owned()));
        }
        if text.is_empty() || text.starts_with('/') {
            return Ok(Self::Pointer(text.to_owned()));
        }
        Err(wrong("it begins with neither `/` nor `$`".to_owned()))
    }

    /// The places in a message that it means, RFC 6901 each; those of a pointer need not exist.
    #[must_use]
    pub fn places(&self, message: &serde_json::Value) -> BTreeSet<String> {
        match self {
            Self::Pointer(pointer) => BTreeSet::from([pointer.clone()]),
            Self::Path(path) => {
                let located = path.query_located(message);
                located.locations().map(serde_json_path::NormalizedPath::to_json_pointer).collect()
            }
        }
    }
}

/// A place fits a pointer in which `*` stands for one step.
#[must_use]
pub fn fits(pointer: &str, place: &str) -> bool {
    let (pointer, place) = (pointer.as_bytes(), place.as_bytes());
    let is_end = |text: &[u8], at: usize| matches!(text.get(at), None | Some(b'/'));
    let (mut own, mut its, mut begins) = (0, 0, true);
    loop {
        if begins && pointer.get(own) == Some(&b'*') && is_end(pointer, own + 1) {
            own += 1;
            while !is_end(place, its) {
                its += 1;
            }
        }
        match (pointer.get(own), place.get(its)) {
            (None, None) => return true,
            (Some(wanted), Some(byte)) if wanted == byte => begins = *byte == b'/',
            _ => return false,
        }
        (own, its) = (own + 1, its + 1);
    }
}

#[cfg(test)]
mod tests;
