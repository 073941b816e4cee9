use proptest::prelude::*;

use super::*;
use crate::{
    capture::{Record, Side},
    protocol::{
        State, read,
        testing::{START, chunk, exchanges, id, record, sessions, summaries},
    },
};

const HANDSHAKE: &str = r#"
    >> POST http://localhost:3000/mcp

    {"jsonrpc":"2.0","id":0,"method":"initialize","params":{"clientInfo":{"name":"c","version":"1"}}}
    << 200
    Mcp-Session-Id: a

    {"jsonrpc":"2.0","id":0,"result":{"protocolVersion":"2025-11-25","serverInfo":{"name":"s","version":"2"}}}
    >> POST http://localhost:3000/mcp
    Mcp-Session-Id: a

    {"jsonrpc":"2.0","method":"notifications/initialized"}
    << 202
"#;

mod houses;
mod identity;
mod leads;
mod states;

fn later(minutes: u64) -> Timestamp {
    Timestamp(START.0 + minutes * 60_000_000_000)
}

fn only(transcript: &str, as_of: Timestamp) -> Session {
    let mut list = sessions(transcript).list(as_of);
    assert_eq!(list.len(), 1, "{list:#?}");
    list.remove(0)
}

#[test]
fn a_session_by_header_lives_until_its_delete() {
    let text =
        format!("{HANDSHAKE}\n>> DELETE http://localhost:3000/mcp\nMcp-Session-Id: a\n<< 200");
    let session = only(&text, later(90));
    assert_eq!((session.id, session.wire_id.as_deref()), (id(0), Some("a")));
    assert_eq!(session.identified_by, "header:mcp-session-id");
    let states: Vec<State> = session.states.iter().map(|change| change.state).collect();
    assert_eq!(states, [State::Created, State::Connected, State::Initialized, State::Closed]);
    assert_eq!((session.revision.as_deref(), session.idle_us), (Some("2025-11-25"), 0));
    assert_eq!(session.server_info.map(|s| s.name).as_deref(), Some("s"));
    assert_eq!(session.stream_state.as_deref(), Some("closed"));
}

#[test]
fn a_session_expires_when_idle_and_when_refused() {
    assert_eq!(only(HANDSHAKE, later(29)).state, State::Initialized);
    let idle = only(HANDSHAKE, later(31));
    assert_eq!(idle.states.last().map(|s| s.evidence.as_str()), Some("idle (inferred)"));
    let refused =
        format!("{HANDSHAKE}\n>> POST http://localhost:3000/mcp\nMcp-Session-Id: a\n<< 404");
    assert_eq!(only(&refused, later(1)).state, State::Expired);
}

#[test]
fn an_answered_initialize_on_a_known_id_starts_a_linked_session() {
    let list = sessions(&format!("{HANDSHAKE}{HANDSHAKE}")).list(later(1));
    let told: Vec<_> = list.iter().map(|s| (s.id, s.follows, s.exchanges.len())).collect();
    assert_eq!(told, [(id(2), Some(id(0)), 2), (id(0), None, 2)]);
}

#[test]
fn http_sse_is_joined_by_its_endpoint() {
    let session = only(
        r#"
        >> GET http://localhost:3000/sse
        << 200
        content-type: text/event-stream
        ..

        event: endpoint
        data: /messages?sessionId=x

        >> POST http://localhost:3000/messages?sessionId=x

        {"jsonrpc":"2.0","id":0,"method":"initialize","params":{}}
        << 202
        "#,
        later(1),
    );
    assert_eq!((session.id, session.transport), (id(1), Some(super::super::Transport::HttpSse)));
    assert_eq!((session.open_streams, session.state), (1, State::Connected));
}

/// The stream lives on while the rest happens: what its latest frame says comes after `initialized`.
#[test]
fn http_sse_is_connected_from_its_endpoint_event_on() {
    let mut records = exchanges(
        r#"
        >> GET http://localhost:3000/sse
        << 200
        content-type: text/event-stream
        ..

        event: endpoint
        data: /messages?sessionId=x

        >> POST http://localhost:3000/messages?sessionId=x

        {"jsonrpc":"2.0","method":"notifications/initialized"}
        << 202
        "#,
    );
    let ping = chunk(Side::Response, b": ping\n\n");
    records[0].push(Record { at: later(1), ..record(ping) });
    let mut sessions = Sessions::new();
    for records in &records {
        sessions.apply(read(records).expect("an exchange").summary);
    }
    let session = sessions.list(later(2)).remove(0);
    let states: Vec<State> = session.states.iter().map(|change| change.state).collect();
    assert_eq!(states, [State::Created, State::Connected, State::Initialized]);
}

#[test]
fn a_server_without_a_listen_stream_is_no_fault() {
    let declined = r#"
        >> GET http://localhost:3000/mcp
        Mcp-Session-Id: a
        << 405

        {"jsonrpc":"2.0","error":{"code":-32000,"message":"Method not allowed."},"id":null}
    "#;
    let session = only(&format!("{HANDSHAKE}{declined}"), later(1));
    assert_eq!(session.counts.errors, 0);
    assert_eq!(session.stream_state.as_deref(), Some("get_not_supported"));
    let refused = declined.replace("405", "400");
    assert_eq!(only(&format!("{HANDSHAKE}{refused}"), later(1)).counts.errors, 1);
}

