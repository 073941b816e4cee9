//! One exchange with all its texts, masked, as the detail pane shows it.

use std::sync::Arc;

use bytes::Bytes;

use super::{
    super::{
        exchange::{Body, Exchange},
        masked::Mask,
        recording::{Entry, Recording},
        units,
    },
    shared::Shared,
    texts::Texts,
};
use crate::{
    capture::{ExchangeId, Fact, Headers, Record, RewriteWhere, TlsSide, redact::Leg},
    protocol::{Frame, Kind, Message, Reading, Summary, index::Plan},
    tui::desk::{ExchangeTold, FrameTold, MessageTold, News, Ticket},
};

/// How much of a decoded body is shown; a fact names the rest.
const BODY_SHOWN: usize = 16 << 20;

/// Exchanges of a session that are read through to find what shares a call with one of them. In a
/// longer session an exchange is told by itself.
const RELATED: u64 = 20_000;

/// A body of JSON from this length on is told in two steps: to read, join and mask 10 MB takes longer
/// than a person waits for a key.
const LONG: usize = 128 << 10;

/// What is told of it first: more than a screen.
const BEGINNING: usize = 64 << 10;

/// Tells an exchange; where it takes a while, who asked with a ticket is told the beginning first.
pub(super) fn tell(
    id: ExchangeId,
    ticket: Option<Ticket>,
    shared: &Shared,
) -> anyhow::Result<Arc<ExchangeTold>> {
    let mut recording = Recording::of(Box::new(shared.clone()), shared.as_of(), false)?;
    let masking = shared.mask();
    masking.with(|mask| recording.tell_secrets(mask));
    let gone = || anyhow::anyhow!("exchange {id} is not there any more");
    let records: Arc<[Record]> = recording.records(id)?.into();
    let exchange = Exchange::of(&records).ok_or_else(gone)?;
    let none = Headers::default();
    let response_headers = exchange.head.map_or(&none, |head| &head.headers);
    let leg = Leg::of(&exchange.open.url, exchange.open.headers.media_type().as_deref());
    let request = Side::of("request", &exchange.request, &exchange.open.headers, leg);
    let response = Side::of("response", &exchange.response, response_headers, leg);
    let mut texts = Texts::default();
    let (mut facts, request_body) = masking.with(|mask| {
        let mut facts = facts(&exchange, &records, mask);
        let body = request.told(&mut texts, mask, &mut facts);
        (facts, body)
    });
    // What other exchanges say is secret is known once they are read.
    if let Some(ticket) = ticket
        && response.is_long_json()
        && is_alone(id, &mut recording)?
        && let Some(text) = masking.with(|mask| response.beginning(mask))
    {
        shared.tell(News::Beginning(ticket, text))?;
    }
    let read = recording.take_in_hand(Arc::clone(&records)).ok_or_else(gone)?;
    let entries = entries(&read.reading.summary, &mut recording, shared)?;
    let problems = shared.problems_of(id);
    let told = masking.with(|mask| {
        let response_body = response.told(&mut texts, mask, &mut facts);
        let mut message = |entry| message(entry, &mut texts, mask);
        let messages = entries.iter().filter_map(&mut message).collect();
        let frames = frames(&read.reading, &entries, &mut texts, mask);
        ExchangeTold {
            exchange: id,
            request_line: format!(
                "{} {} {}",
                exchange.open.method,
                mask.url(&exchange.open.url),
                exchange.open.version
            ),
            request_headers: headers(&exchange.open.headers, mask),
            status_line: exchange.head.map(|head| {
                let reason = mask.plain(head.reason.as_deref().unwrap_or_default());
                format!("{} {} {reason}", head.version, head.status).trim_end().to_owned()
            }),
            response_headers: headers(response_headers, mask),
            facts,
            messages,
            frames,
            request_body,
            response_body,
            problems: problems.iter().map(|problem| mask.problem(problem)).collect(),
        }
    });
    Ok(Arc::new(told))
}

/// Nothing is read beside it.
fn is_alone(id: ExchangeId, recording: &mut Recording) -> anyhow::Result<bool> {
    let plan = Plan::beginning(&id.to_string()).unwrap_or_default();
    let found = recording.find(&plan, None, 1)?;
    Ok(found.first().is_some_and(|found| found.id == id && !found.is_linked()))
}

