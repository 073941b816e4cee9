//! A proxy under test with everything it records.

use std::{net::SocketAddr, time::Duration};

use tokio::{
    sync::mpsc::{UnboundedReceiver, unbounded_channel},
    time::timeout,
};

use super::peer::PATIENCE;
use crate::{
    capture::{End, ExchangeId, Fact, Record, Side},
    proxy::{Bound, ListenerSettings, OwnPorts, Proxy, Trust},
    tap::{self, Gate, OnFull, Tap},
    tasks::{self, Tasks},
};

pub(crate) struct Rig {
    pub(crate) forward: SocketAddr,
    pub(crate) targets: Vec<SocketAddr>,
    pub(crate) tasks: Tasks,
    pub(crate) gate: Gate,
    records: UnboundedReceiver<Record>,
    pub(crate) seen: Vec<Record>,
    pub(crate) trust: Trust,
    _home: tempfile::TempDir,
}

impl Rig {
    pub(crate) async fn new() -> Self {
        Self::with(ListenerSettings::default()).await
    }

    pub(crate) async fn target(url: &str) -> Self {
        let targets = vec![(loopback(), url.to_owned())];
        Self::with(ListenerSettings { targets, ..Default::default() }).await
    }

    pub(crate) async fn with(mut settings: ListenerSettings) -> Self {
        settings.listen.get_or_insert(loopback());
        let home = tempfile::tempdir().expect("a folder");
        let trust = super::trust(home.path());
        let tasks = Tasks::new();
        let (tap, gate, records) = recording();
        let own = OwnPorts::default();
        let proxy = Proxy::build(&settings, &trust, &own, tap, tasks.clone()).expect("settings");
        let bound: Bound = proxy.bind().await.expect("port 0");
        let forward = bound.forward.expect("asked for");
        let targets = bound.targets.iter().map(|target| target.addr).collect();
        bound.serve();
        Self { forward, targets, tasks, gate, records, seen: Vec::new(), trust, _home: home }
    }

    /// Waits for a record of which this is true.
    pub(crate) async fn until(&mut self, is: impl Fn(&Fact) -> bool) -> Record {
        loop {
            let next = timeout(PATIENCE, self.records.recv()).await;
            let next = next.unwrap_or_else(|_| panic!("no such record in {:#?}", self.seen));
            let record = next.expect("the proxy records");
            self.seen.push(record.clone());
            if is(&record.fact) {
                return record;
            }
        }
    }

    /// Waits for the next end of an exchange.
    pub(crate) async fn end(&mut self) -> (ExchangeId, End) {
        let record = self.until(|fact| matches!(fact, Fact::End(_))).await;
        let Fact::End(end) = record.fact else { unreachable!() };
        (record.exchange.expect("an end has an exchange"), *end)
    }

    /// The recorded bytes of a body so far.
    pub(crate) fn body(&self, of: ExchangeId, of_side: Side) -> String {
        let mut bytes = Vec::new();
        for record in self.of(of) {
            if let Fact::Chunk { side, data, .. } = &record.fact
                && *side == of_side
            {
                bytes.extend_from_slice(data);
            }
        }
        String::from_utf8_lossy(&bytes).into_owned()
    }

    pub(crate) fn of(&self, exchange: ExchangeId) -> impl Iterator<Item = &Record> {
        self.seen.iter().filter(move |record| record.exchange == Some(exchange))
    }

    pub(crate) async fn drain(self) -> bool {
        self.tasks.drain(Duration::from_secs(5)).await
    }
}

pub(crate) fn loopback() -> SocketAddr {
    SocketAddr::from(([127, 0, 0, 1], 0))
}

fn recording() -> (Tap, Gate, UnboundedReceiver<Record>) {
    let (tap, mut intake) = tap::channel(OnFull::Wait);
    let gate = intake.gate();
    let (sender, records) = unbounded_channel();
    tasks::thread("records", move || {
        let mut items = Vec::new();
        while intake.recv_blocking(&mut items, 64) > 0 {
            for item in items.drain(..) {
                intake.release(item.cost.into());
                if sender.send(item.into_record(0)).is_err() {
                    return;
                }
            }
        }
    })
    .expect("a thread");
    (tap, gate, records)
}
