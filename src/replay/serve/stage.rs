//! The server on the tape: what each request gets, without sockets and without a clock. Time is told
//! as the duration since it began.

use std::{
    collections::{BTreeMap, HashMap},
    sync::Arc,
    time::Duration,
};

use bytes::Bytes;

use super::{
    asked::{Asked, Incoming},
    choose::Choice,
    faults::{Fault, Faults},
    json, miss,
    play::{Playing, Speed},
    refuse::json_error,
    remark::{Match, Recorded, Remark, Tally, blank, recorded, remark},
    reply::{Body, Cue, Stream},
    rewrite::Caller,
    script::{Entry, Script},
    take::Take,
};
use crate::{capture::Headers, protocol::RefusalReason};

/// Sessions served at once; the oldest is forgotten for one more, as a server forgets them.
const TAKES: usize = 4_096;

/// The server.
#[derive(Debug)]
pub struct Stage {
    pub(super) script: Arc<Script>,
    /// Our own origin, in the place of the recorded one.
    pub(super) base: String,
    pub(super) speed: Speed,
    /// What a client without a credential was told, where one was asked for.
    pub(super) unauthorized: Option<usize>,
    faults: Faults,
    /// By number, the newest last.
    pub(super) takes: BTreeMap<u64, Take>,
    next_take: u64,
    /// How often each session was begun.
    pub(super) starts: Vec<u64>,
    /// The session ids that are known: their take, and the recorded id.
    pub(super) served: HashMap<String, (u64, String)>,
    /// Our requests that wait for an answer, by their id as spelled: take, and recorded message.
    pub(super) asks: HashMap<String, (u64, String)>,
    pub(super) next_ask: u64,
    pub(super) playing: HashMap<u64, Playing>,
    next_stream: u64,
    tally: Tally,
}

/// What a request gets.
#[derive(Debug)]
pub struct Served {
    /// What is said of it.
    pub remark: Remark,
    /// What is sent.
    pub answer: Answer,
}

/// What is sent.
#[derive(Debug)]
pub enum Answer {
    /// A whole response.
    Whole {
        /// The status.
        status: u16,
        /// The headers, without length.
        headers: Headers,
        /// The body.
        body: Bytes,
        /// To wait before.
        after: Duration,
    },
    /// A stream; its frames come from [`Stage::next`].
    Stream {
        /// The status.
        status: u16,
        /// The headers.
        headers: Headers,
        /// The stream.
        stream: u64,
        /// To wait before.
        after: Duration,
    },
    /// Nothing, until the client leaves.
    Nothing,
    /// The connection breaks.
    Broken {
        /// To wait before.
        after: Duration,
    },
}

impl Stage {
    /// A server of a script at `base`, our own origin.
    #[must_use]
    pub fn new(script: Arc<Script>, base: String, speed: Speed, faults: Faults) -> Self {
        let starts = vec![0; script.sessions.len()];
        let unauthorized = script.unauthorized();
        let mut stage = Self {
            script,
            base,
            speed,
            unauthorized,
            faults,
            takes: BTreeMap::new(),
            next_take: 0,
            starts,
            served: HashMap::new(),
            asks: HashMap::new(),
            next_ask: 0,
            playing: HashMap::new(),
            next_stream: 0,
            tally: Tally::default(),
        };
        // What comes before a session begins, or has no beginning, can be asked for at once.
        for session in (0..stage.script.sessions.len()).rev() {
            stage.new_take(session);
        }
        stage
    }

    /// How often what was the case.
    #[must_use]
    pub fn tally(&self) -> Tally {
        self.tally
    }

    /// Counts what became of a request that was missed and then passed on.
    pub fn forwarded(&mut self) {
        self.tally.missed = self.tally.missed.saturating_sub(1);
        self.tally.count(Match::Forwarded);
    }

    /// The recorded `initialize` of a served session, as sent: what stands for it at another server.
    #[must_use]
    pub fn opening(&self, session: &str) -> Option<Bytes> {
        let (number, _) = self.served.get(session)?;
        let recorded = self.script.sessions.get(self.takes.get(number)?.session)?;
        let own = recorded.entries.iter().filter_map(|place| self.script.entry(*place));
        let mut begins = own.filter(|entry| entry.asked.is_initialize());
        begins.find_map(|entry| entry.opening.clone())
    }

    /// Answers a request.
    pub fn request(&mut self, incoming: &Incoming, now: Duration) -> Served {
        let served = self.decide(incoming, now);
        self.tally.count(served.remark.outcome);
        served
    }

