//! A request that is not on the tape: the error names the nearest recorded one and the fields that
//! differ (design.md, Replay).

use std::time::Duration;

use bytes::Bytes;

use super::{
    asked::Asked,
    json,
    refuse::{json_answer, json_error},
    remark::{Match, Remark, recorded, remark},
    script::{Entry, Script},
    stage::{Answer, Served},
};
use crate::{capture::Headers, protocol::Kind, replay::compare::Difference};

/// In the space that JSON-RPC leaves to implementations (protocol.md §6), and nobody else's there.
const NOT_ON_TAPE: i64 = -32019;

/// Recorded requests that are held against one that was missed; nearer ones may stand behind them.
const LOOKED_AT: usize = 2_000;

/// The answer to a path that nobody asked for.
pub(super) fn no_such_path(script: &Script, asked: &Asked) -> Served {
    let text = format!(
        "wiretape serve: the tape has no request to {}; a client is to be given {}",
        asked.path,
        script.client_path()
    );
    let mut served = json_error(asked, 404, -32000, &text, "null");
    served.remark.reason = Some(text);
    served
}

/// The answer to a request without its like.
pub(super) fn missed(
    script: &Script,
    asked: &Asked,
    route: usize,
    is_used: impl Fn(usize) -> bool,
) -> Served {
    let nearest = nearest(script, asked, route, &is_used);
    let what = [Some(asked.method()), asked.name()].into_iter().flatten();
    let what = what.collect::<Vec<_>>().join(" ");
    let Some((entry, differences, used)) = nearest else {
        let text = format!("wiretape serve: the tape has no {}", asked.method());
        return told(script, asked, text, "unmatched", None, Vec::new());
    };
    let place = entry.message.clone().unwrap_or_else(|| entry.exchange.to_string());
    let (text, reason) = if differences.is_empty() && used {
        let text = format!(
            "wiretape serve: {what} was asked more often than on the tape; the last one is {place}"
        );
        (text, "exhausted")
    } else if differences.is_empty() {
        let text = format!(
            "wiretape serve: {what} is on the tape as {place}, but in another session, with another \
             credential or of another revision"
        );
        (text, "unmatched")
    } else {
        let text = format!("wiretape serve: {what} is not on the tape; the nearest is {place}");
        (text, "unmatched")
    };
    told(script, asked, text, reason, Some(entry), differences)
}

/// A field that differs: what is there on the tape, and what came here.
#[must_use]
pub fn in_words(difference: &Difference) -> String {
    let (own, its) = (difference.recorded.as_deref(), difference.replayed.as_deref());
    let path = &difference.path;
    match (own.map(short), its.map(short)) {
        (Some(own), Some(its)) => format!("{path} is {own} there, {its} here"),
        (Some(own), None) => format!("{path} is {own} there, and missing here"),
        (None, its) => format!("{path} is {} here, and not there", its.unwrap_or_default()),
    }
}

fn short(json: &str) -> String {
    const CHARS: usize = 60;
    let mut cut: String = json.chars().take(CHARS).collect();
    if json.chars().nth(CHARS).is_some() {
        cut.push('…');
    }
    cut
}

/// How far a recorded request is: another revision, another name, fields that differ, another path, a
/// refusal.
type Distance = (bool, bool, usize, bool, bool);

/// A recorded request, where one differs from it, and whether it was used up.
type Near<'s> = (&'s Entry, Vec<Difference>, bool);

/// The recorded request that is most like it, where they differ, and whether it was used up.
fn nearest<'s>(
    script: &'s Script,
    asked: &Asked,
    route: usize,
    is_used: &impl Fn(usize) -> bool,
) -> Option<Near<'s>> {
    let same_method = |entry: &Entry| entry.asked.method() == asked.method();
    let pool = script.entries.iter().enumerate().filter(|(_, entry)| same_method(entry));
    let mut best: Option<(Distance, Near<'_>)> = None;
    for (place, entry) in pool.take(LOOKED_AT) {
        let mut differences = Vec::new();
        for (own, its) in entry.asked.parts.iter().zip(&asked.parts) {
            differences.extend(json::differences(&own.said, &its.said, &script.placeholders));
        }
        let used = is_used(place);
        let rank = (
            entry.asked.is_modern != asked.is_modern,
            entry.asked.name() != asked.name(),
            differences.len(),
            entry.route != route,
            entry.is_refusal(),
        );
        // Of equal ones the last: it is the one that was used up last.
        if best.as_ref().is_none_or(|(other, _)| rank <= *other) {
            best = Some((rank, (entry, differences, used)));
        }
    }
    best.map(|(_, found)| found)
}

fn told(
    script: &Script,
    asked: &Asked,
    text: String,
    reason: &str,
    entry: Option<&Entry>,
    differences: Vec<Difference>,
) -> Served {
    let part = asked.head_part();
    let is_notification =
        !asked.has_request() && part.is_some_and(|p| p.kind == Kind::Notification);
    let (status, answer) = if is_notification {
        // Nothing is asked, so nothing can be answered wrongly; an error would end some clients.
        let (status, headers, body) = (202, Headers::default(), Bytes::new());
        (status, Answer::Whole { status, headers, body, after: Duration::ZERO })
    } else {
        let nearest = entry.map(|entry| {
            serde_json::json!({"exchange": entry.exchange.to_string(), "message": entry.message})
        });
        let fields: Vec<String> = differences.iter().map(in_words).collect();
        let differences: Vec<_> = differences
            .iter()
            .map(|d| {
                serde_json::json!({"path": d.path, "kind": d.kind.as_str(), "recorded": d.recorded,
                    "sent": d.replayed})
            })
            .collect();
        let id = part.and_then(|part| part.id.clone()).unwrap_or_else(|| "null".to_owned());
        let data = serde_json::json!({"reason": reason, "nearest": nearest,
            "differences": differences});
        // Whoever asked knows the values; what is said of them elsewhere is masked, so they stand
        // in no reason (design.md, tenet 4).
        let message = if fields.is_empty() {
            text.clone()
        } else {
            format!("{text}, which differs: {}", fields.join("; "))
        };
        let message = serde_json::Value::from(message);
        let body = format!(
            r#"{{"jsonrpc":"2.0","id":{id},"error":{{"code":{NOT_ON_TAPE},"message":{message},"data":{data}}}}}"#
        );
        (400, json_answer(400, body))
    };
    let remark = Remark {
        status: Some(status),
        outcome: Match::Missed,
        recorded: entry.map(|entry| recorded(script, entry)),
        differences,
        reason: Some(text),
        ..remark(asked)
    };
    Served { remark, answer }
}
