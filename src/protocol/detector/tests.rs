use super::*;
use crate::protocol::testing::exchanges;

fn shows(transcript: &str) -> bool {
    let mut detector = Detector::new();
    exchanges(transcript).iter().flatten().fold(false, |_, record| detector.push(record))
}

#[test]
fn the_signs_of_mcp() {
    assert!(shows(">> POST http://h/x\nMCP-Protocol-Version: 2026-07-28\n<< 200"));
    assert!(shows(">> GET http://h/x\n<< 200\nMcp-Session-Id: a"));
    assert!(shows(
        ">> POST http://h/x\n\n{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"initialize\"}\n<< 404"
    ));
    assert!(shows(">> GET http://h/sse\n<< 200\n\nevent: endpoint\ndata: /m?sessionId=1\n\n"));
    assert!(shows(">> GET http://h/mcp\n<< 200\n\n{\"type\":\"session\",\"sessionId\":\"a\"}\n"));
    assert!(!shows(
        ">> POST http://h/rpc\n\n{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"eth_call\"}\n<< 200"
    ));
    assert!(!shows(">> GET http://h/events\n<< 200\n\nevent: tick\ndata: {}\n\n"));
}

#[test]
fn an_unknown_coding_is_said() {
    let mut detector = Detector::new();
    for record in
        exchanges(">> GET http://h/x\n<< 200\ncontent-encoding: foo\n\nx").iter().flatten()
    {
        detector.push(record);
    }
    assert!(detector.undecodable());
}
