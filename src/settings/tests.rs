use std::{fs, net::SocketAddr};

use proptest::prelude::*;

use super::{target::target, *};

fn at(text: &str) -> SocketAddr {
    text.parse().expect("an address")
}

fn resolve(typed: &Typed, file: &str, verb: Verb) -> Result<Settings, SettingsError> {
    let file = file::parse(Path::new("/home/config.toml"), file)?;
    Settings::resolve(typed, Some(&file), Path::new("/cwd"), verb)
}

fn strings(list: &[&str]) -> Vec<String> {
    list.iter().map(|&text| text.to_owned()).collect()
}

#[test]
fn targets() {
    let table = [
        ("http://h:1/mcp?a=b", Some(("127.0.0.1:0", "http://h:1/mcp?a=b"))),
        ("https://H.example", Some(("127.0.0.1:0", "https://h.example"))),
        ("7080=https://h/mcp?a=b", Some(("127.0.0.1:7080", "https://h/mcp?a=b"))),
        ("0.0.0.0:7080=http://h/", Some(("0.0.0.0:7080", "http://h"))),
        ("localhost:7080=http://[::1]:3000", Some(("127.0.0.1:7080", "http://[::1]:3000"))),
        ("[::1]:7080=http://h", Some(("[::1]:7080", "http://h"))),
        ("0=http://h", Some(("127.0.0.1:0", "http://h"))),
        ("h", None),
        ("", None),
        ("ftp://h", None),
        ("http://", None),
        ("x=http://h", None),
        ("+1=http://h", None),
        ("65536=http://h", None),
        ("7080=h", None),
        ("http://user:word@h", None),
        ("http://h/#part", None),
    ];
    for (text, expected) in table {
        let expected = expected.map(|(place, url)| (at(place), url.to_owned()));
        assert_eq!(target(text).ok(), expected, "{text}");
    }
}

proptest! {
    #[test]
    fn a_target_is_listen_and_url_and_nothing_else(
        port in any::<u16>(),
        host in "[a-z]{1,8}",
        path in "(/[a-z=]{1,5}){0,3}",
        query in "(\\?[a-z]{1,3}=[a-z:/]{1,5})?",
    ) {
        let url = format!("http://{host}:8080{path}{query}");
        let bare = target(&url).expect("a URL");
        prop_assert_eq!(bare.0, at("127.0.0.1:0"));
        let placed = target(&format!("{port}={url}")).expect("a place and a URL");
        prop_assert_eq!(placed.0, SocketAddr::from(([127, 0, 0, 1], port)));
        prop_assert_eq!(&placed.1, &bare.1);
        prop_assert_eq!(target(&bare.1).expect("normal is normal"), bare);
    }

    #[test]
    fn no_text_harms(text in "\\PC{0,40}") {
        let _ = target(&text);
        let _ = client_url(&text, &text);
        let _ = file::parse(Path::new("/home/config.toml"), &text);
    }
}

#[test]
fn a_client_is_given_the_targets_path() {
    let url = "http://127.0.0.1:41233";
    for (target, expected) in [
        ("http://127.0.0.1:3000", "http://127.0.0.1:41233/mcp"),
        ("http://127.0.0.1:3000/", "http://127.0.0.1:41233/mcp"),
        ("https://h/a/b", "http://127.0.0.1:41233/a/b"),
        ("https://h/sse?key=1", "http://127.0.0.1:41233/sse?key=1"),
    ] {
        assert_eq!(client_url(url, target), expected);
    }
}

#[test]
fn defaults_by_verb() {
    let record = resolve(&Typed::default(), "", Verb::Record).expect("defaults");
    assert_eq!(record.listener.listen, Some(at("127.0.0.1:7070")));
    assert!(!record.listener.keep_all);
    assert_eq!(record.wide, Wide::default());
    assert_eq!(record.warnings, Vec::<String>::new());

    let file = "listen = '7171'\ntarget = ['7080=http://h']\nname = 'ours'";
    let run = resolve(&Typed::default(), file, Verb::Run).expect("defaults");
    assert_eq!(run.listener.listen, Some(at("127.0.0.1:0")));
    assert_eq!(run.listener.targets, Vec::new());
    assert_eq!(run.listener.name.as_deref(), Some("ours"));
    assert!(run.listener.keep_all);
}

