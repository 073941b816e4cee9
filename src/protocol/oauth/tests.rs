//! The ladder of protocol.md §4 and what goes wrong on it.

use proptest::prelude::*;

use super::{Challenge, Challenges, ClientKind, Metadata, OAuth, Step, StepKind};
use crate::protocol::{
    story::Told,
    testing::{exchanges, number, stories, summaries},
};

const LIST: &str = r#"{"jsonrpc":"2.0","id":1,"method":"tools/list"}"#;
const LISTED: &str = r#"{"jsonrpc":"2.0","id":1,"result":{"tools":[]}}"#;

/// The story of all exchanges of a transcript, on whatever hosts.
fn story(transcript: &str) -> Option<OAuth> {
    let told: Vec<Told> = exchanges(transcript).iter().filter_map(|r| Told::of(r)).collect();
    let server = told.iter().find(|t| t.reading.summary.is_mcp).map(|t| t.open.url.clone());
    let oauth = OAuth::tell(server.as_deref().unwrap_or_default(), &told);
    // What `show` reads is enough for the same story.
    let concerned = OAuth::concerned(&summaries(transcript));
    let few: Vec<Told> = told.into_iter().filter(|told| concerned.contains(&told.id())).collect();
    assert_eq!(OAuth::tell(server.as_deref().unwrap_or_default(), &few), oauth);
    oauth
}

fn kinds(oauth: &OAuth) -> Vec<StepKind> {
    oauth.steps.iter().map(|step| step.kind).collect()
}

fn step(oauth: &OAuth, kind: StepKind) -> &Step {
    oauth.of(kind).next().unwrap_or_else(|| panic!("{kind:?} in {:?}", kinds(oauth)))
}

fn places(oauth: &OAuth, of: Metadata) -> Vec<(&str, Option<u16>, bool)> {
    let places = oauth.discovery.iter().filter(|place| place.of == of);
    places.map(|place| (place.url.as_str(), place.status, place.usable)).collect()
}

fn refused(challenge: &str) -> String {
    format!(
        ">> POST https://mcp.example/v1/mcp\ncontent-type: application/json\n\n{LIST}\n<< 401\n\
         www-authenticate: {challenge}\n"
    )
}

fn let_in(token: &str) -> String {
    format!(
        ">> POST https://mcp.example/v1/mcp\ncontent-type: application/json\nauthorization: Bearer \
         {token}\n\n{LIST}\n<< 200\ncontent-type: application/json\n\n{LISTED}\n"
    )
}

fn get(url: &str, status: u16, json: &str) -> String {
    format!(">> GET {url}\n<< {status}\ncontent-type: application/json\n\n{json}\n")
}

fn form(url: &str, form: &str, status: u16, json: &str) -> String {
    format!(
        ">> POST {url}\ncontent-type: application/x-www-form-urlencoded\n\n{form}\n<< {status}\n\
         content-type: application/json\n\n{json}\n"
    )
}

const CHALLENGE: &str = "Bearer resource_metadata=\
    \"https://mcp.example/.well-known/oauth-protected-resource/v1/mcp\", scope=\"files:read\"";
const RESOURCE: &str = r#"{"resource":"https://mcp.example/v1/mcp","authorization_servers":["https://as.example/tenant"],"scopes_supported":["files:read","files:write"]}"#;
const SERVER: &str = r#"{"issuer":"https://as.example/tenant","authorization_endpoint":"https://as.example/tenant/go","token_endpoint":"https://as.example/tenant/t","registration_endpoint":"https://as.example/tenant/r","code_challenge_methods_supported":["S256"],"authorization_response_iss_parameter_supported":true}"#;

