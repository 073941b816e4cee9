//! The ids that a client was given before: what tells a client that ignores its id from one that
//! never had any (houses.md 2).

use super::{Sessions, place};
use crate::protocol::model::{Given, Summary};

/// Ids told of one session, the latest ones; older ones are left out.
const GIVEN_CAP: usize = 16;

impl Sessions {
    /// What the client of these exchanges was given before the last of them that bears no id.
    pub(super) fn given(&self, own: &[&Summary]) -> Vec<Given> {
        let Some(last) = own.iter().rev().find(|summary| place::lacks_id(summary)) else {
            return Vec::new();
        };
        let Some(client) = self.standings.get(&last.id).map(|standing| &standing.client) else {
            return Vec::new();
        };
        let Some(giving) = self.giving.get(client) else { return Vec::new() };
        let mut given: Vec<Given> = giving
            .range(..last.id)
            .rev()
            .filter_map(|id| self.summaries.get(id))
            .filter(|giver| giver.auth == last.auth && giver.pid == last.pid)
            .filter_map(gift)
            .take(GIVEN_CAP)
            .collect();
        given.reverse();
        given
    }
}

fn gift(giver: &Summary) -> Option<Given> {
    let id = place::gives(giver)?.to_owned();
    Some(Given { exchange: giver.id, path: giver.path.clone(), id })
}
