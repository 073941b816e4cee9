//! OAuth discovery that cannot work (protocol.md §4).

use super::{ask, handshake, json, nothing, only, post, refusal, told};

const CHALLENGE: &str = "401\nWWW-Authenticate: Bearer error=\"invalid_token\"\n";
const NAMED: &str = "401\nWWW-Authenticate: Bearer resource_metadata=\"http://localhost:3000/.well-known/oauth-protected-resource/mcp\"\n";
const PRM: &str = "/.well-known/oauth-protected-resource/mcp";
const AS: &str = "/.well-known/oauth-authorization-server";

/// All of one child: what a recording by `run` looks like.
const RUN: &str = "~run: r";

fn challenged(answer: &str) -> String {
    post("/mcp", RUN, &ask(1), answer)
}

fn leg(path: &str, answer: &str) -> String {
    format!(">> GET http://localhost:3000{path}\n{RUN}\n<< {answer}\n")
}

fn resource(url: &str) -> String {
    json(
        "",
        &format!(r#"{{"resource":"{url}","authorization_servers":["http://localhost:3000"]}}"#),
    )
}

fn server(issuer: &str, more: &str) -> String {
    json("", &format!(r#"{{"issuer":"{issuer}"{more}}}"#))
}

const S256: &str = r#","code_challenge_methods_supported":["S256"]"#;
const MCP: &str = "http://localhost:3000/mcp";
const ISSUER: &str = "http://localhost:3000";

fn worked() -> String {
    ">> POST http://localhost:3000/token\n~run: r\n\ngrant_type=authorization_code\n".to_owned()
        + &format!("<< {}\n", json("", r#"{"access_token":"x","token_type":"Bearer"}"#))
        + &post(
            "/mcp",
            "~run: r; Authorization: Bearer x; MCP-Protocol-Version: 2025-11-25",
            &ask(1),
            &json("", &told(1)),
        )
}

fn discovered(url: &str, metadata: &str) -> String {
    challenged(NAMED) + &leg(PRM, &resource(url)) + &leg(AS, metadata)
}

#[test]
fn all_is_well() {
    nothing(&discovered(MCP, &server(ISSUER, S256)));
    nothing(&(discovered(MCP, &server(ISSUER, S256)) + &worked()));
    nothing(&discovered("http://localhost:3000/", &server("http://localhost:3000/", S256)));
    // A 401 alone is an outcome.
    nothing(&challenged(CHALLENGE));
    // 2025-03-26: the server's own metadata, no resource metadata.
    nothing(&(challenged(CHALLENGE) + &leg(PRM, "404") + &leg(AS, &server(ISSUER, S256))));
    // The well-known place answers though the challenge does not name it.
    nothing(&(challenged(CHALLENGE) + &leg(PRM, &resource(MCP)) + &leg(AS, &server(ISSUER, S256))));
}

#[test]
fn no_resource_metadata() {
    let lost = challenged(CHALLENGE)
        + &leg(PRM, "404")
        + &leg("/.well-known/oauth-protected-resource", "404")
        + &leg(AS, "404");
    only(&lost, "oauth-no-resource-metadata", 0);
    nothing(&(lost + &worked()));
}

#[test]
fn resource_metadata_of_another_server() {
    let other = discovered("http://internal:8080/mcp", &server(ISSUER, S256));
    only(&other, "oauth-resource-mismatch", 1);
    only(
        &discovered("http://localhost:3000/mc", &server(ISSUER, S256)),
        "oauth-resource-mismatch",
        1,
    );
    nothing(&(other + &worked()));
}

#[test]
fn no_server_metadata() {
    let forms = challenged(NAMED)
        + &leg(PRM, &resource(MCP))
        + &leg(AS, "404")
        + &leg("/.well-known/openid-configuration", "404");
    only(&forms, "oauth-no-server-metadata", 3);
    let nobody = challenged(NAMED) + &leg(PRM, &json("", &format!(r#"{{"resource":"{MCP}"}}"#)));
    only(&nobody, "oauth-no-server-metadata", 1);
}

#[test]
fn another_issuer() {
    only(&discovered(MCP, &server("https://other.example", S256)), "oauth-issuer-mismatch", 2);
    let tenant = challenged(NAMED)
        + &leg(PRM, &resource(MCP))
        + &leg(&format!("{AS}/tenant"), &server("http://localhost:3000/tenant", S256));
    nothing(&tenant);
}

#[test]
fn no_pkce() {
    only(&discovered(MCP, &server(ISSUER, "")), "oauth-no-pkce", 2);
    let plain = r#","code_challenge_methods_supported":["plain"]"#;
    only(&discovered(MCP, &server(ISSUER, plain)), "oauth-no-pkce", 2);
    nothing(&(discovered(MCP, &server(ISSUER, "")) + &worked()));
}

#[test]
fn a_token_is_refused_again_and_again() {
    let refused = post("/mcp", "~run: r; Authorization: Bearer x", &ask(1), CHALLENGE);
    only(&(refused.clone() + &refused + &refused), "oauth-token-refused", 2);
    nothing(&refused);
    let fresh = ">> POST http://localhost:3000/token\n~run: r\n\ngrant_type=refresh_token\n"
        .to_owned()
        + &format!("<< {}\n", json("", r#"{"access_token":"y"}"#));
    only(&(refused.clone() + &fresh + &refused), "oauth-token-refused", 2);
    let served = post(
        "/mcp",
        "~run: r; Authorization: Bearer y; MCP-Protocol-Version: 2025-11-25",
        &ask(1),
        &json("", &told(1)),
    );
    nothing(&(refused + &fresh + &served));
    // A house's 401 is about the session.
    let expired = refusal(401, r#"{"code":"SessionExpired","message":"session a is expired"}"#);
    let house = post(
        "/f39aba069a8140/mcp",
        "~run: r; Authorization: Bearer x; Mcp-Session-Id: a",
        &ask(1),
        &expired,
    );
    let names = super::fires(&(house.clone() + &house + &house));
    assert!(names.iter().all(|(name, _)| name == "session-never-valid"), "{names:?}");
    nothing(&handshake("a"));
}
