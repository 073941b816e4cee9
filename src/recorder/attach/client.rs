//! A process that uses the store through its owner.

use std::{borrow::Cow, sync::Arc};

use interprocess::local_socket::tokio::Stream;
use tokio::{
    io::{AsyncWriteExt, BufReader},
    time::timeout,
};

use super::{
    AttachError,
    address::{self, GREETING},
    frame::{self, FrameError, MAX_FRAME},
    wire::{Answer, Hello, ImportCounts, MAX_HELLO, PruneCounts, Request},
};
use crate::{
    capture::{ExchangeId, Record},
    protocol::Summary,
    proxy::ListenerSettings,
    recorder::{FeedStart, home::Home},
};

/// A connection to the owner of a home. One request at a time; a request whose future is dropped
/// ends the connection, and later ones fail with [`AttachError::Gone`].
#[derive(Debug)]
pub struct Attached {
    stream: Option<BufReader<Stream>>,
}

impl Attached {
    /// Connects to the owner. None: nobody owns the store, or whoever does is just beginning or
    /// ending: [`super::open_home`] waits for that.
    ///
    /// # Errors
    ///
    /// [`AttachError::Mismatch`] naming both versions, or the socket's.
    pub async fn connect(home: &Home) -> Result<Option<Self>, AttachError> {
        let Some(stream) = address::dial(home).await? else { return Ok(None) };
        let mut stream = BufReader::new(stream);
        match timeout(GREETING, greet(&mut stream)).await {
            Ok(Ok(())) => Ok(Some(Self { stream: Some(stream) })),
            Ok(Err(AttachError::Gone)) => Ok(None),
            Ok(Err(error)) => Err(error),
            Err(_) => Err(AttachError::Silent),
        }
    }

    /// Every summary, ascending.
    ///
    /// # Errors
    ///
    /// The connection's or the owner's.
    pub async fn summaries(&mut self) -> Result<Vec<Summary>, AttachError> {
        let mut list = Vec::new();
        let mut stream = self.ask(&Request::Summaries).await?;
        loop {
            match receive(&mut stream).await? {
                Answer::Summaries(part) => list.extend(part.into_owned()),
                Answer::Done => break,
                other => return self.unexpected(stream, other),
            }
        }
        self.stream = Some(stream);
        Ok(list)
    }

    /// The records of one exchange in order.
    ///
    /// # Errors
    ///
    /// The connection's or the owner's.
    pub async fn records(&mut self, exchange: ExchangeId) -> Result<Vec<Record>, AttachError> {
        self.record_list(&Request::Records(exchange)).await
    }

    /// All notices, oldest first.
    ///
    /// # Errors
    ///
    /// The connection's or the owner's.
    pub async fn notices(&mut self) -> Result<Vec<Record>, AttachError> {
        self.record_list(&Request::Notices).await
    }

    /// Turns the connection into a feed.
    ///
    /// # Errors
    ///
    /// The connection's; the owner's refusal is the feed's first answer.
    pub async fn subscribe(mut self, from: FeedStart) -> Result<RemoteFeed, AttachError> {
        let stream = self.ask(&Request::Feed(from)).await?;
        Ok(RemoteFeed { stream })
    }

    /// Imports a part of a tape's records; [`Attached::import_end`] ends the import.
    ///
    /// # Errors
    ///
    /// The connection's or the owner's. What was taken before stays.
    pub async fn import(&mut self, records: &[Record]) -> Result<(), AttachError> {
        for part in frame::parts(records) {
            match self.single(&Request::Import(Cow::Borrowed(part))).await? {
                Answer::Done => {}
                _ => return Err(AttachError::off_script()),
            }
        }
        Ok(())
    }

    /// Ends an import and says what it changed.
    ///
    /// # Errors
    ///
    /// The connection's or the owner's.
    pub async fn import_end(&mut self) -> Result<ImportCounts, AttachError> {
        match self.single(&Request::ImportEnd).await? {
            Answer::Imported(counts) => Ok(counts),
            _ => Err(AttachError::off_script()),
        }
    }

    /// Deletes exchanges; with `purge` their space is given back at once.
    ///
    /// # Errors
    ///
    /// The connection's or the owner's.
    pub async fn prune(
        &mut self,
        exchanges: &[ExchangeId],
        purge: bool,
    ) -> Result<PruneCounts, AttachError> {
        let request = Request::Prune { exchanges: Cow::Borrowed(exchanges), purge };
        match self.single(&request).await? {
            Answer::Pruned(counts) => Ok(counts),
            _ => Err(AttachError::off_script()),
        }
    }

