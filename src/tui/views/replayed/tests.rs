//! The replay's screens with verdicts that nobody sent (tui.md §6 and §7), and what keys make of them.

use std::sync::Arc;

use super::*;
use crate::{
    replay::compare::Kind,
    tui::{
        app::{
            App, Effect, Msg,
            testing::{self, key, recording, screen},
        },
        desk::{Preview, Replayed},
    },
};

const COLOUR: Theme = Theme { colour: true, ascii: false };

fn press(app: &mut App, spelt: &str) -> Vec<Effect> {
    app.update(Msg::Key(key(spelt)))
}

/// At the older one of the two sessions.
fn app(size: (u16, u16), theme: Theme) -> App {
    let mut app = testing::app(size, theme);
    for news in recording(12) {
        app.update(Msg::News(news));
    }
    press(&mut app, "j");
    app
}

fn asked(effects: &[Effect]) -> &Ask {
    let [Effect::Ask(ask)] = effects else { panic!("one question: {effects:?}") };
    ask
}

pub(in crate::tui::views) fn preview() -> Preview {
    let lines = [
        "POST http://127.0.0.1:3000/mcp",
        "host: 127.0.0.1:3000",
        "content-type: application/json",
        "x-api-key: {{x-api-key:1}}",
        "",
        "{",
        "  \"jsonrpc\": \"2.0\",",
        "  \"id\": 0,",
        "  \"method\": \"initialize\"",
        "}",
    ];
    Preview {
        to: "http://127.0.0.1:3000/mcp".to_owned(),
        steps: 12,
        request: lines.map(str::to_owned).into(),
        guarded: vec!["delete".to_owned(), "slow".to_owned()],
        notes: vec!["not sent, for it is a credential: authorization; h gives it".to_owned()],
        draft: None,
        changes: vec![],
    }
}

fn verdict(
    (method, name): (&str, &str),
    ruling: Ruling,
    (recorded, replayed): (&str, &str),
    differences: Vec<Difference>,
) -> Arc<VerdictTold> {
    Arc::new(VerdictTold {
        exchange: None,
        number: None,
        method: method.to_owned(),
        name: name.to_owned(),
        ruling,
        recorded: recorded.to_owned(),
        replayed: replayed.to_owned(),
        recorded_us: Some(41_000),
        replayed_us: Some(39_000),
        differences,
        reason: None,
        answer: None,
    })
}

fn differs(path: &str, kind: Kind, recorded: Option<&str>, replayed: Option<&str>) -> Difference {
    let own = |value: Option<&str>| value.map(str::to_owned);
    let (recorded, replayed) = (own(recorded), own(replayed));
    Difference { path: path.to_owned(), kind, recorded, replayed, message: None }
}

pub(in crate::tui::views) fn verdicts() -> Vec<Arc<VerdictTold>> {
    let hits = "/result/structuredContent/hits";
    vec![
        verdict(("initialize", ""), Ruling::Same, ("200 41ms", "200 39ms"), vec![]),
        verdict(
            ("tools/call", "search"),
            Ruling::Changed,
            ("200 792ms 6f", "200 845ms 5f"),
            vec![
                differs(hits, Kind::Value, Some("2"), Some("3")),
                differs(
                    "/result/content/0/text",
                    Kind::Value,
                    Some("\"two hits in münchen, none in 東京\""),
                    Some("\"three hits in münchen, one in 東京\""),
                ),
                differs(
                    "/result/structuredContent/items/2",
                    Kind::Added,
                    None,
                    Some("{\"id\":41,\"name\":\"münchen\"}"),
                ),
            ],
        ),
        verdict(
            ("tools/call", "delete"),
            Ruling::Changed,
            ("isError 18ms", "200 22ms"),
            vec![differs("", Kind::Outcome, Some("\"tool-error\""), Some("\"ok\""))],
        ),
        verdict(("resources/read", "file:///a"), Ruling::Missing, ("200 30ms", ""), vec![]),
        verdict(("tools/call", "slow"), Ruling::Skipped, ("200 4.2s", ""), vec![]),
    ]
}

pub(in crate::tui::views) fn ended() -> Replayed {
    Replayed {
        compared: 4,
        of: 5,
        skipped: 1,
        ignored_paths: vec!["/result/_meta/ts".to_owned()],
        exit: 1,
        notes: vec![],
        baseline: Some("bug.tape.jsonl".to_owned()),
        acceptable: 2,
    }
}

/// Through the preview to the verdicts.
fn replayed(size: (u16, u16), theme: Theme) -> App {
    let mut app = app(size, theme);
    let effects = press(&mut app, "R");
    let Ask::Preview { ticket, .. } = *asked(&effects) else { panic!("{effects:?}") };
    app.update(Msg::News(News::Preview(ticket, Arc::new(preview()))));
    let effects = press(&mut app, "Enter");
    let Ask::Replay { ticket, .. } = *asked(&effects) else { panic!("{effects:?}") };
    for verdict in verdicts() {
        app.update(Msg::News(News::Verdict(ticket, verdict)));
    }
    app.update(Msg::News(News::Replayed(ticket, ended())));
    app
}

