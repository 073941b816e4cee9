//! Records and openings for this room's tests.

use std::sync::Arc;

use bytes::Bytes;

use crate::{
    capture::{ExchangeId, Fact, Mode, Outcome, Record, Side, Timestamp},
    protocol,
    tap::{Label, Opening, WireRequest},
};

pub(crate) fn id() -> ExchangeId {
    ExchangeId::next()
}

pub(crate) fn opening(url: &str) -> Opening {
    Opening {
        at: crate::clock::now(),
        client: "127.0.0.1:4000".into(),
        label: Arc::new(Label::default()),
        mode: Mode::Forward,
        url: url.to_owned(),
        head: WireRequest {
            method: http::Method::POST,
            version: http::Version::HTTP_11,
            bytes: Some(Bytes::from_static(
                b"POST / HTTP/1.1\r\ncontent-type: application/json\r\n\r\n",
            )),
            headers: http::HeaderMap::new(),
        },
    }
}

pub(crate) fn kept(url: &str) -> Opening {
    Opening { label: Arc::new(Label { keep_all: true, ..Label::default() }), ..opening(url) }
}

pub(crate) fn chunk(id: ExchangeId, n: u32, data: &[u8]) -> Record {
    let fact = Fact::Chunk { side: Side::Response, data: Bytes::copy_from_slice(data), cut: 0 };
    Record { exchange: Some(id), n, at: Timestamp(1), fact }
}

pub(crate) fn ended() -> Fact {
    protocol::testing::end(Outcome::Completed)
}

pub(crate) fn end(id: ExchangeId, n: u32) -> Record {
    Record { exchange: Some(id), n, at: Timestamp(2), fact: ended() }
}
