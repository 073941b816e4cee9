//! What doctor looks at on this machine: the environment, the authority, the port, the store.

use std::{net::TcpListener, path::Path};

use super::super::{Ctx, system_proxy::DEFAULT_PROXY, units};
use crate::{
    recorder::home::Home,
    recorder::lock,
    store::free_space,
    tls::{Authority, system_roots},
};

/// How a check ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    /// As it should be.
    Good,
    /// Worth knowing.
    Note,
    /// Something will not work.
    Bad,
}

/// One thing that was looked at.
#[derive(Debug)]
pub(super) struct Check {
    pub(super) what: &'static str,
    pub(super) verdict: Verdict,
    pub(super) found: String,
    pub(super) remedy: Option<String>,
}

impl Check {
    fn good(what: &'static str, found: impl Into<String>) -> Self {
        Self { what, verdict: Verdict::Good, found: found.into(), remedy: None }
    }

    fn note(what: &'static str, found: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self { what, verdict: Verdict::Note, found: found.into(), remedy: Some(remedy.into()) }
    }

    fn bad(what: &'static str, found: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self { what, verdict: Verdict::Bad, found: found.into(), remedy: Some(remedy.into()) }
    }
}

/// All checks, in the order in which things go wrong.
pub(super) fn all(ctx: &Ctx) -> anyhow::Result<Vec<Check>> {
    let home = ctx.locate_home()?;
    let variable = |name: &str| std::env::var(name).ok();
    let mut checks = vec![folder(&home), owner(&home), space(&home), authority(&home)];
    checks.push(roots());
    checks.push(port());
    checks.extend(environment(&variable));
    Ok(checks)
}

fn folder(home: &Home) -> Check {
    let root = home.root().display().to_string();
    match home.ensure() {
        Ok(()) => Check::good("home", root),
        Err(error) => {
            let text = error.to_string();
            let said = text.lines().next().unwrap_or_default();
            Check::bad(
                "home",
                said,
                format!("choose another folder with --home, or make {root} yours"),
            )
        }
    }
}

fn owner(home: &Home) -> Check {
    match lock::holder(home) {
        Some(pid) => Check::good("store", format!("in use by wiretape, pid {pid}; others join it")),
        None => Check::good("store", "free"),
    }
}

/// Recording pauses below the journal's floor; doctor speaks up well before.
const LITTLE_SPACE: u64 = 2 << 30;

fn space(home: &Home) -> Check {
    match free_space(home.root()) {
        Ok(bytes) if bytes < LITTLE_SPACE => Check::note(
            "disk",
            format!("{} free", bytesize::ByteSize(bytes)),
            "`wiretape prune QUERY --purge` gives space back; recording pauses when there is none",
        ),
        Ok(bytes) => Check::good("disk", format!("{} free", bytesize::ByteSize(bytes))),
        Err(error) => Check::bad("disk", error.to_string(), "choose another folder with --home"),
    }
}

fn authority(home: &Home) -> Check {
    match Authority::open(&home.certs()) {
        Ok(authority) => Check::good(
            "authority",
            format!("{}, until {}", authority.cert_path().display(), authority.not_after().date()),
        ),
        Err(error) => {
            let text = error.to_string();
            let (said, hint) = text.split_once("\nhint: ").unwrap_or((&text, "wiretape ca rotate"));
            Check::bad("authority", said, hint)
        }
    }
}

fn roots() -> Check {
    match system_roots().len() {
        0 => Check::bad(
            "system roots",
            "none found: no server's certificate can be verified",
            "install your system's ca-certificates, or name a file with --upstream-ca",
        ),
        count => Check::good("system roots", units::count(count as u64, "certificate")),
    }
}

fn port() -> Check {
    match TcpListener::bind(DEFAULT_PROXY) {
        Ok(_) => Check::good("port", format!("{DEFAULT_PROXY} is free")),
        Err(error) => Check::note(
            "port",
            format!("{DEFAULT_PROXY}: {error}"),
            "fine if that is wiretape; else `wiretape --listen 127.0.0.1:0` takes a free one",
        ),
    }
}

/// Variables of this shell that would lead a client around us or away from its trust.
fn environment(variable: &dyn Fn(&str) -> Option<String>) -> Vec<Check> {
    let mut checks = Vec::new();
    for name in ["NO_PROXY", "no_proxy"] {
        if let Some(value) = variable(name).filter(|value| !value.is_empty()) {
            let remedy = "`wiretape run` empties it for its child; for other programs: unset it";
            checks.push(Check::note(
                name_of(name),
                format!("{name}={value} lets traffic past a proxy"),
                remedy,
            ));
        }
    }
    for name in ["HTTPS_PROXY", "https_proxy", "HTTP_PROXY", "http_proxy"] {
        if let Some(value) = variable(name).filter(|value| !value.is_empty()) {
            let remedy = "behind a company proxy, dial through it: --upstream-proxy env";
            checks.push(Check::note(
                name_of(name),
                format!("{name} is set ({})", without_secrets(&value)),
                remedy,
            ));
        }
    }
    if variable("NODE_OPTIONS").is_some_and(|value| value.contains("--use-env-proxy")) {
        let remedy = "Node 20 aborts on it; set NODE_USE_ENV_PROXY=1 instead";
        checks.push(Check::note("NODE_OPTIONS", "has --use-env-proxy", remedy));
    }
    for name in ["SSL_CERT_FILE", "NODE_EXTRA_CA_CERTS", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"] {
        if let Some(file) = variable(name).filter(|file| !Path::new(file).is_file()) {
            let remedy = format!("unset {name}, or point it at a PEM file");
            checks.push(Check::bad(name_of(name), format!("{name}={file} is no file"), remedy));
        }
    }
    if checks.is_empty() {
        checks.push(Check::good("environment", "nothing in the way"));
    }
    checks
}

fn name_of(variable: &str) -> &'static str {
    match variable {
        "NO_PROXY" | "no_proxy" => "proxy bypass",
        name if name.to_ascii_lowercase().ends_with("_proxy") => "another proxy",
        _ => "trust",
    }
}

/// A proxy's URL may carry a password.
fn without_secrets(url: &str) -> &str {
    url.rsplit_once('@').map_or(url, |(_, rest)| rest)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with(name: &'static str, value: &'static str) -> Vec<Check> {
        environment(&move |asked| (asked == name).then(|| value.to_owned()))
    }

    #[test]
    fn what_leads_around_us_is_named_with_its_remedy() {
        for (name, value) in [
            ("NO_PROXY", "localhost"),
            ("http_proxy", "http://corp:3128"),
            ("NODE_OPTIONS", "--use-env-proxy"),
        ] {
            let checks = with(name, value);
            assert_eq!(checks[0].verdict, Verdict::Note, "{name}");
            assert!(checks[0].remedy.is_some());
        }
        assert_eq!(with("SSL_CERT_FILE", "/nonexistent")[0].verdict, Verdict::Bad);
        assert_eq!(with("OTHER", "x")[0].verdict, Verdict::Good);
    }

    #[test]
    fn a_password_in_a_proxys_url_is_not_shown() {
        assert!(!with("HTTPS_PROXY", "http://u:hunter2@corp:3128")[0].found.contains("hunter2"));
    }
}
