//! A desk that is there before what it tells of is open: a store of a million exchanges takes a tenth of
//! a second to open, and one whose catalog is rebuilt takes longer. The screen does not wait for it.

use std::{
    mem,
    sync::{Arc, Mutex, MutexGuard, PoisonError, mpsc as inbox},
    time::Duration,
};

use tokio::sync::mpsc;

use super::{NEWS, Opening, desk_on};
use crate::{
    tasks,
    tui::desk::{Ask, Desk, News, SourceStatus},
};

/// What opens faster is shown as it is, and what cannot be opened within this time is said without a
/// screen.
const AT_ONCE: Duration = Duration::from_millis(30);

/// Questions that wait for what is opened. No more are kept: there is nothing on the screen to ask of.
const ASKED: usize = 64;

/// Why it could not be opened, once the screen is gone.
#[derive(Clone)]
pub(in crate::cli) struct Opened(Arc<Mutex<State>>);

enum State {
    /// Questions that came meanwhile.
    Opening(Vec<Ask>),
    Open(Box<dyn Desk>),
    Failed(anyhow::Error),
    /// The screen is closed, or the failure has been told.
    Over,
}

/// Told how far the rebuild of a catalog is: so many segments of so many. Outside of a runtime, or on
/// one of its threads that may block.
pub(in crate::cli) type Rebuilt = Arc<dyn Fn(u64, u64) + Send + Sync>;

/// Starts to open something, named so, on a thread. The errors are those of a thread that cannot be
/// started, and what cannot be opened at once.
pub(in crate::cli) fn later(
    what: String,
    open: impl FnOnce(Rebuilt) -> anyhow::Result<Opening> + Send + 'static,
) -> anyhow::Result<(Box<dyn Desk>, mpsc::Receiver<News>, Opened)> {
    let (news, told) = mpsc::channel(NEWS);
    let (done, is_done) = inbox::channel();
    let opened = Opened(Arc::new(Mutex::new(State::Opening(Vec::new()))));
    let outcome = opened.clone();
    tasks::thread("browse-open", move || {
        // Of a screen that is closed nobody is told: here and below.
        let told = news.clone();
        let tell = move |news| drop(told.blocking_send(news));
        tell(News::Status(SourceStatus { what, opening: true, ..SourceStatus::default() }));
        let rebuilt = tell.clone();
        let opening = open(Arc::new(move |done, of| rebuilt(News::Loading { done, of })));
        let desk = opening.and_then(|opening| desk_on(opening, news));
        if !outcome.finish(desk) {
            tell(News::Unopened);
        }
        // Nobody waits for it any more: fine.
        let _ = done.send(());
    })?;
    // It goes on where this is over before.
    let _ = is_done.recv_timeout(AT_ONCE);
    match opened.failure() {
        Some(error) => Err(error),
        None => Ok((Box::new(Later(opened.clone())), told, opened)),
    }
}

impl Opened {
    /// Why it could not be opened; told once.
    pub(in crate::cli) fn failure(&self) -> Option<anyhow::Error> {
        let mut state = self.lock();
        match mem::replace(&mut *state, State::Over) {
            State::Failed(error) => Some(error),
            other => {
                *state = other;
                None
            }
        }
    }

    /// Hands on what was asked meanwhile; false where there is nothing to ask.
    fn finish(&self, desk: anyhow::Result<Box<dyn Desk>>) -> bool {
        let mut state = self.lock();
        let State::Opening(asks) = &mut *state else { return true };
        let asks = mem::take(asks);
        match desk {
            Ok(mut desk) => {
                for ask in asks {
                    desk.ask(ask);
                }
                *state = State::Open(desk);
                true
            }
            Err(error) => {
                *state = State::Failed(error);
                false
            }
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The UI's end.
struct Later(Opened);

impl Desk for Later {
    fn ask(&mut self, ask: Ask) {
        match &mut *self.0.lock() {
            State::Opening(asks) if asks.len() < ASKED => asks.push(ask),
            State::Open(desk) => desk.ask(ask),
            State::Opening(_) | State::Failed(_) | State::Over => {}
        }
    }

    fn rest(&mut self) {
        if let State::Open(desk) = &mut *self.0.lock() {
            desk.rest();
        }
    }
}

impl Drop for Later {
    fn drop(&mut self) {
        let mut state = self.0.lock();
        if !matches!(*state, State::Failed(_)) {
            *state = State::Over;
        }
    }
}

#[cfg(test)]
mod tests {
    use anyhow::anyhow;

    use super::*;
    use crate::tui::{desk::Ticket, rows::SessionId};

    /// The demo's tape, once it is allowed.
    fn held()
    -> (inbox::Sender<()>, impl FnOnce(Rebuilt) -> anyhow::Result<Opening> + Send + 'static) {
        let (go, may) = inbox::channel();
        (go, move |_: Rebuilt| {
            may.recv()?;
            Opening::tape("captures/2025-11-25/typescript.tape.jsonl".into())
        })
    }

    #[test]
    fn what_was_asked_before_it_was_open_is_answered_then() {
        let (go, open) = held();
        let (mut desk, mut news, opened) = later(String::new(), open).unwrap();
        let (ticket, session) = (Ticket(7), SessionId(0));
        desk.ask(Ask::Export { ticket, session, format: "nonsense".to_owned(), path: "x".into() });
        go.send(()).unwrap();
        let mut told = std::iter::from_fn(|| news.blocking_recv());
        assert!(told.any(|news| matches!(news, News::Failed(of, _) if of == ticket)));
        assert!(opened.failure().is_none());
    }

    #[test]
    fn what_cannot_be_opened_at_once_is_an_error_and_later_ends_the_screen() {
        let at_once = later(String::new(), |_| Err(anyhow!("it is no tape"))).map(drop);
        assert_eq!(at_once.unwrap_err().to_string(), "it is no tape");
        let (go, may) = inbox::channel::<()>();
        let (desk, mut news, opened) = later(String::new(), move |_| {
            may.recv()?;
            Err(anyhow!("the catalog is broken"))
        })
        .unwrap();
        go.send(()).unwrap();
        let mut told = std::iter::from_fn(|| news.blocking_recv());
        assert!(told.any(|news| matches!(news, News::Unopened)));
        drop(desk);
        assert_eq!(opened.failure().unwrap().to_string(), "the catalog is broken");
    }

    #[test]
    fn a_screen_that_is_closed_before_leaves_nothing_behind() {
        let (go, open) = held();
        let (desk, mut news, opened) = later(String::new(), open).unwrap();
        drop(desk);
        go.send(()).unwrap();
        // All threads end: the last of the senders is dropped.
        while news.blocking_recv().is_some() {}
        assert!(opened.failure().is_none());
    }
}
