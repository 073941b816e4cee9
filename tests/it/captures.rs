//! Every tape in `captures/` is a test by being there: it reads, is written again byte by byte, is
//! redacted already, and says what its snapshot says: sessions, calls, frames, problems, and what is
//! bound when it is replayed.
//!
//! The snapshots of a changed reader, or of a new tape, are accepted by one command, to be looked
//! through with `git diff`:
//!
//! ```text
//! INSTA_UPDATE=always cargo test --test it captures
//! ```

mod calls;
pub(crate) mod told;

use std::{
    collections::BTreeSet,
    fs,
    io::Cursor,
    panic::{AssertUnwindSafe, catch_unwind},
    path::Path,
};

use tempfile::tempdir;
use wiretape::{
    capture::{Fact, Record},
    protocol::dialects,
    store::tape::Spool,
};

use crate::{
    bindings::bound,
    support::{
        stories::{reader, records, stories},
        tapes::{all, captures},
        wiretape::run,
    },
};

#[test]
fn each_dialect_has_a_tape_and_each_folder_a_dialect() {
    let folders: BTreeSet<String> = all().iter().map(|tape| folder(tape)).collect();
    let dialects: BTreeSet<String> = dialects().into_iter().map(ToOwned::to_owned).collect();
    assert_eq!(folders, dialects, "captures/FOLDER is the name of a dialect");
}

/// The dialect that gives a folder its name is found on each tape in it.
#[test]
fn each_shows_the_dialect_of_its_folder() {
    for tape in all() {
        let shown: BTreeSet<String> =
            stories(&records(&tape)).into_iter().flat_map(|story| story.session.dialects).collect();
        assert!(shown.contains(&folder(&tape)), "{}: {shown:?}", name(&tape));
    }
}

#[test]
fn each_says_what_its_snapshot_says() {
    let mut changed = Vec::new();
    for tape in all() {
        let told = told::told(&records(&tape)) + &bound(&tape);
        let agrees = catch_unwind(AssertUnwindSafe(|| {
            insta::with_settings!({
                prepend_module_to_snapshot => false,
                snapshot_path => "snapshots/captures",
                omit_expression => true,
            }, { insta::assert_snapshot!(snapshot(&tape), told) });
        }));
        if agrees.is_err() {
            changed.push(name(&tape));
        }
    }
    assert!(
        changed.is_empty(),
        "{changed:#?}\nto accept: INSTA_UPDATE=always cargo test --test it captures"
    );
}

#[test]
fn each_snapshot_has_its_tape() {
    let known: BTreeSet<String> = all().iter().map(|tape| snapshot(tape)).collect();
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/snapshots/captures");
    for entry in fs::read_dir(folder).expect("snapshots") {
        let file = entry.expect("an entry").file_name();
        let file = file.to_string_lossy();
        if let Some(name) = file.strip_suffix(".snap") {
            assert!(known.contains(name), "{file} is of a tape that is gone: remove it");
        }
    }
}

#[test]
fn each_is_written_again_byte_by_byte() {
    for path in all() {
        let reader = reader(&path);
        let header = reader.header().clone();
        let mut spool = Spool::new(Cursor::new(Vec::new()));
        for record in records(&path) {
            spool.push(record).expect("memory");
        }
        let mut again = Vec::new();
        spool.finish(header, &mut again).expect("memory");
        same(&path, &String::from_utf8_lossy(&again));
    }
}

#[test]
fn exporting_each_changes_nothing() {
    let home = tempdir().expect("a folder");
    for path in all() {
        let out = home.path().join("again.tape.jsonl");
        run(
            home.path(),
            &["export", &path.display().to_string(), "-o", &out.display().to_string()],
        );
        same(&path, &text(&out));
    }
}

/// By a line in the tables, or by itself: the name that it was recorded under.
#[test]
fn each_is_explained_to_newcomers_and_small() {
    let readme = text(&captures().join("README.md"));
    for path in all() {
        let in_table = || readme.contains(&format!("`{}`", name(&path)));
        let named = |record: &Record| match &record.fact {
            Fact::Open(open) => open.name.is_some(),
            _ => false,
        };
        assert!(
            records(&path).iter().any(named) || in_table(),
            "{}: neither in captures/README.md nor recorded with --name",
            name(&path)
        );
        let size = fs::metadata(&path).expect("a file").len();
        assert!(size < 256 << 10, "{}: {size} bytes", path.display());
    }
}

/// `2025-11-25/demo`.
fn name(tape: &Path) -> String {
    let file = tape.file_name().expect("a name").to_string_lossy();
    format!("{}/{}", folder(tape), file.trim_end_matches(".tape.jsonl"))
}

fn folder(tape: &Path) -> String {
    let folder = tape.parent().and_then(Path::file_name).expect("a folder");
    folder.to_string_lossy().into_owned()
}

/// The name of its snapshot: no folders below the snapshots' own.
fn snapshot(tape: &Path) -> String {
    name(tape).replace('/', "@")
}

/// The tape has this text; else its first line that differs is shown.
fn same(tape: &Path, again: &str) {
    let is = text(tape);
    let differs = is.lines().zip(again.lines()).find(|(is, again)| is != again);
    assert_eq!(differs, None, "{}", tape.display());
    assert_eq!(is.len(), again.len(), "{}", tape.display());
}

fn text(path: &Path) -> String {
    fs::read_to_string(path).expect("a text")
}
