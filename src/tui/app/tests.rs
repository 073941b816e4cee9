//! The state changes as keys and news say.

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};

use super::{testing::screen, *};

fn app() -> App {
    let options = Options {
        theme: Theme { colour: true, ascii: false },
        mouse: false,
        keys: Keys::default(),
        log: None,
        greeting: None,
    };
    App::new(options, (80, 24), Timestamp(0))
}

fn press(app: &mut App, c: char) -> Vec<Effect> {
    app.update(Msg::Key(KeyEvent::new(KeyCode::Char(c), KeyModifiers::NONE)))
}

#[test]
fn escape_never_quits_and_q_does_at_the_root() {
    let mut app = app();
    for _ in 0..5 {
        let effects = app.update(Msg::Key(KeyEvent::new(KeyCode::Esc, KeyModifiers::NONE)));
        assert_eq!(effects, []);
    }
    assert_eq!(press(&mut app, 'q'), [Effect::Quit]);
}

#[test]
fn a_screen_that_is_too_small_says_so() {
    assert!(screen(&app(), 39, 9).starts_with("need 40x10, have 39x9"));
}
