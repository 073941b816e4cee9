//! Reading verbs over a source in memory.

mod calls;

use std::{
    io,
    sync::{Arc, Mutex},
};

use bytes::Bytes;

use super::{
    args::{Cli, Verb},
    find, list,
    live::{Form, Live},
    output::Output,
    problems,
    recording::Recording,
    show,
    testing::Kept,
};
use crate::{
    capture::{
        End, ExchangeId, Fact, Gap, Head, Headers, Mode, NotKept, Open, Outcome, Record, Side,
        Timestamp, Timing,
    },
    protocol::query::Query,
};

/// 2026-11-20T10:00:00Z, and what follows in milliseconds.
fn at(ms: u64) -> Timestamp {
    Timestamp(1_795_168_800_000_000_000 + ms * 1_000_000)
}

/// Ids as the recorder would make them, but the same in every run.
fn id(number: u8) -> ExchangeId {
    let mut bytes = [0x01, 0x9f, 0, 0, 0, number, 0x70, 0, 0x80, 0, 0, 0, 0, 0, 0, 0];
    bytes[15] = number;
    ExchangeId::from_bytes(bytes)
}

/// One exchange: what was asked and what came back in chunks, each with its milliseconds.
struct Script<'a> {
    number: u8,
    opened: u64,
    method: &'a str,
    headers: &'a [(&'a str, &'a str)],
    request: &'a str,
    status: u16,
    media: &'a str,
    answer: &'a [(u64, &'a str)],
    outcome: Option<Outcome>,
}

impl Script<'_> {
    fn records(&self) -> Vec<Record> {
        let headers = |pairs: &[(&str, &str)]| -> Headers {
            pairs
                .iter()
                .map(|(name, value)| ((*name).to_owned(), value.as_bytes().to_vec()))
                .collect()
        };
        let mut facts = vec![(
            self.opened,
            Fact::Open(Box::new(Open {
                client: "127.0.0.1:50000".to_owned(),
                pid: None,
                run: Some("demo".to_owned()),
                name: Some("why forecasts fail".to_owned()),
                mode: Mode::Reverse,
                method: self.method.to_owned(),
                url: "http://127.0.0.1:3000/mcp?token=t0psecret".to_owned(),
                version: "HTTP/1.1".to_owned(),
                headers: headers(self.headers),
            })),
        )];
        let chunk = |side, text: &str| Fact::Chunk {
            side,
            data: Bytes::copy_from_slice(text.as_bytes()),
            cut: 0,
        };
        let end = |side| Fact::BodyEnd { side, trailers: Headers::default() };
        if !self.request.is_empty() {
            facts.push((self.opened, chunk(Side::Request, self.request)));
        }
        facts.push((self.opened, end(Side::Request)));
        facts.push((
            self.opened + 5,
            Fact::Head(Box::new(Head {
                status: self.status,
                reason: Some("OK".to_owned()),
                version: "HTTP/1.1".to_owned(),
                headers: headers(&[("Content-Type", self.media), ("Mcp-Session-Id", "s-1")]),
            })),
        ));
        let mut last = self.opened + 5;
        for (later, text) in self.answer {
            last = *later;
            facts.push((last, chunk(Side::Response, text)));
        }
        if let Some(outcome) = self.outcome {
            facts.push((last, end(Side::Response)));
            facts.push((
                last,
                Fact::End(Box::new(End {
                    outcome,
                    error: None,
                    timing: Timing { total_us: (last - self.opened) * 1_000, ..Timing::default() },
                    upstream: Some("127.0.0.1:3000".to_owned()),
                    request_bytes: self.request.len() as u64,
                    response_bytes: self.answer.iter().map(|(_, text)| text.len() as u64).sum(),
                    hashes: Vec::new(),
                })),
            ));
        }
        let numbered = facts.into_iter().zip(0..);
        numbered
            .map(|((ms, fact), n)| Record { exchange: Some(id(self.number)), n, at: at(ms), fact })
            .collect()
    }
}

