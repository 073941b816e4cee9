//! `wiretape verify` and `replay` as processes, against real servers: what was recorded is the same
//! again, what changed is found, what may do harm is not sent.

use std::{
    path::{Path, PathBuf},
    process::Output,
    sync::{Arc, Mutex},
};

use serde_json::Value;
use tempfile::tempdir;

use crate::support::{
    houses::SCENES,
    origin::{Origin, Request, json},
    tapes,
    wiretape::{of, wiretape},
};

/// What a run printed, and its exit code.
struct Ran {
    lines: Vec<Value>,
    code: Option<i32>,
    stderr: String,
}

fn ran(output: Output) -> Ran {
    let text = String::from_utf8(output.stdout).expect("UTF-8");
    let lines = text.lines().map(|line| serde_json::from_str(line).expect("a JSON line"));
    Ran {
        lines: lines.collect(),
        code: output.status.code(),
        stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
    }
}

fn verify(tape: &Path, to: &str, options: &[&str]) -> Ran {
    let home = tempdir().expect("a folder");
    let tape = tape.to_str().expect("UTF-8");
    let words = [&["verify", tape, "--to", to, "--json"], options].concat();
    let ran = ran(wiretape(home.path(), &words).output().expect("it runs"));
    assert!(
        std::fs::read_dir(home.path()).expect("a folder").next().is_none(),
        "no store and no authority is made"
    );
    ran
}

fn kept(name: &str) -> PathBuf {
    tapes::captures().join(format!("{name}.tape.jsonl"))
}

impl Ran {
    /// `verdict method name`, a line a step.
    fn told(&self) -> Vec<String> {
        let line = |verdict: &&Value| {
            let text = |key: &str| verdict[key].as_str().unwrap_or_default().to_owned();
            format!("{} {} {}", text("verdict"), text("method"), text("name")).trim().to_owned()
        };
        of(&self.lines, "verdict").iter().map(line).collect()
    }

    fn all_same(&self, what: &str) {
        let told = self.told();
        let same = !told.is_empty() && told.iter().all(|line| line.starts_with("same "));
        assert!(same && self.code == Some(0), "{what}: {:#?}\n{}", self.lines, self.stderr);
        let summary = of(&self.lines, "summary")[0];
        assert_eq!(summary["compared"], summary["of"], "{what}");
    }
}

#[test]
fn every_house_answers_as_on_its_tape() {
    for scene in SCENES {
        let server = (scene.serve)();
        let to = match scene.tape {
            // What a user is given: a URL with an id that the key exchange made.
            "path-session/ladder" => {
                houses_key(&server);
                format!("{}/f39aba069a8140/mcp", server.url())
            }
            "path-session/never-valid" => format!("{}/f39aba069a8140/mcp", server.url()),
            _ => server.url(),
        };
        let headers = ["--allow-side-effects", "--header", "Authorization: Bearer x"];
        let ran = verify(&kept(scene.tape), &to, &headers);
        if scene.tape == "router-bridge/candidates" {
            // Its client makes up its ids, and the tape has none of them (faces.md, Tapes).
            assert!(ran.told().iter().all(|line| line.starts_with("skipped ")), "{:#?}", ran.lines);
            continue;
        }
        ran.all_same(scene.tape);
    }
}

/// The exchange that no tape repeats: it costs a credential.
fn houses_key(server: &Origin) {
    let mut wire =
        crate::support::origin::Wire::to(server.authority().parse().expect("an address"));
    wire.send(format!(
        "POST /v1/sessions HTTP/1.1\r\nHost: {}\r\nContent-Length: 2\r\n\r\n{{}}",
        server.authority()
    ));
    wire.answer();
}

#[test]
fn nobody_there_is_a_target_that_failed() {
    let port = {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
        listener.local_addr().expect("an address").port()
    };
    let to = format!("http://127.0.0.1:{port}");
    let ran = verify(&kept("session-manager/life"), &to, &[]);
    assert_eq!(ran.code, Some(3), "{}", ran.stderr);
    assert!(ran.stderr.contains("cannot be reached"), "{}", ran.stderr);
}

