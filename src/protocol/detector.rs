//! Whether an exchange shows MCP: what decides that its origin's exchanges are kept (design.md,
//! What is intercepted and kept).
//!
//! It looks at heads, at the request's JSON and at the response's frames. A JSON answer has no
//! method and shows nothing.

use super::{
    body::{Body, Limits, Piece},
    dialect,
    facts::{Facts, LastUrl},
    jsonrpc, methods,
};
use crate::capture::{Fact, Record, Side, Timestamp};

/// Looks at one exchange until it shows MCP, in little memory: bodies and frames above
/// `Limits::DETECTING` show nothing.
#[derive(Debug, Default)]
pub struct Detector {
    looking: Option<Box<Looking>>,
    shown: bool,
}

#[derive(Debug)]
struct Looking {
    facts: Facts,
    request: Body,
    response: Option<Body>,
}

impl Detector {
    /// A detector for one exchange.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Takes the exchange's next record; true once it has shown MCP.
    pub fn push(&mut self, record: &Record) -> bool {
        if self.shown {
            return true;
        }
        match (&mut self.looking, &record.fact) {
            (Some(looking), fact) => looking.push(fact, record.at),
            (none, Fact::Open(open)) => {
                let Some(id) = record.exchange else { return false };
                let mut facts = Facts::new(id, record.at, open, &mut LastUrl::default());
                facts.with_url(|url, facts| dialect::request(open, url, facts));
                let request = Body::new(Side::Request, &open.headers, Limits::DETECTING);
                *none = Some(Box::new(Looking { facts, request, response: None }));
            }
            _ => {}
        }
        self.shown = self.looking.as_ref().is_some_and(|looking| looking.facts.summary.is_mcp);
        self.shown
    }

    /// A body's content coding could not be undone: whether it is MCP cannot be told.
    #[must_use]
    pub fn undecodable(&self) -> bool {
        self.looking.as_ref().is_some_and(|looking| {
            looking.request.is_undecodable()
                || looking.response.as_ref().is_some_and(Body::is_undecodable)
        })
    }
}

impl Looking {
    fn push(&mut self, fact: &Fact, at: Timestamp) {
        let mut pieces = Vec::new();
        match fact {
            Fact::Chunk { side: Side::Request, data, .. } => {
                self.request.push(data, at, &mut pieces);
            }
            Fact::Chunk { side: Side::Response, data, .. } => {
                if let Some(body) = &mut self.response {
                    body.push(data, at, &mut pieces);
                }
            }
            Fact::Head(head) => {
                dialect::response(head, &mut self.facts);
                self.response = Some(Body::new(Side::Response, &head.headers, Limits::DETECTING));
            }
            Fact::BodyEnd { side: Side::Request, .. } => self.request.finish(&mut pieces),
            Fact::BodyEnd { side: Side::Response, .. } => {
                if let Some(body) = &mut self.response {
                    body.finish(&mut pieces);
                }
            }
            Fact::End(_) => {
                self.request.finish(&mut pieces);
                if let Some(body) = &mut self.response {
                    body.finish(&mut pieces);
                }
            }
            _ => {}
        }
        for piece in pieces {
            self.look(&piece);
        }
    }

    fn look(&mut self, piece: &Piece) {
        let bytes = match piece {
            Piece::Json(body, _) => body,
            Piece::Frame(frame) => {
                dialect::frame(frame, &mut self.facts);
                &frame.data
            }
        };
        let text = jsonrpc::text(bytes);
        jsonrpc::messages(&text, |envelope| {
            if envelope.method().is_some_and(|method| methods::is_mcp(&method)) {
                self.facts.shows_mcp();
            }
        });
    }
}

#[cfg(test)]
mod tests;
