//! What belongs to another exchange's session: requests without an id, refusals, OAuth legs.

use super::*;
use crate::protocol::testing::number;

const PING: &str = r#"{"jsonrpc":"2.0","id":1,"method":"ping"}"#;

/// The exchanges of each session, oldest first.
fn told(transcript: &str) -> Vec<Vec<usize>> {
    let mut list = sessions(transcript).list(later(0));
    list.reverse();
    list.iter().map(|s| s.exchanges.iter().map(|id| number(*id)).collect()).collect()
}

/// houses.md 3, fault 4: the id that was issued is not sent.
#[test]
fn a_request_without_the_id_belongs_to_the_session_that_it_was_given_one_for() {
    let without = format!(">> POST http://localhost:3000/mcp\n\n{PING}\n<< 400\n");
    assert_eq!(told(&format!("{HANDSHAKE}{without}{without}")), [[0, 1, 2, 3]]);
    // It is refused, the session is not.
    let session = only(&format!("{HANDSHAKE}{without}"), later(1));
    assert_eq!(session.state, State::Initialized);
    // Before any id was issued, at another endpoint, or from another client it is its own.
    assert_eq!(told(&format!("{without}{HANDSHAKE}")), [vec![0], vec![1, 2]]);
    let elsewhere = without.replace("/mcp", "/other");
    assert_eq!(told(&format!("{HANDSHAKE}{elsewhere}")), [vec![0, 1], vec![2]]);
    let other = without.replace("/mcp\n", "/mcp\n~pid: 7\n");
    assert_eq!(told(&format!("{HANDSHAKE}{other}")), [vec![0, 1], vec![2]]);
}

/// houses.md 2: some clients never send the temporary id, and get another one each time.
#[test]
fn a_temporary_id_that_is_ignored_makes_no_session_of_its_own() {
    let ignored = |assigned: &str| {
        format!(">> POST http://localhost:3000/mcp\n\n{PING}\n<< 200\nMcp-Session-Id: {assigned}\n")
    };
    let text = [HANDSHAKE.to_owned(), ignored("t1"), ignored("t2")].concat();
    assert_eq!(told(&text), [[0, 1, 2, 3]]);
    // Without a handshake nothing says whose they are but the answer.
    assert_eq!(told(&[ignored("t1"), ignored("t2")].concat()), [[0], [1]]);
}

/// A server that stopped issuing ids, as after a restart in another configuration.
#[test]
fn a_stateless_handshake_ends_the_reign_of_an_issued_id() {
    let stateless = HANDSHAKE.replace("    Mcp-Session-Id: a\n", "");
    assert_eq!(told(&format!("{HANDSHAKE}{stateless}")), [vec![0, 1], vec![2, 3]]);
}

const CHALLENGE: &str = ">> POST http://localhost:3000/mcp\n\n{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"ping\"}\n<< 401\n";

const LEGS: &str = ">> GET http://localhost:3000/.well-known/oauth-protected-resource\n<< 200\n\
                    >> GET https://login.example/.well-known/oauth-authorization-server\n<< 200\n\
                    >> POST https://login.example/register\n<< 201\n\
                    >> POST https://login.example/oauth/token\n<< 200\n";

#[test]
fn oauth_legs_on_another_host_belong_to_the_session_that_they_enabled() {
    assert_eq!(told(&format!("{CHALLENGE}{LEGS}{HANDSHAKE}")), [[0, 1, 2, 3, 4, 5, 6]]);
    // A token that is refreshed while another server is spoken to.
    let other = format!(">> POST http://other/mcp\nMcp-Session-Id: o\n\n{PING}\n<< 200\n");
    let text = format!("{CHALLENGE}{LEGS}{other}{HANDSHAKE}");
    assert_eq!(told(&text), [vec![5], vec![0, 1, 2, 3, 4, 6, 7]]);
}

/// As the TypeScript SDK does.
#[test]
fn a_leg_may_bear_mcps_headers() {
    let legs = LEGS.replace("\n<<", "\nMCP-Protocol-Version: 2025-11-25\n<<");
    assert_eq!(told(&format!("{CHALLENGE}{legs}{HANDSHAKE}")), [[0, 1, 2, 3, 4, 5, 6]]);
}

#[test]
fn legs_that_led_nowhere_belong_to_the_challenge() {
    assert_eq!(told(&format!("{CHALLENGE}{LEGS}")), [[0, 1, 2, 3, 4]]);
    let late = format!("{CHALLENGE}{LEGS}\n++ 11m\n{HANDSHAKE}");
    assert_eq!(told(&late), [vec![0, 1, 2, 3, 4], vec![5, 6]]);
}

#[test]
fn a_leg_belongs_to_no_other_clients_session() {
    let legs = LEGS.replace("\n<<", "\n~run: other\n<<");
    let list = told(&format!("{legs}{HANDSHAKE}"));
    assert!(list.contains(&vec![4, 5]), "{list:?}");
}

#[test]
fn a_refused_probe_belongs_to_the_handshake_that_follows() {
    let probe = ">> POST http://localhost:3000/mcp\nMCP-Protocol-Version: 2026-07-28\n\n\
                 {\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"server/discover\"}\n<< 400\n";
    let session = only(&format!("{probe}{HANDSHAKE}"), later(1));
    assert_eq!((session.id, session.exchanges.len()), (id(1), 3));
    assert_eq!(session.dialects, ["2025-11-25"]);
}
