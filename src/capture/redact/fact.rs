//! The texts of one fact without their secrets.

use super::{Leg, Redactor};
use crate::capture::{Fact, Rewrite, RewriteWhere};

impl Redactor {
    /// A fact with its texts redacted; bodies are not looked at here: a secret may lie across
    /// their chunks.
    #[must_use]
    pub fn fact(&mut self, fact: &Fact, leg: Leg) -> Fact {
        let redactor = self;
        let mut fact = fact.clone();
        match &mut fact {
            Fact::Open(open) => {
                open.url = redactor.url(&open.url).into_owned();
                open.headers = redactor.headers(&open.headers);
                open.name = open.name.as_ref().map(|name| words(name, leg, redactor));
            }
            Fact::Head(head) => {
                head.headers = redactor.headers(&head.headers);
                head.reason = head.reason.as_ref().map(|reason| words(reason, leg, redactor));
            }
            Fact::Informational(answer) => answer.headers = redactor.headers(&answer.headers),
            Fact::BodyEnd { trailers, .. } => *trailers = redactor.headers(trailers),
            Fact::Rewrite(rewrite) => redact_rewrite(rewrite, leg, redactor),
            Fact::Note { text } => *text = words(text, leg, redactor),
            Fact::Gap(gap) => gap.reason = words(&gap.reason, leg, redactor),
            Fact::End(end) => end.error = end.error.as_ref().map(|why| words(why, leg, redactor)),
            Fact::Tunnel(tunnel) => {
                tunnel.host = words(&tunnel.host, leg, redactor);
                tunnel.reason = words(&tunnel.reason, leg, redactor);
            }
            Fact::TlsFailure(failure) => {
                failure.reason = words(&failure.reason, leg, redactor);
                failure.remedy = words(&failure.remedy, leg, redactor);
            }
            Fact::Tls(_) | Fact::Chunk { .. } | Fact::NotKept(_) | Fact::Tombstone { .. } => {}
        }
        fact
    }
}

fn redact_rewrite(rewrite: &mut Rewrite, leg: Leg, redactor: &mut Redactor) {
    for text in [&mut rewrite.old, &mut rewrite.new] {
        *text = match &rewrite.place {
            RewriteWhere::Body => words(text, leg, redactor),
            RewriteWhere::Header(name) | RewriteWhere::RequestHeader(name) => {
                String::from_utf8_lossy(&redactor.header(name, text.as_bytes())).into_owned()
            }
        };
    }
}

fn words(text: &str, leg: Leg, redactor: &mut Redactor) -> String {
    String::from_utf8_lossy(&redactor.text(None, leg, text.as_bytes())).into_owned()
}