#[test]
fn nothing_is_asked_but_a_preview_before_enter() {
    let mut app = app((80, 24), COLOUR);
    let effects = press(&mut app, "R");
    let Ask::Preview { ticket, session, row: None, to: None, .. } = *asked(&effects) else {
        panic!("{effects:?}")
    };
    assert_eq!(session, SessionId(0));
    assert_eq!(press(&mut app, "Enter"), [], "there is nothing to send yet");
    app.update(Msg::News(News::Preview(ticket, Arc::new(preview()))));
    insta::assert_snapshot!("preview", screen(&app, 80, 24));
    let effects = press(&mut app, "a");
    assert_eq!(effects, []);
    let effects = press(&mut app, "Enter");
    let Ask::Replay { to, allow_side_effects: true, .. } = asked(&effects) else {
        panic!("{effects:?}")
    };
    assert_eq!(to, "", "the recorded endpoint, which may be masked on the screen");
}

#[test]
fn another_target_is_previewed_and_sent_to() {
    let mut app = app((80, 24), COLOUR);
    let effects = press(&mut app, "R");
    let Ask::Preview { ticket, .. } = *asked(&effects) else { panic!("{effects:?}") };
    app.update(Msg::News(News::Preview(ticket, Arc::new(preview()))));
    press(&mut app, "t");
    testing::type_in(&mut app, "/v2");
    let effects = press(&mut app, "Enter");
    let Ask::Preview { ticket, to: Some(to), .. } = asked(&effects) else { panic!("{effects:?}") };
    assert_eq!(to, "http://127.0.0.1:3000/mcp/v2");
    let told = Preview { to: to.clone(), ..preview() };
    let ticket = *ticket;
    app.update(Msg::News(News::Preview(ticket, Arc::new(told))));
    let effects = press(&mut app, "Enter");
    let Ask::Replay { to, .. } = asked(&effects) else { panic!("{effects:?}") };
    assert_eq!(to, "http://127.0.0.1:3000/mcp/v2");
}

#[test]
fn a_replay_looks_like_this() {
    for (name, size, theme) in [
        ("replayed_80x24", (80, 24), COLOUR),
        ("replayed_120x40", (120, 40), COLOUR),
        ("replayed_40x10", (40, 10), COLOUR),
        ("replayed_ascii", (80, 24), Theme { colour: false, ascii: true }),
    ] {
        insta::assert_snapshot!(name, screen(&replayed(size, theme), size.0, size.1));
    }
}

#[test]
fn next_goes_through_hunks_and_steps_and_around() {
    let mut app = replayed((80, 24), COLOUR);
    let at = |app: &App| {
        let shown = screen(app, 80, 24);
        let selected = shown.lines().find(|line| line.starts_with('▌')).expect("a row").to_owned();
        let hunk = shown.lines().nth(22).and_then(|line| line.split("hunk ").nth(1));
        (selected.split_whitespace().nth(1).expect("SEQ").to_owned(), hunk.map(str::to_owned))
    };
    let hunk = |seq: &str, hunk: &str| {
        (seq.to_owned(), Some(hunk.to_owned()).filter(|hunk| !hunk.is_empty()))
    };
    assert_eq!(at(&app), hunk("2", "1/3"), "the first that is not the same");
    for expected in [("2", "2/3"), ("2", "3/3"), ("3", "1/1"), ("4", ""), ("5", ""), ("2", "1/3")] {
        press(&mut app, "n");
        assert_eq!(at(&app), hunk(expected.0, expected.1));
    }
    press(&mut app, "N");
    assert_eq!(at(&app), hunk("5", ""));
}

#[test]
fn paths_that_are_looked_over_settle_a_step_and_become_rules() {
    let mut app = replayed((80, 24), COLOUR);
    let counts = |app: &App| screen(app, 80, 24).lines().nth(1).expect("a row").to_owned();
    assert!(
        counts(&app).contains("1 same · 2 changed · 1 missing · 0 extra · 1 skipped · 1 ignored")
    );
    for _ in 0..3 {
        press(&mut app, "i");
        press(&mut app, "n");
    }
    assert!(counts(&app).contains("2 same · 1 changed"), "{}", counts(&app));
    assert!(counts(&app).contains("4 ignored"));
    assert_eq!(press(&mut app, "e"), []);
    assert_eq!(press(&mut app, "4"), []);
    let effects = press(&mut app, "Enter");
    let Ask::Save { path, text, .. } = asked(&effects) else { panic!("{effects:?}") };
    assert_eq!(path, "wiretape-rules.toml");
    let rules = crate::replay::rules::Rules::parse(text).expect("rules that verify takes");
    rules.only(crate::replay::rules::Purpose::Verify).expect("none of another verb");
    assert_eq!(rules.list.len(), 3, "{text}");
}