/// All of 2025-11-25: challenge to retry, then a step-up and a refresh.
fn whole() -> String {
    let register = ">> POST https://as.example/tenant/r\ncontent-type: application/json\n\n\
        {\"redirect_uris\":[\"http://127.0.0.1/cb\"],\"grant_types\":[\"authorization_code\",\"refresh_token\"]}\n\
        << 201\ncontent-type: application/json\n\n\
        {\"client_id\":\"c-1\",\"client_secret\":\"S3CRET\",\"token_endpoint_auth_method\":\"none\"}\n";
    let authorize = ">> GET https://as.example/tenant/go?response_type=code&client_id=c-1&state=S3CRET&code_challenge=S3CRET&code_challenge_method=S256&scope=files%3Aread&resource=https%3A%2F%2Fmcp.example%2Fv1%2Fmcp\n\
        << 302\nlocation: http://127.0.0.1:4000/cb?code=S3CRET&state=S3CRET&iss=https%3A%2F%2Fas.example%2Ftenant\n";
    let tokens = r#"{"access_token":"S3CRET","token_type":"Bearer","expires_in":3600,"refresh_token":"S3CRET","scope":"files:read"}"#;
    let ask = "grant_type=authorization_code&code=S3CRET&code_verifier=S3CRET&client_id=c-1&resource=https%3A%2F%2Fmcp.example%2Fv1%2Fmcp";
    let step_up = format!(
        ">> POST https://mcp.example/v1/mcp\ncontent-type: application/json\nauthorization: Bearer \
         S3CRET\n\n{LIST}\n<< 403\nwww-authenticate: Bearer error=\"insufficient_scope\", \
         scope=\"files:read files:write\"\n"
    );
    [
        refused(CHALLENGE),
        get("https://mcp.example/.well-known/oauth-protected-resource/v1/mcp", 200, RESOURCE),
        get("https://as.example/.well-known/oauth-authorization-server/tenant", 404, "{}"),
        get("https://as.example/.well-known/openid-configuration/tenant", 200, SERVER),
        register.to_owned(),
        authorize.to_owned(),
        ">> GET http://127.0.0.1:4000/cb?code=S3CRET&state=S3CRET&iss=https%3A%2F%2Fas.example%2Ftenant\n<< 200\n".to_owned(),
        form("https://as.example/tenant/t", ask, 200, tokens),
        let_in("S3CRET"),
        let_in("S3CRET"),
        step_up,
        form("https://as.example/tenant/t", "grant_type=refresh_token&refresh_token=S3CRET&client_id=c-1", 200, tokens),
        let_in("S3CRET2"),
    ]
    .concat()
}

