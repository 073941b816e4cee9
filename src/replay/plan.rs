//! What is to be sent of a recorded session, in which order and what for. Pure: the driver does it.
//!
//! Steps are sent in the order of the recording, one after the other. A step *needs* others: the
//! handshake of its session, the channel on which answers come, and the steps whose answers bear
//! values that it uses (protocol.md §7, dependency order). What a chosen step needs is sent too
//! (faces.md, Tapes). Parts of an operation are no steps: polls and retries are driven.

mod items;
mod used;

use url::Url;

pub use items::{Apart, Item};
use used::Used;

use super::{
    bind::Bindings,
    edit,
    guard::Hints,
    steps::{Step, StepKind, steps},
};
use crate::protocol::{Direction, Ending, Kind, Message, Story, Told, Transport};

/// A session's steps, ready to be sent.
#[derive(Clone, Debug)]
pub struct Plan<'s> {
    /// The recorded session.
    pub story: &'s Story,
    /// In the order in which they are sent.
    pub items: Vec<Item<'s>>,
    /// The URL of the first step: what a client was given, for which `--to` stands.
    pub endpoint: String,
    /// What the recorded server said of its tools.
    pub tools: Hints,
    /// The paths that channels named for messages.
    messages_to: Vec<String>,
}

/// One step of a plan.
#[derive(Clone, Debug)]
pub struct Planned<'s> {
    /// The recorded step.
    pub step: Step<'s>,
    /// Why it is sent, or that it is not.
    pub role: Role,
    /// Places in [`Plan::items`] of what has to stand before it, ascending.
    pub needs: Vec<usize>,
    /// What is waited for before the next step.
    pub awaits: Awaits,
}

/// Why a step is sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// It was chosen, or nothing was.
    Chosen,
    /// A chosen one needs it.
    Needed,
    /// Nobody wants it.
    Left,
}

/// What is waited for once a step is sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Awaits {
    /// Its answer, on whichever stream, and that of each part.
    Answer,
    /// The end of its exchange: a notification, a DELETE.
    End,
    /// The head of a stream that stays open beside what follows.
    Head,
    /// The same, and what names the endpoint for messages (HTTP+SSE, NDJSON).
    Endpoint,
    /// Nothing for long: the recording has no answer to it.
    Nothing,
}

impl<'s> Plan<'s> {
    /// Plans a session. `chosen` says which steps are wanted.
    #[must_use]
    pub fn of(story: &'s Story, bindings: &Bindings, chosen: impl Fn(&Step<'s>) -> bool) -> Self {
        Self::with(story, Vec::new(), bindings, chosen)
    }

    /// The same of a session some of whose calls are told apart; which of them are wanted they say
    /// themselves.
    #[must_use]
    pub fn with(
        story: &'s Story,
        apart: Vec<Apart>,
        bindings: &Bindings,
        chosen: impl Fn(&Step<'s>) -> bool,
    ) -> Self {
        let steps = steps(story);
        let endpoint = steps.iter().find_map(Step::told);
        let endpoint = endpoint.map(|told| told.open.url.clone()).unwrap_or_default();
        let mut items: Vec<Item<'s>> = Vec::with_capacity(steps.len() + apart.len());
        for step in steps {
            let role = if chosen(&step) { Role::Chosen } else { Role::Left };
            let (awaits, needs) = (awaits(&step), Vec::new());
            items.push(Item::Held(Box::new(Planned { step, role, needs, awaits })));
        }
        items.extend(apart.into_iter().map(Item::Apart));
        // Stable: the steps of the story are in their order.
        items.sort_by_key(|item| (item.sent_at(), item.exchange()));
        let used = Used::of(&items, bindings);
        let mut stands = Stands::default();
        for (place, item) in items.iter_mut().enumerate() {
            let mut needs = stands.before(item.held().map(|item| &item.step));
            needs.extend(used.by(place).iter().filter(|other| **other < place));
            needs.sort_unstable();
            needs.dedup();
            needs.shrink_to_fit();
            match item {
                Item::Held(planned) => {
                    stands.take(place, &planned.step);
                    planned.needs = needs;
                }
                Item::Apart(apart) => apart.needs = needs,
            }
        }
        close_over(&mut items);
        let held = items.iter().filter_map(Item::held);
        let channels = held.filter(|item| item.awaits == Awaits::Endpoint);
        let messages_to = channels.filter_map(|item| named_path(item.step.told()?)).collect();
        Self { story, items, endpoint, tools: Hints::recorded(&story.catalogue), messages_to }
    }

    /// A recorded URL is that to which a channel of the recording led.
    #[must_use]
    pub(crate) fn is_message_endpoint(&self, url: &str) -> bool {
        self.messages_to.iter().any(|path| path_of(url).as_deref() == Some(path))
    }

    /// The steps that are sent for others, or not at all.
    #[must_use]
    pub fn not_selected(&self) -> usize {
        self.items.iter().filter(|item| item.role() != Role::Chosen).count()
    }
}

