//! Made-up sessions, calls and exchanges: the same ones every time, at a clock that stands still, so
//! that screens can be compared letter by letter.

use std::sync::Arc;

use bytes::Bytes;
use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};

use super::super::{App, Effect, Msg, Options};
use crate::{
    capture::{ExchangeId, Timestamp},
    protocol::{
        Direction, Kind, State,
        problems::{Problem, Severity},
    },
    tui::{
        desk::{
            Ask, ExchangeTold, FrameTold, MessageTold, News, SessionTold, SourceStatus, Ticket,
        },
        keys::{Keys, spell},
        rows::{Row, RowId, RowKind, RpcId, SessionId, SessionRow, Status, Symbol},
        theme::Theme,
    },
};

/// 2026-11-21 14:02:11 UTC.
pub(crate) const NOW: Timestamp = Timestamp(1_795_269_731_000_000_000);

/// So many microseconds before now.
fn ago(us: u64) -> Timestamp {
    Timestamp(NOW.0 - us * 1_000)
}

/// The exchange of a row.
pub(crate) fn exchange(n: u32) -> ExchangeId {
    let mut bytes = [0; 16];
    bytes[12..].copy_from_slice(&n.to_be_bytes());
    ExchangeId::from_bytes(bytes)
}

/// An app with nothing in it.
pub(crate) fn empty(size: (u16, u16), theme: Theme) -> App {
    let (keys, log, editor, greeting) = (Keys::default(), None, None, None);
    let options = Options { theme, mouse: true, keys, log, editor, greeting };
    App::new(options, size, NOW)
}

/// Colours and all glyphs.
pub(crate) const FULL: Theme = Theme { colour: true, ascii: false };

/// A tape with five sessions, of which the last has calls.
pub(crate) fn told(size: (u16, u16), theme: Theme) -> App {
    let mut app = empty(size, theme);
    for news in recorded() {
        app.update(Msg::News(news));
    }
    app
}

/// The same while it is being recorded.
pub(crate) fn live(size: (u16, u16), theme: Theme) -> App {
    let mut app = empty(size, theme);
    app.update(Msg::News(News::Status(SourceStatus {
        live: true,
        listening: vec!["http://127.0.0.1:7070".to_owned()],
        ..status()
    })));
    for news in recorded().into_iter().filter(|news| !matches!(news, News::Status(_))) {
        app.update(Msg::News(news));
    }
    app
}

fn status() -> SourceStatus {
    SourceStatus {
        what: "demo.tape".to_owned(),
        store_bytes: 12_400_000,
        free_bytes: 78_000_000_000,
        ..SourceStatus::default()
    }
}

/// Everything that is told at first.
pub(crate) fn recorded() -> Vec<News> {
    let mut names = Names::default();
    let rows = rows(&mut names);
    vec![
        News::Status(status()),
        News::Symbols(names.0.iter().map(|text| text.as_str().into()).collect()),
        News::Sessions(sessions()),
        News::Rows(rows),
        News::Loading { done: 625, of: 625 },
    ]
}

/// Texts as the desk would intern them.
#[derive(Default)]
pub(crate) struct Names(Vec<String>);

impl Names {
    pub(crate) fn of(&mut self, text: &str) -> Symbol {
        if text.is_empty() {
            return Symbol(0);
        }
        let place = self.0.iter().position(|known| known == text).unwrap_or_else(|| {
            self.0.push(text.to_owned());
            self.0.len() - 1
        });
        Symbol(u32::try_from(place + 1).unwrap())
    }
}

