//! What lists show: one [`Row`] a call, a notification or a plain exchange, compact, a million of
//! them at once; one [`SessionRow`] a session. Texts are interned as [`Symbol`]s.

mod packed;

use packed::Packs;

use crate::capture::{ExchangeId, Timestamp};
use crate::protocol::State;

/// A text of [`Symbols`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Symbol(pub u32);

/// A row's place in [`Rows`]: rows are never removed or moved, so it names the row for good.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RowId(pub u32);

/// A session's place in the list of sessions, in the order of their coming. It names it for good.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SessionId(pub u32);

impl SessionId {
    /// Of a row that is shown nowhere: what it showed is part of another row now.
    pub const NONE: Self = Self(u32::MAX);
}

/// Texts that many rows share, each once: methods, names, ids. Already masked and made visible.
/// Number 0 is the empty text. At most [`Symbols::MOST`]; what comes then is `…`.
#[derive(Clone, Debug)]
pub struct Symbols {
    texts: Vec<Box<str>>,
}

impl Symbols {
    /// More texts than this are not kept: with names of at most 256 bytes some 64 MB.
    pub const MOST: usize = 1 << 18;

    /// The text of a symbol.
    #[must_use]
    pub fn text(&self, symbol: Symbol) -> &str {
        self.texts.get(symbol.0 as usize).map_or("", |text| text)
    }

    /// Takes in the next texts.
    pub fn extend(&mut self, texts: impl IntoIterator<Item = Box<str>>) {
        self.texts.extend(texts);
    }

    /// Puts another text in a symbol's place.
    pub fn replace(&mut self, symbol: Symbol, text: Box<str>) {
        if let Some(old) = self.texts.get_mut(symbol.0 as usize) {
            *old = text;
        }
    }

    /// How many there are.
    #[must_use]
    #[expect(clippy::len_without_is_empty, reason = "the empty text is always there")]
    pub fn len(&self) -> usize {
        self.texts.len()
    }
}

impl Default for Symbols {
    fn default() -> Self {
        Self { texts: vec!["".into()] }
    }
}

/// A request's id as on the wire.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum RpcId {
    /// It has none, or it is not known yet ([`Row::is_whole`]).
    #[default]
    None,
    /// A small number.
    Number(u32),
    /// Anything else.
    Text(Symbol),
}

/// What a row is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum RowKind {
    /// A JSON-RPC request with its answer.
    #[default]
    Call,
    /// A notification.
    Notification,
    /// An exchange without messages of its own: a challenge, a 202, a 405, a DELETE, no MCP at all.
    Exchange,
    /// An answer to nothing.
    Orphan,
}

/// How a row ended.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Status {
    /// It goes on.
    #[default]
    Pending,
    /// A result, a 2xx.
    Ok,
    /// `isError`.
    ToolError,
    /// A JSON-RPC error: [`Row::code`].
    RpcError,
    /// HTTP status 400 and above.
    HttpError,
    /// It was cancelled.
    Cancelled,
    /// It was answered after it had been cancelled, or again.
    Late,
    /// Its exchange ended without an answer.
    NoReply,
    /// Its exchange ended in a fault: reset, truncated, proxy error.
    Fault,
}

impl Status {
    /// Any kind of failure (faces.md, `status:error`).
    #[must_use]
    pub fn is_error(self) -> bool {
        matches!(
            self,
            Self::ToolError | Self::RpcError | Self::HttpError | Self::NoReply | Self::Fault
        )
    }
}

/// One row of the list of calls. [`Rows`] keeps it in 56 bytes and 4 for its session's list: a million
/// of them are 60 MB.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Row {
    /// The exchange that carried the request.
    pub exchange: ExchangeId,
    /// The request's number in it (its id is `EXCHANGE.N`); 0 for a row of kind `Exchange`.
    pub number: u32,
    /// The session.
    pub session: SessionId,
    /// When it was sent.
    pub at: Timestamp,
    /// What it is.
    pub kind: RowKind,
    /// How it ended.
    pub status: Status,
    /// The server sent it.
    pub from_server: bool,
    /// Its answer came on an event stream.
    pub streamed: bool,
    /// One of a batch.
    pub batched: bool,
    /// A problem names it.
    pub at_fault: bool,
    /// Id, latency and direction are known; false for a row made of a summary alone.
    pub is_whole: bool,
    /// JSON-RPC method; of a plain exchange the HTTP method and path.
    pub method: Symbol,
    /// Tool, prompt, resource, task.
    pub name: Symbol,
    /// The id.
    pub rpc_id: RpcId,
    /// The HTTP status; 0 without one.
    pub http: u16,
    /// `error.code`; 0 without one.
    pub code: i32,
    /// To the answer's first byte, microseconds; `u32::MAX` (71 minutes) where it is longer or open.
    pub first_us: u32,
    /// To the answer's last byte, likewise.
    pub total_us: u32,
    /// Frames that belong to it.
    pub frames: u32,
    /// The answer's bytes, at most 4 GiB.
    pub size: u32,
    /// The call whose stream carried this one (`⤷7`).
    pub parent: Option<RowId>,
}

