use proptest::prelude::*;

use super::*;

fn redactor(mode: Mode) -> Redactor {
    Redactor::new(mode)
}

fn text(redactor: &mut Redactor, leg: Leg, text: &str) -> String {
    String::from_utf8(redactor.text(None, leg, text.as_bytes()).into_owned()).expect("UTF-8")
}

fn header(redactor: &mut Redactor, name: &str, value: &str) -> String {
    String::from_utf8(redactor.header(name, value.as_bytes()).into_owned()).expect("UTF-8")
}

#[test]
fn headers_by_name() {
    let table = [
        ("Authorization", "Bearer abc", "Bearer {{authorization:1}}"),
        ("authorization", "abc", "{{authorization:1}}"),
        ("Authorization", "bearer other", "bearer {{authorization:2}}"),
        ("Cookie", "a=b; c=d", "{{cookie:1}}"),
        ("Set-Cookie", "sid=1; Path=/", "{{set-cookie:1}}"),
        ("X-Custom-Token", "abc", "{{authorization:1}}"),
        ("X-Api-Key", "k", "{{x-api-key:1}}"),
        ("Mcp-Session-Id", "whole", "whole"),
        ("WWW-Authenticate", "Bearer scope=\"a\"", "Bearer scope=\"a\""),
        ("Content-Type", "application/json", "application/json"),
        ("Mcp-Param-Region", "abc", "{{authorization:1}}"),
        ("Location", "/cb?code=c1&iss=me", "/cb?code={{code:1}}&iss=me"),
        ("X-Api-Key", "", ""),
    ];
    let mut redactor = redactor(Mode::Reading);
    for (name, value, expected) in table {
        assert_eq!(header(&mut redactor, name, value), expected, "{name}: {value}");
    }
}

#[test]
fn session_ids_are_whole_for_reading_and_placeholders_for_export() {
    let mut export = redactor(Mode::Export);
    assert_eq!(header(&mut export, "mcp-session-id", "f39aba069a8140"), "{{session:1}}");
    assert_eq!(export.url("http://h/f39aba069a8140/mcp"), "http://h/{{session:1}}/mcp");
    assert_eq!(
        export.url("/messages?sessionId=f39aba069a8140"),
        "/messages?sessionId={{session:1}}"
    );
    let line = r#"{"type":"session","sessionId":"other"}"#;
    assert_eq!(
        text(&mut export, Leg::Mcp, line),
        r#"{"type":"session","sessionId":"{{session:2}}"}"#
    );
    assert_eq!(text(&mut redactor(Mode::Reading), Leg::Mcp, line), line);
}

#[test]
fn urls_lose_userinfo_query_and_keys_in_paths() {
    let mut reading = redactor(Mode::Reading);
    assert_eq!(
        reading.url("https://me:pw@h/x?a=1&API_KEY=k#b"),
        "https://{{userinfo:1}}@h/x?a=1&API_KEY={{api_key:1}}#b"
    );
    assert_eq!(
        reading.url("https://h/cb#access_token=t&b=c"),
        "https://h/cb#access_token={{access_token:1}}&b=c"
    );
    assert_eq!(reading.url("https://h/mcp"), "https://h/mcp");
    let mut export = redactor(Mode::Export);
    assert_eq!(export.url("https://h/abc123def456abc123def/mcp"), "https://h/{{path:1}}/mcp");
    assert_eq!(
        export.url("https://h/mcp-server-2025-06-18/v1"),
        "https://h/mcp-server-2025-06-18/v1"
    );
}