#[test]
fn a_tape_that_is_none_is_unreadable() {
    let ran = verify(Path::new("Cargo.toml"), "http://127.0.0.1:1", &[]);
    assert_eq!(ran.code, Some(2), "{}", ran.stderr);
}

/// Answers as the tape's server does, but for one text.
fn changed(request: &Request, out: &mut std::net::TcpStream, from: &str, to: &str) -> bool {
    use std::io::Write;
    let message: Value = serde_json::from_slice(&request.body).unwrap_or_default();
    let answer = match message["method"].as_str() {
        Some("initialize") => serde_json::json!({"protocolVersion": "2025-06-18",
            "capabilities": {"tools": {}}, "serverInfo": {"name": "s", "version": "1"}}),
        Some("tools/list") => serde_json::json!({"tools": [
            {"name": "read", "inputSchema": {"type": "object"}, "annotations": {"readOnlyHint": true}},
            {"name": "write", "inputSchema": {"type": "object"}}]}),
        Some("tools/call") => serde_json::json!({"content": [{"type": "text", "text": "done"}]}),
        _ => {
            let accepted = "HTTP/1.1 202 Accepted\r\nContent-Length: 0\r\n\r\n";
            return out.write_all(accepted.as_bytes()).is_ok();
        }
    };
    let answer = serde_json::json!({"jsonrpc": "2.0", "id": message["id"], "result": answer});
    let text = answer.to_string().replace(from, to);
    out.write_all(json(&text, "Mcp-Session-Id: s-1\r\n").as_bytes()).is_ok()
}

fn server(from: &'static str, to: &'static str) -> Origin {
    Origin::serve(move |request, out| changed(&request, out, from, to))
}

/// A tape of a small session: two tools, one of which only reads.
fn small_tape(folder: &Path) -> PathBuf {
    let bodies = [
        r#"{"jsonrpc":"2.0","id":0,"method":"initialize","params":{"protocolVersion":"2025-06-18","capabilities":{},"clientInfo":{"name":"c","version":"1"}}}"#,
        r#"{"jsonrpc":"2.0","method":"notifications/initialized"}"#,
        r#"{"jsonrpc":"2.0","id":1,"method":"tools/list"}"#,
        r#"{"jsonrpc":"2.0","id":2,"method":"tools/call","params":{"name":"read","arguments":{"n":1}}}"#,
        r#"{"jsonrpc":"2.0","id":3,"method":"tools/call","params":{"name":"write","arguments":{}}}"#,
    ];
    tape_of(folder, &server("", ""), &bodies)
}

/// What a client's messages become, each sent once the one before is answered.
fn tape_of(folder: &Path, server: &Origin, bodies: &[&str]) -> PathBuf {
    let tape = tapes::recorded(&server.url(), &[], |recorder| {
        let mut wire = crate::support::origin::Wire::to(recorder.reverse());
        let post = |wire: &mut crate::support::origin::Wire, body: &str| {
            wire.send(format!(
                "POST /mcp HTTP/1.1\r\nHost: {}\r\nContent-Type: application/json\r\nAccept: \
                 application/json, text/event-stream\r\nContent-Length: {}\r\n\r\n{body}",
                recorder.reverse(),
                body.len()
            ));
            wire.answer();
        };
        for body in bodies {
            post(&mut wire, body);
        }
    });
    let path = folder.join("small.tape.jsonl");
    std::fs::write(&path, tape).expect("written");
    path
}

