//! The desk's replays over tapes of `captures/` against a server made of the same tape, held against
//! what `wiretape verify` says of the same.

use std::{
    fs::File,
    io::BufReader,
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use tokio::{runtime::Runtime, sync::mpsc, time::timeout};

use super::*;
use crate::{
    cli::{
        browse::{self, Opening},
        open,
        verify::{Sink, Sums, play_to},
    },
    replay::serve::{
        Faults, Script, Speed, Stage,
        server::{OnMiss, Server, Serving},
    },
    store::tape::TapeReader,
    tasks::Tasks,
    tui::desk::{Desk, ReportForm, VerdictTold},
};

const PATIENCE: Duration = Duration::from_secs(60);

fn capture(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("captures").join(format!("{name}.tape.jsonl"))
}

/// A tape's server.
struct Served {
    runtime: Runtime,
    url: String,
    _serving: Serving,
    _tasks: Tasks,
}

fn serve(tape: &Path) -> Served {
    let reader = TapeReader::new(BufReader::new(File::open(tape).expect("a tape"))).expect("one");
    let placeholders = reader.header().redactions.iter().map(|r| r.placeholder.clone()).collect();
    let mut script = Script::new(placeholders);
    let source = open::tape(tape).expect("a tape");
    let mut recording = Recording::of(source, None, true).expect("a recording");
    for session in recording.sessions().expect("sessions").to_vec() {
        let ids = session.exchanges.iter();
        let records: Vec<_> =
            ids.map(|id| recording.records(*id).expect("records")).collect::<Vec<_>>();
        script.add(&Story::tell(session, records.iter().map(Vec::as_slice)), &records);
    }
    let runtime = crate::cli::runtime().expect("threads");
    let tasks = Tasks::new();
    let path = script.client_path().clone();
    let (url, serving) = runtime.block_on(async {
        let server = Server::bind(([127, 0, 0, 1], 0).into()).await.expect("a port");
        let origin = server.origin();
        let stage = Stage::new(Arc::new(script), origin.clone(), Speed::Unpaced, Faults::default());
        (format!("{origin}{path}"), server.serve(stage, OnMiss::Error, &tasks))
    });
    Served { runtime, url, _serving: serving, _tasks: tasks }
}

/// A desk and its news.
struct Table<'s> {
    served: &'s Served,
    desk: Box<dyn Desk>,
    news: mpsc::Receiver<News>,
}

impl Table<'_> {
    fn next(&mut self) -> News {
        let news = async { timeout(PATIENCE, self.news.recv()).await };
        self.served.runtime.block_on(news).expect("in time").expect("it goes on")
    }

    /// How many sessions there are, once all is read.
    fn loaded(&mut self) -> u32 {
        let mut sessions = 0;
        loop {
            match self.next() {
                News::Sessions(all) => {
                    sessions = all.iter().map(|(id, _)| id.0 + 1).chain([sessions]).max().unwrap();
                }
                News::Loading { done, of } if done >= of => return sessions,
                _ => {}
            }
        }
    }

    fn answer(&mut self, ask: Ask) -> (Vec<Arc<VerdictTold>>, Result<News, String>) {
        let own = match &ask {
            Ask::Preview { ticket, .. }
            | Ask::Replay { ticket, .. }
            | Ask::Report { ticket, .. }
            | Ask::Compare { ticket, .. } => *ticket,
            _ => panic!("another question"),
        };
        self.desk.ask(ask);
        let mut verdicts = Vec::new();
        loop {
            match self.next() {
                News::Verdict(ticket, verdict) if ticket == own => verdicts.push(verdict),
                News::Failed(ticket, why) if ticket == own => return (verdicts, Err(why)),
                news @ News::Done(ticket, _) if ticket == own => return (verdicts, Ok(news)),
                news @ (News::Preview(..) | News::Replayed(..)) => return (verdicts, Ok(news)),
                _ => {}
            }
        }
    }
}

/// Verdicts as words, as `verify` comes to them.
#[derive(Default)]
struct Words(Vec<String>, Vec<u64>);