/// One session as the list shows it. Texts are masked and visible.
#[derive(Clone, Debug, PartialEq)]
pub struct SessionRow {
    /// Its id; it changes where an earlier exchange turns out to belong to it.
    pub id: ExchangeId,
    /// On the wire.
    pub wire_id: Option<String>,
    /// Where it stands.
    pub state: State,
    /// URL without the scheme where that is https.
    pub server: String,
    /// Negotiated revision.
    pub revision: Option<String>,
    /// `claude-code 2.3`.
    pub client: Option<String>,
    /// The run it came from.
    pub run: Option<String>,
    /// The recording's name.
    pub name: Option<String>,
    /// The transport as faces.md spells it; none where it is no MCP.
    pub transport: Option<&'static str>,
    /// Exchanges.
    pub exchanges: u64,
    /// Failed calls and exchanges.
    pub errors: u64,
    /// Requests and notifications from the server.
    pub from_server: u64,
    /// Problems found; none before it was judged.
    pub problems: Option<u64>,
    /// Median latency, microseconds.
    pub p50_us: Option<u32>,
    /// 95th percentile.
    pub p95_us: Option<u32>,
    /// Exchanges begun in each of the last twelve stretches of its life, or of five minutes where it
    /// goes on.
    pub activity: [u16; 12],
    /// First record.
    pub started_at: Timestamp,
    /// Latest record.
    pub last_at: Timestamp,
    /// Response streams that go on.
    pub open_streams: u64,
    /// It was deleted; it is shown no more.
    pub deleted: bool,
}

/// All rows, by session too.
#[derive(Clone, Debug, Default)]
pub struct Rows {
    all: Packs,
    of_session: Vec<Listed>,
}

/// The rows of one session, and what is asked of all of them at once.
#[derive(Clone, Debug, Default)]
struct Listed {
    ids: Vec<RowId>,
    /// Those that failed or are at fault, ascending.
    troubled: Vec<RowId>,
    errors: usize,
    pending: usize,
}

impl Listed {
    fn count(&mut self, id: RowId, row: &Row) {
        self.errors += usize::from(row.status.is_error());
        self.pending += usize::from(row.is_pending());
        if row.is_troubled() {
            insert(&mut self.troubled, id);
        }
    }

    fn discount(&mut self, id: RowId, row: &Row) {
        self.errors = self.errors.saturating_sub(usize::from(row.status.is_error()));
        self.pending = self.pending.saturating_sub(usize::from(row.is_pending()));
        if row.is_troubled() {
            remove(&mut self.troubled, id);
        }
    }
}

impl Row {
    /// It failed, or a problem names it.
    #[must_use]
    pub fn is_troubled(&self) -> bool {
        self.at_fault || self.status.is_error()
    }

    /// An answer is waited for.
    #[must_use]
    pub fn is_pending(&self) -> bool {
        self.status == Status::Pending && self.kind != RowKind::Notification
    }
}

/// Nearly always the last: rows come in the order of their names.
fn insert(ids: &mut Vec<RowId>, id: RowId) {
    match ids.last() {
        Some(last) if *last >= id => {
            if let Err(place) = ids.binary_search(&id) {
                ids.insert(place, id);
            }
        }
        _ => ids.push(id),
    }
}

fn remove(ids: &mut Vec<RowId>, id: RowId) {
    if let Ok(place) = ids.binary_search(&id) {
        ids.remove(place);
    }
}

impl Rows {
    /// Takes in the next rows.
    pub fn extend(&mut self, rows: impl IntoIterator<Item = Row>) {
        for row in rows {
            let Ok(id) = u32::try_from(self.all.len()).map(RowId) else { return };
            self.all.push(id, &row);
            if row.session != SessionId::NONE {
                let list = self.list_of(row.session);
                insert(&mut list.ids, id);
                list.count(id, &row);
            }
        }
    }

    /// Replaces a row; one that is not there is none.
    pub fn replace(&mut self, id: RowId, row: Row) {
        let Some(was) = self.all.get(id) else { return };
        self.all.set(id, &row);
        if was.session != SessionId::NONE {
            let list = self.list_of(was.session);
            list.discount(id, &was);
            if was.session != row.session {
                remove(&mut list.ids, id);
            }
        }
        if row.session == SessionId::NONE {
            return;
        }
        let list = self.list_of(row.session);
        if was.session != row.session {
            insert(&mut list.ids, id);
        }
        list.count(id, &row);
    }

    /// A row.
    #[must_use]
    pub fn get(&self, id: RowId) -> Option<Row> {
        self.all.get(id)
    }

    /// How many there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.all.len()
    }

    /// There is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.all.len() == 0
    }

    /// A session's rows, in the order of their coming: a row's place here, from 1, is its SEQ.
    #[must_use]
    pub fn of(&self, session: SessionId) -> &[RowId] {
        self.listed(session).map_or(&[], |list| &list.ids)
    }

    /// Those of them that failed or are at fault, in the same order.
    #[must_use]
    pub fn troubled(&self, session: SessionId) -> &[RowId] {
        self.listed(session).map_or(&[], |list| &list.troubled)
    }

    /// How many of a session's rows failed, and how many wait for their answer.
    #[must_use]
    pub fn errors_and_pending(&self, session: SessionId) -> (usize, usize) {
        self.listed(session).map_or((0, 0), |list| (list.errors, list.pending))
    }

    fn listed(&self, session: SessionId) -> Option<&Listed> {
        self.of_session.get(session.0 as usize)
    }

    fn list_of(&mut self, session: SessionId) -> &mut Listed {
        let place = session.0 as usize;
        if self.of_session.len() <= place {
            self.of_session.resize_with(place + 1, Listed::default);
        }
        &mut self.of_session[place]
    }
}