/// A session with a failing tool, a stream and a hostile text, and a host that was not kept.
fn scripts() -> Vec<Script<'static>> {
    let post = |number, opened, request, media, answer| Script {
        number,
        opened,
        method: "POST",
        headers: &[
            ("Host", "127.0.0.1:3000"),
            ("Content-Type", "application/json"),
            ("Accept", "application/json, text/event-stream"),
            ("MCP-Protocol-Version", "2025-11-25"),
            ("Mcp-Session-Id", "s-1"),
            ("Authorization", "Bearer t0psecret"),
        ],
        request,
        status: 200,
        media,
        answer,
        outcome: Some(Outcome::Completed),
    };
    let mut first = post(
        1,
        0,
        r#"{"jsonrpc":"2.0","id":0,"method":"initialize","params":{"protocolVersion":"2025-11-25","capabilities":{},"clientInfo":{"name":"tester","version":"1"}}}"#,
        "application/json",
        &[(
            10,
            r#"{"jsonrpc":"2.0","id":0,"result":{"protocolVersion":"2025-11-25","capabilities":{},"serverInfo":{"name":"shop","version":"2"}}}"#,
        )],
    );
    first.headers = &[
        ("Host", "127.0.0.1:3000"),
        ("Content-Type", "application/json"),
        ("Accept", "application/json, text/event-stream"),
    ];
    let mut initialized =
        post(2, 20, r#"{"jsonrpc":"2.0","method":"notifications/initialized"}"#, "text/plain", &[]);
    initialized.status = 202;
    let failing = post(
        3,
        30,
        r#"{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"search","arguments":{"api_key":"t0psecret","q":"a"}}}"#,
        "application/json",
        &[(
            42,
            r#"{"jsonrpc":"2.0","id":1,"result":{"isError":true,"content":[{"type":"text","text":"no \u001b[31m luck"}]}}"#,
        )],
    );
    let streaming = post(
        4,
        50,
        r#"{"jsonrpc":"2.0","id":2,"method":"tools/call","params":{"name":"count"}}"#,
        "text/event-stream",
        &[
            (60, "id: p1\ndata:\n\n"),
            (
                70,
                ": keep\n\nevent: message\nid: 7\ndata: {\"jsonrpc\":\"2.0\",\"method\":\"notifications/progress\",\"params\":{\"progress\":1}}\n\n",
            ),
            (
                1_290,
                "data: {\"jsonrpc\":\"2.0\",\"id\":2,\"result\":{\"content\":[]}}\n\ndata: tail",
            ),
        ],
    );
    vec![first, initialized, failing, streaming]
}

fn kept() -> Kept {
    let exchanges = scripts().iter().map(|script| (id(script.number), script.records())).collect();
    let notice = |ms, fact| Record { exchange: None, n: 0, at: at(ms), fact };
    let notices = vec![
        notice(
            1,
            Fact::NotKept(NotKept { host: "example.com:443".into(), exchanges: 3, bytes: 4_096 }),
        ),
        notice(2, Fact::Gap(Gap { side: None, bytes: 10, reason: "disk full".into() })),
    ];
    Kept { exchanges, notices }
}

fn recording() -> Recording {
    Recording::of(Box::new(kept()), Some(at(60_000)), false).expect("a recording")
}

/// What a test reads back.
#[derive(Clone, Default)]
struct Page(Arc<Mutex<Vec<u8>>>);

impl Page {
    fn text(&self) -> String {
        let bytes = self.0.lock().expect("no panic while writing").clone();
        String::from_utf8(bytes).expect("UTF-8")
    }
}

