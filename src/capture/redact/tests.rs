mod beginning;

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
        ("Cookie", "a=b; c=\"d\"", "a={{cookie:1}}; c=\"{{cookie:2}}\""),
        ("Set-Cookie", "sid=d; Path=/", "sid={{cookie:2}}; Path=/"),
        ("Cookie", "bare", "{{cookie:3}}"),
        ("DPoP", "proof.of.it", "{{dpop:1}}"),
        ("DPoP-Nonce", "n-1", "{{dpop-nonce:1}}"),
        ("Mcp-Param-Password", "pw", "{{mcp-param-password:1}}"),
        ("Mcp-Name", "file:///0123456789abcdef0123/x", "file:///0123456789abcdef0123/x"),
        (
            "Refresh",
            "5; url=https://u:p@h/?sig=s",
            "5; url=https://{{userinfo:1}}@h/?sig={{sig:1}}",
        ),
        ("X-Upstream", "http://h/?token=t1", "http://h/?token={{token:1}}"),
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

/// What an export makes of a text once it knows these secrets.
fn sought(known: &[&str], body: &str) -> String {
    let mut export = redactor(Mode::Export);
    for secret in known {
        export.learn_named("environment", secret.as_bytes());
    }
    export.text(None, Leg::Mcp, body.as_bytes());
    export.seek().expect("few");
    text(&mut export, Leg::Mcp, body)
}

#[test]
fn a_secret_is_found_in_pieces_and_encodings() {
    let token = "s3cr3t-t0ken";
    let of = |text: &str| base64::Engine::encode(&base64::prelude::BASE64_STANDARD, text);
    let table = [
        // Deltas over frames.
        (
            "data: {\"d\":\"my s3cr3t\",\"n\":1}\n\ndata: {\"d\":\"-t0k\",\"n\":2}\n\ndata: {\"d\":\"en.\"}\n\n".to_owned(),
            "data: {\"d\":\"my {{environment:1}}\",\"n\":1}\n\ndata: {\"d\":\"\",\"n\":2}\n\ndata: {\"d\":\".\"}\n\n".to_owned(),
        ),
        ("data: s3cr3t\ndata: -t0ken\n\n".into(), "data: {{environment:1}}\ndata: \n\n".into()),
        (
            "{\"a\":[{\"text\":\"s3cr3t-\"},{\"text\":\"t0ken\"}]}".into(),
            "{\"a\":[{\"text\":\"{{environment:1}}\"},{\"text\":\"\"}]}".into(),
        ),
        // A name and its value that only the deltas together say.
        (
            r#"{"d":"{\"access_token\":\"ab"}
{"d":"cd"}
{"d":"ef\",\"x\":1}"}"#.into(),
            r#"{"d":"{\"access_token\":\"{{access_token:1}}"}
{"d":""}
{"d":"\",\"x\":1}"}"#.into(),
        ),
        // Encodings.
        ("u=https%3a%2f%2fh%3Ftoken%3Dabc%26b=1".into(), "u=https%3a%2f%2fh%3Ftoken%3D{{token:1}}%26b=1".into()),
        ("u=%2525s3cr3t%252dt0ken".into(), "u=%2525{{environment:1}}".into()),
        ("x s3cr3t%2Dt0ken y".into(), "x {{environment:1}} y".into()),
        (format!("\"blob\":\"{}\"", of("{\"password\":\"abc\"}")), "\"blob\":\"{{password:1}}\"".into()),
        (format!("see {}.", of(&format!("who knows {token}?"))), "see {{environment:1}}.".into()),
    ];
    for (before, after) in table {
        let once = sought(&[token], &before);
        assert_eq!(once, after, "{before}");
        assert_eq!(sought(&[token], &once), once, "twice");
    }
}

#[test]
fn names_are_the_same_however_they_are_put_together() {
    let mut redactor = redactor(Mode::Reading);
    let body = r#"{"accessToken":"a1","Client-Secret":"b2","apiKey":"c3","tokens":"d4"}"#;
    let expected = r#"{"accessToken":"{{access_token:1}}","Client-Secret":"{{client_secret:1}}","apiKey":"{{api_key:1}}","tokens":"d4"}"#;
    assert_eq!(text(&mut redactor, Leg::Mcp, body), expected);
}

#[test]
fn a_clients_name_is_replaced_in_exports_unless_it_is_public() {
    let mut export = redactor(Mode::Export);
    let body = r#"{"client_id":"c-17","client_secret":"s"}"#;
    let expected = r#"{"client_id":"{{client_id:1}}","client_secret":"{{client_secret:1}}"}"#;
    assert_eq!(text(&mut export, Leg::Oauth, body), expected);
    let public = "/authorize?client_id=https%3A%2F%2Fc%2Fme&state=x1";
    assert_eq!(export.url(public), public.replace("x1", "{{state:1}}"));
    assert_eq!(
        text(&mut redactor(Mode::Reading), Leg::Mcp, body),
        body.replace("\"s\"", "\"{{client_secret:1}}\"")
    );
}

