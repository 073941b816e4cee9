//! Which calls are parts of one operation, and how that came out.
//!
//! A multi-round-trip retry is known by the exact `requestState` that it echoes; where the result
//! gave none, by the same method and params but for what the retry adds (2026-07-28
//! patterns/mrtr). What is about a task is known by its id (2025-11-25 basic/utilities/tasks, and
//! the extension of 2026-07-28).

use std::collections::{HashMap, HashSet, VecDeque};

use serde_json::Value;

use super::{CallStory, Continues, Ending, Link, Whole, said::Said};
use crate::{
    capture::Timestamp,
    protocol::{
        jsonrpc::{self, pick},
        model::{Direction, Kind, Message},
    },
};

/// Calls of one method that wait for input and gave no `requestState`; the oldest is forgotten.
const STATELESS_CAP: usize = 16;

/// The longest params, in bytes, that are compared for a retry without `requestState`.
const PARAMS_CAP: usize = 1 << 20;

/// What a retry adds to the params of the call that it repeats.
const ADDED: [&str; 3] = ["_meta", "inputResponses", "requestState"];

/// What is known of operations so far.
#[derive(Debug, Default)]
pub(super) struct Links {
    /// Calls whose result requires input, by method and state.
    states: HashMap<(Direction, String, String), usize>,
    /// The same without state, by method.
    stateless: HashMap<(Direction, String), VecDeque<(usize, Value)>>,
    /// Calls that made a task, by the side that asked.
    tasks: HashMap<(Direction, String), usize>,
    /// Requests not answered yet.
    requests: HashMap<usize, Request>,
    /// Calls whose result requires input.
    waits_for_input: HashSet<usize>,
    /// How tasks stand, by the call that made them; `tasks/result` settles it.
    standing: HashMap<usize, Standing>,
}

/// What is kept of a request until its answer.
#[derive(Debug)]
struct Request {
    by: Direction,
    method: String,
    task: Option<String>,
    payload: bytes::Bytes,
}

#[derive(Clone, Copy, Debug)]
struct Standing {
    ending: Ending,
    at: Timestamp,
    settled: bool,
}

impl Links {
    /// Takes a request; tells which call it continues.
    pub(super) fn request(
        &mut self,
        call: usize,
        message: &Message,
        said: &Said,
    ) -> Option<Continues> {
        let (by, method) = (message.direction, message.method.clone()?);
        let about_task = method.starts_with("tasks/");
        let before = if about_task {
            self.maker(by, said.task.as_deref()?)
        } else if said.brings_input {
            self.retried(by, &method, message, said)
        } else {
            None
        };
        let task = said.task.clone().filter(|_| about_task);
        self.requests.insert(call, Request { by, method, task, payload: message.payload.clone() });
        let by = if about_task { Link::Task } else { Link::Retry };
        before.map(|call| Continues { call, by })
    }

    fn retried(
        &mut self,
        by: Direction,
        method: &str,
        message: &Message,
        said: &Said,
    ) -> Option<usize> {
        if let Some(state) = &said.state {
            return self.states.get(&(by, method.to_owned(), state.clone())).copied();
        }
        let wanted = params(&message.payload)?;
        let waiting = self.stateless.get_mut(&(by, method.to_owned()))?;
        let place = waiting.iter().rposition(|(_, params)| *params == wanted)?;
        waiting.remove(place).map(|(call, _)| call)
    }

    /// Takes the first answer of a call.
    pub(super) fn answer(&mut self, call: usize, message: &Message, said: Said) {
        let Some(request) = self.requests.remove(&call) else { return };
        if let Some(task) = request.task {
            self.about_task(request.by, &request.method, &task, message, &said);
        } else if said.makes_task
            && let Some(task) = said.task
        {
            self.tasks.insert((request.by, task), call);
            let ending = said.stands.unwrap_or(Ending::Pending);
            self.standing.insert(call, Standing { ending, at: message.at, settled: false });
        } else if said.needs_input {
            self.waits_for_input.insert(call);
            if let Some(state) = said.state {
                self.states.insert((request.by, request.method, state), call);
            } else if let Some(params) = params(&request.payload) {
                let waiting = self.stateless.entry((request.by, request.method)).or_default();
                waiting.push_back((call, params));
                if waiting.len() > STATELESS_CAP {
                    waiting.pop_front();
                }
            }
        }
    }

