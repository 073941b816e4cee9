//! Faults on demand: rules of a file (faces.md, Tapes).

use std::time::Duration;

use crate::replay::rules::{Action, Rules};

/// What of a rules file concerns serving.
#[derive(Debug, Default)]
pub struct Faults {
    rules: Rules,
    /// Rules that forget a session have done so: what opens a new one finds it standing.
    expired: Vec<bool>,
}

/// What befalls a request.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Fault {
    pub(super) delay: Duration,
    /// An HTTP status, or a JSON-RPC code.
    pub(super) error: Option<i64>,
    /// Frames that are sent of its stream.
    pub(super) cut: Option<u64>,
    /// Its session is forgotten.
    pub(super) expires: bool,
}

/// A rule that has no place here.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "rule {0}: {1}\nhint: `serve --faults` takes `do = \"delay\"`, `\"error\"`, `\"cut\"` and \
     `\"expire\"`, with `method` and `name`"
)]
pub struct NoFault(usize, &'static str);

impl Faults {
    /// Takes the rules of a file.
    ///
    /// # Errors
    ///
    /// A rule that is for comparing or redacting, or names a path.
    pub fn of(rules: Rules) -> Result<Self, NoFault> {
        for (place, rule) in rules.list.iter().enumerate() {
            let is_fault = matches!(
                rule.action,
                Action::Delay(_) | Action::Error(_) | Action::Cut(_) | Action::Expire
            );
            if !is_fault {
                return Err(NoFault(place + 1, "it is no fault"));
            }
            if rule.path.is_some() {
                return Err(NoFault(place + 1, "a fault befalls a request as a whole, no `path`"));
            }
        }
        let expired = vec![false; rules.list.len()];
        Ok(Self { rules, expired })
    }

    /// What befalls a request. Of several delays all count, of the others the first.
    pub(super) fn befall(&mut self, method: &str, name: Option<&str>, in_session: bool) -> Fault {
        let mut fault = Fault::default();
        for (rule, expired) in self.rules.list.iter().zip(&mut self.expired) {
            if !rule.concerns(method, name) {
                continue;
            }
            match rule.action {
                Action::Delay(delay) => fault.delay = fault.delay.saturating_add(delay),
                Action::Error(code) => fault.error = fault.error.or(Some(code)),
                Action::Cut(frames) => fault.cut = fault.cut.or(Some(frames)),
                Action::Expire if in_session && !*expired => {
                    *expired = true;
                    fault.expires = true;
                }
                _ => {}
            }
        }
        fault
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rules_befall_what_they_name() {
        let text = "[[rule]]\nmethod = 'tools/*'\ndo = 'delay'\nvalue = 2\n\
                    [[rule]]\nname = 'add'\ndo = 'cut'\nvalue = 1\n\
                    [[rule]]\nmethod = 'ping'\ndo = 'error'\nvalue = 503\n\
                    [[rule]]\nmethod = 'ping'\ndo = 'expire'\n";
        let mut faults = Faults::of(Rules::parse(text).expect("rules")).expect("faults");
        let slow = Fault { delay: Duration::from_secs(2), ..Fault::default() };
        assert_eq!(faults.befall("tools/list", None, true), slow);
        assert_eq!(faults.befall("tools/call", Some("add"), true), Fault { cut: Some(1), ..slow });
        let error = Fault { error: Some(503), ..Fault::default() };
        assert_eq!(faults.befall("ping", None, false), error);
        assert_eq!(faults.befall("ping", None, true), Fault { expires: true, ..error });
        assert_eq!(faults.befall("ping", None, true), error);
        for (text, place) in [("do = 'ignore'\npath = '/a'", 1), ("do = 'expire'\npath = '/a'", 1)]
        {
            let rules = Rules::parse(&format!("[[rule]]\n{text}")).expect("rules");
            assert_eq!(Faults::of(rules).expect_err("no fault").0, place);
        }
    }
}
