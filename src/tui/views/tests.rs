//! Whatever is pressed, told and resized: nothing panics, and every row is as wide as the screen.

mod states;
mod told;
mod traced;

use std::sync::Arc;

use proptest::prelude::*;
use ratatui::{buffer::Buffer, layout::Rect};
use unicode_width::UnicodeWidthStr as _;

use crate::tui::{
    app::{
        App, Msg,
        testing::fixture::{answer, live, named_key, press, press_only, told_of, work},
    },
    desk::{Ask, ExchangeTold, News},
    keys::BINDINGS,
    rows::{Row, RowId, Status},
    text::any_text,
    theme::Theme,
};

/// Something that happens.
#[derive(Clone, Debug)]
enum Happens {
    Key(usize),
    Typed(char),
    Resize(u16, u16),
    Rows(usize),
    Changed(u32, u8),
    Hits(Vec<u32>),
    Body(String),
    Click(u16, u16),
    Wheel(u16, u16, bool),
    Second,
}

fn happens() -> impl Strategy<Value = Happens> {
    let keys: usize = BINDINGS.iter().map(|binding| binding.keys.len()).sum();
    prop_oneof![
        12 => (0..keys).prop_map(Happens::Key),
        2 => prop::sample::select(vec!['a', ':', '1', '日', '(', ' ', '\u{301}']).prop_map(Happens::Typed),
        2 => (1u16..220, 1u16..70).prop_map(|(w, h)| Happens::Resize(w, h)),
        1 => (0usize..300).prop_map(Happens::Rows),
        1 => (0u32..100, 0u8..9).prop_map(|(id, status)| Happens::Changed(id, status)),
        1 => prop::collection::btree_set(0u32..100, 0..20).prop_map(|s| Happens::Hits(s.into_iter().collect())),
        1 => any_text().prop_map(Happens::Body),
        1 => (0u16..220, 0u16..70).prop_map(|(x, y)| Happens::Click(x, y)),
        1 => (0u16..220, 0u16..70, any::<bool>()).prop_map(|(x, y, d)| Happens::Wheel(x, y, d)),
        1 => Just(Happens::Second),
    ]
}

fn happen(app: &mut App, what: &Happens, size: &mut (u16, u16)) {
    use crossterm::event::{KeyModifiers, MouseButton, MouseEvent, MouseEventKind};
    let mouse = |kind, column, row| {
        Msg::Mouse(MouseEvent { kind, column, row, modifiers: KeyModifiers::NONE })
    };
    let msg = match what {
        Happens::Key(n) => {
            let name = BINDINGS.iter().flat_map(|binding| binding.keys).nth(*n).unwrap();
            Msg::Key(named_key(name))
        }
        Happens::Typed(c) => {
            Msg::Key(crossterm::event::KeyEvent::from(crossterm::event::KeyCode::Char(*c)))
        }
        Happens::Resize(width, height) => {
            *size = (*width, *height);
            Msg::Resize(*width, *height)
        }
        Happens::Rows(count) => {
            let Some(row) = app.data.rows.get(RowId(20)) else { return };
            Msg::News(News::Rows(vec![row; *count]))
        }
        Happens::Changed(id, status) => {
            let Some(row) = app.data.rows.get(RowId(*id)) else { return };
            let statuses = [
                Status::Pending,
                Status::Ok,
                Status::ToolError,
                Status::RpcError,
                Status::HttpError,
                Status::Cancelled,
                Status::Late,
                Status::NoReply,
                Status::Fault,
            ];
            let status = statuses[usize::from(*status)];
            Msg::News(News::Row(RowId(*id), Row { status, ..row }))
        }
        Happens::Click(x, y) => mouse(MouseEventKind::Down(MouseButton::Left), *x, *y),
        Happens::Wheel(x, y, true) => mouse(MouseEventKind::ScrollDown, *x, *y),
        Happens::Wheel(x, y, false) => mouse(MouseEventKind::ScrollUp, *x, *y),
        Happens::Second => Msg::Time(crate::capture::Timestamp(app.data.now.0 + 1_000_000_000)),
        Happens::Hits(_) | Happens::Body(_) => return,
    };
    let effects = app.update(msg);
    answer(app, effects);
    work(app);
}

