//! What a step's stream brought beside its answer: notifications as a multiset by method and
//! subject, progress by presence (faces.md, Tapes), requests of the server by their method. With
//! `strict` all of it by number and by values. In what order they came is the run's own.

use std::collections::BTreeMap;

use super::{
    judge::{envelope, messages},
    lens::Glass,
    verdict::{Difference, Kind},
    walk::Met,
};
use crate::{
    protocol::{CallStory, Direction, Kind as Sort, Message, tells_progress},
    replay::{steps::Step, value::Value},
};

/// What is equal by this is held against each other.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Key<'s> {
    method: &'s str,
    subject: Option<String>,
}

type Brought<'s> = BTreeMap<Key<'s>, Vec<&'s Message>>;

/// What differs in it.
pub(super) fn differences(own: &Step<'_>, its: &Step<'_>, lens: &Glass<'_>) -> Met {
    let (mut ours, mut theirs) = (brought(own, lens.strict), brought(its, lens.strict));
    let mut met = Met::default();
    if !lens.strict && own_task(own).is_some() {
        // Told whether or not one came, so that equal runs tell equal lists.
        met.ignored.insert(STATUS.to_owned(), 1);
        ours.retain(|key, _| !key.is_of_polls());
        theirs.retain(|key, _| !key.is_of_polls());
    }
    for (key, messages_of) in &ours {
        let others = take_like(&mut theirs, key, lens).unwrap_or_default();
        if lens.strict && messages_of.len() == others.len() {
            for (own_message, its_message) in messages_of.iter().zip(others) {
                values((own, own_message), (its, its_message), lens, &mut met);
            }
        } else if messages_of.len() != others.len() && (lens.strict || !key.is_present(&others)) {
            met.differences.push(counted(key, messages_of.len(), others.len()));
        }
    }
    for (key, others) in theirs {
        met.differences.push(counted(&key, 0, others.len()));
    }
    met
}

impl Key<'_> {
    /// How the step's own task stands, which polls ask for and which is compared at its end: whether a
    /// change is told between two of them is a race, and a server need not (MCP 2025-11-25
    /// basic/utilities/tasks).
    fn is_of_polls(&self) -> bool {
        self.method == STATUS && self.subject.as_deref() == Some(ITS_TASK)
    }

    /// Progress is compared by presence alone.
    fn is_present(&self, others: &[&Message]) -> bool {
        tells_progress(self.method) && !others.is_empty()
    }
}

const STATUS: &str = "notifications/tasks/status";
const ITS_TASK: &str = "its task";

/// Subjects that are ids as a whole.
const SUBJECTS: [&str; 2] = ["uri", "taskId"];

/// What the other side brought of the same kind; its subject may be a fresh value.
fn take_like<'s>(
    theirs: &mut Brought<'s>,
    key: &Key<'_>,
    lens: &Glass<'_>,
) -> Option<Vec<&'s Message>> {
    let is_like = |other: &Key<'_>| match (&key.subject, &other.subject) {
        (Some(own), Some(its)) => {
            lens.agrees(own, its) || SUBJECTS.iter().any(|key| lens.expects_under(key, own) == *its)
        }
        (own, its) => own == its,
    };
    let exact =
        theirs.keys().find(|other| other.method == key.method && other.subject == key.subject);
    let like = exact
        .or_else(|| theirs.keys().find(|other| other.method == key.method && is_like(other)))
        .cloned()?;
    theirs.remove(&like)
}

/// One that came another number of times.
fn counted(key: &Key<'_>, own: usize, its: usize) -> Difference {
    let name = match &key.subject {
        Some(subject) => format!("{} {subject}", key.method),
        None => key.method.to_owned(),
    };
    let told = |times: usize| {
        (times > 0).then(|| {
            let times =
                if tells_progress(key.method) { serde_json::json!(true) } else { times.into() };
            serde_json::json!({ &name: times }).to_string()
        })
    };
    let (recorded, replayed) = (told(own), told(its));
    Difference { path: String::new(), kind: Kind::Notifications, recorded, replayed, message: None }
}

