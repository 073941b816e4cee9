//! The screens in the README, taken from the program: `captures/2025-11-25/claude-code` is what
//! Claude Code and server-everything say to each other (tests/sdk/tapes.rs makes it from the real
//! SDKs), and each screen is what `wiretape open` shows of it after some keys.
//!
//! `WIRETAPE_SCREENS=1 cargo test --test it readme` puts them into the README; without the variable
//! what stands there must be what is shown.

use std::{env, fs, path::Path};

use tempfile::tempdir;

use crate::support::terminal::{ENTER, Start};

const TAPE: &str = "captures/2025-11-25/claude-code.tape.jsonl";

/// One screen: after some keys it is complete as soon as a text stands on it.
struct Screen {
    /// As the README's marker spells it.
    name: &'static str,
    height: u16,
    steps: &'static [(&'static str, &'static str)],
}

const SCREENS: [Screen; 3] = [
    Screen {
        name: "calls",
        height: 24,
        steps: &[
            // Rows are read whole a moment after they are shown.
            (ENTER, " 8.6k"),
            (":12\r", "row 12"),
            (ENTER, "Long running operation completed. Duration"),
            ("]]]", "progress 4/4"),
        ],
    },
    Screen {
        name: "sequence",
        height: 24,
        steps: &[(ENTER, "roots/list"), ("3", "initialize #0"), ("G", "DELETE")],
    },
    Screen { name: "timeline", height: 20, steps: &[(ENTER, "roots/list"), ("4", "DELETE /mcp")] },
];

#[test]
fn the_readme_shows_what_the_program_shows() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let path = root.join("README.md");
    let stands = fs::read_to_string(&path).expect("a README");
    let shown = SCREENS.iter().fold(stands.clone(), |text, screen| placed(&text, screen, root));
    if env::var_os("WIRETAPE_SCREENS").is_some() {
        fs::write(&path, &shown).expect("written");
    } else {
        let remedy = "WIRETAPE_SCREENS=1 cargo test --test it readme";
        for (shown, stands) in shown.lines().zip(stands.lines()) {
            assert_eq!(shown, stands, "{remedy}");
        }
        assert_eq!(shown.len(), stands.len(), "{remedy}");
    }
}

/// The README with a screen between its marker and the end of the block that follows.
fn placed(readme: &str, screen: &Screen, root: &Path) -> String {
    let marker = format!("<!-- screen: {} -->\n```text\n", screen.name);
    let (before, rest) = readme.split_once(&marker).expect("the README has the marker");
    let (_, after) = rest.split_once("\n```\n").expect("the block ends");
    format!("{before}{marker}{}\n```\n{after}", taken(screen, root))
}

fn taken(screen: &Screen, root: &Path) -> String {
    let home = tempdir().expect("a folder");
    let start = Start::wiretape(home.path(), &["open", TAPE]).folder(root);
    let mut terminal = start.size(100, screen.height).start();
    terminal.until("the session", |shown| shown.has("claude-") && shown.selected().is_some());
    for (keys, seen) in screen.steps {
        terminal.keys(keys).shows(seen);
    }
    terminal.shown().text()
}
