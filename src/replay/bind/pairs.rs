//! Two JSON texts walked side by side: what stands in the second at the places of the first.

use std::collections::BTreeMap;

use serde_json::value::RawValue;

use super::path::Step;
use crate::replay::value::Value;

/// The keys by which entries of a list are told apart, before their order is.
const NAMES: [&str; 3] = ["name", "uri", "id"];

/// A value in both texts, and the places below it that are still to be found.
struct Pair<'r, 'l> {
    recorded: &'r str,
    live: &'l str,
    wanted: Vec<usize>,
    depth: usize,
}

/// For each wanted path what stands there, as it is spelled, in both texts; those that one of the
/// texts lacks are left out.
pub(super) fn pairs<'r, 'l>(
    recorded: &'r str,
    live: &'l str,
    wanted: &[Vec<Step>],
) -> Vec<(usize, &'r str, &'l str)> {
    let mut found = Vec::new();
    let wanted_at = (0..wanted.len()).collect();
    let mut open = vec![Pair { recorded, live, wanted: wanted_at, depth: 0 }];
    while let Some(pair) = open.pop() {
        let mut below: BTreeMap<&Step, Vec<usize>> = BTreeMap::new();
        for place in pair.wanted {
            match wanted.get(place).and_then(|path| path.get(pair.depth)) {
                Some(step) => below.entry(step).or_default().push(place),
                None => found.push((place, pair.recorded, pair.live)),
            }
        }
        if below.is_empty() {
            continue;
        }
        let (own, its) = (Value::of(pair.recorded), Value::of(pair.live));
        let mut twins = None;
        for (step, wanted) in below {
            let members = match (step, &own, &its) {
                (Step::Key(key), Value::Object(own), Value::Object(its)) => {
                    let twin = its.get(key).or_else(|| question(key, own, its));
                    own.get(key).zip(twin)
                }
                (Step::Index(index), Value::Array(own), Value::Array(its)) => {
                    let twin = twin(*index, own, its, &mut twins);
                    own.get(*index).zip(twin.and_then(|twin| its.get(twin)))
                }
                _ => None,
            };
            if let Some((recorded, live)) = members {
                let (recorded, live) = (recorded.get(), live.get());
                open.push(Pair { recorded, live, wanted, depth: pair.depth + 1 });
            }
        }
    }
    found.sort_by_key(|(place, ..)| *place);
    found
}

/// Questions of `inputRequests` stand under keys that a server makes: the one of the same method,
/// of several the one in the same place among them.
fn question<'l, 'a>(
    key: &str,
    own: &BTreeMap<String, &RawValue>,
    its: &'a BTreeMap<String, &'l RawValue>,
) -> Option<&'a &'l RawValue> {
    let method = |raw: &RawValue| Value::of(raw.get()).text_at("method");
    let asked = method(own.get(key)?)?;
    let before = own.iter().take_while(|(name, _)| *name != key);
    let nth = before.filter(|(_, raw)| method(raw).as_ref() == Some(&asked)).count();
    its.values().filter(|raw| method(raw).as_ref() == Some(&asked)).nth(nth)
}

/// Where entries of a list stand by their name, made when first asked.
type Twins = Option<BTreeMap<(&'static str, String), usize>>;

/// Which entry of `its` is the like of this one of `own`.
fn twin(index: usize, own: &[&RawValue], its: &[&RawValue], twins: &mut Twins) -> Option<usize> {
    let named = |raw: &RawValue| {
        let value = Value::of(raw.get());
        NAMES.iter().find_map(|key| Some((*key, value.text_at(key)?)))
    };
    let Some(name) = named(own.get(index)?) else { return Some(index) };
    if its.get(index).and_then(|raw| named(raw)).as_ref() == Some(&name) {
        return Some(index);
    }
    let twins = twins.get_or_insert_with(|| {
        let places = its.iter().enumerate().rev();
        places.filter_map(|(place, raw)| Some((named(raw)?, place))).collect()
    });
    Some(twins.get(&name).copied().unwrap_or(index))
}
