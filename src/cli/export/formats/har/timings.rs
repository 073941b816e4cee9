//! How long the parts of an exchange took, in milliseconds; -1 for what did not happen.

use serde::Serialize;

use crate::{
    capture::{Fact, Mode, Record, Side, Timestamp},
    cli::exchange::Exchange,
};

/// HAR's parts. `ssl` is part of `connect`, the others together are the entry's `time`.
#[derive(Debug, PartialEq, Serialize)]
pub(super) struct Timings {
    blocked: f64,
    dns: f64,
    connect: f64,
    send: f64,
    wait: f64,
    receive: f64,
    ssl: f64,
}

/// Did not happen, or is not known.
const NONE: f64 = -1.0;

impl Timings {
    pub(super) fn of(exchange: &Exchange<'_>, records: &[Record], last: Timestamp) -> Self {
        let start = exchange.started_at;
        let timing = exchange.end.map(|end| end.timing).unwrap_or_default();
        let total = match exchange.end {
            Some(end) => end.timing.total_us,
            None => last.micros_since(start),
        };
        let first_byte = match exchange.head {
            Some(_) => timing.first_byte_us.unwrap_or(total).min(total),
            None => total,
        };
        let request_over = records.iter().find_map(|record| match record.fact {
            Fact::BodyEnd { side: Side::Request, .. } => Some(record.at.micros_since(start)),
            _ => None,
        });
        let ssl = timing.tls_us;
        let connect = timing.connect_us.map(|us| us.saturating_add(ssl.unwrap_or(0))).or(ssl);
        // In a tunnel the upstream is dialed before the request's head is read.
        let is_within = exchange.open.mode != Mode::Connect;
        let within = connect.filter(|_| is_within).unwrap_or(0).min(first_byte);
        // Bodies come while the upstream is dialed: only what was left counts.
        let send = request_over.unwrap_or(0).saturating_sub(within).min(first_byte - within);
        Self {
            blocked: NONE,
            dns: NONE,
            connect: connect.map_or(NONE, ms),
            send: ms(send),
            wait: ms(first_byte - within - send),
            receive: ms(total - first_byte),
            ssl: ssl.map_or(NONE, ms),
        }
    }

    /// The sum of its parts, as HAR wants it.
    pub(super) fn total(&self) -> f64 {
        self.connect.max(0.0) + self.send + self.wait + self.receive
    }
}

#[expect(clippy::cast_precision_loss, reason = "exact up to 285 years")]
fn ms(us: u64) -> f64 {
    us as f64 / 1_000.0
}
