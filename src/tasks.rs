//! Supervision, cancellation and drain; the only place that spawns.
//!
//! Two signals: *stop* (take nothing new, end what can be ended soon) and *abort* (end now). A
//! task holds a clone and watches what concerns it.

use std::{future::Future, io, thread, time::Duration};

use tokio::time::timeout;
use tokio_util::{sync::CancellationToken, task::TaskTracker};

/// The tasks of one program or test. Clones are the same group.
#[derive(Clone, Debug, Default)]
pub struct Tasks {
    tracker: TaskTracker,
    stop: CancellationToken,
    abort: CancellationToken,
}

impl Tasks {
    /// A group without tasks.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// A group that stops with this one and can be stopped by itself: a listener of a `run`.
    #[must_use]
    pub fn child(&self) -> Self {
        Self {
            tracker: self.tracker.clone(),
            stop: self.stop.child_token(),
            abort: self.abort.child_token(),
        }
    }

    /// Runs a task of this group. It is dropped, wherever it stands, at *abort*.
    #[expect(clippy::disallowed_methods, reason = "this is the one place that spawns tasks")]
    pub fn spawn<F>(&self, task: F)
    where
        F: Future<Output = ()> + Send + 'static,
    {
        // Its own: to look at a token is to take its lock, and a task looks whenever it is polled.
        let abort = self.abort.child_token();
        self.tracker.spawn(async move {
            tokio::select! {
                biased;
                () = abort.cancelled() => {}
                () = task => {}
            }
        });
    }

    /// Asks all tasks to come to an end.
    pub fn stop(&self) {
        self.stop.cancel();
    }

    /// Waits until somebody asks for the end.
    pub async fn stopped(&self) {
        // A child for the same reason as in `spawn`.
        self.stop.child_token().cancelled().await;
    }

    /// Whether somebody asked for the end.
    #[must_use]
    pub fn is_stopping(&self) -> bool {
        self.stop.is_cancelled()
    }

    /// Whether tasks are being ended where they stand.
    #[must_use]
    pub fn is_aborting(&self) -> bool {
        self.abort.is_cancelled()
    }

    /// Ends all tasks now.
    pub fn abort(&self) {
        self.stop.cancel();
        self.abort.cancel();
    }

    /// Stops, waits for the tasks at most `grace`, then aborts the rest. True if none was left.
    pub async fn drain(&self, grace: Duration) -> bool {
        self.stop();
        self.tracker.close();
        let all_ended = timeout(grace, self.tracker.wait()).await.is_ok();
        if !all_ended {
            self.abort();
            self.tracker.wait().await;
        }
        all_ended
    }
}

/// Runs blocking work on a named thread of its own.
///
/// # Errors
///
/// The system's, when it gives no more threads.
#[expect(clippy::disallowed_methods, reason = "this is the one place that spawns threads")]
pub fn thread<T, F>(name: &str, work: F) -> io::Result<thread::JoinHandle<T>>
where
    F: FnOnce() -> T + Send + 'static,
    T: Send + 'static,
{
    thread::Builder::new().name(name.to_owned()).spawn(work)
}

/// Runs blocking work on a named thread that ends within a scope, so that it may borrow.
///
/// # Errors
///
/// The system's, when it gives no more threads.
pub fn scoped<'scope, T, F>(
    scope: &'scope thread::Scope<'scope, '_>,
    name: &str,
    work: F,
) -> io::Result<thread::ScopedJoinHandle<'scope, T>>
where
    F: FnOnce() -> T + Send + 'scope,
    T: Send + 'scope,
{
    thread::Builder::new().name(name.to_owned()).spawn_scoped(scope, work)
}

/// A thread for work that may lag: where the processor is scarce, traffic goes first.
///
/// # Errors
///
/// The system's, when it gives no more threads.
pub fn background_thread<T, F>(name: &str, work: F) -> io::Result<thread::JoinHandle<T>>
where
    F: FnOnce() -> T + Send + 'static,
    T: Send + 'static,
{
    thread(name, move || {
        step_back();
        work()
    })
}

/// All the way: it runs where nobody else wants to.
fn step_back() {
    lower_to(19);
}

/// From here on this thread leaves the processor to traffic where it is scarce, and still has a tenth
/// of it: somebody at a screen waits for what it does, and others for its locks.
pub fn give_way() {
    lower_to(10);
}

/// Lowers this thread's priority. Linux counts it by thread; elsewhere it would be the process's.
fn lower_to(step: i32) {
    #[cfg(target_os = "linux")]
    {
        // One that may not step back runs on as it is.
        let _ = rustix::process::setpriority_process(Some(rustix::thread::gettid()), step);
    }
    #[cfg(not(target_os = "linux"))]
    let _ = step;
}

/// Runs work that may block on a thread for that, and waits for it.
///
/// # Errors
///
/// The work panicked, or the runtime is ending. Dropping the future does not end the work.
pub async fn blocking<T, F>(work: F) -> Result<T, tokio::task::JoinError>
where
    F: FnOnce() -> T + Send + 'static,
    T: Send + 'static,
{
    tokio::task::spawn_blocking(work).await
}

/// hyper's background work (HTTP/2 streams) runs in the same group.
impl<F> hyper::rt::Executor<F> for Tasks
where
    F: Future + Send + 'static,
    F::Output: Send + 'static,
{
    fn execute(&self, task: F) {
        self.spawn(async move {
            task.await;
        });
    }
}
