//! Owner and clients over real sockets in one process.

use std::{
    ffi::OsString,
    io,
    path::Path,
    process::{Command, Stdio},
    sync::{Arc, Mutex},
    time::Duration,
};

use interprocess::local_socket::tokio::Stream;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    sync::{mpsc, watch},
};

use super::{
    address, frame,
    wire::{Hello, MAX_HELLO, Request},
    *,
};
use crate::{
    capture::{ExchangeId, Fact, Record, Timestamp},
    protocol::Summary,
    proxy::ListenerSettings,
    recorder::{FeedStart, Origin, Source, SourceError, home::Home, lock::HomeLock},
    tasks::Tasks,
};

const GRACE: Duration = Duration::from_secs(5);

/// A home with an owner that serves it.
struct Served {
    tasks: Tasks,
    home: Home,
    server: Server,
    recorder: Arc<Recorder>,
    feed: mpsc::Sender<Arc<[Record]>>,
    _dir: tempfile::TempDir,
}

impl Served {
    fn new() -> Self {
        let (dir, home) = home();
        let lock = lock(&home);
        let (feed, records) = mpsc::channel(4);
        let recorder = Arc::new(Recorder {
            feed: Mutex::new(Some(records)),
            listeners: watch::Sender::new(0),
            imported: Arc::default(),
        });
        let bound = bind(&home, &lock, &runtime_dir(dir.path())).expect("bound");
        let tasks = Tasks::new();
        let server = serve(bound, recorder.clone(), &tasks);
        Self { tasks, home, server, recorder, feed, _dir: dir }
    }

    async fn attach(&self) -> Attached {
        Attached::connect(&self.home).await.expect("connected").expect("an owner")
    }

    async fn raw(&self) -> Stream {
        address::dial(&self.home).await.expect("dialed").expect("an owner")
    }
}

fn home() -> (tempfile::TempDir, Home) {
    let dir = tempfile::tempdir().expect("a folder");
    let home = Home::locate(Some(&dir.path().join("home")), &|_| None).expect("a home");
    home.ensure().expect("made");
    (dir, home)
}

fn lock(home: &Home) -> Arc<HomeLock> {
    Arc::new(HomeLock::try_acquire(home).expect("tried").expect("free"))
}

fn runtime_dir(dir: &Path) -> impl Fn(&str) -> Option<OsString> + use<> {
    let dir = dir.to_path_buf();
    move |name| (name == "XDG_RUNTIME_DIR").then(|| dir.clone().into_os_string())
}

fn note(n: u32, bytes: usize) -> Record {
    Record { exchange: None, n, at: Timestamp(7), fact: Fact::Note { text: "x".repeat(bytes) } }
}

struct Recorder {
    feed: Mutex<Option<mpsc::Receiver<Arc<[Record]>>>>,
    listeners: watch::Sender<u32>,
    imported: Arc<Mutex<Vec<Record>>>,
}

/// Three notices, the middle one larger than a part.
struct Notices;

impl Source for Notices {
    fn summaries(&mut self) -> Result<Vec<Summary>, SourceError> {
        Ok(Vec::new())
    }

    fn records(&mut self, _exchange: ExchangeId) -> Result<Vec<Record>, SourceError> {
        Err(SourceError::Owner("no such exchange".to_owned()))
    }

    fn notices(&mut self) -> Result<Vec<Record>, SourceError> {
        Ok(vec![note(0, 1), note(1, 1 << 20), note(2, 1)])
    }

    fn origin(&self) -> Origin {
        Origin { tool: "test".to_owned() }
    }
}

struct Feed(mpsc::Receiver<Arc<[Record]>>);

impl FeedStream for Feed {
    fn next(&mut self) -> Answering<'_, Option<Arc<[Record]>>> {
        Box::pin(self.0.recv())
    }
}

struct Sink(Arc<Mutex<Vec<Record>>>);

impl ImportSink for Sink {
    fn take(&mut self, records: Vec<Record>) -> Result<(), Refusal> {
        self.0.lock().expect("no panic").extend(records);
        Ok(())
    }

    fn finish(self: Box<Self>) -> Result<ImportCounts, Refusal> {
        let records = self.0.lock().expect("no panic").len() as u64;
        Ok(ImportCounts { records, ..ImportCounts::default() })
    }
}

struct Port(watch::Sender<u32>);

impl Listening for Port {
    fn description(&self) -> serde_json::Value {
        serde_json::json!({"proxy": "http://127.0.0.1:7070"})
    }
}

