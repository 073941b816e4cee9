//! How a tape is driven: the recorded pace and its overlaps, answers that never come, sessions that
//! are lost with their channel, streams that are compared by what they brought.

use std::{
    fs,
    io::{Read as _, Write as _},
    net::TcpStream,
    path::{Path, PathBuf},
    process::Output,
    sync::{Arc, Condvar, Mutex},
    thread,
    time::{Duration, Instant},
};

use serde_json::{Value, json};
use tempfile::{TempDir, tempdir};
use wiretape::{
    replay::{
        bind::{Bindings, Edits, News, Table},
        compare::{Lens, Ruling, Tally, judge},
        drive::{Done, OwnFields, Report, Settings, Taken, drive},
        guard::Guard,
        plan::Plan,
        rules::Rules,
        steps::steps,
    },
    tasks::Tasks,
    tls::UpstreamSettings,
};

use crate::support::{
    houses::{peer::Peer, router_bridge},
    origin::{Origin, PATIENCE, Request, STREAM, chunk, json as json_answer},
    stories::{records, stories},
    tapes,
    wiretape::{of, wiretape},
};

fn ran(words: &[&str]) -> Output {
    let home = tempdir().expect("a folder");
    wiretape(home.path(), &[words, &["--allow-side-effects", "--json"]].concat())
        .output()
        .expect("it runs")
}

fn lines(output: &Output) -> Vec<Value> {
    let text = String::from_utf8_lossy(&output.stdout);
    text.lines().map(|line| serde_json::from_str(line).expect("a JSON line")).collect()
}

/// `verdict method name`, a line a step.
fn told(output: &Output) -> Vec<String> {
    let lines = lines(output);
    let line = |verdict: &&Value| {
        let text = |key: &str| verdict[key].as_str().unwrap_or_default().to_owned();
        format!("{} {} {}", text("verdict"), text("method"), text("name")).trim().to_owned()
    };
    of(&lines, "verdict").iter().map(line).collect()
}

fn kept(tape: &str) -> (TempDir, PathBuf) {
    let folder = tempdir().expect("a folder");
    let path = folder.path().join("it.tape.jsonl");
    fs::write(&path, tape).expect("written");
    (folder, path)
}

fn call(id: u32, tool: &str) -> String {
    json!({"jsonrpc": "2.0", "id": id, "method": "tools/call",
        "params": {"name": tool, "arguments": {}}})
    .to_string()
}

fn text(message: &Value, text: &str) -> String {
    let result = json!({"content": [{"type": "text", "text": text}]});
    json!({"jsonrpc": "2.0", "id": message["id"], "result": result}).to_string()
}

/// Two calls of which the first one is answered once the second one has come, or a while later, and
/// says so.
fn meeting() -> Origin {
    let (came, alone) = (Arc::new((Mutex::new(0), Condvar::new())), Duration::from_millis(700));
    Origin::serve(move |request, out| {
        let message: Value = serde_json::from_slice(&request.body).unwrap_or_default();
        let (count, news) = &*came;
        let answer = if message["params"]["name"] == "first" {
            let mut seen = count.lock().expect("whole");
            *seen = 1;
            news.notify_all();
            let (seen, _) = news.wait_timeout_while(seen, alone, |seen| *seen < 2).expect("whole");
            text(&message, if *seen == 2 { "met" } else { "alone" })
        } else {
            *count.lock().expect("whole") = 2;
            news.notify_all();
            text(&message, "second")
        };
        out.write_all(json_answer(&answer, "").as_bytes()).is_ok()
    })
}