impl Sink for Words {
    fn verdict(&mut self, verdict: &Verdict, _: &Came) -> anyhow::Result<()> {
        self.0.push(format!("{} {}", verdict.ruling.as_str(), verdict.method));
        Ok(())
    }

    fn sums(&mut self, sums: &Sums<'_>) -> anyhow::Result<()> {
        self.1 = vec![sums.all.compared, sums.all.of, sums.all.skipped];
        Ok(())
    }
}

#[test]
fn a_replay_comes_to_what_verify_comes_to() {
    for name in ["2025-11-25/typescript", "http+sse/python", "2026-07-28/typescript"] {
        let tape = capture(name);
        let served = serve(&tape);
        let opening = Opening::tape(tape.clone()).expect("a tape");
        let (desk, news) = browse::desk(opening).expect("threads");
        let mut table = Table { served: &served, desk, news };
        let sessions = table.loaded();
        assert!(sessions > 0, "{name}");
        for session in 0..sessions {
            let (session, to) = (SessionId(session), served.url.clone());
            let ask = Ask::Preview {
                ticket: Ticket(u64::from(session.0) * 10 + 1),
                session,
                row: None,
                to: Some(to.clone()),
                given: Given::default(),
            };
            let (_, Ok(News::Preview(_, preview))) = table.answer(ask) else {
                panic!("{name}: a preview")
            };
            assert_eq!(preview.to, to);
            assert!(preview.request.iter().any(|line| line.contains("127.0.0.1")), "{preview:?}");
            let ask = Ask::Replay {
                ticket: Ticket(u64::from(session.0) * 10 + 2),
                session,
                row: None,
                to: to.clone(),
                allow_side_effects: true,
                given: Given::default(),
            };
            let (verdicts, ended) = table.answer(ask);
            let Ok(News::Replayed(_, ended)) = ended else { panic!("{name}: {ended:?}") };

            let mut played = of_tape(&tape, None).expect("a tape");
            let place = usize::try_from(session.0).expect("small");
            let ids = browse_ids(&tape);
            assert!(played.only(ids[place]), "{name}: the same sessions");
            let again = serve(&tape);
            let mut asked = Asked::plain(again.url.clone(), false);
            asked.guard.all = true;
            let mut words = Words::default();
            let ran = play_to(&[played], &asked, &mut words, std::future::pending());
            let ran = ran.expect("it runs");
            let told: Vec<String> = verdicts
                .iter()
                .map(|verdict| format!("{} {}", verdict.ruling.as_str(), verdict.method))
                .collect();
            assert_eq!(told, words.0, "{name}");
            assert_eq!(vec![ended.compared, ended.of, ended.skipped], words.1, "{name}");
            assert_eq!(ended.exit, verify::exit_code(&ran, false), "{name}");
            assert_eq!(preview.steps, ended.of, "{name}: as foretold");
        }
    }
}

/// The tape's sessions in the order of their coming: by their first exchange.
fn browse_ids(tape: &Path) -> Vec<ExchangeId> {
    let source = open::tape(tape).expect("a tape");
    let mut recording = Recording::of(source, None, true).expect("a recording");
    let mut ids: Vec<_> =
        recording.sessions().expect("sessions").iter().map(|session| session.id).collect();
    ids.sort_unstable();
    ids
}

#[test]
fn a_session_is_the_same_as_itself_and_what_is_not_there_is_said() {
    let tape = capture("2025-11-25/typescript");
    let served = serve(&tape);
    let (desk, news) = browse::desk(Opening::tape(tape).expect("a tape")).expect("threads");
    let mut table = Table { served: &served, desk, news };
    table.loaded();
    let what = Pair::Sessions(SessionId(0), SessionId(0));
    let (verdicts, ended) = table.answer(Ask::Compare { ticket: Ticket(1), what });
    let Ok(News::Replayed(_, ended)) = ended else { panic!("{ended:?}") };
    assert!(verdicts.iter().all(|verdict| verdict.ruling == Ruling::Same), "{verdicts:#?}");
    assert_eq!((ended.exit, ended.compared), (0, verdicts.len() as u64));
    let what = Pair::Sessions(SessionId(0), SessionId(99));
    let (_, ended) = table.answer(Ask::Compare { ticket: Ticket(2), what });
    assert!(ended.is_err_and(|why| why.contains("not there any more")));
}

