//! Why an upstream was not reached, and what helps.

use std::{error::Error, fmt, io, time::Duration};

use http::uri::Authority;

use super::lookup::LookupError;

/// Why no connection came about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DialError {
    /// One sentence that names host and cause.
    pub reason: String,
    /// What helps; a phrase.
    pub remedy: String,
    /// Whether somebody was silent for too long: 504 rather than 502.
    pub timed_out: bool,
}

impl fmt::Display for DialError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}\nhint: {}", self.reason, self.remedy)
    }
}

impl Error for DialError {}

impl DialError {
    pub(super) fn new(reason: String, remedy: &str) -> Self {
        Self { reason, remedy: remedy.to_owned(), timed_out: false }
    }

    pub(super) fn no_host(text: &str) -> Self {
        Self::new(format!("{text:?} is no host and port"), "check the URL the client was given")
    }

    pub(super) fn silent(target: &Authority, after: Duration) -> Self {
        Self {
            timed_out: true,
            ..Self::new(
                format!("{target} did not answer within {} s", after.as_secs()),
                "check that the host is up and no firewall drops the connection; networks that need \
                 a proxy: --upstream-proxy URL",
            )
        }
    }

    /// The connector hides its causes behind each other; the first that says something decides.
    pub(super) fn connect(target: &Authority, error: &(dyn Error + 'static)) -> Self {
        let mut cause = Some(error);
        while let Some(error) = cause {
            if let Some(LookupError(error)) = error.downcast_ref() {
                return Self::lookup(target, error);
            }
            if let Some(error) = error.downcast_ref::<io::Error>() {
                return Self::io(target, error);
            }
            cause = error.source();
        }
        Self::new(format!("{target} cannot be reached: {error}"), "check host and port")
    }

    pub(super) fn io(target: &Authority, error: &io::Error) -> Self {
        use io::ErrorKind as Kind;
        match error.kind() {
            Kind::ConnectionRefused => Self::new(
                format!("{target} refused the connection"),
                "check that the server runs and listens on this port",
            ),
            Kind::TimedOut => Self::silent(target, super::CONNECT_TIMEOUT),
            Kind::HostUnreachable | Kind::NetworkUnreachable | Kind::NetworkDown => Self::new(
                format!("{target} is unreachable from this machine: {error}"),
                "check the network or the VPN",
            ),
            Kind::ConnectionReset | Kind::ConnectionAborted | Kind::UnexpectedEof => Self::new(
                format!("{target} closed the connection at once"),
                "check that the server listens on this port and lets this machine in",
            ),
            _ => Self::new(format!("{target} cannot be reached: {error}"), "check host and port"),
        }
    }

    fn lookup(target: &Authority, error: &io::Error) -> Self {
        let host = target.host();
        Self::new(
            format!("the name {host} was not found: {error}"),
            "check its spelling and the name server; networks that need a proxy: \
             --upstream-proxy URL",
        )
    }

    /// The same failure where the host is not the one the client asked for.
    pub(super) fn of_upstream_proxy(self) -> Self {
        Self {
            reason: format!("upstream proxy: {}", self.reason),
            remedy: format!("{} (this is the proxy of --upstream-proxy)", self.remedy),
            ..self
        }
    }
}
