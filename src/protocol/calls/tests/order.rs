//! Messages in any order, any number of times.

use std::collections::HashSet;

use bytes::Bytes;
use proptest::prelude::*;

use super::super::*;
use crate::protocol::{
    model::{Direction, Kind},
    testing,
};

/// One message out of few ids, tokens, tasks and states, so that they collide.
fn message() -> impl Strategy<Value = Message> {
    let id = prop::sample::select(vec!["0", "1", "\"1\"", "null"]);
    let method = prop::sample::select(vec![
        "tools/call",
        "tasks/get",
        "tasks/result",
        "subscriptions/listen",
        "notifications/progress",
        "notifications/cancelled",
        "notifications/tasks/status",
    ]);
    let part = prop::sample::select(vec![
        r#""_meta":{"progressToken":1}"#,
        r#""progressToken":1"#,
        r#""requestId":1"#,
        r#""taskId":"k","status":"working""#,
        r#""task":{"taskId":"k","status":"completed"}"#,
        r#""resultType":"task","taskId":"k","status":"failed""#,
        r#""resultType":"input_required","requestState":"s""#,
        r#""resultType":"input_required""#,
        r#""inputResponses":{},"requestState":"s""#,
        r#""inputResponses":{}"#,
    ]);
    (0..5_u32, 0..40_u64, any::<bool>(), 0..4_u8, id, method, part).prop_map(
        |(exchange, at, from_client, kind, id, method, part)| {
            let (kind, key) = match kind {
                0 => (Kind::Request, "params"),
                1 => (Kind::Response, "result"),
                2 => (Kind::Error, "error"),
                _ => (Kind::Notification, "params"),
            };
            let asks = matches!(kind, Kind::Request | Kind::Notification);
            Message {
                exchange: testing::id(exchange),
                number: 0,
                frame: None,
                direction: if from_client {
                    Direction::ClientToServer
                } else {
                    Direction::ServerToClient
                },
                kind,
                rpc_id: (kind != Kind::Notification).then(|| id.to_owned()),
                method: asks.then(|| method.to_owned()),
                name: None,
                tool_error: false,
                rpc_code: None,
                answers: None,
                duplicate: false,
                latency_us: None,
                at: crate::capture::Timestamp(testing::START.0 + at),
                sse: None,
                payload: Bytes::from(format!("{{\"{key}\":{{{part}}}}}")),
            }
        },
    )
}

fn way() -> impl Strategy<Value = Way> {
    let ids = || prop::sample::select(vec!["0", "e", "f"]);
    (ids(), prop::collection::vec(ids(), 0..3), 0..40_u64, any::<(bool, bool, bool)>()).prop_map(
        |(last, events, at, (resumes, open, is_channel))| Way {
            id: testing::id(0),
            started_at: crate::capture::Timestamp(testing::START.0 + at),
            last_at: crate::capture::Timestamp(testing::START.0 + at + 5),
            outcome: (!open).then_some(Outcome::Completed),
            status: Some(200),
            is_channel,
            is_lossy: false,
            last_event_id: resumes.then(|| last.to_owned()),
            event_ids: events.into_iter().map(str::to_owned).collect(),
        },
    )
}