    /// An answer about a task: `tasks/result` has the outcome itself, the others say how it stands.
    fn about_task(
        &mut self,
        by: Direction,
        method: &str,
        task: &str,
        answer: &Message,
        said: &Said,
    ) {
        let Some(maker) = self.maker(by, task) else { return };
        if method == "tasks/result" {
            let ending = match answer.kind {
                Kind::Error => Ending::RpcError(answer.rpc_code),
                _ if answer.tool_error => Ending::ToolError,
                _ => Ending::Ok,
            };
            self.standing.insert(maker, Standing { ending, at: answer.at, settled: true });
        } else if let Some(ending) = said.stands {
            self.stands(maker, ending, answer.at);
        }
    }

    /// Takes a notification: it may say how a task stands.
    pub(super) fn notification(&mut self, message: &Message, said: &Said) {
        if let (Some(task), Some(ending)) = (&said.task, said.stands)
            && let Some(maker) = self.maker(message.direction.other(), task)
        {
            self.stands(maker, ending, message.at);
        }
    }

    fn stands(&mut self, maker: usize, ending: Ending, at: Timestamp) {
        let known = self.standing.get(&maker);
        // The first word of an outcome is when it was known; what repeats it adds nothing.
        if known.is_none_or(|known| !known.settled && known.ending != ending) {
            self.standing.insert(maker, Standing { ending, at, settled: false });
        }
    }

    /// The call that made a task, asked by this side.
    pub(super) fn maker(&self, by: Direction, task: &str) -> Option<usize> {
        self.tasks.get(&(by, task.to_owned())).copied()
    }

    /// Joins the calls into operations. A call continues an earlier one only, so one pass does.
    pub(super) fn finish(&self, calls: &mut [CallStory], messages: &[Message]) {
        for index in 0..calls.len() {
            let before = calls.get(index).and_then(|call| call.continues);
            let Some(before) = before else { continue };
            let first = calls.get(before.call).map_or(before.call, |call| call.first);
            if let Some(call) = calls.get_mut(index) {
                call.first = first;
            }
            if let Some(call) = calls.get_mut(first) {
                call.parts.push(index);
            }
        }
        for index in 0..calls.len() {
            if calls.get(index).is_some_and(|call| call.first == index) {
                let whole = self.whole(index, calls, messages);
                let parts = calls.get(index).map(|call| call.parts.clone()).unwrap_or_default();
                for part in std::iter::once(index).chain(parts) {
                    if let (Some(call), Some(whole)) = (calls.get_mut(part), whole) {
                        call.whole = whole;
                    }
                }
            }
        }
    }

    fn whole(&self, first: usize, calls: &[CallStory], messages: &[Message]) -> Option<Whole> {
        let begin = calls.get(first)?;
        let asked = messages.get(begin.request)?.at;
        let of = || std::iter::once(first).chain(begin.parts.iter().copied());
        if let Some(standing) = of().filter_map(|part| self.standing.get(&part)).next_back() {
            let over = standing.ending != Ending::Pending;
            let latency_us = over.then(|| standing.at.micros_since(asked));
            return Some(Whole { ending: standing.ending, latency_us });
        }
        let last = of().next_back()?;
        let call = calls.get(last)?;
        if self.waits_for_input.contains(&last) {
            return Some(Whole { ending: Ending::Pending, latency_us: None });
        }
        let answered = call.answer.or(call.refusal).and_then(|place| messages.get(place));
        Some(Whole {
            ending: call.ending,
            latency_us: answered.map(|answer| answer.at.micros_since(asked)),
        })
    }
}

/// A request's params without what a retry adds.
fn params(payload: &[u8]) -> Option<Value> {
    let text = jsonrpc::text(payload);
    let [params] = pick(&text, ["params"])?;
    let mut params: Value =
        serde_json::from_str(params.filter(|params| params.len() <= PARAMS_CAP)?).ok()?;
    let fields = params.as_object_mut()?;
    for added in ADDED {
        fields.remove(added);
    }
    Some(params)
}
