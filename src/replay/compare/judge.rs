//! One step held against its like.

use std::cell::RefCell;

use super::{
    answers::Earlier,
    lens::{Glass, Lens, Tally},
    notices,
    verdict::{Difference, Kind, Ruling, Verdict},
    volatile::Places,
    walk::{Met, Walk},
    wishes::Wishes,
};
use crate::{
    protocol::{Ending, Envelope, Message},
    replay::{
        bind::is_minted_anew,
        steps::{Step, StepKind},
    },
};

/// `--timing`: an answer may take so many times as long as the recorded one, and a moment more.
const BUDGET_TIMES: u64 = 2;
const BUDGET_US: u64 = 250_000;

/// Holds what was replayed against what was recorded, and counts it. What was asked is ours and is
/// not compared; none where nothing came back at all. A step that was not sent is no matter of this:
/// [`Verdict::of`] says so, and [`Tally::skipped`] counts it.
pub fn judge(
    recorded: &Step<'_>,
    replayed: Option<&Step<'_>>,
    lens: &Lens<'_>,
    tally: &mut Tally,
) -> Verdict {
    held(recorded, replayed, lens, Asked::Ours, tally)
}

/// Who asked.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Asked {
    /// A replay of the first session: what was asked is the same.
    Ours,
    /// Somebody else: what was asked may differ.
    Theirs,
}

pub(super) fn held(
    own: &Step<'_>,
    its: Option<&Step<'_>>,
    lens: &Lens<'_>,
    asked: Asked,
    tally: &mut Tally,
) -> Verdict {
    tally.of += 1;
    let missing = |reason: String| Verdict::of(own, Ruling::Missing, Some(reason));
    let Some(its) = its else { return missing("no answer came".to_owned()) };
    if let Some(reason) = unread(own).or_else(|| unread(its)) {
        tally.skipped += 1;
        return Verdict::of(own, Ruling::Skipped, Some(reason));
    }
    tally.compared += 1;
    let cancelled = was_cancelled(own) && was_cancelled(its);
    if is_answered(own) && !is_answered(its) && !cancelled {
        return missing(format!("no answer came: {}", its.outcome()));
    }
    let alike = RefCell::new(std::mem::take(&mut tally.alike));
    let lens = &Glass::new(*lens, &alike);
    let mut met = Met::default();
    if asked == Asked::Theirs
        && let (Some(message), Some(other)) = (own.message, its.message)
    {
        met.add(messages((own, message), (its, other), lens, &["params"]));
    }
    if !cancelled {
        met.differences.extend(outcome(own, its));
    }
    answers(own, its, lens, &mut met);
    if cancelled {
        met.differences.retain(|found| {
            let chance = found.kind == Kind::Value && BY_CHANCE.contains(&&*found.path);
            if chance {
                *met.ignored.entry(found.path.clone()).or_insert(0) += 1;
            }
            !chance
        });
    }
    if own.kind != StepKind::Stream || lens.strict {
        met.add(notices::differences(own, its, lens));
    }
    met.differences.extend(lens.timing.then(|| slower(own, its)).flatten());
    tally.ignored(std::mem::take(&mut met.ignored));
    tally.alike = alike.take();
    let more = (met.more > 0).then(|| format!("{} more differences", met.more));
    let more = more.or_else(|| minted(&met.differences).filter(|_| asked == Asked::Ours));
    let reason = more.or_else(|| {
        cancelled.then(|| "it was cancelled: whether an answer came in time is chance".to_owned())
    });
    let ruling = if met.differences.is_empty() { Ruling::Same } else { Ruling::Changed };
    Verdict { differences: met.differences, ..Verdict::of(own, ruling, reason) }
}

/// All that differs looks as if it were minted anew each time, and no request bears it: whether it is
/// data only the user knows, and is told how to say so.
fn minted(differences: &[Difference]) -> Option<String> {
    let is_minted = |found: &Difference| {
        let both = found.recorded.as_deref().zip(found.replayed.as_deref());
        found.kind == Kind::Value && both.is_some_and(|(own, its)| is_minted_anew(own, its))
    };
    let first = differences.first().filter(|_| differences.iter().all(is_minted))?;
    Some(format!(
        "it may be minted anew each time, and nothing sent later bears it: `verify --learn 3` \
         proposes a rule, --ignore {} lets it pass",
        first.path
    ))
}

/// With which error a server ends what was cancelled: its own, or that the session is gone.
const BY_CHANCE: [&str; 2] = ["/error/code", "/error/message"];

/// Why a step cannot be compared, if it cannot.
fn unread(step: &Step<'_>) -> Option<String> {
    if step.is_unread() {
        let exchanges = step.call.into_iter().flat_map(|call| &call.exchanges);
        let mut told = exchanges.filter_map(|id| step.story.exchange(*id));
        let why = told.find_map(|told| told.reading.summary.unread.as_deref());
        let why = why.map(|why| format!(": {why}")).unwrap_or_default();
        return Some(format!("an answer may stand in what could not be read{why}"));
    }
    // An answer was seen, and its text is none.
    let ending = step.call?.whole.ending;
    let answered = matches!(ending, Ending::Ok | Ending::ToolError | Ending::RpcError(_));
    (answered && step.answer().is_none()).then(|| "its answer is no JSON text".to_owned())
}