#[test]
fn the_whole_ladder() {
    use StepKind::{
        Authorize, Callback, Challenge, Refresh, Registration, ResourceMetadata, Retry,
        ServerMetadata, StepUp, Token,
    };
    let oauth = story(&whole()).expect("a story");
    assert_eq!(
        kinds(&oauth),
        [
            Challenge,
            ResourceMetadata,
            ServerMetadata,
            ServerMetadata,
            Registration,
            Authorize,
            Callback,
            Token,
            Retry,
            StepUp,
            Refresh,
            Retry
        ]
    );
    assert_eq!(oauth.server, "https://mcp.example/v1/mcp");
    assert!(!format!("{oauth:?}").contains("S3CRET"), "{oauth:?}");

    let challenge = &step(&oauth, Challenge).facts;
    assert_eq!(challenge.scopes, ["files:read"]);
    assert!(!challenge.authorization_sent && challenge.flaws.is_empty());
    let resource = &step(&oauth, ResourceMetadata).facts;
    assert_eq!(resource.resource_matches, Some(true));
    assert_eq!(resource.authorization_servers, ["https://as.example/tenant"]);
    let server = &oauth.of(ServerMetadata).nth(1).expect("two").facts;
    assert_eq!(server.issuer_matches, Some(true));
    assert!(server.offers_s256() && server.announces_iss);
    assert_eq!(server.endpoints.len(), 3);
    let registration = &step(&oauth, Registration).facts;
    assert_eq!(registration.grant_types, ["authorization_code", "refresh_token"]);
    let authorize = &step(&oauth, Authorize).facts;
    assert_eq!(authorize.client, Some(ClientKind::Dynamic));
    assert_eq!(authorize.pkce.as_deref(), Some("S256"));
    assert_eq!((authorize.iss, authorize.error.as_deref()), (Some(true), None));
    assert_eq!(authorize.resource.as_deref(), Some("https://mcp.example/v1/mcp"));
    let token = step(&oauth, Token);
    assert_eq!((token.url.as_str(), token.status), ("https://as.example/tenant/t", Some(200)));
    assert_eq!(token.facts.grant_types, ["authorization_code"]);
    assert_eq!(token.facts.pkce.as_deref(), Some("verifier"));
    assert_eq!(token.facts.client_auth.as_deref(), Some("none"));
    assert_eq!((token.facts.expires_in, token.facts.refresh_token_issued), (Some(3_600), true));
    let step_up = &step(&oauth, StepUp).facts;
    assert_eq!(step_up.scopes, ["files:read", "files:write"]);
    assert!(step_up.authorization_sent);
    let retries: Vec<usize> = oauth.of(Retry).map(|step| number(step.exchange)).collect();
    assert_eq!(retries, [8, 12], "the first that is let in, each time");

    assert_eq!(
        places(&oauth, Metadata::Resource),
        [
            ("https://mcp.example/.well-known/oauth-protected-resource/v1/mcp", Some(200), true),
            ("https://mcp.example/.well-known/oauth-protected-resource", None, false),
        ]
    );
    assert_eq!(
        places(&oauth, Metadata::Server),
        [
            ("https://as.example/.well-known/oauth-authorization-server/tenant", Some(404), false),
            ("https://as.example/.well-known/openid-configuration/tenant", Some(200), true),
            ("https://as.example/tenant/.well-known/openid-configuration", None, false),
        ]
    );
}

#[test]
fn legs_on_other_hosts_stand_in_the_session_that_they_enabled() {
    let transcript = whole()
        .replace("tenant/go", "tenant/authorize")
        .replace("tenant/r\"", "tenant/register\"")
        .replace("tenant/r\n", "tenant/register\n")
        .replace("tenant/t\"", "tenant/token\"")
        .replace("tenant/t\n", "tenant/token\n")
        .replace("authorization: Bearer", "mcp-session-id: s-1\nauthorization: Bearer");
    // The browser's answer passes on the loopback, which no session knows of.
    let (before, callback) = transcript.split_once(">> GET http://127.0.0.1").expect("a callback");
    let (_, after) = callback.split_once("<< 200\n").expect("its answer");
    let transcript = format!("{before}{after}");
    let stories = stories(&transcript);
    assert_eq!(stories.len(), 1);
    let oauth = stories[0].oauth.as_ref().expect("a story");
    assert_eq!(Some(oauth), story(&transcript).as_ref());
    assert_eq!(oauth.steps.len(), 11);
    assert_eq!(oauth.of(StepKind::Retry).count(), 2);
}

#[test]
fn of_2025_03_26_the_server_is_its_own_authorization_server() {
    let refused = refused("Basic realm=\"x\"").replace("www-authenticate", "x-none");
    let tokens = r#"{"access_token":"a","token_type":"bearer"}"#;
    let transcript = [
        refused,
        get("https://mcp.example/.well-known/oauth-authorization-server", 404, "{}"),
        ">> POST https://mcp.example/register\ncontent-type: application/json\n\n{}\n<< 201\ncontent-type: application/json\n\n{\"client_id\":\"c\"}\n".to_owned(),
        ">> GET https://mcp.example/authorize?client_id=c&response_type=code&code_challenge=x\n<< 200\n".to_owned(),
        form("https://mcp.example/token", "grant_type=authorization_code&code=x&client_id=c&client_secret=s", 200, tokens),
        let_in("a"),
    ]
    .concat();
    let expected = [
        StepKind::Challenge,
        StepKind::ServerMetadata,
        StepKind::Registration,
        StepKind::Authorize,
        StepKind::Token,
        StepKind::Retry,
    ];
    let oauth = story(&transcript).expect("a story");
    assert_eq!(kinds(&oauth), expected);
    assert_eq!(step(&oauth, StepKind::Authorize).facts.pkce.as_deref(), Some("plain"));
    let token = &step(&oauth, StepKind::Token).facts;
    assert_eq!(token.client_auth.as_deref(), Some("client_secret_post"));
    assert_eq!(
        places(&oauth, Metadata::Server),
        [
            ("https://mcp.example/.well-known/oauth-authorization-server", Some(404), false),
            ("https://mcp.example/.well-known/openid-configuration", None, false),
        ]
    );
    // All on one host, the legs stand in the session that they enabled.
    let stories = stories(&transcript);
    assert_eq!(stories.len(), 1);
    assert_eq!(stories[0].oauth.as_ref().map(kinds), Some(expected.to_vec()));
}

