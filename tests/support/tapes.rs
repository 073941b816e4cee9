//! Tapes of `captures/`, made by the real program: recorded, exported, and kept where
//! `WIRETAPE_TAPES=1` says so; else for the test to hold against the one that is there, so that
//! every tape can be made again.

use std::{
    env, fs,
    path::{Path, PathBuf},
};

use tempfile::tempdir;

use super::wiretape::{Recorder, run, sessions};

const MINUTE: u64 = 60_000_000_000;

/// The folder of tapes.
pub(crate) fn captures() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("captures")
}

/// All tapes that stand there.
pub(crate) fn all() -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut folders = vec![captures()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).expect("a folder") {
            let path = entry.expect("an entry").path();
            if path.is_dir() {
                folders.push(path);
            } else if path.to_string_lossy().ends_with(".tape.jsonl") {
                found.push(path);
            }
        }
    }
    found.sort();
    assert!(!found.is_empty(), "there are tapes");
    found
}

/// Records what `play` does with the server at `target`, all of it, and exports it.
pub(crate) fn recorded(target: &str, options: &[&str], play: impl FnOnce(&Recorder)) -> String {
    let home = tempdir().expect("a folder");
    let options = [&["--quiet", "--target", target], options].concat();
    let recorder = Recorder::start(home.path(), &options);
    play(&recorder);
    recorder.stop();
    let out = home.path().join("exported.tape.jsonl");
    let mut words = vec!["export".to_owned()];
    words.extend(sessions(home.path()));
    words.extend(["-o".to_owned(), out.display().to_string()]);
    run(home.path(), &words);
    fs::read_to_string(out).expect("a tape")
}

/// Writes the tape to `captures/NAME.tape.jsonl` if it is to be made anew. Gives what stands there.
pub(crate) fn keep(name: &str, tape: &str) -> String {
    let path = captures().join(format!("{name}.tape.jsonl"));
    if env::var_os("WIRETAPE_TAPES").is_some() {
        fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
        fs::write(&path, tape).expect("written");
    }
    fs::read_to_string(&path).unwrap_or_else(|e| {
        panic!("{}: {e}; WIRETAPE_TAPES=1 makes it (captures/README.md)", path.display())
    })
}

/// Lets minutes pass on a tape before some of its exchanges, counted from 0: whatever was recorded
/// from their opening on comes later. A note in each of them says so.
pub(crate) fn with_pauses(tape: &str, pauses: &[(usize, u64)]) -> String {
    let mut lines: Vec<String> = tape.lines().map(ToOwned::to_owned).collect();
    let opened: Vec<(String, u64)> = lines
        .iter()
        .filter(|line| line.contains("\"kind\":\"open\""))
        .map(|line| (field(line, "\"exchange\":\"").to_owned(), at(line)))
        .collect();
    for (exchange, minutes) in pauses.iter().rev() {
        let (id, from) = &opened[*exchange];
        for line in lines.iter_mut().skip(1).filter(|line| at(line) >= *from) {
            assert!(!line.contains("\"cuts\":"), "bodies in pieces have times of their own");
            let moved = at(line) + minutes * MINUTE;
            *line = line.replacen(&format!("\"at\":{}", at(line)), &format!("\"at\":{moved}"), 1);
        }
        let is_end = |line: &String| line.contains(id) && line.contains("\"kind\":\"end\"");
        let end = lines.iter().position(is_end).expect("it ended");
        let (n, at) = (field(&lines[end], "\"n\":"), at(&lines[end]));
        let n: u32 = n.parse().expect("a number");
        let text =
            format!("{minutes} minutes were put in before this exchange; it followed at once");
        let note =
            format!(r#"{{"exchange":"{id}","n":{n},"at":{at},"kind":"note","text":"{text}"}}"#);
        lines[end] = lines[end].replacen(&format!("\"n\":{n}"), &format!("\"n\":{}", n + 1), 1);
        lines.insert(end, note);
    }
    lines.join("\n") + "\n"
}

fn at(line: &str) -> u64 {
    field(line, "\"at\":").parse().expect("nanoseconds")
}

/// What stands between `start` and the next comma or quote.
fn field<'a>(line: &'a str, start: &str) -> &'a str {
    let rest = line.split_once(start).map_or("", |(_, rest)| rest);
    rest.split([',', '"', '}']).next().unwrap_or_default()
}
