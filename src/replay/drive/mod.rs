//! Being the client: sends the steps of a [`Plan`] to a live server, one after the other, and makes
//! of every live exchange the records that the proxy would have made.
//!
//! `wire` has a task for each request in the air and brings what comes as events; `driver` takes
//! them, whatever stream they come on, while it waits for one thing. `step` sends a step and waits
//! for what it awaits, `parts` drives operations to their end (polls, multi-round trips), `ask`
//! answers the server, `listen` keeps streams whose messages count, `request` makes a head of a
//! recorded one, `target` says where it goes, `taken` is a step whose turn it is, `replayed` what it
//! brought; `foretell` says what would be sent. Of
//! each step's own exchanges a small story is told, which is held against the recorded one by
//! [`super::compare`]; after that they are let go, so memory does not grow with the tape. Whoever is
//! told of a step may lag behind: what is handed over is its own, and says what was learnt by then.

mod ask;
mod connector;
mod driver;
mod exchange;
mod foretell;
mod ids;
mod jar;
mod listen;
mod parts;
mod renew;
mod replayed;
mod request;
mod settle;
mod step;
mod taken;
mod target;
mod wire;

use std::{sync::Arc, time::Duration};

use super::{
    bind::{Bindings, Edits, News},
    guard::Guard,
    plan::Plan,
};
use crate::{
    capture::{ExchangeId, Record},
    protocol::Story,
    tasks::Tasks,
    tls::{UpstreamSettings, UpstreamTls, UpstreamTlsError},
};
use driver::Driver;
pub use foretell::{Foretold, foretell, tool};
pub use replayed::Replayed;
pub use request::OwnFields;
pub use taken::Taken;
pub use target::endpoint;

/// How much longer than its recording an answer may take before it counts as missing.
pub const PATIENCE: Duration = Duration::from_secs(30);

/// What the user said.
#[derive(Clone, Debug)]
pub struct Settings {
    /// `--to`.
    pub to: String,
    /// `--header` and `--header-env`.
    pub headers: Vec<(String, String)>,
    /// Which tools may be called.
    pub guard: Guard,
    /// `--set`: what is put at places of the chosen steps' messages.
    pub edits: Edits,
    /// What the user changed in the fields of the chosen steps' requests.
    pub own: OwnFields,
    /// Recorded pauses are divided by this; none to send as fast as possible.
    pub speed: Option<f64>,
    /// Roots, hosts that are not verified, a client certificate.
    pub upstream: UpstreamSettings,
    /// What live records bear as their run, and as their name.
    pub run: String,
    /// The name links them to what is replayed.
    pub name: Option<String>,
    /// Streams that listen are told with all that they brought.
    pub strict: bool,
    /// How much longer than its recording an answer may take: [`PATIENCE`].
    pub patience: Duration,
}

/// Tells the calls of a plan that stand alone, each when its turn comes.
pub trait Teller {
    /// The story of one exchange; an error says why the recording cannot be read any more.
    ///
    /// # Errors
    ///
    /// What holds the recording failed, or was changed.
    fn tell(&self, exchange: ExchangeId) -> Result<Story, String>;
}

/// A plan without such calls.
impl Teller for () {
    fn tell(&self, exchange: ExchangeId) -> Result<Story, String> {
        Err(format!("{exchange} is told by nobody"))
    }
}

/// Whoever wants to know how it goes.
pub trait Report<'p> {
    /// A record of a live exchange was made.
    fn record(&mut self, _record: &Record) {}

    /// A step is over; by then this was learnt since the one before, of what a table of the same
    /// bindings began with. Steps that nobody chose are told too, those that are not sent are not.
    fn done(&mut self, taken: Taken<'p>, done: Done, news: News);

    /// Headers that were not sent because the tape has only placeholders of them, or because they
    /// are credentials: at the end.
    fn left_out(&mut self, _names: Vec<String>) {}
}

/// What became of a step.
#[derive(Debug)]
pub enum Done {
    /// It was not sent, and why.
    Skipped(String),
    /// It was sent.
    Sent(Box<Sent>),
}

/// A step that was sent.
#[derive(Debug)]
pub struct Sent {
    /// Its live exchanges.
    pub replayed: Replayed,
    /// What else there is to say, for people.
    pub notes: Vec<String>,
    /// What the server said that no recorded step accounts for.
    pub extras: Vec<Extra>,
}

/// A message of the server that was not recorded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Extra {
    /// Its method.
    pub method: String,
    /// What it is, and what was answered.
    pub reason: String,
}

/// Why nothing can be sent.
#[derive(Debug, thiserror::Error)]
pub enum DriveError {
    /// `--to` is no URL.
    #[error(
        "--to is no http or https URL\nhint: the endpoint as a client is given it, like http://127.0.0.1:3000/mcp"
    )]
    To,
    /// The recording has no URL that could be replaced.
    #[error("the recording has no step with a URL")]
    NoEndpoint,
    /// What is played cannot be read any more.
    #[error("the recording: {0}")]
    Recording(String),
    /// Files that were named for TLS.
    #[error(transparent)]
    Tls(#[from] UpstreamTlsError),
    /// The first request did not get there.
    #[error(
        "{to} cannot be reached: {why}\nhint: is the server running, and is this the URL that a client is given?"
    )]
    Unreachable {
        /// Where to.
        to: String,
        /// The system's words, or TLS's.
        why: String,
    },
}

/// Sends a plan's steps and reports each as it is done. Gives how many stories of steps that stand
/// alone were alive at once at most, those included that whoever is told still holds.
///
/// # Errors
///
/// Nothing could be sent: the settings are wrong, or the server was never reached.
pub async fn drive<'p>(
    plan: &'p Plan<'p>,
    bindings: &Bindings,
    teller: &dyn Teller,
    settings: &Settings,
    tasks: &Tasks,
    report: &mut dyn Report<'p>,
) -> Result<usize, DriveError> {
    if plan.items.is_empty() {
        return Ok(0);
    }
    let tls = Arc::new(UpstreamTls::new(&settings.upstream)?);
    let driver = Driver::new(plan, (bindings.table(), teller), settings, tls, tasks, report)?;
    driver.run().await
}