#[test]
fn the_recorded_pace_and_its_overlaps_are_kept_on_request() {
    let pause = Duration::from_millis(800);
    let tape = tapes::recorded(&meeting().url(), &[], |recorder| {
        let peer = || Peer::to(recorder.reverse());
        // It may come so much later than the first that both are out at once.
        let mut first = peer().send("POST", "/mcp", &[], &call(1, "first"));
        thread::sleep(Duration::from_millis(100));
        peer().post("/mcp", &[], &call(2, "second")).expect(200);
        assert!(first.answer().body.contains("met"));
        thread::sleep(pause);
        peer().post("/mcp", &[], &call(3, "second")).expect(200);
    });
    let (_folder, tape) = kept(&tape);
    let tape = tape.to_str().expect("UTF-8");
    let began = Instant::now();
    let paced = ran(&["replay", tape, "--to", &meeting().url(), "--speed", "1"]);
    assert_eq!(paced.status.code(), Some(0), "{:#?}", lines(&paced));
    assert!(began.elapsed() > pause, "the pause is kept: {:?}", began.elapsed());
    let serial = ran(&["replay", tape, "--to", &meeting().url()]);
    let expected = ["changed tools/call first", "same tools/call second", "same tools/call second"];
    assert_eq!(told(&serial), expected, "one after the other");
}

/// What became of each step.
struct Seen(Vec<Ruling>, Table);

impl Report<'_> for Seen {
    fn done(&mut self, taken: Taken<'_>, done: Done, news: News) {
        let Done::Sent(sent) = done else { panic!("it is sent") };
        self.1.follow(news);
        let rules = Rules::default();
        let (table, ignore) = (&self.1, [].as_slice());
        let lens = Lens { rules: &rules, ignore, table, strict: false, timing: false };
        let (item, replayed) = (taken.planned().expect("it is held"), sent.replayed.story());
        let replayed = steps(replayed);
        let verdict = judge(&item.step, replayed.first(), &lens, &mut Tally::default());
        self.0.push(verdict.ruling);
    }
}

/// Half a minute, but for a test that has no such time.
#[test]
fn an_answer_that_does_not_come_is_missing_and_the_next_step_is_sent() {
    let silent = |name: &'static str| {
        Origin::serve(move |request, out| {
            let message: Value = serde_json::from_slice(&request.body).unwrap_or_default();
            if message["params"]["name"] == name {
                thread::sleep(PATIENCE);
                return false;
            }
            out.write_all(json_answer(&text(&message, "here"), "").as_bytes()).is_ok()
        })
    };
    let tape = tapes::recorded(&silent("nobody").url(), &[], |recorder| {
        let peer = Peer::to(recorder.reverse());
        peer.post("/mcp", &[], &call(1, "first")).expect(200);
        peer.post("/mcp", &[], &call(2, "second")).expect(200);
    });
    let (_folder, tape) = kept(&tape);
    let stories = stories(&records(&tape));
    let bindings = Bindings::find(&stories[0], &[]);
    let plan = Plan::of(&stories[0], &bindings, |_| true);
    let settings = Settings {
        to: silent("first").url(),
        headers: Vec::new(),
        guard: Guard { all: true, tools: Vec::new() },
        edits: Edits::default(),
        own: OwnFields::default(),
        speed: None,
        upstream: UpstreamSettings::default(),
        run: "test".to_owned(),
        name: None,
        strict: false,
        patience: Duration::from_millis(400),
    };
    let mut seen = Seen(Vec::new(), bindings.table());
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.expect("a runtime");
    let tasks = Tasks::new();
    let driven = drive(&plan, &bindings, &(), &settings, &tasks, &mut seen);
    runtime.block_on(driven).expect("it is reached");
    assert_eq!(seen.0, [Ruling::Missing, Ruling::Same]);
}

#[test]
fn a_lost_session_is_opened_anew_with_its_channel() {
    for name in ["router-bridge/sse", "router-bridge/ndjson"] {
        let tape = tapes::captures().join(format!("{name}.tape.jsonl"));
        let server = router_bridge::restarted();
        let ran = ran(&["verify", tape.to_str().expect("UTF-8"), "--to", &server.url()]);
        let lines = lines(&ran);
        assert_eq!(ran.status.code(), Some(0), "{name}: {lines:#?}");
        let mut reasons =
            of(&lines, "verdict").into_iter().filter_map(|line| line["reason"].as_str());
        assert!(reasons.any(|reason| reason.contains("session was lost")), "{name}: {lines:#?}");
    }
}