    fn decide(&mut self, incoming: &Incoming, now: Duration) -> Served {
        let script = Arc::clone(&self.script);
        let Some(mut asked) = Asked::live(incoming) else {
            return Self::plain(blank(incoming), 400, "wiretape: this is no request");
        };
        let Some((route, claim)) = script.routes.find(&asked.path) else {
            return miss::no_such_path(&script, &asked);
        };
        asked.claims.extend(claim);
        let known = asked.claims.iter().find_map(|claim| self.served.get(&claim.value));
        let known = known.map(|(take, _)| *take).filter(|_| !asked.is_modern);
        if asked.is_answers() {
            return self.answers(&asked, now);
        }
        let fault = self.faults.befall(asked.method(), asked.name(), known.is_some());
        if let Some(error) = fault.error {
            return Self::faulty(&asked, error, fault.delay);
        }
        if let Some(take) = known.filter(|_| fault.expires) {
            self.end(take);
            let mut served = self.refuse(&asked, RefusalReason::UnknownSession);
            served.remark.outcome = Match::Faulted;
            served.remark.reason = Some("a rule lets its session expire".to_owned());
            return served;
        }
        match self.choose(&asked, route, known) {
            Choice::Entry { take, entry } => self.play(&asked, take, entry, fault, now),
            Choice::Resume { take, from } => self.resume(&asked, take, from, now),
            Choice::Refused(reason) => self.refuse(&asked, reason),
            Choice::Unauthorized(entry) => self.stand_by(&asked, entry, "no credential was shown"),
            Choice::NotModern => Self::not_modern(&asked),
            Choice::ModernOnly => Self::modern_only(&asked),
            Choice::NoMethod => Self::no_method(&script, &asked, route),
            Choice::Missed => miss::missed(&script, &asked, route, self.known_uses(known)),
        }
    }