/// Two of a kind by their values.
fn values(
    (own, message): (&Step<'_>, &Message),
    (its, other): (&Step<'_>, &Message),
    lens: &Glass<'_>,
    met: &mut Met,
) {
    let mut found = messages((own, message), (its, other), lens, &["params"]);
    for difference in &mut found.differences {
        difference.kind = Kind::Notifications;
    }
    met.add(found);
}

/// What came, in the order of time.
fn brought<'s>(step: &Step<'s>, strict: bool) -> Brought<'s> {
    let mut brought = Brought::new();
    for message in came(step) {
        let method = message.method.as_deref().unwrap_or_default();
        // Whether a peer lives is asked when the clock says so.
        if method == "ping" || message.direction != Direction::ServerToClient {
            continue;
        }
        let is_progress = tells_progress(method);
        let subject = (!is_progress).then(|| subject(step, message)).flatten();
        let messages: &mut Vec<_> = brought.entry(Key { method, subject }).or_default();
        if strict || !is_progress || messages.is_empty() {
            messages.push(message);
        }
    }
    brought
}

fn came<'s>(step: &Step<'s>) -> Vec<&'s Message> {
    let story = step.story;
    let Some(first) = step.call else {
        let on_stream = story.messages_of(step.exchange).into_iter();
        return on_stream
            .filter(|message| matches!(message.kind, Sort::Notification | Sort::Request))
            .collect();
    };
    let of = |call: &CallStory| {
        let asks = call.asks.iter().filter_map(|at| story.calls.get(*at)).map(|ask| ask.request);
        let told = call.notifications.iter().chain(&call.progress).copied();
        told.chain(asks).collect::<Vec<usize>>()
    };
    let mut places: Vec<usize> = calls(step, first).flat_map(of).collect();
    places.sort_unstable();
    places.dedup();
    places.into_iter().filter_map(|place| story.messages.get(place)).collect()
}

fn calls<'s>(step: &Step<'s>, first: &'s CallStory) -> impl Iterator<Item = &'s CallStory> {
    let story = step.story;
    let parts = first.parts.iter().filter_map(|part| story.calls.get(*part));
    std::iter::once(first).chain(parts)
}

/// What a message is about (faces.md): `uri`, `taskId`, `requestId`; of a log its logger and level.
/// Ids that are the run's own are told by what they stand for.
fn subject(step: &Step<'_>, message: &Message) -> Option<String> {
    if message.kind != Sort::Notification {
        return None;
    }
    let params = Value::of(envelope(message)?.params?);
    if let Some(uri) = params.text_at("uri") {
        return Some(uri);
    }
    if let Some(task) = params.text_at("taskId") {
        return Some(if own_task(step).as_ref() == Some(&task) {
            ITS_TASK.to_owned()
        } else {
            task
        });
    }
    if let Some(id) = params.at("requestId") {
        return Some(request(step, id));
    }
    let level = params.text_at("level")?;
    Some(match params.text_at("logger") {
        Some(logger) => format!("{logger} {level}"),
        None => level,
    })
}

/// The task that the step made.
fn own_task(step: &Step<'_>) -> Option<String> {
    let made = step.story.answer(step.call?)?;
    let result = Value::of(envelope(made)?.result?);
    let task = result.at("task").map(Value::of);
    task.and_then(|task| task.text_at("taskId")).or_else(|| result.text_at("taskId"))
}

/// Which request of the step has this id.
fn request(step: &Step<'_>, id: &str) -> String {
    let has = |call: &CallStory| {
        let request = step.story.request(call);
        request.filter(|request| request.rpc_id.as_deref() == Some(id))
    };
    let Some(first) = step.call else { return "a request".to_owned() };
    if calls(step, first).any(|call| has(call).is_some()) {
        return "its request".to_owned();
    }
    let asks = calls(step, first).flat_map(|call| &call.asks);
    let asked = asks.filter_map(|at| step.story.calls.get(*at)).find_map(has);
    asked.and_then(|asked| asked.method.clone()).unwrap_or_else(|| "a request".to_owned())
}
