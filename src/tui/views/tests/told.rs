//! The views of a session told whole, letter by letter, and whatever is told of it.

use std::sync::Arc;

use bytes::Bytes;
use proptest::prelude::*;

use crate::{
    capture::Timestamp,
    protocol::{
        Story,
        problems::{Problem, Severity},
        testing::{START, id, stories},
    },
    tui::{
        app::{
            App, Effect, Msg,
            testing::{
                fixture::{FULL, press, press_only, told, work},
                screen,
            },
        },
        desk::{Ask, News, OfferTold, SessionTold},
        ledger::Veil,
        pictures,
        rows::{Row, RowId},
        theme::Theme,
    },
};

/// A call with progress during which the server asks, a failed one, a pause, a stream that listens.
pub(super) const SESSION: &str = r#"
    >> GET http://localhost:3000/mcp
    Mcp-Session-Id: a

    << 200
    content-type: text/event-stream

    ..
    >> POST http://localhost:3000/mcp
    Mcp-Session-Id: a
    content-type: application/json

    {"jsonrpc":"2.0","id":7,"method":"tools/call","params":{"name":"search","_meta":{"progressToken":1}}}
    << 200
    content-type: text/event-stream

    data: {"jsonrpc":"2.0","method":"notifications/progress","params":{"progressToken":1,"progress":1,"total":4}}

    data: {"jsonrpc":"2.0","id":"s1","method":"sampling/createMessage","params":{}}

    ..
    >> POST http://localhost:3000/mcp
    Mcp-Session-Id: a
    content-type: application/json

    {"jsonrpc":"2.0","id":"s1","result":{}}
    << 202
    .. 1
    data: {"jsonrpc":"2.0","id":7,"result":{"content":[],"isError":false}}

    ++ 1m
    >> POST http://localhost:3000/mcp
    Mcp-Session-Id: a
    content-type: application/json

    {"jsonrpc":"2.0","id":8,"method":"tools/call","params":{"name":"delete"}}
    << 200
    content-type: application/json

    {"jsonrpc":"2.0","id":8,"error":{"code":-32602,"message":"no"}}
"#;

struct Plain;

impl Veil for Plain {
    fn name(&mut self, text: &str) -> String {
        text.to_owned()
    }

    fn url(&mut self, text: &str) -> String {
        text.to_owned()
    }
}

pub(super) fn session_told(story: &Story) -> SessionTold {
    let sequence = pictures::sequence(story, &mut Plain);
    let (timeline, bars) = pictures::timeline(story, START, &mut Plain);
    let offer = |name: &str, listed, calls, errors| OfferTold {
        kind: "tool",
        name: name.to_owned(),
        about: format!("what {name} does"),
        definition: Bytes::from(format!(
            r#"{{"name":"{name}","inputSchema":{{"type":"object"}}}}"#
        )),
        listed,
        calls,
        errors,
        p95_us: (calls > 0).then_some(240_000),
    };
    let problem = |rule: &str, severity, n| Problem {
        rule: rule.to_owned(),
        severity,
        session: id(0),
        exchange: Some(id(n)),
        message: None,
        text: format!(
            "what {rule} means, at some length so that it does not fit on a single row of it"
        ),
        evidence: "POST without the header after initialize had answered with it".to_owned(),
        remedy: "send the header with every request of the session".to_owned(),
        source: "MCP 2025-11-25 basic/transports".to_owned(),
    };
    SessionTold {
        session: crate::tui::rows::SessionId(4),
        facts: Vec::new(),
        states: Vec::new(),
        client_can: vec!["sampling".to_owned()],
        server_can: vec!["tools".to_owned(), "logging".to_owned()],
        problems: vec![
            problem("session-id-not-sent", Severity::Error, 1),
            problem("slow-call", Severity::Info, 2),
        ],
        offers: vec![
            offer("search", true, 212, 1),
            offer("unused", true, 0, 0),
            offer("secret", false, 3, 3),
        ],
        only_last: None,
        sequence,
        timeline,
        bars,
    }
}

/// An app that shows the view behind a digit.
fn shown(size: (u16, u16), theme: Theme, digit: &str) -> App {
    let mut app = told(size, theme);
    let stories = stories(SESSION);
    let effects = press_only(&mut app, digit);
    for effect in effects {
        if let Effect::Ask(Ask::Session { ticket, .. }) = effect {
            let told = session_told(&stories[0]);
            app.update(Msg::News(News::Told(ticket, Arc::new(told))));
        }
    }
    app
}

#[test]
fn a_session_looks_like_this() {
    for (digit, name) in [
        ("3", "sequence"),
        ("4", "timeline"),
        ("5", "catalogue"),
        ("6", "problems"),
        ("7", "latency"),
    ] {
        for (width, height) in [(80, 24), (120, 40)] {
            let app = shown((width, height), FULL, digit);
            insta::assert_snapshot!(
                format!("{name}_{width}x{height}"),
                screen(&app, width, height)
            );
        }
    }
    let ascii = Theme { colour: false, ascii: true };
    let text = screen(&shown((80, 24), ascii, "3"), 80, 24);
    assert!(text.is_ascii(), "{text}");
    assert!(screen(&shown((80, 24), ascii, "4"), 80, 24).is_ascii());
}

