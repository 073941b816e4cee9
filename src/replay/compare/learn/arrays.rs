//! Arrays whose elements only changed places.

use std::collections::BTreeMap;

use super::{Evidence, Place, Places};
use crate::replay::compare::Kind;

/// Takes out the places that are elements of an array in another order: in each replay that differs,
/// what stood at some places of an array stands at others of it. The rest stays.
pub(super) fn unordered(places: Places<'_>, runs: usize) -> (Vec<(String, Evidence)>, Places<'_>) {
    // Each place by the array that holds it: the outermost one that explains it.
    let mut arrays: BTreeMap<String, Vec<(String, String)>> = BTreeMap::new();
    for path in places.keys() {
        for (array, rest) in holders(path) {
            arrays.entry(array).or_default().push((path.clone(), rest));
        }
    }
    let (mut found, mut places) = (Vec::new(), places);
    for (array, members) in arrays {
        // An outer array may have explained some.
        let own: Vec<(&str, &Place<'_>)> = members
            .iter()
            .filter_map(|(path, rest)| Some((rest.as_str(), places.get(path)?)))
            .collect();
        if own.len() < 2 || !own.iter().any(|(_, place)| place.varies(runs)) || !moved(&own) {
            continue;
        }
        let mut whole = Place::default();
        for (path, _) in &members {
            for (step, seen) in places.remove(path).map(|place| place.seen).unwrap_or_default() {
                whole.seen.entry(step).or_default().extend(seen);
            }
        }
        found.push((array, whole.evidence()));
    }
    (found, places)
}

/// The arrays that may hold a place, outermost first, and the rest of the path behind the element.
fn holders(path: &str) -> Vec<(String, String)> {
    let steps: Vec<&str> = path.split('/').collect();
    let is_place = |step: &&str| !step.is_empty() && step.bytes().all(|byte| byte.is_ascii_digit());
    let places = steps.iter().enumerate().filter(|(_, step)| is_place(step)).map(|(at, _)| at);
    let joined = |steps: Option<&[&str]>| steps.unwrap_or_default().join("/");
    places.map(|at| (joined(steps.get(..at)), joined(steps.get(at + 1..)))).collect()
}

/// In each step and replay, and for each field of the elements, the recorded values are the
/// replayed ones in another order.
fn moved(members: &[(&str, &Place<'_>)]) -> bool {
    let mut held: BTreeMap<(&str, usize, &str), [Vec<&str>; 2]> = BTreeMap::new();
    for (rest, place) in members {
        for (step, seen) in &place.seen {
            for (run, difference) in seen {
                let (Kind::Value, Some(own), Some(its)) =
                    (difference.kind, &difference.recorded, &difference.replayed)
                else {
                    return false;
                };
                let [ours, theirs] = held.entry((step, *run, rest)).or_default();
                ours.push(own);
                theirs.push(its);
            }
        }
    }
    held.into_values().all(|[mut ours, mut theirs]| {
        ours.sort_unstable();
        theirs.sort_unstable();
        ours == theirs
    })
}
