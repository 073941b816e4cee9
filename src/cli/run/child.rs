//! The child of `run`: it keeps the terminal, gets our signals, and its end becomes ours.

use std::{
    ffi::{OsStr, OsString},
    io,
    process::ExitStatus,
};

use tokio::process::{Child, Command};

use super::{environment::Variable, program::Unstarted};

/// wiretape itself failed (faces.md).
pub(super) const OWN_FAILURE: u8 = 125;
/// Starts the command with the terminal as its own and the variables in its environment.
pub(super) fn start(command: &[OsString], variables: &[Variable]) -> Result<Child, Unstarted> {
    let program = program(command);
    let mut child = Command::new(program);
    child.args(command.iter().skip(1));
    for variable in variables {
        match &variable.value {
            Some(value) => child.env(variable.name, value),
            None => child.env_remove(variable.name),
        };
    }
    child.spawn().map_err(|why| Unstarted::new(program, &why))
}

/// The command's first word; the arguments' parser has seen to it that there is one.
pub(super) fn program(command: &[OsString]) -> &OsStr {
    command.first().map_or(OsStr::new(""), OsString::as_os_str)
}

/// Waits for the child's end and passes our signals on to it meanwhile.
pub(super) async fn wait(child: &mut Child, signals: &mut Signals) -> io::Result<ExitStatus> {
    loop {
        tokio::select! {
            ended = child.wait() => return ended,
            signal = signals.next() => signals.pass_on(signal, child),
        }
    }
}

/// The exit code that stands for a child's end: its own, or 128+N where signal N killed it.
pub(super) fn exit_code(status: ExitStatus) -> u8 {
    #[cfg(unix)]
    if let Some(signal) = std::os::unix::process::ExitStatusExt::signal(&status) {
        return u8::try_from(128 + signal).unwrap_or(OWN_FAILURE);
    }
    status.code().and_then(|code| u8::try_from(code & 0xff).ok()).unwrap_or(OWN_FAILURE)
}

/// The signals that are the child's.
#[cfg(unix)]
pub(super) struct Signals {
    hangup: tokio::signal::unix::Signal,
    interrupt: tokio::signal::unix::Signal,
    quit: tokio::signal::unix::Signal,
    terminate: tokio::signal::unix::Signal,
    on_terminal: bool,
}

#[cfg(unix)]
impl Signals {
    /// Takes them over. Inside a runtime.
    pub(super) fn new() -> io::Result<Self> {
        use std::io::IsTerminal;
        use tokio::signal::unix::{SignalKind, signal};
        Ok(Self {
            hangup: signal(SignalKind::hangup())?,
            interrupt: signal(SignalKind::interrupt())?,
            quit: signal(SignalKind::quit())?,
            terminate: signal(SignalKind::terminate())?,
            on_terminal: io::stdin().is_terminal(),
        })
    }

    async fn next(&mut self) -> rustix::process::Signal {
        use rustix::process::Signal;
        tokio::select! {
            _ = self.hangup.recv() => Signal::HUP,
            _ = self.interrupt.recv() => Signal::INT,
            _ = self.quit.recv() => Signal::QUIT,
            _ = self.terminate.recv() => Signal::TERM,
        }
    }

    /// A terminal sends the signals of its keys to the child as well as to us: those are not
    /// passed on, or the child would get them twice.
    fn pass_on(&self, signal: rustix::process::Signal, child: &Child) {
        use rustix::process::{Pid, Signal, kill_process};
        let from_keys = matches!(signal, Signal::INT | Signal::QUIT) && self.on_terminal;
        let pid = child.id().and_then(|id| i32::try_from(id).ok()).and_then(Pid::from_raw);
        if let (Some(pid), false) = (pid, from_keys) {
            // A child that has just ended needs no signal.
            let _ = kill_process(pid, signal);
        }
    }
}

/// The signals that are the child's.
#[cfg(not(unix))]
pub(super) struct Signals;

#[cfg(not(unix))]
impl Signals {
    /// Takes them over. Inside a runtime.
    pub(super) fn new() -> io::Result<Self> {
        Ok(Self)
    }

    /// A console sends Ctrl-C to the child as well as to us: nothing to pass on.
    async fn next(&mut self) {
        let _ = tokio::signal::ctrl_c().await;
    }

    fn pass_on(&self, (): (), _child: &Child) {}
}
