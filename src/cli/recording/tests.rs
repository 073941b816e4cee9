//! A session told from its kin is the one that the fold of everything tells.

use std::{
    fs::{self, File},
    io::BufReader,
    path::{Path, PathBuf},
};

use super::Recording;
use crate::recorder::{Source, TapeSource};

#[test]
fn a_session_told_from_its_kin_is_the_one_told_from_all() {
    let mut compared = 0;
    for tape in tapes(&Path::new(env!("CARGO_MANIFEST_DIR")).join("captures")) {
        let source = || -> Box<dyn Source> {
            let file = BufReader::new(File::open(&tape).expect("a file"));
            Box::new(TapeSource::open(file).expect("a tape"))
        };
        let summaries = source().summaries().expect("they are there");
        let as_of = summaries.iter().map(|summary| summary.last_at).max().expect("some");
        let mut whole = Recording::of(source(), Some(as_of), true).expect("it reads");
        whole.sessions().expect("they are told");
        for summary in &summaries {
            let mut part = Recording::of(source(), Some(as_of), false).expect("it reads");
            assert!(part.relate(summary).expect("it reads"), "{}", tape.display());
            let told = |recording: &Recording| recording.session_of(summary.id).cloned();
            assert_eq!(told(&part), told(&whole), "{}: {}", tape.display(), summary.id);
            compared += 1;
        }
    }
    assert!(compared > 100, "{compared}");
}

#[test]
fn the_session_that_the_initializes_name_is_the_one_told_from_all() {
    let (mut placed, mut left) = (0, 0);
    for tape in tapes(&Path::new(env!("CARGO_MANIFEST_DIR")).join("captures")) {
        let source = || -> Box<dyn Source> {
            let file = BufReader::new(File::open(&tape).expect("a file"));
            Box::new(TapeSource::open(file).expect("a tape"))
        };
        let summaries = source().summaries().expect("they are there");
        let as_of = summaries.iter().map(|summary| summary.last_at).max().expect("some");
        let mut whole = Recording::of(source(), Some(as_of), true).expect("it reads");
        whole.sessions().expect("they are told");
        let mut part = Recording::of(source(), Some(as_of), false).expect("it reads");
        for summary in &summaries {
            let Some(session) = part.placed(summary).expect("it reads") else {
                left += 1;
                continue;
            };
            let told = whole.session_of(summary.id).map(|session| session.id);
            assert_eq!(Some(session.id), told, "{}: {}", tape.display(), summary.id);
            placed += 1;
        }
    }
    assert!(placed > 100 && left > 0, "{placed} placed, {left} left");
}

fn tapes(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            found.extend(tapes(&path));
        } else if path.to_string_lossy().ends_with(".tape.jsonl") {
            found.push(path);
        }
    }
    found
}
