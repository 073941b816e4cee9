//! `wiretape/session/1`.

use serde::Serialize;

use super::{maybe_text, text, time};
use crate::{
    capture::{ExchangeId, Timestamp},
    cli::masked::Mask,
    protocol::{Catalogue, Implementation, Listing, Session, SessionCandidate, State, Transport},
};

/// A session as a line of JSON.
#[derive(Debug, Serialize)]
pub(crate) struct SessionFace<'a> {
    schema: &'static str,
    #[serde(serialize_with = "text")]
    id: ExchangeId,
    wire_id: Option<&'a str>,
    identified_by: &'a str,
    candidates: &'a [SessionCandidate],
    run: Option<&'a str>,
    name: Option<&'a str>,
    server: &'a str,
    revision: Option<&'a str>,
    transport: Option<Transport>,
    dialects: &'a [String],
    state: State,
    states: Vec<StateFace<'a>>,
    stream_state: Option<&'a str>,
    open_streams: u64,
    idle_us: u64,
    age_us: u64,
    client: Option<&'a Implementation>,
    server_info: Option<&'a Implementation>,
    #[serde(serialize_with = "maybe_text")]
    follows: Option<ExchangeId>,
    joins: Vec<JoinFace<'a>>,
    exchanges: usize,
    calls: u64,
    messages: u64,
    errors: u64,
    /// Null: nothing has looked for problems yet, which is not the same as none.
    problems: Option<u64>,
    #[serde(serialize_with = "time")]
    started_at: Timestamp,
    #[serde(serialize_with = "time")]
    last_at: Timestamp,
    /// Only where its messages are read: `show`.
    #[serde(skip_serializing_if = "Option::is_none")]
    catalogue: Option<CatalogueFace>,
}

/// What its sides can do, by name, and what the server offers as it was last listed.
#[derive(Debug, Serialize)]
struct CatalogueFace {
    client_capabilities: Vec<String>,
    server_capabilities: Vec<String>,
    tools: Option<ListingFace>,
    resources: Option<ListingFace>,
    templates: Option<ListingFace>,
    prompts: Option<ListingFace>,
}

#[derive(Debug, Serialize)]
struct ListingFace {
    names: Vec<String>,
    complete: bool,
    changed: bool,
}

#[derive(Debug, Serialize)]
struct StateFace<'a> {
    state: State,
    #[serde(serialize_with = "time")]
    at: Timestamp,
    #[serde(serialize_with = "maybe_text")]
    exchange: Option<ExchangeId>,
    evidence: &'a str,
}

#[derive(Debug, Serialize)]
struct JoinFace<'a> {
    #[serde(serialize_with = "text")]
    exchange: ExchangeId,
    last_event_id: &'a str,
}

impl<'a> SessionFace<'a> {
    /// A session; `server` is its URL as it may be shown, `problems` how many were found, where
    /// they were looked for.
    pub(crate) fn new(session: &'a Session, server: &'a str, problems: Option<u64>) -> Self {
        let states = session.states.iter().map(|change| StateFace {
            state: change.state,
            at: change.at,
            exchange: change.exchange,
            evidence: &change.evidence,
        });
        let joins = session
            .joins
            .iter()
            .map(|join| JoinFace { exchange: join.exchange, last_event_id: &join.last_event_id });
        Self {
            schema: "wiretape/session/1",
            id: session.id,
            wire_id: session.wire_id.as_deref(),
            identified_by: &session.identified_by,
            candidates: &session.candidates,
            run: session.run.as_deref(),
            name: session.name.as_deref(),
            server,
            revision: session.revision.as_deref(),
            transport: session.transport,
            dialects: &session.dialects,
            state: session.state,
            states: states.collect(),
            stream_state: session.stream_state.as_deref(),
            open_streams: session.open_streams,
            idle_us: session.idle_us,
            age_us: session.age_us,
            client: session.client.as_ref(),
            server_info: session.server_info.as_ref(),
            follows: session.follows,
            joins: joins.collect(),
            exchanges: session.exchanges.len(),
            calls: session.counts.calls,
            messages: session.counts.messages,
            errors: session.counts.errors,
            problems,
            started_at: session.started_at,
            last_at: session.last_at,
            catalogue: None,
        }
    }

    /// With what its sides can do and offer.
    pub(crate) fn offering(self, catalogue: &Catalogue, mask: &mut Mask) -> Self {
        let mut listing = |listing: &Listing| {
            listing.listed_at.map(|_| ListingFace {
                names: listing.offers.iter().map(|o| mask.plain(&o.key).into_owned()).collect(),
                complete: listing.complete && listing.more == 0,
                changed: listing.changed,
            })
        };
        let catalogue = CatalogueFace {
            client_capabilities: catalogue.client_can(),
            server_capabilities: catalogue.server_can(),
            tools: listing(&catalogue.tools),
            resources: listing(&catalogue.resources),
            templates: listing(&catalogue.templates),
            prompts: listing(&catalogue.prompts),
        };
        Self { catalogue: Some(catalogue), ..self }
    }
}
