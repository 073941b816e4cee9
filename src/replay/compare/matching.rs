//! Which step of one session answers to which of another: by method, name and canonical
//! parameters, then by occurrence. Steps left over pair up with the like of their method and name
//! in order, so that a changed parameter shows as a difference and not as two strangers.

use std::collections::{HashMap, VecDeque};

use super::volatile::{Places, canonical};
use crate::replay::steps::Step;

/// A step with its like, or without one.
pub(super) enum Pair<'p, 's> {
    Both(&'p Step<'s>, &'p Step<'s>),
    First(&'p Step<'s>),
    Second(&'p Step<'s>),
}

/// Pairs in the order of the first session, then what only the second has.
pub(super) fn pairs<'p, 's>(first: &'p [Step<'s>], second: &'p [Step<'s>]) -> Vec<Pair<'p, 's>> {
    let mut like: Vec<Option<usize>> = vec![None; first.len()];
    let mut taken = vec![false; second.len()];
    let exact = |step: &Step<'_>| {
        let places = Places::of(step.method(), [step, step]);
        let params = step.params().map(|params| canonical(&places, "/params", params));
        (step.method().to_owned(), step.name().map(str::to_owned), params)
    };
    let loose = |step: &Step<'_>| (step.method().to_owned(), step.name().map(str::to_owned));
    join(first, second, exact, &mut like, &mut taken);
    join(first, second, loose, &mut like, &mut taken);
    let own = first.iter().zip(&like).map(|(step, like)| {
        match like.and_then(|place| second.get(place)) {
            Some(its) => Pair::Both(step, its),
            None => Pair::First(step),
        }
    });
    let extra = second.iter().zip(&taken).filter(|(_, taken)| !**taken);
    own.chain(extra.map(|(step, _)| Pair::Second(step))).collect()
}

/// Joins the steps that have no like yet by their key, in order.
fn join<K: Eq + std::hash::Hash>(
    first: &[Step<'_>],
    second: &[Step<'_>],
    key: impl Fn(&Step<'_>) -> K,
    like: &mut [Option<usize>],
    taken: &mut [bool],
) {
    let mut waiting: HashMap<K, VecDeque<usize>> = HashMap::new();
    for (place, step) in second.iter().enumerate() {
        if !taken.get(place).copied().unwrap_or(true) {
            waiting.entry(key(step)).or_default().push_back(place);
        }
    }
    for (step, like) in first.iter().zip(like).filter(|(_, like)| like.is_none()) {
        *like = waiting.get_mut(&key(step)).and_then(VecDeque::pop_front);
        if let Some(taken) = like.and_then(|place| taken.get_mut(place)) {
            *taken = true;
        }
    }
}
