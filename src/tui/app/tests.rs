//! The state changes as keys and news say, and no key, size or news breaks the screen.

use crossterm::event::{KeyModifiers, MouseButton, MouseEvent, MouseEventKind};
use proptest::prelude::*;
use ratatui::buffer::Buffer;

use super::{
    testing::{self, key, listening, recording, screen, type_in, widths},
    *,
};
use crate::tui::{desk::SourceStatus, keys::BINDINGS, text::any_text};

const COLOUR: Theme = Theme { colour: true, ascii: false };

fn app() -> App {
    testing::app((80, 24), COLOUR)
}

fn press(app: &mut App, spelt: &str) -> Vec<Effect> {
    app.update(Msg::Key(key(spelt)))
}

fn told(app: &mut App, news: impl IntoIterator<Item = News>) {
    for news in news {
        app.update(Msg::News(news));
    }
}

#[test]
fn escape_never_quits_and_q_does_at_the_root() {
    let mut app = app();
    for _ in 0..5 {
        assert_eq!(press(&mut app, "Esc"), []);
    }
    assert_eq!(press(&mut app, "q"), [Effect::Quit]);
}

#[test]
fn a_screen_that_is_too_small_says_so() {
    assert!(screen(&app(), 39, 9).starts_with("need 40x10, have 39x9"));
}

#[test]
fn leaving_a_recorder_asks_and_names_its_connections() {
    let mut app = app();
    told(&mut app, listening());
    assert_eq!(press(&mut app, "q"), []);
    let asked = screen(&app, 80, 24);
    assert!(asked.contains("2 connections are open"), "{asked}");
    assert_eq!(press(&mut app, "n"), []);
    assert!(!screen(&app, 80, 24).contains("End it?"));
    press(&mut app, "q");
    assert_eq!(press(&mut app, "y"), [Effect::Quit]);
}

#[test]
fn the_first_interrupt_warns_and_another_key_takes_it_back() {
    let mut app = app();
    assert_eq!(press(&mut app, "^c"), []);
    assert!(screen(&app, 80, 24).contains("once more quits"));
    assert_eq!(press(&mut app, "j"), []);
    assert_eq!(press(&mut app, "^c"), []);
    assert_eq!(press(&mut app, "^c"), [Effect::Quit]);
}

#[test]
fn a_stop_is_refused_while_connections_go_through_us() {
    let mut app = app();
    assert_eq!(press(&mut app, "^z"), [Effect::Suspend]);
    told(&mut app, listening());
    assert_eq!(press(&mut app, "^z"), []);
    assert!(screen(&app, 80, 24).contains("not suspended: this process has 2 open connections"));
}

#[test]
fn an_empty_store_gives_what_to_copy() {
    let mut app = app();
    told(&mut app, listening());
    let shown = screen(&app, 80, 24);
    assert!(shown.contains("Listening on http://127.0.0.1:7070"), "{shown}");
    let effects = press(&mut app, "y");
    let [Effect::Copy(copied)] = effects.as_slice() else { panic!("{effects:?}") };
    assert!(copied.lines().all(|line| shown.contains(line)), "{copied}\n{shown}");
}

#[test]
fn paused_news_are_counted_and_come_later() {
    let mut app = app();
    told(&mut app, recording(3));
    press(&mut app, "p");
    told(&mut app, [News::Rows(vec![testing::call(3), testing::call(4)])]);
    assert!(screen(&app, 80, 24).contains("paused +2"));
    assert_eq!(app.data.rows.len(), 3);
    press(&mut app, "p");
    assert_eq!(app.data.rows.len(), 5);
}

#[test]
fn overlays_look_like_this() {
    for (name, typed) in [("help", "?"), ("grammar", "?\t"), ("palette", ":"), ("quit", "q")] {
        let mut app = app();
        told(&mut app, listening());
        for c in typed.chars() {
            let spelt = if c == '\t' { "Tab".to_owned() } else { c.to_string() };
            press(&mut app, &spelt);
        }
        insta::assert_snapshot!(name, screen(&app, 80, 24));
    }
}

#[test]
fn an_empty_store_looks_like_this() {
    for (name, size, theme) in [
        ("empty", (80, 24), COLOUR),
        ("empty_wide", (120, 40), COLOUR),
        ("empty_small", (40, 10), COLOUR),
        ("empty_ascii", (80, 24), Theme { colour: false, ascii: true }),
    ] {
        let mut app = testing::app(size, theme);
        told(&mut app, listening());
        insta::assert_snapshot!(name, screen(&app, size.0, size.1));
    }
}

#[test]
fn a_command_is_typed_and_completed() {
    let mut app = app();
    told(&mut app, recording(3));
    press(&mut app, ":");
    type_in(&mut app, "rev");
    press(&mut app, "Tab");
    assert!(app.cursor(Rect::new(0, 0, 80, 24)).is_some());
    assert_eq!(press(&mut app, "Enter"), [Effect::Ask(Ask::Reveal(true))]);
    assert!(screen(&app, 80, 24).contains("secrets shown"));
}