#[test]
fn before_a_session_is_told_and_where_it_cannot_be_words_say_so() {
    let mut app = told((80, 24), FULL);
    let effects = press_only(&mut app, "3");
    assert!(screen(&app, 80, 24).contains("reading the session"));
    let [Effect::Ask(Ask::Session { ticket, .. })] = effects.as_slice() else {
        panic!("{effects:?}")
    };
    app.update(Msg::News(News::Failed(*ticket, "the disk is gone".to_owned())));
    assert!(screen(&app, 80, 24).contains("the disk is gone"));
}

#[test]
fn what_takes_long_to_tell_is_told_more_seldom() {
    const SECOND: u64 = 1_000_000_000;
    for (takes, again) in [(0, SECOND), (SECOND / 10, 2 * SECOND), (5 * SECOND, 30 * SECOND)] {
        let mut app = told((80, 24), FULL);
        let begun = app.data.clock;
        let asked = |effects: &[Effect]| match effects {
            [Effect::Ask(Ask::Session { ticket, .. })] => Some(*ticket),
            _ => None,
        };
        let ticket = asked(&press_only(&mut app, "3")).expect("it is asked");
        app.update(Msg::Time(Timestamp(begun.0 + takes)));
        let told = Arc::new(session_told(&stories(SESSION)[0]));
        app.update(Msg::News(News::Told(ticket, told)));
        // The session goes on.
        let row = *app.data.rows.of(crate::tui::rows::SessionId(4)).last().expect("a row");
        let mut more = app.data.row(row).expect("it is there");
        more.number += 1;
        app.update(Msg::Time(Timestamp(begun.0 + again.max(takes) - 1)));
        let early = app.update(Msg::News(News::Rows(vec![more])));
        assert_eq!(asked(&early), None, "{takes}");
        app.update(Msg::Time(Timestamp(begun.0 + again.max(takes) + 1_000)));
        let due = app.update(Msg::News(News::Rows(vec![more])));
        assert!(asked(&due).is_some(), "{takes}");
    }
}

#[test]
fn a_narrow_screen_keeps_what_its_view_is_for() {
    let screen = |digit| screen(&shown((40, 10), FULL, digit), 40, 10);
    let sequence = screen("3");
    assert!(sequence.contains("initialize") || sequence.contains("tools/call"), "{sequence}");
    assert!(sequence.lines().next().unwrap_or_default().contains("› sequence"), "{sequence}");
    let latency = screen("7");
    assert!(latency.contains("P50    P95    MAX") && latency.contains("310ms"), "{latency}");
    insta::assert_snapshot!("narrow", format!("{sequence}{latency}"));
}

#[test]
fn a_definition_is_not_scrolled_out_of_sight() {
    let mut app = shown((80, 24), FULL, "5");
    (0..50).for_each(|_| drop(press_only(&mut app, "l")));
    let text = screen(&app, 80, 24);
    assert!(text.contains("\"type\": \"object\"") && text.contains("l scroll down"), "{text}");
    press_only(&mut app, "h");
    assert!(screen(&app, 80, 24).contains("inputSchema"), "one step up is one step");
}

#[test]
fn a_call_is_opened_where_the_desk_finds_it_and_no_key_came_between() {
    let mut app = told((80, 24), FULL);
    let found = |app: &mut App, keys: &str| {
        let effects = press_only(app, "3");
        for effect in effects {
            if let Effect::Ask(Ask::Session { ticket, .. }) = effect {
                let told = session_told(&stories(SESSION)[0]);
                app.update(Msg::News(News::Told(ticket, Arc::new(told))));
            }
        }
        let effects = press_only(app, keys);
        effects.iter().find_map(|effect| match effect {
            Effect::Ask(Ask::Row { ticket, .. }) => Some(*ticket),
            _ => None,
        })
    };
    let ticket = found(&mut app, "<Enter>").expect("it is asked");
    assert!(screen(&app, 80, 24).contains("› sequence"));
    app.update(Msg::News(News::Found(ticket, Some(RowId(4)))));
    let text = screen(&app, 80, 24);
    assert!(text.contains("› calls") && text.contains("[Response]"), "{text}");
    let ticket = found(&mut app, "<Enter>j").expect("it is asked");
    app.update(Msg::News(News::Found(ticket, Some(RowId(4)))));
    assert!(screen(&app, 80, 24).contains("› sequence"), "another key went elsewhere");
    for row in [None, Some(RowId(9_999))] {
        let ticket = found(&mut app, "<Enter>").expect("it is asked");
        app.update(Msg::News(News::Found(ticket, row)));
        assert!(screen(&app, 80, 24).contains("not among the calls yet"));
    }
}