#[test]
fn a_refusal_belongs_to_what_it_led_to() {
    let text = format!(
        ">> POST http://localhost:3000/mcp\n<< 401\n\
         >> GET http://localhost:3000/.well-known/oauth-protected-resource\n<< 200\n{HANDSHAKE}"
    );
    let session = only(&text, later(1));
    assert_eq!((session.id, session.exchanges.len()), (id(2), 4));
}

#[test]
fn stateless_requests_are_grouped_by_client_and_split_when_idle() {
    let call = |client: &str| {
        format!(
            r#"
            >> POST http://localhost:3000/mcp
            MCP-Protocol-Version: 2026-07-28

            {{"jsonrpc":"2.0","id":1,"method":"tools/list","params":{{"_meta":{{"io.modelcontextprotocol/clientInfo":{{"name":"{client}","version":"1"}}}}}}}}
            << 200
            "#
        )
    };
    let text = [call("a"), call("b"), call("a"), "++ 31m".to_owned(), call("a")].concat();
    let list = sessions(&text).list(later(32));
    let told: Vec<_> = list.iter().map(|s| (s.id, s.exchanges.len(), s.state)).collect();
    let stateless = State::Stateless;
    assert_eq!(told, [(id(3), 1, stateless), (id(1), 1, stateless), (id(0), 2, stateless)]);
}

fn transcripts() -> impl Strategy<Value = String> {
    let piece = prop::sample::select(vec![
        HANDSHAKE,
        ">> POST http://localhost:3000/mcp\nMcp-Session-Id: a\n<< 404\n",
        ">> POST http://localhost:3000/mcp\n<< 401\n",
        ">> GET http://localhost:3000/mcp\nMcp-Session-Id: b\n<< 200\n",
        ">> POST http://localhost:3000/mcp\n\n{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"tools/list\"}\n<< 200\n",
        ">> POST http://localhost:3000/mcp\n\n{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"initialize\"}\n<< 200\n\n{\"jsonrpc\":\"2.0\",\"id\":1,\"result\":{\"protocolVersion\":\"x\"}}\n",
        ">> POST http://localhost:3000/mcp\n\n{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"server/discover\"}\n<< 400\n",
        ">> GET http://localhost:3000/token\n<< 200\n",
        ">> POST http://login.example/token\n<< 200\n",
        ">> GET http://localhost:3000/.well-known/oauth-protected-resource\n<< 404\n",
        ">> POST http://localhost:3000/mcp\n\n{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"tools/list\"}\n<< 401\n",
        ">> POST http://localhost:3000/mcp\nMCP-Protocol-Version: 2026-07-28\n\n{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"tools/list\"}\n<< 200\n",
        ">> POST http://localhost:3000/mcp\n\n{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"initialize\"}\n<< 200\nSet-Cookie: session=c1\n\n{\"jsonrpc\":\"2.0\",\"id\":1,\"result\":{\"protocolVersion\":\"x\"}}\n",
        ">> POST http://localhost:3000/mcp\nCookie: session=c1\n\n{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"tools/list\"}\n<< 200\nSet-Cookie: session=c2\n",
        ">> POST http://localhost:3000/mcp\nCookie: session=c2\n\n{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"tools/list\"}\n<< 200\n",
        ">> POST http://localhost:3000/f39aba069a8140/mcp\n\n{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"tools/list\"}\n<< 400\n",
        ">> GET http://localhost:3000/sse\n<< 200\ncontent-type: text/event-stream\n\nevent: endpoint\ndata: /sse/f39aba069a8140/messages/\n\n",
        ">> POST http://localhost:3000/sse/f39aba069a8140/messages/\n\n{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"ping\"}\n<< 202\n",
        "++ 20m\n",
        "++ 40m\n",
    ]);
    prop::collection::vec(piece, 1..10).prop_map(|pieces| pieces.join("\n"))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]
    #[test]
    fn the_order_of_applying_does_not_matter(text in transcripts(), seed in any::<u64>()) {
        let all = summaries(&text);
        let mut wanted = Sessions::new();
        all.iter().cloned().for_each(|summary| wanted.apply(summary));
        // Each summary comes first as it was at its opening, in an order made from the seed.
        let mut steps: Vec<(u64, Summary)> = Vec::new();
        for (n, summary) in (0u64..).zip(&all) {
            let turn = seed.rotate_left(u32::try_from(n * 7 % 64).expect("small")) % 97;
            let mut early = summary.clone();
            (early.outcome, early.status, early.initialize) = (None, None, None);
            early.client = None;
            (early.is_mcp, early.revision, early.refusal) = (false, None, None);
            early.last_at = early.started_at;
            early.candidates.retain(|candidate| !candidate.in_response);
            steps.push((turn, early));
            steps.push((turn + seed % 50, summary.clone()));
        }
        steps.sort_by_key(|(turn, _)| *turn);
        let mut seen = Sessions::new();
        for (_, summary) in steps {
            seen.apply(summary);
        }
        let list = seen.list(later(500));
        prop_assert_eq!(&list, &wanted.list(later(500)));
        // Each exchange is in exactly one session.
        let mut placed: Vec<ExchangeId> = list.into_iter().flat_map(|s| s.exchanges).collect();
        placed.sort_unstable();
        prop_assert_eq!(placed, all.iter().map(|summary| summary.id).collect::<Vec<_>>());
        for summary in &all {
            let session = seen.session_of(summary.id);
            prop_assert_eq!(session, wanted.session_of(summary.id));
            let members = session.and_then(|s| seen.get(s, START)).map(|s| s.exchanges);
            prop_assert!(members.is_some_and(|members| members.contains(&summary.id)));
        }
    }
}