#[test]
fn what_changed_is_found_and_what_may_do_harm_is_not_called() {
    let folder = tempdir().expect("a folder");
    let tape = small_tape(folder.path());

    let same = server("", "");
    verify(&tape, &same.url(), &["--allow-side-effects"]).all_same("nothing changed");

    let guarded = verify(&tape, &same.url(), &[]);
    assert_eq!(guarded.code, Some(1), "a skip is no pass");
    assert_eq!(guarded.told()[3..], ["same tools/call read", "skipped tools/call write"]);
    let allowed = verify(&tape, &same.url(), &["--allow-skips"]);
    assert_eq!(allowed.code, Some(0), "{:#?}", allowed.lines);
    verify(&tape, &same.url(), &["--allow-tool", "wr*"]).all_same("allowed by name");

    let other = server("done", "failed");
    let ran = verify(&tape, &other.url(), &["--allow-tool", "*"]);
    assert_eq!(ran.code, Some(1));
    assert_eq!(ran.told()[3..], ["changed tools/call read", "changed tools/call write"]);
    let verdicts = of(&ran.lines, "verdict");
    assert_eq!(verdicts[3]["differences"][0]["path"], "/result/content/0/text");
}

#[test]
fn a_chosen_message_is_sent_with_what_it_needs() {
    let folder = tempdir().expect("a folder");
    let tape = small_tape(folder.path());
    let server = server("", "");
    let ran = verify(&tape, &server.url(), &["--only", "tool:read"]);
    assert_eq!(ran.told(), ["same tools/call read"], "{:#?}", ran.lines);
    let summary = of(&ran.lines, "summary")[0];
    assert_eq!((&summary["compared"], &summary["not_selected"]), (&1.into(), &4.into()));
    assert_eq!((&summary["of"], &summary["skipped"]), (&5.into(), &0.into()));
}

#[test]
fn a_lost_session_is_initialized_once_more() {
    use std::{
        io::Write,
        sync::atomic::{AtomicUsize, Ordering},
    };
    let folder = tempdir().expect("a folder");
    let tape = small_tape(folder.path());
    let seen = AtomicUsize::new(0);
    let forgetful = Origin::serve(move |request, out| {
        // The fourth message meets a server that was started anew.
        if seen.fetch_add(1, Ordering::Relaxed) == 3 {
            let body = r#"{"jsonrpc":"2.0","error":{"code":-32001,"message":"Session not found"},"id":null}"#;
            let answer = json(body, "").replace("200 OK", "404 Not Found");
            return out.write_all(answer.as_bytes()).is_ok();
        }
        changed(&request, out, "", "")
    });
    let ran = verify(&tape, &forgetful.url(), &["--allow-side-effects"]);
    ran.all_same("initialized again");
    let verdicts = of(&ran.lines, "verdict");
    let reason = verdicts[3]["reason"].as_str().expect("it is said");
    assert!(reason.contains("session was lost"), "{reason}");
}

#[test]
fn credentials_come_from_the_environment_and_a_refusal_says_so() {
    use std::io::Write;
    let folder = tempdir().expect("a folder");
    let tape = small_tape(folder.path());
    let guarded = Origin::serve(|request, out| {
        let given = crate::support::origin::header(&request.head, "authorization");
        if given != Some("Bearer from-the-environment") {
            let answer = "HTTP/1.1 401 Unauthorized\r\nWWW-Authenticate: Bearer realm=\"x\"\r\nContent-Length: 0\r\n\r\n";
            return out.write_all(answer.as_bytes()).is_ok();
        }
        changed(&request, out, "", "")
    });
    let refused = verify(&tape, &guarded.url(), &["--allow-side-effects"]);
    assert_eq!(refused.code, Some(1));
    let verdicts = of(&refused.lines, "verdict");
    let reason = verdicts[0]["reason"].as_str().expect("it is said");
    assert!(reason.contains("Bearer realm=\"x\"") && reason.contains("--header-env"), "{reason}");
    let rest = refused.told();
    assert!(rest[1..].iter().all(|line| line.starts_with("skipped ")), "{rest:?}");

    let words = [
        "verify",
        tape.to_str().expect("UTF-8"),
        "--to",
        &guarded.url(),
        "--json",
        "--allow-side-effects",
        "--header-env",
        "Authorization=TOKEN_OF_THE_TEST",
    ];
    let mut command = wiretape(folder.path(), &words);
    command.env("TOKEN_OF_THE_TEST", "Bearer from-the-environment");
    ran(command.output().expect("it runs")).all_same("with its credential");
}

