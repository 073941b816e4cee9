//! What is recorded while one looks on: batches of records, on a thread that waits for them.

use std::sync::{Arc, mpsc};

use super::keeper::Wake;
use crate::{
    capture::Record,
    recorder::{FeedStart, Subscription, attach::Attached, home::Home},
    tasks,
};

/// Batches that wait for the desk. When there are more, the feed is not read on: it catches up from
/// the journal.
const BATCHES: usize = 4;

/// Where records come from.
pub enum Live {
    /// The recorder in this process, subscribed to look on.
    Own(Subscription),
    /// The recorder that owns this home.
    Remote(Home),
}

/// What the feed brings. Nothing recorded after [`Fed::Subscribed`] is missing.
pub(super) enum Fed {
    Subscribed,
    Records(Arc<[Record]>),
    /// The recording is over; why, where it broke off.
    Over(Option<String>),
}

/// Reads a feed; each piece is told of by [`Wake::Fed`].
pub(super) fn start(live: Live, wake: mpsc::Sender<Wake>) -> anyhow::Result<mpsc::Receiver<Fed>> {
    let (sender, batches) = mpsc::sync_channel(BATCHES);
    let send = move |fed| sender.send(fed).is_ok() && wake.send(Wake::Fed).is_ok();
    tasks::thread("browse-feed", move || {
        // What is seen of the traffic may come a moment later than the traffic.
        tasks::give_way();
        match live {
            Live::Own(subscription) => own(subscription, send),
            Live::Remote(home) => {
                let over = remote(&home, &send).err().map(|error| format!("{error:#}"));
                send(Fed::Over(over));
            }
        }
    })?;
    Ok(batches)
}

fn own(mut subscription: Subscription, send: impl Fn(Fed) -> bool) {
    if !send(Fed::Subscribed) {
        return;
    }
    while let Some(records) = subscription.next_blocking() {
        if !send(Fed::Records(records)) {
            return;
        }
    }
    send(Fed::Over(None));
}

fn remote(home: &Home, send: &impl Fn(Fed) -> bool) -> anyhow::Result<()> {
    let runtime = crate::cli::runtime()?;
    runtime.block_on(async {
        let Some(attached) = Attached::connect(home).await? else { return Ok(()) };
        let mut feed = attached.subscribe(FeedStart::LookOn).await?;
        let mut open = send(Fed::Subscribed);
        while open {
            let Some(records) = feed.next().await? else { return Ok(()) };
            open = send(Fed::Records(records));
        }
        Ok(())
    })
}
