//! `--update`: what has to change on a tape so that a step is the same again. Where the answer's
//! values changed, those; where it came out in another way, or its stream brought other messages, the
//! whole response.

use std::collections::{BTreeMap, HashMap};

use crate::{
    capture::{ExchangeId, Fact, Record, Side},
    replay::{
        compare::{Difference, Kind, Ruling, Verdict, rounds},
        steps::Step,
    },
};

/// What is to change of one exchange.
pub(super) struct Fix {
    /// The recorded exchange.
    pub(super) exchange: ExchangeId,
    pub(super) change: Change,
}

pub(super) enum Change {
    /// Values of one message; it is found by how it is spelled.
    Message { recorded: String, differences: Vec<Difference> },
    /// The response: the live one's records.
    Response(Vec<Record>),
}

impl Fix {
    /// What makes a changed step the same; an error says why nothing can.
    pub(super) fn of(
        own: &Step<'_>,
        its: &Step<'_>,
        verdict: &Verdict,
        live: &HashMap<ExchangeId, Vec<Record>>,
    ) -> Result<Vec<Self>, &'static str> {
        debug_assert_eq!(verdict.ruling, Ruling::Changed, "only those are fixed");
        if let Some(fixes) = Self::of_values(own, its, verdict) {
            return Ok(fixes);
        }
        let exchanges = |step: &Step<'_>| step.call.map_or(1, |call| call.exchanges.len());
        let parts = |step: &Step<'_>| step.call.map_or(0, |call| call.parts.len());
        if exchanges(own).max(exchanges(its)) > 1 || parts(own).max(parts(its)) > 0 {
            return Err(
                "its answer takes several exchanges, and more than values differ: record it anew",
            );
        }
        let whole = own.answer().is_none_or(|answer| answer.exchange == own.exchange);
        let records = live.get(&its.exchange).filter(|_| whole);
        let has_head = |records: &&Vec<Record>| {
            records.iter().any(|record| matches!(record.fact, Fact::Head(_)))
        };
        let records = records.filter(has_head).ok_or("its response stands on another stream")?;
        let change = Change::Response(records.clone());
        Ok(vec![Self { exchange: own.exchange, change }])
    }

    /// The differences are values of its answers, however the step came out: of the last one, of the
    /// rounds before it, of what was said of its task. One fix for each message.
    fn of_values(own: &Step<'_>, its: &Step<'_>, verdict: &Verdict) -> Option<Vec<Self>> {
        let answer = own.answer()?;
        let class = |step: &Step<'_>| step.status().map(|status| status / 100);
        let alike = own.error().is_some() == its.error().is_some() && class(own) == class(its);
        if !alike || rounds(own) != rounds(its) {
            return None;
        }
        // More differences than are told cannot be made by them.
        let all_told =
            verdict.reason.as_deref().is_none_or(|why| !why.contains("more differences"));
        let mut by_message: BTreeMap<&str, Vec<Difference>> = BTreeMap::new();
        let last = answer.id();
        for found in verdict.differences.iter().filter(|found| found.kind != Kind::Outcome) {
            let of_answer = found.path.starts_with("/result") || found.path.starts_with("/error");
            if found.kind == Kind::Notifications || !of_answer {
                return None;
            }
            let message = found.message.as_deref().unwrap_or(&last);
            by_message.entry(message).or_default().push(found.clone());
        }
        if by_message.is_empty() || !all_told {
            return None;
        }
        let fixes = by_message.into_iter().map(|(id, differences)| {
            let mut messages = own.story.messages.iter();
            let message = if id == last { answer } else { messages.find(|one| one.id() == id)? };
            let recorded = String::from_utf8(message.payload.to_vec()).ok()?;
            crate::replay::patch::patched(&recorded, &differences)?;
            let change = Change::Message { recorded, differences };
            Some(Self { exchange: message.exchange, change })
        });
        fixes.collect()
    }
}

/// A fact of the response.
pub(super) fn is_response(fact: &Fact) -> bool {
    match fact {
        Fact::Head(_) | Fact::Informational(_) => true,
        Fact::Chunk { side, .. } | Fact::BodyEnd { side, .. } => *side == Side::Response,
        _ => false,
    }
}