fn sessions() -> Vec<(SessionId, SessionRow)> {
    let session = |n: u32, state, server: &str, revision: &str, client: &str| SessionRow {
        id: exchange(1_000 + n),
        wire_id: Some(format!("a91f{n}")),
        state,
        server: server.to_owned(),
        revision: (!revision.is_empty()).then(|| revision.to_owned()),
        client: Some(client.to_owned()),
        run: None,
        name: None,
        transport: Some("streamable-http"),
        exchanges: 0,
        errors: 0,
        from_server: 0,
        problems: None,
        p50_us: None,
        p95_us: None,
        activity: [0; 12],
        started_at: ago(3_600_000_000),
        last_at: ago(2_000_000),
        open_streams: 0,
        deleted: false,
    };
    let all = vec![
        SessionRow {
            exchanges: 31,
            errors: 12,
            p50_us: Some(120_000),
            p95_us: Some(1_900_000),
            last_at: ago(3_700_000_000),
            ..session(0, State::Closed, "api.acme.dev/mcp", "2025-06-18", "vscode 1.99")
        },
        SessionRow {
            exchanges: 97,
            p50_us: Some(20_000),
            p95_us: Some(88_000),
            last_at: ago(840_000_000),
            ..session(1, State::Expired, "api.acme.dev/mcp", "2025-11-25", "claude-code 2.3")
        },
        SessionRow {
            exchanges: 77,
            p50_us: Some(22_000),
            p95_us: Some(91_000),
            last_at: ago(61_000_000),
            activity: [0, 0, 0, 3, 1, 1, 0, 0, 0, 1, 0, 0],
            problems: Some(4),
            ..session(2, State::Stateless, "api.beta.dev/mcp", "2026-07-28", "cursor 1.9")
        },
        SessionRow {
            exchanges: 2,
            p95_us: Some(12_000),
            last_at: ago(40_000_000),
            ..session(3, State::Connected, "http://127.0.0.1:3000/mcp", "", "inspector 0.9")
        },
        SessionRow {
            exchanges: 418,
            errors: 3,
            from_server: 9,
            problems: Some(2),
            p50_us: Some(38_000),
            p95_us: Some(240_000),
            activity: [1, 2, 9, 20, 18, 5, 1, 1, 6, 9, 12, 4],
            started_at: ago(6_000_000),
            ..session(4, State::Initialized, "api.acme.dev/mcp", "2025-11-25", "claude-code 2.3")
        },
    ];
    (0..).map(SessionId).zip(all).collect()
}

/// One call as a table says it.
fn call(names: &mut Names, n: u32, at_ms: u64, method: &str, name: &str) -> Row {
    Row {
        exchange: exchange(n),
        number: 0,
        session: SessionId(4),
        at: Timestamp(ago(6_000_000).0 + at_ms * 1_000_000),
        kind: RowKind::Call,
        status: Status::Ok,
        from_server: false,
        streamed: false,
        batched: false,
        at_fault: false,
        is_whole: true,
        method: names.of(method),
        name: names.of(name),
        rpc_id: RpcId::Number(n),
        http: 200,
        code: 0,
        first_us: 4_000,
        total_us: 9_000,
        frames: 0,
        size: 3_100,
        parent: None,
    }
}

fn rows(names: &mut Names) -> Vec<Row> {
    let n = &mut *names;
    let mut rows = vec![
        call(n, 0, 0, "initialize", ""),
        Row {
            kind: RowKind::Notification,
            rpc_id: RpcId::None,
            http: 202,
            size: 0,
            total_us: 0,
            ..call(n, 1, 43, "notifications/initialized", "")
        },
        Row { frames: 1, ..call(n, 2, 50, "tools/list", "") },
        Row {
            status: Status::RpcError,
            code: -32_601,
            total_us: 4_000,
            size: 96,
            ..call(n, 3, 70, "resources/list", "")
        },
        Row {
            kind: RowKind::Exchange,
            status: Status::HttpError,
            http: 405,
            rpc_id: RpcId::None,
            ..call(n, 4, 80, "GET", "/mcp")
        },
        Row {
            streamed: true,
            frames: 6,
            total_us: 792_000,
            size: 4_800,
            ..call(n, 5, 120, "tools/call", "search")
        },
        Row {
            from_server: true,
            rpc_id: RpcId::Text(n.of("\"s1\"")),
            parent: Some(RowId(5)),
            total_us: 310_000,
            frames: 1,
            size: 2_000,
            ..call(n, 6, 180, "sampling/createMessage", "")
        },
        Row {
            status: Status::ToolError,
            at_fault: true,
            total_us: 18_000,
            size: 212,
            ..call(n, 7, 950, "tools/call", "delete")
        },
        Row { status: Status::Cancelled, ..call(n, 8, 990, "tools/call", "slow_report") },
        Row {
            status: Status::Late,
            total_us: 2_100_000,
            ..call(n, 9, 1_000, "tools/call", "late")
        },
        Row {
            status: Status::NoReply,
            total_us: u32::MAX,
            ..call(n, 10, 1_010, "prompts/get", "日本語のプロンプト")
        },
        Row { batched: true, ..call(n, 11, 1_020, "ping", "") },
        Row {
            is_whole: false,
            rpc_id: RpcId::None,
            ..call(n, 12, 1_030, "resources/read", "file:///a")
        },
        Row {
            status: Status::Pending,
            http: 0,
            size: 640,
            frames: 2,
            total_us: u32::MAX,
            streamed: true,
            ..call(n, 13, 1_800, "tools/call", "slow")
        },
    ];
    for more in 14..60 {
        rows.push(call(n, more, 2_000 + u64::from(more) * 20, "tools/call", "search"));
    }
    rows
}

