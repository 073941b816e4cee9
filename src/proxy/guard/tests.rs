use super::*;

fn check(target: &str, fields: &[(&str, &str)]) -> Result<(), String> {
    let allowed = (["My.Box".to_owned(), "b:8080".to_owned()], ["https://app.example/".to_owned()]);
    let mut request = http::Request::builder().uri(target);
    for (name, value) in fields {
        request = request.header(*name, *value);
    }
    let (parts, ()) = request.body(()).unwrap().into_parts();
    Guard::new(41233, &allowed.0, &allowed.1).check(&parts)
}

#[test]
fn hosts_by_table() {
    for host in [
        "localhost",
        "localhost:41233",
        "LocalHost.:41233",
        "mcp.localhost:41233",
        "127.0.0.1:41233",
        "127.9.9.9",
        "[::1]:41233",
        "[::1]",
        "[::ffff:127.0.0.1]:41233",
        "my.box",
        "b:8080",
    ] {
        assert_eq!(check("/", &[("host", host)]), Ok(()), "{host}");
    }
    for host in [
        "evil.example",
        "evil.example:41233",
        "localhost:80",
        "localhost.evil.example",
        "notlocalhost",
        "127.0.0.1.nip.io",
        "128.0.0.1",
        "[::2]",
        "0.0.0.0:41233",
        "b",
        "b:81",
        "",
        "a b",
        "localhost@evil.example",
        "user@localhost:41233",
        "localhost:99999",
    ] {
        assert!(check("/", &[("host", host)]).is_err(), "{host}");
    }
}

#[test]
fn exactly_one_host_counts() {
    assert!(check("/", &[]).is_err());
    assert!(check("/", &[("host", "localhost"), ("host", "localhost")]).is_err());
    assert!(check("http://localhost:41233/", &[("host", "evil.example")]).is_ok());
    assert!(check("http://evil.example/", &[("host", "localhost")]).is_err());
}

#[test]
fn origins_by_table() {
    let with = |origin| check("/", &[("host", "localhost"), ("origin", origin)]);
    for origin in
        ["http://localhost:6274", "https://127.0.0.1", "http://[::1]:1", "https://APP.example"]
    {
        assert_eq!(with(origin), Ok(()), "{origin}");
    }
    for origin in
        ["null", "", "https://evil.example", "http://localhost.evil.example", "file://localhost"]
    {
        assert!(with(origin).is_err(), "{origin}");
    }
    let twice =
        [("host", "localhost"), ("origin", "http://localhost"), ("origin", "https://x.example")];
    assert!(check("/", &twice).is_err());
}

#[test]
fn a_refusal_names_its_remedy() {
    let refused = check("/", &[("host", "evil.example")]).unwrap_err();
    assert!(refused.contains("\nhint: --allow-host"), "{refused}");
}