#[test]
fn a_screen_masks_what_a_head_called_secret() {
    let mut screen = redactor(Mode::Reading).with_paths();
    let headers = [("Authorization", "Bearer s3cr3t-t0ken"), ("Cookie", "sid=c00kie-value")];
    screen.hear_headers(&headers.into_iter().collect());
    let said = r#"{"text":"s3cr3t-t0ken and c00kie-value"}"#;
    assert_eq!(
        text(&mut screen, Leg::Mcp, said),
        r#"{"text":"{{authorization:1}} and {{cookie:1}}"}"#
    );
    assert_eq!(screen.url("https://h/0123456789abcdef01/mcp"), "https://h/{{path:1}}/mcp");
    screen.keep_whole("fedcba98765432100");
    assert_eq!(screen.url("https://h/fedcba98765432100/mcp"), "https://h/fedcba98765432100/mcp");
    // Only the latest are looked for; each new one is.
    for number in 0..200 {
        screen.hear_headers(&[("X-Api-Key", format!("k3y-number-{number}"))].into_iter().collect());
        let said = text(&mut screen, Leg::Mcp, &format!("k3y-number-{number}"));
        assert!(said.starts_with("{{x-api-key:"), "{said}");
    }
}

#[test]
fn what_is_marked_goes_whatever_it_is() {
    let body = br#"{"pin":1234,"name":"ann","list":["ann"]}"#;
    let mut export = redactor(Mode::Export);
    let mark = |text: &str, is_string| {
        let start = body.windows(text.len()).position(|part| part == text.as_bytes()).unwrap();
        Mark { range: start..start + text.len(), is_string }
    };
    let marks = [mark("1234", false), mark("ann", true)];
    let places = export.replacements(None, Leg::Mcp, body, &marks).unwrap();
    let once = replaced(body, &places).into_owned();
    assert_eq!(
        String::from_utf8_lossy(&once),
        r#"{"pin":"{{redacted:1}}","name":"{{redacted:2}}","list":["ann"]}"#
    );
}

#[test]
fn a_known_secret_within_a_named_one_uncovers_nothing_of_it() {
    let mut redactor = redactor(Mode::Reading);
    redactor.learn_named("token", b"s3cr3t-t0ken");
    let over = r#"data: {"d":"{\"access_token\":\"before-s3cr"}

data: {"d":"3t-t0ken-behind\"}"}

"#;
    let told = text(&mut redactor, Leg::Oauth, over);
    for part in ["before-", "s3cr", "3t-t0ken", "-behind"] {
        assert!(!told.contains(part), "{part}: {told}");
    }
}

proptest! {
    #[test]
    fn no_secret_survives_wherever_it_is_put(
        secret in "[a-z][0-9][a-zA-Z0-9_.~-]{8,20}",
        cuts in prop::collection::vec(1_usize..8, 1..5),
        way in 0_usize..7,
        around in "[a-z ]{0,6}",
    ) {
        let whole = format!("{around}{secret}{around}");
        let mut pieces = Vec::new();
        let mut rest = whole.as_str();
        for cut in &cuts {
            let (first, more) = rest.split_at((*cut).min(rest.len()));
            pieces.push(first);
            rest = more;
        }
        pieces.push(rest);
        let frame = |piece: &&str| format!("data: {}\n\n", serde_json::json!({"p": {"d": piece, "at": 5}}));
        let line = |piece: &&str| format!("{}\n", serde_json::json!({"d": [piece]}));
        let byte = |byte: u8| format!("%{byte:02x}");
        let body = match way {
            0 => pieces.iter().map(frame).collect::<String>(),
            1 => pieces.iter().map(line).collect(),
            2 => pieces.iter().map(|piece| format!("data:{piece}x\n").replace("x\n", "\n")).collect(),
            3 => whole.bytes().map(byte).collect(),
            4 => base64::Engine::encode(&base64::prelude::BASE64_URL_SAFE, &whole),
            5 => serde_json::json!({"t": serde_json::json!({"t": whole}).to_string()}).to_string(),
            _ => serde_json::json!({"content": pieces.iter().map(|p| serde_json::json!({"text": p})).collect::<Vec<_>>()}).to_string(),
        };
        let redacted = sought(&[&secret], &body);
        prop_assert_eq!(redacted.matches("{{environment:1}}").count(), 1, "{} of {}", redacted, body);
        prop_assert_eq!(sought(&[&secret], &redacted), redacted);
    }

    /// An export redacts at most three times until nothing changes any more.
    #[test]
    fn with_known_secrets_too_it_comes_to_rest(
        body in prop::collection::vec(
            prop::sample::select([PARTS, &[b"s3cr3t-t0ken", b"s3cr3t", b"-t0ken", b"czNjcjN0LXQwa2Vu", b"{\"d\":\""]].concat()),
            0..40,
        ).prop_map(|parts| parts.concat()),
    ) {
        let mut export = redactor(Mode::Export);
        export.learn_named("environment", b"s3cr3t-t0ken");
        export.text(None, Leg::Oauth, &body);
        export.seek().expect("few");
        let mut once = body;
        for _ in 0..3 {
            once = export.text(None, Leg::Oauth, &once).into_owned();
        }
        let twice = export.text(None, Leg::Oauth, &once).into_owned();
        prop_assert_eq!(String::from_utf8_lossy(&once), String::from_utf8_lossy(&twice));
        prop_assert!(!String::from_utf8_lossy(&twice).contains("s3cr3t-t0ken"));
    }

    #[test]
    fn equal_secrets_are_equal_behind_their_placeholders(
        values in prop::collection::vec("[a-c]{1,2}", 1..12),
    ) {
        let mut export = redactor(Mode::Export);
        let shown: Vec<String> = values
            .iter()
            .map(|value| text(&mut export, Leg::Mcp, &serde_json::json!({"secret": value}).to_string()))
            .collect();
        for (one, first) in values.iter().zip(&shown) {
            for (other, second) in values.iter().zip(&shown) {
                prop_assert_eq!(one == other, first == second);
            }
        }
    }

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
