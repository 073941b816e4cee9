//! What is found by colons is what is found by quotes, the plain reading of the rule.

use proptest::prelude::*;

use super::*;

/// The secrets in a text by every quote that may close a name, byte by byte.
fn scan_by_quotes(text: &[u8], json: Keys) -> Vec<Hit> {
    let url = Keys { oauth: true, ..json };
    let mut hits: Vec<Hit> = Vec::new();
    let mut at = 0;
    while let Some(byte) = text.get(at) {
        let hit = match byte {
            b'"' => pair_by_quote(text, at, json),
            b'?' | b'&' | b'#' => url_pair(text, at + 1, url),
            b':' => userinfo(text, at),
            _ => None,
        };
        at = match hit {
            Some(hit) if hit.end > at => {
                let end = hit.end;
                hits.push(hit);
                end
            }
            _ => at + 1,
        };
    }
    hits
}

/// `"key" : "value"`, the closing quote of the key at `quote`.
fn pair_by_quote(text: &[u8], quote: usize, keys: Keys) -> Option<Hit> {
    let colon = skip_blanks(text, quote + 1);
    if text.get(colon) != Some(&b':') {
        return None;
    }
    let depth = backslashes_before(text, quote);
    let key_end = quote - depth;
    let longest = key_end.saturating_sub(LONGEST_KEY + 1);
    let open = text.get(longest..key_end)?.iter().rposition(|byte| *byte == b'"')? + longest;
    if backslashes_before(text, open) != depth {
        return None;
    }
    let kind = keys.kind(text.get(open + 1..key_end)?)?;
    let value = skip_blanks(text, colon + 1);
    let start = value + depth + 1;
    let opening = text.get(value..start)?;
    if !opening.iter().take(depth).all(|byte| *byte == b'\\') || opening.last() != Some(&b'"') {
        return None;
    }
    let end = string_end(text, start, depth);
    (end > start).then_some(Hit { start, end, kind, spelling: Spelling::Json })
}

/// Every list of keys.
const KEYS: [Keys; 3] = [
    Keys { oauth: false, identities: false },
    Keys { oauth: true, identities: false },
    Keys { oauth: true, identities: true },
];

#[test]
fn a_colon_leads_back_to_its_name() {
    let table = [
        (r#"{"secret":"abc"}"#, 1),
        (r#"{"secret" :	"abc"}"#, 1),
        ("{\"secret\"\r\n:\r\n\"abc\"}", 1),
        ("data: {\"secret\"\ndata:\ndata: : \"abc\"}", 1),
        ("data: {\"secret\"\ndata::\"abc\"}", 1),
        ("data: {\"secret\"\rdata::\ndata:\"abc\"}", 1),
        // No `data:` of a stream: it does not begin its line.
        ("{\"secret\"data::\"abc\"}", 0),
        ("{\"secret\" data::\"abc\"}", 0),
        ("data: {\"secret\"\ndata:\"abc\"}", 0),
        (r#"{"secret"::"abc"}"#, 0),
        (r#"{"secret":{"code":1}}"#, 0),
        (r#"{\"secret\":\"abc\"}"#, 1),
        (r#"{\"secret\":"abc"}"#, 0),
        (r#"{"secret":\"abc\"}"#, 0),
        (r#"{"secret":"secret":"abc"}"#, 2),
        // What looks like a name is within a value.
        ("{\"secret\":\"a\\\"secret\\\"\n:\\\"x\\\"}", 1),
        (r#"{"secret":"?secret=a":"b"}"#, 1),
        (r#"https://h/?secret=a"secret":"b""#, 2),
        (r#"https://h/?sig=secret" : "b""#, 1),
        (r#""://u:p@secret":"b""#, 1),
        (r#":"abc""#, 0),
        ("\":\"", 0),
    ];
    for (text, hits) in table {
        let found = scan(text.as_bytes(), KEYS[0]);
        assert_eq!(found, scan_by_quotes(text.as_bytes(), KEYS[0]), "{text}");
        assert_eq!(found.len(), hits, "{text}: {found:?}");
    }
}

/// Texts of pieces that names, signs and `data:` lines are made of.
fn hostile() -> impl Strategy<Value = Vec<u8>> {
    let pieces: &[&str] = &[
        "\"",
        "\"",
        "\\\"",
        "\\\\\\\"",
        "\\",
        ":",
        ":",
        " : ",
        " ",
        "\t",
        "\n",
        "\r",
        "\r\n",
        "data:",
        "\ndata:",
        "\rdata: ",
        "\ndata::",
        "data",
        "\"sig\"",
        "\"sig\":",
        "\"sig\":\"",
        "\\\"sig\\\"",
        "\\\"sig\\\":\\\"",
        "\\\\\\\"secret\\\\\\\":",
        "secret",
        "\"secret\" : ",
        "sessionId",
        "sig=",
        "?",
        "&sig=",
        "#",
        "?code=",
        "://",
        "//",
        "u:p@",
        "@",
        "/",
        ",",
        "{",
        "}",
        "a",
        "\u{0}",
        "\u{b}",
        "é",
        "{{sig:1}}",
        "%73ig=",
        "a-name-that-is-longer-than-any-name-is",
    ];
    prop::collection::vec(prop::sample::select(pieces), 0..60)
        .prop_map(|pieces| pieces.concat().into_bytes())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(if cfg!(debug_assertions) { 5_000 } else { 500_000 }))]

    #[test]
    fn colons_find_what_quotes_do(text in hostile(), keys in prop::sample::select(&KEYS[..])) {
        prop_assert_eq!(scan(&text, keys), scan_by_quotes(&text, keys));
    }

    /// Also cut within a letter, and where no piece is whole.
    #[test]
    fn colons_find_what_quotes_do_in_any_bytes(
        text in prop::collection::vec(prop::sample::select(&b"\"\":: \n\\sig=&data:/@\xc3"[..]), 0..60),
        prefix in prop::sample::select(&["", "\"sig\"", "\"sig\":\"", "\\\"sig\\\"\ndata:"][..]),
    ) {
        let text = [prefix.as_bytes(), &text].concat();
        for keys in KEYS {
            prop_assert_eq!(scan(&text, keys), scan_by_quotes(&text, keys));
        }
    }
}
