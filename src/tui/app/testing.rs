//! A screen without a terminal: rows of text, as a person would see them; and a recording that was
//! never made, to fill it.

pub(crate) mod fixture;

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use ratatui::{
    buffer::{Buffer, CellWidth as _},
    layout::Rect,
};

use super::{App, Msg, Options};
use crate::{
    capture::{ExchangeId, Timestamp},
    protocol::State,
    tui::{
        desk::{News, SourceStatus},
        keys::Keys,
        rows::{Row, RowId, RowKind, RpcId, SessionId, SessionRow, Status, Symbol},
        theme::Theme,
    },
};

impl App {
    /// The row that the view has selected.
    pub(crate) fn selected_row(&self) -> Option<RowId> {
        self.view()?.row()
    }
}

/// When everything happens.
pub(crate) const NOW: Timestamp = Timestamp(1_790_000_000_000_000_000);

/// An app on a screen, nothing told yet.
pub(crate) fn app(size: (u16, u16), theme: Theme) -> App {
    let (keys, log, editor, greeting) = (Keys::default(), None, None, None);
    let options = Options { theme, mouse: false, keys, log, editor, greeting };
    App::new(options, size, NOW)
}

/// A key as the table spells it.
pub(crate) fn key(spelt: &str) -> KeyEvent {
    let plain = |code| KeyEvent::new(code, KeyModifiers::NONE);
    match spelt {
        "Enter" => plain(KeyCode::Enter),
        "Esc" => plain(KeyCode::Esc),
        "Tab" => plain(KeyCode::Tab),
        "S-Tab" => plain(KeyCode::BackTab),
        "Space" => plain(KeyCode::Char(' ')),
        "Backspace" => plain(KeyCode::Backspace),
        "Up" => plain(KeyCode::Up),
        "Down" => plain(KeyCode::Down),
        "Left" => plain(KeyCode::Left),
        "Right" => plain(KeyCode::Right),
        "Home" => plain(KeyCode::Home),
        "End" => plain(KeyCode::End),
        "PgUp" => plain(KeyCode::PageUp),
        "PgDn" => plain(KeyCode::PageDown),
        "F1" => plain(KeyCode::F(1)),
        _ => match spelt.strip_prefix('^').and_then(|c| c.chars().next()) {
            Some(c) => KeyEvent::new(KeyCode::Char(c), KeyModifiers::CONTROL),
            None => plain(KeyCode::Char(spelt.chars().next().expect("a key"))),
        },
    }
}

/// Types a text.
pub(crate) fn type_in(app: &mut App, typed: &str) {
    for c in typed.chars() {
        app.update(Msg::Key(KeyEvent::new(KeyCode::Char(c), KeyModifiers::NONE)));
    }
}

/// A recorder in this process, with nothing recorded.
pub(crate) fn listening() -> Vec<News> {
    let status = SourceStatus {
        what: "/home/me/wiretape".to_owned(),
        live: true,
        own: true,
        listening: vec!["http://127.0.0.1:7070".to_owned()],
        ca: Some("/home/me/wiretape/certs/ca.pem".to_owned()),
        bundle: Some("/home/me/wiretape/certs/bundle.pem".to_owned()),
        connections: 2,
        ..SourceStatus::default()
    };
    vec![News::Status(status), News::Loading { done: 0, of: 0 }]
}

/// Two sessions, the first with so many calls.
pub(crate) fn recording(calls: u32) -> Vec<News> {
    let texts = ["initialize", "tools/call", "search", "你好👨\u{200d}👩\u{1b}[31m"];
    let rows = (0..calls).map(call).collect();
    let sessions = vec![
        (SessionId(0), session(0, "api.acme.dev/mcp", calls.into())),
        (SessionId(1), session(1, "127.0.0.1:3000/日本語/mcp", 0)),
    ];
    vec![
        News::Symbols(texts.map(Into::into).into()),
        News::Sessions(sessions),
        News::Rows(rows),
        News::Loading { done: 1, of: 1 },
    ]
}

fn exchange(n: u64) -> ExchangeId {
    let mut id = [0; 16];
    id[8..].copy_from_slice(&n.to_be_bytes());
    ExchangeId::from_bytes(id)
}

/// One call.
pub(crate) fn call(n: u32) -> Row {
    let method = Symbol(if n == 0 { 1 } else { 2 });
    Row {
        exchange: exchange(n.into()),
        number: 1,
        session: SessionId(0),
        at: Timestamp(NOW.0 - 1_000_000_000 + u64::from(n) * 1_000_000),
        kind: RowKind::Call,
        status: [Status::Ok, Status::Pending, Status::ToolError][n as usize % 3],
        from_server: n % 5 == 4,
        streamed: n.is_multiple_of(2),
        batched: false,
        at_fault: n % 7 == 3,
        is_whole: true,
        method,
        name: Symbol(if n % 4 == 3 { 4 } else { 3 }),
        rpc_id: RpcId::Number(n),
        http: 200,
        code: 0,
        first_us: 1_000,
        total_us: 9_000 * (n + 1),
        frames: n % 4,
        size: 100 * n,
        parent: (n % 5 == 4).then(|| RowId(n - 1)),
    }
}

fn session(n: u32, server: &str, exchanges: u64) -> SessionRow {
    SessionRow {
        id: exchange(u64::from(n) << 32),
        wire_id: None,
        state: [State::Initialized, State::Stateless][n as usize % 2],
        server: server.to_owned(),
        revision: Some("2025-11-25".to_owned()),
        client: Some("claude-code 2.3".to_owned()),
        run: None,
        name: None,
        transport: Some("streamable-http"),
        exchanges,
        errors: exchanges / 3,
        from_server: exchanges / 5,
        problems: Some(1),
        p50_us: Some(38_000),
        p95_us: Some(240_000),
        activity: [1; 12],
        started_at: Timestamp(NOW.0 - 60_000_000_000),
        last_at: NOW,
        open_streams: 0,
        deleted: false,
    }
}

/// The columns of each row, as the backend will print them.
pub(crate) fn widths(buffer: &Buffer) -> Vec<u16> {
    let area = *buffer.area();
    let rows = area.top()..area.bottom();
    rows.map(|y| {
        let mut x = area.left();
        while x < area.right() {
            let wide = buffer.cell((x, y)).expect("within").cell_width();
            assert!(wide > 0, "a cell of no width at {x},{y}");
            x += wide;
        }
        x - area.left()
    })
    .collect()
}

/// The whole screen as text, one line a row.
pub(crate) fn screen(app: &App, width: u16, height: u16) -> String {
    let mut buffer = Buffer::empty(Rect::new(0, 0, width, height));
    app.draw(&mut buffer);
    rows(&buffer)
}

/// A buffer as text; the second half of a wide grapheme is left out.
pub(crate) fn rows(buffer: &Buffer) -> String {
    let area = *buffer.area();
    let mut text = String::new();
    for y in area.top()..area.bottom() {
        let mut skip = 0;
        for x in area.left()..area.right() {
            if skip > 0 {
                skip -= 1;
                continue;
            }
            let symbol = buffer.cell((x, y)).map_or(" ", |cell| cell.symbol());
            skip = unicode_width::UnicodeWidthStr::width(symbol).saturating_sub(1);
            text.push_str(symbol);
        }
        text.truncate(text.trim_end_matches(' ').len());
        text.push('\n');
    }
    text
}
