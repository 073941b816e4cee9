//! The list of sessions as a person sees it.

use insta::assert_snapshot;

use crate::tui::{
    app::{
        App, Effect, Msg,
        testing::{
            fixture::{FULL, empty, live, press, press_only, ticket_of, told},
            screen,
        },
    },
    desk::{Ask, News},
    rows::{RowId, SessionId},
    theme::Theme,
};

fn shown(app: &App, (width, height): (u16, u16)) -> String {
    screen(app, width, height)
}

fn answered(size: (u16, u16), theme: Theme) -> App {
    let mut app = told(size, theme);
    press(&mut app, "jk");
    app
}

#[test]
fn the_list_at_every_size() {
    for size in [(80, 24), (120, 40), (40, 10), (200, 60)] {
        let app = answered(size, FULL);
        assert_snapshot!(format!("sessions_{}x{}", size.0, size.1), shown(&app, size));
    }
    let plain = Theme { colour: false, ascii: false };
    assert_snapshot!("sessions_no_color", shown(&answered((80, 24), plain), (80, 24)));
    let ascii = Theme { colour: true, ascii: true };
    let screen = shown(&answered((120, 40), ascii), (120, 40));
    assert!(screen.is_ascii(), "{screen}");
    assert_snapshot!("sessions_ascii", screen);
}

#[test]
fn empty_and_live() {
    assert_snapshot!("sessions_none", shown(&empty((80, 24), FULL), (80, 24)));
    assert_snapshot!("sessions_live", shown(&live((80, 24), FULL), (80, 24)));
}

#[test]
fn terms_on_sessions_are_tested_here_and_others_by_the_desk() {
    let size = (80, 24);
    let mut app = told(size, FULL);
    press_only(&mut app, "fstate:closed<Enter>");
    let screen = shown(&app, size);
    assert!(screen.contains("1/5 sessions") && screen.contains("vscode"), "{screen}");
    let effects = press_only(&mut app, "f -tool:x<Enter>");
    assert!(effects.iter().any(|effect| matches!(effect, Effect::Ask(Ask::Filter { .. }))));
    press_only(&mut app, "<Esc>");
    let effects = press_only(&mut app, "fstatus:error<Enter>");
    let ticket = ticket_of(&effects).unwrap();
    assert!(shown(&app, size).contains("0/5 sessions"));
    app.update(Msg::News(News::Hits { ticket, rows: vec![RowId(3)], done: 1, of: 1 }));
    app.update(Msg::News(News::Over(ticket)));
    let screen = shown(&app, size);
    assert!(screen.contains("1/5 sessions") && screen.contains("[status:error]"), "{screen}");
}

#[test]
fn a_search_goes_to_the_first_session_that_holds_it() {
    let size = (80, 24);
    let mut app = told(size, FULL);
    press(&mut app, "jj");
    let effects = press_only(&mut app, "/needle<Enter>");
    let ticket = ticket_of(&effects).unwrap();
    app.update(Msg::News(News::Hits { ticket, rows: vec![RowId(3)], done: 1, of: 2 }));
    let selected =
        |app: &App| shown(app, size).lines().position(|line| line.starts_with('▌')).unwrap();
    assert_eq!(selected(&app), 2, "{}", shown(&app, size));
    press(&mut app, "j");
    app.update(Msg::News(News::Hits { ticket, rows: vec![RowId(4)], done: 2, of: 2 }));
    assert_eq!(selected(&app), 3, "who moved on stays there");
}

#[test]
fn sorting_moves_no_selection() {
    let size = (80, 24);
    let mut app = told(size, FULL);
    let number = |app: &App| {
        shown(app, size)
            .lines()
            .find(|line| line.starts_with('▌'))
            .map(|line| line[..12].to_owned())
    };
    press(&mut app, "jj");
    let before = number(&app);
    press(&mut app, "sjjjj<Enter>");
    assert_eq!(number(&app), before);
    let screen = shown(&app, size);
    let first = screen.lines().nth(2).unwrap_or_default();
    assert!(first.contains("418"), "{screen}");
    assert!(screen.contains("sort exchanges"), "{screen}");
}

#[test]
fn a_session_is_deleted_after_a_question() {
    let mut app = told((80, 24), FULL);
    assert_eq!(press_only(&mut app, "D"), []);
    let screen = shown(&app, (80, 24));
    assert!(screen.contains("#5") && screen.contains("418"), "{screen}");
    let effects = press_only(&mut app, "y");
    let deleted = effects
        .iter()
        .any(|effect| matches!(effect, Effect::Ask(Ask::Delete { session: SessionId(4), .. })));
    assert!(deleted, "{effects:?}");
}
