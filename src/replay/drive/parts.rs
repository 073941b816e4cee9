//! Operations of several calls, driven to their end rather than sent again one by one: tasks are
//! polled to a terminal state, retries bear the fresh `requestState` and the recorded answers
//! (MCP 2025-11-25 basic/utilities/tasks, 2026-07-28 patterns/mrtr).

use std::time::Duration;

use tokio::time::Instant;

use super::{
    Extra,
    driver::{Driver, Say},
    step::Started,
};
use crate::{
    protocol::{CallStory, Message, Story, calls::Link},
    replay::{
        answers::{escaped, fallback, members},
        edit,
        plan::Planned,
    },
};

/// Retries beyond the recorded ones for a server that asks more than it did.
const MORE_ROUNDS: usize = 8;

/// Between two polls of a task, where the server says nothing or something else.
const POLL_MIN: Duration = Duration::from_millis(20);
const POLL_MAX: Duration = Duration::from_secs(5);
const POLL: Duration = Duration::from_millis(200);

/// An operation under way.
struct Operation {
    index: usize,
    deadline: Instant,
    /// The latest live answer, JSON text.
    last: String,
    /// The task that the live server made.
    task: Option<String>,
}

impl Driver<'_, '_> {
    /// Drives the parts of a step's operation, if it has any.
    pub(super) async fn parts(
        &mut self,
        started: &Started,
        item: &Planned<'_>,
        answer: Option<Message>,
    ) {
        let (Some(call), Some(answer)) = (item.step.call, answer) else { return };
        let last = String::from_utf8_lossy(&answer.payload).into_owned();
        if item.step.method() == "initialize" && edit::get(&last, "/result").is_some() {
            self.handshakes.insert(started.index);
        }
        let task = ["/result/task/taskId", "/result/taskId"];
        let task = task.iter().find_map(|place| edit::text(&last, place));
        let patience = self.settings.patience;
        let recorded = call.whole.latency_us.map_or(Duration::ZERO, Duration::from_micros);
        let deadline = Instant::now() + patience + recorded;
        let mut operation = Operation { index: started.index, deadline, last, task };
        let parts = call.parts.iter().filter_map(|part| item.step.story.calls.get(*part));
        let parts: Vec<&CallStory> = parts.collect();
        let mut template = (call, started.body.clone().unwrap_or_default());
        let mut place = 0;
        while let Some(part) = parts.get(place) {
            place += 1;
            let method = method_of(item.step.story, part);
            let is_retry = part.continues.is_some_and(|continues| continues.by == Link::Retry);
            if is_retry && !needs_input(&operation.last) {
                return;
            }
            if !is_retry && operation.task.is_none() {
                return;
            }
            if method == "tasks/get" {
                let more = parts.get(place..).unwrap_or_default();
                let run =
                    more.iter().take_while(|more| method_of(item.step.story, more) == "tasks/get");
                let last = run.clone().last().copied().unwrap_or(part);
                place += run.count();
                self.poll(item, part, last, &mut operation).await;
                continue;
            }
            let Some(body) = self.part_body(item, part, &operation) else { return };
            template = (part, body.clone());
            if !self.say_part(item, part, body, &mut operation).await {
                return;
            }
        }
        self.more_rounds(item, template, &mut operation).await;
    }

    /// Polls until the task is done, or as far as the recording saw it.
    async fn poll(
        &mut self,
        item: &Planned<'_>,
        part: &CallStory,
        last: &CallStory,
        operation: &mut Operation,
    ) {
        let seen = item.step.story.answer(last);
        let seen = seen.and_then(|seen| status(&String::from_utf8_lossy(&seen.payload)));
        let mut first = true;
        while Instant::now() < operation.deadline {
            let Some(mut body) = self.part_body(item, part, operation) else { return };
            if !std::mem::take(&mut first) {
                let id = self.made_up_id();
                body = edit::set(&body, "/id", &id).unwrap_or(body);
            }
            if !self.say_part(item, last, body, operation).await {
                return;
            }
            let now = status(&operation.last);
            let over = !matches!(now.as_deref(), Some("working" | "submitted" | "input_required"));
            if over || now == seen {
                return;
            }
            let pause = ["/result/pollInterval", "/result/pollIntervalMs"];
            let pause = pause.iter().find_map(|place| edit::get(&operation.last, place));
            let pause = pause.and_then(|ms| ms.parse().ok()).map_or(POLL, Duration::from_millis);
            let until = Instant::now() + pause.clamp(POLL_MIN, POLL_MAX);
            self.until(until.min(operation.deadline), |_| false).await;
        }
    }

