//! On live, store and tape: what one sees of a recording does not depend on where it comes from.

use std::{
    fs,
    path::{Path, PathBuf},
};

use super::{mermaid, tape};
use crate::support::{
    sources::{Source, has_sessions, is_judged, on_each, steady},
    terminal::{ENTER, ESC, Shown, Terminal},
    wiretape::run,
};

/// A session with progress on a stream, with a server that asks, and with both kinds of failure.
fn on_each_source(check: impl Fn(Source, &mut Terminal, &Path) + Sync) {
    on_each(&typescript(), |start| start, check);
}

fn typescript() -> PathBuf {
    tape("2025-11-25/typescript.tape.jsonl")
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
fn check_3_help_lists_every_key_and_leaves_the_screen_as_it_was() {
    on_each_source(|_, terminal, home| {
        let listed = run(home, &["open", "--keys", "--json"]).stdout;
        let listed = String::from_utf8(listed).expect("UTF-8");
        let before = terminal.until("all of it", is_judged);
        let first = terminal.keys("?").shows("one row down");
        let last = terminal.keys("G").until("the last line", |shown| {
            let count = shown.rows[0].rsplit(' ').next().unwrap_or_default();
            shown.rows[0].contains(&format!("-{count} of"))
        });
        assert!(last.has("delete the line"), "{}", last.text());
        // Half page by half page back to the beginning: every key is somewhere.
        let mut pages = vec![last.clone()];
        let mut now = last;
        while now.rows[1] != first.rows[1] {
            let above = now.rows.clone();
            now = terminal.keys("\x15").until("half a page up", |shown| shown.rows != above);
            pages.push(now.clone());
        }
        for line in listed.lines() {
            let key: serde_json::Value = serde_json::from_str(line).expect("JSON");
            let about = key["about"].as_str().expect("words");
            for spelt in key["keys"].as_array().expect("keys") {
                let spelt = spelt.as_str().expect("a key");
                let of = |row: &String| row.contains(about) && row.contains(spelt);
                assert!(pages.iter().any(|page| page.rows.iter().any(of)), "{spelt} {about}");
            }
        }
        terminal.keys("\t").shows("status:error");
        let same = |shown: &Shown| steady(shown) == steady(&before);
        terminal.keys(ESC).until("the same screen", same);
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
fn check_13_any_size_and_back_is_like_a_fresh_start() {
    let of = |source: Source, terminal: &mut Terminal, home: &Path| {
        for (width, height) in [(200, 60), (120, 40), (80, 24), (40, 10)] {
            terminal.resize(width, height);
            terminal.until("hints", |shown| {
                shown.rows.len() == usize::from(height)
                    && shown.rows.last().is_some_and(|row| row.contains("? help"))
            });
        }
        terminal.resize(39, 9);
        terminal.shows("need 40x10, have 39x9");
        terminal.resize(12, 3);
        terminal
            .until("as much as there is room for", |shown| shown.rows[0].starts_with("need 40x10"));
        terminal.resize(1, 1);
        for round in 0..20 {
            let (width, height) = [(200, 60), (12, 3), (1, 1), (120, 40)][round % 4];
            terminal.resize(width, height);
        }
        terminal.resize(80, 24);
        let after =
            terminal.until("the list again", |shown| shown.rows.len() == 24 && is_judged(shown));
        source.leave(terminal);
        let fresh = source.start(home, &typescript()).start();
        fresh.until("a fresh start's screen", |shown| steady(shown) == steady(&after));
        let logs = fs::read_dir(home.join("logs")).expect("logs");
        let names = logs.map(|entry| entry.expect("a file").file_name());
        let panics = names.filter(|name| name.to_string_lossy().starts_with("panic-"));
        assert_eq!(panics.count(), 0);
    };
    on_each_source(of);
}

#[test]
fn check_15_without_colour_the_selection_is_still_seen() {
    on_each(
        &typescript(),
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
fn check_15_a_word_brings_colour_back() {
    on_each(
        &typescript(),
        |start| start.env("NO_COLOR", "1").words(&["--color", "always"]),
        |_, terminal, _| drop(terminal.until("colour", |shown| shown.coloured)),
    );
}

#[test]
fn check_15_ascii_is_ascii() {
    // What it holds is ASCII; what else is there is ours.
    let is_ascii = |shown: &Shown| assert!(shown.text().is_ascii(), "{}", shown.text());
    on_each(
        &typescript(),
        |start| start.words(&["--ascii"]),
        |_, terminal, _| {
            is_ascii(&terminal.shown());
            for (keys, wanted) in
                [("?", "one row down"), ("\t", "status:error"), ("q:", "go to row 12")]
            {
                is_ascii(&terminal.keys(keys).shows(wanted));
            }
            terminal.keys(ESC).until("the sessions", has_sessions);
            is_ascii(&terminal.keys(ENTER).shows("tools/call"));
            is_ascii(&terminal.keys(":6\r\r").shows("\"counted to 3\""));
            terminal.keys("]").shows("[Request]");
            for tab in ["[Headers]", "[Frames(4)]", "[Raw]", "[Problems]"] {
                is_ascii(&terminal.keys("]").shows(tab));
            }
            for (key, wanted) in [
                ("3", "sequence"),
                ("4", "timeline"),
                ("5", "catalogue"),
                ("6", "problems"),
                ("7", "latency"),
                ("8", "replays"),
            ] {
                let is_there = |shown: &Shown| shown.rows[0].contains(wanted);
                is_ascii(&terminal.keys(key).until(wanted, is_there));
            }
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
        let written = fs::read_to_string(&out).expect("UTF-8");
        let arrows = mermaid::arrows(&written).unwrap_or_else(|line| panic!("no mermaid: {line}"));
        assert_eq!(arrows, 24, "{written}");
    });
}

/// The file ends with the last arrow: it is written at once, but looked at while it is.
fn is_whole(path: &Path) -> bool {
    fs::read_to_string(path).is_ok_and(|text| text.trim_end().ends_with("DELETE /mcp → 200"))
}
