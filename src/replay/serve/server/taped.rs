//! What a server says to requests that were passed on, as records: the same facts that the proxy
//! keeps, so that they are a tape like any other.

use std::{
    pin::Pin,
    task::{Context, Poll, ready},
};

use bytes::Bytes;
use hyper::body::{Body, Frame, Incoming as Passed};
use tokio::sync::mpsc;
use url::Url;

use super::super::Incoming;
use crate::{
    capture::{
        End, ExchangeId, Fact, Head, Headers, Mode, Open, Outcome, Record, Side, Timestamp, Timing,
    },
    clock,
};

/// Where records go, in order.
#[derive(Clone, Debug)]
pub struct Tape(mpsc::UnboundedSender<Record>);

impl Tape {
    /// A tape, and what it is to hold. The receiver is to be read all the time.
    #[must_use]
    pub fn new() -> (Self, mpsc::UnboundedReceiver<Record>) {
        let (records, taken) = mpsc::unbounded_channel();
        (Self(records), taken)
    }

    /// Nobody may take it any more; the numbers are made when it is written.
    fn push(&self, id: ExchangeId, fact: Fact) {
        let (exchange, at) = (Some(id), clock::now());
        let _ = self.0.send(Record { exchange, n: 0, at, fact });
    }

    pub(super) fn request(&self, id: ExchangeId, url: &Url, incoming: &Incoming) {
        let open = Open {
            client: "127.0.0.1:0".to_owned(),
            pid: None,
            run: None,
            name: None,
            mode: Mode::Reverse,
            method: incoming.method.clone(),
            url: url.to_string(),
            version: "HTTP/1.1".to_owned(),
            headers: incoming.headers.clone(),
        };
        self.push(id, Fact::Open(Box::new(open)));
        let (side, data) = (Side::Request, incoming.body.clone());
        if !data.is_empty() {
            self.push(id, Fact::Chunk { side, data, cut: 0 });
        }
        self.push(id, Fact::BodyEnd { side, trailers: Headers::default() });
    }

    pub(super) fn head(&self, id: ExchangeId, parts: &http::response::Parts) {
        let headers = parts.headers.iter().map(|(name, value)| {
            (name.as_str().to_owned(), Bytes::copy_from_slice(value.as_bytes()))
        });
        let head = Head {
            status: parts.status.as_u16(),
            reason: None,
            version: "HTTP/1.1".to_owned(),
            headers: Headers(headers.collect()),
        };
        self.push(id, Fact::Head(Box::new(head)));
    }

    pub(super) fn body(&self, id: ExchangeId, body: Passed) -> Taped {
        Taped { body, tape: self.clone(), id, began: clock::now(), outcome: None }
    }
}

/// A body that is recorded as it passes.
#[derive(Debug)]
pub(super) struct Taped {
    body: Passed,
    tape: Tape,
    id: ExchangeId,
    began: Timestamp,
    /// How it ended; none while it goes on.
    outcome: Option<Outcome>,
}

impl Body for Taped {
    type Data = Bytes;
    type Error = hyper::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, hyper::Error>>> {
        let frame = ready!(Pin::new(&mut self.body).poll_frame(context));
        let side = Side::Response;
        match &frame {
            Some(Ok(frame)) => {
                if let Some(data) = frame.data_ref() {
                    self.tape.push(self.id, Fact::Chunk { side, data: data.clone(), cut: 0 });
                }
            }
            Some(Err(_)) => self.outcome = Some(Outcome::Truncated),
            None => {
                self.outcome = Some(Outcome::Completed);
                self.tape.push(self.id, Fact::BodyEnd { side, trailers: Headers::default() });
            }
        }
        Poll::Ready(frame)
    }

    fn is_end_stream(&self) -> bool {
        // Its end is to be seen.
        false
    }
}

impl Drop for Taped {
    fn drop(&mut self) {
        let total_us = clock::now().micros_since(self.began);
        let end = End {
            outcome: self.outcome.unwrap_or(Outcome::ClientClosed),
            error: None,
            timing: Timing { total_us, ..Timing::default() },
            upstream: None,
            request_bytes: 0,
            response_bytes: 0,
            hashes: Vec::new(),
        };
        self.tape.push(self.id, Fact::End(Box::new(end)));
    }
}
