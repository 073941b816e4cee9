//! One client of an owner: its greeting, then its requests one by one.
//!
//! A client that disappears ends at once whatever is done for it: every answer is given up when the
//! connection's other half ends.

use std::{borrow::Cow, sync::Arc, time::Duration};

use interprocess::local_socket::tokio::Stream;
use tokio::{
    io::{AsyncBufReadExt, AsyncWriteExt, BufReader},
    sync::{OwnedSemaphorePermit, watch},
    time::{sleep, timeout},
};
use tokio_util::sync::CancellationToken;

use super::{
    address::GREETING,
    frame::{self, FrameError, MAX_FRAME},
    owner::{ImportSink, Owner, Refusal},
    server::Joined,
    wire::{Answer, Hello, MAX_HELLO, Request},
};
use crate::{
    capture::Record,
    protocol::Summary,
    recorder::{FeedStart, Source, SourceError},
    tasks,
};

/// How long a client may take for its next request once the owner is ending.
const NEXT_AT_END: Duration = Duration::from_millis(500);

/// Summaries found for one request, 4 MB: whoever wants more asks on.
const MOST_FOUND: u32 = 4_096;

/// What serves one client.
pub(super) struct Connection {
    pub(super) owner: Arc<dyn Owner>,
    /// The owner ends.
    pub(super) ending: CancellationToken,
    pub(super) joined: watch::Sender<Vec<Joined>>,
    /// Its place among the clients; blocking work keeps a clone, so that work is bounded too.
    pub(super) place: Arc<OwnedSemaphorePermit>,
    pub(super) pid: Option<u32>,
}

/// Says when it went, however that came.
struct Left {
    pid: Option<u32>,
}

impl Drop for Left {
    fn drop(&mut self) {
        tracing::debug!(pid = self.pid, "another process left");
    }
}

/// An import between two requests.
type Import = Option<Box<dyn ImportSink>>;

impl Connection {
    /// Serves until the client leaves, breaks the rules or the owner ends. None of these is a fault
    /// of the owner's, so nothing is returned.
    pub(super) async fn serve(self, stream: Stream) {
        let mut reader = BufReader::new(&stream);
        let greeted = timeout(GREETING, greet(&mut reader, &stream)).await;
        if !matches!(greeted, Ok(Ok(true))) {
            return;
        }
        tracing::debug!(pid = self.pid, "another process attached");
        let _left = Left { pid: self.pid };
        let mut import = None;
        while let Some(request) = self.next(&mut reader).await {
            tokio::select! {
                biased;
                done = self.answer(request, &mut import, &stream) => if done.is_err() { return },
                () = gone(&mut reader) => return,
            }
        }
    }

