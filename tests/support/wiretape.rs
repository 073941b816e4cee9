//! wiretape itself as a process, and what its store says.

use std::{
    ffi::OsStr,
    io::{BufRead, BufReader, Read},
    net::SocketAddr,
    path::{Path, PathBuf},
    process::{Child, ChildStdout, Command, Output, Stdio},
};

use serde_json::Value;

/// A headless recorder. Killed when dropped, unless it was stopped.
pub(crate) struct Recorder {
    process: Child,
    /// What it wrote on its first line.
    pub(crate) listening: Value,
    stdout: Option<BufReader<ChildStdout>>,
}

impl Recorder {
    /// Starts `record --headless --json` on a free port with more options.
    pub(crate) fn start(home: &Path, options: &[&str]) -> Self {
        Self::spawn(
            home,
            &[&["record", "--headless", "--json", "--listen", "127.0.0.1:0"], options].concat(),
        )
    }

    /// Starts any verb that prints a listening line.
    pub(crate) fn spawn(home: &Path, arguments: &[&str]) -> Self {
        let mut command = wiretape(home, arguments);
        command.stderr(Stdio::null());
        Self::of(command)
    }

    /// Starts such a command, whose stderr is the test's.
    pub(crate) fn of(mut command: Command) -> Self {
        let mut process = command.stdout(Stdio::piped()).spawn().expect("it starts");
        let mut stdout = BufReader::new(process.stdout.take().expect("piped"));
        let mut line = String::new();
        stdout.read_line(&mut line).expect("it speaks");
        let listening = serde_json::from_str(&line).unwrap_or_else(|e| panic!("{e}: {line:?}"));
        Self { process, listening, stdout: Some(stdout) }
    }

    /// What follows on standard output, to be read by the test; else it is never read.
    pub(crate) fn stdout(&mut self) -> BufReader<ChildStdout> {
        self.stdout.take().expect("taken once")
    }

    /// The proxy's address.
    pub(crate) fn proxy(&self) -> SocketAddr {
        let url = self.listening["proxy"].as_str().expect("a proxy");
        url.trim_start_matches("http://").parse().expect("an address")
    }

    /// Where a client reaches the first target through us, without path.
    pub(crate) fn reverse(&self) -> SocketAddr {
        let url = self.listening["targets"][0]["url"].as_str().expect("a target");
        url.trim_start_matches("http://").parse().expect("an address")
    }

    /// What a client of the first target is to be given.
    pub(crate) fn client_url(&self) -> String {
        self.listening["targets"][0]["client_url"].as_str().expect("a target").to_owned()
    }

    pub(crate) fn pid(&self) -> u32 {
        self.process.id()
    }

    /// The variables that a person would export by hand (README).
    pub(crate) fn environment(&self) -> Vec<(&'static str, String)> {
        let text = |key: &str| self.listening[key].as_str().expect("a text").to_owned();
        let proxy = ["HTTP_PROXY", "HTTPS_PROXY", "http_proxy", "https_proxy"];
        let trust = ["SSL_CERT_FILE", "NODE_EXTRA_CA_CERTS", "CURL_CA_BUNDLE"];
        let mut all: Vec<_> = proxy.map(|name| (name, text("proxy"))).into();
        all.extend(trust.map(|name| (name, text("ca"))));
        let more = [("NODE_USE_ENV_PROXY", "1"), ("NO_PROXY", ""), ("no_proxy", "")];
        all.extend(more.map(|(name, value)| (name, value.to_owned())));
        all
    }

    /// Ends it as a service manager would.
    pub(crate) fn stop(mut self) {
        signal(self.pid(), "TERM");
        // Its last lines must go somewhere, or it would be a test of a full pipe.
        if let Some(mut rest) = self.stdout.take() {
            rest.read_to_end(&mut Vec::new()).expect("it ends its output");
        }
        let status = self.process.wait().expect("it ends");
        assert!(status.success(), "wiretape ended with {status}");
    }

    /// Ends it as a power cut would.
    pub(crate) fn kill(mut self) {
        self.process.kill().expect("it runs");
        self.process.wait().expect("it ends");
    }
}

impl Drop for Recorder {
    fn drop(&mut self) {
        // Already ended after `stop` and `kill`.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// A command on a home, its environment free of what the tester has set.
pub(crate) fn wiretape<A: AsRef<OsStr>>(home: &Path, arguments: &[A]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_wiretape"));
    let (options, child): (Vec<&OsStr>, Vec<&OsStr>) = {
        let all: Vec<&OsStr> = arguments.iter().map(AsRef::as_ref).collect();
        let dashes = all.iter().position(|a| *a == "--").unwrap_or(all.len());
        (all[..dashes].to_vec(), all[dashes..].to_vec())
    };
    command.args(options).arg("--home").arg(home).args(child);
    for name in ["WIRETAPE_HOME", "XDG_RUNTIME_DIR", "RUST_LOG"] {
        command.env_remove(name);
    }
    command.stdin(Stdio::null());
    command
}

/// Runs a verb to its end; it must succeed.
pub(crate) fn run<A: AsRef<OsStr>>(home: &Path, arguments: &[A]) -> Output {
    let output = wiretape(home, arguments).output().expect("it starts");
    let words: Vec<_> = arguments.iter().map(|a| a.as_ref().to_string_lossy()).collect();
    assert!(output.status.success(), "{words:?}: {}", String::from_utf8_lossy(&output.stderr));
    output
}

/// Runs a reading verb with `--json` and gives its lines.
pub(crate) fn lines<A: AsRef<OsStr>>(home: &Path, verb: &[A]) -> Vec<Value> {
    let mut words: Vec<&OsStr> = verb.iter().map(AsRef::as_ref).collect();
    words.push(OsStr::new("--json"));
    let text = String::from_utf8(run(home, &words).stdout).expect("JSON is UTF-8");
    text.lines().map(|line| serde_json::from_str(line).expect("a JSON line")).collect()
}

/// The lines of one schema: `session`, `exchange`, `message`.
pub(crate) fn of<'a>(lines: &'a [Value], schema: &str) -> Vec<&'a Value> {
    let schema = format!("wiretape/{schema}/1");
    lines.iter().filter(|line| line["schema"] == schema.as_str()).collect()
}

/// The ids of all sessions, newest first.
pub(crate) fn sessions(home: &Path) -> Vec<String> {
    let lines = lines(home, &["list"]);
    of(&lines, "session").iter().map(|s| s["id"].as_str().expect("an id").to_owned()).collect()
}

/// Sends a signal by name.
pub(crate) fn signal(pid: u32, name: &str) {
    let sent = Command::new("kill").args([format!("-{name}"), pid.to_string()]).status();
    assert!(sent.expect("kill runs").success());
}

/// A file below a folder.
pub(crate) fn file(folder: &Path, name: &str) -> PathBuf {
    folder.join(name)
}
