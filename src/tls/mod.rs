//! Certificates and TLS on both sides.
//!
//! Toward clients: one [`Authority`] a home, a leaf for every host it is asked for ([`Leaves`]) and
//! a handshake that reads the `ClientHello` before it decides ([`read_hello`]). Toward upstreams:
//! the system's roots and what the user added ([`UpstreamTls`]). What goes wrong comes out as a
//! [`Blame`]: whose fault it is and what helps.
//!
//! This room dials nothing, listens nowhere and applies no timeouts: it is handed streams by
//! `proxy`, which bounds them in time. The only files it touches are the authority's pair and the
//! PEM files it is told of.

mod authority;
mod blame;
mod connector;
mod facts;
mod hello;
mod host;
mod keep;
mod leaf;
mod mint;
mod roots;
mod upstream;
mod verify;

#[cfg(test)]
mod tests;

use std::sync::{Arc, OnceLock};

use rustls::crypto::{CryptoProvider, ring};

pub use authority::{Authority, AuthorityError};
pub use blame::Blame;
pub use connector::{connector_trusting, https_connector};
pub use facts::client_facts;
pub use hello::{Hello, HelloError, read_hello};
pub use host::BadHost;
pub use leaf::{LeafError, Leaves};
pub use roots::{bundle_pem, system_roots};
pub use upstream::{Connected, UpstreamSettings, UpstreamTls, UpstreamTlsError};

/// The one provider of cryptography, always named: with two in a tree rustls would guess.
fn provider() -> Arc<CryptoProvider> {
    static PROVIDER: OnceLock<Arc<CryptoProvider>> = OnceLock::new();
    PROVIDER.get_or_init(|| Arc::new(ring::default_provider())).clone()
}
