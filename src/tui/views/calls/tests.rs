//! The list of calls as a person sees it, and that nothing makes it panic.

use insta::assert_snapshot;

use crate::protocol::query::Query;
use crate::tui::{
    app::{
        App, Effect, Msg,
        testing::{
            fixture::{
                FULL, answer, empty, live, press, press_only, recorded, ticket_of, told, work,
            },
            screen,
        },
    },
    desk::{Ask, News},
    rows::{Row, RowId, SessionId, Status},
    theme::Theme,
};

const PLAIN: Theme = Theme { colour: false, ascii: false };
const ASCII: Theme = Theme { colour: true, ascii: true };

fn calls((width, height): (u16, u16), theme: Theme) -> App {
    let mut app = told((width, height), theme);
    press(&mut app, "<Enter>");
    app
}

fn shown(app: &App, (width, height): (u16, u16)) -> String {
    screen(app, width, height)
}

/// The line of the selected row.
fn selected(app: &App, size: (u16, u16)) -> String {
    let screen = shown(app, size);
    screen.lines().find(|line| line.starts_with('▌')).unwrap_or_default().trim_end().to_owned()
}

fn counters(app: &App, size: (u16, u16)) -> String {
    let screen = shown(app, size);
    screen.lines().nth(usize::from(size.1) - 2).unwrap_or_default().to_owned()
}

#[test]
fn the_list_at_every_size() {
    for size in [(80, 24), (120, 40), (40, 10), (200, 60)] {
        let app = calls(size, FULL);
        assert_snapshot!(format!("calls_{}x{}", size.0, size.1), shown(&app, size));
    }
    assert_snapshot!("calls_no_color", shown(&calls((80, 24), PLAIN), (80, 24)));
    assert_snapshot!("calls_ascii", shown(&calls((80, 24), ASCII), (80, 24)));
}

#[test]
fn ascii_is_ascii_save_for_payload() {
    let mut app = calls((80, 24), ASCII);
    press(&mut app, ":6<Enter><Enter>]]]");
    let screen = shown(&app, (80, 24));
    let foreign: String =
        screen.chars().filter(|c| !c.is_ascii() && !('\u{3000}'..'\u{a000}').contains(c)).collect();
    assert_eq!(foreign, "", "{screen}");
}

#[test]
fn states_of_the_list() {
    let size = (80, 24);
    let mut empty_app = empty(size, FULL);
    for news in recorded().into_iter().filter(|news| !matches!(news, News::Rows(_))) {
        empty_app.update(Msg::News(news));
    }
    press(&mut empty_app, "<Enter>");
    assert_snapshot!("calls_none", shown(&empty_app, size));
    empty_app.update(Msg::News(News::Loading { done: 12_000, of: 1_000_000 }));
    assert_snapshot!("calls_loading", shown(&empty_app, size));
    let mut app = live(size, FULL);
    press(&mut app, "<Enter>");
    assert_snapshot!("calls_live", shown(&app, size));
    let effects = press_only(&mut app, "ftool:x<Enter>");
    let ticket = ticket_of(&effects).unwrap();
    app.update(Msg::News(News::Hits { ticket, rows: Vec::new(), done: 30, of: 60 }));
    assert_snapshot!("calls_filtering", shown(&app, size));
    app.update(Msg::News(News::Over(ticket)));
    assert_snapshot!("calls_filtered_to_nothing", shown(&app, size));
    let mut app = told(size, FULL);
    press(&mut app, "<Enter>");
    let effects = press_only(&mut app, ":6<Enter><Enter>");
    let ticket = effects.iter().rev().find_map(|effect| match effect {
        Effect::Ask(Ask::Exchange { ticket, .. }) => Some(*ticket),
        _ => None,
    });
    let why = "the segment is damaged\nhint: `wiretape store check`".to_owned();
    app.update(Msg::News(News::Failed(ticket.unwrap(), why)));
    assert_snapshot!("calls_error", shown(&app, size));
}

