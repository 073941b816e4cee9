use std::fmt::Write as _;

use proptest::prelude::*;

use super::*;
use crate::{
    capture::Timestamp,
    protocol::{
        Kind,
        testing::{START, id, number, stories},
    },
};

const MS: u64 = 1_000_000;

/// A row in a line: the renderer of the tests.
fn drawn(transcript: &str, shown: Shown) -> Vec<String> {
    let stories = stories(transcript);
    let [story] = stories.as_slice() else { panic!("{} sessions", stories.len()) };
    let sequence = Sequence::of(story, shown);
    let rows = sequence.rows.iter().map(|row| match row {
        Row::Arrow(arrow) => {
            let message = &story.messages[arrow.place];
            let (left, right) = match arrow.direction {
                crate::protocol::Direction::ClientToServer => ("", ">"),
                crate::protocol::Direction::ServerToClient => ("<", ""),
            };
            let line = if arrow.line == Line::Dotted { ".." } else { "--" };
            let mut text =
                format!("{left}{line}{right} {}", arrow.label(message, message.name.as_deref()));
            if let Some(us) = arrow.since_us {
                let _ = write!(text, " +{}ms", us / 1_000);
            }
            if arrow.tone != Tone::Plain {
                let _ = write!(text, " {:?}", arrow.tone);
            }
            if let Some(stream) = arrow.stream {
                let _ = write!(text, " on {}", number(sequence.streams[stream].exchange));
            }
            text
        }
        Row::Http(http) => {
            let answers = if http.answers.is_some() { "<-- " } else { "" };
            format!("{answers}{} {:?}", http.label(story), http.tone)
        }
        Row::Pause(pause) => {
            let what = if pause.waiting { "waiting" } else { "idle" };
            format!("{}s {what}", pause.us() / 1_000_000)
        }
    });
    rows.collect()
}

const SESSION: &str = r#"
    >> GET http://localhost:3000/mcp
    Mcp-Session-Id: a

    << 200
    content-type: text/event-stream

    : hello

    ..
    >> POST http://localhost:3000/mcp
    Mcp-Session-Id: a

    {"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"slow","_meta":{"progressToken":"p"}}}
    << 200
    content-type: text/event-stream

    data: {"jsonrpc":"2.0","method":"notifications/progress","params":{"progressToken":"p","progress":1,"total":2.5}}

    ..
    ++ 1m
    .. 0
    data: {"jsonrpc":"2.0","method":"notifications/tools/list_changed"}

    ..
    .. 1
    data: {"jsonrpc":"2.0","id":1,"result":{"isError":true}}

    ++ 2m
    >> POST http://localhost:3000/mcp
    Mcp-Session-Id: a

    {"jsonrpc":"2.0","id":2,"method":"tools/list"}
    << 404

    gone
    >> GET http://localhost:3000/mcp
    Mcp-Session-Id: a

    << 405
"#;

#[test]
fn a_row_a_message_and_where_there_is_none_a_row_of_http() {
    let rows = drawn(SESSION, Shown::default());
    assert_eq!(
        rows,
        [
            "GET /mcp → 200, listens Plain",
            "--> tools/call slow",
            "<.. notifications/progress 1/2.5 +1ms",
            "60s waiting",
            "<.. notifications/tools/list_changed on 0",
            "<-- tools/call slow: tool error +60003ms Failed",
            "120s idle",
            "--> tools/list Failed",
            "<-- 404 Failed",
            "GET /mcp → 405 Plain",
        ]
    );
}

#[test]
fn what_is_not_shown_leaves_no_row() {
    let shown = Shown { notifications: false, http: false, pauses: false };
    let rows = drawn(SESSION, shown);
    assert_eq!(
        rows,
        [
            "--> tools/call slow",
            "<-- tools/call slow: tool error +60003ms Failed",
            "--> tools/list Failed",
            "<-- 404 Failed",
        ]
    );
}

#[test]
fn a_call_that_waits_is_no_idle_time() {
    let rows = drawn(
        r#"
    >> POST http://localhost:3000/mcp
    Mcp-Session-Id: a

    {"jsonrpc":"2.0","id":1,"method":"ping"}
    ..
    ++ 1m
    >> POST http://localhost:3000/mcp
    Mcp-Session-Id: a

    {"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":1}}
    << 202
    ++ 1m
    >> DELETE http://localhost:3000/mcp
    Mcp-Session-Id: a

    << 200
"#,
        Shown::default(),
    );
    let cancelled = "..> notifications/cancelled +60001ms";
    let all = ["--> ping Waiting", "60s waiting", cancelled, "60s idle", "DELETE /mcp → 200 Plain"];
    assert_eq!(rows, all);
}

