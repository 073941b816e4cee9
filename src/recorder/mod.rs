//! The task that owns the store: it takes what the tap brings, decides what is kept, writes the
//! journal and the catalog, and serves readers, in this process and over a local socket.
//!
//! It must not reach the traffic but through [`crate::tap`]: a slow disk fills the tap, a broken one
//! pauses the recording, and neither is the traffic's concern. It prints nothing and reads no bytes of
//! MCP itself; that is [`crate::protocol`]'s.

mod append;
pub mod attach;
mod catalog_thread;
mod cursors;
mod cut;
mod feed;
mod fold;
mod ground;
pub mod home;
mod ids;
mod import;
mod judgements;
mod keep;
mod live_table;
pub mod lock;
mod not_kept;
mod open_table;
mod owner_source;
mod pace;
mod pack;
mod pause;
mod postings;
mod prune;
#[expect(clippy::module_inception, reason = "the room's main piece bears its name")]
mod recorder;
mod recovery;
mod redaction;
mod ring;
mod rows;
mod shared;
mod source;
mod status;
mod syncer;
mod tape_source;
#[cfg(test)]
pub(crate) mod testing;
#[cfg(test)]
mod tests;
mod writer;

pub use feed::{Feed, FeedStart, Passing, Subscription};
pub use import::{Gathering, Imported, Importer};
pub use owner_source::OwnerSource;
pub use prune::{Pruned, Pruner};
pub use recorder::{OpenError, Recorder, RecorderSettings};
pub use recovery::Recovered;
pub use source::{Origin, Source, SourceError};
pub use status::{Recorded, Status};
pub use tape_source::TapeSource;