    /// Asks for listeners that live as long as what is returned. `wide`: options that must be the
    /// recorder's own.
    ///
    /// # Errors
    ///
    /// The connection's, or the recorder's refusal.
    pub async fn listen(
        mut self,
        settings: &ListenerSettings,
        wide: &serde_json::Value,
    ) -> Result<RemoteListener, AttachError> {
        let settings =
            serde_json::to_vec(settings).map_err(|error| AttachError::not_json(&error))?;
        let request = Request::Listen { settings, wide: wide.to_string().into_bytes() };
        let mut stream = self.ask(&request).await?;
        match receive(&mut stream).await? {
            Answer::Listening(description) => {
                let description = serde_json::from_slice(&description)
                    .map_err(|error| AttachError::not_json(&error))?;
                Ok(RemoteListener { stream, description })
            }
            other => self.unexpected(stream, other),
        }
    }

    /// What the owner says about itself.
    ///
    /// # Errors
    ///
    /// The connection's.
    pub async fn status(&mut self) -> Result<String, AttachError> {
        match self.single(&Request::Status).await? {
            Answer::Status(status) => Ok(status),
            _ => Err(AttachError::off_script()),
        }
    }

    /// Asks the owner to let go of the store. True: it will.
    ///
    /// # Errors
    ///
    /// The connection's.
    pub async fn hand_over(&mut self) -> Result<bool, AttachError> {
        match self.single(&Request::HandOver).await? {
            Answer::HandOver(will) => Ok(will),
            _ => Err(AttachError::off_script()),
        }
    }

    async fn record_list(&mut self, request: &Request<'_>) -> Result<Vec<Record>, AttachError> {
        let mut list = Vec::new();
        let mut stream = self.ask(request).await?;
        loop {
            match receive(&mut stream).await? {
                Answer::Records(part) => list.extend(part.into_owned()),
                Answer::Done => break,
                other => return self.unexpected(stream, other),
            }
        }
        self.stream = Some(stream);
        Ok(list)
    }

    async fn single(&mut self, request: &Request<'_>) -> Result<Answer<'static>, AttachError> {
        let mut stream = self.ask(request).await?;
        let answer = receive(&mut stream).await?;
        self.stream = Some(stream);
        match answer {
            Answer::Error(text) => Err(AttachError::Owner(text)),
            answer => Ok(answer),
        }
    }

    /// Sends a request and hands the connection out, to be put back after the last answer: a
    /// request that is given up half-way takes it along.
    async fn ask(&mut self, request: &Request<'_>) -> Result<BufReader<Stream>, AttachError> {
        let bytes = frame::encode(request)?;
        let mut stream = self.stream.take().ok_or(AttachError::Gone)?;
        stream.get_mut().write_all(&bytes).await.map_err(FrameError::Io)?;
        Ok(stream)
    }

    /// An error is a complete answer, everything else is none of this request.
    fn unexpected<T>(
        &mut self,
        stream: BufReader<Stream>,
        answer: Answer<'static>,
    ) -> Result<T, AttachError> {
        if let Answer::Error(text) = answer {
            self.stream = Some(stream);
            return Err(AttachError::Owner(text));
        }
        Err(AttachError::off_script())
    }
}

/// Records as the owner gets them.
#[derive(Debug)]
pub struct RemoteFeed {
    stream: BufReader<Stream>,
}

impl RemoteFeed {
    /// The next records; none once the recording is over. To be awaited to its end: dropped
    /// half-way, the feed is lost.
    ///
    /// # Errors
    ///
    /// The connection's, or the owner's refusal.
    pub async fn next(&mut self) -> Result<Option<Arc<[Record]>>, AttachError> {
        match receive(&mut self.stream).await? {
            Answer::Records(records) => Ok(Some(records.into_owned().into())),
            Answer::Done => Ok(None),
            Answer::Error(text) => Err(AttachError::Owner(text)),
            _ => Err(AttachError::off_script()),
        }
    }
}

/// Listeners in the recorder's process. Dropping it ends them.
#[derive(Debug)]
pub struct RemoteListener {
    stream: BufReader<Stream>,
    description: serde_json::Value,
}

impl RemoteListener {
    /// What `wiretape/listening/1` says (faces.md).
    pub fn description(&self) -> &serde_json::Value {
        &self.description
    }

    /// Waits until the recorder ends.
    pub async fn ended(&mut self) {
        // However it ends, the listeners have ended.
        let _ = receive(&mut self.stream).await;
    }
}

async fn greet(stream: &mut BufReader<Stream>) -> Result<(), AttachError> {
    let ours = Hello::ours();
    stream.get_mut().write_all(&frame::encode(&ours)?).await.map_err(FrameError::Io)?;
    let theirs = frame::read(stream, MAX_HELLO).await?.ok_or(AttachError::Gone)?;
    AttachError::compare(&ours, &Hello::decode(&theirs)?)
}

async fn receive(stream: &mut BufReader<Stream>) -> Result<Answer<'static>, AttachError> {
    let bytes = frame::read(stream, MAX_FRAME).await?.ok_or(AttachError::Gone)?;
    Ok(Answer::decode(&bytes)?)
}
