//! What there is to say of each message because of the calls around it.

use std::fmt;

use super::{CallStory, Ending, Late, Link};

/// What there is to say of one message. Places are those of [`super::Calls`].
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct About {
    /// The call of which it is the request or an answer; of another message the call to which it
    /// belongs.
    pub call: Option<usize>,
    /// It belongs to that call and is neither its request nor an answer.
    pub beside: bool,
    /// In a word each, for people and scripts.
    pub remarks: Vec<Remark>,
}

/// What is out of the ordinary about a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Remark {
    /// A request that was cancelled.
    Cancelled,
    /// A notification that cancels a request.
    Cancels,
    /// A notification with the progress of a request.
    Progress,
    /// A request of the other side, made while a call ran.
    During,
    /// A request whose stream was resumed so many times before its answer.
    Resumed(usize),
    /// An answer that came late.
    Late(Late),
    /// An answer to what was answered before.
    Duplicate,
    /// An answer to no request.
    Orphan,
    /// An error without id that stands for the answer.
    Refusal,
    /// A request that continues another.
    Continues(Link),
    /// A request that nothing will answer any more.
    Unanswered,
}

impl Remark {
    /// The word for scripts.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Cancelled => "cancelled",
            Self::Cancels => "cancels",
            Self::Progress => "progress",
            Self::During => "during",
            Self::Resumed(_) => "resumed",
            Self::Late(_) => "late",
            Self::Duplicate => "duplicate",
            Self::Orphan => "orphan",
            Self::Refusal => "refusal",
            Self::Continues(Link::Retry) => "retry",
            Self::Continues(Link::Task) => "task",
            Self::Unanswered => "unanswered",
        }
    }
}

impl fmt::Display for Remark {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Resumed(1) => f.write_str("resumed"),
            Self::Resumed(times) => write!(f, "resumed {times}×"),
            Self::Late(Late::AfterCancel) => f.write_str("late: after it was cancelled"),
            Self::Late(Late::Elsewhere) => f.write_str("late: on another stream"),
            Self::Orphan => f.write_str("no such request"),
            Self::Refusal => f.write_str("refusal"),
            other => f.write_str(other.word()),
        }
    }
}

/// What there is to say of each of `messages` messages, in their order, because of these calls and
/// of answers to no request.
#[must_use]
pub fn about(calls: &[CallStory], orphans: &[usize], messages: usize) -> Vec<About> {
    let mut all = vec![About::default(); messages];
    for (index, call) in calls.iter().enumerate() {
        for (place, beside, remark) in of_call(call) {
            if let Some(about) = all.get_mut(place) {
                (about.call, about.beside) = (Some(index), beside);
                about.remarks.extend(remark);
            }
        }
    }
    for place in orphans {
        if let Some(about) = all.get_mut(*place) {
            about.remarks.push(Remark::Orphan);
        }
    }
    all
}

/// The messages of a call: its request, its answers, and what is beside them.
fn of_call(call: &CallStory) -> Vec<(usize, bool, Option<Remark>)> {
    let mut all = vec![(call.request, false, None)];
    all.extend(of_request(call).map(|remark| (call.request, false, Some(remark))));
    all.extend(call.answer.map(|place| (place, false, call.late.map(Remark::Late))));
    all.extend(call.refusal.map(|place| (place, false, Some(Remark::Refusal))));
    all.extend(call.duplicates.iter().map(|place| (*place, false, Some(Remark::Duplicate))));
    all.extend(call.cancelled.map(|place| (place, true, Some(Remark::Cancels))));
    all.extend(call.progress.iter().map(|place| (*place, true, Some(Remark::Progress))));
    all.extend(call.notifications.iter().map(|place| (*place, true, None)));
    all
}

fn of_request(call: &CallStory) -> impl Iterator<Item = Remark> {
    let resumed = (!call.resumes.is_empty()).then_some(Remark::Resumed(call.resumes.len()));
    let by_leaving = call.ending == Ending::Cancelled || call.cancelled.is_some();
    [
        call.continues.map(|continues| Remark::Continues(continues.by)),
        call.asked_by.map(|_| Remark::During),
        resumed,
        by_leaving.then_some(Remark::Cancelled),
        (call.ending == Ending::Unanswered).then_some(Remark::Unanswered),
    ]
    .into_iter()
    .flatten()
}
