//! The way of the traffic: listeners, CONNECT, forwarding, the tee.
//!
//! What one side sent reaches the other side at once and byte for byte (design.md, tenet 1). This
//! room reaches the recorder only through [`crate::tap`] and cannot tell whether anything is kept.

mod answer;
mod connect;
mod connection;
mod dial;
mod ending;
mod error;
mod failures;
mod forward;
mod gate;
mod guard;
mod hop;
mod link;
mod listener;
mod origin;
mod own;
mod refusal;
mod rewrite;
mod route;
mod rules;
mod settings;
mod sniff;
mod socket;
mod tee;
#[cfg(test)]
mod tests;
mod tunnel;
mod upstream;
mod wire;
mod writes;

use std::sync::Arc;

use crate::{
    tap::{Label, Tap},
    tasks::Tasks,
    tls::{Authority, Leaves},
};

pub use dial::DialError;
pub use error::ProxyError;
pub(crate) use guard::Guard;
pub use listener::{Bound, BoundTarget, Proxy};
pub use own::OwnPorts;
pub use rules::TUNNELED;
pub use settings::ListenerSettings;

/// What all proxies of a process show their clients.
#[derive(Clone)]
pub struct Trust {
    /// The certificate authority of this home.
    pub authority: Arc<Authority>,
    /// Its leaf certificates.
    pub leaves: Arc<Leaves>,
}

/// What the connections of one group of listeners share.
struct Shared {
    tap: Tap,
    tasks: Tasks,
    own: OwnPorts,
    rules: rules::Rules,
    failures: failures::Failures,
    dialing: Arc<link::Dialing>,
    authority: Arc<Authority>,
    leaves: Arc<Leaves>,
    label: Arc<Label>,
}
