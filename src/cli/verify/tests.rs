//! What a run holds while it goes: a tape of many calls against a server that answers them.

use std::{
    ffi::OsString,
    fmt::Write as _,
    fs::{self, File},
    io::{BufRead, BufReader, Read, Write as _},
    net::{SocketAddr, TcpListener, TcpStream},
    path::{Path, PathBuf},
    time::Duration,
};

use super::{Played, asked, driving::JUDGED_BEHIND, load::of_tape, play};
use crate::{
    cli::{
        Ctx,
        args::{Cli, Color, Verb},
        output::Output,
        recording::Recording,
    },
    protocol::Story,
    recorder::TapeSource,
    replay::{
        bind::{Apart, Bindings, Corrections},
        plan::{Item, Plan},
    },
    tasks,
};

/// Exchanges of a session of calls that stand alone which are held beside these: the handshake, and
/// the ends of the run that the calls are.
const HELD: usize = 5;

/// Reads requests off one connection and answers each: a handshake, or what a tool echoes.
fn answer(mut stream: TcpStream) -> std::io::Result<()> {
    stream.set_read_timeout(Some(Duration::from_secs(20)))?;
    stream.set_nodelay(true)?;
    let mut reader = BufReader::new(stream.try_clone()?);
    loop {
        let (mut length, mut line) = (0, String::new());
        loop {
            line.clear();
            if reader.read_line(&mut line)? == 0 {
                return Ok(());
            }
            let lower = line.to_ascii_lowercase();
            if let Some(value) = lower.strip_prefix("content-length:") {
                length = value.trim().parse().unwrap_or_default();
            }
            if line.trim().is_empty() {
                break;
            }
        }
        let mut body = vec![0; length];
        reader.read_exact(&mut body)?;
        let asked: serde_json::Value = serde_json::from_slice(&body)?;
        let body = said(&asked["id"], asked["method"] == "initialize");
        write!(
            stream,
            "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\nmcp-session-id: live-5e55\r\ncontent-length: {}\r\n\r\n{body}",
            body.len()
        )?;
    }
}

fn said(id: &serde_json::Value, is_first: bool) -> String {
    let result = if is_first {
        r#"{"protocolVersion":"2025-06-18","capabilities":{},"serverInfo":{"name":"s","version":"1"}}"#
    } else {
        r#"{"content":[{"type":"text","text":"the same"}],"isError":false}"#
    };
    format!(r#"{{"jsonrpc":"2.0","id":{id},"result":{result}}}"#)
}

fn server() -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = listener.local_addr().expect("an address");
    let serve = move || {
        for stream in listener.incoming().flatten() {
            tasks::thread("connection", move || answer(stream)).expect("a thread");
        }
    };
    tasks::thread("server", serve).expect("a thread");
    address
}

