//! What is done about a change: a value that is minted anew each time has its hint, and an answer
//! over several exchanges is put into the tape.

use std::{
    fs,
    io::Write as _,
    path::{Path, PathBuf},
    process::Output,
};

use serde_json::{Value, json};
use tempfile::{TempDir, tempdir};

use crate::support::{
    houses::peer::Peer,
    origin::{Origin, json as json_answer},
    tapes,
    wiretape::{of, wiretape},
};

fn verify(tape: &Path, to: &str, more: &[&str]) -> Output {
    let home = tempdir().expect("a folder");
    let tape = tape.to_str().expect("UTF-8");
    let words = ["verify", tape, "--to", to, "--allow-side-effects", "--json"];
    wiretape(home.path(), &[&words[..], more].concat()).output().expect("it runs")
}

fn verdicts(output: &Output) -> Vec<Value> {
    let text = String::from_utf8_lossy(&output.stdout);
    let lines = text.lines().map(|line| serde_json::from_str(line).expect("a JSON line"));
    let lines: Vec<Value> = lines.collect();
    of(&lines, "verdict").into_iter().cloned().collect()
}

fn kept(tape: &str) -> (TempDir, PathBuf) {
    let folder = tempdir().expect("a folder");
    let path = folder.path().join("it.tape.jsonl");
    fs::write(&path, tape).expect("written");
    (folder, path)
}

const META: &str = r#""_meta":{"io.modelcontextprotocol/protocolVersion":"2026-07-28","io.modelcontextprotocol/clientCapabilities":{"elicitation":{}}}"#;

/// Says a text; where it asks first, with a question and in two exchanges.
fn server(question: Option<&'static str>, text: &'static str) -> Origin {
    Origin::serve(move |request, out| {
        let message: Value = serde_json::from_slice(&request.body).unwrap_or_default();
        let asks = question.filter(|_| message["params"]["requestState"].is_null());
        let result = match asks {
            Some(question) => json!({"resultType": "input_required", "requestState": "state-0001",
                "inputRequests": {"q": {"method": "elicitation/create", "params": {"message": question}}}}),
            None => json!({"resultType": "complete", "content": [{"type": "text", "text": text}]}),
        };
        let answer = json!({"jsonrpc": "2.0", "id": message["id"], "result": result});
        out.write_all(json_answer(&answer.to_string(), "").as_bytes()).is_ok()
    })
}

fn tape(server: &Origin) -> String {
    tapes::recorded(&server.url(), &[], |recorder| {
        let peer = Peer::to(recorder.reverse())
            .with("Mcp-Protocol-Version", "2026-07-28")
            .with("Mcp-Method", "tools/call")
            .with("Mcp-Name", "ask");
        let body = |id: u32, more: &str| {
            format!(
                r#"{{"jsonrpc":"2.0","id":{id},"method":"tools/call","params":{{"name":"ask","arguments":{{}},{more}{META}}}}}"#
            )
        };
        let first = peer.post("/mcp", &[], &body(1, "")).expect(200).json();
        if let Some(state) = first["result"]["requestState"].as_str() {
            let more = format!(
                r#""requestState":"{state}","inputResponses":{{"q":{{"action":"accept"}}}},"#
            );
            peer.post("/mcp", &[], &body(2, &more)).expect(200);
        }
    })
}

#[test]
fn an_answer_over_several_exchanges_is_put_in_where_it_stands() {
    let recorded = tape(&server(Some("How much?"), "seven"));
    // Another question is answered by a fallback, which is told beside: then the exit code is no 0.
    let table = [
        (Some("How much?"), "eight", 1, 0),
        (Some("How many?"), "seven", 1, 1),
        (Some("How many?"), "eight", 2, 1),
    ];
    for (question, text, lines, code) in table {
        let (_folder, path) = kept(&recorded);
        let server = server(question, text);
        let changed = verify(&path, &server.url(), &[]);
        assert_eq!(changed.status.code(), Some(1), "{text}");
        let updated = verify(&path, &server.url(), &["--update"]);
        let said = String::from_utf8_lossy(&updated.stderr);
        assert_eq!(updated.status.code(), Some(code), "{said}");
        let now = fs::read_to_string(&path).expect("a tape");
        let differs = recorded.lines().zip(now.lines()).filter(|(own, its)| own != its);
        assert_eq!((differs.count(), now.lines().count()), (lines, recorded.lines().count()));
        let again = verify(&path, &server.url(), &[]);
        assert_eq!(again.status.code(), Some(0), "{:#?}", verdicts(&again));
    }
    // It does not ask any more: no value says so.
    let (_folder, path) = kept(&recorded);
    let refused = verify(&path, &server(None, "seven").url(), &["--update"]);
    assert_eq!(refused.status.code(), Some(1));
    let said = String::from_utf8_lossy(&refused.stderr);
    assert!(said.contains("cannot be put in") && said.contains("record it anew"), "{said}");
}

#[test]
fn a_value_that_may_be_minted_anew_is_a_change_with_its_hint() {
    let (_folder, path) = kept(&tape(&server(None, "run 8ba4bfc850 is done")));
    for (text, is_hinted) in [("run b9b24dd321 is done", true), ("run 8ba4bfc850 is over", false)] {
        let ran = verify(&path, &server(None, text).url(), &[]);
        assert_eq!(ran.status.code(), Some(1), "green means green");
        let verdicts = verdicts(&ran);
        assert_eq!(verdicts[0]["verdict"], "changed");
        let reason = verdicts[0]["reason"].as_str().unwrap_or_default();
        let hinted =
            reason.contains("--learn 3") && reason.contains("--ignore /result/content/0/text");
        assert_eq!(hinted, is_hinted, "{reason}");
    }
}
