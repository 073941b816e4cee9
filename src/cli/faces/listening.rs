//! `wiretape/listening/1`: the first line of a recording's JSON, once every listener is bound.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};

/// Where a recording listens.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct ListeningFace {
    schema: Cow<'static, str>,
    /// The forward proxy's URL.
    pub proxy: Option<String>,
    /// The reverse proxies.
    pub targets: Vec<TargetFace>,
    /// The CA certificate's file.
    pub ca: String,
    /// The home.
    pub home: String,
}

/// One reverse proxy.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct TargetFace {
    /// The server's origin, as it was given.
    pub target: String,
    /// Our port for it.
    pub url: String,
    /// What a client is to be given: `url` with the target's path, `/mcp` without one.
    pub client_url: String,
}

impl ListeningFace {
    /// The line for these listeners.
    #[must_use]
    pub fn new(proxy: Option<String>, targets: Vec<TargetFace>, ca: String, home: String) -> Self {
        Self { schema: Cow::Borrowed("wiretape/listening/1"), proxy, targets, ca, home }
    }
}