/// Answers what was asked, as a desk would that knows all exchanges.
pub(crate) fn answer(app: &mut App, effects: Vec<Effect>) {
    let mut waiting = effects;
    while let Some(effect) = waiting.pop() {
        let Effect::Ask(ask) = effect else { continue };
        let news = match ask {
            Ask::Exchange { ticket, exchange } => {
                News::Exchange(ticket, Arc::new(told_of(exchange)))
            }
            Ask::Row { ticket, exchange, number } => {
                News::Found(ticket, row_of(app, exchange, number))
            }
            Ask::Session { ticket, session } => News::Told(ticket, Arc::new(session_told(session))),
            _ => continue,
        };
        waiting.extend(app.update(Msg::News(news)));
        work(app);
    }
}

/// The row of a message, or the first one of its exchange.
fn row_of(app: &App, exchange: ExchangeId, number: u32) -> Option<RowId> {
    let ids = (0..u32::try_from(app.data.rows.len()).ok()?).map(RowId);
    let of = |id: &RowId| app.data.row(*id).filter(|row| row.exchange == exchange);
    let exact = ids.clone().find(|id| of(id).is_some_and(|row| row.number == number));
    exact.or_else(|| ids.clone().find(|id| of(id).is_some()))
}

/// Does what waits for a moment without keys.
pub(crate) fn work(app: &mut App) -> Vec<Effect> {
    let mut effects = Vec::new();
    for _ in 0..10_000 {
        if !app.has_work() {
            break;
        }
        effects.extend(app.update(Msg::Work));
    }
    effects
}

/// Presses keys as the table spells them: letters by themselves, others in `<>`; answers what is
/// asked.
pub(crate) fn press(app: &mut App, keys: &str) {
    for key in spelled(keys) {
        let effects = app.update(Msg::Key(key));
        answer(app, effects);
    }
}

/// The same without answers: what was to be done.
pub(crate) fn press_only(app: &mut App, keys: &str) -> Vec<Effect> {
    spelled(keys).into_iter().flat_map(|key| app.update(Msg::Key(key))).collect()
}

fn spelled(keys: &str) -> Vec<KeyEvent> {
    let mut all = Vec::new();
    let mut rest = keys;
    while let Some(c) = rest.chars().next() {
        let named = rest.strip_prefix('<').and_then(|rest| rest.split_once('>'));
        let (code, after) = match named {
            Some((name, after)) => (named_key(name), after),
            None => (
                KeyEvent::new(KeyCode::Char(c), KeyModifiers::NONE),
                rest.get(c.len_utf8()..).unwrap_or_default(),
            ),
        };
        debug_assert!(spell(&code).is_some(), "{keys}");
        all.push(code);
        rest = after;
    }
    all
}

/// A key as the table spells it.
pub(crate) fn named_key(name: &str) -> KeyEvent {
    let plain = |code| KeyEvent::new(code, KeyModifiers::NONE);
    let mut chars = name.chars();
    match (name, chars.next(), chars.next()) {
        ("Enter", ..) => plain(KeyCode::Enter),
        ("Esc", ..) => plain(KeyCode::Esc),
        ("Tab", ..) => plain(KeyCode::Tab),
        ("S-Tab", ..) => plain(KeyCode::BackTab),
        ("Space", ..) => plain(KeyCode::Char(' ')),
        ("PgDn", ..) => plain(KeyCode::PageDown),
        ("PgUp", ..) => plain(KeyCode::PageUp),
        ("Home", ..) => plain(KeyCode::Home),
        ("End", ..) => plain(KeyCode::End),
        ("Left", ..) => plain(KeyCode::Left),
        ("Right", ..) => plain(KeyCode::Right),
        ("Down", ..) => plain(KeyCode::Down),
        ("Up", ..) => plain(KeyCode::Up),
        ("F1", ..) => plain(KeyCode::F(1)),
        (_, Some('^'), Some(c)) => KeyEvent::new(KeyCode::Char(c), KeyModifiers::CONTROL),
        (_, Some(c), None) => plain(KeyCode::Char(c)),
        _ => panic!("no key is called {name}"),
    }
}

