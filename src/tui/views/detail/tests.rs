//! A row in detail as a person sees it.

use std::{fmt::Write as _, sync::Arc};

use bytes::Bytes;
use insta::assert_snapshot;

use crate::tui::{
    app::{
        App, Effect, Msg,
        testing::{
            fixture::{FULL, press, press_only, ticket_of, told, told_of, work},
            screen,
        },
    },
    desk::{Ask, Copyable, ExchangeTold, News},
    json::Index,
};

const SIZE: (u16, u16) = (80, 24);

/// The call of a tool, in detail over the whole screen.
fn zoomed() -> App {
    let mut app = told(SIZE, FULL);
    press(&mut app, "<Enter>");
    press(&mut app, ":6<Enter>");
    press(&mut app, "<Enter><Enter>");
    app
}

fn shown(app: &App) -> String {
    screen(app, SIZE.0, SIZE.1)
}

#[test]
fn every_tab_and_form() {
    let mut app = zoomed();
    for name in ["response", "request", "headers", "frames", "raw", "problems"] {
        assert_snapshot!(format!("detail_{name}"), shown(&app));
        press(&mut app, "]");
    }
    press(&mut app, "v");
    assert_snapshot!("detail_response_raw", shown(&app));
    press(&mut app, "w");
    assert_snapshot!("detail_response_raw_wrapped", shown(&app));
    press(&mut app, "v");
    assert_snapshot!("detail_response_hex", shown(&app));
    press(&mut app, "v");
    assert_snapshot!("detail_response_sse", shown(&app));
}

#[test]
fn problems_have_evidence_and_remedy() {
    let mut app = zoomed();
    press(&mut app, ":8<Enter>");
    press(&mut app, "<Esc>[");
    press(&mut app, ":8<Enter>");
    assert_snapshot!("detail_problems_one", shown(&app));
}

#[test]
fn the_tree_folds_and_what_is_within_opens() {
    let mut app = zoomed();
    press(&mut app, "-");
    let screen = shown(&app);
    assert!(screen.contains("▾ {jsonrpc: \"2.0\", id: 5"), "{screen}");
    press(&mut app, "=G");
    let screen = shown(&app);
    assert!(screen.contains("id: 12345678901234567890"), "{screen}");
    assert!(screen.contains("score: 1.50"), "{screen}");
    press(&mut app, "g");
    assert!(shown(&app).contains("␛[31mred"), "{}", shown(&app));
    // The text that holds JSON is a tree of its own.
    press(&mut app, "/hits<Enter>");
    work(&mut app);
    press(&mut app, "<Enter>");
    let screen = shown(&app);
    assert!(screen.contains("[1].text"), "{screen}");
    assert!(screen.contains("▾ {hits: 2, of: […2]}"), "{screen}");
    press(&mut app, "<Esc>");
    assert!(shown(&app).contains("structuredContent"));
}

#[test]
fn the_tab_stays_from_row_to_row() {
    let mut app = zoomed();
    press(&mut app, "]]");
    assert!(shown(&app).contains("content-type"));
    press(&mut app, "J");
    let screen = shown(&app);
    assert!(screen.contains("  7 sampling") && screen.contains("content-type"), "{screen}");
}

#[test]
fn a_frame_opens() {
    let mut app = zoomed();
    press(&mut app, "]]]G<Enter>");
    let screen = shown(&app);
    assert!(screen.contains("frame 6") && screen.contains("▾ {jsonrpc"), "{screen}");
    press(&mut app, "<Esc>k<Enter>");
    assert!(shown(&app).contains("data: {\"n\":4}"), "{}", shown(&app));
}

#[test]
fn copies() {
    let mut app = zoomed();
    press(&mut app, "/münchen<Enter>");
    work(&mut app);
    let copied = |effects: Vec<Effect>| {
        effects.into_iter().find_map(|effect| match effect {
            Effect::Copy(text) => Some(text),
            _ => None,
        })
    };
    let path = copied(press_only(&mut app, "yjjjj<Enter>"));
    assert_eq!(path.as_deref(), Some("$.result.structuredContent.items[0].name"));
    let value = copied(press_only(&mut app, "yjjjjj<Enter>"));
    assert_eq!(value.as_deref(), Some("\"münchen\""));
    let effects = press_only(&mut app, "yj<Enter>");
    let ticket = effects.iter().find_map(|effect| match effect {
        Effect::Ask(Ask::Text { ticket, what: Copyable::Curl, .. }) => Some(*ticket),
        _ => None,
    });
    let effects = app.update(Msg::News(News::Text(ticket.unwrap(), "curl".to_owned())));
    assert_eq!(copied(effects).as_deref(), Some("curl"));
}