/// The messages of an exchange, and of others those that belong to its calls.
fn entries(
    summary: &Summary,
    recording: &mut Recording,
    shared: &Shared,
) -> anyhow::Result<Vec<Entry>> {
    if !summary.is_linked() || shared.is_larger(RELATED, summary)? {
        return recording.entries_alone(summary);
    }
    let found =
        recording.find(&Plan::beginning(&summary.id.to_string()).unwrap_or_default(), None, 1)?;
    let known = found.first().filter(|found| found.id == summary.id).unwrap_or(summary);
    if !recording.relate(known)? {
        return recording.entries_alone(summary);
    }
    recording.entries_around(known)
}

fn message(entry: &Entry, texts: &mut Texts, mask: &mut Mask) -> Option<MessageTold> {
    let message = entry.message.as_ref()?;
    Some(MessageTold {
        id: message.id(),
        exchange: message.exchange,
        number: message.number,
        frame: message.frame,
        direction: message.direction,
        kind: message.kind,
        at: message.at,
        payload: texts.said(&message.payload, mask),
        answers: message.answers.clone(),
    })
}

fn headers(headers: &Headers, mask: &mut Mask) -> Vec<(String, String)> {
    let masked = mask.headers(headers);
    let text = |value: &[u8]| String::from_utf8_lossy(value).into_owned();
    masked.iter().map(|(name, value)| (name.to_owned(), text(value))).collect()
}

/// One side of an exchange with its body decoded.
struct Side<'a> {
    name: &'static str,
    body: &'a Body,
    media: Option<String>,
    leg: Leg,
    text: Bytes,
    is_whole: bool,
}

impl<'a> Side<'a> {
    fn of(name: &'static str, body: &'a Body, headers: &Headers, leg: Leg) -> Self {
        let (text, is_whole) = body.decoded(headers.text("content-encoding"), BODY_SHOWN);
        Self { name, body, media: headers.media_type(), leg, text: text.into(), is_whole }
    }

    /// It takes a while, and what is shown of it begins as it does: an object is a message, or
    /// carries none. Of a stream or a batch a message is shown.
    fn is_long_json(&self) -> bool {
        self.text.len() >= LONG && self.text.first() == Some(&b'{')
    }

    fn beginning(&self, mask: &mut Mask) -> Option<Bytes> {
        mask.beginning(self.media.as_deref(), self.leg, &self.text, BEGINNING)
    }

    /// The body, masked, and what is to be said of it.
    fn told(&self, texts: &mut Texts, mask: &mut Mask, facts: &mut Vec<(String, String)>) -> Bytes {
        let Self { name, body, .. } = self;
        if body.bytes > 0 {
            facts.push((format!("{name} body"), units::size(body.bytes)));
        }
        if !self.is_whole {
            let text = "not all of it is shown: cut, not kept, or not decodable";
            facts.push((format!("{name} body"), text.to_owned()));
        }
        for gap in &body.gaps {
            facts.push((
                format!("{name} gap"),
                format!("{} at {} not kept", units::count(gap.bytes, "byte"), gap.offset),
            ));
        }
        if let Some(hash) = body.sha256() {
            facts.push((format!("{name} sha256"), hash));
        }
        for (trailer, value) in mask.headers(&body.trailers).iter() {
            let value = String::from_utf8_lossy(value).into_owned();
            facts.push((format!("{name} trailer {trailer}"), value));
        }
        texts.masked(self.media.as_deref(), self.leg, &self.text, mask)
    }
}

