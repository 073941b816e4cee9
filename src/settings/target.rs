//! Addresses: `--listen`, `--target` and the URL a client is given.

use std::net::{Ipv4Addr, SocketAddr};

use url::Url;

/// `[LISTEN=]URL` (faces.md): LISTEN is there only if no `://` precedes the first `=`. The URL is
/// normalised, a lone `/` as path left out.
pub(super) fn target(text: &str) -> Result<(SocketAddr, String), String> {
    let (place, url) = match text.split_once('=') {
        Some((place, url)) if !place.contains("://") => (Some(place), url),
        _ => (None, text),
    };
    let url = web_url(url)?;
    if !url.username().is_empty() || url.password().is_some() {
        return Err("a target has no user and password: the client sends its own".to_owned());
    }
    if url.fragment().is_some() {
        return Err("a target has no `#` part".to_owned());
    }
    let place = place.map(listen).transpose()?;
    let bare = url.path() == "/" && url.query().is_none();
    let normal = url.as_str();
    let normal = if bare { normal.trim_end_matches('/') } else { normal };
    Ok((place.unwrap_or((Ipv4Addr::LOCALHOST, 0).into()), normal.to_owned()))
}

/// `PORT` or `HOST:PORT`; a bare port is on 127.0.0.1. Hosts are addresses or `localhost`.
///
/// # Errors
///
/// What is expected instead.
pub fn listen(text: &str) -> Result<SocketAddr, String> {
    let port = text.strip_prefix("localhost:").unwrap_or(text);
    if port.bytes().all(|byte| byte.is_ascii_digit())
        && let Ok(port) = port.parse::<u16>()
    {
        return Ok((Ipv4Addr::LOCALHOST, port).into());
    }
    text.parse().map_err(|_| {
        "expected PORT or ADDRESS:PORT, like 7070, 127.0.0.1:7070 or [::1]:7070".to_owned()
    })
}

/// An http or https URL with a host.
pub(super) fn web_url(text: &str) -> Result<Url, String> {
    let url = Url::parse(text).map_err(|why| format!("`{text}` is no URL: {why}"))?;
    if matches!(url.scheme(), "http" | "https") && url.has_host() {
        Ok(url)
    } else {
        Err(format!("`{text}` is no http or https URL"))
    }
}

/// What a client of a reverse proxy is given: the proxy's URL and the path of its target, `/mcp`
/// without one (faces.md, `client_url`).
#[must_use]
pub fn client_url(url: &str, target: &str) -> String {
    let base = url.trim_end_matches('/');
    match Url::parse(target) {
        Ok(target) if target.path() != "/" || target.query().is_some() => {
            let query = target.query().map(|query| format!("?{query}")).unwrap_or_default();
            format!("{base}{}{query}", target.path())
        }
        _ => format!("{base}/mcp"),
    }
}
