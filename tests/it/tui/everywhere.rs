//! On live, store and tape: what one sees of a recording does not depend on where it comes from.

use std::path::Path;

use super::tape;
use crate::support::{
    sources::{Source, has_sessions, on_each},
    terminal::{ENTER, ESC, Shown, Terminal},
};

/// A session with progress on a stream, with a server that asks, and with both kinds of failure.
fn on_each_source(check: impl Fn(Source, &mut Terminal, &Path) + Sync) {
    on_each(&tape("2025-11-25/typescript.tape.jsonl"), |start| start, check);
}

fn calls(terminal: &mut Terminal) -> Shown {
    terminal.keys(ENTER).until("its calls", |shown| shown.has("18/18"))
}

/// The row whose number is so.
fn is_selected(number: u32) -> impl Fn(&Shown) -> bool {
    let number = number.to_string();
    move |shown| {
        let cells = shown.selected().map(|row| row.trim_start_matches(['▌', '!', '◆', ' ']));
        cells.and_then(|row| row.split(' ').next()) == Some(number.as_str())
    }
}

#[test]
fn check_1_crumbs_a_session_and_hints_within_the_screen() {
    on_each_source(|source, terminal, _| {
        let shown = terminal.shown();
        assert!(shown.rows[0].starts_with(" wiretape › sessions"), "{}", shown.text());
        assert!(shown.rows[23].contains("? help"), "{}", shown.text());
        assert!(shown.has("2025-11-25") && shown.alternate && shown.mouse, "{}", shown.text());
        assert_eq!(shown.rows[0].contains("REC"), source.is_live(), "{}", shown.text());
        assert!(shown.cells.iter().all(|row| row.len() == 80) && shown.cells.len() == 24);
    });
}

#[test]
fn check_5_a_call_is_one_row_and_opens_on_its_result() {
    on_each_source(|_, terminal, _| {
        let listed = calls(terminal);
        let of = |row: &&String| row.contains("tools/call count");
        let rows: Vec<_> = listed.rows.iter().filter(of).collect();
        let [row] = rows.as_slice() else { panic!("one row: {}", listed.text()) };
        let cells: Vec<_> = row.split_whitespace().collect();
        // SEQ, T+, direction, method, tool, id, status, latency, frames, size.
        assert_eq!(cells[2..8], ["→", "tools/call", "count", "3", "200", "ok"], "{row}");
        assert!(cells[9].ends_with("ms") && cells[10] == "4" && cells[11] == "502", "{row}");
        terminal.keys(":6\r").until("the call", is_selected(6));
        terminal.keys(ENTER).until("its result", |shown| {
            shown.has("[Response]") && shown.has("▾ result: ") && shown.has("\"counted to 3\"")
        });
        terminal.keys(ESC).until("the list alone", |shown| !shown.has("[Response]"));
        terminal.keys(ESC).until("the sessions", has_sessions);
    });
}

#[test]
fn check_6_a_filter_is_live_prefilled_and_taken_back() {
    on_each_source(|_, terminal, _| {
        calls(terminal);
        terminal.keys("fstatus:error").until("live", |shown| shown.has("2/18"));
        terminal.keys(ENTER).until("in the crumbs", |shown| {
            shown.has("2/18") && shown.rows[0].contains("[status:error]")
        });
        terminal.keys("f").until("prefilled", |shown| shown.rows[23].contains("status:error"));
        let wrong = terminal.keys("\x15tool:(").until("an error", |shown| shown.has("column 6"));
        let kept = wrong.rows.iter().filter(|row| row.contains("tools/call")).count();
        assert_eq!(kept, 2, "{}", wrong.text());
        terminal.keys(ESC).until("as before", |shown| {
            shown.has("2/18") && shown.rows[0].contains("[status:error]")
        });
        terminal.keys(ESC).until("all", |shown| shown.has("18/18 ") && shown.has("no filter"));
    });
}

#[test]
fn check_7_a_hit_is_selected_and_unfolded() {
    on_each_source(|_, terminal, _| {
        calls(terminal);
        terminal.keys("g/counted\r").until("in the answer", |shown| {
            is_selected(6)(shown) && shown.has("[Response]") && shown.has("\"counted to 3\"")
        });
        // What is in no answer is shown in the request.
        terminal.keys("g/arguments\r").until("in the request", |shown| {
            is_selected(5)(shown) && shown.has("[Request]") && shown.has("arguments: {")
        });
        terminal.keys("g").until("the first row", is_selected(1));
        terminal.keys("/tools/call\r").until("the first hit, and all of them", |shown| {
            is_selected(5)(shown) && !shown.has("searching") && shown.has(" hits")
        });
        terminal.keys("n").until("the next one", is_selected(6));
        terminal.keys("N").until("back", is_selected(5));
        terminal.keys("/nosuchneedle\r").shows("not found: nosuchneedle");
    });
}

#[test]
fn check_15_without_colour_the_selection_is_still_seen() {
    let tape = tape("2025-11-25/typescript.tape.jsonl");
    on_each(
        &tape,
        |start| start.env("NO_COLOR", "1"),
        |_, terminal, _| {
            let shown = terminal.shown();
            assert!(!shown.coloured, "NO_COLOR");
            assert!(shown.selected().is_some_and(|row| row.starts_with('▌')), "{}", shown.text());
            let shown = calls(terminal);
            assert!(!shown.coloured, "NO_COLOR");
            assert!(shown.selected().is_some_and(|row| row.starts_with('▌')), "{}", shown.text());
            let raw = String::from_utf8_lossy(&terminal.raw()).into_owned();
            // Graphic renditions, and of these none with a colour (3x, 4x, 9x, 10x, 38;…, 48;…).
            let sent = raw.split("\x1b[").filter_map(|rest| {
                let end = rest.find(|c: char| c.is_ascii_alphabetic())?;
                (rest.as_bytes().get(end) == Some(&b'm')).then(|| rest.get(..end))?
            });
            let is_colour = |code: &str| matches!(code.len(), 2 | 3) && !code.ends_with('9');
            let colours = sent
                .flat_map(|codes| codes.split(';'))
                .any(|code| is_colour(code) && code.starts_with(['3', '4', '9', '1']));
            assert!(!colours, "a colour was sent");
        },
    );
}

