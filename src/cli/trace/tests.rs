//! The order of mentions and the origin of a value.

use super::order::Order;
use crate::{
    capture::{ExchangeId, Side, Timestamp},
    protocol::Mention,
};

fn mention(exchange: u8, at: u64) -> Mention {
    Mention {
        at: Timestamp(at),
        exchange: ExchangeId::from_bytes([exchange; 16]),
        side: Side::Response,
        message: None,
        frame: None,
        place: String::new(),
        inner: None,
        whole: true,
    }
}

#[test]
fn mentions_come_by_time_though_a_stream_goes_on() {
    let mut order = Order::default();
    let mut times = Vec::new();
    // A stream that began at 1 goes on while two requests come and go.
    for (begins, mentions) in [(1, vec![1, 20, 40]), (10, vec![10]), (30, vec![30, 35])] {
        times.extend(order.until(Timestamp(begins)));
        let exchange = u8::try_from(begins).expect("small");
        times.extend(order.add(mentions.into_iter().map(|at| mention(exchange, at)).collect()));
    }
    assert_eq!(times.len(), 3, "what can be told is told");
    times.extend(order.rest());
    let times: Vec<u64> = times.iter().map(|mention| mention.at.0).collect();
    assert_eq!(times, [1, 10, 20, 30, 35, 40]);
}
