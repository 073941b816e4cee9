//! Through what two steps are looked at, and what was counted on the way.

use std::{cell::RefCell, collections::BTreeMap, ops::Deref};

use crate::replay::{
    bind::Table,
    rules::{Action, Rule, Rules, Selector},
    value::{Value, same_number},
};

/// Distinct paths of which it is told that something there was let pass. Values at further ones are
/// counted together under [`OTHER_PATHS`].
const IGNORED_CAP: usize = 10_000;

/// Distinct values of which is remembered what they are in this run; a server has one version.
const ALIKE_CAP: usize = 64;

/// Where values are counted whose paths are too many.
const OTHER_PATHS: &str = "…";

/// How steps are compared.
#[derive(Clone, Copy, Debug)]
pub struct Lens<'l> {
    /// What the user wrote. Rules that are not for comparing have no effect here:
    /// [`Rules::only`] refuses them.
    pub rules: &'l Rules,
    /// `--ignore PATH`, for every method.
    pub ignore: &'l [Selector],
    /// Fresh values of this run.
    pub table: &'l Table,
    /// `--strict`: progress by count and value, streams by their messages.
    pub strict: bool,
    /// `--timing`: answers within a budget.
    pub timing: bool,
}

impl<'l> Lens<'l> {
    /// The recorded text, with the run's own values in their places, is the replayed one. A value
    /// of the recorded run that comes back where this run has another is stale, and no match.
    pub(super) fn agrees(&self, recorded: &str, replayed: &str) -> bool {
        self.table.equates(recorded, replayed)
    }

    /// The same of a JSON value as it is spelled, which stands under this key.
    pub(super) fn agrees_under(&self, key: &str, recorded: &str, replayed: &Value<'_>) -> bool {
        let expected = self.table.expect_value(key, recorded);
        match (Value::of(&expected), replayed) {
            (Value::Text(own), Value::Text(its)) => own == *its,
            (Value::Number(own), Value::Number(its)) => same_number(own, its),
            _ => false,
        }
    }

    /// The text that is expected for a recorded one under this key.
    pub(super) fn expects_under(&self, key: &str, recorded: &str) -> String {
        let spelled = serde_json::Value::from(recorded).to_string();
        match Value::of(&self.table.expect_value(key, &spelled)) {
            Value::Text(fresh) => fresh,
            _ => recorded.to_owned(),
        }
    }

    /// What the user wants of a step's places, in order: `--ignore` before the rules.
    pub(super) fn wishes(
        &self,
        method: &str,
        name: Option<&str>,
    ) -> Vec<(Option<&'l Selector>, &'l Action)> {
        let ignored = self.ignore.iter().map(|selector| (Some(selector), &Action::Ignore));
        let concerned = self.rules.list.iter().filter(|rule| rule.concerns(method, name));
        ignored.chain(concerned.map(|rule: &Rule| (rule.path.as_ref(), &rule.action))).collect()
    }
}

/// A lens in use for one step.
#[derive(Clone, Copy)]
pub(super) struct Glass<'l> {
    lens: Lens<'l>,
    /// [`Tally::alike`].
    alike: &'l RefCell<BTreeMap<String, String>>,
}

impl<'l> Deref for Glass<'l> {
    type Target = Lens<'l>;

    fn deref(&self) -> &Lens<'l> {
        &self.lens
    }
}

/// What a value that must be the same each time is to another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Met {
    /// It was not met before, or too many others were.
    First,
    /// It is as it was.
    Again,
    /// It is not.
    Otherwise,
}

impl<'l> Glass<'l> {
    pub(super) fn new(lens: Lens<'l>, alike: &'l RefCell<BTreeMap<String, String>>) -> Self {
        Self { lens, alike }
    }

    /// Takes note of a value that must be the same each time, JSON texts.
    pub(super) fn meets(&self, recorded: &str, replayed: &str) -> Met {
        let mut alike = self.alike.borrow_mut();
        match alike.get(recorded) {
            Some(known) if known == replayed => Met::Again,
            Some(_) => Met::Otherwise,
            None => {
                if alike.len() < ALIKE_CAP {
                    alike.insert(recorded.to_owned(), replayed.to_owned());
                }
                Met::First
            }
        }
    }
}

/// What was compared and what was not.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// Steps that were held against their like.
    pub compared: u64,
    /// Recorded steps.
    pub of: u64,
    /// Steps that were not sent, or could not be compared.
    pub skipped: u64,
    /// Where values were let pass, and how often: RFC 6901, `*` for the places of arrays. What is
    /// there is let pass whether or not it differs, so that equal runs tell equal lists.
    pub ignored_paths: BTreeMap<String, u64>,
    /// Values that may be the server's new ones, but the same each time: what the recorded one was
    /// when it was met first.
    pub(super) alike: BTreeMap<String, String>,
}

impl Tally {
    /// Adds what one step let pass.
    pub(super) fn ignored(&mut self, paths: BTreeMap<String, u64>) {
        for (path, times) in paths {
            let known = self.ignored_paths.contains_key(&path);
            let room = known || self.ignored_paths.len() < IGNORED_CAP;
            let path = if room { path } else { OTHER_PATHS.to_owned() };
            *self.ignored_paths.entry(path).or_insert(0) += times;
        }
    }
}
