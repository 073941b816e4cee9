//! What the desk answers beside rows: files, texts for the clipboard, indexes, searches, secrets shown
//! and masked again, and what is deleted.

use std::sync::Arc;

use super::*;
use crate::{
    cli::testing::Kept,
    protocol::testing,
    recorder::home::Home,
    tui::{desk::Copyable, json::Index},
};

/// A session with a credential in its head and a key in what it says. The answer of the call comes on
/// a stream.
const TALK: &str = r#"
>> POST http://127.0.0.1:3000/mcp
content-type: application/json
authorization: Bearer sk-live-0123456789abcdef

{"jsonrpc":"2.0","id":0,"method":"initialize","params":{"protocolVersion":"2025-11-25","capabilities":{},"clientInfo":{"name":"c","version":"1"}}}
<< 200
content-type: application/json
mcp-session-id: s-1

{"jsonrpc":"2.0","id":0,"result":{"protocolVersion":"2025-11-25","capabilities":{},"serverInfo":{"name":"s","version":"1"}}}
>> POST http://127.0.0.1:3000/mcp
content-type: application/json
mcp-session-id: s-1
authorization: Bearer sk-live-0123456789abcdef

{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"search","arguments":{"q":"Needle","api_key":"hunter22-hunter22"}}}
<< 200
content-type: text/event-stream

data: {"jsonrpc":"2.0","id":1,"result":{"content":[{"type":"text","text":"two hits"}]}}

>> DELETE http://127.0.0.1:3000/mcp
mcp-session-id: s-1
authorization: Bearer sk-live-0123456789abcdef

<< 200
"#;

const SECRETS: [&str; 2] = ["sk-live-0123456789abcdef", "hunter22-hunter22"];

fn kept() -> Kept {
    let all = testing::exchanges(TALK).into_iter();
    let exchanges = all.filter_map(|records| Some((records.first()?.exchange?, records))).collect();
    Kept { exchanges, notices: Vec::new() }
}

fn of_memory() -> Screen {
    let mut screen = Screen::open(Opening {
        source: Box::new(kept()),
        live: None,
        standing: standing(),
        tape: None,
        home: None,
        reveal: false,
        as_of: None,
    });
    screen.loaded();
    screen.complete();
    screen
}

impl Screen {
    /// The answer to one question.
    fn answer(&mut self, own: u64, ask: Ask) -> Result<News, String> {
        self.desk.ask(ask);
        let own = Ticket(own);
        let is_own = |news: &News| match news {
            News::Done(ticket, _)
            | News::Failed(ticket, _)
            | News::Text(ticket, _)
            | News::Exchange(ticket, _)
            | News::Indexed(ticket, _)
            | News::Found(ticket, _)
            | News::Over(ticket) => *ticket == own,
            _ => false,
        };
        match self.until(is_own) {
            News::Failed(_, why) => Err(why),
            news => Ok(news),
        }
    }

    fn done(&mut self, own: u64, ask: Ask) -> Result<String, String> {
        match self.answer(own, ask)? {
            News::Done(_, said) => Ok(said),
            other => panic!("{other:?}"),
        }
    }

    /// The row of a method.
    fn row(&self, method: &str) -> RowId {
        let is_its = |row: &Row| self.seen.symbols.text(row.method) == method;
        let place = self.seen.rows.iter().position(is_its).expect("a row");
        RowId(u32::try_from(place).expect("few"))
    }

    fn text(&mut self, own: u64, row: RowId, what: Copyable) -> Result<String, String> {
        match self.answer(own, Ask::Text { ticket: Ticket(own), row, what })? {
            News::Text(_, text) => Ok(text),
            other => panic!("{other:?}"),
        }
    }

    fn request_headers(&mut self, own: u64, exchange: ExchangeId) -> String {
        let told = self.answer(own, Ask::Exchange { ticket: Ticket(own), exchange });
        let Ok(News::Exchange(_, told)) = told else { panic!("{told:?}") };
        format!("{:?}", told.request_headers)
    }
}

fn none_in(text: &str) {
    for secret in SECRETS {
        assert!(!text.contains(secret), "{text}");
    }
}

