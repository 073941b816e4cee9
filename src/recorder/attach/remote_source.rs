//! A store in use as a [`Source`]: the reading verbs do not know the difference.
//!
//! It dials for itself with a blocking socket, so that it needs no runtime and cannot wait for one
//! that its own thread should be driving.

use std::{borrow::Cow, io::Write};

use interprocess::local_socket::{Stream, traits::Stream as _};

use super::{
    AttachError,
    address::{self, GREETING},
    frame::{self, FrameError, MAX_FRAME},
    wire::{Answer, Hello, MAX_HELLO, Request},
};
use crate::{
    capture::{ExchangeId, Record},
    protocol::{Summary, index::Plan, problems::Judgement},
    recorder::{Origin, Source, SourceError, home::Home},
};

/// A store that another process owns. Calls block; an owner that goes away is an error.
#[derive(Debug)]
pub struct RemoteSource {
    stream: Stream,
}

impl RemoteSource {
    /// Connects to the owner. None: nobody answers.
    ///
    /// # Errors
    ///
    /// [`AttachError::Mismatch`] naming both versions, or the socket's.
    pub fn connect(home: &Home) -> Result<Option<Self>, AttachError> {
        let Some(mut stream) = address::dial_blocking(home)? else { return Ok(None) };
        stream.set_recv_timeout(Some(GREETING)).map_err(FrameError::Io)?;
        match greet(&mut stream) {
            Ok(()) => {}
            Err(AttachError::Gone) => return Ok(None),
            Err(error) => return Err(error),
        }
        // A read of a large store may take its time.
        stream.set_recv_timeout(None).map_err(FrameError::Io)?;
        Ok(Some(Self { stream }))
    }

    fn ask(
        &mut self,
        request: &Request<'_>,
        mut part: impl FnMut(Answer<'static>) -> Result<(), AttachError>,
    ) -> Result<(), AttachError> {
        self.stream.write_all(&frame::encode(request)?).map_err(FrameError::Io)?;
        loop {
            match receive(&mut self.stream)? {
                Answer::Done => return Ok(()),
                Answer::Error(text) => return Err(AttachError::Owner(text)),
                answer => part(answer)?,
            }
        }
    }

    fn summary_list(&mut self, request: &Request<'_>) -> Result<Vec<Summary>, SourceError> {
        let mut list = Vec::new();
        self.ask(request, |answer| match answer {
            Answer::Summaries(part) => {
                list.extend(part.into_owned());
                Ok(())
            }
            _ => Err(AttachError::off_script()),
        })?;
        Ok(list)
    }

    fn record_list(&mut self, request: &Request<'_>) -> Result<Vec<Record>, SourceError> {
        let mut list = Vec::new();
        self.ask(request, |answer| match answer {
            Answer::Records(part) => {
                list.extend(part.into_owned());
                Ok(())
            }
            _ => Err(AttachError::off_script()),
        })?;
        Ok(list)
    }
}

impl Source for RemoteSource {
    fn summaries(&mut self) -> Result<Vec<Summary>, SourceError> {
        self.summary_list(&Request::Summaries)
    }

    fn find(
        &mut self,
        plan: &Plan,
        after: Option<ExchangeId>,
        most: usize,
    ) -> Result<Vec<Summary>, SourceError> {
        let most = u32::try_from(most).unwrap_or(u32::MAX);
        let plan = Cow::Borrowed(plan);
        self.summary_list(&Request::Find { plan, after, most })
    }

    fn kept(&mut self, sessions: &[ExchangeId]) -> Result<Vec<Option<Judgement>>, SourceError> {
        let mut list = Vec::new();
        self.ask(&Request::Kept(Cow::Borrowed(sessions)), |answer| match answer {
            Answer::Judgements(part) => {
                list.extend(part.into_owned());
                Ok(())
            }
            _ => Err(AttachError::off_script()),
        })?;
        Ok(list)
    }

    fn keep(&mut self, judgements: &[Judgement]) -> Result<(), SourceError> {
        for part in frame::parts(judgements) {
            let request = Request::Keep(Cow::Borrowed(part));
            self.ask(&request, |_| Err(AttachError::off_script()))?;
        }
        Ok(())
    }

    fn records(&mut self, exchange: ExchangeId) -> Result<Vec<Record>, SourceError> {
        self.record_list(&Request::Records(exchange))
    }

    fn notices(&mut self) -> Result<Vec<Record>, SourceError> {
        self.record_list(&Request::Notices)
    }

    /// The owner's version, which the greeting found to be ours.
    fn origin(&self) -> Origin {
        Origin { tool: concat!("wiretape ", env!("CARGO_PKG_VERSION")).to_owned() }
    }
}

fn greet(stream: &mut Stream) -> Result<(), AttachError> {
    let ours = Hello::ours();
    stream.write_all(&frame::encode(&ours)?).map_err(FrameError::Io)?;
    let theirs = frame::read_blocking(stream, MAX_HELLO)?.ok_or(AttachError::Gone)?;
    AttachError::compare(&ours, &Hello::decode(&theirs)?)
}

fn receive(stream: &mut Stream) -> Result<Answer<'static>, AttachError> {
    let bytes = frame::read_blocking(stream, MAX_FRAME)?.ok_or(AttachError::Gone)?;
    Ok(Answer::decode(&bytes)?)
}