/// The call with another answer.
fn answered_with(payload: impl Into<Bytes>) -> App {
    looked_at(|told| told.messages[1].payload = payload.into())
}

/// The call, of which something else is told.
fn looked_at(change: impl FnOnce(&mut ExchangeTold)) -> App {
    let mut app = told(SIZE, FULL);
    press(&mut app, "<Enter>");
    press(&mut app, ":6<Enter>");
    let effects = press_only(&mut app, "<Enter>");
    let asked = effects.iter().find_map(|effect| match effect {
        Effect::Ask(Ask::Exchange { ticket, exchange }) => Some((*ticket, *exchange)),
        _ => None,
    });
    let (ticket, exchange) = asked.unwrap();
    let mut exchange = told_of(exchange);
    change(&mut exchange);
    app.update(Msg::News(News::Exchange(ticket, Arc::new(exchange))));
    press_only(&mut app, "<Enter>");
    app
}

#[test]
fn why_there_is_no_answer_stands_where_one_looks_for_it() {
    let silent = |told: &mut ExchangeTold| {
        told.messages.truncate(1);
        told.response_body.clear();
    };
    assert!(shown(&looked_at(silent)).contains("no answer"));
    let app = looked_at(|told| {
        silent(told);
        told.facts.push(("error".to_owned(), "connect 127.0.0.1:1: refused \u{1b}[2J".to_owned()));
    });
    let screen = shown(&app);
    assert!(screen.contains("no answer: connect 127.0.0.1:1: refused ␛[2J"), "{screen}");
}

