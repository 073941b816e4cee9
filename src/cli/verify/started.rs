//! `--start CMD --ready URL`: the server that a run starts and ends.
//!
//! CMD is run by the shell in a process group of its own, which is ended with all that is in it when
//! this is dropped: after the run, after a signal, and when a panic unwinds. What it writes to stderr
//! is kept, its last lines, for whoever asks why it did not come up.

use std::{
    collections::VecDeque,
    io::{BufRead as _, BufReader, Read as _},
    process::{Child, ChildStderr, Command, ExitStatus, Stdio},
    sync::{
        Arc, Mutex, PoisonError,
        mpsc::{Receiver, channel},
    },
    thread,
    time::{Duration, Instant},
};

use anyhow::{Context as _, bail};
use tokio::{net::TcpStream, time::sleep};
use url::Url;

use crate::{
    cli::{
        failure::{Failure, code},
        runtime,
        signals::Signals,
        visible,
    },
    tasks,
};

/// How long CMD may take until its port accepts: a cold build of a server, not a hang for ever.
const READY_CAP: Duration = Duration::from_secs(120);

/// How often the port is tried.
const PACE: Duration = Duration::from_millis(50);

/// What the group gets to end by itself before it is killed.
const GRACE: Duration = Duration::from_secs(5);

/// How long stderr of a server that has ended is waited for.
const ON_ITS_WAY: Duration = Duration::from_millis(500);

/// Lines of stderr that are kept; older ones are dropped.
const LINES_KEPT: usize = 20;

/// The longest piece of a line that is kept; the rest of it counts as a line of its own.
const LINE_CAP: u64 = 4_096;

/// A server that was started, and is ended when this is dropped.
pub(super) struct Started {
    child: Child,
    stderr: Lines,
    /// Closed once all of stderr was read.
    over: Receiver<()>,
}

/// What came of starting.
pub(super) enum Start {
    Ready(Started),
    /// A signal came first.
    Interrupted,
}

#[derive(Clone, Default)]
struct Lines(Arc<Mutex<VecDeque<String>>>);

impl Started {
    /// Starts CMD and waits until the port of `ready` accepts.
    pub(super) fn launch(command: &str, ready: &str) -> anyhow::Result<Start> {
        let place = place(ready)?;
        let runtime = runtime()?;
        runtime.block_on(async {
            // From here on a signal ends what is started, not only us.
            let mut signals = Signals::new()?;
            if TcpStream::connect(&place).await.is_ok() {
                let why = anyhow::anyhow!(
                    "something answers at {place} already, before --start was run\nhint: end it, or verify against it with --to {ready}"
                );
                return Err(Failure::with_code(code::NETWORK, why));
            }
            let mut started = Self::spawn(command)?;
            tokio::select! {
                ready = started.ready(command, &place) => ready?,
                () = signals.next() => return Ok(Start::Interrupted),
            }
            Ok(Start::Ready(started))
        })
    }

