//! One session read whole: what problems are judged on, and what `show` tells.

use std::sync::OnceLock;

use super::{
    calls::{self, CallStory, Calls, Way},
    catalogue::Catalogue,
    encoding::Decoder,
    jsonrpc,
    model::{Message, Session},
    oauth::OAuth,
    plain::{self, Form},
    reader::{Reading, read},
    seen::Seen,
};
use crate::capture::{End, ExchangeId, Fact, Gap, Head, Headers, Open, Record, Side, Timestamp};

/// How much of a refusal's body is kept as text, in bytes; the rest of it is left out.
const REFUSAL_CAP: usize = 8 << 10;

/// A session with everything in it.
#[derive(Clone, Debug)]
pub struct Story {
    /// The session as it stands at the reader's `as_of`.
    pub session: Session,
    /// Its exchanges, the legs that led to them included, ascending by id.
    pub exchanges: Vec<Told>,
    /// The messages of all of them, paired, in the order of time.
    pub messages: Vec<Message>,
    /// What both sides can do, and what the server offers as it was last listed.
    pub catalogue: Catalogue,
    /// Its calls, in the order of their requests; they name messages by place.
    pub calls: Vec<CallStory>,
    /// The places of answers to no request.
    pub orphans: Vec<usize>,
    /// Exchanges that took up a stream by `Last-Event-ID`, each with the one that it began with.
    pub resumed: Vec<(ExchangeId, ExchangeId)>,
    /// How it came by its authorisation; none where no OAuth is in it.
    pub oauth: Option<OAuth>,
    /// What rules ask of it, found when the first one asks.
    seen: OnceLock<Seen>,
}

/// One exchange: its heads and what its bodies hold. Its messages stand in [`Story::messages`].
#[derive(Clone, Debug)]
pub struct Told {
    /// The request's head.
    pub open: Open,
    /// The response's head.
    pub head: Option<Head>,
    /// When that was read.
    pub head_at: Option<Timestamp>,
    /// How it ended.
    pub end: Option<End>,
    /// Bytes that passed unrecorded.
    pub gaps: Vec<Gap>,
    /// The request's body, where that is a form: how OAuth asks for tokens.
    pub form: Option<Form>,
    /// Which bodies are arrays of messages.
    pub batches: Vec<Side>,
    /// What a refusal (status 400 and above) said: the beginning of its body, decoded, whatever
    /// its form. Servers say in JSON-RPC, in JSON of their own, in HTML or in a word why they refuse.
    pub refusal: Option<String>,
    /// Its bodies read; `messages` was moved to the story.
    pub reading: Reading,
}

impl Story {
    /// Tells a session from the records of its exchanges, each in the order of `n`. Exchanges
    /// without their opening are left out.
    #[must_use]
    pub fn tell<'a>(session: Session, exchanges: impl IntoIterator<Item = &'a [Record]>) -> Self {
        let (mut told, mut ways) = (Vec::new(), Vec::new());
        for records in exchanges {
            let Some(exchange) = Told::of(records) else { continue };
            ways.push(Way::of(&exchange.reading, records));
            told.push(exchange);
        }
        told.sort_by_key(|told: &Told| told.reading.summary.id);
        let mut messages: Vec<Message> =
            told.iter_mut().flat_map(|told| std::mem::take(&mut told.reading.messages)).collect();
        messages.sort_by_key(|message| (message.at, message.exchange, message.number));
        let Calls { list: calls, orphans, resumed } = calls::tell(ways, &mut messages);
        let catalogue = Catalogue::of(&messages);
        let speaks_mcp = told.iter().any(|told| told.reading.summary.is_mcp);
        let oauth = speaks_mcp.then(|| OAuth::tell(&session.server, &told)).flatten();
        let seen = OnceLock::new();
        Self { session, exchanges: told, messages, catalogue, calls, orphans, resumed, oauth, seen }
    }

    /// What rules ask of it, found once.
    pub(super) fn seen(&self) -> &Seen {
        self.seen.get_or_init(|| Seen::of(self))
    }

    /// An exchange of the session.
    #[must_use]
    pub fn exchange(&self, id: ExchangeId) -> Option<&Told> {
        let place =
            self.exchanges.binary_search_by_key(&id, |told| told.reading.summary.id).ok()?;
        self.exchanges.get(place)
    }

    /// A call's request; none only for a call of another story.
    #[must_use]
    pub fn request(&self, call: &CallStory) -> Option<&Message> {
        self.messages.get(call.request)
    }

    /// A call's answer.
    #[must_use]
    pub fn answer(&self, call: &CallStory) -> Option<&Message> {
        self.messages.get(call.answer?)
    }

    /// The calls of one method, with their requests.
    pub fn calls_of(&self, method: &str) -> impl Iterator<Item = (&CallStory, &Message)> {
        self.calls
            .iter()
            .filter_map(|call| Some((call, self.request(call)?)))
            .filter(move |(_, request)| request.method.as_deref() == Some(method))
    }

    /// The messages that an exchange carried, by number.
    pub fn messages_of(&self, id: ExchangeId) -> Vec<&Message> {
        let mut messages: Vec<&Message> =
            self.messages.iter().filter(|message| message.exchange == id).collect();
        messages.sort_by_key(|message| message.number);
        messages
    }
}

