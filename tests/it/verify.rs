//! `wiretape verify` in CI: each kind of change is that verdict on that step, in the `JUnit` and in the
//! exit code; the server is started and ended; nothing live that is secret gets into a report.

use std::{
    fs,
    io::Write as _,
    net::TcpStream,
    path::{Path, PathBuf},
    process::Output,
    time::{Duration, Instant},
};

use serde_json::{Value, json};
use tempfile::{TempDir, tempdir};

use crate::support::{
    origin::{Origin, Request, Wire, chunk, json as json_answer},
    tapes,
    wiretape::{of, wiretape},
};

/// How a server is unlike the one that was recorded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Twist {
    None,
    Streamed,
    IsError,
    ErrorCode,
    RemovedTool,
    NoNotification,
    AddedField,
    SecondPage,
}

/// The answer to a message by the server that is twisted so; none for a notification.
fn answer(message: &Value, twist: Twist) -> Option<Value> {
    let tool = |name: &str| json!({"name": name, "inputSchema": {"type": "object"}});
    let text = |text: &str| json!({"content": [{"type": "text", "text": text}]});
    let id = message.get("id")?;
    let result = match (message["method"].as_str()?, message["params"]["name"].as_str()) {
        ("initialize", _) => json!({"protocolVersion": "2025-06-18", "capabilities": {"tools": {}},
            "serverInfo": {"name": "s", "version": "1"}}),
        ("tools/list", _) if message["params"]["cursor"].is_null() => {
            let mut tools = vec![tool("stream"), tool("plain")];
            tools.truncate(if twist == Twist::RemovedTool { 1 } else { 2 });
            json!({"tools": tools, "nextCursor": "page-2"})
        }
        ("tools/list", _) => {
            let second = if twist == Twist::SecondPage { "fails2" } else { "fails" };
            json!({"tools": [tool(second), tool("breaks")]})
        }
        ("tools/call", Some("stream")) => {
            text(if twist == Twist::Streamed { "rain at noon" } else { "sun at noon" })
        }
        ("tools/call", Some("fails")) => {
            let mut result = text("no such city");
            result["isError"] = json!(twist != Twist::IsError);
            result
        }
        ("tools/call", Some("breaks")) => {
            let code = if twist == Twist::ErrorCode { -32602 } else { -32001 };
            return Some(json!({"jsonrpc": "2.0", "id": id,
                "error": {"code": code, "message": "broken"}}));
        }
        _ => {
            let mut result = text("plain");
            if twist == Twist::AddedField {
                result["structuredContent"] = json!({"degrees": 7});
            }
            result
        }
    };
    Some(json!({"jsonrpc": "2.0", "id": id, "result": result}))
}

/// One answer on the wire: `stream` as an event stream with a notification before its result.
fn serve(request: &Request, out: &mut TcpStream, twist: Twist) -> bool {
    serve_as(request, out, twist, false)
}

/// The same with every answer as a stream.
fn serve_as(request: &Request, out: &mut TcpStream, twist: Twist, streamed: bool) -> bool {
    let message: Value = serde_json::from_slice(&request.body).unwrap_or_default();
    let Some(answer) = answer(&message, twist) else {
        let accepted = "HTTP/1.1 202 Accepted\r\nContent-Length: 0\r\n\r\n";
        return out.write_all(accepted.as_bytes()).is_ok();
    };
    let notes = message["params"]["name"] == "stream";
    if !notes && !streamed {
        let session = "Mcp-Session-Id: s-1\r\n";
        return out.write_all(json_answer(&answer.to_string(), session).as_bytes()).is_ok();
    }
    let head = "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nMcp-Session-Id: \
                s-1\r\nTransfer-Encoding: chunked\r\n\r\n";
    let note = json!({"jsonrpc": "2.0", "method": "notifications/message",
        "params": {"level": "info", "logger": "sky", "data": "looking"}});
    let mut sent = head.as_bytes().to_vec();
    if notes && twist != Twist::NoNotification {
        sent.extend(chunk(format!("data: {note}\n\n")));
    }
    sent.extend(chunk(format!("data: {answer}\n\n")));
    sent.extend(chunk(""));
    out.write_all(&sent).is_ok()
}