impl io::Write for Page {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().expect("no panic while writing").extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Runs a verb; gives stdout and stderr, the latter behind a line.
fn printed(words: &[&str]) -> Result<String, String> {
    printed_of(&mut recording(), words)
}

fn printed_of(recording: &mut Recording, words: &[&str]) -> Result<String, String> {
    let (data, talk) = (Page::default(), Page::default());
    let mut out = Output::of(data.clone(), talk.clone(), 100);
    let words = std::iter::once("wiretape").chain(words.iter().copied()).map(Into::into);
    let cli = Cli::read(words).expect("a command line");
    let ended = match cli.verb.expect("a verb") {
        Verb::List(args) if args.notices => list::notices(&args, recording, &mut out),
        Verb::List(args) => list::sessions(&args, recording, &mut out),
        Verb::Show(args) => show::show(&args, &show::What::of(&args.what), recording, &mut out),
        Verb::Find(args) => find::find(&args, recording, &mut out),
        Verb::Problems(args) => problems::problems(&args, false, recording, &mut out).map(|_| ()),
        _ => panic!("a reading verb"),
    };
    ended.map_err(|error| format!("{error:#}"))?;
    Ok(format!("{}--- stderr\n{}", data.text(), talk.text()))
}

fn shown(words: &[&str]) -> String {
    printed(words).expect("it is there")
}

#[test]
fn list_for_people() {
    insta::assert_snapshot!(shown(&["list"]));
}

#[test]
fn list_as_json() {
    insta::assert_snapshot!(shown(&["list", "--json"]));
}

#[test]
fn list_takes_a_session_by_its_messages() {
    assert!(shown(&["list", "tool:search"]).contains("1 session"));
    assert!(shown(&["list", "tool:other"]).contains("0 sessions"));
    assert!(shown(&["list", "--", "-tool:search"]).contains("0 sessions"));
}

#[test]
fn notices() {
    insta::assert_snapshot!(shown(&["list", "--notices"]));
    insta::assert_snapshot!(shown(&["list", "--notices", "--json"]));
}

#[test]
fn show_a_session_for_people() {
    insta::assert_snapshot!(shown(&["show", "@last"]));
}

#[test]
fn show_a_session_as_json() {
    insta::assert_snapshot!(shown(&["show", "@last", "--json"]));
}

#[test]
fn show_an_exchange_for_people() {
    insta::assert_snapshot!(shown(&["show", "@last/3"]));
    insta::assert_snapshot!(shown(&["show", "@last/4", "--frames"]));
}

#[test]
fn show_frames_as_json_joins_to_the_body() {
    let text = shown(&["show", "@last/4", "--frames", "--json"]);
    insta::assert_snapshot!(text);
    let raw: String = text
        .lines()
        .filter_map(|line| serde_json::from_str::<serde_json::Value>(line).ok())
        .filter(|line| line["schema"] == "wiretape/frame/1")
        .map(|line| line["raw"].as_str().expect("UTF-8").to_owned())
        .collect();
    let body: String = scripts()[3].answer.iter().map(|(_, text)| *text).collect();
    assert_eq!(raw, body);
}

#[test]
fn raw_is_exact_and_everything_else_is_masked() {
    let raw = shown(&["show", "@last/3", "--raw", "request"]);
    assert_eq!(raw.split("--- stderr").next(), Some(scripts()[2].request));
    assert!(shown(&["show", "@last/3", "--raw", "headers"]).contains("Bearer t0psecret"));
    for words in [
        &["show", "@last"][..],
        &["show", "@last", "--json"],
        &["show", "@last/3"],
        &["show", "@last/3", "--json"],
        &["find", "tool:search", "--json"],
        &["find", "tool:search"],
        &["list", "--json"],
    ] {
        assert!(!shown(words).contains("t0psecret"), "{words:?}");
    }
    assert!(shown(&["show", "@last/3", "--reveal"]).contains("t0psecret"));
}

#[test]
fn find_from_old_to_new() {
    insta::assert_snapshot!(shown(&["find", "method:tools/call"]));
    let cut = shown(&["find", "method:tools/call", "--limit", "1", "--json"]);
    assert!(cut.lines().nth(1).is_some_and(|line| line.contains(r#""complete":false"#)), "{cut}");
    assert!(shown(&["find", "method:nothing"]).contains("0 matches"));
}

#[test]
fn problems_of_all_and_of_one() {
    insta::assert_snapshot!(shown(&["problems"]));
    insta::assert_snapshot!(shown(&["problems", "--json"]));
    assert_eq!(shown(&["problems", "@last"]), shown(&["problems"]));
    assert_eq!(shown(&["problems", "status:error", "tool:search"]), shown(&["problems"]));
    assert!(shown(&["problems", "tool:other"]).contains("no problems in 0 sessions"));
}

#[test]
fn a_query_asks_for_problems() {
    // The token in the URL is the first exchange's fault, which its messages share; the call of a
    // tool without that capability is the third's.
    let found = shown(&["find", "has:problem", "--json"]);
    let exchanges: Vec<&str> =
        found.lines().filter_map(|line| line.split(r#""exchange":""#).nth(1)).collect();
    let number = |rest: &&str| rest.get(9..13).map(ToOwned::to_owned);
    let numbers: Vec<String> = exchanges.iter().filter_map(number).collect();
    assert_eq!(numbers, ["0001", "0001", "0003"], "{found}");
    assert!(shown(&["list", "has:problem"]).contains("1 session"));
    assert!(shown(&["list", "--", "-has:problem"]).contains("0 sessions"));
    assert!(!shown(&["find", "--", "-has:problem"]).contains("0 matches"));
}

#[test]
fn session_arguments() {
    let session = id(1).to_string();
    for argument in ["@last", &session, &session[..13], "tool:count"] {
        assert!(shown(&["show", argument]).contains(&session), "{argument}");
    }
    for (argument, what) in [
        ("ffff", "no session begins with `ffff`\nhint: "),
        ("@last/9", "has 4 exchanges"),
        ("@last/019f0000", "begins more than one exchange"),
        ("tool:(", "column"),
    ] {
        if let Err(text) = printed(&["show", argument]) {
            assert!(text.contains(what), "{argument}: {text}");
        } else {
            assert_eq!(argument, "tool:(", "{argument}");
        }
    }
}

fn live(form: Form) -> String {
    let (data, talk) = (Page::default(), Page::default());
    let mut out = Output::of(data.clone(), talk.clone(), 100);
    let mut live = Live::new(form, Query::default(), form == Form::Json);
    for script in scripts() {
        for record in script.records() {
            live.observe(&record, record.at, &mut out).expect("memory");
        }
    }
    live.end(&mut out).expect("memory");
    format!("{}--- stderr\n{}", data.text(), talk.text())
}

#[test]
fn messages_as_they_happen() {
    insta::assert_snapshot!(live(Form::Talk));
    let json = live(Form::Json);
    let session = shown(&["show", "@last", "--json", "--reveal"]);
    let messages = |text: &str| -> Vec<String> {
        let kind = r#"{"schema":"wiretape/message/1""#;
        // What takes the whole session to know is not known live, and stands at the end.
        let known = |line: &str| match line.split_once(r#","belongs_to":"#) {
            Some((known, _)) => format!("{known}}}"),
            None => line.to_owned(),
        };
        text.lines().filter(|line| line.starts_with(kind)).map(known).collect()
    };
    assert_eq!(messages(&json), messages(&session), "live and later are the same");
}

#[test]
fn too_many_lines_are_counted() {
    let talk = Page::default();
    let mut out = Output::of(io::sink(), talk.clone(), 100);
    let mut live = Live::new(Form::Talk, Query::default(), false);
    let script = &scripts()[1];
    for number in 0..150 {
        for mut record in script.records() {
            record.exchange = Some(id(number));
            live.observe(&record, at(0), &mut out).expect("memory");
        }
    }
    live.end(&mut out).expect("memory");
    assert_eq!(talk.text().lines().count(), 101);
    assert!(talk.text().ends_with("… and 50 exchanges more\n"));
}

#[test]
fn a_closed_pipe_ends_quietly() {
    struct Closed;
    impl io::Write for Closed {
        fn write(&mut self, _: &[u8]) -> io::Result<usize> {
            Err(io::ErrorKind::BrokenPipe.into())
        }
        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }
    let talk = Page::default();
    let mut out = Output::of(Closed, talk.clone(), 100);
    let error = anyhow::Error::from(out.line("x").expect_err("closed")).context("listing");
    let code = super::failure::report(&error, &mut out);
    assert_eq!(format!("{code:?}"), format!("{:?}", std::process::ExitCode::SUCCESS));
    assert_eq!(talk.text(), "");
}

#[test]
fn completions_and_manual_know_every_verb() {
    use clap::ValueEnum as _;
    let page = Page::default();
    let mut ctx = super::Ctx {
        home: None,
        color: super::Color::Never,
        out: Output::of(page.clone(), io::sink(), 100),
    };
    super::man::run(&mut ctx).expect("a manual");
    for shell in clap_complete::Shell::value_variants() {
        let args = super::args::CompletionsArgs { shell: *shell };
        super::completions::run(args, &mut ctx).expect("a script");
    }
    let text = page.text();
    for verb in ["record", "run", "system-proxy", "list", "show", "find", "doctor"] {
        assert!(text.contains(verb), "{verb}");
    }
}
