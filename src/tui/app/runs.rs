//! Replays and diffs that were done since the program began, with their verdicts: a view that was
//! left finds them again.

use std::{
    collections::{BTreeSet, VecDeque},
    sync::Arc,
};

use crate::{
    capture::Timestamp,
    replay::{
        compare::{Difference, Ruling},
        rules::fits,
    },
    tui::{
        desk::{News, Replayed, Ticket, VerdictTold},
        rows::SessionId,
    },
};

/// Replays and diffs that are held; the oldest one goes.
const MOST: usize = 20;

/// Verdicts of one that are held, further ones are counted; with nothing to tell some 300 bytes
/// each.
const VERDICTS: usize = 50_000;

/// Bytes of differences that one holds; of further verdicts the differences are left out.
const BYTES: usize = 32 << 20;

/// The rulings, in the order in which they are counted.
pub(crate) const RULINGS: [Ruling; 5] =
    [Ruling::Same, Ruling::Changed, Ruling::Missing, Ruling::Extra, Ruling::Skipped];

/// All of them, the oldest first.
#[derive(Debug, Default)]
pub(crate) struct Runs {
    list: VecDeque<Run>,
    begun: usize,
}

/// One of them.
#[derive(Debug)]
pub(crate) struct Run {
    pub(crate) ticket: Ticket,
    pub(crate) session: SessionId,
    /// `replay 2 vs recorded`.
    pub(crate) title: String,
    /// Where it went, or what was compared.
    pub(crate) to: String,
    pub(crate) began: Timestamp,
    /// As far as they are held.
    pub(crate) verdicts: Vec<Arc<VerdictTold>>,
    /// Of those that are not held.
    counted: [u64; 5],
    bytes: usize,
    pub(crate) ended: Option<Replayed>,
    /// Why there is no end to it.
    pub(crate) failed: Option<String>,
    /// Paths that are looked over; `*` is any step.
    pub(crate) ignored: BTreeSet<String>,
}

impl Runs {
    /// One begins; `#` in what it is stands for its number.
    pub(crate) fn begin(
        &mut self,
        ticket: Ticket,
        session: SessionId,
        (what, to): (&str, String),
        began: Timestamp,
    ) {
        self.begun += 1;
        if self.list.len() >= MOST {
            self.list.pop_front();
        }
        self.list.push_back(Run {
            ticket,
            session,
            title: what.replace('#', &self.begun.to_string()),
            to,
            began,
            verdicts: Vec::new(),
            counted: [0; 5],
            bytes: 0,
            ended: None,
            failed: None,
            ignored: BTreeSet::new(),
        });
    }

    pub(crate) fn get(&self, ticket: Ticket) -> Option<&Run> {
        self.list.iter().find(|run| run.ticket == ticket)
    }

    pub(crate) fn get_mut(&mut self, ticket: Ticket) -> Option<&mut Run> {
        self.list.iter_mut().find(|run| run.ticket == ticket)
    }

    /// The newest first.
    pub(crate) fn all(&self) -> impl Iterator<Item = &Run> {
        self.list.iter().rev()
    }

    /// Takes in what is told of one of them.
    pub(crate) fn take(&mut self, news: &News) {
        match news {
            News::Verdict(ticket, verdict) => {
                if let Some(run) = self.get_mut(*ticket) {
                    run.push(verdict);
                }
            }
            News::Replayed(ticket, ended) => {
                if let Some(run) = self.get_mut(*ticket) {
                    run.ended = Some(ended.clone());
                }
            }
            News::Failed(ticket, why) => {
                if let Some(run) = self.get_mut(*ticket) {
                    run.failed = Some(why.clone());
                }
            }
            _ => {}
        }
    }
}

impl Run {
    fn push(&mut self, verdict: &Arc<VerdictTold>) {
        if self.verdicts.len() >= VERDICTS {
            let place = RULINGS.iter().position(|ruling| *ruling == verdict.ruling);
            if let Some(counted) = place.and_then(|place| self.counted.get_mut(place)) {
                *counted += 1;
            }
            return;
        }
        let len = |value: &Option<String>| value.as_ref().map_or(0, String::len);
        let bytes = |found: &Difference| {
            found.path.len() + len(&found.recorded) + len(&found.replayed) + size_of::<Difference>()
        };
        let bytes: usize = verdict.differences.iter().map(bytes).sum();
        if self.bytes + bytes > BYTES {
            let reason = "too much differs for the screen: `wiretape verify --json` has it";
            let reason = Some(reason.to_owned());
            let differences = Vec::new();
            let bare = VerdictTold { differences, reason, ..VerdictTold::clone(verdict) };
            return self.verdicts.push(Arc::new(bare));
        }
        self.bytes += bytes;
        self.verdicts.push(Arc::clone(verdict));
    }

    /// It goes on.
    pub(crate) fn is_going(&self) -> bool {
        self.ended.is_none() && self.failed.is_none()
    }

    /// What differs at this path does not count.
    pub(crate) fn looks_over(&self, path: &str) -> bool {
        self.ignored.iter().any(|ignored| fits(ignored, path))
    }

    /// What a step comes to without the paths that are looked over.
    pub(crate) fn ruling(&self, verdict: &VerdictTold) -> Ruling {
        let settled = verdict.ruling == Ruling::Changed
            && !verdict.differences.is_empty()
            && verdict.differences.iter().all(|found| self.looks_over(&found.path));
        if settled { Ruling::Same } else { verdict.ruling }
    }

    /// How many steps came to each of [`RULINGS`].
    pub(crate) fn counts(&self) -> [u64; 5] {
        let mut counts = self.counted;
        for verdict in &self.verdicts {
            let ruling = self.ruling(verdict);
            let place = RULINGS.iter().position(|own| *own == ruling);
            if let Some(count) = place.and_then(|place| counts.get_mut(place)) {
                *count += 1;
            }
        }
        counts
    }

    /// `verify`'s exit code, as it would be with what is looked over here; none before the end.
    pub(crate) fn exit(&self) -> Option<u8> {
        let exit = self.ended.as_ref()?.exit;
        let [_, others @ ..] = self.counts();
        Some(if exit == 1 && others.iter().all(|count| *count == 0) { 0 } else { exit })
    }

    /// Two calls or sessions held against each other: nothing was sent.
    pub(crate) fn is_diff(&self) -> bool {
        self.title.starts_with("diff ")
    }

    /// Differences that are not looked over.
    pub(crate) fn differences(&self) -> usize {
        let all = self.verdicts.iter().flat_map(|verdict| &verdict.differences);
        all.filter(|found| !self.looks_over(&found.path)).count()
    }

    /// The 95th percentile of both, microseconds, of the steps that were answered both times.
    pub(crate) fn p95(&self) -> Option<(u32, u32)> {
        let both = |verdict: &Arc<VerdictTold>| verdict.recorded_us.zip(verdict.replayed_us);
        let (mut own, mut its): (Vec<u32>, Vec<u32>) =
            self.verdicts.iter().filter_map(both).unzip();
        own.sort_unstable();
        its.sort_unstable();
        let at = (own.len() * 95).div_ceil(100).saturating_sub(1);
        own.get(at).copied().zip(its.get(at).copied())
    }
}
