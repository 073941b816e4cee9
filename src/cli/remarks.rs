//! What a message's call has to say about it: fields for scripts, a few grey words for people.

use super::{units, visible};
use crate::protocol::{
    CallStory, Ending, Message,
    calls::{Link, Remark, about},
};

/// What is known of one message once the whole session is read.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Remarks {
    /// The request to which it belongs without being its answer, `EXCHANGE.N`.
    pub(crate) belongs_to: Option<String>,
    /// The request that it continues.
    pub(crate) continues: Option<String>,
    /// What is out of the ordinary, for scripts.
    pub(crate) words: Vec<&'static str>,
    /// The same for people; empty where there is nothing to say.
    pub(crate) text: String,
}

impl Remarks {
    /// What there is to say of each message, in their order.
    pub(crate) fn of(calls: &[CallStory], orphans: &[usize], messages: &[Message]) -> Vec<Self> {
        let request = |call: usize| messages.get(calls.get(call)?.request);
        let id = |call: usize| request(call).map(Message::id);
        let rpc_id = |call: usize| {
            let id = request(call).and_then(|request| request.rpc_id.as_deref());
            visible::line(id.unwrap_or("?")).into_owned()
        };
        let mut all = Vec::with_capacity(messages.len());
        for (place, about) in about(calls, orphans, messages.len()).into_iter().enumerate() {
            let own = about.call.and_then(|call| calls.get(call));
            let call = own.filter(|call| call.request == place);
            let before = call.and_then(|call| call.continues).map(|before| before.call);
            let belongs = about.call.filter(|_| about.beside);
            let belongs = belongs.or_else(|| call.and_then(|call| call.asked_by));
            let mut texts: Vec<String> = Vec::new();
            for remark in &about.remarks {
                let said = match (remark, before, belongs) {
                    // The line says so already.
                    (Remark::Cancelled, ..) if call.is_some_and(|call| call.answer.is_none()) => {
                        continue;
                    }
                    (Remark::Orphan, ..) => continue,
                    (Remark::Continues(Link::Retry), Some(call), _) => {
                        format!("retry of #{}", rpc_id(call))
                    }
                    (Remark::Continues(Link::Task), Some(call), _) => {
                        format!("task of #{}", rpc_id(call))
                    }
                    (Remark::Progress, _, Some(call)) => format!("progress of #{}", rpc_id(call)),
                    (Remark::During, _, Some(call)) => format!("asked during #{}", rpc_id(call)),
                    (Remark::Cancels, _, Some(call)) => format!("cancels #{}", rpc_id(call)),
                    (remark, ..) => remark.to_string(),
                };
                texts.push(said);
            }
            if let Some(call) = call.filter(|call| !call.parts.is_empty()) {
                let calls = call.parts.len() + 1;
                texts.push(format!(
                    "{}: {}",
                    units::count(calls as u64, "call"),
                    word(call.whole.ending)
                ));
            }
            all.push(Self {
                belongs_to: belongs.and_then(id),
                continues: before.and_then(id),
                words: about.remarks.iter().map(|remark| remark.word()).collect(),
                text: texts.join(" · "),
            });
        }
        all
    }
}

/// How an operation came out.
fn word(ending: Ending) -> String {
    match ending {
        Ending::Ok => "ok".to_owned(),
        Ending::ToolError => "tool error".to_owned(),
        Ending::RpcError(Some(code)) => format!("error {code}"),
        Ending::RpcError(None) => "error".to_owned(),
        Ending::Refused(status) => format!("refused {status}"),
        Ending::Fault(outcome) => outcome.as_str().to_owned(),
        Ending::Cancelled => "cancelled".to_owned(),
        Ending::Unanswered => "unanswered".to_owned(),
        Ending::Unread => "not read".to_owned(),
        Ending::Pending => "pending".to_owned(),
    }
}