#[test]
fn what_makes_discovery_fail() {
    let resource = |json: &str| {
        let url = "https://mcp.example/.well-known/oauth-protected-resource/v1/mcp";
        let oauth = story(&[refused(CHALLENGE), get(url, 200, json)].concat()).expect("a story");
        let facts = step(&oauth, StepKind::ResourceMetadata).facts.clone();
        (facts.resource_matches, facts.flaws.len(), oauth.discovery[0].usable)
    };
    let named = |url: &str| {
        format!(r#"{{"resource":"{url}","authorization_servers":["https://as.example"]}}"#)
    };
    let table = [
        (named("https://mcp.example/v1/mcp"), (Some(true), 0, true)),
        (named("https://mcp.example"), (Some(true), 0, true)),
        (named("https://mcp.example/v1/"), (Some(true), 0, true)),
        (named("https://mcp.example/v1/m"), (Some(false), 0, true)),
        (named("http://mcp.example/v1/mcp"), (Some(false), 0, true)),
        (named("https://other.example/v1/mcp"), (Some(false), 0, true)),
        (r#"{"resource":"https://mcp.example"}"#.to_owned(), (Some(true), 0, false)),
        (r#"{"authorization_servers":"https://as.example"}"#.to_owned(), (None, 0, false)),
        ("[]".to_owned(), (None, 1, false)),
    ];
    for (json, expected) in table {
        assert_eq!(resource(&json), expected, "{json}");
    }

    let server = |issuer: &str| {
        let metadata = "https://mcp.example/.well-known/oauth-protected-resource/v1/mcp";
        let url = "https://as.example/.well-known/oauth-authorization-server/tenant";
        let json = SERVER.replace("\"https://as.example/tenant\"", &format!("\"{issuer}\""));
        let json = json.replace(r#""code_challenge_methods_supported":["S256"],"#, "");
        let transcript = [refused(CHALLENGE), get(metadata, 200, RESOURCE), get(url, 200, &json)];
        let oauth = story(&transcript.concat()).expect("a story");
        let facts = step(&oauth, StepKind::ServerMetadata).facts.clone();
        assert!(!facts.offers_s256() && facts.pkce_methods.is_none());
        facts.issuer_matches
    };
    assert_eq!(server("https://as.example/tenant"), Some(true));
    assert_eq!(server("https://as.example/tenant/"), Some(false), "to the letter");
    assert_eq!(server("https://as.example"), Some(false));
}

#[test]
fn a_ladder_that_ends_early_says_how_far_it_came() {
    let resource = "https://mcp.example/.well-known/oauth-protected-resource";
    let server = "https://mcp.example/.well-known/oauth-authorization-server";
    let nothing =
        |url: &str| format!(">> GET {url}\n<< 404\ncontent-type: text/html\n\n<h1>404</h1>\n");
    let oauth = story(
        &[
            refused("Bearer"),
            nothing(&format!("{resource}/v1/mcp")),
            nothing(resource),
            nothing(server),
        ]
        .concat(),
    )
    .expect("a story");
    assert!(oauth.discovery.iter().all(|place| !place.usable));
    let asked = oauth.discovery.iter().filter(|place| place.status == Some(404)).count();
    assert_eq!((asked, oauth.discovery.len()), (3, 4), "OpenID's was not asked for");

    // Metadata at a place that only the challenge knows.
    let odd = "Bearer resource_metadata=\"https://meta.example/mcp.json\"";
    let oauth =
        story(&[refused(odd), get("https://meta.example/mcp.json", 200, RESOURCE)].concat());
    let oauth = oauth.expect("a story");
    assert_eq!(kinds(&oauth), [StepKind::Challenge, StepKind::ResourceMetadata]);
    assert_eq!(oauth.discovery[0].url, "https://meta.example/mcp.json");
    assert!(oauth.discovery[0].usable);

    let register = ">> POST https://as.example/register\ncontent-type: application/json\n\n{}\n\
        << 403\ncontent-type: application/json\n\n{\"error\":\"access_denied\"}\n";
    let denied = ">> GET https://as.example/authorize?client_id=https%3A%2F%2Fc.example%2Fid&response_type=code\n\
        << 302\nlocation: http://127.0.0.1/cb?error=access_denied&state=s&iss=https%3A%2F%2Fevil.example\n";
    let stale = refused("Bearer error=\"invalid_token\"")
        .replace("\n\n", "\nauthorization: Bearer old\n\n");
    let oauth = story(&[stale.as_str(), register, denied].concat()).expect("a story");
    let errors: Vec<_> = oauth.steps.iter().map(|step| step.facts.error.as_deref()).collect();
    assert_eq!(errors, [Some("invalid_token"), Some("access_denied"), Some("access_denied")]);
    assert!(oauth.steps[0].facts.authorization_sent);
    let authorize = &step(&oauth, StepKind::Authorize).facts;
    assert_eq!(authorize.client, Some(ClientKind::MetadataDocument));
    assert_eq!(authorize.issuer.as_deref(), Some("https://evil.example"));
    assert_eq!((authorize.iss, authorize.pkce.as_deref()), (Some(true), None));
}

#[test]
fn a_token_that_nobody_asked_for_lets_in_too() {
    let tokens = r#"{"access_token":"a","token_type":"Bearer"}"#;
    let token = form("https://as.example/token", "grant_type=client_credentials", 200, tokens);
    let oauth = story(&[token, let_in("a"), let_in("a")].concat()).expect("a story");
    assert_eq!(kinds(&oauth), [StepKind::Token, StepKind::Retry]);
}

#[test]
fn a_client_is_known_by_its_document_by_a_secret_or_by_a_signature() {
    let url = "https://as.example/token";
    let body = r#"{"error":"invalid_client","error_description":"no"}"#;
    let ask = |header: &str, fields: &str| {
        let token = form(url, &format!("grant_type=client_credentials{fields}"), 401, body);
        let token =
            token.replace("\n\ngrant", &format!("\n{header}\n\ngrant")).replace("\n\n\n", "\n\n");
        let oauth = story(&[refused("Bearer"), token].concat()).expect("a story");
        let step = step(&oauth, StepKind::Token).clone();
        assert_eq!((step.status, step.facts.error.as_deref()), (Some(401), Some("invalid_client")));
        (step.facts.client, step.facts.client_auth.unwrap_or_default(), step.facts.dpop)
    };
    let document = Some(ClientKind::MetadataDocument);
    let before = Some(ClientKind::PreRegistered);
    assert_eq!(
        ask("dpop: proof", "&client_id=https%3A%2F%2Fc.example%2Fid.json&client_assertion=x"),
        (document, "private_key_jwt".to_owned(), true)
    );
    // `c:s`
    assert_eq!(
        ask("authorization: Basic Yzpz", ""),
        (before, "client_secret_basic".to_owned(), false)
    );
}

#[test]
fn what_is_no_oauth_makes_no_story() {
    // A house's word for a session that is gone (houses.md 1).
    let expired = ">> POST https://mcp.example/f39a/mcp\ncontent-type: application/json\n\n\
        {\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"tools/list\"}\n<< 401\ncontent-type: application/json\n\n\
        {\"code\":\"SessionExpired\",\"message\":\"session f39a is expired\"}\n";
    assert_eq!(story(expired), None);
    assert_eq!(story(&let_in("t")), None, "a token from elsewhere");
    let forbidden = refused("Bearer").replace("<< 401", "<< 403");
    assert_eq!(story(&forbidden), None, "a 403 that asks for nothing");
    let alone = story(&refused("Bearer")).expect("a challenge is a story");
    assert_eq!(kinds(&alone), [StepKind::Challenge]);
}

#[test]
fn challenges_are_read_by_the_grammar_and_beyond() {
    let read = |value: &str| {
        let read = Challenges::read(value);
        let all = read.all.iter().map(|challenge| {
            let Challenge { scheme, token68, parameters } = challenge;
            let mut text = scheme.clone();
            text.extend(token68.iter().map(|token| format!(" <{token}>")));
            text.extend(parameters.iter().map(|(name, value)| format!(" {name}=[{value}]")));
            text
        });
        (all.collect::<Vec<_>>().join("; "), read.flaws.len())
    };
    let table = [
        ("Bearer", "Bearer", 0),
        ("Bearer realm=\"a, b\", Scope = \"x y\"", "Bearer realm=[a, b] scope=[x y]", 0),
        (
            "Basic realm=\"simple\", Newauth realm=\"apps\", type=1, title=\"Login to \\\"apps\\\"\"",
            "Basic realm=[simple]; Newauth realm=[apps] type=[1] title=[Login to \"apps\"]",
            0,
        ),
        (
            "Negotiate YII=, Bearer error=invalid_token",
            "Negotiate <YII>; Bearer error=[invalid_token]",
            0,
        ),
        ("Negotiate, ,Basic", "Negotiate; Basic", 0),
        ("", "", 0),
        ("Bearer realm=\"é\"", "Bearer realm=[é]", 0),
        // Seen in the field.
        ("Bearer realm=\"x\" error=\"y\"", "Bearer realm=[x] error=[y]", 1),
        (
            "Bearer resource_metadata=https://h/a?b=c, scope=x",
            "Bearer resource_metadata=[https://h/a?b=c] scope=[x]",
            1,
        ),
        ("Bearer realm=\"x", "Bearer realm=[x]", 1),
        ("realm=\"x\", Bearer a=1, a=2", "Bearer a=[1] a=[2]", 2),
        ("Bearer a=1, b=, c=1", "Bearer a=[1] b=[] c=[1]", 1),
        ("Bearer; a=1", "Bearer a=[1]", 1),
    ];
    for (value, all, flaws) in table {
        assert_eq!(read(value), (all.to_owned(), flaws), "{value}");
    }
}

proptest! {
    #[test]
    fn any_header_is_read(value in "[ -~é\t]{0,60}", glue in "(Bearer |[a-z]=|\"|,|\\\\|=){0,20}") {
        Challenges::read(&value).all.len();
        let read = Challenges::read(&glue);
        prop_assert!(read.all.len() <= glue.len());
    }

    #[test]
    fn what_is_well_formed_is_read_without_flaw(
        parameters in prop::collection::btree_map("[a-z_]{1,8}", "[ -~]{0,12}", 0..6),
    ) {
        let quote = |text: &str| text.replace('\\', "\\\\").replace('"', "\\\"");
        let written: Vec<String> =
            parameters.iter().map(|(name, value)| format!("{name}=\"{}\"", quote(value))).collect();
        let read = Challenges::read(&format!("Bearer {}", written.join(", ")));
        prop_assert!(read.flaws.is_empty(), "{:?}", read.flaws);
        prop_assert_eq!(read.all.len(), 1);
        let got = read.all[0].parameters.iter().cloned().collect();
        prop_assert_eq!(parameters, got);
    }
}