/// A server whose listening stream tells so many things and stays open.
fn telling(logs: usize) -> Origin {
    Origin::serve(move |request, out| tell(&request, out, logs))
}

fn tell(request: &Request, out: &mut TcpStream, logs: usize) -> bool {
    if request.line() == "GET /mcp" {
        let note = |nth: usize| {
            let params = json!({"level": "info", "logger": format!("desk-{nth}"), "data": "x"});
            let note =
                json!({"jsonrpc": "2.0", "method": "notifications/message", "params": params});
            chunk(format!("data: {note}\n\n"))
        };
        let notes: Vec<u8> = (0..logs).flat_map(note).collect();
        let sent = [format!("{STREAM}\r\n").into_bytes(), chunk(": open\n\n"), notes].concat();
        if out.write_all(&sent).is_err() {
            return false;
        }
        let _ = out.read(&mut [0]);
        return false;
    }
    let message: Value = serde_json::from_slice(&request.body).unwrap_or_default();
    out.write_all(json_answer(&text(&message, "here"), "").as_bytes()).is_ok()
}

#[test]
fn strictly_a_stream_is_compared_by_what_it_brought() {
    let tape = tapes::recorded(&telling(2).url(), &[], |recorder| {
        let peer = Peer::to(recorder.reverse());
        let mut stream = peer.open("GET", "/mcp", &[("Mcp-Protocol-Version", "2025-06-18")], "");
        stream.until("desk-1");
        peer.post("/mcp", &[], &call(1, "first")).expect(200);
    });
    let (_folder, tape) = kept(&tape);
    let verify = |logs: usize, more: &[&str]| {
        let (server, tape) = (telling(logs), tape.to_str().expect("UTF-8").to_owned());
        ran(&[&["verify", &tape, "--to", &server.url()], more].concat())
    };
    for logs in [0, 1, 2, 3] {
        let loose = verify(logs, &[]);
        assert_eq!(loose.status.code(), Some(0), "{logs}: {:#?}", lines(&loose));
        let strict = verify(logs, &["--strict"]);
        let code = i32::from(logs != 2);
        assert_eq!(strict.status.code(), Some(code), "{logs}: {:#?}", lines(&strict));
        let (told, is_same) = (told(&strict), if logs == 2 { "same GET" } else { "changed GET" });
        assert!(told.iter().any(|line| line == is_same), "{logs}: {told:?}");
        assert!(told.iter().any(|line| line == "same tools/call first"), "{logs}: {told:?}");
    }
}

#[test]
fn an_old_tape_and_one_that_is_not_there_are_told_with_their_remedy() {
    let tape = tapes::recorded(&telling(0).url(), &[], |recorder| {
        Peer::to(recorder.reverse()).post("/mcp", &[], &call(1, "first")).expect(200);
    });
    let (year, rest) = tape.split_once("\"started_at\":\"").expect("line 1 has it");
    let (now, rest) = rest.split_at(4);
    let before = now.parse::<u32>().expect("a year") - 1;
    let old = format!("{year}\"started_at\":\"{before}{rest}");
    let (folder, path) = kept(&old);
    let server = telling(0);
    let aged = ran(&["verify", path.to_str().expect("UTF-8"), "--to", &server.url()]);
    let said = String::from_utf8_lossy(&aged.stderr).into_owned();
    assert_eq!(aged.status.code(), Some(0), "{said}");
    assert!(said.contains("days old") && said.contains("hint: record it anew"), "{said}");

    let none = folder.path().join("none.tape.jsonl");
    let none = ran(&["verify", path_text(&none), "--to", &server.url()]);
    let said = String::from_utf8_lossy(&none.stderr).into_owned();
    assert_eq!(none.status.code(), Some(2), "{said}");
    assert!(said.contains("no such file") && said.contains("hint: "), "{said}");
}

fn path_text(path: &Path) -> &str {
    path.to_str().expect("UTF-8")
}
