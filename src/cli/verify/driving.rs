//! Sends what was planned, on a thread of its own. The tape is read ahead of it on another, and what
//! becomes of each step is judged behind it: between two calls is nothing but what the second one
//! needs. The order of all that is told is that of the steps.

use std::{
    cell::RefCell,
    io,
    sync::mpsc::{SyncSender, sync_channel},
    time::Duration,
};

use super::{
    load::{Early, Played, READ_AHEAD, Telling, size},
    pipe::{Bounds, Giver, Gone, Taker, beside},
    run::{Asked, PlannedSession},
};
use crate::{
    capture::{ExchangeId, Fact, Record},
    cli::{
        failure::{Failure, code},
        single_thread,
    },
    protocol::Story,
    replay::{
        bind::News,
        drive::{Done, DriveError, PATIENCE, Report, Settings, Taken, Teller, drive},
        plan::{Item, Role},
    },
    tasks::Tasks,
};

/// What the connections' tasks get to end.
const GRACE: Duration = Duration::from_secs(1);

/// Steps that are done and not judged. Where judging is slower than the server, or whoever is told
/// is, the next step waits. Nobody sees whether a verdict comes so much later.
pub(super) const JUDGED_BEHIND: Bounds =
    Bounds { pieces: 64, bytes: 8 << 20, at_once: 16, at_most: Some(Duration::from_millis(20)) };

/// Records that wait for the end of their step; more are told at once.
const HEARD: usize = 256;

/// What is played, and its plans.
pub(super) type Planned<'s> = Vec<(&'s Played, Vec<PlannedSession<'s>>)>;

/// What is told of a run.
pub(super) enum Told<'p> {
    /// A tape begins.
    Tape(&'p Played, &'p [PlannedSession<'p>]),
    /// A session of it begins.
    Session(&'p PlannedSession<'p>),
    /// Records of live exchanges were made.
    Records(Vec<Record>),
    /// A step is over; these are the records before its end.
    Done(Vec<Record>, Box<(Taken<'p>, Done, News)>),
    /// Headers that were not sent.
    LeftOut(Vec<String>),
    /// A session is done: so many stories were alive at once. The next one begins when this is
    /// answered.
    Played(usize, SyncSender<()>),
}

/// Sends all that was planned. True where it was stopped before the end.
pub(super) fn driven<'p>(
    planned: &'p Planned<'p>,
    asked: &Asked,
    stopped: impl Future<Output = io::Result<()>>,
    told: &Giver<Told<'p>>,
) -> anyhow::Result<bool> {
    let read = |early: Giver<Early>| read_ahead(planned, &early);
    let drive = |early| {
        let early = Front::new(early);
        // Steps go one after the other: handing each from thread to thread would cost more than it
        // does.
        let runtime = single_thread()?;
        runtime.block_on(async {
            let tasks = Tasks::new();
            let ended = tokio::select! {
                // Signals are listened to before anything is sent.
                biased;
                stopped = stopped => stopped.map(|()| true).map_err(Into::into),
                ended = play_all(planned, &early, asked, &tasks, told) => ended.map(|()| false),
            };
            tasks.abort();
            tasks.drain(GRACE).await;
            ended
        })
    };
    let ((), ended) = beside("tape-ahead", READ_AHEAD, read, drive)?;
    ended
}

/// Tells all calls that stand alone, in the order in which they will be asked for.
fn read_ahead(planned: &Planned<'_>, early: &Giver<Early>) {
    for PlannedSession { plan, telling, .. } in planned.iter().flat_map(|(_, plans)| plans) {
        let wanted = plan.items.iter().filter_map(|item| match item {
            Item::Apart(apart) if apart.role != Role::Left => Some(apart.exchange),
            _ => None,
        });
        if !telling.ahead(wanted, early) {
            return;
        }
    }
}

async fn play_all<'p>(
    planned: &'p Planned<'p>,
    early: &Front,
    asked: &Asked,
    tasks: &Tasks,
    told: &Giver<Told<'p>>,
) -> anyhow::Result<()> {
    for (played, plans) in planned {
        told.give(Told::Tape(played, plans), 0)?;
        for session in plans {
            let PlannedSession { plan, bindings, telling } = session;
            told.give(Told::Session(session), 0)?;
            let settings = settings(asked, plan.story.session.id);
            let ahead = Ahead { early, telling };
            let mut behind = Behind::new(asked, told);
            let alive = drive(plan, bindings, &ahead, &settings, tasks, &mut behind).await;
            drop(behind);
            let (answer, answered) = sync_channel(1);
            told.give(Told::Played(alive.map_err(failed)?, answer), 0)?;
            told.hurry();
            answered.recv().map_err(|_| Gone)?;
        }
    }
    Ok(())
}

/// The stories that were told ahead.
struct Front(RefCell<(Taker<Early>, Option<Early>)>);

impl Front {
    fn new(early: Taker<Early>) -> Self {
        Self(RefCell::new((early, None)))
    }

    /// The next one, where it is this.
    fn take(&self, wanted: ExchangeId) -> Option<anyhow::Result<Story>> {
        let (early, next) = &mut *self.0.try_borrow_mut().ok()?;
        match next.take().or_else(|| early.take())? {
            Ok((exchange, story)) if exchange == wanted => Some(Ok(story)),
            Err(error) => Some(Err(error)),
            other => {
                *next = Some(other);
                None
            }
        }
    }
}

/// Tells a session's calls that stand alone: as they were read ahead, or out of their turn.
struct Ahead<'a> {
    early: &'a Front,
    telling: &'a Telling<'a>,
}