#[test]
fn following_stops_with_an_upward_move_and_nothing_moves_the_selection() {
    let size = (80, 24);
    let mut app = live(size, FULL);
    press(&mut app, "<Enter>");
    assert!(shown(&app, size).contains("⇣follow"));
    press(&mut app, "k");
    let before = selected(&app, size);
    let row = more_rows(&app, 37);
    app.update(Msg::News(News::Rows(row)));
    let screen = shown(&app, size);
    assert!(screen.contains("+37 new") && !screen.contains("⇣follow"), "{screen}");
    assert_eq!(selected(&app, size), before);
    press(&mut app, "F");
    assert!(selected(&app, size).starts_with("▌   97 "), "{}", selected(&app, size));
}

/// Rows like the last one.
fn more_rows(app: &App, count: usize) -> Vec<Row> {
    let last = app.data.rows.get(RowId(59)).unwrap();
    vec![last; count]
}

#[test]
fn a_filter_is_live_and_a_bad_one_keeps_the_old_one() {
    let size = (80, 24);
    let mut app = calls(size, FULL);
    press(&mut app, "G");
    let before = selected(&app, size);
    let effects = press_only(&mut app, "fstatus:error");
    let ticket = ticket_of(&effects).unwrap();
    let asked = effects.iter().rev().find_map(|effect| match effect {
        Effect::Ask(Ask::Filter { query, session, .. }) => Some((query.clone(), *session)),
        _ => None,
    });
    assert_eq!(asked, Some(("status:error".to_owned(), Some(SessionId(4)))));
    assert!(counters(&app, size).contains("0/60"), "{}", counters(&app, size));
    let rows = [3, 4, 7, 10].map(RowId).to_vec();
    app.update(Msg::News(News::Hits { ticket, rows, done: 60, of: 60 }));
    app.update(Msg::News(News::Over(ticket)));
    press(&mut app, "<Enter>");
    assert!(counters(&app, size).contains("4/60"), "{}", counters(&app, size));
    assert_snapshot!("calls_filtered", shown(&app, size));
    // A bad one: the old one holds, and the column is named.
    press_only(&mut app, "f http>x");
    let screen = shown(&app, size);
    assert!(screen.contains("column"), "{screen}");
    press_only(&mut app, "<Esc>");
    assert!(shown(&app, size).contains("[status:error]"), "{}", shown(&app, size));
    press(&mut app, "<Esc>");
    assert!(counters(&app, size).contains("60/60 · 4 err · 1 pending · no filter"));
    assert_eq!(selected(&app, size), before);
}

#[test]
fn a_search_goes_to_its_hits_as_they_come() {
    let size = (80, 24);
    let mut app = calls(size, FULL);
    let effects = press_only(&mut app, "/needle<Enter>");
    let ticket = ticket_of(&effects).unwrap();
    let rows = vec![RowId(5), RowId(7)];
    app.update(Msg::News(News::Hits { ticket, rows, done: 412_000, of: 1_000_000 }));
    let said = counters(&app, size);
    assert!(said.contains("searching 412k/1.0M · 2 hits · Esc stops"), "{said}");
    assert!(selected(&app, size).contains("search"), "{}", selected(&app, size));
    press_only(&mut app, "n");
    assert!(selected(&app, size).contains("delete"), "{}", selected(&app, size));
    // It waits for what is still looked for.
    press_only(&mut app, "n");
    app.update(Msg::News(News::Hits { ticket, rows: vec![RowId(20)], done: 1, of: 1 }));
    assert!(selected(&app, size).starts_with("▌   21 "), "{}", selected(&app, size));
    app.update(Msg::News(News::Over(ticket)));
    press_only(&mut app, "n");
    assert!(selected(&app, size).starts_with("▌    6 "), "{}", selected(&app, size));
    let effects = press_only(&mut app, "/nothing<Enter>");
    let ticket = ticket_of(&effects).unwrap();
    app.update(Msg::News(News::Over(ticket)));
    assert!(counters(&app, size).contains("not found: nothing"), "{}", counters(&app, size));
}

