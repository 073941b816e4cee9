//! The differences of two JSON texts, each with its path.

use std::{
    collections::{BTreeMap, BTreeSet},
    ops::Range,
};

use serde_json::value::RawValue;

use super::{
    lens::{self, Glass},
    path::Path,
    time::{self, Side},
    verdict::{Difference, Kind},
    volatile::{How, Places, may_hold_json},
    wishes::Wishes,
};
use crate::{
    capture::Timestamp,
    replay::value::{Value, same_number},
};

/// Differences told of one step; further ones are counted.
const DIFFERENCES_CAP: usize = 1_000;

/// Deeper values are compared as spelled.
pub(super) const DEPTH_CAP: usize = 64;

/// Longer texts that are equal are not walked through for what would have been let pass in them.
const EQUAL_CAP: usize = 256 << 10;

/// A walk over two messages.
pub(super) struct Walk<'l> {
    pub(super) lens: Glass<'l>,
    pub(super) places: Places,
    wishes: Wishes<'l>,
    /// When each message came.
    at: [Timestamp; 2],
    pub(super) path: Path,
    found: Vec<Difference>,
    more: usize,
    ignored: BTreeMap<String, u64>,
    /// A walk that only asks whether two values are the same: what it meets is not kept, but that
    /// there was a difference.
    probing: bool,
    differs: bool,
}

/// What a walk came to.
#[derive(Debug, Default)]
pub(super) struct Met {
    /// In the order of the fields.
    pub(super) differences: Vec<Difference>,
    /// How many more there are.
    pub(super) more: usize,
    /// Where values were let pass.
    pub(super) ignored: BTreeMap<String, u64>,
}

impl Met {
    /// What another walk came to, behind this.
    pub(super) fn add(&mut self, other: Met) {
        self.differences.extend(other.differences);
        self.more += other.more;
        for (path, times) in other.ignored {
            *self.ignored.entry(path).or_insert(0) += times;
        }
    }
}

impl<'l> Walk<'l> {
    pub(super) fn new(
        lens: Glass<'l>,
        places: Places,
        wishes: Wishes<'l>,
        at: [Timestamp; 2],
    ) -> Self {
        Self {
            lens,
            places,
            wishes,
            at,
            path: Path::default(),
            found: Vec::new(),
            more: 0,
            ignored: BTreeMap::new(),
            probing: false,
            differs: false,
        }
    }

    pub(super) fn finish(self) -> Met {
        Met { differences: self.found, more: self.more, ignored: self.ignored }
    }

    /// Compares what stands at one key of both messages.
    pub(super) fn part(&mut self, key: &str, own: Option<&str>, its: Option<&str>) {
        let mark = self.path.key(key);
        self.place(own, its, 0);
        self.path.back(mark);
    }

    /// Compares what stands where the walk is.
    pub(super) fn place(&mut self, own: Option<&str>, its: Option<&str>, depth: usize) {
        if own.is_none() && its.is_none() {
            return;
        }
        let path = self.path.exact();
        let how = self.wishes.at(path, own.is_some()).or_else(|| self.places.how(path));
        match (own, its) {
            _ if matches!(how, Some(How::Ignored)) => self.let_pass(),
            (Some(own), Some(its)) => self.both(how, own, its, depth),
            (Some(_), None) => self.found(Kind::Removed, own, its),
            (None, _) => self.found(Kind::Added, own, its),
        }
    }

    fn both(&mut self, how: Option<How<'l>>, own_text: &str, its_text: &str, depth: usize) {
        if self.differs || own_text == its_text && (own_text.len() > EQUAL_CAP || depth > DEPTH_CAP)
        {
            return;
        }
        if matches!(how, Some(How::Presence)) {
            return self.let_pass();
        }
        let (own, its) = (Value::of(own_text), Value::of(its_text));
        if !own.is_like(&its) {
            return self.found(Kind::Type, Some(own_text), Some(its_text));
        }
        if matches!(how, Some(How::Alike)) && !self.probing {
            match self.lens.meets(own_text, its_text) {
                lens::Met::First => self.let_pass(),
                lens::Met::Again => {}
                lens::Met::Otherwise => self.found(Kind::Value, Some(own_text), Some(its_text)),
            }
            return;
        }
        if how.is_some_and(|how| lets_pass(how, &own, &its)) {
            return self.let_pass();
        }
        let same = match (own, its) {
            (Value::Object(own), Value::Object(its)) if depth <= DEPTH_CAP => {
                return match how {
                    Some(How::Unkeyed) => self.unkeyed(&own, &its, depth),
                    _ => self.members(&own, &its, depth),
                };
            }
            (Value::Array(own), Value::Array(its)) if depth <= DEPTH_CAP => {
                return match how {
                    Some(How::ByKey(key)) => self.by_key(key, &own, &its, depth),
                    Some(How::Unordered) => self.unordered(&own, &its, depth),
                    _ => self.elements(&own, &its, depth),
                };
            }
            (Value::Text(own), Value::Text(its)) => {
                if may_hold_json(self.path.exact()) && is_json(&own) && is_json(&its) {
                    return self.both(how, &own, &its, depth + 1);
                }
                self.scalars(&own, &its, own == its)
                    || self.lens.agrees_under(self.path.last(), own_text, &Value::Text(its))
            }
            (Value::Number(own), Value::Number(its)) => {
                self.scalars(own, its, same_number(own, its))
                    || self.lens.agrees_under(self.path.last(), own, &Value::Number(its))
            }
            _ => own_text == its_text,
        };
        if !same {
            self.found(Kind::Value, Some(own_text), Some(its_text));
        }
    }