    fn spawn(command: &str) -> anyhow::Result<Self> {
        let mut shell = shell(command);
        adopt();
        shell.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped());
        let mut child = shell.spawn().with_context(|| format!("cannot start `{command}`"))?;
        let stderr = Lines::default();
        let piped = child.stderr.take();
        let (end, over) = channel();
        let started = Self { child, stderr: stderr.clone(), over };
        if let Some(piped) = piped {
            tasks::thread("server-stderr", move || {
                stderr.gather(piped);
                drop(end);
            })?;
        }
        Ok(started)
    }

    async fn ready(&mut self, command: &str, place: &str) -> anyhow::Result<()> {
        let until = Instant::now() + READY_CAP;
        loop {
            if TcpStream::connect(place).await.is_ok() {
                return Ok(());
            }
            let told = match self.child.try_wait()? {
                Some(status) => format!("it ended first ({})", in_words(status)),
                None if Instant::now() > until => {
                    format!("nothing accepted there within {} s", READY_CAP.as_secs())
                }
                None => {
                    sleep(PACE).await;
                    continue;
                }
            };
            let why = anyhow::anyhow!(
                "`{command}` did not get ready at {place}: {told}{}",
                self.last_lines()
            );
            return Err(Failure::with_code(code::NETWORK, why));
        }
    }

    /// The last lines on stderr. What was written just before the end may still be on its way; what
    /// the group's others still hold open is not waited for.
    fn last_lines(&self) -> String {
        let _ = self.over.recv_timeout(ON_ITS_WAY);
        let lines = self.stderr.0.lock().unwrap_or_else(PoisonError::into_inner);
        if lines.is_empty() {
            return "; it wrote nothing to stderr".to_owned();
        }
        let lines = lines.iter().map(|line| format!("\n  {}", visible::line(line)));
        format!("; its last lines on stderr:{}", lines.collect::<String>())
    }

    /// What to say of it, if it did not live through the run.
    pub(super) fn died(&mut self) -> Option<String> {
        let status = self.child.try_wait().ok().flatten()?;
        Some(format!("the server ended during the run ({}){}", in_words(status), self.last_lines()))
    }

    #[cfg(unix)]
    fn end(&mut self) {
        use rustix::process::{
            Pid, Signal, WaitOptions, kill_process_group, test_kill_process_group, waitpgid,
        };
        let id = i32::try_from(self.child.id()).ok().and_then(Pid::from_raw);
        let Some(group) = id else { return };
        // The dead count among a group's members until somebody waits for them.
        let is_over = || {
            while let Ok(Some(_)) = waitpgid(group, WaitOptions::NOHANG) {}
            test_kill_process_group(group).is_err()
        };
        for signal in [Signal::TERM, Signal::KILL] {
            // The group may have ended by itself.
            let _ = kill_process_group(group, signal);
            let until = Instant::now() + GRACE;
            while Instant::now() < until {
                if is_over() {
                    return;
                }
                thread::sleep(Duration::from_millis(10));
            }
        }
    }

    #[cfg(not(unix))]
    fn end(&mut self) {
        // `taskkill /T` takes along what the shell started.
        let id = self.child.id().to_string();
        let _ = Command::new("taskkill").args(["/T", "/F", "/PID", &id]).output();
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Drop for Started {
    fn drop(&mut self) {
        self.end();
    }
}

/// What the server starts and leaves behind becomes ours to wait for: in a container nobody else may
/// do it. Where it cannot be had, the group's end is awaited for the grace at most.
#[cfg(target_os = "linux")]
fn adopt() {
    let _ = rustix::process::set_child_subreaper(Some(rustix::process::getpid()));
}

#[cfg(not(target_os = "linux"))]
fn adopt() {}

#[cfg(unix)]
fn shell(command: &str) -> Command {
    use std::os::unix::process::CommandExt as _;
    let mut shell = Command::new("sh");
    shell.args(["-c", command]).process_group(0);
    shell
}

#[cfg(not(unix))]
fn shell(command: &str) -> Command {
    let mut shell = Command::new("cmd");
    shell.args(["/C", command]);
    shell
}

/// The host and port of a URL.
fn place(ready: &str) -> anyhow::Result<String> {
    let url = Url::parse(ready).ok().filter(|url| matches!(url.scheme(), "http" | "https"));
    let place = url.as_ref().and_then(|url| Some((url.host_str()?, url.port_or_known_default()?)));
    let Some((host, port)) = place else {
        bail!(
            "--ready is no http or https URL\nhint: the endpoint as a client is given it, like http://127.0.0.1:3000/mcp"
        );
    };
    Ok(format!("{host}:{port}"))
}

fn in_words(status: ExitStatus) -> String {
    #[cfg(unix)]
    if let Some(signal) = std::os::unix::process::ExitStatusExt::signal(&status) {
        return format!("signal {signal}");
    }
    status.code().map_or_else(|| "no exit code".to_owned(), |code| format!("exit code {code}"))
}

impl Lines {
    fn gather(&self, stderr: ChildStderr) {
        let mut reader = BufReader::new(stderr);
        loop {
            let mut line = Vec::new();
            match reader.by_ref().take(LINE_CAP).read_until(b'\n', &mut line) {
                Ok(0) | Err(_) => return,
                Ok(_) => {}
            }
            let mut lines = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            if lines.len() >= LINES_KEPT {
                lines.pop_front();
            }
            lines.push_back(String::from_utf8_lossy(&line).trim_end().to_owned());
        }
    }
}