fn server(twist: Twist) -> Origin {
    Origin::serve(move |request, out| serve(&request, out, twist))
}

const MESSAGES: &[&str] = &[
    r#"{"jsonrpc":"2.0","id":0,"method":"initialize","params":{"protocolVersion":"2025-06-18","capabilities":{},"clientInfo":{"name":"c","version":"1"}}}"#,
    r#"{"jsonrpc":"2.0","method":"notifications/initialized"}"#,
    r#"{"jsonrpc":"2.0","id":1,"method":"tools/list"}"#,
    r#"{"jsonrpc":"2.0","id":2,"method":"tools/list","params":{"cursor":"page-2"}}"#,
    r#"{"jsonrpc":"2.0","id":3,"method":"tools/call","params":{"name":"stream","arguments":{}}}"#,
    r#"{"jsonrpc":"2.0","id":4,"method":"tools/call","params":{"name":"fails","arguments":{}}}"#,
    r#"{"jsonrpc":"2.0","id":5,"method":"tools/call","params":{"name":"breaks","arguments":{}}}"#,
    r#"{"jsonrpc":"2.0","id":6,"method":"tools/call","params":{"name":"plain","arguments":{}}}"#,
];

/// A folder with `session.tape.jsonl`, the tape of such a server.
fn recorded() -> TempDir {
    let server = server(Twist::None);
    let tape = tapes::recorded(&server.url(), &[], |recorder| {
        let mut wire = Wire::to(recorder.reverse());
        for body in MESSAGES {
            let (host, length) = (recorder.reverse(), body.len());
            wire.send(format!(
                "POST /mcp HTTP/1.1\r\nHost: {host}\r\nContent-Type: application/json\r\nAccept: \
                 application/json, text/event-stream\r\nContent-Length: {length}\r\n\r\n{body}"
            ));
            if body.contains("\"stream\"") {
                wire.head();
                while wire.chunk().is_some() {}
            } else {
                wire.answer();
            }
        }
    });
    let folder = tempdir().expect("a folder");
    fs::write(tape_in(&folder), tape).expect("written");
    folder
}

fn tape_in(folder: &TempDir) -> PathBuf {
    folder.path().join("session.tape.jsonl")
}

fn verify(tape: &Path, words: &[&str]) -> Output {
    let home = tempdir().expect("a folder");
    let words = [&["verify", tape.to_str().expect("UTF-8")], words].concat();
    wiretape(home.path(), &words).output().expect("it runs")
}

fn lines(output: &Output) -> Vec<Value> {
    let text = String::from_utf8_lossy(&output.stdout);
    text.lines().map(|line| serde_json::from_str(line).expect("a JSON line")).collect()
}

