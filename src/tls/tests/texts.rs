//! The texts about trust in `certs/`: whole, of the form its README tells, their commands readable.

use std::{fs, path::Path, process::Command};

const VERBS: [&str; 5] = ["install", "uninstall", "check", "env", "note"];
const PLACEHOLDERS: [&str; 6] = ["ca", "bundle", "name", "proxy", "host", "port"];

/// Calls `test` with each text's file name and content.
fn each_text(mut test: impl FnMut(&str, &str)) {
    let dir = Path::new(env!("CARGO_MANIFEST_DIR")).join("certs");
    let mut seen = 0;
    for entry in fs::read_dir(dir).expect("certs/") {
        let path = entry.expect("an entry").path();
        if path.extension().is_some_and(|extension| extension == "txt") {
            let name = path.file_name().expect("a file").to_string_lossy().into_owned();
            test(&name, &fs::read_to_string(&path).expect("text"));
            seen += 1;
        }
    }
    assert!(seen >= 10, "{seen} texts");
}

/// The sections of a text: verb and path within the brackets, and the lines below.
fn sections(text: &str) -> Vec<(&str, Vec<&str>)> {
    let mut sections: Vec<(&str, Vec<&str>)> = Vec::new();
    for line in text.lines().skip(1).filter(|line| !line.is_empty()) {
        match line.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
            Some((head, _)) => sections.push((head, Vec::new())),
            None => sections.last_mut().expect("a section first").1.push(line),
        }
    }
    sections
}

fn verb(head: &str) -> &str {
    head.split(' ').next().unwrap_or_default()
}

#[test]
fn every_text_has_the_form_its_readers_expect() {
    each_text(|name, text| {
        assert!(!text.starts_with('['), "{name}: the first line says for whom");
        assert!(text.ends_with('\n') && text.lines().all(|line| line.len() <= 120), "{name}");
        let sections = sections(text);
        for (head, lines) in &sections {
            assert!(VERBS.contains(&verb(head)), "{name}: [{head}]");
            assert!(!lines.is_empty(), "{name}: [{head}] is empty");
            let prose = verb(head) == "note";
            assert!(lines.iter().all(|line| line.starts_with("    ") != prose), "{name}: [{head}]");
            let undo = head.strip_prefix("install").map(|at| format!("uninstall{at}"));
            let undone = |undo: String| sections.iter().any(|(head, _)| *head == undo);
            assert!(undo.is_none_or(undone), "{name}: [{head}] cannot be undone");
        }
    });
}

#[test]
fn every_placeholder_is_one_that_the_printer_fills_in() {
    each_text(|name, text| {
        for part in text.split('{').skip(1) {
            let known = part.split_once('}').is_some_and(|(word, _)| {
                // curl has placeholders of its own, `%{http_code}`.
                PLACEHOLDERS.contains(&word) || word == "http_code"
            });
            assert!(known, "{name}: {{{part}");
        }
    });
}

#[cfg(unix)]
#[test]
fn a_shell_can_read_every_command() {
    each_text(|name, text| {
        for (head, lines) in sections(text) {
            if name == "windows.txt" || ["env", "note"].contains(&verb(head)) {
                continue;
            }
            for line in lines {
                let line = PLACEHOLDERS.iter().fold(line.to_owned(), |line, placeholder| {
                    line.replace(&format!("{{{placeholder}}}"), "'a b'")
                });
                let done = Command::new("sh").args(["-n", "-c", &line]).output().expect("sh runs");
                assert!(done.status.success(), "{name}: {line}: {done:?}");
            }
        }
    });
}