#[test]
fn an_export_asks_for_format_and_file() {
    let mut app = app();
    told(&mut app, recording(3));
    press(&mut app, "e");
    assert!(screen(&app, 80, 24).contains("2 html"), "{}", screen(&app, 80, 24));
    press(&mut app, "2");
    assert!(screen(&app, 80, 24).contains("export to: session-"), "{}", screen(&app, 80, 24));
    press(&mut app, "^u");
    type_in(&mut app, "/tmp/a b.html");
    let effects = press(&mut app, "Enter");
    let [Effect::Ask(Ask::Export { format, path, .. })] = effects.as_slice() else {
        panic!("{effects:?}")
    };
    assert_eq!((format.as_str(), path.as_str()), ("html", "/tmp/a b.html"));
    press(&mut app, ":");
    type_in(&mut app, "export har x.har");
    let effects = press(&mut app, "Enter");
    assert!(
        matches!(effects.as_slice(), [Effect::Ask(Ask::Export { format, .. })] if format == "har")
    );
    press(&mut app, ":");
    type_in(&mut app, "export exe x");
    assert_eq!(press(&mut app, "Enter"), []);
    assert!(screen(&app, 80, 24).contains("no format `exe`: tape, html"));
}

/// Anything that may come in.
fn any_msg() -> impl Strategy<Value = Msg> {
    let keys: Vec<&str> = BINDINGS.iter().flat_map(|binding| binding.keys).copied().collect();
    let button = MouseEventKind::Down(MouseButton::Left);
    let wheel = [MouseEventKind::ScrollDown, MouseEventKind::ScrollUp, button];
    let mouse = (prop::sample::select(wheel.to_vec()), 0u16..130, 0u16..50);
    let row = 0u32..40;
    prop_oneof![
        12 => prop::sample::select(keys).prop_map(|spelt| Msg::Key(key(spelt))),
        3 => any::<char>().prop_map(|c| {
            Msg::Key(KeyEvent::new(crossterm::event::KeyCode::Char(c), KeyModifiers::NONE))
        }),
        1 => Just(Msg::Key(key("Backspace"))),
        1 => prop_oneof![Just(Ok("GET x".to_owned())), Just(Err("no".to_owned()))].prop_map(Msg::Edited),
        2 => mouse.prop_map(|(kind, column, row)| {
            Msg::Mouse(MouseEvent { kind, column, row, modifiers: KeyModifiers::NONE })
        }),
        1 => any_text().prop_map(Msg::Paste),
        2 => (0u16..130, 0u16..50).prop_map(|(width, height)| Msg::Resize(width, height)),
        2 => row.prop_map(|n| Msg::News(News::Rows(vec![testing::call(n)]))),
        1 => prop::sample::select(listening()).prop_map(Msg::News),
        1 => any_text().prop_map(|text| Msg::Read("Log".to_owned(), text)),
        1 => any_text().prop_map(|text| Msg::News(News::Failed(Ticket(1), text))),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn whatever_comes_the_screen_holds(
        msgs in prop::collection::vec(any_msg(), 0..60),
        calls in 0u32..30,
        ascii in any::<bool>(),
    ) {
        let mut app = testing::app((80, 24), Theme { colour: true, ascii });
        let (mut width, mut height) = (80, 24);
        told(&mut app, recording(calls));
        for msg in msgs {
            if let Msg::Resize(w, h) = msg {
                (width, height) = (w, h);
            }
            app.update(msg);
            let mut buffer = Buffer::empty(Rect::new(0, 0, width, height));
            app.draw(&mut buffer);
            let all = widths(&buffer);
            prop_assert!(all.iter().all(|wide| *wide == width), "{width}: {all:?}");
            let mut symbols = buffer.content().iter().flat_map(|cell| cell.symbol().chars());
            prop_assert!(!symbols.any(char::is_control));
            if let Some((x, y)) = app.cursor(*buffer.area()) {
                prop_assert!(x < width && y < height, "the cursor at {x},{y} of {width},{height}");
            }
        }
    }
}

#[test]
fn the_clock_of_a_tape_stands() {
    let mut app = app();
    let as_of = Some(Timestamp(5_000));
    told(&mut app, [News::Status(SourceStatus { as_of, ..SourceStatus::default() })]);
    app.update(Msg::Time(Timestamp(9_000_000)));
    assert_eq!(app.data.now, Timestamp(5_000));
}

#[test]
fn what_is_being_opened_is_neither_empty_nor_recorded() {
    let mut app = app();
    let what = "/home/me/wiretape".to_owned();
    told(&mut app, [News::Status(SourceStatus { what, opening: true, ..SourceStatus::default() })]);
    let opening = screen(&app, 80, 24);
    assert_eq!(opening.matches("opening /home/me/wiretape").count(), 2, "{opening}");
    told(&mut app, [News::Loading { done: 3, of: 12 }]);
    let rebuilding = screen(&app, 80, 24);
    assert!(rebuilding.contains("rebuilding the catalog: 3 of 12 segments"), "{rebuilding}");
    told(&mut app, [News::Loading { done: 12, of: 12 }]);
    let rebuilt = screen(&app, 80, 24);
    assert!(!rebuilt.contains("No session") && !rebuilt.contains("REC"), "{rebuilt}");
    // Nothing is recorded yet: nothing is asked.
    assert_eq!(press(&mut app, "q"), [Effect::Quit]);
    told(&mut app, listening());
    assert!(screen(&app, 80, 24).contains("Listening on http://127.0.0.1:7070"));
}

#[test]
fn it_is_said_that_what_comes_is_behind() {
    let mut app = app();
    let status = |behind_s| SourceStatus { live: true, behind_s, ..SourceStatus::default() };
    told(&mut app, [News::Status(status(12))]);
    assert!(screen(&app, 80, 24).contains("  12 s behind"));
    told(&mut app, [News::Status(status(0))]);
    assert!(!screen(&app, 80, 24).contains("behind"));
}
