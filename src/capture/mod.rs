//! THE model: what a recording is made of.
//!
//! One append-only list of [`Record`]s is all there is to a recording; journal, live feed and tape
//! carry the same ones (design.md, tenet 3). Everything else is read out of them.
//!
//! This room rests on nothing and knows no tokio, hyper, sled, file or clock: time comes in as a
//! [`Timestamp`], bytes as [`bytes::Bytes`].

#[cfg(test)]
pub(crate) mod arbitrary;
pub mod codec;
mod headers;
mod ids;
mod record;
pub mod redact;
mod timestamp;

pub use headers::Headers;
pub use ids::{BadId, ExchangeId};
pub(crate) use record::hex;
pub use record::{
    BodyHash, End, Fact, Gap, Head, Informational, Mode, NotKept, Open, Outcome, Record, Rewrite,
    RewriteWhere, Side, Timing, Tls, TlsFailure, TlsSide, Tunnel,
};
pub use timestamp::{BadTime, Timestamp};