/// What is known of it beside heads and bodies.
fn facts(exchange: &Exchange<'_>, records: &[Record], mask: &mut Mask) -> Vec<(String, String)> {
    let mut facts: Vec<(String, String)> = Vec::new();
    let mut say = |name: &str, value: String| facts.push((name.to_owned(), value));
    say("started", exchange.started_at.to_string());
    say("client", exchange.open.client.clone());
    if let Some(pid) = exchange.open.pid {
        say("process", pid.to_string());
    }
    if let Some(run) = &exchange.open.run {
        say("run", run.clone());
    }
    match exchange.end {
        None => say("outcome", "it goes on".to_owned()),
        Some(end) => {
            say("outcome", end.outcome.as_str().to_owned());
            if let Some(error) = &end.error {
                say("error", mask.plain(error).into_owned());
            }
            if let Some(upstream) = &end.upstream {
                say("upstream", upstream.clone());
            }
            let timing = &end.timing;
            let parts = [
                ("connect", timing.connect_us),
                ("tls", timing.tls_us),
                ("first byte", timing.first_byte_us),
                ("total", Some(timing.total_us)),
            ];
            for (name, us) in parts {
                if let Some(us) = us {
                    say(name, units::duration(us));
                }
            }
        }
    }
    for record in records {
        if let Fact::Tls(tls) = &record.fact {
            let side =
                if tls.side == TlsSide::Client { "tls with client" } else { "tls with upstream" };
            let parts = [tls.version.as_deref(), tls.alpn.as_deref(), tls.sni.as_deref()];
            say(side, parts.into_iter().flatten().collect::<Vec<_>>().join(" "));
        }
    }
    for answer in &exchange.informational {
        say("informational", answer.status.to_string());
    }
    for rewrite in &exchange.rewrites {
        let rewrite = mask.rewrite(rewrite);
        let place = match &rewrite.place {
            RewriteWhere::Body => "in the body".to_owned(),
            RewriteWhere::Header(name) => format!("in {name}"),
            RewriteWhere::RequestHeader(name) => format!("in the request's {name}"),
        };
        say("rewritten", format!("{place}: {} for {}", rewrite.new, rewrite.old));
    }
    for note in &exchange.notes {
        say("note", mask.plain(note).into_owned());
    }
    facts
}

fn frames(
    reading: &Reading,
    entries: &[Entry],
    texts: &mut Texts,
    mask: &mut Mask,
) -> Vec<FrameTold> {
    let own = |frame: &Frame| {
        let messages = entries.iter().filter_map(|entry| entry.message.as_ref());
        messages
            .filter(|message| {
                message.exchange == reading.summary.id && message.frame == Some(frame.index)
            })
            .collect::<Vec<&Message>>()
    };
    let mut told = |frame: &Frame| FrameTold {
        index: frame.index,
        at: frame.at,
        event: frame.event.clone(),
        id: frame.id.clone(),
        words: words(frame, &own(frame), mask),
        raw: texts.said(&frame.raw, mask),
    };
    reading.frames.iter().map(&mut told).collect()
}

/// What a frame holds in a few words.
fn words(frame: &Frame, messages: &[&Message], mask: &mut Mask) -> String {
    let said: Vec<String> = messages.iter().map(|message| message_words(message, mask)).collect();
    if !said.is_empty() {
        return said.join(", ");
    }
    match (&frame.event, frame.has_data) {
        _ if !frame.complete => "unterminated".to_owned(),
        (Some(event), _) => mask.plain(event).into_owned(),
        (None, false) if !frame.comments.is_empty() => "comment".to_owned(),
        (None, false) if frame.retry.is_some() => "retry".to_owned(),
        (None, false) if frame.id.is_some() => "id".to_owned(),
        (None, false) => "empty".to_owned(),
        (None, true) => "data".to_owned(),
    }
}

fn message_words(message: &Message, mask: &mut Mask) -> String {
    let id = message.rpc_id.as_deref().unwrap_or("?").trim_matches('"');
    let id = mask.plain(id).into_owned();
    let method = message.method.as_deref().unwrap_or_default();
    match message.kind {
        Kind::Response if message.tool_error => format!("isError #{id}"),
        Kind::Response => format!("result #{id}"),
        Kind::Error => match message.rpc_code {
            Some(code) => format!("error {code} #{id}"),
            None => format!("error #{id}"),
        },
        Kind::Request => format!("{method} #{id}"),
        Kind::Notification => match progress(message) {
            Some(progress) => format!("progress {progress}"),
            None => method.trim_start_matches("notifications/").to_owned(),
        },
    }
}

/// `1/4` of a notification of progress.
fn progress(message: &Message) -> Option<String> {
    #[derive(serde::Deserialize)]
    struct Told {
        params: Params,
    }
    #[derive(serde::Deserialize)]
    struct Params {
        progress: serde_json::Number,
        total: Option<serde_json::Number>,
    }
    let is_progress = message.method.as_deref() == Some("notifications/progress");
    let told: Told =
        is_progress.then(|| serde_json::from_slice(&message.payload).ok()).flatten()?;
    let Params { progress, total } = told.params;
    Some(total.map_or_else(|| progress.to_string(), |total| format!("{progress}/{total}")))
}
