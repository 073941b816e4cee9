//! Names to addresses, as the connector wants to ask for them, with a seam for tests.

use std::{
    fmt, io,
    net::SocketAddr,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
};

use hyper_util::client::legacy::connect::dns::Name;
use tower_service::Service;

type Found =
    Pin<Box<dyn Future<Output = Result<std::vec::IntoIter<SocketAddr>, LookupError>> + Send>>;

/// Asks for a name's addresses; their ports do not matter.
#[derive(Clone)]
pub(super) struct Lookup(Arc<dyn Fn(String) -> Found + Send + Sync>);

/// The name was not found. A type of its own, to tell it from a failed connect.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub(super) struct LookupError(pub(super) io::Error);

impl Lookup {
    /// The system's resolver.
    pub(super) fn system() -> Self {
        Self::by(|name| async move { Ok(tokio::net::lookup_host((name, 0)).await?.collect()) })
    }

    /// Any other.
    pub(super) fn by<F, R>(find: F) -> Self
    where
        F: Fn(String) -> R + Send + Sync + 'static,
        R: Future<Output = io::Result<Vec<SocketAddr>>> + Send + 'static,
    {
        Self(Arc::new(move |name| {
            let found = find(name);
            Box::pin(async move {
                let addresses = found.await.map_err(LookupError)?;
                if addresses.is_empty() {
                    return Err(LookupError(io::Error::other("it has no address")));
                }
                Ok(addresses.into_iter())
            })
        }))
    }
}

impl Service<Name> for Lookup {
    type Response = std::vec::IntoIter<SocketAddr>;
    type Error = LookupError;
    type Future = Found;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), LookupError>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, name: Name) -> Found {
        (self.0)(name.as_str().to_owned())
    }
}

impl fmt::Debug for Lookup {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Lookup")
    }
}
