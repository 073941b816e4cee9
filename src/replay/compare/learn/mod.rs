//! `--learn N`: what differs from one replay to the next is noise, and a rule can settle it; what
//! differs in the same way each time is a change, and none may.
//!
//! Rules are proposed for a place of a method and name, each with what was seen there, and written
//! as a file for people to look through ([`Learnt::toml`]). Nothing is applied.

mod arrays;
mod pattern;
#[cfg(test)]
mod tests;
mod written;

use std::collections::{BTreeMap, BTreeSet};

use super::verdict::{Difference, Kind, Verdict};
use crate::replay::value::Value;

/// Values kept of one place as evidence; further ones are counted.
const EVIDENCE_CAP: usize = 5;

/// Places of which rules are proposed; a report with more differences than that is not noise, and
/// the rest is counted.
const PROPOSALS_CAP: usize = 500;

/// The longest path and name that a rule is proposed for, in bytes: no rule may have a longer path.
const NAMED_CAP: usize = 512;

/// What N replays taught.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Learnt {
    /// How many replays there were.
    pub runs: usize,
    /// By method, name and path.
    pub proposals: Vec<Proposal>,
    /// What differed and no rule is proposed for, a line each: what, and why.
    pub left: BTreeSet<String>,
    /// Places beyond what is proposed for: too many, or too long for a rule.
    pub more: usize,
}

/// A rule that would settle what was seen.
#[derive(Clone, Debug, PartialEq)]
pub struct Proposal {
    /// The method, as it is.
    pub method: String,
    /// Tool, prompt or resource, as it is.
    pub name: Option<String>,
    /// RFC 6901, `*` where it was seen at several places of an array.
    pub path: String,
    /// What to do.
    pub rule: Proposed,
    /// Why.
    pub evidence: Evidence,
}

/// What a proposed rule does.
#[derive(Clone, Debug, PartialEq)]
pub enum Proposed {
    /// Not compared.
    Ignore,
    /// By JSON type.
    Type,
    /// All that was seen matches this.
    Regex(String),
    /// The same elements in another order.
    Unordered,
    /// No farther apart than this.
    Tolerance(f64),
}

/// What was seen at a place.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Evidence {
    /// In how many replays it differed from the recording.
    pub runs: usize,
    /// How often in all.
    pub times: usize,
    /// JSON texts, the recorded ones first, each once.
    pub values: Vec<String>,
    /// Distinct values beyond these.
    pub more: usize,
}

/// What was seen at one place of one step, replay by replay.
#[derive(Debug, Default)]
struct Place<'v> {
    /// By step: the replay's number, and the difference.
    seen: BTreeMap<&'v str, Vec<(usize, &'v Difference)>>,
}

/// Learns from replays of the same tape, the verdicts of each. Values come into the file as they
/// stand in the verdicts: masked ones stay masked.
#[must_use]
pub fn learn(runs: &[&[Verdict]]) -> Learnt {
    let mut learnt = Learnt { runs: runs.len(), ..Learnt::default() };
    for ((method, name), places) in gathered(runs, &mut learnt.left) {
        let (unordered, places) = arrays::unordered(places, runs.len());
        for (path, evidence) in unordered {
            learnt.propose(method, name, path, Proposed::Unordered, evidence);
        }
        for (path, place) in merged(places) {
            let what = format!("{method} {} {path}", name.unwrap_or_default());
            if !place.varies(runs.len()) {
                let why = "differs in the same way each time, which is a change and no noise";
                learnt.left.insert(format!("{what}: {why}"));
                continue;
            }
            let rule = place.rule();
            learnt.propose(method, name, path, rule, place.evidence());
        }
    }
    learnt
}

impl Learnt {
    fn propose(
        &mut self,
        method: &str,
        name: Option<&str>,
        path: String,
        rule: Proposed,
        evidence: Evidence,
    ) {
        let long = path.len().max(method.len()).max(name.map_or(0, str::len)) > NAMED_CAP;
        if long || self.proposals.len() >= PROPOSALS_CAP {
            self.more += 1;
            return;
        }
        let (method, name) = (method.to_owned(), name.map(str::to_owned));
        self.proposals.push(Proposal { method, name, path, rule, evidence });
    }
}

/// A method and what it names.
type Asked<'v> = (&'v str, Option<&'v str>);
type Places<'v> = BTreeMap<String, Place<'v>>;