#[test]
fn an_edited_message_is_sent_alone_and_kept() {
    let (folder, home) = (tempdir().expect("a folder"), tempdir().expect("a home"));
    let tape = small_tape(folder.path());
    let server = server("", "");
    let words = [
        "replay",
        tape.to_str().expect("UTF-8"),
        "--to",
        &server.url(),
        "--json",
        "--only",
        "tool:read",
        "--set",
        "/params/arguments/n=7",
        "--keep",
    ];
    let played = ran(wiretape(home.path(), &words).output().expect("it runs"));
    assert_eq!(played.told(), ["same tools/call read"], "{:#?}\n{}", played.lines, played.stderr);
    let listed = crate::support::wiretape::lines(home.path(), &["list"]);
    let sessions = of(&listed, "session");
    assert_eq!(sessions.len(), 1, "{listed:#?}");
    let name = sessions[0]["name"].as_str().expect("a name");
    assert!(name.starts_with("replay of "), "{name}");
    let found = crate::support::wiretape::lines(home.path(), &["find", "tool:read kind:request"]);
    let sent = of(&found, "message");
    assert_eq!(sent[0]["payload"]["params"]["arguments"]["n"], 7, "{found:#?}");

    let nowhere = [&words[..7], &["--set", "/params/nothing/here=1"]].concat();
    let refused = ran(wiretape(home.path(), &nowhere).output().expect("it runs"));
    assert_eq!(refused.code, Some(2), "{}", refused.stderr);
}

#[test]
fn the_guard_asks_about_the_tool_that_is_sent() {
    let (folder, home) = (tempdir().expect("a folder"), tempdir().expect("a home"));
    let tape = small_tape(folder.path());
    let called = Arc::new(Mutex::new(Vec::new()));
    let kept = Arc::clone(&called);
    let server = Origin::serve(move |request, out| {
        let message: Value = serde_json::from_slice(&request.body).unwrap_or_default();
        if message["method"] == "tools/call" {
            kept.lock().expect("whole").push(message["params"]["name"].clone());
        }
        changed(&request, out, "", "")
    });
    let replay = |only: &str, set: &str, options: &[&str]| {
        let tape = tape.to_str().expect("UTF-8");
        let (to, set) = (server.url(), format!("/params/name={set}"));
        let words = ["replay", tape, "--to", &to, "--json", "--only", only, "--set", &set];
        let words = [&words[..], options].concat();
        let ran = ran(wiretape(home.path(), &words).output().expect("it runs"));
        let called: Vec<Value> = called.lock().expect("whole").drain(..).collect();
        (ran, called)
    };
    // The recorded one only reads; the one that would be sent may write.
    let (refused, called) = replay("tool:read", "write", &[]);
    assert_eq!(refused.told(), ["skipped tools/call read"], "{:#?}", refused.lines);
    let reason = of(&refused.lines, "verdict")[0]["reason"].as_str().expect("a reason").to_owned();
    assert!(reason.contains("--allow-tool 'write'"), "{reason}");
    assert_eq!((refused.code, called), (Some(1), Vec::new()), "nothing was called");
    // And the other way round.
    let (ran, called) = replay("tool:write", "read", &[]);
    assert_eq!(ran.told(), ["same tools/call write"], "{:#?}", ran.lines);
    assert_eq!(called, ["read"]);
    // What is allowed is allowed by the name that is sent.
    let (refused, called) = replay("tool:read", "write", &["--allow-tool", "read"]);
    assert_eq!((refused.code, called), (Some(1), Vec::new()));
    let (ran, called) = replay("tool:read", "write", &["--allow-tool", "write"]);
    assert_eq!(ran.told(), ["same tools/call read"], "{:#?}", ran.lines);
    assert_eq!(called, ["write"]);
}

