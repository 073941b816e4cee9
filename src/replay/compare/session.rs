//! One session held against another, for `diff`.

use super::{
    answers::Earlier,
    judge::{Asked, held},
    lens::{Lens, Tally},
    matching::{Pair, pairs},
    verdict::{Ruling, Verdict},
};
use crate::{
    protocol::Story,
    replay::{
        bind::{Bindings, Table},
        rules::Rules,
        steps::{Step, steps},
    },
};

/// Two sessions compared.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Comparison {
    /// One for each step of the first session in its order, then the extra ones of the second.
    pub verdicts: Vec<Verdict>,
    /// What was compared.
    pub tally: Tally,
}

impl Comparison {
    /// Every step is the same, and none is new.
    #[must_use]
    pub fn is_same(&self) -> bool {
        self.verdicts.iter().all(|verdict| verdict.ruling == Ruling::Same)
    }
}

/// Holds the steps of `second` against those of `first`. What the first session's answers gave and
/// its later requests used is expected to be what the second one's answers gave.
#[must_use]
pub fn compare(first: &Story, second: &Story) -> Comparison {
    let mut verdicts = Vec::new();
    let tally = compare_each(first, second, |verdict, _, _| verdicts.push(verdict));
    Comparison { verdicts, tally }
}

/// The same, with the steps of each verdict.
pub fn compare_each(
    first: &Story,
    second: &Story,
    mut visit: impl FnMut(Verdict, Option<&Step<'_>>, Option<&Step<'_>>),
) -> Tally {
    let (ours, theirs) = (steps(first), steps(second));
    let (mut table, mut tally) = (Bindings::find(first, &[]).table(), Tally::default());
    for pair in pairs(&ours, &theirs) {
        match pair {
            Pair::Both(own, its) => {
                let verdict = both(own, its, &mut table, &mut tally);
                visit(verdict, Some(own), Some(its));
            }
            Pair::First(own) => {
                tally.of += 1;
                let reason = "the other session has no such step";
                let verdict = Verdict::of(own, Ruling::Missing, Some(reason.to_owned()));
                visit(verdict, Some(own), None);
            }
            Pair::Second(its) => {
                let verdict = Verdict { message: None, ..Verdict::of(its, Ruling::Extra, None) };
                visit(verdict, None, Some(its));
            }
        }
    }
    tally
}

/// Holds one step against another, whichever they are.
#[must_use]
pub fn compare_steps(own: &Step<'_>, its: &Step<'_>) -> (Verdict, Tally) {
    let (mut table, mut tally) = (Bindings::find(own.story, &[]).table(), Tally::default());
    let verdict = both(own, its, &mut table, &mut tally);
    (verdict, tally)
}

fn both(own: &Step<'_>, its: &Step<'_>, table: &mut Table, tally: &mut Tally) -> Verdict {
    learn(table, own, its);
    let (rules, table) = (&Rules::default(), &*table);
    let lens = Lens { rules, ignore: &[], table, strict: false, timing: false };
    held(own, Some(its), &lens, Asked::Theirs, tally)
}

/// What the answers of a step gave, in their order.
fn learn(table: &mut Table, own: &Step<'_>, its: &Step<'_>) {
    let heads = (own.told().and_then(|told| told.head.as_ref()), its.told());
    if let (Some(head), Some(other)) = (heads.0, heads.1.and_then(|told| told.head.as_ref())) {
        table.learn_head((own.exchange, head), other);
    }
    let (earlier, others) = (Earlier::of(own), Earlier::of(its));
    let rounds = earlier.rounds.into_iter().chain(own.answer());
    for (message, other) in rounds.zip(others.rounds.into_iter().chain(its.answer())) {
        table.learn(message, other);
    }
}
