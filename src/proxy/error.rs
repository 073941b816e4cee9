//! What keeps a proxy from starting.

use std::{io, net::SocketAddr};

use crate::tls::UpstreamTlsError;

/// Why a proxy cannot listen.
#[derive(Debug, thiserror::Error)]
pub enum ProxyError {
    /// A reverse target is no origin.
    #[error(
        "`{target}` cannot be a target: {reason}\n\
         hint: give an origin like http://127.0.0.1:3000 or https://mcp.example/mcp"
    )]
    Target {
        /// What was given.
        target: String,
        /// What is wrong with it.
        reason: String,
    },
    /// The upstream proxy cannot be one; the text says why and what helps.
    #[error("{0}")]
    UpstreamProxy(String),
    /// What is said about upstreams' TLS cannot be used.
    #[error(transparent)]
    Tls(#[from] UpstreamTlsError),
    /// An address cannot be listened on.
    #[error("cannot listen on {addr}: {source}\nhint: {hint}")]
    Bind {
        /// Where.
        addr: SocketAddr,
        /// The system's reason.
        #[source]
        source: io::Error,
        /// What helps.
        hint: String,
    },
}

impl ProxyError {
    pub(super) fn bind(addr: SocketAddr, source: io::Error) -> Self {
        let hint = match source.kind() {
            io::ErrorKind::AddrInUse => {
                format!("another program has port {}; choose another, or 0 for any", addr.port())
            }
            io::ErrorKind::PermissionDenied => {
                "ports below 1024 belong to the system; choose a higher one, or 0 for any"
                    .to_owned()
            }
            io::ErrorKind::AddrNotAvailable => {
                format!("this machine has no address {}; 127.0.0.1 always works", addr.ip())
            }
            _ => "choose another address with --listen".to_owned(),
        };
        Self::Bind { addr, source, hint }
    }
}