/// A tape of a handshake and so many calls, one after the other.
fn tape(calls: usize) -> String {
    let mut text = String::from(
        r#"{"format":"wiretape","version":1,"started_at":"2026-11-20T10:00:00.000000000Z","tool":"t","redactions":[]}"#,
    );
    text.push('\n');
    for call in 0..=calls {
        let (id, at) = (format!("01a1fe9b-7f4d-7429-be70-{call:012x}"), call * 1_000_000);
        let (request, own) = if call == 0 {
            (r#""initialize","params":{"protocolVersion":"2025-06-18"}"#, "")
        } else {
            (r#""tools/call","params":{"name":"same"}"#, r#",["mcp-session-id","s-0000-1"]"#)
        };
        let issued = if call == 0 { r#",["mcp-session-id","s-0000-1"]"# } else { "" };
        let answer = said(&call.into(), call == 0);
        let lines = [
            format!(
                r#""kind":"open","client":"127.0.0.1:1","pid":null,"run":null,"name":null,"mode":"reverse","method":"POST","url":"http://127.0.0.1:9/mcp","version":"HTTP/1.1","headers":[["content-type","application/json"]{own}]"#
            ),
            format!(
                r#""kind":"request-body","json":{{"jsonrpc":"2.0","id":{call},"method":{request}}}"#
            ),
            r#""kind":"request-end","trailers":[]"#.to_owned(),
            format!(
                r#""kind":"head","status":200,"reason":"OK","version":"HTTP/1.1","headers":[["content-type","application/json"]{issued}]"#
            ),
            format!(r#""kind":"response-body","json":{answer}"#),
            r#""kind":"response-end","trailers":[]"#.to_owned(),
            r#""kind":"end","outcome":"completed","error":null,"timing":{"connect_us":null,"tls_us":null,"first_byte_us":10,"total_us":20},"upstream":null,"request_bytes":1,"response_bytes":1,"hashes":[]"#.to_owned(),
        ];
        for (n, line) in lines.iter().enumerate() {
            let at = at + n * 1_000;
            writeln!(text, r#"{{"exchange":"{id}","n":{n},"at":{at},{line}}}"#).expect("memory");
        }
    }
    text
}

fn held(played: &Played) -> (usize, usize) {
    let [session] = played.sessions.as_slice() else { panic!("one session") };
    (session.story.exchanges.len(), session.apart.len())
}

#[test]
fn of_calls_that_stand_alone_few_are_held_at_a_time() {
    let folder = tempfile::tempdir().expect("a folder");
    let (path, out) = (folder.path().join("t.tape.jsonl"), folder.path().join("out"));
    let server = server();
    for calls in [10, 300] {
        fs::write(&path, tape(calls)).expect("written");
        let played = of_tape(&path, None).expect("a tape");
        let (together, apart) = held(&played);
        assert_eq!(together + apart, calls + 1, "nothing is lost");
        assert!(together <= HELD, "{together} of {calls} are held");

        let (ran, told) = run(&path, &out, &format!("http://{server}/mcp"), played);
        // Those that wait to be judged, as many in the hands of whoever judges, and the one at hand.
        let most = 2 * JUDGED_BEHIND.pieces + 1;
        assert!((1..=most).contains(&ran.alive), "{} stories alive at once", ran.alive);
        assert!(ran.tapes.iter().all(|tape| tape.verdicts.is_empty()), "nobody reads them again");
        assert_eq!(told.matches(r#""verdict":"same""#).count(), calls + 1, "{told}");
        assert!(told.contains(&format!(r#""compared":{},"of":{0},"#, calls + 1)), "{told}");
    }
}

#[test]
fn progress_on_the_stream_of_its_own_call_is_held_no_longer_than_that() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("t.tape.jsonl");
    let mut text = tape(20)
        .replace(
            r#""params":{"name":"same"}"#,
            r#""params":{"name":"same","_meta":{"progressToken":"its"}}"#,
        )
        .replace(
            r#""headers":[["content-type","application/json"]]}"#,
            r#""headers":[["content-type","text/event-stream"]]}"#,
        );
    let told = r#"{"jsonrpc":"2.0","method":"notifications/progress","params":{"progressToken":"its","progress":1}}"#;
    for call in 1..=20 {
        let answer = said(&call.into(), false);
        let frames = serde_json::json!(format!("data: {told}\n\ndata: {answer}\n\n"));
        text = text.replace(&format!(r#""json":{answer}"#), &format!(r#""text":{frames}"#));
    }
    fs::write(&path, text).expect("written");
    let (together, apart) = held(&of_tape(&path, None).expect("a tape"));
    assert_eq!(together + apart, 21, "nothing is lost");
    assert!(together <= HELD, "{together} are held");
}

#[test]
fn a_word_about_another_call_holds_its_session_whole() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("t.tape.jsonl");
    let text = tape(20).replace(
        r#""id":7,"method":"tools/call","params":{"name":"same"}"#,
        r#""method":"notifications/cancelled","params":{"requestId":6}"#,
    );
    fs::write(&path, text).expect("written");
    assert_eq!(held(&of_tape(&path, None).expect("a tape")), (21, 0));
}

#[test]
fn a_tape_that_changes_while_it_is_played_is_said_to() {
    let folder = tempfile::tempdir().expect("a folder");
    let (path, out) = (folder.path().join("t.tape.jsonl"), folder.path().join("out"));
    fs::write(&path, tape(20)).expect("written");
    let played = of_tape(&path, None).expect("a tape");
    let file = fs::OpenOptions::new().write(true).open(&path).expect("the tape");
    file.set_len(9_000).expect("cut");
    let words = words(&path, &format!("http://{}/mcp", server()));
    let mut ctx = ctx(&out);
    let error = play(&[played], &asked(&words).expect("flags"), &mut ctx);
    let error = format!("{:#}", error.err().expect("it is cut"));
    assert!(error.contains("changed while it was read"), "{error}");
}

fn words(tape: &Path, to: &str) -> crate::cli::args::VerifyArgs {
    let words = ["wiretape", "verify", "--json", "--allow-side-effects", "--to", to];
    let words = words.iter().map(OsString::from).chain([tape.as_os_str().to_owned()]);
    match Cli::read(words).expect("it is understood").verb {
        Some(Verb::Verify(args)) => *args,
        _ => panic!("verify"),
    }
}

fn ctx(out: &Path) -> Ctx {
    Ctx { home: None, color: Color::Never, out: Output::to(File::create(out).expect("a file")) }
}

fn run(path: &Path, out: &Path, to: &str, played: Played) -> (super::Ran, String) {
    let mut ctx = ctx(out);
    let ran = play(&[played], &asked(&words(path, to)).expect("flags"), &mut ctx);
    let ran = ran.expect("it goes");
    drop(ctx);
    (ran, fs::read_to_string(out).expect("what was told"))
}

/// `place exchange needs`, a line an item.
fn told(plan: &Plan<'_>) -> Vec<String> {
    let line = |(place, item): (usize, &Item<'_>)| {
        format!("{place} {} {:?}", item.exchange(), item.needs())
    };
    plan.items.iter().enumerate().map(line).collect()
}

/// What is played call by call is planned and bound as the whole session is.
#[test]
fn what_is_told_apart_is_planned_and_bound_as_what_is_told_whole() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("captures");
    let tapes = walkdir(&folder);
    assert!(!tapes.is_empty(), "there are tapes");
    let mut all_apart = 0;
    for tape in tapes {
        let name = tape.display();
        let played = of_tape(&tape, None).expect("a tape");
        let source = TapeSource::open(BufReader::new(File::open(&tape).expect("a file")));
        let source = Box::new(source.expect("a tape"));
        let mut recording = Recording::of(source, None, true).expect("a recording");
        assert_eq!(played.as_of, recording.as_of, "{name}");
        let sessions = recording.sessions().expect("its sessions").to_vec();
        assert_eq!(played.sessions.len(), sessions.len(), "{name}");
        for (session, own) in sessions.into_iter().zip(&played.sessions) {
            let id = session.id;
            assert_eq!(id, own.story.session.id, "{name}");
            assert_eq!(session.state, own.story.session.state, "{name} {id}");
            assert_eq!(session.revision, own.story.session.revision, "{name} {id}");
            let records = session.exchanges.iter().map(|id| recording.records(*id));
            let records: Vec<Vec<_>> = records.map(|records| records.expect("records")).collect();
            let whole = Story::tell(session, records.iter().map(Vec::as_slice));
            let corrections = Corrections::default();
            let bound = Bindings::corrected(&whole, &played.placeholders, &corrections);
            let telling = played.telling(own);
            let mut each = |visit: &mut dyn FnMut(&[Story])| telling.each(visit);
            let apart: (_, Apart<'_, _>) = (own.heard.clone(), &mut each);
            let gathered =
                Bindings::gathered(&own.story, apart, &played.placeholders, &corrections);
            let gathered = gathered.expect("it is told");
            assert_eq!(bound.told(), gathered.told(), "{name} {id}");
            let plan = Plan::with(&own.story, own.apart.clone(), &gathered, |_| false);
            assert_eq!(told(&Plan::of(&whole, &bound, |_| false)), told(&plan), "{name} {id}");
            all_apart += own.apart.len();
        }
    }
    assert!(all_apart > 0, "some calls of some tape stand alone");
}

/// The tapes in a folder and those below it.
fn walkdir(folder: &Path) -> Vec<PathBuf> {
    let (mut open, mut tapes) = (vec![folder.to_path_buf()], Vec::new());
    while let Some(folder) = open.pop() {
        for entry in fs::read_dir(folder).expect("a folder") {
            let path = entry.expect("an entry").path();
            if path.is_dir() {
                open.push(path);
            } else if path.to_string_lossy().ends_with(".tape.jsonl") {
                tapes.push(path);
            }
        }
    }
    tapes.sort();
    tapes
}