proptest! {
    #[test]
    fn every_message_has_one_part(
        mut messages in prop::collection::vec(message(), 0..40),
        ways in prop::collection::vec(way(), 5),
    ) {
        let mut numbers = [0_u32; 5];
        for message in &mut messages {
            let number = &mut numbers[testing::number(message.exchange)];
            message.number = *number;
            *number += 1;
        }
        let ways = ways.into_iter().enumerate().map(|(n, way)| Way {
            id: testing::id(u32::try_from(n).expect("few")),
            ..way
        });
        let ways: Vec<Way> = ways.collect();
        let mut shuffled = messages.clone();
        shuffled.reverse();
        let calls = tell(ways.clone(), &mut messages);
        let same = tell(ways, &mut shuffled);
        prop_assert_eq!(calls.list.len(), same.list.len());

        let mut parts = HashSet::new();
        let mut part = |place: usize| parts.insert(place);
        for (index, call) in calls.list.iter().enumerate() {
            prop_assert!(part(call.request));
            let request = &messages[call.request];
            for place in call.answer.iter().chain(&call.duplicates) {
                prop_assert!(part(*place));
                let answer = &messages[*place];
                prop_assert_eq!(answer.answers.as_ref(), Some(&request.id()));
                prop_assert_eq!(answer.rpc_id.as_ref(), request.rpc_id.as_ref());
                prop_assert_ne!(answer.direction, request.direction);
                prop_assert!(answer.at >= request.at);
            }
            for place in call.refusal.iter().chain(&call.cancelled) {
                prop_assert!(part(*place));
            }
            for place in call.progress.iter().chain(&call.notifications) {
                prop_assert!(part(*place));
            }
            prop_assert!(call.continues.is_none_or(|before| before.call < index));
            prop_assert!(calls.list[call.first].first == call.first);
            prop_assert_eq!(call.whole, calls.list[call.first].whole);
        }
        for place in &calls.orphans {
            prop_assert!(part(*place));
        }
        let answered = |m: &Message| matches!(m.kind, Kind::Request | Kind::Response | Kind::Error);
        prop_assert!((0..messages.len()).all(|p| !answered(&messages[p]) || parts.contains(&p)));
        prop_assert_eq!(about(&calls.list, &calls.orphans, messages.len()).len(), messages.len());
    }
}

/// Each of many exchanges shares its id, token, state and event id with all others, and resumes
/// them too. Were anything looked for one by one, this would take hours.
#[test]
fn a_session_in_which_all_is_alike_is_told_in_time() {
    const MANY: u32 = 5_000;
    let mut all = Vec::new();
    for exchange in 0..MANY {
        let say =
            |number: u32, from_client: bool, kind: Kind, method: &str, payload: &str| Message {
                exchange: testing::id(exchange),
                number,
                frame: None,
                direction: if from_client {
                    Direction::ClientToServer
                } else {
                    Direction::ServerToClient
                },
                kind,
                rpc_id: (kind != Kind::Notification).then(|| "1".to_owned()),
                method: Some(method.to_owned()).filter(|method| !method.is_empty()),
                name: None,
                tool_error: false,
                rpc_code: None,
                answers: None,
                duplicate: false,
                latency_us: None,
                at: crate::capture::Timestamp(u64::from(exchange * 10 + number)),
                sse: None,
                payload: Bytes::copy_from_slice(payload.as_bytes()),
            };
        all.extend([
            say(
                0,
                true,
                Kind::Request,
                "tools/call",
                r#"{"params":{"inputResponses":{},"_meta":{"progressToken":1}}}"#,
            ),
            say(
                1,
                false,
                Kind::Notification,
                "notifications/progress",
                r#"{"params":{"progressToken":1}}"#,
            ),
            say(2, false, Kind::Request, "roots/list", "{}"),
            say(
                3,
                true,
                Kind::Notification,
                "notifications/cancelled",
                r#"{"params":{"requestId":1}}"#,
            ),
        ]);
        if exchange % 2 == 0 {
            all.push(say(
                4,
                false,
                Kind::Response,
                "",
                r#"{"result":{"resultType":"input_required"}}"#,
            ));
        }
    }
    let way = |exchange: u32| Way {
        id: testing::id(exchange),
        started_at: crate::capture::Timestamp(u64::from(exchange * 10)),
        last_at: crate::capture::Timestamp(u64::from(exchange * 10 + 9)),
        outcome: Some(Outcome::Truncated),
        status: Some(200),
        is_channel: false,
        is_lossy: false,
        last_event_id: Some("0".to_owned()),
        event_ids: vec!["0".to_owned(); 10],
    };
    let began = std::time::Instant::now();
    let calls = tell((0..MANY).map(way), &mut all);
    assert_eq!(calls.list.len(), 2 * MANY as usize);
    let listed: usize = calls.list.iter().map(|call| call.resumes.len()).sum();
    assert!(listed <= 100_000, "{listed} resumes");
    assert!(began.elapsed().as_secs() < 60, "{:?}", began.elapsed());
}
