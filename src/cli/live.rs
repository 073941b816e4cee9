//! Messages as they happen: a line each for people, or `wiretape/message/1`. Used by `record`,
//! `run`, `demo` and by what attaches to them, all from the recorder's feed.

use std::collections::{HashMap, VecDeque};

use super::{
    faces::{MessageFace, Told},
    masked::Mask,
    output::{Output, OutputError, style},
    transcript, units, visible,
};
use crate::{
    capture::{ExchangeId, Fact, Gap, Record, Side, Timestamp},
    protocol::{
        Call, Kind, Message, Pairing, Reader, Sessions, Summary,
        query::{Query, Subject},
    },
};

/// Lines for people in one second; further ones are replaced by their count.
const LINES_PER_SECOND: u64 = 100;

/// Exchanges that are read at one time. When more run, the one that opened first is read no
/// further here: its messages are recorded, but not shown live.
const MAX_OPEN: usize = 4_096;

/// Exchanges that sessions are folded from. When there are more, the fold begins anew with the
/// running ones: a session from before is then named by the first exchange after.
const MAX_FOLDED: usize = 200_000;

/// How messages are printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Form {
    /// Aligned lines on stderr, at most [`LINES_PER_SECOND`].
    Talk,
    /// Aligned lines on stdout.
    Lines,
    /// JSON Lines on stdout, every message.
    Json,
}

/// Folds a feed and prints its messages.
pub(crate) struct Live {
    form: Form,
    query: Query,
    mask: Mask,
    readers: HashMap<ExchangeId, Reader>,
    opened: VecDeque<ExchangeId>,
    sessions: Sessions,
    folded: usize,
    pairing: Pairing,
    rate: Rate,
    /// Exchanges that ended without a message and match, where they are asked for.
    bare: Option<Vec<Summary>>,
}

impl Live {
    /// Nothing seen yet. Messages that do not match the query are not printed.
    pub(crate) fn new(form: Form, query: Query, reveal: bool) -> Self {
        Self {
            form,
            query,
            mask: Mask::new(reveal),
            readers: HashMap::new(),
            opened: VecDeque::new(),
            sessions: Sessions::new(),
            folded: 0,
            pairing: Pairing::new(),
            rate: Rate::default(),
            bare: None,
        }
    }

    /// Exchanges without messages are of interest too, for [`Live::take_bare`].
    pub(crate) fn with_bare(self) -> Self {
        Self { bare: Some(Vec::new()), ..self }
    }

    /// Exchanges that ended since the last call, match and carry no message.
    pub(crate) fn take_bare(&mut self) -> Vec<Summary> {
        self.bare.as_mut().map(std::mem::take).unwrap_or_default()
    }

    /// What masks the lines, which has heard all records.
    pub(crate) fn mask(&mut self) -> &mut Mask {
        &mut self.mask
    }

    /// Takes the feed's next record at the time `now`, and prints what it completes. Returns how
    /// many messages it printed or counted.
    ///
    /// # Errors
    ///
    /// stdout's: a recorder goes on without printing then.
    pub(crate) fn observe(
        &mut self,
        record: &Record,
        now: Timestamp,
        out: &mut Output,
    ) -> Result<u64, OutputError> {
        self.mask.hear(&record.fact);
        let Some(id) = record.exchange else {
            self.notice(record, now, out);
            return Ok(0);
        };
        if matches!(record.fact, Fact::Open(_)) {
            if self.form == Form::Talk && self.rate.is_spent(now) {
                // It would be read for a line that is not printed: the traffic has better use for
                // the processor. Its messages are in the store.
                self.rate.unread += 1;
                return Ok(0);
            }
            self.open(id);
        }
        let Some(reader) = self.readers.get_mut(&id) else { return Ok(0) };
        reader.push(record);
        let messages = reader.take_messages();
        let ended = matches!(record.fact, Fact::End(_));
        let head = matches!(record.fact, Fact::Open(_) | Fact::Head(_));
        if messages.is_empty() && !ended && !head {
            return Ok(0);
        }
        let Some(summary) = reader.summary() else { return Ok(0) };
        self.fold(&summary);
        if ended {
            self.readers.remove(&id);
            self.opened.retain(|opened| *opened != id);
        }
        let session = self.sessions.session_of(id).unwrap_or(id);
        let mut printed = 0;
        for mut message in messages {
            self.pairing.observe(session, &mut message);
            if self.matches(session, &summary, Some(&message), now) {
                self.print(session, &message, &summary, now, out)?;
                printed += 1;
            }
        }
        let is_bare = ended && summary.counts.messages == 0 && self.bare.is_some();
        if is_bare && self.matches(session, &summary, None, now) {
            self.bare.get_or_insert_default().push(summary);
        }
        Ok(printed)
    }

    /// What is no exchange is said to people too: a client that distrusts us shows nothing else.
    fn notice(&mut self, record: &Record, now: Timestamp, out: &mut Output) {
        // One that tries again and again is said less and less often; the count is in the line.
        let is_repeated = match &record.fact {
            Fact::TlsFailure(failure) => !failure.count.is_power_of_two(),
            _ => false,
        };
        if self.form != Form::Talk || is_repeated {
            return;
        }
        let Some(told) = Told::by(record) else { return };
        if self.rate.admits(now, out) {
            let kind = out.paint_talk(style::WAITING, told.kind);
            let host = visible::line(told.host.as_deref().unwrap_or("-")).into_owned();
            let text = visible::line(&self.mask.plain(&told.text)).into_owned();
            out.talk(format_args!("notice: {kind} {host}: {text}"));
        }
    }