fn stderr(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

/// The verdicts that are not `same`: verdict, method, name, and the first difference's path.
fn not_same(output: &Output) -> Vec<[String; 4]> {
    let lines = lines(output);
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let told = of(&lines, "verdict").into_iter().filter(|line| line["verdict"] != "same");
    told.map(|line| {
        let path = &line["differences"][0]["path"];
        [text(&line["verdict"]), text(&line["method"]), text(&line["name"]), text(path)]
    })
    .collect()
}

#[test]
fn each_change_is_its_verdict_on_its_step_in_every_report() {
    let folder = recorded();
    let (junit, page) = (folder.path().join("verify.xml"), folder.path().join("verify.md"));
    let files = ["--junit", junit.to_str().unwrap(), "--markdown", page.to_str().unwrap()];
    let table = [
        (Twist::None, None),
        (Twist::Streamed, Some(["tools/call", "stream", "/result/content/0/text"])),
        (Twist::IsError, Some(["tools/call", "fails", ""])),
        (Twist::ErrorCode, Some(["tools/call", "breaks", ""])),
        (Twist::RemovedTool, Some(["tools/list", "", "/result/tools/1"])),
        (Twist::NoNotification, Some(["tools/call", "stream", "/notifications"])),
        (Twist::AddedField, Some(["tools/call", "plain", "/result/structuredContent"])),
        (Twist::SecondPage, Some(["tools/list", "", "/result/tools/0"])),
    ];
    let each = table
        .into_iter()
        .flat_map(|(twist, expected)| [false, true].map(|streamed| (twist, streamed, expected)));
    for (twist, streamed, expected) in each {
        let server = Origin::serve(move |request, out| serve_as(&request, out, twist, streamed));
        let words = [&["--to", &server.url(), "--allow-side-effects", "--json"], &files[..]];
        let output = verify(&tape_in(&folder), &words.concat());
        let found = not_same(&output);
        let xml = fs::read_to_string(&junit).expect("a JUnit file");
        let md = fs::read_to_string(&page).expect("a page");
        assert_eq!(xml.matches("<testcase").count(), MESSAGES.len(), "{twist:?}");
        let failures = xml.matches("<failure").count();
        let Some([method, name, path]) = expected else {
            assert!(found.is_empty() && failures == 0, "{found:?} {xml}");
            assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
            assert!(md.contains("compared 8 of 8, 0 skipped"), "{md}");
            continue;
        };
        assert_eq!(output.status.code(), Some(1), "{twist:?}");
        let [found] = found.as_slice() else { panic!("{twist:?}: {found:#?}") };
        assert_eq!(found[..3], ["changed", method, name], "{twist:?}");
        assert!(path == "/notifications" || found[3] == path, "{twist:?}: {found:?}");
        assert_eq!(failures, 1, "{twist:?}: {xml}");
        let place = MESSAGES.iter().position(|message| match twist {
            Twist::SecondPage => message.contains("page-2"),
            _ => message.contains(method) && message.contains(name),
        });
        let case = format!("name=\"{} {}\"", place.unwrap() + 1, format!("{method} {name}").trim());
        let failed = xml.split("<testcase").find(|case| case.contains("<failure")).unwrap();
        assert!(failed.contains(&case), "{twist:?}: {failed}");
        assert!(md.contains("1 changed") && md.contains(method), "{md}");
    }
}

#[test]
fn what_cannot_be_compared_has_its_exit_code() {
    let folder = recorded();
    let tape = tape_in(&folder);
    let port = {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
        listener.local_addr().expect("an address").port()
    };
    let nobody = format!("http://127.0.0.1:{port}/mcp");
    assert_eq!(verify(&tape, &["--to", &nobody]).status.code(), Some(3));
    let none = folder.path().join("none");
    fs::write(&none, "no tape").expect("written");
    let server = server(Twist::None);
    let to = server.url();
    assert_eq!(verify(&none, &["--to", &to]).status.code(), Some(2));
    let skipped = verify(&tape, &["--to", &to]);
    assert_eq!(skipped.status.code(), Some(1), "no tool says that it only reads");
    assert!(stderr(&skipped).contains("compared 4 of 8, 4 skipped"), "{}", stderr(&skipped));
    assert_eq!(verify(&tape, &["--to", &to, "--allow-skips"]).status.code(), Some(0));

    let nowhere = folder.path().join("no/such/verify.xml");
    let output = verify(&tape, &["--to", &nobody, "--junit", nowhere.to_str().unwrap()]);
    assert_eq!(output.status.code(), Some(2), "before the run begins");
    assert!(stderr(&output).contains("there is no folder"), "{}", stderr(&output));
}

#[test]
fn people_see_the_words_that_changed() {
    let folder = recorded();
    let server = server(Twist::Streamed);
    let output = verify(&tape_in(&folder), &["--to", &server.url(), "--allow-side-effects"]);
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(text.contains("[-sun-]{+rain+} at noon"), "{text}");
    assert!(
        stderr(&output).contains("compared 8 of 8, 0 skipped, 7 same, 1 changed"),
        "{output:?}"
    );
}

#[test]
fn a_credential_of_the_run_is_in_no_report() {
    let folder = recorded();
    // It tells everybody what it was sent.
    let server = Origin::serve(|request, out| {
        let sent = request.head.lines().find(|line| line.contains("cr3dential")).unwrap_or("");
        let sent = sent.to_owned();
        let message: Value = serde_json::from_slice(&request.body).unwrap_or_default();
        if message["params"]["name"] != "plain" {
            return serve(&request, out, Twist::None);
        }
        let result = json!({"content": [{"type": "text", "text": format!("you sent {sent}")}]});
        let answer = json!({"jsonrpc": "2.0", "id": message["id"], "result": result});
        out.write_all(json_answer(&answer.to_string(), "").as_bytes()).is_ok()
    });
    let home = tempdir().expect("a folder");
    let (junit, page) = (folder.path().join("verify.xml"), folder.path().join("verify.md"));
    let tape = tape_in(&folder);
    let (to, header) = (server.url(), "X-Deploy=OF_THIS_RUN");
    let mut shown = String::new();
    for more in [&["--json"][..], &[]] {
        let words = ["verify", tape.to_str().unwrap(), "--to", &to, "--allow-side-effects"];
        let words = [&words[..], &["--header-env", header], more];
        let files = ["--junit", junit.to_str().unwrap(), "--markdown", page.to_str().unwrap()];
        let mut command = wiretape(home.path(), &[&words.concat()[..], &files].concat());
        let output = command.env("OF_THIS_RUN", "cr3dential-of-4-run").output().expect("it runs");
        assert_eq!(output.status.code(), Some(1), "{}", stderr(&output));
        shown += &String::from_utf8_lossy(&output.stdout);
        shown += &stderr(&output);
        shown += &fs::read_to_string(&junit).expect("a JUnit file");
        shown += &fs::read_to_string(&page).expect("a page");
    }
    assert!(shown.contains("you sent"), "{shown}");
    assert!(!shown.contains("cr3dential"), "{shown}");
}

/// A port that is free now, and a server in the shell's words that serves it: Python is where the
/// tests' other tools are.
fn free_port() -> u16 {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    listener.local_addr().expect("an address").port()
}

#[test]
fn a_server_is_started_and_ended_with_all_that_it_started() {
    let folder = recorded();
    let port = free_port();
    let ready = format!("http://127.0.0.1:{port}/mcp");
    // It answers nothing that MCP knows; what counts here is that it comes and goes, its child too.
    let command = format!("sleep 1000 & python3 -m http.server {port} --bind 127.0.0.1");
    let pids = folder.path().join("pids");
    let command = format!("echo $$ > {}; {command}", pids.display());
    let words = ["--start", &command, "--ready", &ready, "--only", "method:initialize"];
    let output = verify(&tape_in(&folder), &words);
    assert_eq!(output.status.code(), Some(1), "{}", stderr(&output));
    let group = fs::read_to_string(&pids).expect("its id");
    let group = format!("-{}", group.trim());
    let alive = std::process::Command::new("kill").args(["-0", "--", &group]).output();
    let alive = alive.expect("kill runs").status.success();
    assert!(!alive, "the group has ended");
}

#[test]
fn a_server_that_does_not_come_up_says_why() {
    let folder = recorded();
    let ready = format!("http://127.0.0.1:{}/mcp", free_port());
    let command = "echo 'no module named server' >&2; exit 7";
    let began = Instant::now();
    let output = verify(&tape_in(&folder), &["--start", command, "--ready", &ready]);
    assert_eq!(output.status.code(), Some(3));
    let told = stderr(&output);
    assert!(told.contains("exit code 7") && told.contains("no module named server"), "{told}");
    assert!(began.elapsed() < Duration::from_secs(20));

    let server = server(Twist::None);
    let words = ["--start", "sleep 1000", "--ready", &server.url()];
    let output = verify(&tape_in(&folder), &words);
    assert_eq!(output.status.code(), Some(3), "another server is there");
    assert!(stderr(&output).contains("answers at"), "{}", stderr(&output));
}

fn update(folder: &TempDir, to: &str, more: &[&str]) -> Output {
    let words = [&["--to", to, "--allow-side-effects", "--update"], more].concat();
    verify(&tape_in(folder), &words)
}

/// The lines that another text has in their place.
fn changed_lines(before: &str, after: &str) -> Vec<String> {
    assert_eq!(before.lines().count(), after.lines().count(), "no line comes or goes");
    let pairs = before.lines().zip(after.lines()).filter(|(before, after)| before != after);
    pairs.map(|(_, after)| after.to_owned()).collect()
}

#[test]
fn an_update_changes_the_answer_and_no_other_byte() {
    let values = [
        (Twist::Streamed, "rain at noon"),
        (Twist::IsError, "\"isError\":false"),
        (Twist::ErrorCode, "-32602"),
        (Twist::AddedField, "\"structuredContent\":{\"degrees\":7}"),
        (Twist::SecondPage, "fails2"),
    ];
    for (twist, put) in values {
        let folder = recorded();
        let before = fs::read_to_string(tape_in(&folder)).expect("a tape");
        let server = server(twist);
        let output = update(&folder, &server.url(), &[]);
        assert_eq!(output.status.code(), Some(0), "{twist:?}: {}", stderr(&output));
        let after = fs::read_to_string(tape_in(&folder)).expect("a tape");
        let changed = changed_lines(&before, &after);
        assert_eq!(changed.len(), 1, "{twist:?}: {changed:#?}");
        assert!(changed[0].replace("\\\"", "\"").contains(put), "{twist:?}: {changed:#?}");
        let words = ["--to", &server.url(), "--allow-side-effects"];
        assert_eq!(verify(&tape_in(&folder), &words).status.code(), Some(0), "{twist:?}");
    }
    // Its stream brought other messages: the whole response is put in.
    let folder = recorded();
    let server = server(Twist::NoNotification);
    assert_eq!(update(&folder, &server.url(), &[]).status.code(), Some(0));
    let words = ["--to", &server.url(), "--allow-side-effects"];
    let output = verify(&tape_in(&folder), &words);
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
}

#[test]
fn an_update_without_every_answer_is_refused_and_what_it_puts_in_is_redacted() {
    let folder = recorded();
    let before = fs::read(tape_in(&folder)).expect("a tape");
    let twisted = server(Twist::AddedField);
    let words = ["--to", &twisted.url(), "--update"];
    let output = verify(&tape_in(&folder), &words);
    assert_eq!(output.status.code(), Some(1));
    assert!(stderr(&output).contains("no tape was changed"), "{}", stderr(&output));
    assert_eq!(fs::read(tape_in(&folder)).expect("a tape"), before);

    let server = Origin::serve(|request, out| {
        let message: Value = serde_json::from_slice(&request.body).unwrap_or_default();
        if message["params"]["name"] != "plain" {
            return serve(&request, out, Twist::None);
        }
        let result = json!({"content": [{"type": "text", "text": "plain"}],
            "structuredContent": {"access_token": "s3cr3t-of-the-server"}});
        let answer = json!({"jsonrpc": "2.0", "id": message["id"], "result": result});
        out.write_all(json_answer(&answer.to_string(), "").as_bytes()).is_ok()
    });
    let output = update(&folder, &server.url(), &[]);
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    let after = fs::read_to_string(tape_in(&folder)).expect("a tape");
    assert!(!after.contains("s3cr3t"), "{after}");
    assert!(after.contains("\"access_token\":\"{{access_token:1}}\""), "{after}");
    let first = after.lines().next().expect("a line");
    assert!(first.contains("{{access_token:1}}"), "line 1 lists it: {first}");
}

#[test]
fn rules_are_proposed_for_what_differs_from_run_to_run_and_applied_by_nobody() {
    let folder = recorded();
    let count = std::sync::atomic::AtomicU64::new(0);
    let server = Origin::serve(move |request, out| {
        let message: Value = serde_json::from_slice(&request.body).unwrap_or_default();
        if message["params"]["name"] != "plain" {
            return serve(&request, out, Twist::None);
        }
        let nth = count.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        let text = format!("took {} ms", 10 + nth);
        let result = json!({"content": [{"type": "text", "text": text}]});
        let answer = json!({"jsonrpc": "2.0", "id": message["id"], "result": result});
        out.write_all(json_answer(&answer.to_string(), "").as_bytes()).is_ok()
    });
    let words = ["--to", &server.url(), "--allow-side-effects", "--learn", "3"];
    let output = verify(&tape_in(&folder), &words);
    assert_eq!(output.status.code(), Some(1), "a difference stays one: {}", stderr(&output));
    let rules = folder.path().join("session.learnt.toml");
    assert!(stderr(&output).contains(rules.to_str().unwrap()), "{}", stderr(&output));
    let text = fs::read_to_string(&rules).expect("rules");
    assert!(text.contains("/result/content/0/text"), "{text}");
    let with = ["--to", &server.url(), "--allow-side-effects", "--rules", rules.to_str().unwrap()];
    let output = verify(&tape_in(&folder), &with);
    assert_eq!(output.status.code(), Some(0), "{}\n{text}", stderr(&output));
}
