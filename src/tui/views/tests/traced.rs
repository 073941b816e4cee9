//! Where a value comes from: asked from the detail, from the list of sessions, by a command; its rows lead
//! to their messages.

use crate::{
    capture::Timestamp,
    tui::{
        app::{
            App, Effect, Msg,
            testing::{
                fixture::{FULL, NOW, exchange, press, press_only, told},
                screen,
            },
        },
        desk::{Ask, MentionTold, News},
        rows::SessionId,
    },
};

const SIZE: (u16, u16) = (100, 24);

fn asked(effects: &[Effect]) -> Option<&str> {
    effects.iter().find_map(|effect| match effect {
        Effect::Ask(Ask::Trace { value, .. }) => Some(value.as_str()),
        _ => None,
    })
}

fn detail() -> App {
    let mut app = told(SIZE, FULL);
    press(&mut app, "<Enter>");
    press(&mut app, ":6<Enter>");
    press(&mut app, "<Enter><Enter>");
    app
}

#[test]
fn the_value_under_the_cursor_is_traced() {
    let mut app = detail();
    // An object is none; its first member is.
    press(&mut app, "g");
    assert_eq!(asked(&press_only(&mut app, "T")), None);
    assert!(screen(&app, SIZE.0, SIZE.1).contains("a text or a number"));
    press(&mut app, "j");
    assert_eq!(asked(&press_only(&mut app, "T")), Some("2.0"));
    press(&mut app, "<Esc>");
    // Of headers one is chosen.
    press(&mut app, "]]");
    press(&mut app, "T");
    assert!(screen(&app, SIZE.0, SIZE.1).contains("trace which value?"));
    let effects = press_only(&mut app, "<Enter>");
    assert!(asked(&effects).is_some(), "{effects:?}");
}

#[test]
fn mentions_are_told_as_they_are_found_and_lead_to_their_messages() {
    let mut app = told(SIZE, FULL);
    let effects = press_only(&mut app, ":trace s-1<Enter>");
    let [Effect::Ask(Ask::Trace { ticket, value })] = effects.as_slice() else {
        panic!("{effects:?}")
    };
    assert_eq!(value, "s-1");
    let ticket = *ticket;
    let mention = |n: u32, what, from_server| MentionTold {
        exchange: exchange(n),
        number: Some(1),
        session: Some(SessionId(4)),
        at: Timestamp(NOW.0 + u64::from(n) * 1_000_000_000),
        from_server,
        place: "response-header:mcp-session-id".to_owned(),
        what,
        origin: what == "first seen",
        words: "POST https://api.acme.dev/mcp 200".to_owned(),
    };
    let mentions = vec![mention(1, "first seen", true), mention(6, "first used", false)];
    app.update(Msg::News(News::Mentions { ticket, mentions, done: 3, of: 9 }));
    assert!(screen(&app, SIZE.0, SIZE.1).contains("looking 3/9 · 2 places"));
    app.update(Msg::News(News::Over(ticket)));
    insta::assert_snapshot!("traced", screen(&app, SIZE.0, SIZE.1));
    press(&mut app, "j<Enter>");
    let shown = screen(&app, SIZE.0, SIZE.1);
    assert!(shown.lines().next().is_some_and(|row| row.contains("calls")), "{shown}");
}

#[test]
fn nothing_found_says_so_and_escape_gives_it_up() {
    let mut app = told(SIZE, FULL);
    let effects = press_only(&mut app, ":trace nowhere<Enter>");
    let [Effect::Ask(Ask::Trace { ticket, .. })] = effects.as_slice() else {
        panic!("{effects:?}")
    };
    let ticket = *ticket;
    app.update(Msg::News(News::Over(ticket)));
    assert!(screen(&app, SIZE.0, SIZE.1).contains("nothing mentions it"));
    assert_eq!(press_only(&mut app, "<Esc>"), [Effect::Ask(Ask::Cancel(ticket))]);
    // The session's own id, from the list of sessions.
    assert!(asked(&press_only(&mut app, "T")).is_some());
}
