//! A station: the recorder of a home, its listeners and its socket. What `record`, `run` and `demo`
//! have in common.
//!
//! Whoever finds the home free becomes its owner; others let the owner listen for them
//! (design.md, One home, many processes).

mod owner;
mod retention;
mod standing;
mod typed;

use std::{sync::Arc, time::Duration};

use anyhow::Context as _;
use tokio::sync::watch;

use self::owner::RecorderOwner;
pub(super) use self::owner::described;
pub(super) use self::typed::typed;
use super::{
    Ctx,
    browse::{Live, Opening},
    faces::ListeningFace,
    progress::Rebuild,
    signals::Signals,
    trust, units,
};
use crate::{
    proxy::{ListenerSettings, OwnPorts, Trust},
    recorder::{
        FeedStart, OwnerSource, Recorder, RecorderSettings, Recovered, Status, Subscription,
        attach::{self, Attached, Joined, Opened, Purpose},
        home::Home,
        lock::HomeLock,
    },
    settings::{OnFull, Wide},
    tap,
    tasks::{self, Tasks},
    tls::{Authority, Leaves},
};

/// How long running exchanges get to end once a stop was asked for (faces.md).
const GRACE: Duration = Duration::from_secs(5);
/// How long readers get to take the rest of an answer.
const READERS_GRACE: Duration = Duration::from_secs(1);

/// How a home can be recorded into.
pub(super) enum Place {
    /// It was free: this process owns it now.
    Own(Station),
    /// Another process owns it.
    InUse(Attached),
}

/// A home that this process owns and records into.
pub(super) struct Station {
    home: Home,
    owner: Arc<RecorderOwner>,
    server: attach::Server,
    tasks: Tasks,
    lock: Arc<HomeLock>,
}

/// Finds out who owns the home; a free one is opened and served to others.
pub(super) async fn enter(home: &Home, wide: Wide, ctx: &mut Ctx) -> anyhow::Result<Place> {
    let mut bar = Rebuild::default();
    enter_telling(home, wide, move |done, of| bar.show(done, of), ctx).await
}

/// The same. Where a catalog is rebuilt, `rebuilt` is told how far, on a thread that may block.
pub(super) async fn enter_telling(
    home: &Home,
    wide: Wide,
    rebuilt: impl FnMut(u64, u64) + Send + 'static,
    ctx: &mut Ctx,
) -> anyhow::Result<Place> {
    match attach::open_home(home, Purpose::Write).await? {
        Opened::InUse(attached) => Ok(Place::InUse(attached)),
        Opened::Free(lock) => {
            Station::open(home.clone(), lock, wide, rebuilt, ctx).await.map(Place::Own)
        }
    }
}

impl Station {
    async fn open(
        home: Home,
        lock: HomeLock,
        wide: Wide,
        rebuilt: impl FnMut(u64, u64) + Send + 'static,
        ctx: &mut Ctx,
    ) -> anyhow::Result<Self> {
        let authority = Arc::new(Authority::open(&home.certs())?);
        let leaves = Arc::new(Leaves::new(Arc::clone(&authority)));
        let (recorder, tap, recovered) = open_recorder(&home, wide, rebuilt).await?;
        say_recovered(&recovered, ctx);
        let tasks = Tasks::new();
        let owner = Arc::new(RecorderOwner::new(
            home.clone(),
            recorder,
            tap,
            Trust { authority, leaves },
            OwnPorts::default(),
            wide,
            tasks.clone(),
        ));
        if let Some(limit) = wide.max_store {
            let (owner, out) = (Arc::clone(&owner), ctx.another_output());
            tasks.spawn(retention::keep_within(limit, owner, tasks.clone(), out));
        }
        let lock = Arc::new(lock);
        let socket = attach::bind(&home, &lock, &|name| std::env::var_os(name))?;
        // A group of its own: it serves on while the traffic drains.
        let door = Tasks::new();
        let server = attach::serve(socket, Arc::clone(&owner) as Arc<dyn attach::Owner>, &door);
        Ok(Self { home, owner, server, tasks, lock })
    }

    /// Opens listeners that live as long as the station.
    pub(super) async fn listen(
        &self,
        settings: &ListenerSettings,
    ) -> anyhow::Result<ListeningFace> {
        let bound = self.owner.proxy(settings, self.tasks.clone())?.bind().await?;
        let face = described(&bound, &self.home);
        bound.serve();
        Ok(face)
    }