impl Told {
    /// Reads an exchange from its records, in the order of `n`; none without its opening.
    #[must_use]
    pub fn of(records: &[Record]) -> Option<Self> {
        let reading = read(records)?;
        let (mut open, mut head, mut end, mut gaps) = (None, None, None, Vec::new());
        let mut head_at = None;
        for record in records {
            match &record.fact {
                Fact::Open(fact) => open = Some(Open::clone(fact)),
                Fact::Head(fact) => {
                    (head, head_at) = (Some(Head::clone(fact)), Some(record.at));
                }
                Fact::End(fact) => end = Some(End::clone(fact)),
                Fact::Gap(gap) => gaps.push(gap.clone()),
                _ => {}
            }
        }
        let form = plain::form(records, Side::Request);
        let open = open?;
        let mut batches = Vec::new();
        if is_array(&open.headers, records, Side::Request) {
            batches.push(Side::Request);
        }
        if head.as_ref().is_some_and(|head| is_array(&head.headers, records, Side::Response)) {
            batches.push(Side::Response);
        }
        let refusal = head.as_ref().and_then(|head| refusal(head, records));
        Some(Self { open, head, head_at, end, gaps, form, batches, refusal, reading })
    }

    /// Its id.
    #[must_use]
    pub fn id(&self) -> ExchangeId {
        self.reading.summary.id
    }
}

/// Whether a body is a JSON array, by its first byte that is no blank.
fn is_array(headers: &Headers, records: &[Record], side: Side) -> bool {
    let Ok(mut decoder) = Decoder::new(headers.text("content-encoding").unwrap_or_default()) else {
        return false;
    };
    let mut plain = Vec::new();
    for record in records {
        let Fact::Chunk { side: of, data, .. } = &record.fact else { continue };
        if *of != side {
            continue;
        }
        plain.clear();
        let pushed = decoder.push(data, &mut plain);
        let text = plain.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(&plain).trim_ascii_start();
        if let Some(first) = text.first() {
            return *first == b'[';
        }
        if pushed.is_err() {
            return false;
        }
    }
    false
}

fn refusal(head: &Head, records: &[Record]) -> Option<String> {
    if head.status < 400 {
        return None;
    }
    let coding = head.headers.text("content-encoding").unwrap_or_default();
    let mut decoder = Decoder::new(coding).ok()?;
    let mut plain = Vec::new();
    for record in records {
        if let Fact::Chunk { side: Side::Response, data, .. } = &record.fact
            && (plain.len() >= REFUSAL_CAP || decoder.push(data, &mut plain).is_err())
        {
            break;
        }
    }
    plain.truncate(REFUSAL_CAP);
    Some(jsonrpc::text(&plain).into_owned())
}