/// A search that found this row.
fn found(app: &mut App, needle: &str, row: u32) -> crate::tui::desk::Ticket {
    let effects = press_only(app, &format!("/{needle}<Enter>"));
    let ticket = ticket_of(&effects).unwrap();
    let rows = vec![RowId(row)];
    let news = News::Hits { ticket, rows, done: 412_000, of: 1_000_000 };
    let effects = app.update(Msg::News(news));
    answer(app, effects);
    let effects = work(app);
    answer(app, effects);
    ticket
}

#[test]
fn the_first_hit_is_unfolded_in_the_answer_or_in_the_request() {
    let size = (80, 24);
    let mut app = calls(size, FULL);
    found(&mut app, "score", 5);
    let screen = shown(&app, size);
    assert!(screen.contains("[Response]") && screen.contains("score: 1.50"), "{screen}");
    let mut app = calls(size, FULL);
    found(&mut app, "arguments", 5);
    let screen = shown(&app, size);
    assert!(screen.contains("[Request]") && screen.contains("arguments: {"), "{screen}");
    // In neither, but in a name: where one was.
    let mut app = calls(size, FULL);
    found(&mut app, "nowhere", 5);
    assert!(shown(&app, size).contains("[Response]"), "{}", shown(&app, size));
}

#[test]
fn escape_stops_the_search_before_it_closes_what_is_open() {
    let size = (80, 24);
    let mut app = calls(size, FULL);
    let ticket = found(&mut app, "score", 5);
    assert!(counters(&app, size).contains("Esc stops"), "{}", counters(&app, size));
    let effects = press_only(&mut app, "<Esc>");
    assert!(effects.contains(&Effect::Ask(Ask::Cancel(ticket))), "{effects:?}");
    assert!(shown(&app, size).contains("[Response]"), "{}", shown(&app, size));
    press_only(&mut app, "<Esc>");
    assert!(!shown(&app, size).contains("[Response]"), "{}", shown(&app, size));
    assert!(counters(&app, size).contains("1 hit "), "{}", counters(&app, size));
    press_only(&mut app, "<Esc>");
    assert!(!counters(&app, size).contains("1 hit"), "{}", counters(&app, size));
}

#[test]
fn what_cannot_be_looked_for_is_not_told_as_nothing_found() {
    let size = (80, 24);
    let mut app = calls(size, FULL);
    for keys in ["/needle<Enter>", "ftool:x<Enter>"] {
        let effects = press_only(&mut app, keys);
        let ticket = ticket_of(&effects).unwrap();
        app.update(Msg::News(News::Failed(ticket, "the disk is gone".to_owned())));
        let screen = shown(&app, size);
        assert!(screen.contains("the disk is gone"), "{screen}");
        assert!(!screen.contains("not found") && !screen.contains("no match"), "{screen}");
    }
}

#[test]
fn marks_jumps_and_problems() {
    let size = (80, 24);
    let mut app = calls(size, FULL);
    press(&mut app, "E");
    assert!(selected(&app, size).contains("resources/list"));
    press(&mut app, "mEE");
    assert!(selected(&app, size).contains("delete"));
    press(&mut app, "'");
    assert!(selected(&app, size).contains("resources/list"));
    press(&mut app, "jjjx");
    assert!(selected(&app, size).contains("tools/call search"), "{}", selected(&app, size));
    press(&mut app, "x");
    assert!(selected(&app, size).contains("sampling"), "{}", selected(&app, size));
    press(&mut app, ":42<Enter>");
    assert!(selected(&app, size).starts_with("▌   42"), "{}", selected(&app, size));
    press(&mut app, ":-2<Enter>");
    assert!(selected(&app, size).starts_with("▌   40"), "{}", selected(&app, size));
}

#[test]
fn rows_that_are_not_whole_are_asked_for_once() {
    let mut app = told((80, 24), FULL);
    let effects = press_only(&mut app, "<Enter>");
    let asked = |effects: &[Effect]| {
        effects.iter().any(
            |effect| matches!(effect, Effect::Ask(Ask::Complete(rows)) if rows == &[RowId(12)]),
        )
    };
    assert!(asked(&effects));
    assert!(!asked(&press_only(&mut app, "j")));
}

