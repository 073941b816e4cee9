//! The second stage of the command line: what was typed and what the config file says, checked and
//! joined. What is typed is text here; nothing is opened, bound or dialed.
//!
//! The config file is `config.toml` in the home. Its keys are the names of the flags, and what is
//! typed goes before it: single values replace, lists are added, switches are on if either says so.

mod file;
mod layer;
mod target;
mod wide;

use std::{
    net::{Ipv4Addr, SocketAddr},
    path::{Path, PathBuf},
};

pub use file::read_file;
use layer::Layer;
use serde::Deserialize;
pub use target::{client_url, listen};
pub use wide::{OnFull, Wide, WideAsked};

use crate::proxy::ListenerSettings;

/// The proxy's port unless told (faces.md).
const DEFAULT_PORT: u16 = 7070;

/// What was typed, or what the config file says: the flags of `record` and `run` as text.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub struct Typed {
    /// `PORT` or `HOST:PORT`.
    pub listen: Option<String>,
    /// `[LISTEN=]URL`.
    pub target: Vec<String>,
    /// The recording's name.
    pub name: Option<String>,
    /// Keep every exchange.
    pub all: bool,
    /// Host globs whose TLS is read.
    pub intercept: Vec<String>,
    /// Host globs that are passed through unread.
    pub tunnel: Vec<String>,
    /// `wait` or `gap`.
    pub on_full: Option<String>,
    /// Refuse traffic that cannot be recorded.
    pub require_recording: bool,
    /// A size like `2GB`; `GB` is decimal, `GiB` binary.
    pub max_store: Option<String>,
    /// A size.
    pub max_body: Option<String>,
    /// Replace secrets before they are written.
    pub redact_at_capture: bool,
    /// PEM files, relative to the working folder or, in the config file, to the home.
    pub upstream_ca: Vec<PathBuf>,
    /// Hosts whose certificates are not verified.
    pub insecure_host: Vec<String>,
    /// A PEM file.
    pub client_cert: Option<PathBuf>,
    /// A URL, or `env`.
    pub upstream_proxy: Option<String>,
    /// Host names that target ports accept.
    pub allow_host: Vec<String>,
    /// Origins that target ports accept.
    pub allow_origin: Vec<String>,
    /// Send targets the client's Host.
    pub keep_host: bool,
}

/// Which verb the settings are for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verb {
    /// `record`: the well-known port, and the config file's ports.
    Record,
    /// `run`: ports of its own, everything kept (design.md, What is intercepted and kept). The
    /// config file's `listen` and `target` are the recorder's.
    Run,
}

/// Checked settings.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settings {
    /// How the listeners dial, intercept and mark; `run` is left to the verb.
    pub listener: ListenerSettings,
    /// The recorder-wide options, where this process becomes the recorder.
    pub wide: Wide,
    /// The recorder-wide options that were typed, to be compared with a running recorder's.
    pub asked: WideAsked,
    /// What the user should know, one line each.
    pub warnings: Vec<String>,
}

impl Settings {
    /// Checks what was typed, and joins it with what [`read_file`] gave. Relative paths that were
    /// typed are under `cwd`.
    ///
    /// # Errors
    ///
    /// A value that is not understood, by the name of its flag.
    pub fn resolve(
        typed: &Typed,
        file: Option<&ConfigFile>,
        cwd: &Path,
        verb: Verb,
    ) -> Result<Self, SettingsError> {
        let typed = Layer::check(typed, cwd).map_err(SettingsError::Flag)?;
        let mut below = file.map(|file| file.layer.clone()).unwrap_or_default();
        if verb == Verb::Run {
            below.listener.listen = None;
            below.listener.targets.clear();
        }
        let asked = typed.asked;
        let layer = typed.over(below);
        let mut listener = layer.listener;
        let port = if verb == Verb::Run { 0 } else { DEFAULT_PORT };
        listener.listen.get_or_insert_with(|| (Ipv4Addr::LOCALHOST, port).into());
        listener.keep_all |= verb == Verb::Run;
        let warnings = warnings(&listener);
        Ok(Self { listener, wide: Wide::of(layer.asked), asked, warnings })
    }
}

fn warnings(listener: &ListenerSettings) -> Vec<String> {
    let ports = listener.targets.iter().map(|(address, _)| *address);
    let open = ports.chain(listener.listen).filter(|address| !address.ip().is_loopback());
    let open = open.map(|address: SocketAddr| {
        format!(
            "{address} can be reached from other machines, which then go through this proxy as you"
        )
    });
    let blind = listener.insecure_hosts.iter().map(|host| {
        format!("the certificate of {host} is not verified: somebody else may answer in its name")
    });
    open.chain(blind).collect()
}

/// What the config file says, checked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConfigFile {
    layer: Layer,
}

/// A value that is not understood.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("--{flag} `{value}`: {problem}")]
pub struct Wrong {
    /// The flag's name without dashes, which is also the config file's key.
    pub flag: &'static str,
    /// What it was given.
    pub value: String,
    /// What is wrong with it, and what would be right.
    pub problem: String,
}

/// Why there are no settings.
#[derive(Debug, thiserror::Error)]
pub enum SettingsError {
    /// A flag.
    #[error(transparent)]
    Flag(Wrong),
    /// A line of the config file.
    #[error(
        "{path}:{line}: `{key}`: {problem}\nhint: keys are the flags of `wiretape record --help` without their dashes"
    )]
    File {
        /// The file.
        path: PathBuf,
        /// Its line, from 1.
        line: usize,
        /// The key in that line.
        key: String,
        /// What is wrong with it.
        problem: String,
    },
    /// The config file is there and cannot be read.
    #[error("{path}: {source}")]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
}

#[cfg(test)]
mod tests;