#[test]
fn check_18_the_sequence_has_all_arrows_opens_calls_and_is_exported() {
    on_each_source(|_, terminal, home| {
        // Of what is live the end is shown first.
        terminal.keys("3").until("arrows", |shown| shown.has("tools/call ask #6"));
        let shown = terminal.keys("g").until("the beginning", |shown| {
            shown.selected().is_some_and(|row| row.contains("initialize #0"))
        });
        for (what, begins, ends, has) in [
            ("a request of the client's", "│── tools/list #1", "▶│", "─"),
            ("its answer", "│◀─", "tools/list: result #1 ──│", "─"),
            ("a notification", "│┄┄ notifications/initialized", "▶│", "┄"),
            ("a frame of a stream", "│◀┄", "notifications/progress 2/3 ┄┄│", "+66ms"),
            ("a request of the server's", "│◀── sampling/createMessage #0", "──│", "─"),
            ("the client's answer", "│── sampling/createMessage: result #0", "▶│", "14ms"),
            ("HTTP alone", "│╌╌ GET /mcp → 200, listens", "▶│", "╌"),
        ] {
            let is = |row: &String| row.contains(begins) && row.contains(ends) && row.contains(has);
            assert!(shown.rows.iter().any(is), "{what}:\n{}", shown.text());
        }
        terminal.keys("jjjjjjjj").until("the call", |shown| {
            shown.selected().is_some_and(|row| row.contains("tools/call count #3"))
        });
        terminal.keys(ENTER).until("that call", |shown| {
            is_selected(6)(shown) && shown.has("SEQ    T+") && shown.has("\"counted to 3\"")
        });
        let out = home.join("out.mmd");
        terminal.keys(&format!(":export mermaid {}\r", out.display()));
        terminal.until("it is written", |_| out.is_file() && is_whole(&out));
        let written = std::fs::read_to_string(&out).expect("UTF-8");
        let arrows = mermaid(&written).unwrap_or_else(|line| panic!("no mermaid: {line}"));
        assert_eq!(arrows, 24, "{written}");
    });
}

/// The file ends with the last arrow: it is written at once, but looked at while it is.
fn is_whole(path: &Path) -> bool {
    std::fs::read_to_string(path).is_ok_and(|text| text.trim_end().ends_with("DELETE /mcp → 200"))
}

/// Reads a sequence diagram by mermaid's grammar (sequenceDiagram.jison), as far as a diagram of
/// messages needs it: how many arrows there are, or the line that it would refuse.
fn mermaid(text: &str) -> Result<usize, String> {
    let mut lines = text.lines();
    let mut actors = Vec::new();
    let mut arrows = 0;
    if lines.next() != Some("sequenceDiagram") {
        return Err("it begins with sequenceDiagram".to_owned());
    }
    for line in lines.map(str::trim).filter(|line| !line.is_empty()) {
        let refused = || line.to_owned();
        if let Some(named) = line.strip_prefix("participant ") {
            let (actor, alias) = named.split_once(" as ").ok_or_else(refused)?;
            actors.push(actor.to_owned());
            is_text(alias).then_some(()).ok_or_else(refused)?;
            continue;
        }
        let (statement, said) = line.split_once(": ").ok_or_else(refused)?;
        is_text(said).then_some(()).ok_or_else(refused)?;
        let is_known = |actor: &str| actors.iter().any(|known| known == actor);
        let about = ["Note over ", "Note right of ", "Note left of "];
        let named: Vec<&str> =
            if let Some(of) = about.iter().find_map(|note| statement.strip_prefix(note)) {
                of.split(',').collect()
            } else {
                arrows += 1;
                // The longest first: `->>` is no `->` and a `>`.
                let arrow = ["-->>", "->>", "--x", "-x", "--)", "-)", "-->", "->"];
                let arrow = arrow.iter().find_map(|arrow| statement.split_once(arrow));
                arrow.map(|(from, to)| vec![from, to]).ok_or_else(refused)?
            };
        if !named.into_iter().all(is_known) {
            return Err(refused());
        }
    }
    Ok(arrows)
}

/// A text ends with `;` or the line, and `#` begins an entity: `#59;`.
fn is_text(text: &str) -> bool {
    let mut rest = text;
    while let Some((before, entity)) = rest.split_once('#') {
        let Some((digits, after)) = entity.split_once(';') else { return false };
        let is_entity = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
        if before.contains(';') || !is_entity {
            return false;
        }
        rest = after;
    }
    !text.trim().is_empty() && !rest.contains(';') && !text.contains("%%{")
}

#[test]
fn a_line_that_is_no_mermaid_is_refused() {
    let begins = "sequenceDiagram\n    participant a as A\n    participant b as B\n";
    for (line, counts) in [
        ("a->>b: x", Some(1)),
        ("b--xa: x#59; y", Some(1)),
        ("Note over a,b: x", Some(0)),
        ("a->>b: x; y", None),
        ("a->>b: x # y", None),
        ("a->>b:", None),
        ("a->>c: x", None),
        ("a=>>b: x", None),
    ] {
        assert_eq!(mermaid(&format!("{begins}    {line}\n")).ok(), counts, "{line}");
    }
}