fn is_answered(step: &Step<'_>) -> bool {
    match step.kind {
        StepKind::Notification => step.status().is_some(),
        _ => step.is_answered(),
    }
}

fn was_cancelled(step: &Step<'_>) -> bool {
    step.kind == StepKind::Call
        && step
            .call
            .is_some_and(|call| call.whole.ending == Ending::Cancelled || call.cancelled.is_some())
}

/// In what way it came out: by JSON-RPC, by its tool, by HTTP's class of status.
fn outcome(own: &Step<'_>, its: &Step<'_>) -> Option<Difference> {
    let (ours, theirs) = (own.outcome(), its.outcome());
    if ours != theirs {
        return Some(Difference::outcome(&ours, &theirs));
    }
    let class = |step: &Step<'_>| step.status().map(|status| status / 100);
    if let (Some(ours), Some(theirs)) = (class(own), class(its))
        && ours != theirs
    {
        let told = |class: u16| format!("http {class}xx");
        return Some(Difference::outcome(&told(ours), &told(theirs)));
    }
    let told = |given: bool| if given { "a session id was given" } else { "none was given" };
    let (ours, theirs) = (gives_session(own), gives_session(its));
    (ours != theirs).then(|| Difference::outcome(told(ours), told(theirs)))
}

/// The answer to `initialize` brought a session's id in a header (protocol.md §7: by presence).
fn gives_session(step: &Step<'_>) -> bool {
    let given = || Some(&step.told()?.reading.summary.candidates);
    step.method() == "initialize"
        && given().is_some_and(|candidates| {
            candidates.iter().any(|id| id.in_response && id.source.starts_with("header:"))
        })
}

/// The answers, each against its like; of a stream that was opened only a refusal counts.
fn answers(own: &Step<'_>, its: &Step<'_>, lens: &Glass<'_>, met: &mut Met) {
    let parts: &[&str] = match own.kind {
        StepKind::Stream if !lens.strict => &["error"],
        _ => &["result", "error"],
    };
    let (earlier, others) = (Earlier::of(own), Earlier::of(its));
    if earlier.rounds.len() != others.rounds.len() {
        let told = |earlier: &Earlier<'_>| format!("{} rounds", earlier.rounds.len() + 1);
        met.differences.push(Difference::outcome(&told(&earlier), &told(&others)));
    }
    let rounds = earlier.rounds.iter().zip(&others.rounds);
    let tasks =
        earlier.tasks.iter().filter_map(|(method, own)| Some((own, others.tasks.get(method)?)));
    for (message, other) in rounds.chain(tasks) {
        met.add(messages((own, message), (its, other), lens, parts));
    }
    match (own.answer(), its.answer()) {
        (Some(answer), Some(other)) => {
            // Another outcome shows in what is new; what it replaces is the record's.
            let alike = own.error().is_some() == its.error().is_some();
            let parts = if alike { parts } else { &["error"] };
            met.add(messages((own, answer), (its, other), lens, parts));
        }
        (None, Some(_)) if its.error().is_some() && !was_cancelled(its) => {
            met.differences.push(Difference {
                path: "/error".to_owned(),
                kind: Kind::Added,
                recorded: None,
                replayed: its.error().map(str::to_owned),
                message: None,
            });
        }
        _ => {}
    }
}

/// Holds these parts of two messages against each other.
pub(super) fn messages(
    (own, message): (&Step<'_>, &Message),
    (its, other): (&Step<'_>, &Message),
    lens: &Glass<'_>,
    parts: &[&str],
) -> Met {
    let method = message.method.as_deref().unwrap_or_default();
    let wishes = Wishes::of(lens, own, [Some(message), Some(other)]);
    let mut walk = Walk::new(*lens, Places::of(method, [own, its]), wishes, [message.at, other.at]);
    let (ours, theirs) = (envelope(message), envelope(other));
    for part in parts {
        walk.part(part, at(ours.as_ref(), part), at(theirs.as_ref(), part));
    }
    let mut met = walk.finish();
    for found in &mut met.differences {
        found.message = Some(message.id());
    }
    met
}

fn at<'m>(envelope: Option<&Envelope<'m>>, part: &str) -> Option<&'m str> {
    let envelope = envelope?;
    match part {
        "params" => envelope.params,
        "result" => envelope.result,
        _ => envelope.error,
    }
}

/// A payload that is no UTF-8 or no JSON has no parts to compare.
pub(super) fn envelope(message: &Message) -> Option<Envelope<'_>> {
    Envelope::read(std::str::from_utf8(&message.payload).ok()?.trim())
}

/// It took longer than it may.
fn slower(own: &Step<'_>, its: &Step<'_>) -> Option<Difference> {
    let taken = |step: &Step<'_>| step.call?.whole.latency_us;
    let (recorded, replayed) = (taken(own)?, taken(its)?);
    let budget = recorded.saturating_mul(BUDGET_TIMES).saturating_add(BUDGET_US);
    let told = |us: u64| Some(serde_json::json!({ "latency_us": us }).to_string());
    (replayed > budget).then(|| Difference {
        path: String::new(),
        kind: Kind::Value,
        recorded: told(recorded),
        replayed: told(replayed),
        message: None,
    })
}