#[test]
fn the_row_of_a_message_is_found_or_else_that_of_its_exchange() {
    let mut screen = of_memory();
    let mut found = |own: u64, exchange, number| {
        let ask = Ask::Row { ticket: Ticket(own), exchange, number };
        match screen.answer(own, ask) {
            Ok(News::Found(_, row)) => row,
            other => panic!("{other:?}"),
        }
    };
    let (first, second) = (testing::id(0), testing::id(1));
    assert_eq!(found(1, second, 0), Some(RowId(1)));
    assert_eq!(found(2, second, 77), Some(RowId(1)), "it has no such message");
    assert_eq!(found(3, first, 0), Some(RowId(0)));
    assert_eq!(found(4, testing::id(4_000), 0), None);
}

#[test]
fn every_format_is_written_without_secrets() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut screen = of_memory();
    let formats = ["tape", "har", "curl", "json", "html", "mermaid"];
    for (own, format) in (1..).zip(formats) {
        let path = folder.path().join(format).to_string_lossy().into_owned();
        let (ticket, format) = (Ticket(own), format.to_owned());
        let ask = Ask::Export {
            ticket,
            session: SessionId(0),
            format: format.clone(),
            path: path.clone(),
        };
        let said = screen.done(own, ask).unwrap_or_else(|why| panic!("{format}: {why}"));
        assert!(said.contains(&path), "{said}");
        let written = fs::read_to_string(&path).expect("a file");
        assert!(written.contains("initialize"), "{format}: {written}");
        none_in(&written);
    }
    let ask = |own, format: &str, session| Ask::Export {
        ticket: Ticket(own),
        session: SessionId(session),
        format: format.to_owned(),
        path: folder.path().join("other").to_string_lossy().into_owned(),
    };
    let why = screen.done(20, ask(20, "pdf", 0)).expect_err("no such format");
    assert!(why.contains("hint: ") && why.contains("mermaid"), "{why}");
    let why = screen.done(21, ask(21, "har", 9)).expect_err("no such session");
    assert!(why.contains("not there"), "{why}");
    assert!(!folder.path().join("other").exists());
}

#[test]
fn texts_to_copy_are_what_they_are_called() {
    let mut screen = of_memory();
    let row = screen.row("tools/call");
    let mut text = |own, what| screen.text(own, row, what).expect("a text");
    let id = text(1, Copyable::Id);
    assert_eq!(id, format!("{}.0", testing::id(1)));
    let curl = text(2, Copyable::Curl);
    assert!(curl.contains("curl") && curl.contains("127.0.0.1:3000/mcp"), "{curl}");
    none_in(&curl);
    let said: serde_json::Value =
        serde_json::from_str(&text(3, Copyable::JsonRpc)).expect("one JSON-RPC object");
    assert_eq!(said["params"]["arguments"]["q"], "Needle");
    none_in(&said.to_string());
    let answer: serde_json::Value =
        serde_json::from_str(&text(4, Copyable::Body)).expect("the answer alone, not its stream");
    assert_eq!(answer["result"]["content"][0]["text"], "two hits");
    let gone = screen.text(5, RowId(99), Copyable::Id).expect_err("no such row");
    assert!(gone.contains("not there"), "{gone}");
}

#[test]
fn secrets_are_shown_once_revealed_and_masked_again() {
    let mut screen = of_memory();
    let row = screen.row("tools/call");
    let exchange = screen.seen.rows[row.0 as usize].exchange;
    none_in(&screen.request_headers(1, exchange));
    none_in(&screen.text(2, row, Copyable::JsonRpc).expect("a text"));
    for (own, reveal) in [(10, true), (20, false)] {
        screen.desk.ask(Ask::Reveal(reveal));
        screen.until(|news| matches!(news, News::Texts(_)));
        let headers = screen.request_headers(own, exchange);
        assert_eq!(headers.contains(SECRETS[0]), reveal, "{headers}");
        let said = screen.text(own + 1, row, Copyable::JsonRpc).expect("a text");
        assert_eq!(said.contains(SECRETS[1]), reveal, "{said}");
        let curl = screen.text(own + 2, row, Copyable::Curl).expect("a text");
        assert_eq!(curl.contains(SECRETS[0]), reveal, "{curl}");
    }
}

#[test]
fn a_search_finds_rows_by_what_their_bodies_say() {
    let mut screen = of_memory();
    let call = screen.row("tools/call");
    // Small letters find both, a capital only itself (tui.md §1).
    for (own, text, found) in [
        (1, "needle", vec![call]),
        (2, "Needle", vec![call]),
        (3, "nEEdle", vec![]),
        (4, "two hits", vec![call]),
        (5, "nosuchtext", vec![]),
    ] {
        let (ticket, text) = (Ticket(own), text.to_owned());
        let ask = Ask::Search { ticket, text: text.clone(), session: Some(SessionId(0)) };
        screen.answer(own, ask).expect("it is looked through");
        assert_eq!(hits(&screen.others, ticket), found, "{text}");
    }
}