#[test]
fn a_server_that_is_not_there_is_said_and_nothing_hangs() {
    let tape = capture("2026-07-28/typescript");
    let served = serve(&tape);
    let (desk, news) = browse::desk(Opening::tape(tape).expect("a tape")).expect("threads");
    let mut table = Table { served: &served, desk, news };
    table.loaded();
    let to = {
        // A port that was ours a moment ago: nobody listens there.
        let taken = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
        format!("http://{}/mcp", taken.local_addr().expect("an address"))
    };
    let (session, row) = (SessionId(0), None);
    let (ticket, allow_side_effects, given) = (Ticket(1), false, Given::default());
    let ask = Ask::Replay { ticket, session, row, to, allow_side_effects, given };
    let (verdicts, ended) = table.answer(ask);
    assert!(verdicts.is_empty());
    assert!(ended.is_err_and(|why| why.contains("cannot be reached") && why.contains("hint: ")));
}

/// The call of a tool: its message.
fn call_in(tape: &Path) -> At {
    let source = open::tape(tape).expect("a tape");
    let mut recording = Recording::of(source, None, true).expect("a recording");
    let sessions = recording.sessions().expect("sessions").to_vec();
    let story = recording.story(&sessions[0]).expect("told");
    let is_call = |message: &&crate::protocol::Message| {
        message.method.as_deref() == Some("tools/call")
            && message.kind == crate::protocol::Kind::Request
    };
    let call = story.messages.iter().find(is_call).expect("a call");
    At { exchange: call.exchange, number: call.number }
}

#[test]
fn one_request_is_edited_previewed_and_sent() {
    let tape = capture("2025-11-25/typescript");
    let (served, at) = (serve(&tape), call_in(&tape));
    let (desk, news) = browse::desk(Opening::tape(tape.clone()).expect("a tape")).expect("threads");
    let mut table = Table { served: &served, desk, news };
    table.loaded();
    let session = SessionId(0);
    let mut preview = |own, edited: Option<&str>| {
        let given = Given { edited: edited.map(Arc::from), ..Given::default() };
        let (ticket, row, to) = (Ticket(own), Some(at), Some(served.url.clone()));
        match table.answer(Ask::Preview { ticket, session, row, to, given }).1 {
            Ok(News::Preview(_, preview)) => Ok(preview),
            Ok(other) => panic!("{other:?}"),
            Err(why) => Err(why),
        }
    };
    let plain = preview(1, None).expect("a preview");
    let draft = plain.draft.clone().expect("one call can be edited");
    assert!(draft.contains(&format!("POST {}\n", served.url)), "{draft}");
    assert!(plain.changes.is_empty());

    // What is wrong is said with its place in the file, and nothing else comes of it.
    let line =
        draft.lines().position(|line| line.trim_start().starts_with("\"params\"")).expect("params");
    let why = preview(2, Some(&draft.replace("\"params\":", "\"params\""))).expect_err("no JSON");
    assert!(why.contains(&format!("line {}, column ", line + 1)), "{why}");

    let edited = draft.replace("\"params\": {", "\"params\": {\n    \"edited\": true,");
    let edited = edited.replace("content-type:", "x-edited: yes\ncontent-type:");
    let shown = preview(3, Some(&edited)).expect("a preview");
    let added = |line: &str| {
        shown.changes.iter().any(|change| change.starts_with('+') && change.contains(line))
    };
    assert!(added("\"edited\": true") && added("x-edited: yes"), "{:#?}", shown.changes);
    assert!(shown.request.iter().any(|line| line == "x-edited: yes"), "{:#?}", shown.request);

    let given = Given { edited: Some(edited.as_str().into()), ..Given::default() };
    let (ticket, row, to) = (Ticket(4), Some(at), served.url.clone());
    let allow_side_effects = true;
    let (verdicts, ended) =
        table.answer(Ask::Replay { ticket, session, row, to, allow_side_effects, given });
    let Ok(News::Replayed(_, ended)) = ended else { panic!("{ended:?}") };
    let [verdict] = verdicts.as_slice() else { panic!("one verdict: {verdicts:#?}") };
    assert_eq!(verdict.method, "tools/call");
    let answer = verdict.answer.as_deref().expect("the answer is shown");
    assert!(answer.starts_with('{') && answer.contains("\"jsonrpc\": \"2.0\""), "{answer}");
    assert_eq!(
        (ended.baseline, ended.acceptable),
        (None, 0),
        "another request's answer is no baseline"
    );
}

