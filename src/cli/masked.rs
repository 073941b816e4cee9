//! What may be shown of what is kept: secrets masked, unless the user said `--reveal`.

use std::borrow::Cow;

use crate::{
    capture::{
        Headers, Rewrite,
        redact::{Leg, Mode, Redactor},
    },
    protocol::{Frame, Message},
};

/// Masks, or reveals. One for a verb's whole run: equal secrets are shown equal.
pub(crate) struct Mask {
    redactor: Option<Redactor>,
}

impl Mask {
    /// A mask; none for `--reveal`.
    pub(crate) fn new(reveal: bool) -> Self {
        Self { redactor: (!reveal).then(|| Redactor::new(Mode::Reading)) }
    }

    pub(crate) fn url<'a>(&mut self, url: &'a str) -> Cow<'a, str> {
        match &mut self.redactor {
            Some(redactor) => redactor.url(url),
            None => Cow::Borrowed(url),
        }
    }

    pub(crate) fn headers(&mut self, headers: &Headers) -> Headers {
        match &mut self.redactor {
            Some(redactor) => redactor.headers(headers),
            None => headers.clone(),
        }
    }

    pub(crate) fn body<'a>(
        &mut self,
        media: Option<&str>,
        leg: Leg,
        body: &'a [u8],
    ) -> Cow<'a, [u8]> {
        match &mut self.redactor {
            Some(redactor) => redactor.text(media, leg, body),
            None => Cow::Borrowed(body),
        }
    }

    pub(crate) fn payload<'a>(&mut self, message: &'a Message) -> Cow<'a, [u8]> {
        self.body(None, Leg::Mcp, &message.payload)
    }

    pub(crate) fn frame<'a>(&mut self, frame: &'a Frame) -> Cow<'a, [u8]> {
        self.body(None, Leg::Mcp, &frame.raw)
    }

    /// A resource's name is a URI.
    pub(crate) fn name<'a>(&mut self, message: &'a Message) -> Option<Cow<'a, str>> {
        message.name.as_deref().map(|name| self.url(name))
    }

    pub(crate) fn rewrite(&mut self, rewrite: &Rewrite) -> Rewrite {
        let mut shown = rewrite.clone();
        shown.old = self.url(&rewrite.old).into_owned();
        shown.new = self.url(&rewrite.new).into_owned();
        shown
    }
}