impl Drop for Port {
    fn drop(&mut self) {
        self.0.send_modify(|count| *count -= 1);
    }
}

impl Owner for Recorder {
    fn source(&self) -> Result<Box<dyn Source>, Refusal> {
        Ok(Box::new(Notices))
    }

    fn subscribe(&self, _from: FeedStart) -> Result<Box<dyn FeedStream>, Refusal> {
        let records = self.feed.lock().expect("no panic").take();
        Ok(Box::new(Feed(records.ok_or_else(|| Refusal("one feed only".to_owned()))?)))
    }

    fn import(&self) -> Result<Box<dyn ImportSink>, Refusal> {
        Ok(Box::new(Sink(self.imported.clone())))
    }

    fn prune(&self, exchanges: &[ExchangeId], purge: bool) -> Result<PruneCounts, Refusal> {
        let exchanges = exchanges.len() as u64;
        Ok(PruneCounts { exchanges, freed_bytes: u64::from(purge) })
    }

    fn listen(
        &self,
        settings: ListenerSettings,
        wide: serde_json::Value,
    ) -> Answering<'_, Result<Box<dyn Listening>, Refusal>> {
        Box::pin(async move {
            if settings.run.as_deref() == Some("slow") {
                self.listeners.send_modify(|count| *count += 1);
                let _port = Port(self.listeners.clone());
                return std::future::pending().await;
            }
            if !wide.is_null() {
                return Err(Refusal("the recorder has --on-full wait".to_owned()));
            }
            self.listeners.send_modify(|count| *count += 1);
            Ok(Box::new(Port(self.listeners.clone())) as Box<dyn Listening>)
        })
    }

    fn hand_over(&self) -> bool {
        false
    }

    fn status(&self) -> String {
        "recording".to_owned()
    }
}

#[tokio::test]
async fn every_request_is_answered_on_one_connection() {
    let served = Served::new();
    let mut attached = served.attach().await;
    assert_eq!(attached.status().await.expect("answered"), "recording");
    let notices = Notices.notices().expect("three");
    assert_eq!(attached.notices().await.expect("answered"), notices);
    let refused = attached.records(ExchangeId::next()).await.expect_err("not there");
    assert!(refused.to_string().contains("no such exchange"), "{refused}");
    assert_eq!(attached.summaries().await.expect("a refusal ends nothing"), Vec::new());

    attached.import(&notices).await.expect("taken");
    assert_eq!(attached.import_end().await.expect("ended").records, 3);
    assert_eq!(*served.recorder.imported.lock().expect("no panic"), notices);

    let pruned = attached.prune(&[ExchangeId::next()], true).await.expect("answered");
    assert_eq!(pruned, PruneCounts { exchanges: 1, freed_bytes: 1 });
    assert!(!attached.hand_over().await.expect("answered"));
}

#[tokio::test]
async fn a_blocking_source_reads_the_same() {
    let served = Served::new();
    let home = served.home.clone();
    let read = crate::tasks::blocking(move || {
        let mut source = RemoteSource::connect(&home).expect("connected").expect("an owner");
        assert!(source.records(ExchangeId::next()).is_err());
        source.notices()
    });
    let notices = read.await.expect("no panic").expect("answered");
    assert_eq!(notices, Notices.notices().expect("three"));
}

#[tokio::test]
async fn a_feed_brings_records_as_they_come_and_then_its_end() {
    let served = Served::new();
    let mut feed = served.attach().await.subscribe(FeedStart::Now).await.expect("sent");
    for n in 0..3 {
        served.feed.send(Arc::from([note(n, 10)])).await.expect("taken");
        let records = feed.next().await.expect("fed").expect("more");
        assert_eq!(*records, [note(n, 10)]);
    }
    drop(served.feed);
    assert!(feed.next().await.expect("a clean end").is_none());
}

#[tokio::test]
async fn a_listener_lives_as_long_as_its_connection() {
    let served = Served::new();
    let mut joined = served.server.joined();
    let mut listeners = served.recorder.listeners.subscribe();
    let settings = ListenerSettings { run: Some("claude".to_owned()), ..Default::default() };
    let wide = serde_json::Value::Null;

    let listener = served.attach().await.listen(&settings, &wide).await.expect("listening");
    assert_eq!(listener.description()["proxy"], "http://127.0.0.1:7070");
    assert_eq!(*listeners.borrow(), 1);
    let who = joined.borrow_and_update().clone();
    assert_eq!(who.len(), 1);
    assert_eq!(who[0].run.as_deref(), Some("claude"));
    #[cfg(target_os = "linux")]
    assert_eq!(who[0].pid, Some(std::process::id()));

    drop(listener);
    joined.wait_for(Vec::is_empty).await.expect("the server runs");
    assert_eq!(*listeners.borrow_and_update(), 0, "it ended before its line left the list");

    let other = serde_json::json!({"on_full": "gap"});
    let refused = served.attach().await.listen(&settings, &other).await.expect_err("not equal");
    assert!(refused.to_string().contains("--on-full wait"), "{refused}");
}

