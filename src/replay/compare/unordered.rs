//! Members without order: told by a name, by what they hold, or by being equal.

use std::collections::{BTreeMap, HashMap, VecDeque};

use serde_json::value::RawValue;

use super::{
    volatile::canonical,
    walk::{Members, Walk},
};
use crate::replay::{bind::is_minted_anew, value::Value};

/// Of two arrays without order so many elements that have no equal are each held against each of
/// the other's; further ones in their order.
const PROBED_CAP: usize = 64;

impl Walk<'_> {
    /// Two arrays of members with names. Where a member has no name, or two have one, their order
    /// counts.
    pub(super) fn by_key(&mut self, key: &str, own: &[&RawValue], its: &[&RawValue], depth: usize) {
        let (Some(names), Some(others)) = (named(own, key), named(its, key)) else {
            return self.elements(own, its, depth);
        };
        let lens = self.lens;
        let mut met = vec![false; its.len()];
        // In the order of the first, so that differences stand in it.
        let mut ordered: Vec<(&String, usize)> =
            names.iter().map(|(name, place)| (name, *place)).collect();
        ordered.sort_by_key(|(_, place)| *place);
        for (name, place) in ordered {
            let fresh = || {
                let fresh = Some(lens.expects_under(key, name));
                fresh.filter(|fresh| !names.contains_key(fresh) && is_minted_anew(name, fresh))
            };
            let like = others.get(name).or_else(|| others.get(&fresh()?)).copied();
            if let Some(met) = like.and_then(|like| met.get_mut(like)) {
                *met = true;
            }
            let like = like.and_then(|like| its.get(like)).map(|raw| raw.get());
            self.element(place, own.get(place).map(|raw| raw.get()), like, depth);
        }
        for (place, raw) in its.iter().enumerate() {
            if met.get(place) == Some(&false) {
                self.element(place, None, Some(raw.get()), depth);
            }
        }
    }

    /// Two arrays without order: equal elements pair up first, then those that are the same by how
    /// they are compared, then the rest in order.
    pub(super) fn unordered(&mut self, own: &[&RawValue], its: &[&RawValue], depth: usize) {
        let mut equal: HashMap<String, VecDeque<usize>> = HashMap::new();
        for (place, raw) in its.iter().enumerate() {
            equal.entry(self.spelled(raw, depth)).or_default().push_back(place);
        }
        let mut like: Vec<Option<usize>> = own
            .iter()
            .map(|raw| equal.get_mut(&self.spelled(raw, depth)).and_then(VecDeque::pop_front))
            .collect();
        let mut left: Vec<usize> = equal.into_values().flatten().collect();
        left.sort_unstable();
        let alone = |like: &[Option<usize>]| -> Vec<usize> {
            like.iter().enumerate().filter(|(_, like)| like.is_none()).map(|(at, _)| at).collect()
        };
        for place in alone(&like).into_iter().take(PROBED_CAP) {
            let Some(raw) = own.get(place) else { continue };
            let mut probed = left.iter().take(PROBED_CAP);
            let same = probed.position(|other| {
                its.get(*other).is_some_and(|its| self.probe(place, raw.get(), its.get(), depth))
            });
            if let (Some(same), Some(like)) = (same, like.get_mut(place)) {
                *like = Some(left.remove(same));
            }
        }
        let mut left = left.into_iter();
        for place in alone(&like) {
            if let Some(like) = like.get_mut(place) {
                *like = left.next();
            }
        }
        for (place, (raw, like)) in own.iter().zip(like).enumerate() {
            let like = like.and_then(|like| its.get(like)).map(|raw| raw.get());
            self.element(place, Some(raw.get()), like, depth);
        }
        for place in left {
            self.element(place, None, its.get(place).map(|raw| raw.get()), depth);
        }
    }

    /// Two objects whose keys are the server's own: what has no like by its key pairs up by what it
    /// asks for (2026-07-28 patterns/mrtr: `inputRequests`).
    pub(super) fn unkeyed(&mut self, own: &Members<'_>, its: &Members<'_>, depth: usize) {
        let mut left: Vec<&String> = its.keys().filter(|key| !own.contains_key(*key)).collect();
        for (key, raw) in own {
            let spelled = self.spelled(raw, depth);
            let like = its.get(key).copied().or_else(|| {
                let alike = |other: &&String| {
                    its.get(*other).is_some_and(|raw| self.spelled(raw, depth) == spelled)
                };
                let key = left.remove(left.iter().position(alike)?);
                its.get(key).copied()
            });
            let mark = self.path.key(key);
            self.place(Some(raw.get()), like.map(RawValue::get), depth + 1);
            self.path.back(mark);
        }
        for key in left {
            let mark = self.path.key(key);
            self.place(None, its.get(key).copied().map(RawValue::get), depth + 1);
            self.path.back(mark);
        }
    }

    /// One spelling for members that are the same, wherever they stand.
    fn spelled(&self, raw: &RawValue, depth: usize) -> String {
        let path = format!("{}/{depth}", self.path.exact());
        canonical(&self.places, &path, raw.get())
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