    async fn next(&self, reader: &mut BufReader<&Stream>) -> Option<Request<'static>> {
        let bytes = tokio::select! {
            bytes = frame::read(reader, MAX_FRAME) => bytes.ok()??,
            () = async { self.ending.cancelled().await; sleep(NEXT_AT_END).await } => return None,
        };
        Request::decode(&bytes).ok()
    }

    async fn answer(
        &self,
        request: Request<'static>,
        import: &mut Import,
        stream: &Stream,
    ) -> Result<(), FrameError> {
        let answer = match request {
            Request::Summaries => {
                let read = self.read(Source::summaries).await;
                return send_summaries(stream, read).await;
            }
            Request::Find { plan, after, most } => {
                let most = most.min(MOST_FOUND) as usize;
                let read = self
                    .read(move |source: &mut (dyn Source + 'static)| {
                        source.find(&plan, after, most)
                    })
                    .await;
                return send_summaries(stream, read).await;
            }
            Request::Kept(sessions) => {
                let read = self
                    .read(move |source: &mut (dyn Source + 'static)| source.kept(&sessions))
                    .await;
                return match read {
                    Ok(list) => {
                        send_list(stream, &list, |p| Answer::Judgements(Cow::Borrowed(p))).await
                    }
                    Err(refusal) => send(stream, &Answer::Error(refusal.0)).await,
                };
            }
            Request::Keep(judgements) => {
                let kept = self
                    .read(move |source: &mut (dyn Source + 'static)| source.keep(&judgements))
                    .await;
                kept.map(|()| Answer::Done)
            }
            Request::Records(exchange) => {
                let read = self
                    .read(move |source: &mut (dyn Source + 'static)| source.records(exchange))
                    .await;
                return send_records(stream, read).await;
            }
            Request::Notices => {
                let read = self.read(Source::notices).await;
                return send_records(stream, read).await;
            }
            Request::Feed(from) => return self.feed(from, stream).await,
            Request::Listen { settings, wide } => {
                return self.listen(&settings, &wide, stream).await;
            }
            Request::Import(records) => {
                let begun = import.take();
                let taken = self.take(begun, records.into_owned()).await;
                taken.map(|sink| {
                    *import = Some(sink);
                    Answer::Done
                })
            }
            Request::ImportEnd => {
                let begun = import.take();
                self.finish(begun).await
            }
            Request::Prune { exchanges, purge } => {
                let owner = Arc::clone(&self.owner);
                self.blocking(move || owner.prune(&exchanges, purge)).await.map(Answer::Pruned)
            }
            Request::Status => Ok(Answer::Status(self.owner.status())),
            Request::HandOver => Ok(Answer::HandOver(self.owner.hand_over())),
        };
        send(stream, &answer.unwrap_or_else(|refusal| Answer::Error(refusal.0))).await
    }

    async fn read<T: Send + 'static>(
        &self,
        read: impl FnOnce(&mut (dyn Source + 'static)) -> Result<T, SourceError> + Send + 'static,
    ) -> Result<T, Refusal> {
        let owner = Arc::clone(&self.owner);
        self.blocking(move || {
            let mut source = owner.source()?;
            read(source.as_mut()).map_err(|error| Refusal(error.to_string()))
        })
        .await
    }

    async fn take(
        &self,
        begun: Import,
        records: Vec<Record>,
    ) -> Result<Box<dyn ImportSink>, Refusal> {
        let owner = Arc::clone(&self.owner);
        self.blocking(move || {
            let mut sink = match begun {
                Some(sink) => sink,
                None => owner.import()?,
            };
            sink.take(records)?;
            Ok(sink)
        })
        .await
    }

    async fn finish(&self, begun: Import) -> Result<Answer<'static>, Refusal> {
        let owner = Arc::clone(&self.owner);
        self.blocking(move || {
            let sink = match begun {
                Some(sink) => sink,
                None => owner.import()?,
            };
            sink.finish().map(Answer::Imported)
        })
        .await
    }

    async fn feed(&self, from: FeedStart, stream: &Stream) -> Result<(), FrameError> {
        let owner = Arc::clone(&self.owner);
        let mut feed = match self.blocking(move || owner.subscribe(from)).await {
            Ok(feed) => feed,
            Err(refusal) => return send(stream, &Answer::Error(refusal.0)).await,
        };
        loop {
            let next = tokio::select! {
                next = feed.next() => next,
                () = self.ending.cancelled() => None,
            };
            let Some(records) = next else { return send(stream, &Answer::Done).await };
            for part in frame::parts(&records) {
                send(stream, &Answer::Records(Cow::Borrowed(part))).await?;
            }
        }
    }

    async fn listen(
        &self,
        settings: &[u8],
        wide: &[u8],
        stream: &Stream,
    ) -> Result<(), FrameError> {
        let parsed = serde_json::from_slice::<crate::proxy::ListenerSettings>(settings)
            .and_then(|settings| Ok((settings, serde_json::from_slice(wide)?)));
        let (settings, wide) = match parsed {
            Ok(parsed) => parsed,
            Err(error) => return send(stream, &Answer::Error(error.to_string())).await,
        };
        // Declared first, so that it leaves the list after its listener has ended.
        let _joining = Joining::new(&self.joined, self.pid, settings.run.clone());
        let listening = match self.owner.listen(settings, wide).await {
            Ok(listening) => listening,
            Err(refusal) => return send(stream, &Answer::Error(refusal.0)).await,
        };
        let description = listening.description().to_string().into_bytes();
        send(stream, &Answer::Listening(description)).await?;
        self.ending.cancelled().await;
        drop(listening);
        send(stream, &Answer::Done).await
    }

    async fn blocking<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> Result<T, Refusal> + Send + 'static,
    ) -> Result<T, Refusal> {
        let place = Arc::clone(&self.place);
        let done = tasks::blocking(move || {
            let _place = place;
            work()
        });
        done.await.unwrap_or_else(|error| Err(Refusal(format!("the owner failed: {error}"))))
    }
}

/// Greets both ways. True: the client speaks our version. It is told ours in any case, so that it
/// can name both.
async fn greet(reader: &mut BufReader<&Stream>, stream: &Stream) -> Result<bool, FrameError> {
    let theirs = frame::read(reader, MAX_HELLO).await?.ok_or(FrameError::Cut)?;
    let theirs = Hello::decode(&theirs)?;
    send(stream, &Hello::ours()).await?;
    Ok(theirs == Hello::ours())
}

/// Waits until the client leaves. Bytes before its answer came are against the rules.
async fn gone(reader: &mut BufReader<&Stream>) {
    let _ = reader.fill_buf().await;
}

async fn send_summaries(
    stream: &Stream,
    read: Result<Vec<Summary>, Refusal>,
) -> Result<(), FrameError> {
    match read {
        Ok(list) => send_list(stream, &list, |part| Answer::Summaries(Cow::Borrowed(part))).await,
        Err(refusal) => send(stream, &Answer::Error(refusal.0)).await,
    }
}

async fn send_records(
    stream: &Stream,
    read: Result<Vec<Record>, Refusal>,
) -> Result<(), FrameError> {
    match read {
        Ok(list) => send_list(stream, &list, |part| Answer::Records(Cow::Borrowed(part))).await,
        Err(refusal) => send(stream, &Answer::Error(refusal.0)).await,
    }
}

async fn send_list<T: serde::Serialize>(
    stream: &Stream,
    list: &[T],
    answer: impl Fn(&[T]) -> Answer<'_>,
) -> Result<(), FrameError> {
    for part in frame::parts(list) {
        send(stream, &answer(part)).await?;
    }
    send(stream, &Answer::Done).await
}

/// A message that is too long is told to the client rather than left out.
async fn send<T: serde::Serialize>(mut stream: &Stream, message: &T) -> Result<(), FrameError> {
    let bytes = match frame::encode(message) {
        Ok(bytes) => bytes,
        Err(error) => {
            stream.write_all(&frame::encode(&Answer::Error(error.to_string()))?).await?;
            return Err(error);
        }
    };
    stream.write_all(&bytes).await?;
    Ok(())
}

/// A line in the list of those who are joined, until it is dropped.
struct Joining<'a> {
    list: &'a watch::Sender<Vec<Joined>>,
    number: u64,
}

impl<'a> Joining<'a> {
    fn new(list: &'a watch::Sender<Vec<Joined>>, pid: Option<u32>, run: Option<String>) -> Self {
        let mut number = 0;
        list.send_modify(|joined| {
            number = joined.last().map_or(1, |last| last.number + 1);
            joined.push(Joined { number, pid, run });
        });
        Self { list, number }
    }
}

impl Drop for Joining<'_> {
    fn drop(&mut self) {
        self.list.send_modify(|joined| joined.retain(|one| one.number != self.number));
    }
}