impl Planned<'_> {
    /// The tool that it calls.
    #[must_use]
    pub fn tool(&self) -> Option<&str> {
        (self.step.method() == "tools/call").then(|| self.step.name().unwrap_or_default())
    }
}

/// Marks what chosen steps need. Needs lead back in time only, so one pass from the end does.
fn close_over(items: &mut [Item<'_>]) {
    for place in (0..items.len()).rev() {
        let (before, from) = items.split_at_mut(place);
        let Some(item) = from.first().filter(|item| item.role() != Role::Left) else { continue };
        for need in item.needs() {
            if let Some(other) = before.get_mut(*need).filter(|other| other.role() == Role::Left) {
                other.choose(Role::Needed);
            }
        }
    }
}

fn awaits(step: &Step<'_>) -> Awaits {
    match step.kind {
        StepKind::Notification | StepKind::Delete => Awaits::End,
        StepKind::Stream if is_channel(step) => Awaits::Endpoint,
        StepKind::Stream => Awaits::Head,
        StepKind::Call => {
            // Nothing but time shows that no answer comes; and what ended its stream may be a step
            // of its own, like DELETE.
            match step.call.map(|call| call.ending) {
                Some(Ending::Cancelled | Ending::Pending | Ending::Unanswered) => Awaits::Nothing,
                _ => Awaits::Answer,
            }
        }
    }
}

/// A GET that brings the answers to what is posted elsewhere.
pub(crate) fn is_channel(step: &Step<'_>) -> bool {
    let transport = step.told().and_then(|told| told.reading.summary.transport);
    step.kind == StepKind::Stream
        && step.message.is_none()
        && matches!(transport, Some(Transport::HttpSse | Transport::Ndjson))
}

/// The path that a channel names for messages: in its `endpoint` event, or in its first line.
fn named_path(told: &Told) -> Option<String> {
    let base = Url::parse(&told.open.url).ok()?;
    let named = told.reading.frames.iter().find_map(|frame| {
        let data = String::from_utf8_lossy(&frame.data);
        let is_event = frame.event.as_deref() == Some("endpoint");
        if is_event { Some(data.into_owned()) } else { edit::text(&data, "/messageEndpoint") }
    });
    Some(base.join(named?.trim()).ok()?.path().to_owned())
}

fn path_of(url: &str) -> Option<String> {
    Some(Url::parse(url).ok()?.path().to_owned())
}

/// What has been set up so far that later steps rest on.
#[derive(Default)]
struct Stands {
    channel: Option<usize>,
    initialize: Option<usize>,
    initialized: Option<usize>,
}

impl Stands {
    /// What a step needs; a call that stands alone is none of these.
    fn before(&self, step: Option<&Step<'_>>) -> Vec<usize> {
        let method = step.map(Step::method).unwrap_or_default();
        let is_first = method == "initialize";
        let is_second = method == "notifications/initialized";
        let initialize = self.initialize.filter(|_| !is_first);
        let initialized = self.initialized.filter(|_| !is_first && !is_second);
        [self.channel, initialize, initialized].into_iter().flatten().collect()
    }

    fn take(&mut self, place: usize, step: &Step<'_>) {
        let answered = step.call.is_some_and(|call| call.ending == Ending::Ok);
        if is_channel(step) {
            *self = Self { channel: Some(place), ..Self::default() };
        } else if step.method() == "initialize" && answered {
            (self.initialize, self.initialized) = (Some(place), None);
        } else if step.method() == "notifications/initialized" {
            self.initialized = Some(place);
        }
    }
}

/// The recorded requests of the server, each with what the client answered.
pub(crate) fn asked(story: &Story) -> impl Iterator<Item = (&Message, &Message)> {
    let of_server = |message: &&Message| {
        message.direction == Direction::ServerToClient && message.kind == Kind::Request
    };
    story.calls.iter().filter_map(move |call| {
        let request = story.request(call).filter(of_server)?;
        Some((request, story.answer(call)?))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::protocol::testing::stories;

    /// `place role needs awaits method name`, a line a step.
    fn told(plan: &Plan<'_>) -> Vec<String> {
        let held = plan.items.iter().filter_map(Item::held);
        let line = |(place, item): (usize, &Planned<'_>)| {
            let (method, name) = (item.step.method(), item.step.name().unwrap_or_default());
            let text = format!(
                "{place} {:?} {:?} {:?} {method} {name}",
                item.role, item.needs, item.awaits
            );
            text.trim_end().to_owned()
        };
        held.enumerate().map(line).collect()
    }

    const SESSION: &str = r#"
>> POST http://h/mcp
content-type: application/json

{"jsonrpc":"2.0","id":0,"method":"initialize","params":{"protocolVersion":"2025-11-25","capabilities":{},"clientInfo":{"name":"c","version":"1"}}}
<< 200
content-type: application/json
mcp-session-id: s-1

{"jsonrpc":"2.0","id":0,"result":{"protocolVersion":"2025-11-25","capabilities":{},"serverInfo":{"name":"s","version":"1"}}}
>> POST http://h/mcp
mcp-session-id: s-1

{"jsonrpc":"2.0","method":"notifications/initialized"}
<< 202
>> GET http://h/mcp
mcp-session-id: s-1
accept: text/event-stream
<< 200
content-type: text/event-stream

: open
..
>> POST http://h/mcp
mcp-session-id: s-1

{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"add"}}
<< 200
content-type: application/json

{"jsonrpc":"2.0","id":1,"result":{"content":[]}}
>> POST http://h/mcp
mcp-session-id: s-1

{"jsonrpc":"2.0","id":2,"method":"tools/call","params":{"name":"slow"}}
<< 200
content-type: text/event-stream

: nothing
== client-closed
>> DELETE http://h/mcp
mcp-session-id: s-1
<< 200
"#;

    #[test]
    fn what_is_chosen_brings_what_it_needs() {
        let stories = stories(SESSION);
        let story = stories.first().expect("a session");
        let plan = Plan::of(story, &Bindings::default(), |step| step.name() == Some("add"));
        assert_eq!(
            told(&plan),
            [
                "0 Needed [] Answer initialize",
                "1 Needed [0] End notifications/initialized",
                "2 Left [0, 1] Head GET",
                "3 Chosen [0, 1] Answer tools/call add",
                "4 Left [0, 1] Nothing tools/call slow",
                "5 Left [0, 1] End DELETE",
            ]
        );
        assert_eq!((plan.endpoint.as_str(), plan.not_selected()), ("http://h/mcp", 5));
    }

    #[test]
    fn a_page_brings_all_pages_before_it() {
        let page = |number: usize| {
            let cursor = format!("{{\"cursor\":\"page-{number}\"}}");
            let params = if number == 0 { "{}" } else { &cursor };
            format!(
                r#"
>> POST http://h/mcp

{{"jsonrpc":"2.0","id":{number},"method":"tools/list","params":{params}}}
<< 200
content-type: application/json

{{"jsonrpc":"2.0","id":{number},"result":{{"tools":[],"nextCursor":"page-{}"}}}}
"#,
                number + 1
            )
        };
        let stories = stories(&(0..4).map(page).collect::<String>());
        let story = stories.first().expect("a session");
        let third = |step: &Step<'_>| step.params().is_some_and(|params| params.contains("page-3"));
        let plan = Plan::of(story, &Bindings::find(story, &[]), third);
        assert_eq!(
            told(&plan),
            [
                "0 Needed [] Answer tools/list",
                "1 Needed [0] Answer tools/list",
                "2 Needed [1] Answer tools/list",
                "3 Chosen [2] Answer tools/list",
            ]
        );
    }

    #[test]
    fn a_channel_comes_before_what_is_posted_beside_it() {
        let stories = stories(
            r#"
>> GET http://h/sse
accept: text/event-stream
<< 200
content-type: text/event-stream

event: endpoint
data: /messages?sessionId=5e551000-0000-4000-8000-000000000001

..
>> POST http://h/messages?sessionId=5e551000-0000-4000-8000-000000000001

{"jsonrpc":"2.0","id":0,"method":"initialize","params":{"protocolVersion":"2024-11-05"}}
<< 202
"#,
        );
        let story = stories.first().expect("a session");
        let plan = Plan::of(story, &Bindings::default(), |step| step.method() == "initialize");
        assert_eq!(told(&plan), ["0 Needed [] Endpoint GET", "1 Chosen [0] Nothing initialize"]);
    }
}
