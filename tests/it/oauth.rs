//! A client finds its way to a token over two hosts: `show` tells it in one session, secrets masked.

use std::io::Write as _;

use tempfile::tempdir;

use crate::support::{
    origin::{Origin, Request, Wire, header, json},
    wiretape::{Recorder, lines, of, run, sessions},
};

const SECRET: &str = "s3cr3t-of-nobody";
const LIST: &str = r#"{"jsonrpc":"2.0","id":1,"method":"tools/list"}"#;

/// The authorization server: metadata and token endpoint.
fn login() -> Origin {
    Origin::serve(|request, out| {
        let own = format!("http://{}", header(&request.head, "host").unwrap_or_default());
        let body = if request.line().contains("/.well-known/") {
            format!(
                r#"{{"issuer":"{own}","authorization_endpoint":"{own}/authorize","token_endpoint":"{own}/token","code_challenge_methods_supported":["S256"]}}"#
            )
        } else {
            format!(
                r#"{{"access_token":"{SECRET}","token_type":"Bearer","expires_in":3600,"refresh_token":"{SECRET}"}}"#
            )
        };
        out.write_all(json(&body, "").as_bytes()).is_ok()
    })
}

/// The MCP server, which sends its clients there.
fn server(login: String) -> Origin {
    Origin::serve(move |request, out| out.write_all(answer(&request, &login).as_bytes()).is_ok())
}

fn answer(request: &Request, login: &str) -> String {
    let own = format!("http://{}", header(&request.head, "host").unwrap_or_default());
    if request.line().contains("/.well-known/") {
        let body = format!(r#"{{"resource":"{own}/mcp","authorization_servers":["{login}"]}}"#);
        return json(&body, "");
    }
    if header(&request.head, "authorization").is_none() {
        let metadata = format!("{own}/.well-known/oauth-protected-resource/mcp");
        return format!(
            "HTTP/1.1 401 Unauthorized\r\nWWW-Authenticate: Bearer \
             resource_metadata=\"{metadata}\"\r\nContent-Length: 0\r\n\r\n"
        );
    }
    json(r#"{"jsonrpc":"2.0","id":1,"result":{"tools":[]}}"#, "Mcp-Session-Id: s-1\r\n")
}

fn get(client: &mut Wire, authority: &str, path: &str) {
    client.send(format!("GET http://{authority}{path} HTTP/1.1\r\nHost: {authority}\r\n\r\n"));
    client.answer();
}

#[test]
fn the_way_to_a_token_is_told_in_the_session_it_led_to() {
    let login = login();
    let server = server(login.url());
    let home = tempdir().expect("a folder");
    let recorder = Recorder::start(home.path(), &[]);
    let mut client = Wire::to(recorder.proxy());
    let mcp = server.authority();
    client.post(&mcp, "/mcp", "", LIST);
    client.answer();
    get(&mut client, &mcp, "/.well-known/oauth-protected-resource/mcp");
    let mut other = Wire::to(recorder.proxy());
    get(&mut other, &login.authority(), "/.well-known/oauth-authorization-server");
    let form =
        format!("grant_type=authorization_code&code={SECRET}&code_verifier={SECRET}&client_id=c");
    other.send(format!(
        "POST http://{host}/token HTTP/1.1\r\nHost: {host}\r\nContent-Type: \
         application/x-www-form-urlencoded\r\nContent-Length: {}\r\n\r\n{form}",
        form.len(),
        host = login.authority(),
    ));
    other.answer();
    let token = format!("Authorization: Bearer {SECRET}\r\nMcp-Session-Id: s-1\r\n");
    client.post(&mcp, "/mcp", &token, LIST);
    client.answer();
    recorder.stop();

    assert_eq!(sessions(home.path()).len(), 1, "legs on either host are of the session");
    let shown = lines(home.path(), &["show", "@last"]);
    let stories = of(&shown, "oauth");
    let [story] = stories.as_slice() else { panic!("one story: {shown:?}") };
    let steps = story["steps"].as_array().expect("steps");
    let kinds: Vec<_> = steps.iter().map(|step| step["kind"].as_str().expect("a kind")).collect();
    let expected = ["challenge", "resource-metadata", "server-metadata", "token", "retry"];
    assert_eq!(kinds, expected);
    assert_eq!(steps[1]["resource_matches"], true);
    assert_eq!(steps[2]["issuer_matches"], true);
    assert_eq!(steps[3]["grant_types"][0], "authorization_code");
    assert_eq!(steps[3]["refresh_token_issued"], true);
    assert_eq!(steps[4]["exchange"], of(&shown, "exchange")[4]["id"]);

    let output = run(home.path(), &["show", "@last"]).stdout;
    let text = String::from_utf8(output).expect("UTF-8");
    let place = text.find("  OAuth\n").unwrap_or_else(|| panic!("a block: {text}"));
    let block: Vec<&str> = text[place..].lines().skip(1).take(5).collect();
    for (line, word) in block.iter().zip(["challenge", "resource", "server", "token", "let in"]) {
        assert!(line.contains(word), "{word}: {line}");
    }
    let json = run(home.path(), &["show", "@last", "--json"]).stdout;
    assert!(!text.contains(SECRET) && !String::from_utf8_lossy(&json).contains(SECRET));
}