    /// A recorded part with what the live server gave: its task, its state, its questions.
    fn part_body(
        &mut self,
        item: &Planned<'_>,
        part: &CallStory,
        operation: &Operation,
    ) -> Option<String> {
        let request = item.step.story.messages.get(part.request)?;
        let plain = || String::from_utf8_lossy(&request.payload).into_owned();
        // What is still hidden is set below, or nobody knows it.
        let mut body = self.table.fill(request).unwrap_or_else(|_| plain());
        if let Some(task) =
            operation.task.as_deref().filter(|_| edit::get(&body, "/params/taskId").is_some())
        {
            body = edit::set(&body, "/params/taskId", &edit::quoted(task)?)?;
        }
        if needs_input(&operation.last) {
            body = self.with_input(&body, &operation.last)?;
        }
        Some(body)
    }

    /// A request with the state and the answers that a result asks for.
    fn with_input(&mut self, body: &str, result: &str) -> Option<String> {
        let mut body = match edit::get(result, "/result/requestState") {
            Some(state) => edit::set(body, "/params/requestState", state)?,
            None => edit::remove(body, "/params/requestState")?,
        };
        let questions = members(result, "/result/inputRequests");
        body = edit::remove(&body, "/params/inputResponses")?;
        if questions.is_empty() {
            return Some(body);
        }
        body = edit::set(&body, "/params/inputResponses", "{}")?;
        for (key, question) in questions {
            let Some(value) = self.input(&question) else { continue };
            let place = format!("/params/inputResponses/{}", escaped(&key));
            body = edit::set(&body, &place, &value)?;
        }
        Some(body)
    }

    fn input(&mut self, question: &str) -> Option<String> {
        let method = edit::text(question, "/method").unwrap_or_default();
        let params = edit::get(question, "/params").unwrap_or("{}");
        let answer = self.answers.take(&method, params);
        if let Some((_, value)) = answer.and_then(|answer| self.recorded_answer(&answer)) {
            return Some(value);
        }
        let (member, value) = fallback(&method);
        let reason = format!("the server asked for this, which was not recorded; told: {value}");
        self.extras.push(Extra { method, reason });
        // A refusal has no place among the answers: what is left out is not given.
        (member == "result").then(|| value.to_owned())
    }

    /// Sends a part and waits for its answer; false where none came.
    async fn say_part(
        &mut self,
        item: &Planned<'_>,
        part: &CallStory,
        body: String,
        operation: &mut Operation,
    ) -> bool {
        let story = item.step.story;
        let Some(request) = story.messages.get(part.request) else { return false };
        let Some(told) = story.exchange(request.exchange) else { return false };
        let recorded = String::from_utf8_lossy(&request.payload);
        let Some(id) = edit::get(&body, "/id").map(str::to_owned) else { return false };
        let both = Some((recorded.as_ref(), body.as_str()));
        let owner = Some(operation.index);
        self.waiting.insert(id.clone());
        let (last_event, is_chosen) = (None, false);
        let say = Say { recorded: told, owner, body: both, last_event, is_chosen };
        let answer = match self.send(&say) {
            Ok(key) => self.answer(operation.index, item, key, &id, operation.deadline).await,
            Err(why) => {
                self.notes.push(why);
                None
            }
        };
        self.waiting.remove(&id);
        let Some(answer) = answer else { return false };
        if let Some(recorded) = story.answer(part) {
            self.table.learn(recorded, &answer);
        }
        operation.last = String::from_utf8_lossy(&answer.payload).into_owned();
        true
    }

    /// The live server asks more than the recorded one did.
    async fn more_rounds(
        &mut self,
        item: &Planned<'_>,
        (template, mut body): (&CallStory, String),
        operation: &mut Operation,
    ) {
        let recorded_end = template.answer.and_then(|place| item.step.story.messages.get(place));
        let asked = |answer: &Message| needs_input(&String::from_utf8_lossy(&answer.payload));
        if recorded_end.is_some_and(asked) || operation.task.is_some() {
            return;
        }
        for _ in 0..MORE_ROUNDS {
            if !needs_input(&operation.last) {
                return;
            }
            let id = self.made_up_id();
            let with_id = edit::set(&body, "/id", &id);
            let Some(next) = with_id.and_then(|body| self.with_input(&body, &operation.last))
            else {
                return;
            };
            body.clone_from(&next);
            if !self.say_part(item, template, next, operation).await {
                return;
            }
        }
    }
}

fn method_of<'s>(story: &'s Story, call: &CallStory) -> &'s str {
    let request = story.messages.get(call.request);
    request.and_then(|request| request.method.as_deref()).unwrap_or_default()
}

fn needs_input(answer: &str) -> bool {
    edit::text(answer, "/result/resultType").as_deref() == Some("input_required")
        || status(answer).as_deref() == Some("input_required")
}

/// How a task stands.
fn status(answer: &str) -> Option<String> {
    edit::text(answer, "/result/status")
}
