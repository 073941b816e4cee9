//! One home, many processes.

use std::{
    fs,
    io::{BufRead, BufReader, Read, Write},
    os::unix::fs::PermissionsExt as _,
    path::Path,
    process::{Child, ChildStdout, Stdio},
    time::{Duration, Instant},
};

use tempfile::tempdir;

use crate::support::{
    origin::{Origin, Wire, json},
    wiretape::{Recorder, lines, of, sessions, signal, wiretape},
};

const PING: &str = r#"{"jsonrpc":"2.0","id":1,"method":"ping"}"#;

#[test]
fn run_joins_the_recorder_that_owns_the_home() {
    let origin = Origin::serve(|_, out| out.write_all(json("{}", "").as_bytes()).is_ok());
    let home = tempdir().expect("a folder");
    let recorder = Recorder::start(home.path(), &[]);
    let mut client = Wire::to(recorder.proxy());
    client.post(&origin.authority(), "/mcp", "", PING);
    client.answer();
    let script = format!(
        "curl -sS --max-time 20 -H 'content-type: application/json' --data-binary '{PING}' {}/mcp",
        origin.url()
    );
    let child = ["run", "--name", "joined", "--", "sh", "-c", &script];
    let output = wiretape(home.path(), &child).output().expect("it starts");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    assert_eq!(output.stdout, b"{}");
    let names = names(home.path());
    assert!(names.contains(&"joined".to_owned()) && names.len() == 2, "{names:?}");
    drop(client);
    recorder.stop();
    assert_eq!(sessions(home.path()).len(), 2);
}

#[test]
fn a_second_recorder_is_refused_and_names_the_first() {
    let home = tempdir().expect("a folder");
    let recorder = Recorder::start(home.path(), &[]);
    let second = ["record", "--headless", "--listen", "127.0.0.1:0"];
    let output = wiretape(home.path(), &second).output().expect("it starts");
    assert_eq!(output.status.code(), Some(2));
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(said.contains(&recorder.pid().to_string()), "{said}");
    recorder.stop();
}

#[test]
fn the_childs_end_is_ours() {
    let home = tempdir().expect("a folder");
    let code = |words: &[&str]| {
        let all = [&["run", "--quiet", "--"], words].concat();
        wiretape(home.path(), &all).output().expect("it starts").status.code()
    };
    assert_eq!(code(&["sh", "-c", "exit 7"]), Some(7));
    assert_eq!(code(&["sh", "-c", "kill -TERM $$"]), Some(128 + 15));
    assert_eq!(code(&["/nonexistent/program"]), Some(127));
    assert_eq!(code(&["/etc/hostname"]), Some(126));
}

#[test]
fn a_program_that_is_none_is_told_by_itself() {
    let home = tempdir().expect("a folder");
    let fresh = home.path().join("home");
    let plain = home.path().join("plain");
    fs::write(&plain, "text").expect("a file");
    let plain = plain.to_str().expect("a path");
    let table = [
        ("wiretape-nosuch", 127, "cannot run wiretape-nosuch: command not found"),
        ("./wiretape-nosuch", 127, "cannot run ./wiretape-nosuch: no such file"),
        (plain, 126, &*format!("cannot run {plain}: it is no executable file")),
        ("/etc", 126, "cannot run /etc: it is a folder"),
    ];
    for (program, code, what) in table {
        let output = wiretape(&fresh, &["run", "--", program]).output().expect("it starts");
        let said = String::from_utf8_lossy(&output.stderr);
        let lines: Vec<_> = said.lines().collect();
        assert_eq!(output.status.code(), Some(code), "{said}");
        assert!(lines.len() == 2 && lines[1].starts_with("hint: "), "{said}");
        assert_eq!(lines[0], format!("error: {what}"));
        assert!(!fresh.exists(), "nothing is made for it");
    }
    // What the system alone can know: it is no program, and starting it shows that.
    let script = home.path().join("script");
    fs::write(&script, "#!/nonexistent/interpreter\n").expect("a script");
    fs::set_permissions(&script, fs::Permissions::from_mode(0o755)).expect("executable");
    let script = script.to_str().expect("a path");
    let output = wiretape(&fresh, &["run", "--", script]).output().expect("it starts");
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(127), "{said}");
    assert!(said.contains("interpreter") && !said.contains("0 exchanges"), "{said}");
}

#[test]
fn a_signal_reaches_the_child() {
    let home = tempdir().expect("a folder");
    let child = [
        "run",
        "--quiet",
        "--",
        "sh",
        "-c",
        "trap 'exit 9' TERM; echo up; while :; do sleep 0.1; done",
    ];
    let mut process =
        wiretape(home.path(), &child).stdout(Stdio::piped()).spawn().expect("it starts");
    let mut line = String::new();
    let mut stdout = std::io::BufReader::new(process.stdout.take().expect("piped"));
    stdout.read_line(&mut line).expect("the child speaks");
    signal(process.id(), "TERM");
    assert_eq!(process.wait().expect("it ends").code(), Some(9));
}