    /// What is recorded, from now on.
    pub(super) fn feed(&self) -> Option<Subscription> {
        self.subscribed(FeedStart::Now)
    }

    fn subscribed(&self, from: FeedStart) -> Option<Subscription> {
        self.owner.with(|recorder| recorder.feed().subscribe(from))
    }

    /// What the terminal UI needs of the recorder in its own process.
    pub(super) fn opening(&self, listening: &ListeningFace) -> anyhow::Result<Opening> {
        let over = "the recording has ended";
        let source = self.source().context(over)?;
        let feed = self.subscribed(FeedStart::LookOn).context(over)?;
        // The screen tells how a client is to be set.
        let bundle = trust::write_bundle(&Authority::open(&self.home.certs())?, &self.home)?;
        Ok(Opening {
            source: Box::new(source),
            live: Some(Live::Own(feed)),
            standing: standing::of(&self.owner, &self.home, listening, &bundle),
            tape: None,
            home: Some(self.home.clone()),
            reveal: false,
            as_of: None,
        })
    }

    /// A reader of everything recorded so far.
    pub(super) fn source(&self) -> Option<OwnerSource> {
        self.owner.with(Recorder::source)
    }

    /// How the recording stands.
    pub(super) fn status(&self) -> Status {
        self.owner.with(Recorder::status).unwrap_or_default()
    }

    /// Stops accepting, lets exchanges end, writes the rest and lets go of the home. A signal
    /// meanwhile ends it at once, with everything synced; that is told by `false`.
    pub(super) async fn end(self, signals: &mut Signals, ctx: &mut Ctx) -> anyhow::Result<bool> {
        let waited = tokio::select! {
            () = self.others_left(ctx) => true,
            () = signals.next() => false,
        };
        let drained = waited
            && tokio::select! {
                _ = self.tasks.drain(GRACE) => true,
                () = signals.next() => false,
            };
        if !drained {
            self.tasks.abort();
            self.tasks.drain(Duration::ZERO).await;
        }
        let owner = Arc::clone(&self.owner);
        tasks::blocking(move || owner.close()).await?.context("the recording's last bytes")?;
        self.server.end(READERS_GRACE).await;
        drop(self.lock);
        Ok(drained)
    }

    /// Those who record through us are told of and waited for.
    async fn others_left(&self, ctx: &mut Ctx) {
        let mut joined: watch::Receiver<Vec<Joined>> = self.server.joined();
        let names: Vec<String> = joined.borrow().iter().map(named).collect();
        if names.is_empty() {
            return;
        }
        ctx.out.talk(format_args!(
            "wiretape: waiting for {}, recorded through this one; once more to end now",
            names.join(", ")
        ));
        // An error means that the server is gone, and with it everyone.
        let _ = joined.wait_for(Vec::is_empty).await;
    }
}

fn named(joined: &Joined) -> String {
    let run = joined.run.as_deref().unwrap_or("a run");
    match joined.pid {
        Some(pid) => format!("{} (pid {pid})", super::visible::line(run)),
        None => super::visible::line(run).into_owned(),
    }
}

async fn open_recorder(
    home: &Home,
    wide: Wide,
    mut rebuilt: impl FnMut(u64, u64) + Send + 'static,
) -> anyhow::Result<(Recorder, tap::Tap, Recovered)> {
    let captures = home.captures();
    let settings = RecorderSettings {
        on_full: match wide.on_full {
            OnFull::Wait => tap::OnFull::Wait,
            OnFull::Gap => tap::OnFull::Gap,
        },
        max_body: wide.max_body,
        require_recording: wide.require_recording,
        redact_at_capture: wide.redact_at_capture,
    };
    let opened = tasks::blocking(move || Recorder::open(&captures, settings, &mut rebuilt));
    Ok(opened.await??)
}

/// What opening the store had to mend.
fn say_recovered(recovered: &Recovered, ctx: &mut Ctx) {
    if let Some(why) = &recovered.rebuilt {
        ctx.out.talk(format_args!("wiretape: the catalog was rebuilt from the journal ({why})"));
    }
    if recovered.truncated_exchanges > 0 || recovered.cut_bytes > 0 {
        ctx.out.talk(format_args!(
            "wiretape: the last recording did not end well: {} marked truncated, \
             {} of an unfinished entry cut off",
            units::count(recovered.truncated_exchanges, "running exchange"),
            units::count(recovered.cut_bytes, "byte")
        ));
    }
    for place in &recovered.damage {
        ctx.out.talk(format_args!("warning: the journal cannot be read at {place}"));
    }
}
