//! Which header fields go on to the next hop (RFC 9110 §7.6.1; faults.md 15).
//!
//! Pure. Where something goes, a map is built anew, because `HeaderMap::remove` reorders (crates.md
//! 2.1); nothing is ever added. Where framing is hyper's, the field that steers it stays (crates.md
//! 2.2).

use http::{HeaderMap, HeaderName, HeaderValue, header};

/// The request's fields for the upstream.
pub(crate) fn request_headers(headers: HeaderMap) -> HeaderMap {
    relayed(headers, &header::PROXY_AUTHORIZATION)
}

/// The answer's fields for the client; a 101's too.
pub(crate) fn response_headers(headers: HeaderMap) -> HeaderMap {
    relayed(headers, &header::PROXY_AUTHENTICATE)
}

/// Hop-by-hop whether or not `Connection` names them.
fn is_hop_by_hop(name: &HeaderName) -> bool {
    name == "keep-alive" || name == "proxy-connection" || name == "http2-settings"
}

fn relayed(headers: HeaderMap, and_not: &HeaderName) -> HeaderMap {
    // Most messages have nothing that is for this hop: theirs is the map that came.
    if headers.keys().any(|name| is_weighed(name) || name == and_not) {
        weighed(&headers, and_not)
    } else {
        headers
    }
}

/// Whether a field, or another one for its sake, may not go on. What `Connection` names is there
/// only with it.
fn is_weighed(name: &HeaderName) -> bool {
    let may_change = matches!(
        *name,
        header::CONNECTION | header::UPGRADE | header::TE | header::TRANSFER_ENCODING
    );
    may_change || is_hop_by_hop(name)
}

fn weighed(headers: &HeaderMap, and_not: &HeaderName) -> HeaderMap {
    let options = options(headers, &header::CONNECTION);
    let upgrades = upgrades(headers);
    let takes_trailers = has_option(headers, &header::TE, "trailers");
    let is_chunked_only = is_chunked_only(headers);
    let mut kept = HeaderMap::with_capacity(headers.len());
    for (name, value) in headers {
        let value = match *name {
            header::CONNECTION => connection(value, upgrades, takes_trailers),
            header::UPGRADE => upgrades.then(|| value.clone()),
            // hyper sends trailers on only to a peer that says it takes them.
            header::TE if takes_trailers => te(value),
            header::TE => None,
            // The field that keeps a GET's body and says how hyper frames. Said twice it would be
            // two readings for two parsers (faults.md 4).
            header::TRANSFER_ENCODING if is_chunked_only => {
                (!kept.contains_key(name)).then(|| value.clone())
            }
            // hyper frames by Transfer-Encoding then; never both on the wire (RFC 9112 §6.2).
            header::CONTENT_LENGTH if headers.contains_key(header::TRANSFER_ENCODING) => None,
            // Framing and routing, whoever claims that they belong to the connection.
            header::TRANSFER_ENCODING | header::CONTENT_LENGTH | header::HOST => {
                Some(value.clone())
            }
            _ if is_hop_by_hop(name) || name == and_not => None,
            _ if options.iter().any(|option| option.eq_ignore_ascii_case(name.as_str())) => None,
            _ => Some(value.clone()),
        };
        if let Some(value) = value {
            kept.append(name.clone(), value);
        }
    }
    kept
}

/// Whether the message asks for, or answers, an upgrade that we pass on. HTTP/2 on the same
/// connection is not one: what it carries could not be read (the JDK's client asks for h2c on every
/// http:// URL and is content without).
fn upgrades(headers: &HeaderMap) -> bool {
    let protocols = options(headers, &header::UPGRADE);
    has_option(headers, &header::CONNECTION, "upgrade")
        && !protocols.is_empty()
        && !protocols.iter().any(|protocol| {
            protocol.eq_ignore_ascii_case("h2c") || protocol.eq_ignore_ascii_case("h2")
        })
}

/// What is left of `Connection`: the names of those of its fields that go along.
fn connection(value: &HeaderValue, upgrades: bool, takes_trailers: bool) -> Option<HeaderValue> {
    only(value, |option| {
        (upgrades && option.eq_ignore_ascii_case("upgrade"))
            || (takes_trailers && option.eq_ignore_ascii_case("te"))
    })
}

fn te(value: &HeaderValue) -> Option<HeaderValue> {
    only(value, |coding| coding.eq_ignore_ascii_case("trailers"))
}

/// The value with only those list items; none if that leaves nothing. As it came if all stay.
fn only(value: &HeaderValue, stays: impl Fn(&str) -> bool) -> Option<HeaderValue> {
    let text = value.to_str().ok()?;
    if items(text).all(&stays) && items(text).next().is_some() {
        return Some(value.clone());
    }
    let left: Vec<&str> = items(text).filter(|item| stays(item)).collect();
    if left.is_empty() { None } else { HeaderValue::from_str(&left.join(", ")).ok() }
}

fn is_chunked_only(headers: &HeaderMap) -> bool {
    let codings = options(headers, &header::TRANSFER_ENCODING);
    let lines = headers.get_all(header::TRANSFER_ENCODING).iter().count();
    codings.len() == lines && codings.iter().all(|coding| coding.eq_ignore_ascii_case("chunked"))
}

fn has_option(headers: &HeaderMap, name: &HeaderName, wanted: &str) -> bool {
    options(headers, name).iter().any(|option| option.eq_ignore_ascii_case(wanted))
}

/// The list items of every field of that name.
fn options<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Vec<&'a str> {
    headers.get_all(name).iter().filter_map(|value| value.to_str().ok()).flat_map(items).collect()
}

fn items(text: &str) -> impl Iterator<Item = &str> {
    text.split(',').map(str::trim).filter(|item| !item.is_empty())
}

#[cfg(test)]
mod tests;