    /// What was used up in the take at hand, or in all of them.
    fn known_uses(&self, known: Option<u64>) -> impl Fn(usize) -> bool + '_ {
        move |entry| match known.and_then(|take| self.takes.get(&take)) {
            Some(take) => take.used.contains_key(&entry),
            None => self.takes.values().any(|take| take.used.contains_key(&entry)),
        }
    }

    pub(super) fn new_take(&mut self, session: usize) -> u64 {
        let number = self.next_take;
        self.next_take += 1;
        self.takes.insert(number, Take::new(session));
        // A session that nothing begins has this one take, which is never forgotten.
        let oldest = self.takes.iter().find(|(_, take)| take.is_started).map(|(number, _)| *number);
        if let Some(oldest) = oldest.filter(|_| self.takes.len() > TAKES) {
            self.takes.remove(&oldest);
            self.served.retain(|_, (take, _)| *take != oldest);
            self.asks.retain(|_, (take, _)| *take != oldest);
        }
        number
    }

    fn end(&mut self, take: u64) {
        if let Some(take) = self.takes.get_mut(&take) {
            take.is_ended = true;
        }
    }

    /// Serves a recorded exchange.
    fn play(
        &mut self,
        asked: &Asked,
        number: u64,
        place: usize,
        fault: Fault,
        now: Duration,
    ) -> Served {
        let script = Arc::clone(&self.script);
        let (Some(entry), Some(take)) = (script.entry(place), self.takes.get_mut(&number)) else {
            return Self::plain(remark(asked), 500, "wiretape: the tape has no such exchange");
        };
        take.use_up(&script, place, now);
        let recorded = script.sessions.get(entry.session);
        let is_start = recorded.is_some_and(|session| session.starter == Some(place));
        if is_start {
            take.is_started = true;
            if let Some(starts) = self.starts.get_mut(entry.session) {
                *starts += 1;
            }
        }
        for (own, its) in entry.asked.parts.iter().zip(&asked.parts) {
            let caller = Caller { id: its.id.clone(), token: its.token.clone() };
            take.ids.callers.insert(format!("{}.{}", entry.exchange, own.number), caller);
        }
        for claim in &asked.claims {
            let same = entry.claims.iter().find(|own| own.source == claim.source);
            let Some(own) = same else { continue };
            take.ids.sessions.entry(own.value.clone()).or_insert_with(|| claim.value.clone());
        }
        let born = recorded.map(|session| session.born.iter()).into_iter().flatten();
        for (id, _) in born.filter(|(_, by)| **by == place) {
            let served = take.ids.sessions.entry(id.clone());
            let served = served.or_insert_with(|| uuid::Uuid::new_v4().to_string()).clone();
            take.served.insert(served.clone());
            self.served.insert(served, (number, id.clone()));
        }
        if is_start {
            // An id that was born before the beginning goes with the session that it led to.
            for (id, served) in &take.ids.sessions {
                if self.served.contains_key(served) {
                    self.served.insert(served.clone(), (number, id.clone()));
                }
            }
        }
        let deletes = entry.asked.http == "DELETE" && entry.reply.status < 300;
        take.is_ended |= deletes || entry.refuses == Some(RefusalReason::UnknownSession);
        let after = fault.delay.saturating_add(self.speed.of(entry.at, entry.reply.head_at));
        let answer = self.answer(asked, number, place, entry, (after, fault.cut), now);
        let status = match &answer {
            Answer::Whole { status, .. } | Answer::Stream { status, .. } => Some(*status),
            Answer::Nothing | Answer::Broken { .. } => None,
        };
        let outcome = if fault == Fault::default() { Match::Matched } else { Match::Faulted };
        let recorded = Some(self.recorded(entry));
        let reason = (fault != Fault::default()).then(|| "a rule's fault".to_owned());
        Served { remark: Remark { status, outcome, recorded, reason, ..remark(asked) }, answer }
    }

    fn answer(
        &mut self,
        asked: &Asked,
        number: u64,
        place: usize,
        entry: &Entry,
        (after, cut): (Duration, Option<u64>),
        now: Duration,
    ) -> Answer {
        let (status, headers) = (entry.reply.status, self.headers(number, entry));
        match &entry.reply.body {
            Body::Never => Answer::Nothing,
            Body::Broken => Answer::Broken { after },
            Body::Whole { .. } if cut.is_some() => Answer::Broken { after },
            Body::Whole { said, .. } => {
                let body = self.whole(number, entry);
                // A client that takes streams only gets the same message as its one event.
                let is_answer = status < 300 && !said.is_empty();
                if is_answer && asked.takes.streams && !asked.takes.json {
                    let (headers, body) = (of_media(headers, "text/event-stream"), as_event(&body));
                    return Answer::Whole { status, headers, body, after };
                }
                Answer::Whole { status, headers, body, after }
            }
            Body::Stream(stream) if asked.takes.json && !asked.takes.streams => {
                if let Some(body) = self.as_json(number, stream) {
                    let headers = of_media(headers, "application/json");
                    return Answer::Whole { status, headers, body, after };
                }
                let text = "Not Acceptable: this answer is an event stream";
                json_error(asked, 406, -32000, text, "null").answer
            }
            Body::Stream(stream) => {
                let own = asked.http == "POST" && asked.has_request();
                let cut = cut.filter(|_| own || entry.is_get());
                let playing = Playing::new(number, place, stream, now + after, cut);
                Answer::Stream { status, headers, stream: self.begin(playing), after }
            }
        }
    }

    /// The answer on a stream of one request alone; none where the server asks something on it first.
    fn as_json(&self, number: u64, stream: &Stream) -> Option<Bytes> {
        let asks = |cue: &Cue| cue.said.iter().any(|said| said.asks.is_some());
        if stream.is_channel || stream.cues.iter().any(asks) {
            return None;
        }
        let answers = |cue: &&Cue| cue.said.iter().any(|said| said.answers.is_some());
        let cue = stream.cues.iter().rev().find(answers)?;
        let changed = self.takes.get(&number)?.ids.messages(&cue.data, &cue.said);
        Some(changed.map_or_else(|| cue.data.clone(), Bytes::from))
    }

    fn begin(&mut self, playing: Playing) -> u64 {
        let stream = self.next_stream;
        self.next_stream += 1;
        self.playing.insert(stream, playing);
        stream
    }

    /// Goes on with a stream behind one of its events (MCP 2025-11-25 basic/transports, Resumability).
    fn resume(
        &mut self,
        asked: &Asked,
        number: u64,
        from: (usize, usize),
        now: Duration,
    ) -> Served {
        let script = Arc::clone(&self.script);
        let entry = script.entry(from.0);
        let Some(entry) = entry else {
            return Self::plain(remark(asked), 500, "wiretape: the tape has no such exchange");
        };
        let Some(playing) = Playing::resumed(&script, number, from, now) else {
            return Self::plain(remark(asked), 400, "wiretape: this was no stream");
        };
        if let Some(take) = self.takes.get_mut(&number) {
            for place in playing.further(&script) {
                take.use_up(&script, place, now);
            }
        }
        let headers = self.headers(number, entry);
        let stream = self.begin(playing);
        let after = Duration::ZERO;
        let answer = Answer::Stream { status: 200, headers, stream, after };
        let recorded = Some(self.recorded(entry));
        let reason = Some("the stream goes on behind the client's last event".to_owned());
        let outcome = Match::Matched;
        Served {
            remark: Remark { status: Some(200), outcome, recorded, reason, ..remark(asked) },
            answer,
        }
    }

    /// The client answers requests of ours: what waited for that goes on.
    fn answers(&mut self, asked: &Asked, now: Duration) -> Served {
        let script = Arc::clone(&self.script);
        let mut found = None;
        for part in &asked.parts {
            let Some((number, message)) = part.id.as_ref().and_then(|id| self.asks.remove(id))
            else {
                continue;
            };
            let Some(take) = self.takes.get_mut(&number) else { continue };
            take.answered.insert(message.clone(), now);
            let recorded = script.answered_in.get(&message);
            if let Some(recorded) = recorded {
                take.use_up(&script, recorded.entry, now);
            }
            found.get_or_insert((number, recorded, part.said.clone()));
        }
        let Some((number, recorded, said)) = found else {
            let text = "wiretape: this answers no request of the tape that waits";
            let mut served = Self::plain(remark(asked), 400, text);
            served.remark.outcome = Match::Missed;
            return served;
        };
        let Some((recorded, entry)) = recorded.and_then(|r| Some((r, script.entry(r.entry)?)))
        else {
            let mut served = Self::plain(remark(asked), 202, "");
            served.remark.outcome = Match::Matched;
            served.remark.reason = Some("the recorded client did not answer".to_owned());
            return served;
        };
        let mut differences = json::differences(&recorded.said, &said, &script.placeholders);
        for difference in &mut differences {
            difference.path = difference.path.replacen("/params", "/result", 1);
        }
        let reason = "the client answers otherwise; what follows is as recorded";
        let reason = (!differences.is_empty()).then(|| reason.to_owned());
        let (status, body) = (entry.reply.status, self.whole(number, entry));
        let headers = self.headers(number, entry);
        let answer = Answer::Whole { status, headers, body, after: Duration::ZERO };
        let recorded = Some(self.recorded(entry));
        let status = Some(status);
        let outcome = Match::Matched;
        Served {
            remark: Remark { status, outcome, recorded, differences, reason, ..remark(asked) },
            answer,
        }
    }

    pub(super) fn recorded(&self, entry: &Entry) -> Recorded {
        recorded(&self.script, entry)
    }

    /// Recorded headers, with the ids of this run.
    fn headers(&self, number: u64, entry: &Entry) -> Headers {
        let ids = self.takes.get(&number).map(|take| &take.ids);
        let pairs = entry.reply.headers.0.iter().map(|(name, value)| {
            let text = std::str::from_utf8(value).ok().zip(ids);
            let value = match text {
                Some((text, ids)) => Bytes::from(ids.control(text, &entry.origin, &self.base)),
                None => value.clone(),
            };
            (name.clone(), value)
        });
        Headers(pairs.collect())
    }

    fn whole(&self, number: u64, entry: &Entry) -> Bytes {
        let Body::Whole { text, said } = &entry.reply.body else { return Bytes::new() };
        let Some(ids) = self.takes.get(&number).map(|take| &take.ids) else { return text.clone() };
        let changed = if said.is_empty() {
            let control = |text| ids.control(text, &entry.origin, &self.base);
            std::str::from_utf8(text).ok().map(control)
        } else {
            ids.messages(text, said)
        };
        changed.map_or_else(|| text.clone(), Bytes::from)
    }

    pub(super) fn plain(remark: Remark, status: u16, text: &str) -> Served {
        let headers = [("Content-Type", "text/plain; charset=utf-8")].into_iter();
        let headers = headers.filter(|_| !text.is_empty()).collect();
        let body = Bytes::copy_from_slice(text.as_bytes());
        let answer = Answer::Whole { status, headers, body, after: Duration::ZERO };
        let reason = Some(text.to_owned()).filter(|text| !text.is_empty());
        Served { remark: Remark { status: Some(status), reason, ..remark }, answer }
    }
}

/// Headers of a body of another media type.
fn of_media(headers: Headers, media: &'static str) -> Headers {
    let is_type = |name: &str| name.eq_ignore_ascii_case("content-type");
    let others = headers.0.into_iter().filter(|(name, _)| !is_type(name));
    let own = ("Content-Type".to_owned(), Bytes::from_static(media.as_bytes()));
    Headers(others.chain([own]).collect())
}

/// A JSON body as the one event of a stream.
fn as_event(body: &Bytes) -> Bytes {
    let mut event = b"event: message\n".to_vec();
    for line in body.trim_ascii().split(|byte| *byte == b'\n') {
        event.extend_from_slice(b"data: ");
        event.extend_from_slice(line.trim_ascii_end());
        event.push(b'\n');
    }
    event.push(b'\n');
    Bytes::from(event)
}
