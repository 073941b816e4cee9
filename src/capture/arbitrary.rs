//! Records as no one would write them, for property tests of every room.

use bytes::Bytes;
use proptest::{collection::vec, option, prelude::*};

use super::{
    BodyHash, End, ExchangeId, Fact, Gap, Head, Headers, Informational, Mode, NotKept, Open,
    Outcome, Record, Rewrite, RewriteWhere, Side, Timestamp, Timing, Tls, TlsFailure, TlsSide,
    Tunnel,
};

/// Any exchange's id.
pub(crate) fn exchange_id() -> impl Strategy<Value = ExchangeId> {
    any::<[u8; 16]>().prop_map(ExchangeId::from_bytes)
}

/// Body bytes: JSON, text, streams, halves of characters, noise.
pub(crate) fn bytes() -> impl Strategy<Value = Bytes> {
    prop_oneof![
        Just(Bytes::from_static(br#"{"jsonrpc":"2.0","id":1.0,"method":"tools/call"}"#)),
        Just(Bytes::from_static(b"{\"a\": 1}\n")),
        Just(Bytes::from_static("data: é\n\n".as_bytes())),
        Just(Bytes::from_static(b"\xc3")),
        Just(Bytes::from_static(b"\xa9\"}")),
        ".{0,40}".prop_map(Bytes::from),
        vec(any::<u8>(), 0..60).prop_map(Bytes::from),
    ]
}

/// Header fields, doubled ones and values that are no text among them.
pub(crate) fn headers() -> impl Strategy<Value = Headers> {
    let media = prop_oneof![
        Just("application/json"),
        Just("Text/Event-Stream; charset=utf-8"),
        Just("application/x-ndjson"),
    ];
    let content_type = option::of(media.prop_map(|media| ("Content-Type".to_owned(), media)));
    (content_type, vec(("[A-Za-z-]{1,12}", bytes()), 0..4)).prop_map(|(first, rest)| {
        let first = first.map(|(name, media)| (name, Bytes::from(media)));
        Headers(first.into_iter().chain(rest).collect())
    })
}

/// The records of one whole exchange, numbers and order as the recorder gives them; times mostly
/// ascend.
pub(crate) fn exchange() -> impl Strategy<Value = Vec<Record>> {
    let between = vec((fact_between(), 0_u64..5_000), 0..20);
    (exchange_id(), open(), between, option::of(end()), 1_000_000_u64..2_000_000).prop_map(
        |(id, open, between, end, start)| {
            let mut at = start;
            let facts = std::iter::once((open, 0)).chain(between).chain(end.map(|e| (e, 7)));
            let record = |(n, (fact, later))| {
                at += later;
                Record { exchange: Some(id), n, at: Timestamp(at), fact }
            };
            (0..).zip(facts).map(record).collect()
        },
    )
}

/// A notice.
pub(crate) fn notice() -> impl Strategy<Value = Record> {
    let fact = prop_oneof![
        (text(), text(), any::<u64>(), any::<u64>()).prop_map(|(host, reason, sent, received)| {
            let tunnel = Tunnel { host, reason, sent_bytes: sent, received_bytes: received };
            Fact::Tunnel(Box::new(tunnel))
        }),
        (tls_side(), text(), text(), text(), any::<u64>()).prop_map(
            |(side, host, reason, remedy, count)| {
                Fact::TlsFailure(Box::new(TlsFailure { side, host, reason, remedy, count }))
            }
        ),
        (text(), any::<u64>(), any::<u64>())
            .prop_map(|(host, exchanges, bytes)| Fact::NotKept(NotKept { host, exchanges, bytes })),
        gap(),
        text().prop_map(|text| Fact::Note { text }),
    ];
    (fact, any::<u64>()).prop_map(|(fact, at)| Record {
        exchange: None,
        n: 0,
        at: Timestamp(at),
        fact,
    })
}

/// Any record, with any number and time.
pub(crate) fn record() -> impl Strategy<Value = Record> {
    let fact = prop_oneof![open(), fact_between(), end()];
    let of_exchange =
        (exchange_id(), any::<u32>(), any::<u64>(), fact).prop_map(|(exchange, n, at, fact)| {
            Record { exchange: Some(exchange), n, at: Timestamp(at), fact }
        });
    prop_oneof![4 => of_exchange, 1 => notice()]
}

fn text() -> impl Strategy<Value = String> {
    ".{0,12}"
}

fn side() -> impl Strategy<Value = Side> {
    prop_oneof![Just(Side::Request), Just(Side::Response)]
}

fn tls_side() -> impl Strategy<Value = TlsSide> {
    prop_oneof![Just(TlsSide::Client), Just(TlsSide::Upstream)]
}

fn open() -> impl Strategy<Value = Fact> {
    let mode = prop_oneof![Just(Mode::Forward), Just(Mode::Connect), Just(Mode::Reverse)];
    let who = (text(), any::<Option<u32>>(), option::of(text()), option::of(text()));
    (who, mode, text(), text(), text(), headers()).prop_map(
        |((client, pid, run, name), mode, method, url, version, headers)| {
            Fact::Open(Box::new(Open {
                client,
                pid,
                run,
                name,
                mode,
                method,
                url,
                version,
                headers,
            }))
        },
    )
}

fn chunk() -> impl Strategy<Value = Fact> {
    let cut = prop_oneof![9 => Just(0), 1 => any::<u64>()];
    (side(), bytes(), cut).prop_map(|(side, data, cut)| Fact::Chunk { side, data, cut })
}

fn gap() -> impl Strategy<Value = Fact> {
    (option::of(side()), any::<u64>(), text())
        .prop_map(|(side, bytes, reason)| Fact::Gap(Gap { side, bytes, reason }))
}

fn fact_between() -> impl Strategy<Value = Fact> {
    let place = prop_oneof![
        Just(RewriteWhere::Body),
        text().prop_map(RewriteWhere::Header),
        text().prop_map(RewriteWhere::RequestHeader),
    ];
    let tls = (tls_side(), option::of(text()), option::of(text()), option::of(bytes()));
    prop_oneof![
        8 => chunk(),
        1 => tls.prop_map(|(side, sni, alpn, peer_cert)| {
            let version = alpn.clone();
            Fact::Tls(Box::new(Tls { side, sni, alpn, version, peer_cert }))
        }),
        1 => (side(), headers()).prop_map(|(side, trailers)| Fact::BodyEnd { side, trailers }),
        1 => (any::<u16>(), headers()).prop_map(|(status, headers)| {
            Fact::Informational(Informational { status, headers })
        }),
        2 => (any::<u16>(), option::of(text()), text(), headers()).prop_map(
            |(status, reason, version, headers)| {
                Fact::Head(Box::new(Head { status, reason, version, headers }))
            }
        ),
        1 => (place, any::<u64>(), text(), text()).prop_map(|(place, offset, old, new)| {
            Fact::Rewrite(Box::new(Rewrite { place, offset, old, new }))
        }),
        1 => gap(),
        1 => text().prop_map(|text| Fact::Note { text }),
    ]
}

fn end() -> impl Strategy<Value = Fact> {
    let outcome = prop_oneof![
        Just(Outcome::Completed),
        Just(Outcome::ClientClosed),
        Just(Outcome::UpstreamReset),
        Just(Outcome::Truncated),
        Just(Outcome::ProxyError),
    ];
    let timing = any::<(Option<u64>, Option<u64>, Option<u64>, u64)>().prop_map(
        |(connect_us, tls_us, first_byte_us, total_us)| Timing {
            connect_us,
            tls_us,
            first_byte_us,
            total_us,
        },
    );
    let hash = (side(), text()).prop_map(|(side, sha256)| BodyHash { side, sha256 });
    let bytes = any::<(u64, u64)>();
    (outcome, option::of(text()), timing, option::of(text()), bytes, vec(hash, 0..3)).prop_map(
        |(outcome, error, timing, upstream, (request_bytes, response_bytes), hashes)| {
            Fact::End(Box::new(End {
                outcome,
                error,
                timing,
                upstream,
                request_bytes,
                response_bytes,
                hashes,
            }))
        },
    )
}