#[test]
fn a_wrong_endpoint_is_told_before_anything_is_read() {
    let home = tempdir().expect("a folder");
    let none = home.path().join("none.tape.jsonl");
    std::fs::write(&none, "no tape\n").expect("written");
    let none = none.to_str().expect("UTF-8");
    for to in ["127.0.0.1:3000/mcp", "ftp://127.0.0.1/mcp", "http://127.0.0.1/mcp#here", ""] {
        for verb in ["verify", "replay"] {
            let output = wiretape(home.path(), &[verb, none, "--to", to]).output();
            let ran = ran(output.expect("it runs"));
            assert_eq!(ran.code, Some(2), "{}", ran.stderr);
            assert!(ran.stderr.contains("--to is no http or https URL"), "{}", ran.stderr);
            assert!(ran.stderr.contains("hint: "), "{}", ran.stderr);
        }
    }
}

/// A server with one tool whose work is a task, done after so many polls; ids are of this run.
fn tasking(run: &'static str, polls: usize) -> Origin {
    use std::{
        io::Write,
        sync::atomic::{AtomicUsize, Ordering},
    };
    let polled = AtomicUsize::new(0);
    Origin::serve(move |request, out| {
        let message: Value = serde_json::from_slice(&request.body).unwrap_or_default();
        let id = format!("task-{run}-0123456789");
        let task = |status: &str| {
            serde_json::json!({"taskId": id, "status": status, "ttl": 60000, "pollInterval": 20,
                "createdAt": "2026-11-21T10:00:00Z", "lastUpdatedAt": "2026-11-21T10:00:00Z"})
        };
        let ours = message["params"]["taskId"] == id.as_str();
        let result = match message["method"].as_str() {
            Some("tools/call") => serde_json::json!({"task": task("working")}),
            Some("tasks/get") if ours => {
                let done = polled.fetch_add(1, Ordering::Relaxed) + 1 >= polls;
                task(if done { "completed" } else { "working" })
            }
            Some("tasks/result") if ours && polled.load(Ordering::Relaxed) >= polls => {
                serde_json::json!({"content": [{"type": "text", "text": "worked"}],
                    "_meta": {"io.modelcontextprotocol/related-task": {"taskId": id}}})
            }
            Some(method) if method.starts_with("tasks/") => {
                let error =
                    serde_json::json!({"code": -32602, "message": "no such task, or not yet"});
                let answer =
                    serde_json::json!({"jsonrpc": "2.0", "id": message["id"], "error": error});
                return out.write_all(json(&answer.to_string(), "").as_bytes()).is_ok();
            }
            _ => return changed(&request, out, "", ""),
        };
        let answer = serde_json::json!({"jsonrpc": "2.0", "id": message["id"], "result": result});
        out.write_all(json(&answer.to_string(), "").as_bytes()).is_ok()
    })
}

#[test]
fn a_task_is_polled_to_its_end_however_long_that_takes() {
    let folder = tempdir().expect("a folder");
    let get = |id: u32| {
        format!(
            r#"{{"jsonrpc":"2.0","id":{id},"method":"tasks/get","params":{{"taskId":"task-a-0123456789"}}}}"#
        )
    };
    let (first, second) = (get(2), get(3));
    let bodies = [
        r#"{"jsonrpc":"2.0","id":0,"method":"initialize","params":{"protocolVersion":"2025-11-25","capabilities":{},"clientInfo":{"name":"c","version":"1"}}}"#,
        r#"{"jsonrpc":"2.0","method":"notifications/initialized"}"#,
        r#"{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"work","arguments":{},"task":{"ttl":60000}}}"#,
        &first,
        &second,
        r#"{"jsonrpc":"2.0","id":4,"method":"tasks/result","params":{"taskId":"task-a-0123456789"}}"#,
    ];
    let tape = tape_of(folder.path(), &tasking("a", 2), &bodies);
    for (run, polls) in [("b", 1), ("c", 2), ("d", 5)] {
        let server = tasking(run, polls);
        let ran = verify(&tape, &server.url(), &["--allow-side-effects"]);
        ran.all_same(run);
        assert_eq!(ran.told().len(), 3, "one operation is one step: {:?}", ran.told());
    }
}
