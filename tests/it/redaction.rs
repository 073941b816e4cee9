//! Nothing that is secret leaves the store unasked (design.md, tenet 4): a recording full of made-up
//! secrets is exported in every format and shown by every verb. And what is told of a redacted tape
//! is what is told of the wire (tenet 3).

use std::{fs, path::Path};

use tempfile::{TempDir, tempdir};
use wiretape::protocol::problems::judge;

use crate::support::{
    secrets::{self, Corpus, Planted, corpus, spellings},
    stories::{records_in, stories},
    tapes,
    wiretape::{file, lines, of, wiretape},
};

/// Every form of an export: its arguments, and how many of a hundred secrets it would hold unless
/// they were replaced. What is never in a form needs no look.
const FORMATS: &[(&[&str], usize)] = &[
    (&[], 100),
    (&["--format", "har"], 50),
    (&["--format", "curl"], 20),
    (&["--format", "json"], 20),
    (&["--format", "html"], 20),
    (&["--format", "mermaid"], 0),
];

/// Shown by default: the arguments of a verb, `SESSION` and `OTHER` for sessions' ids.
const SCREENS: &[&[&str]] = &[
    &["list"],
    &["list", "--notices"],
    &["show", "SESSION"],
    &["find", ""],
    &["problems"],
    &["diff", "SESSION", "OTHER"],
    &["trace", "fAk3"],
];

#[test]
fn no_export_has_a_secret_in_it() {
    let (home, corpus) = kept();
    for (format, least) in FORMATS {
        let bytes = exported(home.path(), format);
        let text = opened(&bytes);
        for planted in &corpus.planted {
            assert_gone(planted, &text, &format!("export {format:?}"));
        }
        let wire = opened(&exported(home.path(), &[format, &["--reveal"][..]].concat()));
        let there = corpus.planted.iter().filter(|planted| is_in(planted, &wire)).count();
        let share = there * 100 / corpus.planted.len();
        assert!(share >= *least, "{format:?}: the check sees {share} of a hundred");
    }
}

#[test]
fn no_screen_shows_a_secret() {
    let (home, corpus) = kept();
    let listed = lines(home.path(), &["list"]);
    let ids: Vec<&str> =
        of(&listed, "session").iter().map(|line| line["id"].as_str().expect("an id")).collect();
    let session = *ids.last().expect("a session");
    let mut commands: Vec<Vec<String>> = Vec::new();
    for screen in SCREENS {
        let words = screen.iter().map(|word| match *word {
            "SESSION" => session.to_owned(),
            "OTHER" => ids[0].to_owned(),
            word => word.to_owned(),
        });
        commands.push(words.collect());
    }
    let exchanges = lines(home.path(), &["show", session]);
    for exchange in of(&exchanges, "exchange") {
        let id = exchange["id"].as_str().expect("an id");
        commands.push(vec!["show".to_owned(), format!("{session}/{id}")]);
        commands.push(vec!["show".to_owned(), format!("{session}/{id}"), "--frames".to_owned()]);
    }
    assert!(commands.len() > SCREENS.len() + 10, "{commands:?}");
    for command in commands {
        for json in [&[][..], &["--json".to_owned()]] {
            let words = [&command[..], json].concat();
            let output = wiretape(home.path(), &words)
                .env(secrets::VARIABLE, secrets::of_environment())
                .output()
                .expect("it starts");
            let text = [output.stdout, output.stderr].concat();
            let text = String::from_utf8_lossy(&text).into_owned();
            for planted in corpus.planted.iter().filter(|planted| !planted.is_identity) {
                assert_gone(planted, &text, &format!("{words:?}"));
            }
        }
    }
}