#[test]
fn two_spellings_of_a_secret_are_one() {
    let mut reading = redactor(Mode::Reading);
    assert_eq!(reading.url("/?token=a%2Fb"), "/?token={{token:1}}");
    assert_eq!(text(&mut reading, Leg::Mcp, r#"{"secret":"a\/b"}"#), r#"{"secret":"{{token:1}}"}"#);
}

#[test]
fn json_by_token_wherever_it_stands() {
    let table = [
        (r#"{"access_token" : "s" , "x":1}"#, r#"{"access_token" : "{{access_token:1}}" , "x":1}"#),
        (
            r#"{"error":{"code":-1,"message":"secret"}}"#,
            r#"{"error":{"code":-1,"message":"secret"}}"#,
        ),
        (
            r#"{"password":{"type":"string"},"secret":5}"#,
            r#"{"password":{"type":"string"},"secret":5}"#,
        ),
        (
            "event: message\r\ndata: {\"api_key\":\"s\"}\r\n\r\n",
            "event: message\r\ndata: {\"api_key\":\"{{access_token:1}}\"}\r\n\r\n",
        ),
        (
            "data: {\"api_key\":\ndata: \"s\"}\n\n",
            "data: {\"api_key\":\ndata: \"{{access_token:1}}\"}\n\n",
        ),
        (
            r#"{"text":"{\"secret\":\"q\\\"r\",\"b\":1}"}"#,
            r#"{"text":"{\"secret\":\"{{secret:1}}\",\"b\":1}"}"#,
        ),
        (r#"{"secret":"ends in \\","b":"c"}"#, r#"{"secret":"{{secret:2}}","b":"c"}"#),
        (
            r#"{"url":"https://u:p@h/?token=t&a=b"}"#,
            r#"{"url":"https://{{userinfo:1}}@h/?token={{token:1}}&a=b"}"#,
        ),
        (r#"{"secret":"cut o"#, r#"{"secret":"{{secret:3}}"#),
        (r#"{"authorization":"Bearer s"}"#, r#"{"authorization":"Bearer {{access_token:1}}"}"#),
        (r#"{"code":"SessionExpired"}"#, r#"{"code":"SessionExpired"}"#),
    ];
    let mut redactor = redactor(Mode::Reading);
    for (before, after) in table {
        assert_eq!(text(&mut redactor, Leg::Mcp, before), after);
    }
}

#[test]
fn legs_of_oauth_have_the_long_list() {
    let mut redactor = redactor(Mode::Reading);
    let form = redactor.text(
        Some("application/x-www-form-urlencoded"),
        Leg::Oauth,
        b"grant_type=authorization_code&code=abc&code_verifier=v",
    );
    assert_eq!(
        String::from_utf8_lossy(&form),
        "grant_type=authorization_code&code={{code:1}}&code_verifier={{code_verifier:1}}"
    );
    assert_eq!(text(&mut redactor, Leg::Oauth, r#"{"code":"abc"}"#), r#"{"code":"{{code:1}}"}"#);
    assert_eq!(Leg::of("https://as/oauth/token?x", None), Leg::Oauth);
    assert_eq!(Leg::of("https://h/mcp", Some("application/json")), Leg::Mcp);
}

#[test]
fn redactions_are_counted_by_first_appearance() {
    let mut redactor = redactor(Mode::Export);
    let body = r#"{"secret":"b","password":"a"} {"secret":"b"}"#;
    let once = text(&mut redactor, Leg::Mcp, body);
    let counts = |redactor: &Redactor| -> Vec<(String, u64)> {
        redactor.redactions().into_iter().map(|r| (r.placeholder, r.count)).collect()
    };
    let expected = vec![("{{secret:1}}".to_owned(), 2), ("{{password:1}}".to_owned(), 1)];
    assert_eq!(counts(&redactor), expected);
    let mut again = Redactor::new(Mode::Export);
    assert_eq!(text(&mut again, Leg::Mcp, &once), once);
    assert_eq!(counts(&again), expected, "a redacted tape says the same of itself");
}

/// What a scanner may stumble over.
const PARTS: &[&[u8]] = &[
    b"\"secret\"",
    b":",
    b"\"",
    b"\\",
    b"\\\"",
    b"?token=",
    b"://",
    b"@",
    b"a",
    b"\n",
    b"\xff",
    b"{{secret:7}}",
    b" ",
    b"&",
    b"Bearer ",
    b"/",
    b"%7B",
    b"data:",
];

proptest! {
    #[test]
    fn any_bytes_pass_and_redacting_twice_changes_nothing(
        body in prop::collection::vec(
            prop::sample::select(PARTS),
            0..40,
        ).prop_map(|parts| parts.concat()),
    ) {
        let mut first = Redactor::new(Mode::Export);
        let once = first.text(None, Leg::Oauth, &body).into_owned();
        let mut second = Redactor::new(Mode::Export);
        let twice = second.text(None, Leg::Oauth, &once).into_owned();
        prop_assert_eq!(String::from_utf8_lossy(&once), String::from_utf8_lossy(&twice));
    }

    #[test]
    fn a_secret_under_a_listed_key_is_never_in_the_redacted_text(secret in "[a-zA-Z0-9/+=_.\\\\\" é-]{8,40}") {
        let json = serde_json::json!({"a": [{"client_secret": secret}]}).to_string();
        let nested = serde_json::json!({"text": json}).to_string();
        let deeper = serde_json::json!({"text": nested}).to_string();
        for body in [json, nested, deeper] {
            let redacted = text(&mut Redactor::new(Mode::Reading), Leg::Mcp, &body);
            let (_, inner) = redacted.split_once("client_secret").expect("the key stays");
            let rest = inner.trim_start_matches(['\\', '"', ':']);
            // `Bearer x` keeps its scheme; nothing else is left of the value.
            prop_assert!(rest.starts_with("{{client_secret:1}}"), "{}", redacted);
            serde_json::from_str::<serde_json::Value>(&redacted).expect("still JSON");
        }
    }
}