#[test]
fn latencies_of_many_calls_are_counted_between_keys() {
    let mut app = told((80, 24), FULL);
    let call = app.data.rows.get(RowId(5)).expect("a call");
    let rows = |from: u32| (from..from + 60_000).map(|n| Row { total_us: n, ..call }).collect();
    app.update(Msg::News(News::Rows(rows(0))));
    press_only(&mut app, "7");
    assert!(app.has_work());
    let counters = |app: &App| screen(app, 80, 24).lines().nth(22).unwrap_or_default().to_owned();
    assert!(counters(&app).contains("counting"), "{}", counters(&app));
    app.update(Msg::Work);
    assert!(app.has_work() && counters(&app).contains("counting"), "{}", counters(&app));
    press_only(&mut app, "j");
    work(&mut app);
    let many = counters(&app);
    assert!(many.contains("slowest first") && !app.has_work(), "{many}");
    // What comes is counted a second later, and nothing twice.
    app.update(Msg::News(News::Rows(rows(60_000))));
    assert!(!app.has_work() && counters(&app) == many);
    app.update(Msg::Time(Timestamp(app.data.now.0 + 1_000_000_000)));
    work(&mut app);
    let number = |text: &str| {
        text.trim().split(' ').next().and_then(|word| word.parse::<u64>().ok()).unwrap_or(0)
    };
    assert_eq!(number(&counters(&app)), number(&many) + 60_000, "{}", counters(&app));
}

#[test]
fn a_parent_and_a_failure_are_found_in_the_sequence() {
    let mut app = shown((80, 24), FULL, "3");
    press(&mut app, "E");
    let marked = |app: &App| {
        let text = screen(app, 80, 24);
        text.lines().find(|line| line.starts_with('▌')).unwrap_or_default().to_owned()
    };
    assert!(marked(&app).contains("delete: error -32602"), "{}", marked(&app));
    press(&mut app, "x");
    assert!(marked(&app).contains("tools/call delete #8"), "{}", marked(&app));
    press(&mut app, "x");
    assert!(screen(&app, 80, 24).contains("it belongs to no other call"));
}

#[test]
fn the_sequence_is_copied_and_written_as_text_and_as_mermaid() {
    let mut app = shown((80, 24), FULL, "3");
    assert_eq!(press_only(&mut app, "y"), []);
    let effects = press_only(&mut app, "1");
    let [Effect::Copy(text)] = effects.as_slice() else { panic!("{effects:?}") };
    let rows = pictures::sequence(&stories(SESSION)[0], &mut Plain).len();
    assert_eq!(text.lines().count(), rows + 1, "{text}");
    assert!(text.contains("─ tools/call delete #8 ─") && text.contains('▶'), "{text}");
    assert!(text.lines().all(|line| line.chars().count() <= 100), "{text}");

    press_only(&mut app, "y");
    let effects = press_only(&mut app, "2");
    let [Effect::Ask(Ask::Written { ticket, format, .. })] = effects.as_slice() else {
        panic!("{effects:?}")
    };
    assert_eq!(format, "mermaid");
    let told = News::Text(*ticket, "sequenceDiagram".to_owned());
    assert_eq!(app.update(Msg::News(told)), [Effect::Copy("sequenceDiagram".to_owned())]);

    // The export menu stands at Mermaid here, and has the text too.
    press_only(&mut app, "e");
    press_only(&mut app, "<Enter>");
    let effects = press_only(&mut app, "<Enter>");
    let [Effect::Ask(Ask::Export { format, path, .. })] = effects.as_slice() else {
        panic!("{effects:?}")
    };
    assert_eq!((format.as_str(), path.as_str()), ("mermaid", "session-5.mmd"));
    press_only(&mut app, "e7");
    let effects = press_only(&mut app, "<Enter>");
    let [Effect::Ask(Ask::Save { path, text: saved, .. })] = effects.as_slice() else {
        panic!("{effects:?}")
    };
    assert_eq!(path, "session-5.txt");
    assert_eq!(saved, text);
    let effects = press_only(&mut app, ":export text other.txt<Enter>");
    assert!(
        matches!(effects.as_slice(), [Effect::Ask(Ask::Save { path, .. })] if path == "other.txt")
    );
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]
    #[test]
    fn any_keys_and_sizes_leave_the_screen_whole(
        digit in 3u8..8,
        keys in prop::collection::vec(prop::sample::select(vec![
            "j", "k", "g", "G", "<^d>", "<^u>", "h", "l", "o", "x", "E", "n", "N", "u", "i", "F", "y",
        ]), 0..12),
        (width, height) in (1u16..140, 1u16..50),
    ) {
        let mut app = shown((width, height), FULL, &digit.to_string());
        for key in keys {
            press_only(&mut app, key);
        }
        let text = screen(&app, width, height);
        prop_assert_eq!(text.lines().count(), usize::from(height));
    }
}
