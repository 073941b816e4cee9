//! Where an exchange belongs, told from its summary alone.

use std::sync::Arc;

use crate::{
    capture::ExchangeId,
    protocol::{
        index::Stable,
        model::{Candidate, Implementation, Summary},
    },
};

/// Exchange ids as evidence of order: they ascend with time.
pub(super) type Ids = std::collections::BTreeSet<ExchangeId>;

/// A session's key on the wire: origin and id (design.md, Words).
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct Wire {
    origin: Arc<str>,
    pub(super) id: Arc<str>,
    /// An id in the path may be a tenant's, or a URL that several clients were given: it joins the
    /// exchanges of one of them only.
    within: Option<Process>,
}

/// Who asks: a run, an address, a process where the platform told it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct Process {
    run: Option<Arc<str>>,
    peer: Arc<str>,
    pid: Option<u32>,
}

/// What exchanges of one group share, the client's name apart (protocol.md §1.1). With a `run` it
/// is the run and the origin: a session has one server. Either way it is one era: both may be spoken
/// at one URL.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) enum Base {
    Run { run: Arc<str>, origin: Arc<str>, modern: bool },
    Peer { spot: Spot, modern: bool },
}

/// One client at one endpoint.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Spot {
    origin: Arc<str>,
    path: Arc<str>,
    auth: Option<u64>,
    who: Process,
}

/// Who asks whom: what legs and the sessions that they enable share. Without an origin it is
/// whomever: an authorization server is seldom the MCP server.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Client {
    pub(super) origin: Option<Arc<str>>,
    run: Option<Arc<str>>,
    peer: Arc<str>,
}

/// Where an exchange belongs by what is in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Own {
    /// An id on the wire says it.
    Wire(Wire),
    /// Nothing does.
    Group(Base),
}

/// An exchange that belongs to another one's session, if there is such a one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Seeks {
    /// A 401, a refused `server/discover`: what the client then did at the same origin.
    Retry,
    /// An OAuth leg, at whatever origin: what it enabled.
    Enabled,
    /// It bears no id: the session that the client was given one for (houses.md §3, fault 4).
    Issued,
}

/// All that the fold looks at in a summary, its times apart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Standing {
    pub(super) own: Own,
    pub(super) seeks: Option<Seeks>,
    /// Where what it issues or lacks is looked for.
    pub(super) spot: Option<Spot>,
    pub(super) client: Client,
    /// The same client, whomever it asks.
    pub(super) anywhere: Client,
    /// It speaks MCP.
    pub(super) is_mcp: bool,
    /// It carries an `initialize`, and whether that was answered.
    pub(super) handshake: Option<bool>,
    /// Its `initialize` was answered, and whether with an id that later requests have to bear.
    pub(super) start: Option<bool>,
    /// It brought an id to a client that had sent none.
    pub(super) gives: bool,
    /// What groups look at.
    pub(super) grouping: Grouping,
}

/// What tells the groups of one base apart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Grouping {
    /// It starts a group: an `initialize` that was answered, or still may be.
    pub(super) starts: bool,
    pub(super) client: Option<Implementation>,
    pub(super) cookies: Vec<Cookie>,
}

/// A cookie that may tell clients apart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Cookie {
    pub(super) name: String,
    pub(super) value: String,
    pub(super) issued: bool,
}

impl Standing {
    pub(super) fn of(summary: &Summary) -> Self {
        let chosen = chosen(summary);
        let texts = Texts::of(summary);
        let own = match chosen {
            Some(candidate) => Own::Wire(Wire::of(&texts, candidate)),
            None => Own::Group(Base::of(&texts)),
        };
        let handshake = summary.initialize.as_ref().map(|initialize| initialize.answered);
        let issued = chosen.is_some_and(|candidate| candidate.in_response && !candidate.is_weak());
        let seeks = seeks(summary);
        let looked_for = handshake == Some(true) || seeks == Some(Seeks::Issued);
        Self {
            own,
            seeks,
            spot: looked_for.then(|| Spot::of(&texts)),
            client: Client { origin: Some(texts.origin.clone()), ..Client::anywhere(&texts) },
            anywhere: Client::anywhere(&texts),
            is_mcp: summary.is_mcp,
            handshake,
            start: (handshake == Some(true)).then_some(issued),
            gives: gives(summary).is_some(),
            grouping: Grouping::of(summary),
        }
    }

