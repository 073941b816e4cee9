//! When the recorder cannot keep up.

use super::{
    peer::{Peer, listen},
    rig,
};
use crate::{
    capture::{Fact, Outcome, Side},
    proxy::{ListenerSettings, OwnPorts, Proxy},
    tap::{self, BUDGET_BYTES, OnFull},
    tasks::Tasks,
};

#[tokio::test]
async fn traffic_runs_on_with_a_gap_that_says_how_much() {
    let (listener, at) = listen().await;
    let home = tempfile::tempdir().expect("a folder");
    let (tap, mut intake) = tap::channel(OnFull::Gap);
    let settings = ListenerSettings { listen: Some(rig::loopback()), ..Default::default() };
    let trust = super::trust(home.path());
    let (own, tasks) = (OwnPorts::default(), Tasks::new());
    let proxy = Proxy::build(&settings, &trust, &own, tap, tasks.clone()).expect("settings");
    let bound = proxy.bind().await.expect("port 0");
    let mut client = Peer::connect(bound.forward.expect("asked for")).await;
    bound.serve();

    // More than the budget, while nobody takes anything out of the tap.
    let length = BUDGET_BYTES as usize + 1024 * 1024;
    client.send(format!("GET http://{at}/ HTTP/1.0\r\nHost: {at}\r\n\r\n")).await;
    let mut server = Peer::accept(&listener).await;
    server.until("\r\n\r\n").await;
    let upload = async {
        server.send(format!("HTTP/1.1 200 OK\r\nContent-Length: {length}\r\n\r\n")).await;
        server.send(vec![b'x'; length]).await;
    };
    let download = async {
        client.until("\r\n\r\n").await;
        client.rest().await
    };
    let ((), (body, end)) = tokio::join!(upload, download);
    end.expect("a clean end");
    assert_eq!(body.len(), length);

    let mut items = Vec::new();
    assert!(tasks.drain(super::peer::PATIENCE).await);
    intake.recv_ready(&mut items, usize::MAX);
    let (mut recorded, mut missed, mut outcome) = (0, 0, None);
    for item in items {
        match item.into_record(0).fact {
            Fact::Chunk { side: Side::Response, data, .. } => recorded += data.len(),
            Fact::Gap(gap) => missed += usize::try_from(gap.bytes).expect("small"),
            Fact::End(end) => outcome = Some((end.outcome, end.response_bytes)),
            _ => {}
        }
    }
    assert!(missed > 0, "{recorded}");
    assert_eq!(recorded + missed, length);
    assert_eq!(outcome, Some((Outcome::Completed, length as u64)));
}
