//! The signals that end the UI, and the stop and go of job control.

use std::io;

/// What came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Signal {
    /// To end: SIGHUP, SIGINT, SIGTERM by number.
    End(u8),
    /// To go on after a stop.
    Continued,
}

#[cfg(unix)]
pub(super) use unix::Signals;

#[cfg(unix)]
mod unix {
    use std::time::Duration;

    use tokio::{
        signal::unix::{Signal as Stream, SignalKind, signal},
        time::timeout,
    };

    use super::{Signal, io};

    /// A stop comes at once or never: a group without a shell cannot be stopped.
    const STOP: Duration = Duration::from_millis(200);

    /// From the moment this is made. Inside a runtime.
    pub(in crate::tui) struct Signals {
        hangup: Stream,
        interrupt: Stream,
        terminate: Stream,
        go_on: Stream,
    }

    impl Signals {
        pub(in crate::tui) fn new() -> io::Result<Self> {
            Ok(Self {
                hangup: signal(SignalKind::hangup())?,
                interrupt: signal(SignalKind::interrupt())?,
                terminate: signal(SignalKind::terminate())?,
                go_on: signal(SignalKind::from_raw(rustix::process::Signal::CONT.as_raw()))?,
            })
        }

        pub(in crate::tui) async fn next(&mut self) -> Signal {
            tokio::select! {
                _ = self.hangup.recv() => Signal::End(1),
                _ = self.interrupt.recv() => Signal::End(2),
                _ = self.terminate.recv() => Signal::End(15),
                _ = self.go_on.recv() => Signal::Continued,
            }
        }

        /// Stops the job, as Ctrl-Z does where the terminal is not raw, until it is continued.
        pub(in crate::tui) async fn suspend(&mut self) {
            let stop = rustix::process::Signal::TSTP;
            // One that has no group of its own may not: then nothing stops.
            let _ = rustix::process::kill_current_process_group(stop);
            let _ = timeout(STOP, self.go_on.recv()).await;
        }
    }
}

#[cfg(not(unix))]
pub(super) struct Signals;

#[cfg(not(unix))]
impl Signals {
    pub(super) fn new() -> io::Result<Self> {
        Ok(Self)
    }

    pub(super) async fn next(&mut self) -> Signal {
        // An error means that there is no console: nothing to wait for, ever.
        if tokio::signal::ctrl_c().await.is_err() {
            std::future::pending::<()>().await;
        }
        Signal::End(2)
    }

    pub(super) async fn suspend(&mut self) {}
}
