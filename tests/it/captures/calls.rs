//! The calls of a session in lines.

use wiretape::protocol::{CallStory, Ending, Message, Story};

/// What is told of one call, the places of messages and exchanges being named by `place`.
pub(super) fn call(story: &Story, call: &CallStory, place: &dyn Fn(&str) -> String) -> String {
    let message = |at: usize| story.messages.get(at).map_or_else(String::new, Message::id);
    let request = &story.messages[call.request];
    let name = [&request.method, &request.name]
        .into_iter()
        .flatten()
        .fold(String::new(), |all, part| all + " " + part);
    let mut parts = vec![format!("CALL {}{name}: {}", place(&request.id()), ending(call.ending))];
    let counts = [
        ("progress", call.progress.len()),
        ("notifications", call.notifications.len()),
        ("second answers", call.duplicates.len()),
    ];
    for (what, count) in counts.into_iter().filter(|(_, count)| *count > 0) {
        parts.push(format!("{count} {what}"));
    }
    let others = |calls: &[usize]| {
        let requests = calls.iter().filter_map(|other| story.calls.get(*other));
        requests.fold(String::new(), |all, other| all + " " + &place(&message(other.request)))
    };
    if !call.asks.is_empty() {
        parts.push(format!("asks{}", others(&call.asks)));
    }
    if let Some(before) = call.continues {
        parts.push(format!("continues{} ({:?})", others(&[before.call]), before.by));
    }
    if let Some(late) = call.late {
        parts.push(format!("late ({late:?})"));
    }
    if call.exchanges.len() > 1 {
        let over = call.exchanges.iter().fold(String::new(), |all, exchange| {
            let first = place(&format!("{exchange}.0"));
            all + " " + first.split('.').next().unwrap_or_default()
        });
        parts.push(format!("over{over}"));
    }
    if call.whole.ending != call.ending {
        parts.push(format!("at last {}", ending(call.whole.ending)));
    }
    parts.join(", ")
}

fn ending(ending: Ending) -> String {
    match ending {
        Ending::Ok => "ok".to_owned(),
        Ending::ToolError => "tool error".to_owned(),
        Ending::RpcError(code) => {
            code.map_or_else(|| "error".to_owned(), |code| format!("error {code}"))
        }
        Ending::Refused(status) => format!("refused {status}"),
        Ending::Fault(outcome) => outcome.as_str().to_owned(),
        Ending::Cancelled => "cancelled".to_owned(),
        Ending::Unanswered => "unanswered".to_owned(),
        Ending::Unread => "unread".to_owned(),
        Ending::Pending => "pending".to_owned(),
    }
}
