//! The arrows of design.md: which room may name which. Where this fails, the dependency is wrong or
//! design.md has to change; the table is not the place to begin.

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
};

/// Every room with the rooms that it may name; `cli` may name all.
const ARROWS: &[(&str, &[&str])] = &[
    ("capture", &[]),
    ("clock", &["capture"]),
    ("tasks", &[]),
    ("protocol", &["capture"]),
    ("replay", &["capture", "protocol"]),
    // Being the client and being the server: the rest of the room is pure.
    ("replay/drive", &["capture", "clock", "protocol", "replay", "tasks", "tls"]),
    ("replay/serve/server", &["capture", "clock", "proxy::Guard", "replay", "tasks", "tls"]),
    ("tap", &["capture", "clock"]),
    ("tls", &["capture", "clock"]),
    ("proxy", &["capture", "clock", "tap", "tasks", "tls"]),
    ("store", &["capture"]),
    (
        "recorder",
        &["capture", "clock", "protocol", "proxy::ListenerSettings", "store", "tap", "tasks"],
    ),
    ("tui", &["capture", "clock", "protocol", "replay"]),
    ("settings", &["capture", "proxy", "recorder", "tap"]),
];

/// What a room must not name at all, and where it may be named.
const BANS: &[(&str, &[&str], &str)] = &[
    ("sled::", &["store/catalog"], "the catalog is the one engine's place"),
    (
        "tokio::",
        &[
            "cli",
            "proxy",
            "recorder",
            "replay/drive",
            "replay/serve/server",
            "tap",
            "tasks",
            "tls",
            "tui",
        ],
        "the model, its readers and the store are no tasks",
    ),
    (
        "hyper::",
        &["cli", "proxy", "replay/drive", "replay/serve/server", "tasks", "tls"],
        "HTTP is the business of the proxy and of replay's two ends",
    ),
    (
        "hyper_util::",
        &["cli", "proxy", "replay/drive", "replay/serve/server", "tls"],
        "HTTP is the business of the proxy and of replay's two ends",
    ),
    (
        "std::fs",
        &["cli", "recorder", "settings", "store", "tls"],
        "files belong to the store, the home and the authority",
    ),
    ("anyhow::", &["cli"], "rooms have error enums"),
    (
        "tracing::",
        &["cli", "proxy", "recorder", "store/segments"],
        "what is pure has nothing to log, and a screen is no log",
    ),
    ("tracing_subscriber::", &["cli/log"], "one log"),
    ("SystemTime::now", &["clock"], "one clock"),
];

#[test]
fn every_arrow_is_in_the_table() {
    let mut wrong = BTreeSet::new();
    for (room, file, code) in sources() {
        if room == "cli" || room == "main" || room == "lib" {
            continue;
        }
        // A part of a room with arrows of its own goes over its room.
        let part = |(name, _): &&(&str, _)| name.contains('/') && file.starts_with(*name);
        let whole = |(name, _): &&(&str, _)| *name == room;
        let found = ARROWS.iter().find(part).or_else(|| ARROWS.iter().find(whole));
        let Some((_, allowed)) = found else {
            wrong.insert(format!("{file}: room `{room}` is not in the table"));
            continue;
        };
        for named in named_rooms(&code) {
            let permitted = named.starts_with(&room)
                || allowed
                    .iter()
                    .any(|arrow| named == *arrow || named.starts_with(&format!("{arrow}::")));
            if !permitted {
                wrong.insert(format!("{file}: {room} -> {named}"));
            }
        }
    }
    assert!(wrong.is_empty(), "arrows that design.md does not have:\n{wrong:#?}");
}

#[test]
fn what_is_banned_stays_in_its_place() {
    let mut wrong = BTreeSet::new();
    for (_, file, code) in sources() {
        for (word, places, why) in BANS {
            let at_home = places.iter().any(|place| file.starts_with(place));
            if !at_home && code.contains(word) {
                wrong.insert(format!("{file}: {word} ({why})"));
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn the_reader_of_arrows_sees_them() {
    let code =
        "use crate::{capture::{A, B}, tap,\n store::x};\nlet a = crate::proxy::Y; // crate::cli\n";
    let named = named_rooms(&without_comments(code));
    assert_eq!(named, ["capture::{A", "tap", "store::x", "proxy::Y"]);
}

/// Room, path below src, and code without comments and unit tests of every source file.
fn sources() -> Vec<(String, String, String)> {
    let src = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut files = Vec::new();
    collect(&src, &mut files);
    assert!(files.len() > 10, "the sources are somewhere else");
    files
        .into_iter()
        .filter(|path| !path.components().any(|part| is_test(part.as_os_str())))
        .map(|path| {
            let file = path.strip_prefix(&src).expect("below src").display().to_string();
            let room = file.split('/').next().expect("a path has a part").trim_end_matches(".rs");
            let text = fs::read_to_string(&path).expect("a source file is readable");
            let code = text.split("#[cfg(test)]\nmod ").next().unwrap_or_default().to_owned();
            (room.to_owned(), file, without_comments(&code))
        })
        .collect()
}

fn is_test(part: &std::ffi::OsStr) -> bool {
    part == "tests" || part == "tests.rs" || part == "testing.rs" || part == "arbitrary.rs"
}

fn collect(folder: &Path, into: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).expect("a folder is readable") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            collect(&path, into);
        } else if path.extension().is_some_and(|ext| ext == "rs") {
            into.push(path);
        }
    }
}

fn without_comments(code: &str) -> String {
    code.lines()
        .map(|line| line.split("//").next().unwrap_or_default())
        .collect::<Vec<_>>()
        .join("\n")
}

/// The paths after every `crate::`, one for each branch of a `use crate::{…}`.
fn named_rooms(code: &str) -> Vec<String> {
    let mut named = Vec::new();
    for (at, _) in code.match_indices("crate::") {
        let rest = &code[at + "crate::".len()..];
        match rest.strip_prefix('{') {
            Some(group) => named.extend(branches(group)),
            None => named.push(path(rest)),
        }
    }
    named
}

/// The top-level branches of a group, up to its closing brace.
fn branches(group: &str) -> Vec<String> {
    let (mut depth, mut start, mut found) = (0_usize, 0, Vec::new());
    for (at, letter) in group.char_indices() {
        match letter {
            '{' => depth += 1,
            '}' if depth == 0 => {
                found.push(group[start..at].trim().to_owned());
                break;
            }
            '}' => depth -= 1,
            ',' if depth == 0 => {
                found.push(group[start..at].trim().to_owned());
                start = at + 1;
            }
            _ => {}
        }
    }
    found.retain(|branch| !branch.is_empty());
    found.iter().map(|branch| path(branch)).collect()
}

/// The path up to its second step, which is as far as the table looks.
fn path(rest: &str) -> String {
    let end = rest
        .find([';', ',', '(', ')', '<', '>', ' ', '\n', '!', '&', '\'', '.'])
        .unwrap_or(rest.len());
    rest[..end].split("::").take(2).collect::<Vec<_>>().join("::")
}