#[test]
fn rules_add_and_other_rules_are_refused() {
    let (home, corpus) = kept();
    let rules = file(home.path(), "rules.toml");
    let write = |text: &str| fs::write(&rules, text).expect("a disk");
    write(
        "[[rule]]\npath = \"/params/level\"\ndo = \"redact\"\n[[rule]]\nname = \"late\"\ndo = \"redact\"\n",
    );
    let rules = rules.to_str().expect("a path");
    let text = opened(&exported(home.path(), &["--redact", rules]));
    assert!(
        text.contains(r#"\"level\":\"{{redacted:"#) && !text.contains(r#"\"level\":\"info"#),
        "{text}"
    );
    for planted in &corpus.planted {
        assert_gone(planted, &text, "with rules");
    }
    write("[[rule]]\ndo = \"delay\"\nvalue = 1\n");
    let out = file(home.path(), "refused.tape.jsonl");
    let words = ["export", "since:30d", "-o", out.to_str().expect("a path"), "--redact", rules];
    let refused = wiretape(home.path(), &words).output().expect("it starts");
    assert_eq!(refused.status.code(), Some(2));
    let said = String::from_utf8_lossy(&refused.stderr).into_owned();
    assert!(said.contains("rule 1") && said.contains("delay") && said.contains("hint:"), "{said}");
    assert!(!out.exists());
}

#[test]
fn redacted_it_stays_as_it_is() {
    let (home, _) = kept();
    let once = exported(home.path(), &[]);
    let tape = file(home.path(), "once.tape.jsonl");
    fs::write(&tape, &once).expect("a disk");
    let again = file(home.path(), "again.tape.jsonl");
    let words = ["export", tape.to_str().expect("a path"), "-o", again.to_str().expect("a path")];
    succeed(home.path(), &words);
    assert_eq!(fs::read_to_string(&again).expect("a file"), String::from_utf8_lossy(&once));
    let other = tempdir().expect("a folder");
    succeed(other.path(), &["import", tape.to_str().expect("a path")]);
    let back = exported(other.path(), &[]);
    let lines = |tape: &[u8]| -> Vec<String> {
        String::from_utf8_lossy(tape).lines().map(str::to_owned).collect()
    };
    for (one, other) in lines(&back).iter().zip(&lines(&once)) {
        assert_eq!(one, other, "imported and exported");
    }
    assert_eq!(back.len(), once.len());
}

/// Sessions, joins, calls and problems of what was revealed and of what was redacted.
#[test]
fn a_redacted_tape_is_told_as_the_wire_is() {
    let (home, _) = kept();
    let revealed = exported(home.path(), &["--reveal"]);
    let redacted = exported(home.path(), &[]);
    assert_told_the_same("the corpus", &revealed, &redacted);
    // Tapes are kept redacted: what stands there is put back in other words, and redacted anew.
    for path in tapes::all() {
        let kept = fs::read_to_string(&path).expect("a file");
        let wire = put_back(&kept);
        let home = tempdir().expect("a folder");
        let tape = file(home.path(), "wire.tape.jsonl");
        fs::write(&tape, &wire).expect("a disk");
        let out = file(home.path(), "redacted.tape.jsonl");
        let words = ["export", tape.to_str().expect("a path"), "-o", out.to_str().expect("a path")];
        succeed(home.path(), &words);
        let redacted = fs::read(&out).expect("a file");
        assert_told_the_same(&path.display().to_string(), wire.as_bytes(), &redacted);
    }
}

fn assert_told_the_same(what: &str, wire: &[u8], redacted: &[u8]) {
    let told = |tape: &[u8]| shape(&String::from_utf8_lossy(tape));
    let (wire, redacted) = (told(wire), told(redacted));
    for (one, other) in wire.iter().zip(&redacted) {
        assert_eq!(one, other, "{what}");
    }
    assert_eq!(wire.len(), redacted.len(), "{what}");
}

/// What is told, without any value of the wire.
fn shape(tape: &str) -> Vec<String> {
    let mut shape = Vec::new();
    for story in stories(&records_in(tape)) {
        let session = &story.session;
        shape.push(format!(
            "{} by {} {:?} {:?} follows {:?} in {:?} joins {:?}",
            session.id,
            session.identified_by,
            session.state,
            session.counts,
            session.follows,
            session.exchanges,
            session.joins.iter().map(|join| join.exchange).collect::<Vec<_>>(),
        ));
        shape.extend(
            story
                .calls
                .iter()
                .map(|call| format!("{:?}", (call.request, call.answer, call.ending))),
        );
        shape.extend(story.messages.iter().map(|message| {
            format!("{} {:?} {:?} {:?}", message.id(), message.kind, message.method, message.rpc_id)
        }));
        let problems = judge(&story);
        shape.extend(problems.iter().map(|problem| {
            format!(
                "{} {:?} {:?} {:?}",
                problem.rule, problem.severity, problem.exchange, problem.message
            )
        }));
    }
    shape
}

/// A kept tape with values of its own where placeholders stand, and a first line that says so.
fn put_back(tape: &str) -> String {
    let header: serde_json::Value =
        serde_json::from_str(tape.lines().next().expect("a line")).expect("JSON");
    let mut wire = tape.to_owned();
    for redaction in header["redactions"].as_array().expect("a list") {
        let placeholder = redaction["placeholder"].as_str().expect("a text");
        let sum = placeholder.bytes().fold(11_u64, |sum, b| sum.wrapping_mul(131) + u64::from(b));
        let (first, second) =
            (sum.wrapping_mul(0x9E37_79B9_7F4A_7C15), sum.wrapping_mul(0xC2B2_AE3D_27D4_EB4F));
        wire = wire.replace(placeholder, &format!("{first:016x}{second:016x}"));
    }
    let (_, lines) = wire.split_once('\n').expect("lines");
    let mut header = header;
    header["redactions"] = serde_json::Value::Array(Vec::new());
    format!("{header}\n{lines}")
}

/// A home with the corpus in it.
fn kept() -> (TempDir, Corpus) {
    let corpus = corpus();
    let home = tempdir().expect("a folder");
    let tape = file(home.path(), "corpus.tape.jsonl");
    fs::write(&tape, &corpus.tape).expect("a disk");
    succeed(home.path(), &["import", tape.to_str().expect("a path")]);
    (home, corpus)
}

fn exported(home: &Path, options: &[&str]) -> Vec<u8> {
    let out = file(home, "corpus.out");
    let out = out.to_str().expect("a path");
    succeed(home, &[&["export", "since:2026-01-01T00:00", "-o", out][..], options].concat());
    fs::read(out).expect("a file")
}

fn succeed(home: &Path, words: &[&str]) {
    let output = wiretape(home, words)
        .env(secrets::VARIABLE, secrets::of_environment())
        .output()
        .expect("it starts");
    assert!(output.status.success(), "{words:?}: {}", String::from_utf8_lossy(&output.stderr));
}

/// A file's text; of a tape also what its bodies say once they are decoded and what its strings
/// say one behind the other.
fn opened(bytes: &[u8]) -> String {
    let mut text = String::from_utf8_lossy(bytes).into_owned();
    if !text.starts_with("{\"format\":\"wiretape\"") {
        return text;
    }
    let stories = stories(&records_in(&text.clone()));
    for told in stories.iter().flat_map(|story| &story.exchanges) {
        let frames = told.reading.frames.iter();
        let data: Vec<String> =
            frames.map(|frame| String::from_utf8_lossy(&frame.raw).into_owned()).collect();
        text.push_str(&data.concat());
        for key in ["\"data\":\"", "\"message\":\""] {
            let pieces = data.iter().filter_map(|data| data.split_once(key));
            let pieces: Vec<&str> = pieces
                .filter_map(|(_, rest)| rest.rsplit_once('"').map(|(piece, _)| piece))
                .collect();
            let pieces: Vec<&str> = pieces
                .iter()
                .map(|piece| piece.split("\",\"").next().unwrap_or_default())
                .collect();
            text.push_str(&pieces.concat().replace("\\\"", "\""));
            text.push('\n');
        }
    }
    for message in stories.iter().flat_map(|story| &story.messages) {
        text.push_str(&String::from_utf8_lossy(&message.payload));
        text.push('\n');
    }
    text
}

fn is_in(planted: &Planted, text: &str) -> bool {
    spellings(&planted.value).iter().any(|spelling| text.contains(spelling.as_str()))
}

fn assert_gone(planted: &Planted, text: &str, whence: &str) {
    for spelling in spellings(&planted.value) {
        let at = text.find(&spelling);
        let around = at.map(|at| {
            let from = text[..at].char_indices().rev().nth(120).map_or(0, |(from, _)| from);
            text[from..].chars().take(300).collect::<String>()
        });
        assert_eq!(around, None, "{} ({}) in {whence}", planted.place, planted.value);
    }
}