#[tokio::test]
async fn a_client_that_leaves_before_its_listener_is_there_ends_that_too() {
    let served = Served::new();
    let mut listeners = served.recorder.listeners.subscribe();
    let settings = ListenerSettings { run: Some("slow".to_owned()), ..Default::default() };
    let wide = serde_json::Value::Null;
    let attached = served.attach().await;
    tokio::select! {
        _ = attached.listen(&settings, &wide) => panic!("it never listens"),
        begun = listeners.wait_for(|count| *count == 1) => drop(begun),
    }
    listeners.wait_for(|count| *count == 0).await.expect("given up");
    served.server.joined().wait_for(Vec::is_empty).await.expect("the server runs");
}

#[tokio::test]
async fn a_record_that_is_too_long_is_refused_not_left_out() {
    let served = Served::new();
    let mut feed = served.attach().await.subscribe(FeedStart::Now).await.expect("sent");
    served.feed.send(Arc::from([note(0, frame::MAX_FRAME as usize)])).await.expect("taken");
    let refused = feed.next().await.expect_err("too long");
    assert!(refused.to_string().contains("the longest are"), "{refused}");
}

#[tokio::test]
async fn the_end_reaches_listeners_and_frees_the_home() {
    let served = Served::new();
    let settings = ListenerSettings::default();
    let wide = serde_json::Value::Null;
    let mut listener = served.attach().await.listen(&settings, &wide).await.expect("listening");
    served.tasks.stop();
    let mut late = served.attach().await;
    assert_eq!(late.status().await.expect("who is joined is waited for"), "recording");
    assert_eq!(served.server.joined().borrow().len(), 1);
    served.server.end(GRACE).await;
    listener.ended().await;
    assert_eq!(*served.recorder.listeners.borrow(), 0);
    let opened = open_home(&served.home, Purpose::Write).await.expect("opened");
    assert!(matches!(opened, Opened::Free(_)));
}

#[tokio::test]
async fn another_version_is_refused_naming_both() {
    let served = Served::new();
    let mut raw = served.raw().await;
    let other = frame::encode(&Hello::of_program("9.9.9")).expect("short");
    raw.write_all(&other).await.expect("sent");
    let theirs = frame::read(&mut raw, MAX_HELLO).await.expect("read").expect("told in any case");
    assert_eq!(Hello::decode(&theirs).expect("a greeting"), Hello::ours());
    assert_eq!(raw.read(&mut [0; 1]).await.expect("read"), 0, "and then ended");

    let mismatch = AttachError::compare(&Hello::ours(), &Hello::of_program("9.9.9"));
    let text = mismatch.expect_err("another").to_string();
    assert!(text.contains("9.9.9") && text.contains(env!("CARGO_PKG_VERSION")), "{text}");
}

#[tokio::test]
async fn who_breaks_the_rules_is_cut_and_nobody_else() {
    let served = Served::new();
    let mut good = served.attach().await;
    let hello = frame::encode(&Hello::ours()).expect("short");
    let status = frame::encode(&Request::Feed(FeedStart::Now)).expect("short");
    let garbage: [&[&[u8]]; 6] = [
        &[b"GET / HTTP/1.1\r\n\r\n"],
        &[&[0xff; 64]],
        &[&hello, &[0xff, 0xff, 0xff, 0xff]],
        &[&hello, &[3, 0, 0, 0, 200, 200, 200]],
        &[&hello, &[0, 0, 0, 0]],
        &[&hello, &status, &status],
    ];
    for bytes in garbage {
        let mut raw = served.raw().await;
        // The owner may cut it before all is written.
        let _ = raw.write_all(&bytes.concat()).await;
        let mut rest = Vec::new();
        match raw.read_to_end(&mut rest).await {
            Ok(_) => {}
            Err(error) => assert_eq!(error.kind(), io::ErrorKind::ConnectionReset),
        }
        assert_eq!(good.status().await.expect("still served"), "recording");
    }
}

