//! `wiretape/served/1`: a request that `serve` was asked, and the recorded message that it matched,
//! or the nearest one and the fields that differ.

use serde::Serialize;
use serde_json::value::RawValue;

use super::{message::compact, text, verdict::DifferenceFace};
use crate::{
    capture::{ExchangeId, Timestamp},
    replay::serve::{Match, Remark},
};

/// One request.
#[derive(Debug, Serialize)]
pub(crate) struct ServedFace<'a> {
    schema: &'static str,
    at: String,
    outcome: &'static str,
    request: RequestFace<'a>,
    method: Option<&'a str>,
    name: Option<&'a str>,
    rpc_id: Option<Box<RawValue>>,
    status: Option<u16>,
    matched: Option<PlaceFace<'a>>,
    nearest: Option<PlaceFace<'a>>,
    differences: Vec<DifferenceFace<'a>>,
    reason: Option<&'a str>,
}

#[derive(Debug, Serialize)]
struct RequestFace<'a> {
    method: &'a str,
    path: &'a str,
}

/// A place on the tape.
#[derive(Debug, Serialize)]
struct PlaceFace<'a> {
    #[serde(serialize_with = "text")]
    session: ExchangeId,
    #[serde(serialize_with = "text")]
    exchange: ExchangeId,
    message: Option<&'a str>,
}

impl<'a> ServedFace<'a> {
    pub(crate) fn new(remark: &'a Remark, at: Timestamp) -> Self {
        let place = remark.recorded.as_ref().map(|recorded| PlaceFace {
            session: recorded.session,
            exchange: recorded.exchange,
            message: recorded.message.as_deref(),
        });
        let is_miss = matches!(remark.outcome, Match::Missed | Match::Forwarded);
        let (matched, nearest) = if is_miss { (None, place) } else { (place, None) };
        Self {
            schema: "wiretape/served/1",
            at: at.to_string(),
            outcome: remark.outcome.as_str(),
            request: RequestFace { method: &remark.http, path: &remark.path },
            method: remark.method.as_deref(),
            name: remark.name.as_deref(),
            rpc_id: remark.rpc_id.as_ref().map(|id| compact(id.as_bytes())),
            status: remark.status,
            matched,
            nearest,
            differences: remark.differences.iter().map(DifferenceFace::new).collect(),
            reason: remark.reason.as_deref(),
        }
    }
}

/// The first line of `serve --json`: that of a recording without proxy, CA and home.
#[derive(Debug, Serialize)]
pub(crate) struct StandFace {
    schema: &'static str,
    proxy: Option<String>,
    targets: Vec<super::TargetFace>,
    ca: Option<String>,
    home: Option<String>,
}

impl StandFace {
    pub(crate) fn new(targets: Vec<super::TargetFace>) -> Self {
        Self { schema: "wiretape/listening/1", proxy: None, targets, ca: None, home: None }
    }
}
