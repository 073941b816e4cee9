use super::*;
use crate::protocol::testing::stories;

fn catalogue(transcript: &str) -> Catalogue {
    stories(transcript).remove(0).catalogue
}

/// One call of a session, its answer in JSON.
fn call(id: u32, method: &str, params: &str, result: &str) -> String {
    format!(
        ">> POST http://h/mcp\nMcp-Session-Id: a\n\n\
         {{\"jsonrpc\":\"2.0\",\"id\":{id},\"method\":\"{method}\",\"params\":{params}}}\n\
         << 200\ncontent-type: application/json\n\n\
         {{\"jsonrpc\":\"2.0\",\"id\":{id},\"result\":{result}}}\n"
    )
}

fn keys(listing: &Listing) -> Vec<&str> {
    listing.offers.iter().map(|offer| offer.key.as_str()).collect()
}

#[test]
fn capabilities_of_both_sides() {
    let own = call(
        0,
        "initialize",
        r#"{"capabilities":{"roots":{}}}"#,
        r#"{"protocolVersion":"2025-11-25","capabilities":{"tools":{"listChanged":true}}}"#,
    );
    let catalogue = catalogue(&own);
    assert_eq!(catalogue.client_capabilities.as_deref(), Some(&br#"{"roots":{}}"#[..]));
    let server = catalogue.server_capabilities;
    assert_eq!(server.as_deref(), Some(&br#"{"tools":{"listChanged":true}}"#[..]));
}

#[test]
fn capabilities_of_the_revision_without_a_handshake() {
    let meta = format!(r#"{{"_meta":{{"{META_CAPABILITIES}":{{"sampling":{{}}}}}}}}"#);
    let own = call(0, "server/discover", &meta, r#"{"capabilities":{"prompts":{}}}"#);
    let catalogue = catalogue(&own);
    assert_eq!(catalogue.client_capabilities.as_deref(), Some(&br#"{"sampling":{}}"#[..]));
    assert_eq!(catalogue.server_capabilities.as_deref(), Some(&br#"{"prompts":{}}"#[..]));
}

#[test]
fn pages_are_joined_by_their_cursor_and_a_new_listing_replaces_the_old() {
    let first = call(1, "tools/list", "{}", r#"{"tools":[{"name":"a"}],"nextCursor":"2"}"#);
    let second = call(
        2,
        "tools/list",
        r#"{"cursor":"2"}"#,
        r#"{"tools":[{"name":"b","title":"B","inputSchema":{"type":"object"}}]}"#,
    );
    assert!(!catalogue(&first).tools.complete);
    let both = catalogue(&[first.clone(), second].concat()).tools;
    assert_eq!((keys(&both), both.complete), (vec!["a", "b"], true));
    let b = both.get("b").expect("listed");
    assert_eq!(b.title.as_deref(), Some("B"));
    assert_eq!(b.input_schema().as_deref(), Some(&br#"{"type":"object"}"#[..]));
    assert_eq!((b.output_schema(), both.get("c")), (None, None));
    let again = call(3, "tools/list", "{}", r#"{"tools":[{"name":"c"}]}"#);
    let after = catalogue(&[first, again].concat()).tools;
    assert_eq!((keys(&after), after.complete), (vec!["c"], true));
    assert!(after.was_listed("a") && !after.was_listed("b"));
}

#[test]
fn a_page_whose_cursor_nobody_gave_leaves_the_list_incomplete() {
    let late = call(1, "prompts/list", r#"{"cursor":"7"}"#, r#"{"prompts":[{"name":"p"}]}"#);
    let prompts = catalogue(&late).prompts;
    assert_eq!((keys(&prompts), prompts.complete), (vec!["p"], false));
}

#[test]
fn the_four_lists_and_that_one_changed() {
    let text = [
        call(1, "resources/list", "{}", r#"{"resources":[{"uri":"file:///x","name":"x"}]}"#),
        call(
            2,
            "resources/templates/list",
            "{}",
            r#"{"resourceTemplates":[{"uriTemplate":"file:///{p}","name":"t"}]}"#,
        ),
        call(3, "prompts/list", "{}", r#"{"prompts":"not a list"}"#),
        ">> GET http://h/mcp\nMcp-Session-Id: a\n<< 200\ncontent-type: text/event-stream\n\n\
         data: {\"jsonrpc\":\"2.0\",\"method\":\"notifications/resources/list_changed\"}\n\n"
            .to_owned(),
    ];
    let catalogue = catalogue(&text.concat());
    assert_eq!(keys(&catalogue.resources), ["file:///x"]);
    assert_eq!(keys(&catalogue.templates), ["file:///{p}"]);
    assert!(catalogue.resources.changed && catalogue.templates.changed);
    assert!(!catalogue.prompts.changed && catalogue.tools.listed_at.is_none());
}

/// One reader for the catalogue and for the rules: only the lists that are asked for, and each
/// page with the cursor that it was asked with.
#[test]
fn pages_are_read_as_they_come() {
    use crate::protocol::listings::{Heard, List, Listings};
    let own = [
        call(
            1,
            "tools/list",
            "{}",
            r#"{"tools":[{"name":"a"},{"title":"nameless"}],"nextCursor":"2"}"#,
        ),
        call(2, "prompts/list", "{}", r#"{"prompts":[{"name":"p"}]}"#),
        call(3, "tools/list", r#"{"cursor":"2"}"#, r#"{"tools":[{"name":"b"}],"nextCursor":null}"#),
    ];
    let story = stories(&own.concat()).remove(0);
    let mut listings = Listings::of(&[List::Tools]);
    let mut pages = Vec::new();
    for message in &story.messages {
        let Some(Heard::Page(page)) = listings.hear(message) else { continue };
        let keys: Vec<String> = page.entries.into_iter().map(|entry| entry.key).collect();
        pages.push((page.cursor, page.next, keys));
    }
    let text = |text: &str| Some(text.to_owned());
    let expected =
        [(None, text("2"), vec!["a".to_owned()]), (text("2"), None, vec!["b".to_owned()])];
    assert_eq!(pages, expected);
}
