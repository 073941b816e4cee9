//! The differences of two JSON texts, each with its path.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::value::RawValue;

use super::{
    Difference, Kind,
    steps::Step,
    time,
    value::{Value, same_number},
    volatile::{self, How},
};
use crate::capture::Timestamp;

/// Differences told of one step; further ones are counted.
const DIFFERENCES_CAP: usize = 1_000;

/// Deeper values are compared as spelled.
const DEPTH_CAP: usize = 64;

/// A walk over two steps' messages.
pub(super) struct Walk<'i> {
    /// When each step's answer came.
    at: (Timestamp, Timestamp),
    found: Vec<Difference>,
    more: usize,
    ignored: &'i mut BTreeSet<String>,
}

impl<'i> Walk<'i> {
    pub(super) fn new(own: &Step<'_>, its: &Step<'_>, ignored: &'i mut BTreeSet<String>) -> Self {
        Self { at: (own.at(), its.at()), found: Vec::new(), more: 0, ignored }
    }

    /// What was found, and how many more there are.
    pub(super) fn finish(self) -> (Vec<Difference>, usize) {
        (self.found, self.more)
    }

    /// The steps came out differently.
    pub(super) fn outcome(&mut self, own: &str, its: &str) {
        let json = |text: &str| serde_json::Value::from(text).to_string();
        self.found("", Kind::Outcome, Some(&json(own)), Some(&json(its)));
    }

    /// Compares what stands at one key of both messages.
    pub(super) fn part(&mut self, key: &str, own: Option<&str>, its: Option<&str>) {
        self.maybe(&format!("/{key}"), own, its, 0);
    }

    fn maybe(&mut self, path: &str, own: Option<&str>, its: Option<&str>, depth: usize) {
        let how = volatile::how(path);
        if let Some((place, How::Ignored)) = how {
            self.ignored.insert(place.to_owned());
            return;
        }
        match (own, its, how) {
            (None, None, _) => {}
            (Some(_), Some(_), Some((place, How::Presence))) => {
                self.ignored.insert(place.to_owned());
            }
            (Some(own), Some(its), Some((_, How::ByKey(key)))) => {
                self.by_key(path, key, own, its, depth);
            }
            (Some(own), Some(its), _) => self.both(path, own, its, depth),
            (Some(own), None, _) => self.found(path, Kind::Removed, Some(own), None),
            (None, Some(its), _) => self.found(path, Kind::Added, None, Some(its)),
        }
    }

    fn both(&mut self, path: &str, own_text: &str, its_text: &str, depth: usize) {
        if own_text == its_text {
            return;
        }
        let (own, its) = (Value::of(own_text), Value::of(its_text));
        if !own.is_like(&its) {
            return self.found(path, Kind::Type, Some(own_text), Some(its_text));
        }
        if time::both_near(&own, self.at.0, &its, self.at.1) {
            self.ignored.insert(path.to_owned());
            return;
        }
        let same = match (own, its) {
            (Value::Object(own), Value::Object(its)) if depth < DEPTH_CAP => {
                return self.members(path, &own, &its, depth);
            }
            (Value::Array(own), Value::Array(its)) if depth < DEPTH_CAP => {
                return self.elements(path, &own, &its, depth);
            }
            (Value::Text(own), Value::Text(its)) => {
                if volatile::may_hold_json(path) && is_json(&own) && is_json(&its) {
                    return self.both(path, &own, &its, depth + 1);
                }
                own == its
            }
            (Value::Number(own), Value::Number(its)) => same_number(own, its),
            _ => false,
        };
        if !same {
            self.found(path, Kind::Value, Some(own_text), Some(its_text));
        }
    }

    fn members(
        &mut self,
        path: &str,
        own: &BTreeMap<String, &RawValue>,
        its: &BTreeMap<String, &RawValue>,
        depth: usize,
    ) {
        let keys: BTreeSet<&String> = own.keys().chain(its.keys()).collect();
        for key in keys {
            let path = format!("{path}/{}", volatile::step(key));
            let value =
                |of: &BTreeMap<String, &RawValue>| of.get(key).map(|raw| raw.get().to_owned());
            self.maybe(&path, value(own).as_deref(), value(its).as_deref(), depth + 1);
        }
    }

    fn elements(&mut self, path: &str, own: &[&RawValue], its: &[&RawValue], depth: usize) {
        for place in 0..own.len().max(its.len()) {
            let value = |of: &[&RawValue]| of.get(place).map(|raw| raw.get().to_owned());
            let path = format!("{path}/{place}");
            self.maybe(&path, value(own).as_deref(), value(its).as_deref(), depth + 1);
        }
    }

    /// Two arrays without order. Where a member has no name, or two have one, their order counts.
    fn by_key(&mut self, path: &str, key: &str, own_text: &str, its_text: &str, depth: usize) {
        let (own, its) = (Value::of(own_text), Value::of(its_text));
        let (Value::Array(own), Value::Array(its)) = (own, its) else {
            return self.both(path, own_text, its_text, depth);
        };
        let (Some(names), Some(others)) = (named(&own, key), named(&its, key)) else {
            return self.elements(path, &own, &its, depth);
        };
        for (name, place) in &names {
            let like = others.get(name).and_then(|place| its.get(*place)).map(|raw| raw.get());
            let own = own.get(*place).map(|raw| raw.get());
            self.maybe(&format!("{path}/{place}"), own, like, depth + 1);
        }
        for (_, place) in others.iter().filter(|(name, _)| !names.contains_key(*name)) {
            let added = its.get(*place).map(|raw| raw.get());
            self.maybe(&format!("{path}/{place}"), None, added, depth + 1);
        }
    }

    fn found(&mut self, path: &str, kind: Kind, own: Option<&str>, its: Option<&str>) {
        if self.found.len() >= DIFFERENCES_CAP {
            self.more += 1;
            return;
        }
        let (recorded, replayed) = (own.map(str::to_owned), its.map(str::to_owned));
        self.found.push(Difference { path: path.to_owned(), kind, recorded, replayed });
    }
}

/// The place of each member by its name; none where that does not tell them apart.
fn named(members: &[&RawValue], key: &str) -> Option<BTreeMap<String, usize>> {
    let name =
        |(place, raw): (usize, &&RawValue)| Some((Value::of(raw.get()).text_at(key)?, place));
    let named: BTreeMap<String, usize> =
        members.iter().enumerate().map(name).collect::<Option<_>>()?;
    (named.len() == members.len()).then_some(named)
}

/// An object or an array: a word or a number in a text is text.
fn is_json(text: &str) -> bool {
    text.trim_ascii_start().starts_with(['{', '['])
        && serde_json::from_str::<&RawValue>(text.trim_ascii()).is_ok()
}