#[test]
fn what_flies_by_while_much_is_read_is_made_whole_once_that_is_over() {
    let mut app = live((80, 24), FULL);
    app.update(Msg::News(News::Loading { done: 1, of: 2 }));
    let asks = |effects: &[Effect]| {
        effects.iter().any(|effect| matches!(effect, Effect::Ask(Ask::Complete(_))))
    };
    assert!(!asks(&press_only(&mut app, "<Enter>")));
    let mut row = app.data.row(RowId(12)).expect("it is there");
    row.number += 1;
    assert!(!row.is_whole);
    assert!(!asks(&app.update(Msg::News(News::Rows(vec![row])))));
    assert!(asks(&app.update(Msg::News(News::Loading { done: 2, of: 2 }))));
}

#[test]
fn sorting_keeps_the_selection_and_takes_in_what_changes() {
    let size = (80, 24);
    let mut app = calls(size, FULL);
    press(&mut app, ":6<Enter>sjjjj<Enter>");
    let screen = shown(&app, size);
    assert!(counters(&app, size).contains("sort latency▼"), "{}", counters(&app, size));
    assert!(selected(&app, size).contains("search"), "{screen}");
    let times: Vec<_> =
        screen.lines().skip(2).take(6).map(|line| line.get(60..).unwrap_or_default()).collect();
    assert!(times.iter().any(|line| line.contains("2.1s")), "{screen}");
    let mut row = app.data.rows.get(RowId(13)).unwrap();
    row.status = Status::Ok;
    row.total_us = 1;
    app.update(Msg::News(News::Row(RowId(13), row)));
    work(&mut app);
    // Behind the notification, which has none.
    press(&mut app, "Gk");
    assert!(selected(&app, size).contains("slow"), "{}", shown(&app, size));
}

#[test]
fn a_million_rows_are_sorted_in_parts() {
    let size = (80, 24);
    let mut app = calls(size, FULL);
    let rows = more_rows(&app, 100_000);
    app.update(Msg::News(News::Rows(
        rows.into_iter().zip(0..).map(|(row, us)| Row { total_us: us % 9_973, ..row }).collect(),
    )));
    press_only(&mut app, "sjjjj<Enter>");
    assert!(app.has_work());
    assert!(counters(&app, size).contains("sorting by latency"), "{}", counters(&app, size));
    press_only(&mut app, "j");
    work(&mut app);
    assert!(!app.has_work());
    assert!(counters(&app, size).contains("· sort latency▼"), "{}", counters(&app, size));
}

#[test]
fn each_press_of_n_goes_a_hit_on_also_while_there_is_none_yet() {
    let size = (80, 24);
    let mut app = calls(size, FULL);
    let ticket = found(&mut app, "score", 5);
    press_only(&mut app, "nnn");
    assert!(selected(&app, size).starts_with("▌    6"), "{}", selected(&app, size));
    let hits = |rows: &[u32]| {
        let rows = rows.iter().copied().map(RowId).collect();
        Msg::News(News::Hits { ticket, rows, done: 500_000, of: 1_000_000 })
    };
    app.update(hits(&[9]));
    assert!(selected(&app, size).starts_with("▌   10"), "{}", selected(&app, size));
    app.update(hits(&[12, 20, 30]));
    assert!(selected(&app, size).starts_with("▌   21"), "{}", selected(&app, size));
    app.update(hits(&[40]));
    assert!(selected(&app, size).starts_with("▌   21"), "nothing is owed any more");
    press_only(&mut app, "nN");
    assert!(selected(&app, size).starts_with("▌   21"), "there and back");
    // What waits when the search comes to nothing more goes on from the other end.
    press_only(&mut app, "nnnn");
    app.update(Msg::News(News::Over(ticket)));
    assert!(selected(&app, size).starts_with("▌   10"), "{}", shown(&app, size));
}

