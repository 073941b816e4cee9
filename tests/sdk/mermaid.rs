//! Our sequence diagrams, read by mermaid itself: it takes each of them, and shows what was meant.

use std::{fs, path::Path};

use serde_json::{Value, json};
use tempfile::tempdir;

use crate::{
    peers::{folder, node},
    support::{
        tapes::all,
        wiretape::{file, lines, of, run},
    },
};

/// Names of a tape, and what stands there instead: mermaid's own words and signs, what ends a
/// statement or begins an entity, a directive, HTML, more than one line, other scripts.
const HOSTILE: [(&str, &str); 7] = [
    ("add", "end"),
    ("count", "a; b # c #59; %% d %%{init: {\"theme\": \"dark\"}}%% \"e\" 'f' <br/> -->> g: h"),
    ("fail", "first\nparticipant x\r\nsequenceDiagram"),
    ("sample", "日本語 👨\u{200d}👩\u{200d}👧 \u{202e}evil ﬂ°°59¶ß ${x} `y`"),
    ("ask", " ;"),
    ("era-2025-11-25", "end"),
    ("ts1-server", "as as; box rgb(1,2,3) @{ \"type\": \"actor\" }"),
];

#[test]
#[ignore = "needs the packages that .ci/run installs"]
fn our_sequences_are_read_by_mermaid() {
    let home = tempdir().expect("a folder");
    let tapes = all();
    let diagrams: Vec<String> = (0..)
        .zip(&tapes)
        .map(|(number, tape)| exported(home.path(), tape, &format!("{number}.mmd")))
        .collect();
    let told = read(&diagrams);
    assert_eq!(told.len(), tapes.len());
    for ((tape, diagram), told) in tapes.iter().zip(&diagrams).zip(&told) {
        let name = tape.display().to_string();
        assert_eq!([&told["type"], &told["config"]], [&json!("sequence"), &json!({})], "{name}");
        let listed = lines(home.path(), &["list", "--tape", &name]);
        let sessions = of(&listed, "session").len();
        let actors = told["actors"].as_array().expect("a list");
        assert_eq!(actors.len(), 2 * sessions, "{name}");
        // Each line is what it looks like: none was taken for two, or for a remark.
        let lines = fs::read_to_string(diagram).expect("UTF-8").lines().count();
        let said = told["told"].as_array().expect("a list");
        assert_eq!(1 + actors.len() + said.len(), lines, "{name}");
    }
}

#[test]
#[ignore = "needs the packages that .ci/run installs"]
fn hostile_names_are_text_to_mermaid() {
    let home = tempdir().expect("a folder");
    let tape = folder().join("../../captures/2025-11-25/typescript.tape.jsonl");
    let mut text = fs::read_to_string(tape).expect("a tape");
    for names in HOSTILE {
        let names = <[&str; 2]>::from(names).map(|name| format!("\"name\":{}", json!(name)));
        // On a stream it is JSON within a JSON text.
        let within = names.clone().map(|name| {
            let text = json!(name).to_string();
            text[1..text.len() - 1].to_owned()
        });
        let whole = [names, within];
        assert!(whole.iter().any(|[harmless, _]| text.contains(harmless)), "{whole:?}");
        for [harmless, hostile] in whole {
            text = text.replace(&harmless, &hostile);
        }
    }
    let tape = file(home.path(), "hostile.tape.jsonl");
    fs::write(&tape, text).expect("written");
    let told = read(&[exported(home.path(), &tape, "hostile.mmd")]).remove(0);
    assert_eq!(told["config"], json!({}), "no directive was taken");
    let [.., (_, client), (_, server)] = HOSTILE;
    assert_eq!(told["actors"], json!([format!("{client} 1"), format!("{server} 1")]));
    let said = told["told"].as_array().expect("a list");
    for (_, tool) in &HOSTILE[..5] {
        let asks = |line: &&Value| {
            let text = line["text"].as_str().expect("a text");
            line["from"] == "c1" && text.starts_with(&format!("tools/call {tool} [id "))
        };
        assert_eq!(said.iter().filter(asks).count(), 1, "{tool:?}: {told:#}");
    }
    let calls = said.iter().filter(|line| line["note"] == false);
    assert_eq!(calls.count(), 24, "{told:#}");
}

/// The tape as mermaid's text.
fn exported(home: &Path, tape: &Path, name: &str) -> String {
    let out = file(home, name).display().to_string();
    run(home, &["export", &tape.display().to_string(), "-o", &out]);
    out
}

/// What mermaid understood of each.
fn read(diagrams: &[String]) -> Vec<Value> {
    let output = node().arg(folder().join("clients/mermaid.mjs")).args(diagrams).output();
    let output = output.expect("a Node");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).expect("JSON")
}
