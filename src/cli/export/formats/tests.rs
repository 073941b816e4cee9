use std::io::Write as _;

use proptest::{collection::vec, prelude::*};

use super::*;
use crate::{
    capture::{Fact, Outcome, Record, Timing, arbitrary},
    protocol::testing,
    store::tape::{Spool, TapeHeader},
};

/// All tapes of the repository.
pub(super) fn tapes() -> Vec<std::path::PathBuf> {
    let captures = Path::new(env!("CARGO_MANIFEST_DIR")).join("captures");
    let folders = captures.read_dir().expect("a folder").map(|entry| entry.expect("one").path());
    let files = folders.filter_map(|folder| folder.read_dir().ok()).flatten();
    let tapes: Vec<_> = files.map(|entry| entry.expect("one").path()).collect();
    assert!(tapes.len() > 30, "{tapes:?}");
    tapes
}

/// What a form makes of these exchanges.
fn made(form: ExportFormat, exchanges: &[Vec<Record>]) -> String {
    let mut spool = Spool::new(tempfile::tempfile().expect("a file"));
    for record in exchanges.iter().flatten() {
        spool.push(record.clone()).expect("written");
    }
    let mut tape = tempfile::tempfile().expect("a file");
    let header = TapeHeader::new(Timestamp(0), "test", Vec::new());
    spool.finish(header, &mut tape).expect("written");
    tape.flush().expect("written");
    let format = FORMATS.iter().find(|format| format.form == form).expect("it is one");
    let out = tempfile::NamedTempFile::new().expect("a file");
    write(format, tape, None, false, out.as_file()).expect("written");
    std::fs::read_to_string(out.path()).expect("all forms are UTF-8")
}

#[test]
fn a_files_name_decides_where_nothing_is_said() {
    let form = |asked, name: &str| chosen(asked, Path::new(name)).map(|format| format.form);
    for (name, expected) in [
        ("a.har", Some(ExportFormat::Har)),
        ("a.HAR", Some(ExportFormat::Har)),
        ("a.sh", Some(ExportFormat::Curl)),
        ("a.mmd", Some(ExportFormat::Mermaid)),
        ("a.html", Some(ExportFormat::Html)),
        ("a.htm", Some(ExportFormat::Html)),
        ("a.tape.jsonl", None),
        ("a.json", None),
        ("-", None),
    ] {
        assert_eq!(form(None, name), expected, "{name}");
        assert_eq!(form(Some(ExportFormat::Tape), name), None, "{name}");
        assert_eq!(form(Some(ExportFormat::Json), name), Some(ExportFormat::Json));
    }
}

/// HAR 1.2: an entry's time is the sum of its timings that apply.
fn assert_that_times_add_up(exchanges: &[Vec<Record>]) {
    let har: serde_json::Value =
        serde_json::from_str(&made(ExportFormat::Har, exchanges)).expect("JSON");
    for entry in har["log"]["entries"].as_array().expect("a list") {
        let timings = &entry["timings"];
        let parts = ["blocked", "dns", "connect", "send", "wait", "receive"];
        let parts = parts.map(|part| timings[part].as_f64().expect("a number"));
        let sum: f64 = parts.into_iter().filter(|part| *part >= 0.0).sum();
        let time = entry["time"].as_f64().expect("a number");
        assert!((time - sum).abs() <= sum.abs() * 1e-9, "{time} {timings}");
    }
}

/// Found by chance: a tape may say anything of its times.
#[test]
fn times_that_no_clock_measured_add_up() {
    let mut end = testing::end(Outcome::Completed);
    if let Fact::End(end) = &mut end {
        end.timing = Timing {
            connect_us: Some(4_044_839_295_330_941_260),
            tls_us: Some(14_401_904_778_774_530_383),
            first_byte_us: Some(11_092_024_963_803_618_743),
            total_us: 9_050_686_306_137_871_714,
        };
    }
    let open = testing::record(testing::open("", "", &[]));
    let end = Record { n: 1, ..testing::record(end) };
    assert_that_times_add_up(&[vec![open, end]]);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]
    #[test]
    fn every_form_takes_every_recording(exchanges in vec(arbitrary::exchange(), 0..4)) {
        assert_that_times_add_up(&exchanges);
        for line in made(ExportFormat::Json, &exchanges).lines() {
            let line: serde_json::Value = serde_json::from_str(line).expect("JSON");
            prop_assert!(line["schema"].as_str().is_some_and(|s| s.starts_with("wiretape/")));
        }
        let script = made(ExportFormat::Curl, &exchanges);
        let harmless = |c: char| c == '\n' || !c.is_control() && c != '\u{202e}';
        prop_assert!(script.chars().all(harmless));
        let page = made(ExportFormat::Html, &exchanges);
        prop_assert!(page.chars().all(|c| harmless(c) || c == '\t'));
        prop_assert_eq!(page.matches("<script>").count(), 1);
        for line in made(ExportFormat::Mermaid, &exchanges).lines().skip(1) {
            let text = line.split_once(": ").or(line.split_once(" as ")).map(|(_, text)| text);
            let text = text.expect("every statement has a text");
            prop_assert!(!text.contains(['<', '>', '"', '%', '{', '\\', ':']), "{}", line);
        }
    }
}
