//! What a listener is told, checked.

use std::{net::SocketAddr, path::PathBuf};

use serde::{Deserialize, Serialize};

/// How one group of listeners dials, intercepts and marks. A `run` beside a recorder sends its own
/// over the local socket, so paths are absolute.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ListenerSettings {
    /// Where the forward proxy listens; none for no forward proxy.
    pub listen: Option<SocketAddr>,
    /// Reverse proxies: where (port 0 unless told) and for which origin URL.
    pub targets: Vec<(SocketAddr, String)>,
    /// The label of its exchanges: which `run`.
    pub run: Option<String>,
    /// The label of its exchanges: the recording's name.
    pub name: Option<String>,
    /// Keep every exchange, MCP or not.
    pub keep_all: bool,
    /// Hosts (globs) whose TLS is intercepted although a tunnel rule names them.
    pub intercept: Vec<String>,
    /// Hosts (globs) that are passed through unread, beside the shipped list.
    pub tunnel: Vec<String>,
    /// PEM files with roots trusted beside the system's.
    pub upstream_ca: Vec<PathBuf>,
    /// Hosts whose certificates are not verified.
    pub insecure_hosts: Vec<String>,
    /// PEM file with the certificate and key shown to upstreams that ask.
    pub client_cert: Option<PathBuf>,
    /// An HTTP proxy to dial through: a URL, or `env` for the environment's.
    pub upstream_proxy: Option<String>,
    /// Host names that reverse ports accept beside loopback's.
    pub allow_hosts: Vec<String>,
    /// Origins that reverse ports accept beside loopback's.
    pub allow_origins: Vec<String>,
    /// Send the client's Host to reverse targets rather than their own.
    pub keep_host: bool,
}
