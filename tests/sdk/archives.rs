//! Our HAR, read by another tool's reader: haralyzer from `PyPI`.

use std::path::Path;

use serde_json::Value;

use crate::{
    peers::{folder, python},
    support::wiretape::{lines, of, run},
};

#[test]
#[ignore = "needs the packages that .ci/run installs"]
fn our_archives_are_read_by_haralyzer() {
    let captures = Path::new(env!("CARGO_MANIFEST_DIR")).join("captures");
    let home = tempfile::tempdir().expect("a folder");
    for name in ["2025-11-25/python-rich", "2026-07-28/typescript", "http+sse/python"] {
        let tape = captures.join(format!("{name}.tape.jsonl")).display().to_string();
        let har = home.path().join("session.har").display().to_string();
        run(home.path(), &["export", &tape, "-o", &har]);
        let output =
            python().arg(folder().join("clients/har.py")).arg(&har).output().expect("it runs");
        assert!(output.status.success(), "{name}: {}", String::from_utf8_lossy(&output.stderr));
        let told: Value = serde_json::from_slice(&output.stdout).expect("JSON");

        let listed = lines(home.path(), &["list", "--tape", &tape]);
        let sessions = of(&listed, "session");
        assert_eq!(told["pages"].as_array().map(Vec::len), Some(sessions.len()), "{name}");
        let shown = lines(home.path(), &["show", &tape]);
        let exchanges = of(&shown, "exchange");
        let entries = told["entries"].as_array().expect("a list");
        assert_eq!(entries.len(), exchanges.len(), "{name}");
        for exchange in exchanges {
            let id = &exchange["id"];
            let entry = entries.iter().find(|entry| entry["exchange"] == *id);
            let entry = entry.unwrap_or_else(|| panic!("{name}: {id} is not in the archive"));
            assert_eq!(entry["method"], exchange["request"]["method"], "{name} {id}");
            assert_eq!(entry["url"], exchange["request"]["url"], "{name} {id}");
            assert_eq!(entry["status"], exchange["response"]["status"], "{name} {id}");
            let total = exchange["timing"]["total_us"].as_f64().expect("a number") / 1_000.0;
            let time = entry["time"].as_f64().expect("a number");
            assert!((time - total).abs() < 1.0, "{name} {id}: {time} ms, {total} ms");
        }
    }
}
