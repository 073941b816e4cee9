//! One layer of settings, checked: the command line, or the config file.

use std::path::Path;

use bytesize::ByteSize;

use super::{OnFull, Typed, WideAsked, Wrong, target};
use crate::proxy::ListenerSettings;

/// What one layer says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Layer {
    pub(super) listener: ListenerSettings,
    pub(super) asked: WideAsked,
}

impl Layer {
    /// Checks every value. Relative paths are under `base`.
    pub(super) fn check(typed: &Typed, base: &Path) -> Result<Self, Wrong> {
        let listener = ListenerSettings {
            listen: one("listen", typed.listen.as_ref(), target::listen)?,
            targets: each("target", &typed.target, target::target)?,
            run: None,
            name: typed.name.clone(),
            keep_all: typed.all,
            intercept: each("intercept", &typed.intercept, host)?,
            tunnel: each("tunnel", &typed.tunnel, host)?,
            upstream_ca: typed.upstream_ca.iter().map(|path| base.join(path)).collect(),
            insecure_hosts: each("insecure-host", &typed.insecure_host, host)?,
            client_cert: typed.client_cert.as_ref().map(|path| base.join(path)),
            upstream_proxy: one("upstream-proxy", typed.upstream_proxy.as_ref(), proxy)?,
            allow_hosts: each("allow-host", &typed.allow_host, host)?,
            allow_origins: each("allow-origin", &typed.allow_origin, origin)?,
            keep_host: typed.keep_host,
        };
        let asked = WideAsked {
            on_full: one("on-full", typed.on_full.as_ref(), on_full)?,
            require_recording: typed.require_recording.then_some(true),
            max_store: one("max-store", typed.max_store.as_ref(), size)?,
            max_body: one("max-body", typed.max_body.as_ref(), size)?,
            redact_at_capture: typed.redact_at_capture.then_some(true),
        };
        Ok(Self { listener, asked })
    }

    /// This layer, and what it leaves open from the one below.
    pub(super) fn over(self, below: Self) -> Self {
        let (own, low) = (self.listener, below.listener);
        let listener = ListenerSettings {
            listen: own.listen.or(low.listen),
            targets: joined(own.targets, low.targets),
            run: own.run.or(low.run),
            name: own.name.or(low.name),
            keep_all: own.keep_all || low.keep_all,
            intercept: joined(own.intercept, low.intercept),
            tunnel: joined(own.tunnel, low.tunnel),
            upstream_ca: joined(own.upstream_ca, low.upstream_ca),
            insecure_hosts: joined(own.insecure_hosts, low.insecure_hosts),
            client_cert: own.client_cert.or(low.client_cert),
            upstream_proxy: own.upstream_proxy.or(low.upstream_proxy),
            allow_hosts: joined(own.allow_hosts, low.allow_hosts),
            allow_origins: joined(own.allow_origins, low.allow_origins),
            keep_host: own.keep_host || low.keep_host,
        };
        let (own, low) = (self.asked, below.asked);
        let asked = WideAsked {
            on_full: own.on_full.or(low.on_full),
            require_recording: own.require_recording.or(low.require_recording),
            max_store: own.max_store.or(low.max_store),
            max_body: own.max_body.or(low.max_body),
            redact_at_capture: own.redact_at_capture.or(low.redact_at_capture),
        };
        Self { listener, asked }
    }
}

fn one<T>(
    flag: &'static str,
    text: Option<&String>,
    parse: impl Fn(&str) -> Result<T, String>,
) -> Result<Option<T>, Wrong> {
    text.map(|text| parsed(flag, text, parse)).transpose()
}

fn each<T>(
    flag: &'static str,
    texts: &[String],
    parse: impl Fn(&str) -> Result<T, String>,
) -> Result<Vec<T>, Wrong> {
    texts.iter().map(|text| parsed(flag, text, &parse)).collect()
}

fn parsed<T>(
    flag: &'static str,
    text: &str,
    parse: impl Fn(&str) -> Result<T, String>,
) -> Result<T, Wrong> {
    parse(text).map_err(|problem| Wrong { flag, value: text.to_owned(), problem })
}

/// Own entries first; what both say stands once.
fn joined<T: PartialEq>(mut own: Vec<T>, below: Vec<T>) -> Vec<T> {
    for item in below {
        if !own.contains(&item) {
            own.push(item);
        }
    }
    own
}

fn host(text: &str) -> Result<String, String> {
    if text.is_empty() || text.contains("//") || text.contains(char::is_whitespace) {
        return Err("expected a host or a pattern for hosts, like *.example.com".to_owned());
    }
    Ok(text.to_owned())
}

fn origin(text: &str) -> Result<String, String> {
    let url = target::web_url(text)?;
    let origin = url.origin().ascii_serialization();
    if url.as_str().trim_end_matches('/') == origin {
        Ok(origin)
    } else {
        Err(format!("expected scheme, host and port only, like {origin}"))
    }
}

fn proxy(text: &str) -> Result<String, String> {
    if text == "env" {
        return Ok(text.to_owned());
    }
    target::web_url(text).map(Into::into)
}

fn on_full(text: &str) -> Result<OnFull, String> {
    match text {
        "wait" => Ok(OnFull::Wait),
        "gap" => Ok(OnFull::Gap),
        _ => Err("expected wait or gap".to_owned()),
    }
}

fn size(text: &str) -> Result<u64, String> {
    let size = text.parse::<ByteSize>();
    size.map(|size| size.as_u64())
        .map_err(|_| "expected a size like 500MB, 2GB or 64KiB".to_owned())
}
