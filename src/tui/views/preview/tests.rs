//! A call's preview: its request edited, headers given, and nothing sent before Enter.

use std::sync::Arc;

use crate::tui::{
    app::{
        App, Effect, Msg,
        testing::{self, key, recording, screen},
    },
    desk::{Ask, GivenValue, News, Preview, Secret, Ticket},
    theme::Theme,
};

const DRAFT: &str =
    "# head\nPOST http://h/mcp\ncontent-type: application/json\n\n{\n  \"id\": 1\n}\n";

fn press(app: &mut App, spelt: &str) -> Vec<Effect> {
    app.update(Msg::Key(key(spelt)))
}

/// At the calls of the first session.
fn calls() -> App {
    let mut app = testing::app((80, 24), Theme { colour: true, ascii: false });
    for news in recording(12) {
        app.update(Msg::News(news));
    }
    press(&mut app, "j");
    press(&mut app, "Enter");
    app
}

fn told() -> Preview {
    Preview {
        to: "http://h/mcp".to_owned(),
        steps: 1,
        request: DRAFT.lines().skip(1).map(str::to_owned).collect(),
        guarded: vec![],
        notes: vec!["not sent, for it is a credential: authorization; h gives it".to_owned()],
        draft: Some(DRAFT.into()),
        changes: vec![],
    }
}

/// The one question about a preview, answered.
fn answered(app: &mut App, effects: &[Effect], told: Preview) -> Ticket {
    let [.., Effect::Ask(Ask::Preview { ticket, row: Some(_), .. })] = effects else {
        panic!("a preview of a call: {effects:?}")
    };
    app.update(Msg::News(News::Preview(*ticket, Arc::new(told))));
    *ticket
}

fn previewed() -> App {
    let mut app = calls();
    let effects = press(&mut app, "r");
    answered(&mut app, &effects, told());
    app
}

#[test]
fn an_edited_request_is_shown_again_and_sent_by_enter_alone() {
    let mut app = previewed();
    assert!(screen(&app, 80, 24).contains("e edit"));
    assert_eq!(press(&mut app, "e"), [Effect::Edit(DRAFT.to_owned())]);
    let edited = DRAFT.replace('1', "2");
    let effects = app.update(Msg::Edited(Ok(edited.clone())));
    let [Effect::Ask(Ask::Preview { given, .. })] = effects.as_slice() else {
        panic!("nothing but a preview: {effects:?}")
    };
    assert_eq!(given.edited.as_deref(), Some(edited.as_str()));
    assert_eq!(press(&mut app, "Enter"), [], "it is not seen yet");
    let changes = ["- \"id\": 1", "+ \"id\": 2"].map(str::to_owned).to_vec();
    answered(&mut app, &effects, Preview { changes, ..told() });
    let shown = screen(&app, 80, 24);
    assert!(shown.contains("you changed") && shown.contains("+ \"id\": 2"), "{shown}");
    let effects = press(&mut app, "Enter");
    let [Effect::Ask(Ask::Replay { given, row: Some(_), .. })] = effects.as_slice() else {
        panic!("{effects:?}")
    };
    assert_eq!(given.edited.as_deref(), Some(edited.as_str()));
    assert!(screen(&app, 160, 24).contains("edited 1 vs recorded"), "{}", screen(&app, 160, 24));
}

#[test]
fn what_cannot_be_read_is_said_and_kept() {
    let mut app = previewed();
    press(&mut app, "e");
    let bad = DRAFT.replace('1', "oops");
    let effects = app.update(Msg::Edited(Ok(bad.clone())));
    let [Effect::Ask(Ask::Preview { ticket, .. })] = effects.as_slice() else {
        panic!("{effects:?}")
    };
    let why = "line 6, column 9: expected value".to_owned();
    app.update(Msg::News(News::Failed(*ticket, why)));
    let shown = screen(&app, 80, 24);
    assert!(
        shown.contains("line 6, column 9") && shown.contains("e edits it again, x drops it"),
        "{shown}"
    );
    assert_eq!(press(&mut app, "Enter"), []);
    assert_eq!(press(&mut app, "e"), [Effect::Edit(bad.clone())], "as it was left");
    // An editor that failed takes nothing away.
    assert_eq!(app.update(Msg::Edited(Err("the editor ended".to_owned()))), []);
    assert!(screen(&app, 80, 24).contains("the editor ended"));
    let effects = press(&mut app, "x");
    let [Effect::Ask(Ask::Preview { given, .. })] = effects.as_slice() else {
        panic!("{effects:?}")
    };
    assert_eq!(given.edited, None);
}

#[test]
fn an_edit_without_a_change_asks_nothing() {
    let mut app = previewed();
    press(&mut app, "e");
    assert_eq!(app.update(Msg::Edited(Ok(DRAFT.to_owned()))), []);
    assert!(screen(&app, 80, 24).contains("nothing was changed"));
}

#[test]
fn one_key_leads_from_a_call_to_the_editor() {
    let mut app = calls();
    let effects = press(&mut app, "^e");
    let [Effect::Ask(Ask::Preview { ticket, .. })] = effects.as_slice() else {
        panic!("{effects:?}")
    };
    let effects = app.update(Msg::News(News::Preview(*ticket, Arc::new(told()))));
    assert_eq!(effects, [Effect::Edit(DRAFT.to_owned())]);
    // From the sessions there is no call to be edited.
    let mut app = testing::app((80, 24), Theme { colour: true, ascii: false });
    for news in recording(3) {
        app.update(Msg::News(news));
    }
    assert_eq!(press(&mut app, "^e"), []);
    assert!(screen(&app, 80, 24).contains("one call is edited"));
}

#[test]
fn a_secret_is_typed_unseen_and_a_variable_by_its_name() {
    let mut app = previewed();
    press(&mut app, "h");
    testing::type_in(&mut app, "Authorization");
    assert!(screen(&app, 80, 24).contains("header: Authorization"));
    press(&mut app, "Enter");
    testing::type_in(&mut app, "Bearer sk-typed");
    let shown = screen(&app, 80, 24);
    assert!(
        !shown.contains("sk-typed") && shown.contains("Authorization: ***************"),
        "{shown}"
    );
    let effects = press(&mut app, "Enter");
    assert!(!format!("{effects:?}").contains("sk-typed"));
    let [Effect::Ask(Ask::Preview { given, .. })] = effects.as_slice() else {
        panic!("{effects:?}")
    };
    let typed = GivenValue::Typed(Secret("Bearer sk-typed".to_owned()));
    assert_eq!(given.headers[0].value, typed);
    answered(&mut app, &effects, told());
    assert!(screen(&app, 80, 24).contains("sent with Authorization, as it was typed"));

    press(&mut app, "h");
    testing::type_in(&mut app, "X-Key");
    press(&mut app, "Enter");
    testing::type_in(&mut app, "$MY_KEY");
    assert!(screen(&app, 80, 24).contains("X-Key: $MY_KEY"));
    let effects = press(&mut app, "Enter");
    answered(&mut app, &effects, told());
    let effects = press(&mut app, "Enter");
    let [Effect::Ask(Ask::Replay { given, .. })] = effects.as_slice() else {
        panic!("{effects:?}")
    };
    let names: Vec<_> = given.headers.iter().map(|header| header.name.as_str()).collect();
    assert_eq!(names, ["Authorization", "X-Key"]);
    assert_eq!(given.headers[1].value, GivenValue::Environment("MY_KEY".to_owned()));
}