impl Teller for Ahead<'_> {
    fn tell(&self, exchange: ExchangeId) -> Result<Story, String> {
        let story = self.early.take(exchange).unwrap_or_else(|| self.telling.story(exchange));
        story.map_err(|error| format!("{error:#}"))
    }
}

/// Hands over what becomes of each step.
struct Behind<'a, 'p> {
    told: &'a Giver<Told<'p>>,
    /// All records are wanted, not only those that say what is secret.
    all: bool,
    heard: Vec<Record>,
}

impl<'a, 'p> Behind<'a, 'p> {
    fn new(asked: &Asked, told: &'a Giver<Told<'p>>) -> Self {
        Self { told, all: asked.keep || asked.update, heard: Vec::new() }
    }

    // Where nobody judges any more the run is ended by that.
    fn give(&self, told: Told<'p>, bytes: usize) {
        let _ = self.told.give(told, bytes);
    }

    fn give_heard(&mut self) {
        if !self.heard.is_empty() {
            let heard = std::mem::take(&mut self.heard);
            let bytes = size(&heard);
            self.give(Told::Records(heard), bytes);
        }
    }
}

impl<'p> Report<'p> for Behind<'_, 'p> {
    fn record(&mut self, record: &Record) {
        if self.all || matches!(record.fact, Fact::Open(_) | Fact::Head(_)) {
            self.heard.push(record.clone());
        }
        if self.heard.len() >= HEARD {
            self.give_heard();
        }
    }

    fn done(&mut self, taken: Taken<'p>, done: Done, news: News) {
        let heard = std::mem::take(&mut self.heard);
        let sent = match &done {
            Done::Sent(sent) => sent.replayed.bytes(),
            Done::Skipped(_) => 0,
        };
        let bytes = size(&heard) + taken.bytes() + sent;
        self.give(Told::Done(heard, Box::new((taken, done, news))), bytes);
    }

    fn left_out(&mut self, names: Vec<String>) {
        self.give_heard();
        self.give(Told::LeftOut(names), 0);
    }
}

/// What was made before the run was stopped is told too.
impl Drop for Behind<'_, '_> {
    fn drop(&mut self) {
        self.give_heard();
    }
}

pub(super) fn settings(asked: &Asked, session: ExchangeId) -> Settings {
    Settings {
        to: asked.to.clone(),
        headers: asked.headers.clone(),
        guard: asked.guard.clone(),
        edits: asked.edits.clone(),
        own: asked.own.clone(),
        speed: asked.speed,
        upstream: asked.upstream.clone(),
        run: format!("replay-{}", ExchangeId::next()),
        name: Some(format!("replay of {session}")),
        strict: asked.strict,
        patience: PATIENCE,
    }
}

fn failed(error: DriveError) -> anyhow::Error {
    match error {
        DriveError::Unreachable { .. } => Failure::with_code(code::NETWORK, error),
        other => other.into(),
    }
}