#[test]
fn a_tape_is_put_right_after_a_question_and_a_store_never() {
    let mut app = replayed((80, 24), COLOUR);
    assert_eq!(press(&mut app, "a"), []);
    assert!(screen(&app, 80, 24).contains("bug.tape.jsonl"));
    let effects = press(&mut app, "y");
    assert!(matches!(asked(&effects), Ask::Accept { .. }));

    let mut app = replayed((80, 24), COLOUR);
    let run = app.data.runs.all().next().expect("it was begun").ticket;
    let stored = Replayed { baseline: None, ..ended() };
    app.update(Msg::News(News::Replayed(run, stored)));
    assert_eq!(press(&mut app, "a"), []);
    assert!(screen(&app, 80, 24).contains("only a tape is a baseline"));
}

#[test]
fn a_diff_offers_nothing_to_accept() {
    let mut app = app((80, 24), COLOUR);
    press(&mut app, "Enter");
    press(&mut app, "m");
    press(&mut app, "j");
    let effects = press(&mut app, "d");
    let Ask::Compare { ticket, .. } = *asked(&effects) else { panic!("{effects:?}") };
    app.update(Msg::News(News::Replayed(ticket, ended())));
    assert!(!screen(&app, 80, 24).contains("accept"));
    assert_eq!(press(&mut app, "a"), []);
    assert!(screen(&app, 80, 24).contains("a diff has no answers to put in"));
}

#[test]
fn what_was_left_is_found_again_by_its_number() {
    let mut app = replayed((80, 24), COLOUR);
    press(&mut app, "q");
    press(&mut app, "8");
    insta::assert_snapshot!("runs", screen(&app, 80, 24));
    press(&mut app, "Enter");
    assert!(screen(&app, 80, 24).contains("≠ hits"));
}

#[test]
fn escape_stops_what_runs_and_leaves_what_is_over() {
    let mut app = app((80, 24), COLOUR);
    let effects = press(&mut app, "R");
    let Ask::Preview { ticket, .. } = *asked(&effects) else { panic!("{effects:?}") };
    app.update(Msg::News(News::Preview(ticket, Arc::new(preview()))));
    let effects = press(&mut app, "Enter");
    let Ask::Replay { ticket, .. } = *asked(&effects) else { panic!("{effects:?}") };
    assert!(screen(&app, 80, 24).contains("waiting for the first answer"));
    assert_eq!(press(&mut app, "Esc"), [Effect::Ask(Ask::Cancel(ticket))]);
    app.update(Msg::News(News::Replayed(ticket, Replayed { exit: 130, ..ended() })));
    assert!(screen(&app, 80, 24).contains("stopped"));
    assert_eq!(press(&mut app, "Esc"), []);
    assert!(screen(&app, 80, 24).contains("› sessions"));
}

#[test]
fn verdicts_are_written_in_the_forms_of_verify() {
    let mut app = replayed((80, 24), COLOUR);
    press(&mut app, "i");
    assert_eq!(press(&mut app, "e"), []);
    let shown = screen(&app, 80, 24);
    for form in ["junit", "json", "markdown", "rules"] {
        assert!(shown.contains(form), "{form}:\n{shown}");
    }
    assert_eq!(press(&mut app, "Enter"), []);
    assert!(screen(&app, 80, 24).contains("export to: replay.junit.xml"));
    let effects = press(&mut app, "Enter");
    let Ask::Report { form, path, ignored, .. } = asked(&effects) else { panic!("{effects:?}") };
    assert_eq!((*form, path.as_str()), (ReportForm::Junit, "replay.junit.xml"));
    assert_eq!(ignored.as_slice(), ["/result/structuredContent/hits"]);
}

#[test]
fn a_path_that_is_typed_may_have_stars_and_is_checked() {
    let mut app = replayed((80, 24), COLOUR);
    let mut typed = |command: &str| {
        press(&mut app, ":");
        testing::type_in(&mut app, command);
        press(&mut app, "Enter");
        screen(&app, 80, 24)
    };
    assert!(typed("ignore result").contains("column 1: a path begins with `/`"));
    assert!(typed("ignore /a~b").contains("column 3: `~` is written `~0`"));
    let shown = typed("ignore /result/structuredContent/*");
    assert!(
        shown.contains("is looked over") && shown.contains("hits: value (looked over)"),
        "{shown}"
    );
    let shown = typed("ignore /result/structuredContent/items/*");
    assert!(shown.contains("is looked over"), "{shown}");
    assert!(typed("ignore /result/structuredContent/*").contains("counts again"));
}

#[test]
fn the_answer_of_one_call_is_shown_behind_what_differs() {
    let mut app = replayed((120, 40), COLOUR);
    let run = app.data.runs.all().next().expect("it was begun").ticket;
    let answer = "{\n  \"result\": {}\n}\n".to_owned();
    let told = VerdictTold { answer: Some(answer), ..(*verdicts()[0]).clone() };
    app.update(Msg::News(News::Verdict(run, Arc::new(told))));
    press(&mut app, "G");
    let shown = screen(&app, 120, 40);
    assert!(shown.contains("the answer") && shown.contains("\"result\": {}"), "{shown}");
}
