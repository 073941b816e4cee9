//! One home, many processes: the owner of the store serves the others on a local socket.
//!
//! This folder moves requests and records; it neither opens a store nor decides what is in it.

mod address;
mod client;
mod connection;
mod error;
mod frame;
mod open;
mod owner;
mod remote_source;
mod server;
#[cfg(test)]
mod tests;
mod wire;

pub use address::{Bound, bind};
pub use client::{Attached, RemoteFeed, RemoteListener};
pub use error::AttachError;
pub use open::{Opened, Purpose, open_home};
pub use owner::{Answering, FeedStream, ImportSink, Listening, Owner, ReaderOwner, Refusal};
pub use remote_source::RemoteSource;
pub use server::{Joined, Server, serve};
pub use wire::{ImportCounts, PruneCounts};
