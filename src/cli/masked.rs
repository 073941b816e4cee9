//! What may be shown of what is kept: secrets masked, unless the user said `--reveal`.

use std::{
    borrow::Cow,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use bytes::Bytes;

use super::environment;
use crate::{
    capture::{
        Fact, Headers, Rewrite,
        redact::{Leg, Mode, Redactor},
    },
    protocol::{Frame, Message, Session, problems::Problem},
    replay::serve::Remark,
};

/// Secrets of what is shown, as they are met: a secret that a head names is masked in every text.
#[derive(Clone)]
pub(crate) struct Secrets(Arc<Mutex<Redactor>>);

impl Secrets {
    pub(crate) fn lock(&self) -> MutexGuard<'_, Redactor> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Masks, or reveals. One for a verb's whole run: equal secrets are shown equal.
pub(crate) struct Mask {
    redactor: Option<Secrets>,
}

impl Mask {
    /// A mask; none for `--reveal`.
    pub(crate) fn new(reveal: bool) -> Self {
        let redactor = (!reveal).then(|| {
            let mut redactor = Redactor::new(Mode::Reading).with_paths();
            for secret in environment::secrets() {
                redactor.learn_named(environment::KIND, &secret);
            }
            Secrets(Arc::new(Mutex::new(redactor)))
        });
        Self { redactor }
    }

    /// Who reads the records tells what is secret in them; none for `--reveal`.
    pub(crate) fn secrets(&self) -> Option<Secrets> {
        self.redactor.clone()
    }

    /// Learns a secret that no key's name would tell: a credential that the user gave.
    pub(crate) fn learn(&mut self, kind: &str, secret: &str) {
        if let Some(redactor) = &self.redactor {
            redactor.lock().learn_named(kind, secret.as_bytes());
        }
    }

    /// Learns what a record's head says is secret.
    pub(crate) fn hear(&mut self, fact: &Fact) {
        if let Some(redactor) = &self.redactor {
            redactor.lock().hear(fact);
        }
    }

    pub(crate) fn url<'a>(&mut self, url: &'a str) -> Cow<'a, str> {
        match &self.redactor {
            Some(redactor) => redactor.lock().url(url),
            None => Cow::Borrowed(url),
        }
    }

    pub(crate) fn headers(&mut self, headers: &Headers) -> Headers {
        match &self.redactor {
            Some(redactor) => redactor.lock().headers(headers),
            None => headers.clone(),
        }
    }

    pub(crate) fn body<'a>(
        &mut self,
        media: Option<&str>,
        leg: Leg,
        body: &'a [u8],
    ) -> Cow<'a, [u8]> {
        match &self.redactor {
            Some(redactor) => redactor.lock().text(media, leg, body),
            None => Cow::Borrowed(body),
        }
    }

    /// The same for a text that is shared: it stays so where nothing in it is masked.
    pub(crate) fn shared(&mut self, media: Option<&str>, leg: Leg, text: &Bytes) -> Bytes {
        match self.body(media, leg, text) {
            Cow::Borrowed(same) if same.as_ptr_range() == text.as_ptr_range() => text.clone(),
            Cow::Borrowed(other) => Bytes::copy_from_slice(other),
            Cow::Owned(masked) => masked.into(),
        }
    }

    /// The beginning of what is shown of a text; none where all of it has to be looked through.
    pub(crate) fn beginning(
        &mut self,
        media: Option<&str>,
        leg: Leg,
        text: &Bytes,
        most: usize,
    ) -> Option<Bytes> {
        match &self.redactor {
            Some(redactor) => redactor.lock().beginning(media, leg, text, most).map(Bytes::from),
            None => Some(text.slice(..most.min(text.len()))),
        }
    }

    /// How much is known to be secret: while it stays a text is masked alike.
    pub(crate) fn knows(&self) -> u64 {
        self.redactor.as_ref().map_or(0, |redactor| redactor.lock().knows())
    }

    pub(crate) fn payload<'a>(&mut self, message: &'a Message) -> Cow<'a, [u8]> {
        self.body(None, Leg::Mcp, &message.payload)
    }

    pub(crate) fn frame<'a>(&mut self, frame: &'a Frame) -> Cow<'a, [u8]> {
        self.body(None, Leg::Mcp, &frame.raw)
    }

    /// A resource's name is a URI.
    pub(crate) fn name<'a>(&mut self, message: &'a Message) -> Option<Cow<'a, str>> {
        message.name.as_deref().map(|name| self.plain(name))
    }

    /// What is told of a session: its own id stays whole, a key in its URL's path does not.
    pub(crate) fn session(&mut self, session: &Session) -> Session {
        let mut shown = session.clone();
        shown.server = self.url(&session.server).into_owned();
        for candidate in shown.candidates.iter_mut().filter(|c| c.source == "path" && !c.chosen) {
            let path = format!("/{}", candidate.value);
            let shown = self.url(&path);
            shown.strip_prefix('/').unwrap_or(&shown).clone_into(&mut candidate.value);
        }
        for state in &mut shown.states {
            state.evidence = self.plain(&state.evidence).into_owned();
        }
        shown.name = session.name.as_deref().map(|name| self.plain(name).into_owned());
        shown
    }

    /// A problem: its texts quote the wire.
    pub(crate) fn problem(&mut self, problem: &Problem) -> Problem {
        let mut shown = |text: &str| {
            String::from_utf8_lossy(&self.body(None, Leg::Mcp, text.as_bytes())).into_owned()
        };
        Problem {
            text: shown(&problem.text),
            evidence: shown(&problem.evidence),
            remedy: shown(&problem.remedy),
            ..problem.clone()
        }
    }

    /// A value that stands at a path: its key says what it is.
    pub(crate) fn value(&mut self, path: &str, json: &str) -> String {
        let key = path.rsplit('/').next().unwrap_or_default();
        let key = serde_json::Value::from(key.replace("~1", "/").replace("~0", "~")).to_string();
        let around = format!("{{{key}:{json}}}");
        let masked = self.body(None, Leg::Mcp, around.as_bytes());
        let text = String::from_utf8_lossy(&masked);
        let inner = text.get(key.len() + 2..text.len().saturating_sub(1));
        inner.unwrap_or_default().to_owned()
    }

    /// What `serve` says of a request.
    pub(crate) fn served(&mut self, remark: &Remark) -> Remark {
        let mut shown = remark.clone();
        shown.path = self.url(&remark.path).into_owned();
        shown.name = remark.name.as_deref().map(|name| self.plain(name).into_owned());
        shown.reason = remark.reason.as_deref().map(|reason| self.plain(reason).into_owned());
        for difference in &mut shown.differences {
            for value in [&mut difference.recorded, &mut difference.replayed].into_iter().flatten()
            {
                *value = self.value(&difference.path, value);
            }
        }
        shown
    }

    /// A frame's comments.
    pub(crate) fn comments(&mut self, frame: &Frame) -> Vec<String> {
        frame.comments.iter().map(|comment| self.plain(comment).into_owned()).collect()
    }

    /// Words that quote the wire: a name, a note, a reason.
    pub(crate) fn plain<'a>(&mut self, text: &'a str) -> Cow<'a, str> {
        match &self.redactor {
            Some(redactor) => redactor.lock().name(text),
            None => Cow::Borrowed(text),
        }
    }

    pub(crate) fn rewrite(&mut self, rewrite: &Rewrite) -> Rewrite {
        let mut shown = rewrite.clone();
        shown.old = self.url(&rewrite.old).into_owned();
        shown.new = self.url(&rewrite.new).into_owned();
        shown
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_is_masked_by_the_key_that_it_stands_at() {
        let mut mask = Mask::new(false);
        for (path, value, shown) in [
            ("/params/arguments/password", "\"abc\"", "\"{{password:1}}\""),
            ("/params/arguments/a~1b", "\"abc\"", "\"abc\""),
            ("", "{\"secret\":\"s\",\"n\":[1]}", "{\"secret\":\"{{secret:1}}\",\"n\":[1]}"),
        ] {
            assert_eq!(mask.value(path, value), shown, "{path}");
        }
        assert_eq!(Mask::new(true).value("/password", "\"abc\""), "\"abc\"");
    }
}