/// Bodies of the wire's worst, and hits, answer what is asked in place of the fixture's.
fn answer_with(app: &mut App, effects: Vec<crate::tui::app::Effect>, what: &Happens) {
    use crate::tui::app::Effect;
    for effect in effects {
        let news = match (effect, what) {
            (
                Effect::Ask(Ask::Filter { ticket, .. } | Ask::Search { ticket, .. }),
                Happens::Hits(hits),
            ) => {
                let most = u32::try_from(app.data.rows.len()).unwrap();
                let rows = hits.iter().copied().filter(|id| *id < most).map(RowId).collect();
                app.update(Msg::News(News::Hits { ticket, rows, done: 3, of: 9 }));
                News::Over(ticket)
            }
            (Effect::Ask(Ask::Exchange { ticket, exchange }), Happens::Body(text)) => {
                let mut told: ExchangeTold = told_of(exchange);
                let json =
                    serde_json::json!({"id": 1, "result": {text.as_str(): [text, {"text": text}]}});
                told.messages[1].payload = json.to_string().into();
                told.response_body = text.clone().into();
                told.request_headers.push((text.clone(), text.clone()));
                for frame in &mut told.frames {
                    frame.words.clone_from(text);
                }
                News::Exchange(ticket, Arc::new(told))
            }
            _ => continue,
        };
        let more = app.update(Msg::News(news));
        answer(app, more);
        work(app);
    }
}

/// A screen in which every row is as wide as it.
fn draw(app: &App, (width, height): (u16, u16)) -> Result<(), TestCaseError> {
    let mut buffer = Buffer::empty(Rect::new(0, 0, width, height));
    app.draw(&mut buffer);
    for y in 0..height {
        let mut x = 0;
        while x < width {
            let symbol = buffer.cell((x, y)).map_or(" ", |cell| cell.symbol());
            prop_assert!(!symbol.chars().any(char::is_control), "{symbol:?} in row {y}");
            x += u16::try_from(symbol.width()).unwrap_or(u16::MAX).max(1);
        }
        prop_assert_eq!(x, width, "row {} overflows", y);
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, ..ProptestConfig::default() })]
    #[test]
    fn anything_may_happen(
        all in prop::collection::vec(happens(), 1..60),
        colour in any::<bool>(),
        ascii in any::<bool>(),
        begin in prop::sample::select(vec!["", "<Enter>", "<Enter><Enter>", "<Enter><Enter><Tab>", "<Enter>jjj<Enter><Enter>"]),
    ) {
        let mut size = (100, 30);
        let mut app = live(size, Theme { colour, ascii });
        press(&mut app, begin);
        for what in &all {
            if matches!(what, Happens::Hits(_) | Happens::Body(_)) {
                // What makes it ask: another filter, another row.
                let keys = if matches!(what, Happens::Hits(_)) { "fx<Enter>" } else { "J" };
                let effects = press_only(&mut app, keys);
                answer_with(&mut app, effects, what);
            } else {
                happen(&mut app, what, &mut size);
            }
            draw(&app, size)?;
        }
    }

    #[test]
    fn what_comes_moves_no_selection(
        at in 1usize..60,
        all in prop::collection::vec((0usize..40, 0u32..100, 0u8..9), 1..20),
    ) {
        let mut app = live((80, 24), Theme { colour: true, ascii: false });
        press(&mut app, "<Enter>");
        press(&mut app, &format!(":{at}<Enter>"));
        let selected = |app: &App| {
            let screen = crate::tui::app::testing::screen(app, 80, 24);
            screen.lines().find(|line| line.starts_with('▌')).map(|line| line[..12].to_owned())
        };
        let before = selected(&app);
        prop_assert!(before.is_some());
        for (rows, id, status) in all {
            happen(&mut app, &Happens::Rows(rows), &mut (80, 24));
            happen(&mut app, &Happens::Changed(id, status), &mut (80, 24));
            prop_assert_eq!(selected(&app), before.clone());
        }
    }
}