#[test]
fn a_header_is_given_for_one_replay_and_never_shown() {
    let tape = capture("2025-11-25/typescript");
    let (served, at) = (serve(&tape), call_in(&tape));
    let (desk, news) = browse::desk(Opening::tape(tape.clone()).expect("a tape")).expect("threads");
    let mut table = Table { served: &served, desk, news };
    table.loaded();
    let typed = "sk-typed-0123456789";
    let header = |value| crate::tui::desk::GivenHeader { name: "Authorization".to_owned(), value };
    let secret = GivenValue::Typed(crate::tui::desk::Secret(format!("Bearer {typed}")));
    let mut preview = |own, value| {
        let given = Given { headers: vec![header(value)], edited: None };
        let (ticket, session, row) = (Ticket(own), SessionId(0), Some(at));
        table.answer(Ask::Preview { ticket, session, row, to: None, given }).1
    };
    let Ok(News::Preview(_, shown)) = preview(1, secret) else { panic!("a preview") };
    let told = format!("{shown:?}");
    assert!(!told.contains(typed), "{told}");
    assert!(
        shown.request.iter().any(|line| line.starts_with("authorization: Bearer {{")),
        "{told}"
    );
    let unset = GivenValue::Environment("WIRETAPE_TEST_NO_SUCH_VARIABLE".to_owned());
    let why = preview(2, unset).expect_err("it is not set");
    assert!(why.contains("is not set"), "{why}");
}

#[test]
fn what_a_replay_came_to_is_written_as_verify_writes_it() {
    let tape = capture("2025-11-25/typescript");
    let served = serve(&tape);
    let (desk, news) = browse::desk(Opening::tape(tape).expect("a tape")).expect("threads");
    let mut table = Table { served: &served, desk, news };
    table.loaded();
    let (ticket, to) = (Ticket(1), served.url.clone());
    let (session, row, allow_side_effects, given) = (SessionId(0), None, false, Given::default());
    let (verdicts, _) =
        table.answer(Ask::Replay { ticket, session, row, to, allow_side_effects, given });
    let folder = tempfile::tempdir().expect("a folder");
    let mut written = |own, run, form| {
        let path = folder.path().join(format!("{own}"));
        let name = path.to_string_lossy().into_owned();
        let ask = Ask::Report {
            ticket: Ticket(own),
            run: Ticket(run),
            ignored: vec![],
            form,
            path: name,
        };
        table.answer(ask).1.map(|_| std::fs::read_to_string(path).expect("a file"))
    };
    let xml = written(2, 1, ReportForm::Junit).expect("written");
    assert_eq!(xml.matches("<testcase").count(), verdicts.len(), "{xml}");
    let json = written(3, 1, ReportForm::Json).expect("written");
    assert_eq!(json.lines().count(), verdicts.len() + 1);
    assert_eq!(json.matches("wiretape/verdict/1").count(), verdicts.len());
    assert!(written(4, 1, ReportForm::Markdown).expect("written").contains("skipped"));
    assert!(written(5, 77, ReportForm::Json).expect_err("no such run").contains("replay it again"));
    assert!(written(2, 1, ReportForm::Json).expect_err("it is there").contains("there already"));
}