#[test]
fn a_long_string_is_cut_and_opens_whole() {
    let long = format!(r#"{{"id":5,"result":"{}end"}}"#, "line\\n".repeat(4_000));
    let mut app = answered_with(long);
    press_only(&mut app, "jj");
    let screen = shown(&app);
    assert!(screen.contains("24kB ⏎ all"), "{screen}");
    press_only(&mut app, "<Enter>G");
    let screen = shown(&app);
    assert!(screen.contains("\nend\n") && screen.contains("$.result"), "{screen}");
}

#[test]
fn hostile_depth_is_folded_searched_and_left() {
    let deep = format!("{}7{}", "[".repeat(30_000), "]".repeat(30_000));
    let mut app = answered_with(deep);
    for keys in ["G", "k", "=", "G", "-", "=", "w", "G", "<Left>", "kkk", "g", "<Space>", "j"] {
        press_only(&mut app, keys);
        shown(&app);
    }
    press_only(&mut app, "w/7<Enter>");
    work(&mut app);
    assert!(shown(&app).contains(" 7"), "{}", shown(&app));
}

#[test]
fn frames_and_headers_are_searched_too() {
    let mut app = zoomed();
    press(&mut app, "]]]/progress<Enter>");
    work(&mut app);
    press(&mut app, "<Enter>");
    assert!(shown(&app).contains("frame 3"), "{}", shown(&app));
    press(&mut app, "<Esc>n");
    work(&mut app);
    press(&mut app, "<Enter>");
    assert!(shown(&app).contains("frame 4"), "{}", shown(&app));
    press(&mut app, "<Esc>[/upstream<Enter>");
    work(&mut app);
    assert!(!shown(&app).contains("not found"), "{}", shown(&app));
}

/// A body of some megabytes with a mark near its end.
fn large() -> Bytes {
    let mut text = String::from(r#"{"jsonrpc":"2.0","id":5,"result":{"items":["#);
    for n in 0..100_000 {
        let _ = write!(text, r#"{{"id":{n},"name":"item {n}","tags":["a","b"]}},"#);
    }
    text.push_str(r#"{"deep":{"deeper":["tail-marker"]}}]}}"#);
    text.into()
}

#[test]
fn the_beginning_of_a_long_body_is_shown_until_the_rest_is_here() {
    let mut app = told(SIZE, FULL);
    press(&mut app, "<Enter>");
    press(&mut app, ":6<Enter>");
    let effects = press_only(&mut app, "<Enter>");
    let asked = effects.iter().find_map(|effect| match effect {
        Effect::Ask(Ask::Exchange { ticket, exchange }) => Some((*ticket, *exchange)),
        _ => None,
    });
    let (ticket, exchange) = asked.unwrap();
    let body = large();
    let effects = app.update(Msg::News(News::Beginning(ticket, body.slice(..64 << 10))));
    // It is not indexed, nor is it searched: the hit may be in the rest.
    assert!(ticket_of(&effects).is_none());
    press_only(&mut app, "<Enter>");
    let screen = shown(&app);
    assert!(
        screen.contains("\"jsonrpc\":\"2.0\"") && screen.contains("reading the rest"),
        "{screen}"
    );
    press_only(&mut app, "/tail-marker<Enter>jj");
    assert!(!app.has_work() && !shown(&app).contains("not found"), "{}", shown(&app));
    let before = shown(&app);

    let mut whole = told_of(exchange);
    whole.messages[1].payload = body.clone();
    let effects = app.update(Msg::News(News::Exchange(ticket, Arc::new(whole))));
    let screen = shown(&app);
    let said = |screen: &str| screen.lines().nth(3).map(str::to_owned);
    assert!(!screen.contains("reading the rest"), "{screen}");
    assert_eq!(said(&screen), said(&before), "it stays where it was");
    let ticket = ticket_of(&effects).unwrap();
    app.update(Msg::News(News::Indexed(ticket, Arc::new(Index::of(&body)))));
    assert!(app.has_work());
    work(&mut app);
    assert!(shown(&app).contains("▾ deeper: [1]"), "{}", shown(&app));
}

#[test]
fn no_beginning_is_shown_where_it_is_not_asked_for() {
    let mut app = told(SIZE, FULL);
    press(&mut app, "<Enter>");
    press(&mut app, ":6<Enter>");
    let effects = press_only(&mut app, "<Enter>]");
    let asked = effects.iter().find_map(|effect| match effect {
        Effect::Ask(Ask::Exchange { ticket, .. }) => Some(*ticket),
        _ => None,
    });
    let Some(ticket) = asked else { panic!("{effects:?}") };
    app.update(Msg::News(News::Beginning(ticket, Bytes::from_static(b"{\"begins\":1"))));
    assert!(!shown(&app).contains("begins"), "the tab is another: {}", shown(&app));
}

#[test]
fn a_long_body_is_raw_at_once_and_a_tree_when_it_is_indexed() {
    let mut app = told(SIZE, FULL);
    press(&mut app, "<Enter>");
    press(&mut app, ":6<Enter>");
    let effects = press_only(&mut app, "<Enter>");
    let (ticket, exchange) = effects
        .iter()
        .find_map(|effect| match effect {
            Effect::Ask(Ask::Exchange { ticket, exchange }) => Some((*ticket, *exchange)),
            _ => None,
        })
        .unwrap();
    let body = large();
    let mut exchange = told_of(exchange);
    exchange.messages[1].payload = body.clone();
    let effects = app.update(Msg::News(News::Exchange(ticket, Arc::new(exchange))));
    press_only(&mut app, "<Enter>");
    let screen = shown(&app);
    assert!(screen.contains("{\"jsonrpc\":\"2.0\",\"id\":5,\"result\""), "{screen}");
    let ticket = ticket_of(&effects).unwrap();
    app.update(Msg::News(News::Indexing { ticket, done: 3_100_000, of: 10_000_000 }));
    press_only(&mut app, "jw");
    assert!(shown(&app).contains("indexing 3.1M/10M"), "{}", shown(&app));
    press_only(&mut app, "w");
    app.update(Msg::News(News::Indexed(ticket, Arc::new(Index::of(&body)))));
    let screen = shown(&app);
    assert!(screen.contains("▾ items: [100001]") && screen.contains("▸ {id: 0, name"), "{screen}");
    // It unfolds to the hit.
    press_only(&mut app, "/tail-marker<Enter>");
    assert!(app.has_work());
    work(&mut app);
    let screen = shown(&app);
    assert!(screen.contains("▾ deeper: [1]") && screen.contains("\"tail-marker\""), "{screen}");
    press_only(&mut app, "g");
    assert!(shown(&app).contains("▾ items: [100001]"));
}
