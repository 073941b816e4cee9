//! Exchanges of one session whose calls may reach from one to another: a request whose answer comes
//! elsewhere, a question of the server, a cancellation; and what is still going on.

use std::collections::{BTreeMap, BTreeSet};

use super::{
    places::RowKey,
    told::{Strand, Told},
};
use crate::{capture::ExchangeId, protocol::Message};

/// Messages that a knot keeps. When there are more, calls that are over leave it, the oldest first:
/// what comes of them after that (a second answer, a cancellation too late) is told as if they had
/// not been.
const KEPT: usize = 1_024;

/// Messages of one knot. When they are more, and no call is over, the oldest are let go: an answer
/// that still comes answers nothing then. Some 50 MB.
const MOST: usize = 100_000;

/// What is told together.
#[derive(Debug, Default)]
pub(super) struct Knot {
    pub(super) strands: BTreeMap<ExchangeId, Strand>,
    /// In the order of their coming.
    pub(super) messages: Vec<Message>,
    /// How long the payload of each was: it is not kept whole.
    pub(super) lens: Vec<u32>,
    /// Answers to no request, as they were told last.
    pub(super) orphans: BTreeSet<RowKey>,
    /// Messages that came, and exchanges that went on, since it was told last.
    pub(super) news: usize,
}

impl Knot {
    /// Takes in what an exchange is by now, and its new messages.
    pub(super) fn put(&mut self, strand: Strand, messages: Vec<(Message, u32)>) {
        self.strands.insert(strand.summary.id, strand);
        self.news += messages.len() + 1;
        for (message, len) in messages {
            self.messages.push(message);
            self.lens.push(len);
        }
    }

    /// Takes an exchange out: it belongs to another session.
    pub(super) fn give_up(&mut self, id: ExchangeId) -> Option<(Strand, Vec<(Message, u32)>)> {
        let strand = self.strands.remove(&id)?;
        let (messages, lens) = (std::mem::take(&mut self.messages), std::mem::take(&mut self.lens));
        let all = messages.into_iter().zip(lens);
        let (own, others): (Vec<_>, Vec<_>) = all.partition(|(message, _)| message.exchange == id);
        (self.messages, self.lens) = others.into_iter().unzip();
        self.news += 1;
        Some((strand, own))
    }

    /// More than it should keep, or more than it can.
    pub(super) fn is_full(&self) -> bool {
        self.messages.len() > MOST
    }

    /// It is worth its while to be told now: not for every message of very many.
    pub(super) fn is_due(&self) -> bool {
        self.news > 0 && self.news * 8 >= self.messages.len()
    }

    /// Lets go what is over, after it was told.
    pub(super) fn settle(&mut self, told: &[Told]) {
        self.news = 0;
        let ended = |id: &ExchangeId| {
            self.strands.get(id).is_none_or(|strand| strand.summary.outcome.is_some())
        };
        // What ended and reaches nowhere is as good as read alone.
        let alone: BTreeSet<ExchangeId> = self
            .strands
            .values()
            .filter(|strand| strand.summary.outcome.is_some() && !strand.summary.is_linked())
            .map(|strand| strand.summary.id)
            .collect();
        let mut gone: BTreeSet<usize> = BTreeSet::new();
        if self.messages.len() > KEPT {
            let left = self.messages.len() - KEPT / 2;
            for told in told.iter().filter(|told| told.is_over) {
                if gone.len() >= left {
                    break;
                }
                gone.extend(&told.from);
            }
        }
        if self.messages.len() - gone.len() > MOST {
            gone.extend(0..self.messages.len() - MOST / 2);
        }
        let (messages, lens) = (std::mem::take(&mut self.messages), std::mem::take(&mut self.lens));
        let all = messages.into_iter().zip(lens).enumerate();
        let left = all.filter(|(place, (message, _))| {
            !gone.contains(place) && !alone.contains(&message.exchange)
        });
        (self.messages, self.lens) = left.map(|(_, kept)| kept).unzip();
        let kept: BTreeSet<ExchangeId> =
            self.messages.iter().map(|message| message.exchange).collect();
        let over: Vec<ExchangeId> = self
            .strands
            .keys()
            .filter(|id| alone.contains(id) || ended(id) && !kept.contains(id))
            .copied()
            .collect();
        for id in over {
            self.strands.remove(&id);
        }
    }
}
