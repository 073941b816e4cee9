//! Alternatives with globs: `tools/*|prompts/get`.

use wildmatch::WildMatchPattern;

use super::lex::Value;

/// `*` alone is a wildcard: `?` is common in URIs and stands for itself.
type Glob = WildMatchPattern<'*', '\u{10FFFF}'>;

/// One value or several; any of them may match.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Pattern(Vec<One>);

#[derive(Clone, Debug, PartialEq)]
enum One {
    Glob(Glob),
    Text(String),
}

impl Pattern {
    pub(super) fn new(values: &[Value]) -> Self {
        let one = |value: &Value| {
            if value.quoted || !value.text.contains('*') {
                One::Text(value.text.clone())
            } else {
                One::Glob(Glob::new(&value.text))
            }
        };
        Self(values.iter().map(one).collect())
    }

    /// The values, where none is a glob.
    pub(super) fn texts(&self) -> Option<Vec<&str>> {
        let texts = self.0.iter().map(|one| match one {
            One::Text(value) => Some(value.as_str()),
            One::Glob(_) => None,
        });
        texts.collect()
    }

    /// Equal to one of the values.
    pub(super) fn is(&self, text: &str) -> bool {
        self.0.iter().any(|one| match one {
            One::Glob(glob) => glob.matches(text),
            One::Text(value) => value == text,
        })
    }

    /// Equal to one of the values, or beginning with it.
    pub(super) fn begins(&self, text: &str) -> bool {
        self.0.iter().any(|one| match one {
            One::Glob(glob) => glob.matches(text),
            One::Text(value) => text.starts_with(value.as_str()),
        })
    }

    /// One of the values is somewhere in it, whatever the case of ASCII letters.
    pub(super) fn is_in(&self, text: &[u8]) -> bool {
        self.0.iter().any(|one| match one {
            One::Glob(glob) => glob_in(glob, text),
            One::Text(value) => contains(text, value.as_bytes()),
        })
    }
}

fn glob_in(glob: &Glob, text: &[u8]) -> bool {
    let anywhere = Glob::new_case_insensitive(&format!("*{glob}*"));
    anywhere.matches(&String::from_utf8_lossy(text))
}

fn contains(text: &[u8], value: &[u8]) -> bool {
    value.is_empty() || text.windows(value.len()).any(|window| window.eq_ignore_ascii_case(value))
}