/// All differences that a rule could settle, by method and name, then by path. No rule settles how
/// a step came out, or what came beside its answer.
fn gathered<'v>(
    runs: &[&'v [Verdict]],
    left: &mut BTreeSet<String>,
) -> BTreeMap<Asked<'v>, Places<'v>> {
    let mut all: BTreeMap<Asked<'v>, Places<'v>> = BTreeMap::new();
    for (run, verdicts) in runs.iter().enumerate() {
        for verdict in *verdicts {
            let asked = (verdict.method.as_str(), verdict.name.as_deref());
            let step = verdict.message.as_deref().unwrap_or_default();
            let what = format!("{} {}", asked.0, asked.1.unwrap_or_default());
            let what = what.trim_end();
            if verdict.differences.is_empty() && verdict.ruling != super::Ruling::Same {
                let why = verdict.reason.as_deref().unwrap_or("no rule settles it");
                left.insert(format!("{what} is {}: {why}", verdict.ruling.as_str()));
            }
            for difference in &verdict.differences {
                if difference.path.is_empty() || difference.kind == Kind::Notifications {
                    let kind = difference.kind.as_str();
                    left.insert(format!("{what}: {kind} differs, which no rule settles"));
                    continue;
                }
                let place = all.entry(asked).or_default().entry(difference.path.clone());
                place.or_default().seen.entry(step).or_default().push((run, difference));
            }
        }
    }
    all
}

/// Places that are alike but for where in an array they stand are one, where several were seen.
fn merged(places: Places<'_>) -> Places<'_> {
    let general = |path: &str| {
        let steps = path.split('/').map(|step| {
            let is_place = !step.is_empty() && step.bytes().all(|byte| byte.is_ascii_digit());
            if is_place { "*" } else { step }
        });
        steps.collect::<Vec<_>>().join("/")
    };
    let mut alike: BTreeMap<String, Vec<(String, Place<'_>)>> = BTreeMap::new();
    for (path, place) in places {
        alike.entry(general(&path)).or_default().push((path, place));
    }
    let mut all = Places::new();
    for (general, mut several) in alike {
        if several.len() == 1 {
            all.extend(several.pop());
            continue;
        }
        let mut whole = Place::default();
        for (step, seen) in several.into_iter().flat_map(|(_, place)| place.seen) {
            whole.seen.entry(step).or_default().extend(seen);
        }
        all.insert(general, whole);
    }
    all
}

impl<'v> Place<'v> {
    fn differences(&self) -> impl Iterator<Item = (usize, &'v Difference)> {
        self.seen.values().flatten().copied()
    }

    /// The replays differ among themselves: in one step they saw several values, the recorded one
    /// among them where some replay had no difference.
    fn varies(&self, runs: usize) -> bool {
        self.seen.values().any(|seen| {
            // By path, as of one step several places may be merged.
            let mut by_path: BTreeMap<&str, (BTreeSet<usize>, BTreeSet<Option<&str>>)> =
                BTreeMap::new();
            for (run, difference) in seen {
                let (ran, values) = by_path.entry(&difference.path).or_default();
                ran.insert(*run);
                values.insert(difference.replayed.as_deref());
            }
            by_path.values().any(|(ran, values)| values.len() > 1 || ran.len() < runs)
        })
    }

    /// Every value that was seen, JSON text, the recorded ones first.
    fn values(&self) -> Vec<&'v str> {
        let recorded = self.differences().filter_map(|(_, found)| found.recorded.as_deref());
        let replayed = self.differences().filter_map(|(_, found)| found.replayed.as_deref());
        let (mut values, mut met) = (Vec::new(), BTreeSet::new());
        for value in recorded.chain(replayed) {
            if met.insert(value) {
                values.push(value);
            }
        }
        values
    }

    fn evidence(&self) -> Evidence {
        let runs: BTreeSet<usize> = self.differences().map(|(run, _)| run).collect();
        let mut values: Vec<String> = self.values().into_iter().map(str::to_owned).collect();
        let more = values.len().saturating_sub(EVIDENCE_CAP);
        values.truncate(EVIDENCE_CAP);
        Evidence { runs: runs.len(), times: self.differences().count(), values, more }
    }

    /// The narrowest rule that settles all that was seen.
    fn rule(&self) -> Proposed {
        if self.differences().any(|(_, found)| found.kind != Kind::Value) {
            return Proposed::Ignore;
        }
        let values: Vec<Value<'_>> = self.values().into_iter().map(Value::of).collect();
        if let Some(numbers) = all(&values, number) {
            return tolerance(&numbers).map_or(Proposed::Type, Proposed::Tolerance);
        }
        let texts = all(&values, |value| match value {
            Value::Text(text) => Some(text.as_str()),
            _ => None,
        });
        match texts.and_then(|texts| pattern::common(&texts)) {
            Some(regex) => Proposed::Regex(regex),
            None => Proposed::Type,
        }
    }
}

fn all<'a, T>(values: &'a [Value<'_>], of: impl Fn(&'a Value<'_>) -> Option<T>) -> Option<Vec<T>> {
    values.iter().map(of).collect()
}

fn number(value: &Value<'_>) -> Option<f64> {
    let Value::Number(number) = value else { return None };
    number.parse().ok().filter(|number: &f64| number.is_finite())
}

/// Numbers that lie close together may go on doing so, by twice as much as was seen. Where they
/// are apart by more than a tenth of the largest they are not close.
fn tolerance(numbers: &[f64]) -> Option<f64> {
    let least = numbers.iter().copied().fold(f64::INFINITY, f64::min);
    let most = numbers.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let (apart, largest) = (most - least, least.abs().max(most.abs()));
    (apart > 0.0 && apart <= largest / 10.0).then_some(apart * 2.0)
}