const ANSWER: &str = r#"{"jsonrpc":"2.0","id":5,"result":{"content":[{"type":"text","text":"你好, \u001b[31mred\u001b[0m\nsecond line"},{"type":"text","text":"{\"hits\":2,\"of\":[1,2]}"}],"structuredContent":{"hits":2,"items":[{"id":12345678901234567890,"name":"münchen"},{"id":41,"score":1.50}]},"isError":false}}"#;

/// Every exchange is a call of a tool with six frames.
pub(crate) fn told_of(id: ExchangeId) -> ExchangeTold {
    let number = u32::from_be_bytes(id.as_bytes()[12..].try_into().unwrap_or_default());
    let began = ago(6_000_000).0 + 120_000_000;
    let message = |number, kind, payload: &str| MessageTold {
        id: format!("{id}.{number}"),
        exchange: id,
        number,
        frame: None,
        direction: Direction::ClientToServer,
        kind,
        at: Timestamp(began),
        payload: Bytes::copy_from_slice(payload.as_bytes()),
        answers: None,
    };
    let request = r#"{"jsonrpc":"2.0","id":5,"method":"tools/call","params":{"name":"search","arguments":{"q":"münchen"}}}"#;
    let frame = |index: u32, ms: u64, words: &str| FrameTold {
        index,
        at: Timestamp(began + ms * 1_000_000),
        event: Some("message".to_owned()),
        id: None,
        words: words.to_owned(),
        raw: format!("event: message\ndata: {{\"n\":{index}}}\n\n").into(),
    };
    let header = |name: &str, value: &str| (name.to_owned(), value.to_owned());
    ExchangeTold {
        exchange: id,
        request_line: "POST https://api.acme.dev/mcp HTTP/2".to_owned(),
        request_headers: vec![
            header("accept", "application/json, text/event-stream"),
            header("authorization", "Bearer ‹masked›"),
        ],
        status_line: Some("200 OK".to_owned()),
        response_headers: vec![header("content-type", "text/event-stream")],
        facts: vec![header("outcome", "complete"), header("upstream", "203.0.113.9:443")],
        messages: vec![
            message(0, Kind::Request, request),
            MessageTold {
                frame: Some(5),
                direction: Direction::ServerToClient,
                answers: Some(format!("{id}.0")),
                ..message(1, Kind::Response, ANSWER)
            },
        ],
        frames: vec![
            frame(0, 60, "progress 1/4"),
            frame(1, 61, "request sampling/createMessage #s1"),
            frame(2, 300, "progress 2/4"),
            frame(3, 310, "progress 3/4"),
            frame(4, 320, "comment"),
            frame(5, 792, "result #5"),
        ],
        request_body: Bytes::from_static(request.as_bytes()),
        response_body: Bytes::from(format!("event: message\ndata: {ANSWER}\n\n")),
        problems: if number == 7 {
            vec![Problem {
                rule: "session-id-missing".to_owned(),
                severity: Severity::Warning,
                session: id,
                exchange: Some(id),
                message: None,
                text: "The request has no Mcp-Session-Id although the server gave one.".to_owned(),
                evidence: "POST without the header after initialize had answered with it"
                    .to_owned(),
                remedy: "send the header with every request of the session".to_owned(),
                source: "MCP 2025-11-25 basic/transports".to_owned(),
            }]
        } else {
            Vec::new()
        },
    }
}

fn session_told(session: SessionId) -> SessionTold {
    let fact = |name: &str, value: &str| (name.to_owned(), value.to_owned());
    SessionTold {
        session,
        facts: vec![
            fact("id", "a91f4"),
            fact("transport", "streamable-http"),
            fact("server", "acme 3.1"),
        ],
        states: vec![
            (State::Created, ago(6_000_000), "POST initialize".to_owned()),
            (State::Connected, ago(5_959_000), "initialize answered".to_owned()),
            (State::Initialized, ago(5_957_000), "notifications/initialized".to_owned()),
        ],
        client_can: vec!["sampling".to_owned(), "roots".to_owned()],
        server_can: vec!["tools".to_owned()],
        problems: Vec::new(),
        offers: Vec::new(),
        only_last: None,
        sequence: Vec::new(),
        timeline: crate::protocol::picture::Timeline::default(),
        bars: Vec::new(),
    }
}

/// A ticket that was asked with.
pub(crate) fn ticket_of(effects: &[Effect]) -> Option<Ticket> {
    effects.iter().rev().find_map(|effect| match effect {
        Effect::Ask(
            Ask::Filter { ticket, .. } | Ask::Search { ticket, .. } | Ask::Index { ticket, .. },
        ) => Some(*ticket),
        _ => None,
    })
}
