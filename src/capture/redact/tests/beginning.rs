//! The beginning of a text shows what the whole does.

use proptest::prelude::*;

use super::*;

/// Pieces of which a text is made that has much to hide, on both sides of a cut.
fn hiding() -> impl Strategy<Value = Vec<u8>> {
    let pieces: &[&str] = &[
        "s3cr3t-t0ken",
        "s3cr3t",
        "-t0ken",
        "t0ken",
        "czNjcjN0LXQwa2Vu",
        "s3cr3t%2Dt0ken",
        "%73",
        "%",
        "\"password\":\"",
        "\"access_token\" : \"",
        "\\\"secret\\\":\\\"",
        "\\\"pass",
        "word\\\":\\\"",
        "\\u0022",
        "\\u00",
        "\\",
        "hunter22-abc",
        "abc",
        "\"",
        "\",\"d\":\"",
        "\"d\":\"",
        "{\"d\":\"",
        "\"}",
        "{",
        "}",
        "[",
        "]",
        ",",
        ":",
        "\ndata: ",
        "\ndata:{\"d\":\"",
        "\n\n",
        "\r\n",
        " ",
        "https://user:",
        "@host/a?token=",
        "?access_token=",
        "&sig=",
        "#",
        "eyJwYXNzd29yZCI6Imh1bnRlcjIyLWFiYyJ9",
        "QUFBQUFBQUFBQUFBQUFBQUFB",
        "==",
        "{{password:1}}",
        "é",
    ];
    prop::collection::vec(prop::sample::select(pieces), 0..150)
        .prop_map(|pieces| pieces.concat().into_bytes())
}

#[test]
fn a_beginning_is_cut_where_what_follows_may_change_it() {
    let known = "s3cr3t-t0ken";
    let pad = "word ".repeat(200);
    let table = [
        // All of it,
        (format!(r#"{{"a":"{pad}"}}"#), 100, 100),
        // up to a secret that goes on,
        (format!(r#"{{"a":"{known}","b":"{pad}"}}"#), 10, 6),
        (format!(r#"{{"password":"{pad}","b":"{}"}}"#, pad.repeat(20)), 100, 13),
        // to what only the end of it tells,
        (format!(r#"{{"a":"{}"}}"#, "QUFB".repeat(400)), 100, 6),
        (
            format!(r#"{{"a":"http://{}@host","b":"{}"}}"#, "a".repeat(2_000), pad.repeat(20)),
            100,
            13,
        ),
    ];
    for (text, most, shown) in table {
        let mut redactor = Redactor::new(Mode::Reading);
        redactor.learn_named("token", known.as_bytes());
        let begins = redactor.beginning(None, Leg::Mcp, text.as_bytes(), most).expect("it is long");
        let begins = String::from_utf8(begins).expect("UTF-8");
        assert_eq!(begins, text[..shown], "{text}");
        assert!(redactor.text(None, Leg::Mcp, text.as_bytes()).starts_with(begins.as_bytes()));
    }
    let mut redactor = Redactor::new(Mode::Reading);
    assert_eq!(redactor.beginning(None, Leg::Mcp, b"short", 4), None);
    // A secret over several strings is masked though it ends behind it.
    let split = format!(r#"[{{"d":"a s3cr"}},{{"x":"{pad}"}},{{"d":"3t-t0ken"}}]"#);
    redactor.learn_named("token", known.as_bytes());
    let begins = redactor.beginning(None, Leg::Mcp, split.as_bytes(), 60).expect("it is long");
    assert!(begins.starts_with(br#"[{"d":"a {{token:1}}"},{"x":"word"#));
    // What is called secret behind it is masked in it.
    let late = format!(r#"{{"a":"tok3n-abcdef","b":"{pad}","access_token":"tok3n-abcdef"}}"#);
    let begins = redactor.beginning(None, Leg::Mcp, late.as_bytes(), 60).expect("it is long");
    assert!(begins.starts_with(br#"{"a":"{{access_token:1}}","#));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(if cfg!(debug_assertions) { 1_000 } else { 100_000 }))]

    /// What is shown first is the beginning of what is shown then: nothing is taken back.
    #[test]
    fn the_beginning_of_a_text_shows_what_the_whole_does(
        text in hiding(),
        most in 0_usize..400,
        knows in any::<bool>(),
        form in any::<bool>(),
        oauth in any::<bool>(),
    ) {
        let media = form.then_some("application/x-www-form-urlencoded");
        let leg = if oauth { Leg::Oauth } else { Leg::Mcp };
        let mut redactor = Redactor::new(Mode::Reading).with_paths();
        if knows {
            redactor.learn_named("token", b"s3cr3t-t0ken");
        }
        let Some(begins) = redactor.beginning(media, leg, &text, most) else { return Ok(()) };
        let whole = redactor.text(media, leg, &text);
        prop_assert!(
            whole.starts_with(&begins),
            "{}\n{}",
            String::from_utf8_lossy(&begins),
            String::from_utf8_lossy(&whole)
        );
        if knows {
            prop_assert!(!begins.windows(12).any(|part| part == b"s3cr3t-t0ken"));
        }
    }
}
