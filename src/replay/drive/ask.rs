//! The server asks, the client answers: from the tape with the live id, else by a fallback that is
//! told as drift (protocol.md §7).

use super::{
    Extra,
    driver::{Driver, Say},
    wire::Key,
};
use crate::{
    capture::redact::placeholders_in,
    protocol::{Message, Told},
    replay::{
        answers::{Answer, fallback},
        edit,
    },
};

impl<'s> Driver<'_, 's> {
    /// Answers a request that came on a stream; the answer's exchange goes on beside.
    pub(super) fn asked(&mut self, key: Key, question: &Message) {
        let method = question.method.clone().unwrap_or_default();
        let text = String::from_utf8_lossy(&question.payload);
        let id = question.rpc_id.as_deref().unwrap_or("null");
        let params = edit::get(&text, "/params").unwrap_or("{}");
        let answer = self.answers.take(&method, params);
        if let Some(answer) = &answer {
            self.table.learn(answer.question, question);
        }
        let recorded = answer.as_ref().and_then(|answer| self.recorded_answer(answer));
        let (member, value) = recorded.unwrap_or_else(|| {
            let (member, value) = fallback(&method);
            (member.to_owned(), value.to_owned())
        });
        if answer.is_none() && method != "ping" {
            let reason =
                format!("the server asked for this, which was not recorded; told: {value}");
            self.extras.push(Extra { method, reason });
        }
        let body = format!(r#"{{"jsonrpc":"2.0","id":{id},"{member}":{value}}}"#);
        let owner = self.exchanges.get(&key).and_then(|exchange| exchange.owner);
        let owner = Some(owner.unwrap_or(self.current));
        let Some(recorded) = self.post_like(answer.as_ref()) else { return };
        let (last_event, is_chosen) = (None, false);
        let say = Say { recorded, owner, body: Some((&body, &body)), last_event, is_chosen };
        if let Err(why) = self.send(&say) {
            self.notes.push(format!("the server's request could not be answered: {why}"));
        }
    }

    /// What was recorded as an answer, with fresh values.
    pub(super) fn recorded_answer(&self, answer: &Answer<'s>) -> Option<(String, String)> {
        // What else is hidden in the message does not concern its answers, and the live server may
        // ask under another key: then the value is as it was recorded.
        let plain = String::from_utf8_lossy(&answer.message.payload);
        let filled = self.table.fill(answer.message).ok();
        let filled = filled.as_deref().and_then(|text| edit::get(text, &answer.place));
        let value = filled.or_else(|| edit::get(&plain, &answer.place))?;
        if placeholders_in(value.as_bytes()).next().is_some() {
            return None;
        }
        let member = if answer.place == "/error" { "error" } else { "result" };
        Some((member.to_owned(), value.to_owned()))
    }

    /// The recorded POST whose head an answer takes: that of the recorded answer, else of what was
    /// posted last before it.
    fn post_like(&self, answer: Option<&Answer<'s>>) -> Option<&'s Told> {
        let story = self.plan.story;
        let own = answer.and_then(|answer| story.exchange(answer.message.exchange));
        own.or_else(|| {
            let sent = self.plan.items.get(..=self.current).unwrap_or_default();
            let posts = sent.iter().rev().filter_map(|item| story.exchange(item.exchange()));
            posts.into_iter().find(|told| told.open.method == "POST")
        })
    }
}