#[tokio::test]
async fn a_request_given_up_half_way_ends_the_connection() {
    let served = Served::new();
    let mut attached = served.attach().await;
    {
        let mut reading = Box::pin(attached.notices());
        let poll = std::future::poll_fn(|cx| std::task::Poll::Ready(reading.as_mut().poll(cx)));
        assert!(poll.await.is_pending());
    }
    assert!(matches!(attached.status().await, Err(AttachError::Gone)));
}

#[tokio::test]
async fn a_reader_is_read_beside_and_hands_over_to_a_recorder() {
    let (dir, home) = home();
    let Opened::Free(lock) = open_home(&home, Purpose::Read).await.expect("opened") else {
        panic!("nobody owns it");
    };
    let reader = Arc::new(ReaderOwner::new(|| Ok(Box::new(Notices))));
    let bound = bind(&home, &Arc::new(lock), &runtime_dir(dir.path())).expect("bound");
    let server = serve(bound, reader.clone(), &Tasks::new());

    let Opened::InUse(mut beside) = open_home(&home, Purpose::Read).await.expect("opened") else {
        panic!("the reader owns it");
    };
    assert_eq!(beside.notices().await.expect("answered").len(), 3);
    let refused = beside.import_end().await.expect_err("a reader writes nothing");
    assert!(refused.to_string().contains("hint:"), "{refused}");
    drop(beside);

    let letting_go = async {
        reader.asked_to_let_go().await;
        server.end(GRACE).await;
    };
    let (opened, ()) = tokio::join!(open_home(&home, Purpose::Write), letting_go);
    assert!(matches!(opened.expect("opened"), Opened::Free(_)));
}

#[cfg(unix)]
#[tokio::test]
async fn a_holder_that_never_answers_is_named() {
    let (dir, home) = home();
    let lock = lock(&home);
    let patience = Duration::from_millis(200);
    let silent = async |purpose| {
        let busy = open::open_within(&home, purpose, patience).await.expect_err("held");
        let text = busy.to_string();
        assert!(text.contains(&format!("process {}", std::process::id())), "{text}");
        assert!(text.contains("hint:"), "{text}");
    };
    silent(Purpose::Write).await;
    // It is dialed and never greets.
    let _bound = bind(&home, &lock, &runtime_dir(dir.path())).expect("bound");
    silent(Purpose::Read).await;
}

/// Run by [`a_killed_owner_leaves_a_home_that_can_be_taken`] in a process of its own.
#[tokio::test]
async fn child_that_owns_until_killed() {
    let Some(dir) = std::env::var_os("WIRETAPE_TEST_OWNER") else { return };
    let home = Home::locate(Some(&Path::new(&dir).join("home")), &|_| None).expect("a home");
    let bound = bind(&home, &lock(&home), &runtime_dir(Path::new(&dir))).expect("bound");
    let reader = Arc::new(ReaderOwner::new(|| Ok(Box::new(Notices))));
    let _server = serve(bound, reader, &Tasks::new());
    println!("owning");
    std::future::pending::<()>().await;
}

#[tokio::test]
async fn a_killed_owner_leaves_a_home_that_can_be_taken() {
    use io::BufRead;

    let (dir, home) = home();
    let mut child = Command::new(std::env::current_exe().expect("this test"))
        .args(["--exact", "--nocapture"])
        .arg("recorder::attach::tests::child_that_owns_until_killed")
        .env("WIRETAPE_TEST_OWNER", dir.path())
        .stdout(Stdio::piped())
        .spawn()
        .expect("started");
    let stdout = io::BufReader::new(child.stdout.take().expect("piped"));
    let said = stdout.lines().map_while(Result::ok).any(|line| line.ends_with("owning"));
    assert!(said, "the child owns the home");

    assert_eq!(crate::recorder::lock::holder(&home), Some(child.id()));
    let opened = open_home(&home, Purpose::Read).await.expect("opened");
    let Opened::InUse(mut attached) = opened else { panic!("the child owns it") };
    assert_eq!(attached.notices().await.expect("answered").len(), 3);

    child.kill().expect("killed");
    child.wait().expect("ended");
    assert!(matches!(attached.status().await, Err(AttachError::Gone)));
    let Opened::Free(lock) = open_home(&home, Purpose::Read).await.expect("opened") else {
        panic!("nobody owns it any more");
    };
    bind(&home, &Arc::new(lock), &runtime_dir(dir.path())).expect("its socket is taken over");
}