    /// The clock's values are let pass, the run's own are expected.
    fn scalars(&mut self, own: &str, its: &str, same: bool) -> bool {
        let [at, other] = self.at;
        let (lens, probing) = (self.lens, self.probing);
        // What a placeholder equals is remembered: a probe must not ask.
        let agrees = |own: &str, its: &str| {
            if probing { lens.table.expect(own) == its } else { lens.agrees(own, its) }
        };
        let near = |[own_apart, its_apart]: [&[Range<usize>]; 2]| {
            let one = Side { text: own, at, apart: own_apart };
            time::both_near(one, Side { text: its, at: other, apart: its_apart }, agrees)
        };
        if near([&[], &[]]) {
            self.let_pass();
            return true;
        }
        if same && lens.table.expect(own) == own || agrees(own, its) {
            return true;
        }
        // A handle with a time in it stands beside other times.
        let fresh: Vec<_> = lens.table.fresh_in(own);
        let fresh = fresh.into_iter().filter(|(_, fresh)| time::any(fresh));
        let (own_apart, fresh): (Vec<_>, Vec<_>) = fresh.unzip();
        let of_one = |fresh: &String| {
            its.match_indices(fresh.as_str()).map(|(at, m)| at..at + m.len()).collect::<Vec<_>>()
        };
        let its_apart: Vec<_> = fresh.iter().flat_map(of_one).collect();
        let same = !own_apart.is_empty() && near([&own_apart, &its_apart]);
        if same {
            self.let_pass();
        }
        same
    }

    /// A key that is a value of the recorded run stands for the fresh one.
    fn members(&mut self, own: &Members<'_>, its: &Members<'_>, depth: usize) {
        let lens = self.lens;
        let mut met = BTreeSet::new();
        for (key, value) in own {
            let fresh = || Some(lens.table.expect(key)).filter(|fresh| !own.contains_key(&**fresh));
            let like = its.get_key_value(key).or_else(|| its.get_key_value(&*fresh()?));
            met.extend(like.map(|(key, _)| key));
            let mark = self.path.key(key);
            self.place(Some(value.get()), like.map(|(_, value)| value.get()), depth + 1);
            self.path.back(mark);
        }
        for (key, value) in its.iter().filter(|(key, _)| !met.contains(key)) {
            let mark = self.path.key(key);
            self.place(None, Some(value.get()), depth + 1);
            self.path.back(mark);
        }
    }

    pub(super) fn elements(&mut self, own: &[&RawValue], its: &[&RawValue], depth: usize) {
        for place in 0..own.len().max(its.len()) {
            let (own, its) = (own.get(place), its.get(place));
            self.element(place, own.map(|raw| raw.get()), its.map(|raw| raw.get()), depth);
        }
    }

    pub(super) fn element(
        &mut self,
        place: usize,
        own: Option<&str>,
        its: Option<&str>,
        depth: usize,
    ) {
        let mark = self.path.index(place);
        self.place(own, its, depth + 1);
        self.path.back(mark);
    }

    /// Whether two elements are the same, with nothing told of it.
    pub(super) fn probe(&mut self, place: usize, own: &str, its: &str, depth: usize) -> bool {
        let outer = std::mem::replace(&mut self.probing, true);
        self.element(place, Some(own), Some(its), depth);
        self.probing = outer;
        !std::mem::take(&mut self.differs)
    }

    fn let_pass(&mut self) {
        if self.probing {
            return;
        }
        let path = self.path.general();
        match self.ignored.get_mut(path) {
            Some(times) => *times += 1,
            None => {
                self.ignored.insert(path.to_owned(), 1);
            }
        }
    }

    fn found(&mut self, kind: Kind, own: Option<&str>, its: Option<&str>) {
        if self.probing {
            self.differs = true;
        } else if self.found.len() >= DIFFERENCES_CAP {
            self.more += 1;
        } else {
            let (recorded, replayed) = (own.map(str::to_owned), its.map(str::to_owned));
            let path = self.path.exact().to_owned();
            self.found.push(Difference { path, kind, recorded, replayed, message: None });
        }
    }
}

/// An object's members.
pub(super) type Members<'a> = BTreeMap<String, &'a RawValue>;

/// Two values of one type are let pass by how they are to be compared.
fn lets_pass(how: How<'_>, own: &Value<'_>, its: &Value<'_>) -> bool {
    match (how, own, its) {
        (How::Type, ..) => true,
        (How::Url, Value::Text(own), Value::Text(its)) => {
            let bare = |url: &str| url.split(['?', '#']).next().map(str::to_owned);
            bare(own) == bare(its)
        }
        (How::Regex(regex), Value::Text(own), Value::Text(its)) => {
            regex.is_match(own) && regex.is_match(its)
        }
        (How::Regex(regex), Value::Number(own), Value::Number(its)) => {
            regex.is_match(own) && regex.is_match(its)
        }
        (How::Tolerance(most), Value::Number(own), Value::Number(its)) => {
            let value = |text: &str| text.parse::<f64>().ok().filter(|value| value.is_finite());
            value(own).zip(value(its)).is_some_and(|(own, its)| (own - its).abs() <= most)
        }
        _ => false,
    }
}

/// An object or an array: a word or a number in a text is text.
fn is_json(text: &str) -> bool {
    text.trim_ascii_start().starts_with(['{', '['])
        && serde_json::from_str::<&RawValue>(text.trim_ascii()).is_ok()
}
