//! What this process does for others while it owns the store.

use std::sync::{Arc, PoisonError, RwLock};

use crate::{
    capture::{ExchangeId, Record},
    cli::faces::{ListeningFace, TargetFace},
    proxy::{Bound, ListenerSettings, OwnPorts, Proxy, ProxyError, Trust},
    recorder::{
        FeedStart, Gathering, Imported, Recorder, Source, Subscription,
        attach::{
            Answering, FeedStream, ImportCounts, ImportSink, Listening, Owner, PruneCounts, Refusal,
        },
        home::Home,
    },
    settings::{Wide, WideAsked, client_url},
    store::StoreError,
    tap::Tap,
    tasks::Tasks,
};

/// The recorder with all that a listener needs.
pub(super) struct RecorderOwner {
    home: Home,
    /// None once the recording is over.
    recorder: RwLock<Option<Arc<Recorder>>>,
    tap: Tap,
    trust: Trust,
    ports: OwnPorts,
    wide: Wide,
    tasks: Tasks,
}

impl RecorderOwner {
    pub(super) fn new(
        home: Home,
        recorder: Recorder,
        tap: Tap,
        trust: Trust,
        ports: OwnPorts,
        wide: Wide,
        tasks: Tasks,
    ) -> Self {
        let recorder = RwLock::new(Some(Arc::new(recorder)));
        Self { home, recorder, tap, trust, ports, wide, tasks }
    }

    /// Listeners that record here, not yet bound.
    pub(super) fn proxy(
        &self,
        settings: &ListenerSettings,
        tasks: Tasks,
    ) -> Result<Proxy, ProxyError> {
        Proxy::build(settings, &self.trust, &self.ports, self.tap.clone(), tasks)
    }

    /// Asks the recorder; none once the recording is over.
    pub(super) fn with<T>(&self, ask: impl FnOnce(&Recorder) -> T) -> Option<T> {
        self.recorder().map(|recorder| ask(&recorder))
    }

    /// Clients' connections that are open now, through all listeners of this process.
    pub(super) fn connections(&self) -> u64 {
        self.ports.connections()
    }

    /// Ends the recording. Blocks until everything is on disk.
    pub(super) fn close(&self) -> Result<(), StoreError> {
        let recorder = self.recorder.write().unwrap_or_else(PoisonError::into_inner).take();
        match recorder.map(Arc::try_unwrap) {
            Some(Ok(recorder)) => recorder.close(),
            // A reader's request still holds it: it closes with that one.
            Some(Err(_)) | None => Ok(()),
        }
    }

    fn recorder(&self) -> Option<Arc<Recorder>> {
        self.recorder.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn recording(&self) -> Result<Arc<Recorder>, Refusal> {
        self.recorder()
            .ok_or_else(|| Refusal("the recording is ending\nhint: try again".to_owned()))
    }
}

impl Owner for RecorderOwner {
    fn source(&self) -> Result<Box<dyn Source>, Refusal> {
        Ok(Box::new(self.recording()?.source()))
    }

    fn subscribe(&self, from: FeedStart) -> Result<Box<dyn FeedStream>, Refusal> {
        Ok(Box::new(LocalFeed(self.recording()?.feed().subscribe(from))))
    }

    fn import(&self) -> Result<Box<dyn ImportSink>, Refusal> {
        Ok(Box::new(Import(self.recording()?.importer().gather())))
    }

    fn prune(&self, exchanges: &[ExchangeId], purge: bool) -> Result<PruneCounts, Refusal> {
        let pruner = self.recording()?.pruner();
        let gone = pruner.prune(exchanges, purge).map_err(|error| Refusal(error.to_string()))?;
        Ok(PruneCounts { exchanges: gone.exchanges, freed_bytes: gone.freed_bytes })
    }

    fn listen(
        &self,
        settings: ListenerSettings,
        wide: serde_json::Value,
    ) -> Answering<'_, Result<Box<dyn Listening>, Refusal>> {
        Box::pin(async move {
            let asked: WideAsked =
                serde_json::from_value(wide).map_err(|e| Refusal(e.to_string()))?;
            if let Some(refusal) = self.wide.refusal(&asked) {
                return Err(Refusal(refusal));
            }
            let refused = |error: ProxyError| Refusal(error.to_string());
            let tasks = self.tasks.child();
            let bound = self.proxy(&settings, tasks.clone()).map_err(refused)?;
            let bound = bound.bind().await.map_err(refused)?;
            let face = serde_json::to_value(described(&bound, &self.home));
            let face = face.map_err(|error| Refusal(error.to_string()))?;
            bound.serve();
            Ok(Box::new(Guest { face, tasks }) as Box<dyn Listening>)
        })
    }

    fn hand_over(&self) -> bool {
        false
    }

    fn status(&self) -> String {
        "recording".to_owned()
    }
}

/// `wiretape/listening/1` for bound listeners.
pub(in crate::cli) fn described(bound: &Bound, home: &Home) -> ListeningFace {
    let targets = bound.targets.iter().map(|target| {
        let url = format!("http://{}", target.addr);
        let client_url = client_url(&url, &target.target);
        TargetFace { target: target.target.clone(), url, client_url }
    });
    ListeningFace::new(
        bound.forward.map(|addr| format!("http://{addr}")),
        targets.collect(),
        home.certs().join("ca.pem").display().to_string(),
        home.root().display().to_string(),
    )
}

/// Listeners of another process; they stop when it goes.
struct Guest {
    face: serde_json::Value,
    tasks: Tasks,
}

impl Listening for Guest {
    fn description(&self) -> serde_json::Value {
        self.face.clone()
    }
}

impl Drop for Guest {
    fn drop(&mut self) {
        self.tasks.stop();
    }
}

struct Import(Gathering);

impl ImportSink for Import {
    fn take(&mut self, records: Vec<Record>) -> Result<(), Refusal> {
        self.0.take(records).map_err(|error| Refusal(error.to_string()))
    }

    fn finish(self: Box<Self>) -> Result<ImportCounts, Refusal> {
        let imported = self.0.finish().map_err(|error| Refusal(error.to_string()))?;
        let Imported { exchanges, known, notices } = imported;
        Ok(ImportCounts { exchanges, known, records: notices })
    }
}

struct LocalFeed(Subscription);

impl FeedStream for LocalFeed {
    fn next(&mut self) -> Answering<'_, Option<Arc<[Record]>>> {
        Box::pin(self.0.next())
    }
}
