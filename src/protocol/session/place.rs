//! Where an exchange belongs, told from its summary alone.

use crate::{
    capture::ExchangeId,
    protocol::model::{Implementation, Summary},
};

/// A session's key on the wire: origin and id (design.md, Words).
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct Wire {
    pub(super) origin: String,
    pub(super) id: String,
}

/// What exchanges of one group share, the client's name apart (protocol.md §1.1). With a `run` it
/// is the run and the origin: a session has one server.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) enum Base {
    Run { run: String, origin: String },
    Peer { origin: String, path: String, auth: Option<u64>, peer: String },
}

/// Who asks whom: what legs and the sessions that they enable share.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Client {
    origin: String,
    run: Option<String>,
    peer: String,
}

/// Where an exchange belongs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Place {
    /// An id on the wire says it.
    Wire(Wire),
    /// Nothing does.
    Group(Base),
    /// It only led to another exchange: an OAuth leg, a 401, a refused `server/discover`.
    Leg(Client),
}

impl Place {
    pub(super) fn of(summary: &Summary) -> Self {
        match wire_id(summary) {
            Some(id) => Self::Wire(Wire { origin: summary.origin.clone(), id: id.to_owned() }),
            None if is_leg(summary) => Self::Leg(Client::of(summary)),
            None => Self::Group(Base::of(summary)),
        }
    }
}

impl Base {
    pub(super) fn of(summary: &Summary) -> Self {
        let origin = summary.origin.clone();
        match summary.run.clone() {
            Some(run) => Self::Run { run, origin },
            None => Self::Peer {
                origin,
                path: summary.path.clone(),
                auth: summary.auth,
                peer: summary.peer.clone(),
            },
        }
    }
}

impl Client {
    pub(super) fn of(summary: &Summary) -> Self {
        Self {
            origin: summary.origin.clone(),
            run: summary.run.clone(),
            peer: summary.peer.clone(),
        }
    }
}

/// Whether the change from `old` to `new` can change who belongs together.
pub(super) fn regroups(old: &Summary, new: &Summary) -> bool {
    let facts = |s: &Summary| -> (bool, bool, Option<Implementation>) {
        (s.is_mcp, starts(s), s.client.clone())
    };
    facts(old) != facts(new) || Base::of(old) != Base::of(new) || handshake(old) != handshake(new)
}

/// An `initialize` that was answered, or still may be, starts a session.
pub(super) fn starts(summary: &Summary) -> bool {
    let waits = summary.outcome.is_none() && summary.status.is_none_or(|status| status < 400);
    summary.initialize.as_ref().is_some_and(|initialize| initialize.answered || waits)
}

/// It carries an `initialize`, and whether that was answered.
pub(super) fn handshake(summary: &Summary) -> Option<bool> {
    summary.initialize.as_ref().map(|initialize| initialize.answered)
}

/// The id that names the session: what the answer to `initialize` issued, else what the request
/// bore, else what the response assigned.
pub(super) fn wire_id(summary: &Summary) -> Option<&str> {
    let issues = handshake(summary) == Some(true);
    let usable = |source: &str| {
        // These are common beyond MCP.
        let general = matches!(source, "header:session-id" | "header:x-session-id")
            || source.starts_with("query:");
        !general || summary.is_mcp || summary.counts.messages > 0
    };
    let ids = || summary.candidates.iter().filter(|c| usable(&c.source));
    ids().find(|c| c.in_response == issues).or_else(|| ids().next()).map(|c| c.value.as_str())
}

fn is_leg(summary: &Summary) -> bool {
    let refused = summary.status.is_some_and(|status| status >= 400) || summary.counts.errors > 0;
    let probe = refused && summary.methods.iter().any(|method| method == "server/discover");
    let challenge = matches!(summary.status, Some(401 | 403));
    probe || challenge || (!summary.is_mcp && is_oauth(&summary.path))
}

/// The paths of protocol.md §4.
fn is_oauth(path: &str) -> bool {
    const LAST: [&str; 3] = ["/authorize", "/register", "/token"];
    path.contains("/.well-known/oauth-")
        || path.contains("/.well-known/openid-configuration")
        || LAST.iter().any(|end| path.ends_with(end))
}

/// Exchange ids as evidence of order: they ascend with time.
pub(super) type Ids = std::collections::BTreeSet<ExchangeId>;