#[test]
fn a_long_text_is_indexed_as_a_short_one_would_be() {
    let mut screen = of_memory();
    let items: Vec<String> = (0..200_000).map(|n| format!("{{\"n\":{n},\"s\":\"x\"}}")).collect();
    let text = bytes::Bytes::from(format!("[{}]", items.join(",")));
    let told = screen.answer(1, Ask::Index { ticket: Ticket(1), text: text.clone() });
    let Ok(News::Indexed(_, index)) = told else { panic!("{told:?}") };
    let (whole, own): (Index, Arc<Index>) = (Index::of(&text), index);
    assert_eq!(own.nodes.len(), whole.nodes.len());
    assert!(own.fault.is_none());
}

#[test]
fn a_session_is_deleted_from_a_store_and_not_from_a_tape() {
    let delete = |own| Ask::Delete { ticket: Ticket(own), session: SessionId(0) };
    let why = of_memory().done(1, delete(1)).expect_err("no store");
    assert!(why.contains("not from a tape"), "{why}");

    let folder = tempfile::tempdir().expect("a folder");
    let home = Home::locate(Some(folder.path()), &|_| None).expect("a home");
    home.ensure().expect("folders");
    let (recorder, tap, _) =
        Recorder::open(&home.captures(), RecorderSettings::default(), &mut |_, _| {})
            .expect("a store");
    recorder.importer().all(&mut kept()).expect("imported");
    drop(tap);
    recorder.close().expect("a disk");

    let mut screen = Screen::open(Opening::home(&home, &mut |_, _| {}).expect("a store"));
    screen.loaded();
    assert_eq!(screen.seen.told_sessions().len(), 1);
    let said = screen.done(2, delete(2)).expect("it is over");
    assert_eq!(said, "deleted 3 exchanges");
    // That may be told before or after it was said.
    if !screen.seen.told_sessions().is_empty() {
        screen.until(|news| matches!(news, News::Sessions(_)));
    }
    assert!(screen.seen.told_sessions().is_empty());
    drop(screen);
    let mut again = Screen::open(Opening::home(&home, &mut |_, _| {}).expect("a store"));
    again.loaded();
    assert!(again.seen.told_sessions().is_empty(), "it is gone for good");
}

#[test]
fn a_value_is_traced_as_the_verb_does() {
    let mut screen = of_memory();
    let mut places = |own: u64, value: &str| {
        let ask = Ask::Trace { ticket: Ticket(own), value: value.to_owned() };
        screen.answer(own, ask).expect("it is looked through");
        let told = screen.others.iter().filter_map(|news| match news {
            News::Mentions { ticket, mentions, .. } if ticket.0 == own => Some(mentions.clone()),
            _ => None,
        });
        told.flatten().collect::<Vec<_>>()
    };
    let id = places(1, "s-1");
    let told: Vec<_> = id.iter().map(|own| (own.place.as_str(), own.what, own.origin)).collect();
    assert_eq!(
        told,
        [
            ("response-header:mcp-session-id", "first seen", true),
            ("request-header:mcp-session-id", "first used", false),
            ("request-header:mcp-session-id", "", false),
        ]
    );
    assert!(id.iter().all(|own| own.session == Some(SessionId(0))), "{id:?}");
    let needle = places(2, "Needle");
    assert_eq!(needle.len(), 1, "{needle:?}");
    assert_eq!(
        (needle[0].place.as_str(), needle[0].number),
        ("request-body:/params/arguments/q", Some(0))
    );
    assert!(places(3, "nosuchvalue").is_empty());
}

#[test]
fn a_session_is_copied_as_a_diagram() {
    let mut screen = of_memory();
    let (ticket, format) = (Ticket(1), "mermaid".to_owned());
    let told = screen.answer(1, Ask::Written { ticket, session: SessionId(0), format });
    let Ok(News::Text(_, text)) = told else { panic!("{told:?}") };
    assert!(text.starts_with("sequenceDiagram\n") && text.contains("tools/call search"), "{text}");
    none_in(&text);
}