#[test]
fn typed_goes_before_the_file() {
    let typed = Typed {
        listen: Some("0.0.0.0:1".to_owned()),
        tunnel: strings(&["a", "b"]),
        max_body: Some("10MB".to_owned()),
        upstream_ca: vec!["ca.pem".into()],
        ..Typed::default()
    };
    let file = "
        listen = '2'
        tunnel = ['b', 'c']
        max-body = '1GB'
        max-store = '2GiB'
        on-full = 'gap'
        all = true
        upstream-ca = ['ca.pem', '/etc/ca.pem']
        insecure-host = ['dev.example']
    ";
    let settings = resolve(&typed, file, Verb::Record).expect("both are right");
    assert_eq!(settings.listener.listen, Some(at("0.0.0.0:1")));
    assert_eq!(settings.listener.tunnel, strings(&["a", "b", "c"]));
    assert!(settings.listener.keep_all);
    let files = ["/cwd/ca.pem", "/home/ca.pem", "/etc/ca.pem"].map(PathBuf::from);
    assert_eq!(settings.listener.upstream_ca, files);
    assert_eq!(settings.wide.max_body, Some(10_000_000));
    assert_eq!(settings.wide.max_store, Some(2 << 30));
    assert_eq!(settings.wide.on_full, OnFull::Gap);
    let asked = WideAsked { max_body: Some(10_000_000), ..WideAsked::default() };
    assert_eq!(settings.asked, asked, "only what was typed is asked of a recorder");
    insta::assert_snapshot!(settings.warnings.join("\n"), @r"
    0.0.0.0:1 can be reached from other machines, which then go through this proxy as you
    the certificate of dev.example is not verified: somebody else may answer in its name
    ");
}

#[test]
fn a_wrong_flag_is_named() {
    let wrong = |typed: Typed| resolve(&typed, "", Verb::Record).expect_err("wrong").to_string();
    let typed = || Typed::default();
    let text = [
        wrong(Typed { listen: Some("here".to_owned()), ..typed() }),
        wrong(Typed { target: strings(&["7080=h"]), ..typed() }),
        wrong(Typed { max_body: Some("much".to_owned()), ..typed() }),
        wrong(Typed { on_full: Some("stop".to_owned()), ..typed() }),
        wrong(Typed { tunnel: strings(&[""]), ..typed() }),
        wrong(Typed { allow_origin: strings(&["https://h/path"]), ..typed() }),
        wrong(Typed { upstream_proxy: Some("socks5://h".to_owned()), ..typed() }),
    ];
    insta::assert_snapshot!(text.join("\n"), @r"
    --listen `here`: expected PORT or ADDRESS:PORT, like 7070, 127.0.0.1:7070 or [::1]:7070
    --target `7080=h`: `h` is no URL: relative URL without a base
    --max-body `much`: expected a size like 500MB, 2GB or 64KiB
    --on-full `stop`: expected wait or gap
    --tunnel ``: expected a host or a pattern for hosts, like *.example.com
    --allow-origin `https://h/path`: expected scheme, host and port only, like https://h
    --upstream-proxy `socks5://h`: `socks5://h` is no http or https URL
    ");
}

#[test]
fn a_wrong_line_of_the_file_is_named() {
    let wrong = |file: &str| resolve(&Typed::default(), file, Verb::Record).expect_err("wrong");
    let text =
        ["all = true\nlisen = '1'", "\n\nall = 'yes'", "a = = b", "name = 'x'\nmax-body = 'much'"]
            .map(|file| wrong(file).to_string());
    insta::assert_snapshot!(text.join("\n"), @r#"
    /home/config.toml:2: `lisen`: unknown field `lisen`, expected one of `listen`, `target`, `name`, `all`, `intercept`, `tunnel`, `on-full`, `require-recording`, `max-store`, `max-body`, `redact-at-capture`, `upstream-ca`, `insecure-host`, `client-cert`, `upstream-proxy`, `allow-host`, `allow-origin`, `keep-host`
    hint: keys are the flags of `wiretape record --help` without their dashes
    /home/config.toml:3: `all`: invalid type: string "yes", expected a boolean
    hint: keys are the flags of `wiretape record --help` without their dashes
    /home/config.toml:1: `a`: extra `=`, expected nothing
    hint: keys are the flags of `wiretape record --help` without their dashes
    /home/config.toml:2: `max-body`: `much`: expected a size like 500MB, 2GB or 64KiB
    hint: keys are the flags of `wiretape record --help` without their dashes
    "#);
}

#[test]
fn a_file_that_is_not_there_says_nothing_and_a_folder_is_refused() {
    let dir = tempfile::tempdir().expect("a folder");
    let path = dir.path().join("config.toml");
    assert!(read_file(&path).expect("none").is_none());
    fs::write(&path, "all = true").expect("written");
    assert!(read_file(&path).expect("right").expect("there").layer.listener.keep_all);
    fs::write(&path, " ".repeat((1 << 20) + 1)).expect("written");
    assert!(matches!(read_file(&path), Err(SettingsError::Unreadable { .. })));
    assert!(matches!(read_file(dir.path()), Err(SettingsError::Unreadable { .. })));
}

#[test]
fn a_run_beside_a_recorder_may_not_ask_for_something_else() {
    let recorder = Wide { max_body: Some(1), on_full: OnFull::Gap, ..Wide::default() };
    let same = WideAsked { on_full: Some(OnFull::Gap), ..WideAsked::default() };
    assert_eq!(recorder.refusal(&same), None);
    let other = WideAsked { max_body: Some(2), require_recording: Some(true), ..same };
    let refusal = recorder.refusal(&other).expect("refused");
    assert!(refusal.contains("--require-recording, --max-body\nhint:"), "{refusal}");
    let json = serde_json::to_value(other).expect("plain");
    assert_eq!(serde_json::from_value::<WideAsked>(json).expect("its own"), other);
}
