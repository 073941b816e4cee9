//! Where metadata may be found (protocol.md §4; RFC 9728 3.1, RFC 8414 3.1).

use url::Url;

use super::model::{Metadata, OAuth, Step, StepKind, WellKnown};

/// Authorization servers of one resource that are looked for; further ones are left out.
const SERVERS_CAP: usize = 8;

/// The URLs of a resource's metadata: by its path, then at the root.
pub(super) fn of_resource(server: &Url) -> Vec<String> {
    const NAME: &str = "/.well-known/oauth-protected-resource";
    let path = server.path().trim_end_matches('/');
    let mut urls = vec![at(server, &format!("{NAME}{path}"))];
    if !path.is_empty() {
        urls.push(at(server, NAME));
    }
    urls
}

/// The URLs of an issuer's metadata, in the order in which clients try them.
pub(super) fn of_issuer(issuer: &Url) -> Vec<String> {
    const OAUTH: &str = "/.well-known/oauth-authorization-server";
    const OPENID: &str = "/.well-known/openid-configuration";
    let path = issuer.path().trim_end_matches('/');
    let paths = if path.is_empty() {
        vec![OAUTH.to_owned(), OPENID.to_owned()]
    } else {
        vec![format!("{OAUTH}{path}"), format!("{OPENID}{path}"), format!("{path}{OPENID}")]
    };
    paths.iter().map(|path| at(issuer, path)).collect()
}

fn at(base: &Url, path: &str) -> String {
    let mut url = base.clone();
    url.set_path(path);
    url.set_query(None);
    url.set_fragment(None);
    url.into()
}

/// Whether two URLs are one but for a slash at the end.
pub(super) fn same(a: &str, b: &str) -> bool {
    a.trim_end_matches('/') == b.trim_end_matches('/')
}

/// Every place that the specification names for this story, and what was found there.
pub(super) fn discovery(oauth: &OAuth) -> Vec<WellKnown> {
    let Ok(server) = Url::parse(&oauth.server) else { return Vec::new() };
    let named = oauth.steps.iter().filter_map(|step| step.facts.resource_metadata.as_deref());
    let mut resource: Vec<String> = named.map(str::to_owned).collect();
    resource.extend(of_resource(&server));
    let mut found = Vec::new();
    for url in resource {
        list(&mut found, oauth, url, Metadata::Resource);
    }
    let servers = oauth.of(StepKind::ResourceMetadata).flat_map(|s| &s.facts.authorization_servers);
    let mut issuers: Vec<Url> = Vec::new();
    for issuer in servers.filter_map(|issuer| Url::parse(issuer).ok()) {
        if !issuers.contains(&issuer) && issuers.len() < SERVERS_CAP {
            issuers.push(issuer);
        }
    }
    if issuers.is_empty() {
        // MCP 2025-03-26 basic/authorization: the server's own origin.
        issuers.extend(Url::parse(&at(&server, "/")));
    }
    for url in issuers.iter().flat_map(of_issuer) {
        list(&mut found, oauth, url, Metadata::Server);
    }
    found
}

fn list(found: &mut Vec<WellKnown>, oauth: &OAuth, url: String, of: Metadata) {
    if found.iter().any(|known| same(&known.url, &url)) {
        return;
    }
    let kind = match of {
        Metadata::Resource => StepKind::ResourceMetadata,
        Metadata::Server => StepKind::ServerMetadata,
    };
    // A usable answer counts, else the last one.
    let tried = || oauth.of(kind).filter(|step| same(&step.url, &url));
    let step = tried().rfind(|step| usable(step)).or_else(|| tried().next_back());
    found.push(WellKnown {
        url,
        of,
        exchange: step.map(|step| step.exchange),
        status: step.and_then(|step| step.status),
        usable: step.is_some_and(usable),
    });
}

/// Whether a client can go on from this metadata.
pub(super) fn usable(step: &Step) -> bool {
    let facts = &step.facts;
    let has = |endpoint: &str| facts.endpoints.contains_key(endpoint);
    let says = match step.kind {
        StepKind::ResourceMetadata => {
            facts.resource.is_some() && !facts.authorization_servers.is_empty()
        }
        StepKind::ServerMetadata => facts.issuer.is_some() && has("token_endpoint"),
        _ => false,
    };
    says && step.status.is_some_and(|status| (200..300).contains(&status))
}