    /// Records passed that were not read. What goes on has a gap there: one frame of a stream is
    /// lost to these lines, not to the recording.
    pub(crate) fn skipped(&mut self, now: Timestamp) {
        let reason = "not read for the live lines".to_owned();
        let gap = Gap { side: Some(Side::Response), bytes: 0, reason };
        for (id, reader) in &mut self.readers {
            let fact = Fact::Gap(gap.clone());
            reader.push(&Record { exchange: Some(*id), n: 0, at: now, fact });
        }
        self.rate.skipped = true;
    }

    /// The recording is over: says how many lines were left out at last.
    pub(crate) fn end(&mut self, out: &mut Output) -> Result<(), OutputError> {
        self.rate.tell(out);
        out.flush()
    }

    fn open(&mut self, id: ExchangeId) {
        if self.readers.insert(id, Reader::new()).is_none() {
            self.opened.push_back(id);
        }
        if self.opened.len() > MAX_OPEN
            && let Some(first) = self.opened.pop_front()
        {
            self.readers.remove(&first);
        }
    }

    fn fold(&mut self, summary: &Summary) {
        if self.sessions.session_of(summary.id).is_none() {
            self.folded += 1;
        }
        if self.folded > MAX_FOLDED {
            self.sessions = Sessions::new();
            let running: Vec<Summary> = self.readers.values().filter_map(Reader::summary).collect();
            self.folded = running.len();
            for summary in running {
                self.sessions.apply(summary);
            }
        }
        self.sessions.apply(summary.clone());
    }

    fn matches(
        &self,
        session: ExchangeId,
        summary: &Summary,
        message: Option<&Message>,
        now: Timestamp,
    ) -> bool {
        if self.query.is_empty() {
            return true;
        }
        let Some(session) = self.sessions.get(session, now) else { return false };
        let call = message.and_then(|message| call(message, summary));
        let call = call.as_ref();
        // Problems are found in whole sessions: of a running one nothing is known yet.
        let subject = Subject { session: &session, summary, call, message, at_fault: false };
        self.query.matches(&subject)
    }

    fn print(
        &mut self,
        session: ExchangeId,
        message: &Message,
        summary: &Summary,
        now: Timestamp,
        out: &mut Output,
    ) -> Result<(), OutputError> {
        if self.form == Form::Talk && !self.rate.admits(now, out) {
            return Ok(());
        }
        let name = self.mask.name(message).map(std::borrow::Cow::into_owned);
        if self.form == Form::Json {
            let payload = self.mask.payload(message);
            out.json(&MessageFace::new(session, message, name.as_deref(), &payload))?;
            return out.flush();
        }
        // A request's call is pending now as ever: it is printed before its answer is there.
        let call = call(message, summary).filter(|_| message.kind != Kind::Request);
        let talk = self.form == Form::Talk;
        let line =
            transcript::line(out, talk, Some(session), message, name.as_deref(), call.as_ref());
        if talk {
            out.talk(line);
            Ok(())
        } else {
            out.line(line)?;
            out.flush()
        }
    }
}

/// The call as it stands when the message comes.
fn call(message: &Message, summary: &Summary) -> Option<Call> {
    match message.kind {
        Kind::Notification => None,
        Kind::Request => Some(Call::of(None, summary)),
        Kind::Response | Kind::Error => Some(Call::of(Some(message), summary)),
    }
}

/// Counts the lines of a second.
#[derive(Debug, Default)]
struct Rate {
    second: u64,
    lines: u64,
    left_out: u64,
    /// Exchanges that were not even read.
    unread: u64,
    /// Some passed uncounted.
    skipped: bool,
}

impl Rate {
    /// Whether this second has had all its lines.
    fn is_spent(&self, now: Timestamp) -> bool {
        self.second == now.0 / 1_000_000_000 && self.lines >= LINES_PER_SECOND
    }

    fn admits(&mut self, now: Timestamp, out: &mut Output) -> bool {
        let second = now.0 / 1_000_000_000;
        if second != self.second {
            self.tell(out);
            self.second = second;
            self.lines = 0;
        }
        self.lines += 1;
        let admitted = self.lines <= LINES_PER_SECOND;
        self.left_out += u64::from(!admitted);
        admitted
    }

    fn tell(&mut self, out: &mut Output) {
        let counts = [
            (std::mem::take(&mut self.left_out), "message"),
            (std::mem::take(&mut self.unread), "exchange"),
        ];
        let told: Vec<String> =
            counts.iter().filter(|(n, _)| *n > 0).map(|(n, what)| units::count(*n, what)).collect();
        let at_least = if std::mem::take(&mut self.skipped) { "at least " } else { "" };
        if !told.is_empty() {
            out.talk(format_args!("             … and {at_least}{} more", told.join(" and ")));
        }
    }
}
