//! Prints a feed on a thread of its own: a reader that takes nothing from its pipe holds up this
//! thread and nothing else.

use std::time::Duration;

use tokio::{sync::oneshot, time::timeout};

use super::{
    Ctx,
    live::{Form, Live},
    output::Output,
};
use crate::{
    clock,
    protocol::query::Query,
    recorder::{Passing, Subscription, attach::RemoteFeed},
    tasks,
};

/// How long the last lines may take to be printed once the recording is over.
const LAST_LINES: Duration = Duration::from_secs(2);

/// Records as they come, from here or from another process.
pub(super) trait Records: Send + 'static {
    /// The next ones; none once the recording is over. What is for people may be skipped where it
    /// comes too fast to be read by them.
    fn next(&mut self, form: Form) -> Option<Passing>;
}

impl Records for Subscription {
    fn next(&mut self, form: Form) -> Option<Passing> {
        match form {
            Form::Talk => self.next_passing(),
            Form::Lines | Form::Json => self.next_blocking().map(Passing::Records),
        }
    }
}

/// The feed of another process needs the runtime that it was opened in.
pub(super) struct Remote {
    feed: RemoteFeed,
    runtime: tokio::runtime::Handle,
}

impl Records for Remote {
    fn next(&mut self, _form: Form) -> Option<Passing> {
        // However the owner went, there is no more to print.
        self.runtime.block_on(self.feed.next()).ok().flatten().map(Passing::Records)
    }
}

/// What can be made into records to print.
pub(super) trait IntoRecords {
    /// The records.
    type Records: Records;
    /// Makes them; inside a runtime.
    fn into_records(self) -> Self::Records;
}

impl IntoRecords for Subscription {
    type Records = Self;

    fn into_records(self) -> Self {
        self
    }
}

impl IntoRecords for RemoteFeed {
    type Records = Remote;

    fn into_records(self) -> Remote {
        Remote { feed: self, runtime: tokio::runtime::Handle::current() }
    }
}

/// A thread that prints.
pub(super) struct Printer {
    done: oneshot::Receiver<()>,
}

impl Printer {
    /// Starts printing to the program's streams; without a form it only waits for the end.
    pub(super) fn start(
        feed: impl IntoRecords,
        form: Option<Form>,
        ctx: &Ctx,
    ) -> anyhow::Result<Self> {
        Self::start_with(feed, form, Query::default(), ctx.another_output())
    }

    /// The same for the messages that a query chooses, to an output of its own.
    pub(super) fn start_with(
        feed: impl IntoRecords,
        form: Option<Form>,
        query: Query,
        mut out: Output,
    ) -> anyhow::Result<Self> {
        let mut records = feed.into_records();
        let (ended, done) = oneshot::channel();
        tasks::background_thread("wiretape-lines", move || {
            match form {
                Some(form) => print(&mut records, form, Live::new(form, query, false), &mut out),
                None => while records.next(Form::Talk).is_some() {},
            }
            // Nobody may be waiting.
            let _ = ended.send(());
        })?;
        Ok(Self { done })
    }

    /// Waits for the last line of a recording that is over; a reader that does not take it is left
    /// behind.
    pub(super) async fn finish(self) {
        let _ = timeout(LAST_LINES, self.done).await;
    }

    /// Waits until there is no more to print.
    pub(super) async fn ended(self) {
        let _ = self.done.await;
    }
}

/// Prints until the recording is over. A closed pipe ends the printing and not the recording.
fn print(records: &mut impl Records, form: Form, mut live: Live, out: &mut Output) {
    while let Some(passing) = records.next(form) {
        let now = clock::now();
        let Passing::Records(batch) = passing else {
            live.skipped(now);
            continue;
        };
        for record in batch.iter() {
            if live.observe(record, now, out).is_err() {
                return;
            }
        }
        if out.flush().is_err() {
            return;
        }
    }
    // The same as above: nobody is left to be told.
    let _ = live.end(out);
}