    /// It asks for what it is about: neither a leg nor a refusal that led to one.
    pub(super) fn is_spoken(&self) -> bool {
        self.is_mcp && !self.is_leg()
    }

    /// The server asked for a credential.
    pub(super) fn is_challenge(&self) -> bool {
        self.is_mcp && self.seeks == Some(Seeks::Retry)
    }

    fn is_leg(&self) -> bool {
        matches!(self.seeks, Some(Seeks::Retry | Seeks::Enabled))
    }
}

/// The texts that most keys hold, copied once for all of them.
struct Texts<'a> {
    summary: &'a Summary,
    origin: Arc<str>,
    run: Option<Arc<str>>,
    peer: Arc<str>,
}

impl<'a> Texts<'a> {
    fn of(summary: &'a Summary) -> Self {
        Self {
            summary,
            origin: summary.origin.as_str().into(),
            run: summary.run.as_deref().map(Into::into),
            peer: summary.peer.as_str().into(),
        }
    }
}

/// What can be a key of the index. All fields are named where they are taken apart, so that one that
/// is added counts.
pub(super) trait Spells {
    /// Hashes all of it.
    fn spell(&self, into: &mut Stable);
}

impl Spells for Wire {
    fn spell(&self, into: &mut Stable) {
        let Self { origin, id, within } = self;
        into.text(origin);
        into.text(id);
        into.number(u64::from(within.is_some()));
        if let Some(process) = within {
            process.spell(into);
        }
    }
}

impl Spells for Process {
    fn spell(&self, into: &mut Stable) {
        let Self { run, peer, pid } = self;
        into.maybe(run.as_deref());
        into.text(peer);
        into.number(pid.map_or(0, |pid| u64::from(pid) + 1));
    }
}

impl Spells for Base {
    fn spell(&self, into: &mut Stable) {
        match self {
            Self::Run { run, origin, modern } => {
                into.number(u64::from(*modern));
                into.text(run);
                into.text(origin);
            }
            Self::Peer { spot, modern } => {
                into.number(2 + u64::from(*modern));
                spot.spell(into);
            }
        }
    }
}

impl Spells for Spot {
    fn spell(&self, into: &mut Stable) {
        let Self { origin, path, auth, who } = self;
        into.text(origin);
        into.text(path);
        into.number(u64::from(auth.is_some()));
        into.number(auth.unwrap_or_default());
        who.spell(into);
    }
}

impl Spells for Client {
    fn spell(&self, into: &mut Stable) {
        let Self { origin, run, peer } = self;
        into.maybe(origin.as_deref());
        into.maybe(run.as_deref());
        into.text(peer);
    }
}

impl Wire {
    fn of(texts: &Texts<'_>, chosen: &Candidate) -> Self {
        let in_path = |c: &&Candidate| c.source == "path" && c.value == chosen.value;
        let within = texts.summary.candidates.iter().find(in_path).map(|_| Process::of(texts));
        Self { origin: texts.origin.clone(), id: chosen.value.as_str().into(), within }
    }

    /// Whether a candidate bears this id.
    pub(super) fn is(&self, candidate: &Candidate) -> bool {
        *self.id == *candidate.value
    }
}

impl Process {
    fn of(texts: &Texts<'_>) -> Self {
        Self { run: texts.run.clone(), peer: texts.peer.clone(), pid: texts.summary.pid }
    }
}

impl Base {
    fn of(texts: &Texts<'_>) -> Self {
        let modern = texts.summary.is_modern();
        match texts.run.clone() {
            Some(run) => Self::Run { run, origin: texts.origin.clone(), modern },
            None => Self::Peer { spot: Spot::of(texts), modern },
        }
    }
}

impl Spot {
    fn of(texts: &Texts<'_>) -> Self {
        Self {
            origin: texts.origin.clone(),
            path: texts.summary.path.as_str().into(),
            auth: texts.summary.auth,
            who: Process::of(texts),
        }
    }
}

impl Client {
    fn anywhere(texts: &Texts<'_>) -> Self {
        Self { origin: None, run: texts.run.clone(), peer: texts.peer.clone() }
    }

    /// The same client at another origin.
    pub(super) fn at(&self, origin: Arc<str>) -> Self {
        Self { origin: Some(origin), ..self.clone() }
    }
}

