//! The HTML report, opened in a real browser: nothing is fetched, nothing complains, and it folds.

use std::{
    fs,
    path::Path,
    process::{Command, Stdio},
};

use serde_json::{Value, json};
use tempfile::tempdir;

use crate::{
    peers::{folder, node},
    support::wiretape::{file, run},
};

/// A request and an answer that would do something if they were taken for markup.
const HOSTILE: [(&str, &str); 3] = [
    ("\"greet\"", "\"<img src=//127.0.0.1:9/x onerror=alert(1)>\""),
    ("rich-server", "</title></script><script>alert(2)</script>"),
    ("tape://wiretape", "javascript:alert(3)//\\\"><style>*{display:none}</style>"),
];

#[test]
#[ignore = "needs the browser and the packages that .ci/run installs"]
fn a_report_is_whole_in_a_browser() {
    let home = tempdir().expect("a folder");
    let tape = folder().join("../../captures/2025-11-25/python-rich.tape.jsonl");
    let mut text = fs::read_to_string(tape).expect("a tape");
    for (harmless, hostile) in HOSTILE {
        assert!(text.contains(harmless), "{harmless}");
        text = text.replace(harmless, hostile);
    }
    let tape = file(home.path(), "hostile.tape.jsonl");
    fs::write(&tape, text).expect("written");
    let page = file(home.path(), "report.html");
    let words = ["export", &tape.display().to_string(), "-o", &page.display().to_string()];
    run(home.path(), &words);
    let written = fs::read_to_string(&page).expect("a page");
    assert!(written.contains("&lt;script&gt;alert(2)"), "the hostile text is on the page");

    let told = opened(&page, home.path());
    assert_eq!(told["console"], json!([]), "{told:#}");
    assert_eq!(told["errors"], json!([]), "{told:#}");
    let own = format!("file://{}", page.display());
    let requests = told["requests"].as_array().expect("a list");
    assert!(!requests.is_empty() && requests.iter().all(|url| *url == own.as_str()), "{told:#}");
    assert_eq!(told["widths"], json!({"wide": 1600, "narrow": 360, "dark": 1600}), "{told:#}");
    assert_ne!(told["ground"]["dark"], told["ground"]["wide"], "{told:#}");
    assert_eq!(told["folding"], json!([false, true, false]), "{told:#}");
    assert_eq!([&told["arrow"], &told["bar"]], [&json!(true), &json!(true)], "{told:#}");
    let (all, left) = (&told["filter"][0], &told["filter"][1]);
    assert!(left.as_u64() > Some(0) && left.as_u64() < all.as_u64(), "{told:#}");
    assert_eq!(told["unfolded"], *all, "{told:#}");
    for shot in told["shots"].as_array().expect("a list") {
        let shot = Path::new(shot.as_str().expect("a path"));
        let size = fs::metadata(shot).expect("it is there").len();
        assert!(size > 20_000, "{}: {size} bytes", shot.display());
    }
}

/// What the browser says of a page.
fn opened(page: &Path, shots: &Path) -> Value {
    // It ends by itself: each of its waits has an end.
    let mut browser: Command = node();
    browser.arg(folder().join("clients/page.mjs")).arg(page).arg(shots).stdin(Stdio::null());
    let done = browser.output().expect("a Node");
    let said = String::from_utf8_lossy(&done.stderr);
    assert!(done.status.success(), "the browser (apt-get install chromium): {said}");
    serde_json::from_slice(&done.stdout).expect("JSON")
}