#[test]
fn bars_have_ticks_and_the_idle_minutes_between_them_are_folded() {
    let story = stories(SESSION).remove(0);
    let timeline = Timeline::of(&story, START);
    let [listens, call, refused, declined] = timeline.bars.as_slice() else { panic!("four") };
    assert_eq!([listens.shape, call.shape], [Shape::Listens, Shape::Messages]);
    assert_eq!([refused.shape, declined.shape], [Shape::Messages, Shape::Plain]);
    assert_eq!(call.first.map(|place| story.messages[place].kind), Some(Kind::Request));
    assert_eq!(call.first_byte_us(), Some(1_000));
    let gaps: Vec<u64> = call.ticks.iter().map(|tick| tick.gap_us / 1_000).collect();
    assert_eq!(gaps, [1, 60_002]);
    assert_eq!((call.largest_gap, call.us() / 1_000), (Some(1), 60_004));
    assert_eq!(refused.largest_gap, None);
    // The minute of the call is drawn; the two idle ones are not.
    let folds: Vec<_> = timeline.axis.folds().collect();
    let [(fold, from, until)] = folds.as_slice() else { panic!("{folds:?}") };
    assert_eq!((fold.from, fold.until), (call.until, refused.from));
    assert!(until - from == Axis::SPAN / 40 && *until < Axis::SPAN, "{folds:?}");
    assert!(timeline.axis.at(call.until) > Axis::SPAN / 10 * 9);
    assert!(
        timeline.axis.marks(6).iter().all(|(us, at)| us % 10_000_000 == 0 && *at <= Axis::SPAN)
    );
}

#[test]
fn what_goes_on_lasts_until_the_clock() {
    let story = stories(
        ">> GET http://localhost:3000/mcp\nMcp-Session-Id: a\n\n<< 200\ncontent-type: \
         text/event-stream\n\n: hello\n\n..\n",
    )
    .remove(0);
    let later = Timestamp(START.0 + 60_000 * MS);
    let timeline = Timeline::of(&story, later);
    assert!(timeline.bars[0].goes_on);
    assert_eq!((timeline.bars[0].until, timeline.axis.until), (later, later));
    assert_eq!(Sequence::of(&story, Shown::default()).streams[0].until, None);
}

#[test]
fn a_stream_that_takes_up_another_says_so() {
    let story = stories(
        r#"
    >> POST http://localhost:3000/mcp
    Mcp-Session-Id: a

    {"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"slow"}}
    << 200
    content-type: text/event-stream

    id: e0
    data:

    ++ 1m
    >> GET http://localhost:3000/mcp
    Mcp-Session-Id: a
    Last-Event-ID: e0

    << 200
    content-type: text/event-stream

    data: {"jsonrpc":"2.0","id":1,"result":{}}

"#,
    )
    .remove(0);
    let timeline = Timeline::of(&story, START);
    let resumes: Vec<_> = timeline.bars.iter().map(|bar| bar.resumes).collect();
    assert_eq!(resumes, [None, Some(id(0))]);
    assert_eq!(timeline.bars[1].shape, Shape::Messages);
    let rows = Sequence::of(&story, Shown::default()).rows;
    let said = rows.iter().find_map(|row| match row {
        Row::Http(http) => Some(http.label(&story)),
        _ => None,
    });
    assert_eq!(said.as_deref(), Some("GET /mcp → 200, resumes"));
}

fn stretches() -> impl Strategy<Value = Vec<(Timestamp, Timestamp)>> {
    let stretch = (any::<u64>(), 0_u64..600_000 * MS);
    let near = (0_u64..600_000 * MS, 0_u64..60_000 * MS);
    let timed = |(from, long): (u64, u64)| (Timestamp(from), Timestamp(from.saturating_add(long)));
    prop::collection::vec(prop_oneof![1 => stretch, 9 => near].prop_map(timed), 0..40)
}

proptest! {
    #[test]
    fn time_never_goes_back_on_an_axis(busy in stretches(), moments in prop::collection::vec(any::<u64>(), 8)) {
        let axis = Axis::over(busy.clone());
        let mut moments: Vec<Timestamp> = moments.into_iter().map(Timestamp).collect();
        moments.extend(busy.iter().flat_map(|(from, until)| [*from, *until]));
        moments.sort_unstable();
        let places: Vec<u32> = moments.iter().map(|moment| axis.at(*moment)).collect();
        prop_assert!(places.is_sorted(), "{places:?}");
        prop_assert!(places.iter().all(|place| *place <= Axis::SPAN));
        prop_assert_eq!(axis.at(axis.from), 0);
        if axis.until > axis.from {
            prop_assert_eq!(axis.at(axis.until), Axis::SPAN);
        }
        let marks = axis.marks(6);
        prop_assert!(marks.len() <= 20 && marks.is_sorted(), "{marks:?}");
        for (fold, from, until) in axis.folds() {
            prop_assert_eq!((axis.at(fold.from), axis.at(fold.until)), (from, until));
            prop_assert!(busy.iter().all(|(a, b)| *b <= fold.from || *a >= fold.until));
        }
    }
}