#[test]
fn a_message_is_on_standard_output_as_it_happens() {
    let origin = Origin::serve(|_, out| out.write_all(json("{}", "").as_bytes()).is_ok());
    let home = tempdir().expect("a folder");
    let mut recorder = Recorder::start(home.path(), &["--target", &origin.url()]);
    let mut stdout = recorder.stdout();
    let mut client = Wire::to(recorder.proxy());
    client.post(&origin.authority(), "/mcp", "", PING);
    let mut line = String::new();
    stdout.read_line(&mut line).expect("a message");
    let message: serde_json::Value = serde_json::from_str(&line).expect("JSON");
    assert_eq!(message["schema"], "wiretape/message/1");
    assert_eq!(message["method"], "ping");
    drop((client, stdout));
    recorder.stop();
}

#[test]
fn two_runs_join_one_recorder_at_the_same_time() {
    let origin = Origin::serve(|_, out| out.write_all(json("{}", "").as_bytes()).is_ok());
    let home = tempdir().expect("a folder");
    let recorder = Recorder::start(home.path(), &[]);
    let mut runs: Vec<Steered> = (0..2)
        .map(|n| Steered::start(home.path(), &format!("run-{n}"), &asking(&origin)))
        .collect();
    // Both listen now; they ask in turns, and a third process reads meanwhile.
    for run in runs.iter_mut().rev() {
        run.ask();
    }
    assert_eq!(sessions(home.path()).len(), 2, "read while they run");
    for run in runs {
        assert_eq!(run.end(), Some(0));
    }
    recorder.stop();
    let mut names = names(home.path());
    names.sort();
    assert_eq!(names, ["run-0", "run-1"]);
}

/// The first `run` owns the home; the signal is its child's, and no wish to leave the other alone.
#[test]
fn a_run_that_ends_first_waits_for_those_who_joined_it() {
    let origin = Origin::serve(|_, out| out.write_all(json("{}", "").as_bytes()).is_ok());
    let home = tempdir().expect("a folder");
    let mut first = Steered::start(
        home.path(),
        "first",
        "trap 'exit 9' TERM; echo up; while :; do sleep 0.1; done",
    );
    let mut second = Steered::start(home.path(), "second", &asking(&origin));
    signal(first.process.id(), "TERM");
    let mut said = BufReader::new(first.process.stderr.take().expect("piped")).lines();
    let waits =
        said.by_ref().map(|line| line.expect("text")).find(|line| line.contains("waiting for"));
    assert!(waits.expect("it says so").contains(&second.process.id().to_string()));
    second.ask();
    assert_eq!(second.end(), Some(0));
    assert_eq!(first.end(), Some(9));
    assert_eq!(names(home.path()), ["second"]);
}

/// Nothing runs, a client keeps its connection: there is nothing to wait for. The shortest of the
/// graces that would be waited out otherwise is a second.
#[test]
fn an_idle_connection_does_not_hold_up_the_end() {
    let origin = Origin::serve(|_, out| out.write_all(json("{}", "").as_bytes()).is_ok());
    let quickest = (0..3).map(|_| {
        let home = tempdir().expect("a folder");
        let recorder = Recorder::start(home.path(), &[]);
        let mut client = Wire::to(recorder.proxy());
        client.post(&origin.authority(), "/mcp", "", PING);
        client.answer();
        let start = Instant::now();
        recorder.stop();
        start.elapsed()
    });
    let quickest = quickest.min().expect("three");
    assert!(quickest < Duration::from_millis(900), "{quickest:?}");
}

/// What a child does that asks once for every line it is told, and ends when there are no more.
fn asking(origin: &Origin) -> String {
    format!(
        "echo up; while read -r _; do curl -sS --max-time 20 -H 'content-type: application/json' \
         --data-binary '{PING}' {}/mcp && echo; done",
        origin.url()
    )
}

/// A `run` whose child, a shell, says `up` first and is then told what to do.
struct Steered {
    process: Child,
    stdout: BufReader<ChildStdout>,
}

impl Steered {
    fn start(home: &Path, name: &str, script: &str) -> Self {
        let child = ["run", "--name", name, "--", "sh", "-c", script];
        let mut command = wiretape(home, &child);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut process = command.spawn().expect("it starts");
        let stdout = BufReader::new(process.stdout.take().expect("piped"));
        let mut run = Self { process, stdout };
        assert_eq!(run.line(), "up\n");
        run
    }

    fn ask(&mut self) {
        self.process.stdin.as_mut().expect("piped").write_all(b"\n").expect("the child reads");
        assert_eq!(self.line(), "{}\n");
    }

    fn line(&mut self) -> String {
        let mut line = String::new();
        self.stdout.read_line(&mut line).expect("the child speaks");
        line
    }

    fn end(mut self) -> Option<i32> {
        drop(self.process.stdin.take());
        self.stdout.read_to_end(&mut Vec::new()).expect("it ends its output");
        self.process.wait().expect("it ends").code()
    }
}

/// The names of the sessions, newest first.
fn names(home: &Path) -> Vec<String> {
    let listed = lines(home, &["list"]);
    of(&listed, "session").iter().map(|s| s["name"].as_str().unwrap_or("none").to_owned()).collect()
}
