//! What is said to people: rules that hold for all texts, wherever they are written.

use std::{
    fs,
    path::{Path, PathBuf},
};

/// What is counted somewhere. A number before one of these in the plural is `1 errors` one day.
const COUNTED: &[&str] = &[
    "answers",
    "bytes",
    "calls",
    "certificates",
    "connections",
    "days",
    "differences",
    "errors",
    "exchanges",
    "frames",
    "hits",
    "messages",
    "notices",
    "places",
    "problems",
    "rows",
    "segments",
    "sessions",
    "steps",
    "times",
    "tools",
    "warnings",
];

/// Numbers that are never 1: constants of thousands.
const NEVER_ONE: &[&str] = &["LONGEST", "MAX_LINE_BYTES", "MAX_EVENT_BYTES", "EXCHANGE_BYTES"];

#[test]
fn a_number_and_its_noun_are_joined_by_count() {
    let src = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut found = Vec::new();
    let mut looked_at = 0;
    for file in ["cli", "tui"].iter().flat_map(|room| sources(&src.join(room))) {
        let text = fs::read_to_string(&file).expect("a source is read");
        let lines = text.lines().enumerate();
        for (n, line) in lines.filter(|(_, line)| !line.trim_start().starts_with("//")) {
            looked_at += 1;
            if let Some(words) = bare(line) {
                found.push(format!("{}:{}: {words}", file.display(), n + 1));
            }
        }
    }
    assert!(looked_at > 10_000, "the sources are somewhere else: {looked_at} lines");
    assert!(found.is_empty(), "`text::count` and `units::count` join these:\n{}", found.join("\n"));
}

#[test]
fn a_bare_plural_is_seen() {
    assert_eq!(bare(r#"format!("{} hits", n)"#), Some("{} hits"));
    assert_eq!(bare(r#"format!("{left:>4} more rows.")"#), Some("{left:>4} more rows"));
    assert_eq!(bare(r#"format!("{name} hitsuji {hits}")"#), None);
    assert_eq!(bare(r#"format!("beyond {LONGEST} bytes")"#), None);
}

/// A placeholder with a plural behind it.
fn bare(line: &str) -> Option<&str> {
    let places = line.match_indices("} ").map(|(at, _)| at);
    places.into_iter().find_map(|end| {
        let start = line[..end].rfind('{')?;
        let rest = &line[end + 2..];
        let rest = rest.strip_prefix("more ").unwrap_or(rest);
        let word = rest.find(|c: char| !c.is_alphanumeric()).map_or(rest, |at| &rest[..at]);
        let is_bare = COUNTED.contains(&word) && !NEVER_ONE.contains(&&line[start + 1..end]);
        let until = line.len() - rest.len() + word.len();
        is_bare.then(|| &line[start..until])
    })
}

/// The sources of a folder; tests say what they like.
fn sources(folder: &Path) -> Vec<PathBuf> {
    let mut all = Vec::new();
    for entry in fs::read_dir(folder).expect("a folder of sources") {
        let path = entry.expect("an entry").path();
        let name = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        match path.is_dir() {
            _ if name.starts_with("test") => {}
            true => all.extend(sources(&path)),
            false if path.extension().is_some_and(|ext| ext == "rs") => all.push(path),
            false => {}
        }
    }
    all
}