#[test]
fn a_filter_that_cannot_be_read_says_where_and_what_to_do_at_any_width() {
    for size in [(80, 24), (40, 10)] {
        for filter in ["status:error tool:(", "colour:red", "status:maybe", "latency>soon", "a:"] {
            let mut app = calls(size, FULL);
            press_only(&mut app, "f");
            crate::tui::app::testing::type_in(&mut app, filter);
            let error = Query::parse(filter, app.data.now).expect_err(filter);
            let screen = shown(&app, size);
            let words: Vec<_> = screen.split_whitespace().collect();
            let said = format!("column {}: {} · {}", error.column, error.what, error.hint);
            let whole = said.split_whitespace().collect::<Vec<_>>().join(" ");
            assert!(words.join(" ").contains(&whole), "{whole}\n{screen}");
            assert!(screen.lines().last().unwrap().contains("filter: "), "{screen}");
        }
    }
}

#[test]
fn a_row_that_is_earlier_than_the_one_before_it_says_so() {
    let size = (80, 24);
    let mut app = calls(size, FULL);
    let row = more_rows(&app, 1)[0];
    let earlier = Row { at: crate::capture::Timestamp(row.at.0 - 5_000_000), ..row };
    app.update(Msg::News(News::Rows(vec![earlier])));
    press(&mut app, "ttG");
    assert!(selected(&app, size).contains(" -5ms "), "{}", shown(&app, size));
}

#[test]
fn rows_stay_sorted_while_others_come_and_change() {
    let size = (80, 24);
    let mut app = calls(size, FULL);
    let long = |app: &App, from: u32| {
        let rows = more_rows(app, 50_000).into_iter().zip(from..);
        rows.map(|(row, n)| Row { total_us: n * 7_919 % 100_003, ..row }).collect::<Vec<_>>()
    };
    app.update(Msg::News(News::Rows(long(&app, 0))));
    press_only(&mut app, ":100<Enter>sjjjj<Enter>");
    let chosen = app.selected_row();
    // Between its parts more rows come, and one of those that have their key already changes.
    app.update(Msg::Work);
    app.update(Msg::News(News::Rows(long(&app, 50_000))));
    let row = app.data.rows.get(RowId(70)).unwrap();
    app.update(Msg::News(News::Row(RowId(70), Row { total_us: 3_000_000_000, ..row })));
    app.update(Msg::Work);
    work(&mut app);
    assert!(app.ticks() && !app.has_work(), "what came meanwhile has its time");
    app.update(Msg::Time(crate::capture::Timestamp(app.data.now.0 + 2_000_000_000)));
    work(&mut app);
    assert_eq!(app.selected_row(), chosen, "the selection stands");
    press_only(&mut app, "g");
    let mut before = u32::MAX;
    for _ in 0..200 {
        let id = app.selected_row().expect("a row");
        let us = app.data.rows.get(id).unwrap().total_us;
        assert!(us <= before, "{us} below {before}");
        before = us;
        press_only(&mut app, "<PgDn>");
    }
    press_only(&mut app, "g");
    let slow = (0..60).any(|_| {
        let is_it = app.selected_row() == Some(RowId(70));
        press_only(&mut app, "j");
        is_it
    });
    assert!(slow, "what changed while it was sorted stands where it belongs");
}

#[test]
fn the_split_at_both_widths() {
    for size in [(80, 24), (120, 40)] {
        let mut app = calls(size, FULL);
        press(&mut app, ":6<Enter><Enter>");
        assert_snapshot!(format!("calls_detail_{}x{}", size.0, size.1), shown(&app, size));
        press(&mut app, "<Enter>");
        assert_snapshot!(format!("calls_zoom_{}x{}", size.0, size.1), shown(&app, size));
        // Out again, step by step, and never out of the program.
        press(&mut app, "<Esc>");
        assert!(shown(&app, size).contains("SEQ"));
        press(&mut app, "<Esc><Esc><Esc><Esc>");
        assert!(shown(&app, size).contains("STATE"));
    }
    let _ = answer;
}