impl Grouping {
    fn of(summary: &Summary) -> Self {
        let waits = summary.outcome.is_none() && summary.status.is_none_or(|status| status < 400);
        let starts = summary.initialize.as_ref().is_some_and(|i| i.answered || waits);
        let cookies = summary.candidates.iter().filter_map(|candidate| {
            let name = candidate.source.strip_prefix("cookie:")?.to_owned();
            Some(Cookie { name, value: candidate.value.clone(), issued: candidate.in_response })
        });
        // 2026-07-28 has no sessions for a cookie to stand for.
        let cookies = if summary.is_modern() { Vec::new() } else { cookies.collect() };
        Self { starts, client: summary.client.clone(), cookies }
    }
}

/// The candidate that names the session: what the answer to `initialize`, an `endpoint` event or a
/// session line issued, else what the request bore, else what the response assigned; a path where
/// there is nothing else. Cookies only tell groups apart.
pub(super) fn chosen(summary: &Summary) -> Option<&Candidate> {
    let speaks = summary.is_mcp || summary.counts.messages > 0;
    let issues = summary.initialize.as_ref().is_some_and(|initialize| initialize.answered)
        || summary.candidates.iter().any(opens);
    let strong = || summary.candidates.iter().filter(|c| !c.is_weak() && usable(c, speaks));
    let path = || {
        let sessions = speaks && !summary.is_modern();
        summary.candidates.iter().find(|c| sessions && c.source == "path")
    };
    strong().find(|c| c.in_response == issues).or_else(|| strong().next()).or_else(path)
}

/// The server opens a session with it.
fn opens(candidate: &Candidate) -> bool {
    matches!(candidate.source.as_str(), "endpoint-event" | "ndjson")
}

/// The id that an exchange brought to a client that had sent none, to be sent from then on. An
/// endpoint is not sent but posted to.
pub(super) fn gives(summary: &Summary) -> Option<&str> {
    let brought =
        |c: &&Candidate| c.in_response && (c.source.starts_with("header:") || c.source == "ndjson");
    let sent = summary.candidates.iter().any(|c| !c.in_response && !c.is_weak());
    let brought = chosen(summary).filter(brought);
    brought.filter(|_| !sent).map(|candidate| candidate.value.as_str())
}

/// It speaks MCP and bears no id, though the client may have been given one.
pub(super) fn lacks_id(summary: &Summary) -> bool {
    let brought = |c: &Candidate| c.in_response || c.is_weak();
    summary.is_mcp && summary.initialize.is_none() && summary.candidates.iter().all(brought)
}

/// These are common beyond MCP.
fn usable(candidate: &Candidate, speaks: bool) -> bool {
    let source = candidate.source.as_str();
    let general = matches!(source, "header:session-id" | "header:x-session-id")
        || source.starts_with("query:");
    !general || speaks
}

/// Whose session it belongs to, where it is not its own.
fn seeks(summary: &Summary) -> Option<Seeks> {
    let speaks = summary.is_mcp || summary.counts.messages > 0;
    let mut strong = summary.candidates.iter().filter(|c| !c.is_weak() && usable(c, speaks));
    if strong.clone().next().is_none() {
        // The TypeScript SDK sends `MCP-Protocol-Version` with its legs too.
        if summary.counts.messages == 0 && is_oauth(summary) {
            return Some(Seeks::Enabled);
        }
        if is_refused(summary) {
            return Some(Seeks::Retry);
        }
    }
    // What the response assigns to such a request is not what the client was told to send.
    let own = summary.is_modern()
        || summary.initialize.is_some()
        || strong.any(|c| !c.in_response || opens(c));
    (summary.is_mcp && !own).then_some(Seeks::Issued)
}

/// A challenge, or a `server/discover` of a client that then speaks the older revision.
fn is_refused(summary: &Summary) -> bool {
    let refused = summary.status.is_some_and(|status| status >= 400) || summary.counts.errors > 0;
    let probe = refused && summary.methods.iter().any(|method| method == "server/discover");
    let challenge = matches!(summary.status, Some(401 | 403)) && summary.refusal.is_none();
    probe || challenge
}

/// The paths of protocol.md §4.
fn is_oauth(summary: &Summary) -> bool {
    const LAST: [&str; 5] = ["authorize", "register", "token", "access_token", "par"];
    let path = summary.path.trim_end_matches('/');
    path.contains("/.well-known/oauth-")
        || path.contains("/.well-known/openid-configuration")
        || path.rsplit_once('/').is_some_and(|(_, last)| LAST.contains(&last))
}
