//! Which exchanges are one session, and by which rule.

use super::*;
use crate::protocol::testing::number;

/// A POST with a request in it.
fn post(url: &str, headers: &str, method: &str, params: &str, answer: &str) -> String {
    format!(
        ">> POST http://h{url}\n{headers}\n\
         {{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"{method}\",\"params\":{{{params}}}}}\n{answer}\n"
    )
}

fn ping(url: &str, headers: &str) -> String {
    post(url, headers, "ping", "", "<< 200")
}

/// An `initialize` that is answered, with these response headers.
fn initialize(url: &str, headers: &str, issued: &str) -> String {
    let result = r#"{"jsonrpc":"2.0","id":1,"result":{"protocolVersion":"2025-11-25"}}"#;
    let answer = format!("<< 200\ncontent-type: application/json\n{issued}\n{result}");
    post(url, headers, "initialize", r#""clientInfo":{"name":"c","version":"1"}"#, &answer)
}

/// The sessions of a transcript, oldest first: by which rule, which id, which exchanges.
fn told(transcript: &[String]) -> Vec<(String, Option<String>, Vec<usize>)> {
    let mut list = sessions(&transcript.concat()).list(later(0));
    list.reverse();
    let numbers = |s: &Session| s.exchanges.iter().map(|id| number(*id)).collect();
    list.iter().map(|s| (s.identified_by.clone(), s.wire_id.clone(), numbers(s))).collect()
}

fn expect(found: &[(String, Option<String>, Vec<usize>)], expected: &[(&str, &str, &[usize])]) {
    let found: Vec<(&str, &str, &[usize])> = found
        .iter()
        .map(|(rule, id, own)| (rule.as_str(), id.as_deref().unwrap_or("-"), &own[..]))
        .collect();
    assert_eq!(found, expected);
}

#[test]
fn the_first_place_in_the_issues_order_names_the_session() {
    let params = r#""_meta":{"sessionId":"m"}"#;
    let path = "/f39aba069a8140/mcp";
    let headers = [
        "Cookie: session=k\n",
        "X-Session-Id: v\n",
        "Session-Id: iv\n",
        "X-MCP-Session: iii\n",
        "X-Mcp-Session-Id: ii\n",
        "MCP-SESSION-ID: i\n",
    ];
    let rules = [
        ("path", "f39aba069a8140"),
        ("header:x-session-id", "v"),
        ("header:session-id", "iv"),
        ("header:x-mcp-session", "iii"),
        ("header:x-mcp-session-id", "ii"),
        ("header:mcp-session-id", "i"),
    ];
    for (n, rule) in rules.iter().enumerate() {
        let text = post(path, &headers[..=n].concat(), "ping", "", "<< 200");
        expect(&told(&[text]), &[(rule.0, rule.1, &[0])]);
    }
    let query = format!("{path}?session_id=q");
    for (url, headers, expected) in [
        (path, "Cookie: session=k\n", ("metadata", "m")),
        (query.as_str(), "", ("query:session_id", "q")),
        (query.as_str(), "X-Session-Id: v\n", ("header:x-session-id", "v")),
    ] {
        let text = post(url, headers, "ping", params, "<< 200");
        expect(&told(&[text]), &[(expected.0, expected.1, &[0])]);
    }
}

#[test]
fn candidates_that_disagree_are_told_with_the_one_that_won() {
    let text = ping("/mcp/message?sessionId=old", "Mcp-Session-Id: new\n");
    let session = sessions(&text).list(later(0)).remove(0);
    let told: Vec<_> = session
        .candidates
        .iter()
        .map(|c| (c.source.as_str(), c.value.as_str(), c.chosen))
        .collect();
    assert_eq!(told, [("header:mcp-session-id", "new", true), ("query:sessionId", "old", false)]);
}

#[test]
fn interleaved_clients_are_apart_whatever_their_connections() {
    let from = |port: u32, id: &str| {
        ping("/mcp", &format!("~client: 127.0.0.1:{port}\nMcp-Session-Id: {id}\n"))
    };
    let text = [
        initialize("/mcp", "~client: 127.0.0.1:1\n", "Mcp-Session-Id: a\n"),
        initialize("/mcp", "~client: 127.0.0.1:2\n", "Mcp-Session-Id: b\n"),
        from(3, "a"),
        from(4, "b"),
        from(5, "b"),
        from(6, "a"),
    ];
    let rule = "header:mcp-session-id";
    expect(&told(&text), &[(rule, "a", &[0, 2, 5]), (rule, "b", &[1, 3, 4])]);
}

#[test]
fn both_eras_at_one_url_are_apart() {
    let modern = ping("/mcp", "MCP-Protocol-Version: 2026-07-28\n");
    let legacy = ping("/mcp", "MCP-Protocol-Version: 2025-11-25\n");
    let stateless = [
        modern.clone(),
        initialize("/mcp", "", ""),
        modern.clone(),
        legacy.clone(),
        modern.clone(),
        legacy,
    ];
    expect(&told(&stateless), &[("grouping", "-", &[0, 2, 4]), ("grouping", "-", &[1, 3, 5])]);
    let own = ping("/mcp", "Mcp-Session-Id: a\n");
    let with_id = [initialize("/mcp", "", "Mcp-Session-Id: a\n"), modern.clone(), own, modern];
    let rule = "header:mcp-session-id";
    expect(&told(&with_id), &[(rule, "a", &[0, 2]), ("grouping", "-", &[1, 3])]);
}

#[test]
fn processes_are_apart_where_the_platform_tells_them() {
    let of = |pid: u32| ping("/mcp", &format!("~pid: {pid}\n"));
    expect(&told(&[of(1), of(2), of(1)]), &[("grouping", "-", &[0, 2]), ("grouping", "-", &[1])]);
}

#[test]
fn an_id_in_the_path_of_the_endpoint_joins_both_endpoints() {
    let channel = ">> GET http://h/sse\n<< 200\ncontent-type: text/event-stream\n..\n\n\
                   event: endpoint\ndata: /sse/0123456789abcdef/messages/\n\n"
        .to_owned();
    let text = [channel, ping("/sse/0123456789abcdef/messages/", "")];
    expect(&told(&text), &[("endpoint-event", "0123456789abcdef", &[0, 1])]);
}

#[test]
fn a_query_of_the_endpoint_comes_before_its_path() {
    let channel =
        ">> GET http://h/0123456789ab/sse\n<< 200\ncontent-type: text/event-stream\n..\n\n\
                   event: endpoint\ndata: /0123456789ab/messages?session_id=s\n\n"
            .to_owned();
    let text = [channel, ping("/0123456789ab/messages?session_id=s", "")];
    expect(&told(&text), &[("endpoint-event", "s", &[0, 1])]);
}

/// houses.md 1: the id in the path and the id in the header are one session's.
#[test]
fn a_path_session_is_linked_with_its_header() {
    let path = "/f39aba069a8140/mcp";
    let missing = post(path, "", "ping", "", "<< 400");
    let same = ping(path, "Mcp-Session-Id: f39aba069a8140\n");
    expect(&told(&[missing, same]), &[("header:mcp-session-id", "f39aba069a8140", &[0, 1])]);
    let other = ping(path, "Mcp-Session-Id: x\n");
    let session = sessions(&other).list(later(0)).remove(0);
    let sources: Vec<&str> = session.candidates.iter().map(|c| c.source.as_str()).collect();
    assert_eq!(
        (sources, session.wire_id.as_deref()),
        (vec!["header:mcp-session-id", "path"], Some("x"))
    );
}

/// houses.md 3: what stands behind `/mcp/` is a tenant.
#[test]
fn a_tenant_in_the_path_is_no_session() {
    let url = "/mcp/6e3f0ad3-0ba9-4cc2-8eb3-5d5f6a7b8c9d";
    let text = [initialize(url, "", "Mcp-Session-Id: a\n"), ping(url, "Mcp-Session-Id: a\n")];
    expect(&told(&text), &[("header:mcp-session-id", "a", &[0, 1])]);
}

#[test]
fn a_path_that_two_clients_share_joins_neither() {
    let url = "/6e3f0ad3-0ba9-4cc2-8eb3-5d5f6a7b8c9d/mcp";
    let of = |run: &str| ping(url, &format!("~run: {run}\n"));
    let id = "6e3f0ad3-0ba9-4cc2-8eb3-5d5f6a7b8c9d";
    expect(&told(&[of("a"), of("b"), of("a")]), &[("path", id, &[0, 2]), ("path", id, &[1])]);
}

#[test]
fn a_cookie_counts_once_it_was_sent_back() {
    let set = |n: u32| initialize("/mcp", "", &format!("Set-Cookie: session=c{n}; Path=/\n"));
    let bears = |n: u32| ping("/mcp", &format!("Cookie: other=1; session=c{n}\n"));
    let text = [set(1), set(2), bears(1), bears(2), bears(1)];
    let rule = "cookie:session";
    expect(
        &told(&text),
        &[(rule, "d0f631ca1ddba8db", &[0, 2, 4]), (rule, "9c0abe51c6e6655d", &[1, 3])],
    );
    // Nobody sends it back: each answer that sets it anew means nothing.
    let text = [set(1), ping("/mcp", ""), ping("/mcp", "")];
    expect(&told(&text), &[("grouping", "-", &[0, 1, 2])]);
    // A header is surer.
    let issued = "Set-Cookie: session=c1\nMcp-Session-Id: a\n";
    let text =
        [initialize("/mcp", "", issued), ping("/mcp", "Mcp-Session-Id: a\nCookie: session=c1\n")];
    expect(&told(&text), &[("header:mcp-session-id", "a", &[0, 1])]);
}

#[test]
fn a_cookie_that_changes_with_every_answer_splits_nothing() {
    let text = [
        initialize("/mcp", "", "Set-Cookie: affinity=1\n"),
        post("/mcp", "Cookie: affinity=1\n", "ping", "", "<< 200\nSet-Cookie: affinity=2\n"),
        post("/mcp", "Cookie: affinity=2\n", "ping", "", "<< 200\nSet-Cookie: affinity=3\n"),
        ping("/mcp", "Cookie: affinity=3\n"),
    ];
    expect(&told(&text), &[("cookie:affinity", "6b86b273ff34fce1", &[0, 1, 2, 3])]);
}

#[test]
fn plain_traffic_has_no_session_ids() {
    let get =
        |url: &str, headers: &str| format!(">> GET http://h{url}\n{headers}<< 200\n\nhello\n");
    let text = [
        get("/f39aba069a8140/mcp", ""),
        get("/page?sessionId=1", "Session-Id: 2\n"),
        get("/page?sessionId=3", "Cookie: session=4\n"),
    ];
    expect(&told(&text), &[("grouping", "-", &[0]), ("grouping", "-", &[1, 2])]);
}

/// protocol.md §3: cut and resumed, still one session.
#[test]
fn a_session_that_was_resumed_three_times_has_three_joins() {
    let resume = |event: u32| {
        format!(
            ">> GET http://h/mcp\n~client: 127.0.0.1:{event}\nMcp-Session-Id: a\n\
             Last-Event-ID: {event}\n<< 200\ncontent-type: text/event-stream\n\nid: {}\ndata:\n\n\
             == truncated\n",
            event + 1
        )
    };
    let cut = ">> POST http://h/mcp\nMcp-Session-Id: a\n\n\
               {\"jsonrpc\":\"2.0\",\"id\":2,\"method\":\"tools/call\",\"params\":{\"name\":\"t\"}}\n\
               << 200\ncontent-type: text/event-stream\n\nid: 1\ndata:\n\n== truncated\n";
    let text = [
        initialize("/mcp", "", "Mcp-Session-Id: a\n"),
        cut.to_owned(),
        resume(1),
        resume(2),
        resume(3),
        ">> GET http://h/mcp\nMcp-Session-Id: a\nLast-Event-ID: 4\n<< 405\n".to_owned(),
    ];
    let mut list = sessions(&text.concat()).list(later(0));
    assert_eq!(list.len(), 1);
    let joins = list.remove(0).joins;
    let after: Vec<&str> = joins.iter().map(|join| join.last_event_id.as_str()).collect();
    assert_eq!(after, ["1", "2", "3"]);
    assert_eq!(joins[0].exchange, id(2));
}
