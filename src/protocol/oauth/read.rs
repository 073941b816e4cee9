//! What each step says.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use serde_json::{Map, Value};
use url::Url;

use super::{
    challenge::{Challenge, Challenges},
    legs::{Known, Leg},
    model::{ClientKind, Facts, StepKind},
    well_known,
};
use crate::capture::Side;

/// The longest text kept of a fact, in characters; what is longer is cut.
const TEXT_CAP: usize = 1_024;

/// Texts kept of a list; further ones are left out.
const LIST_CAP: usize = 64;

/// The challenges of a response that ask for a token, and what is wrong with their headers.
pub(super) fn challenge(leg: &Leg<'_>) -> (Option<Challenge>, Vec<String>) {
    let Some(head) = &leg.told.head else { return (None, Vec::new()) };
    let (mut found, mut flaws) = (None, Vec::new());
    for value in head.headers.all("www-authenticate") {
        let mut read = Challenges::read(&String::from_utf8_lossy(value));
        flaws.append(&mut read.flaws);
        let mut asking = read.all.into_iter().filter(Challenge::asks_for_token);
        found = found.or_else(|| asking.next());
    }
    (found, flaws)
}

/// What a step says. `server` is the URL that the client wanted to reach.
pub(super) fn facts(kind: StepKind, leg: &Leg<'_>, server: &str, known: &Known) -> Facts {
    let mut facts = Facts {
        dpop: leg.told.open.headers.get("dpop").is_some(),
        authorization_sent: leg.told.open.headers.get("authorization").is_some(),
        ..Facts::default()
    };
    match kind {
        StepKind::Challenge | StepKind::StepUp => challenged(leg, &mut facts),
        StepKind::ResourceMetadata => resource(leg, server, &mut facts),
        StepKind::ServerMetadata => issuer(leg, &mut facts),
        StepKind::Registration => registration(leg, &mut facts),
        StepKind::PushedAuthorization | StepKind::Authorize => {
            authorization(leg, known, &mut facts);
        }
        StepKind::Callback => answer_of(|name| leg.query(name), &mut facts),
        StepKind::Token | StepKind::Refresh => token(leg, known, &mut facts),
        StepKind::ClientMetadata
        | StepKind::Device
        | StepKind::Revocation
        | StepKind::Introspection
        | StepKind::UserInfo
        | StepKind::Retry => {}
    }
    facts
}

fn challenged(leg: &Leg<'_>, facts: &mut Facts) {
    (facts.challenge, facts.flaws) = challenge(leg);
    let Some(challenge) = &facts.challenge else { return };
    let get = |name: &str| challenge.get(name).map(cut);
    facts.resource_metadata = get("resource_metadata");
    facts.error = get("error");
    facts.error_description = get("error_description");
    facts.scopes = words(challenge.get("scope"));
    facts.dpop |= challenge.scheme.eq_ignore_ascii_case("dpop");
}

fn resource(leg: &Leg<'_>, server: &str, facts: &mut Facts) {
    let Some(document) = answer(leg, facts) else { return };
    facts.resource = text(&document, "resource");
    facts.authorization_servers = texts(&document, "authorization_servers").unwrap_or_default();
    facts.scopes = texts(&document, "scopes_supported").unwrap_or_default();
    facts.dpop |= flag(&document, "dpop_bound_access_tokens_required");
    facts.resource_matches = facts.resource.as_deref().map(|resource| covers(resource, server));
}

/// Whether a resource's name covers a URL: its origin, and a prefix of its path that ends with a
/// segment (protocol.md §4: what TypeScript's and Python's clients check).
fn covers(resource: &str, server: &str) -> bool {
    let (Ok(resource), Ok(server)) = (Url::parse(resource), Url::parse(server)) else {
        return false;
    };
    let prefix = resource.path().trim_end_matches('/');
    let rest = server.path().strip_prefix(prefix);
    resource.origin() == server.origin()
        && rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

fn issuer(leg: &Leg<'_>, facts: &mut Facts) {
    let Some(document) = answer(leg, facts) else { return };
    facts.issuer = text(&document, "issuer");
    let ends = |key: &&String| key.ends_with("_endpoint");
    let endpoints = document.keys().filter(ends).take(LIST_CAP);
    facts.endpoints = endpoints.filter_map(|key| Some((cut(key), text(&document, key)?))).collect();
    facts.scopes = texts(&document, "scopes_supported").unwrap_or_default();
    facts.grant_types = texts(&document, "grant_types_supported").unwrap_or_default();
    facts.pkce_methods = texts(&document, "code_challenge_methods_supported");
    facts.takes_metadata_documents = flag(&document, "client_id_metadata_document_supported");
    facts.announces_iss = flag(&document, "authorization_response_iss_parameter_supported");
    let leads_here = |issuer: &String| {
        Url::parse(issuer).is_ok_and(|issuer| {
            well_known::of_issuer(&issuer).iter().any(|url| well_known::same(url, &leg.bare))
        })
    };
    facts.issuer_matches = facts.issuer.as_ref().map(leads_here);
}

fn registration(leg: &Leg<'_>, facts: &mut Facts) {
    if let Some(wanted) = document(leg, Side::Request) {
        facts.grant_types = texts(&wanted, "grant_types").unwrap_or_default();
        facts.scopes = words(wanted.get("scope").and_then(Value::as_str));
    } else {
        facts.flaws.push("the registration is no JSON object".to_owned());
    }
    facts.client = Some(ClientKind::Dynamic);
    if let Some(got) = answer(leg, facts) {
        facts.client_auth = text(&got, "token_endpoint_auth_method");
    }
}

/// The id that a registration issued: not told, but recognised later.
pub(super) fn registered_id(leg: &Leg<'_>) -> Option<String> {
    document(leg, Side::Response)?.get("client_id")?.as_str().map(str::to_owned)
}

fn authorization(leg: &Leg<'_>, known: &Known, facts: &mut Facts) {
    let get = |name: &str| leg.parameter(name);
    facts.client = get("client_id").map(|id| client(&id, known));
    facts.scopes = words(get("scope").as_deref());
    facts.resource = get("resource").map(|resource| cut(&resource));
    let method = get("code_challenge_method").map(|method| cut(&method));
    // RFC 7636 4.3: plain unless said.
    facts.pkce = get("code_challenge").map(|_| method.unwrap_or_else(|| "plain".to_owned()));
    let location = leg.told.head.as_ref().and_then(|head| head.headers.text("location"));
    let target = location.and_then(|location| leg.url.join(location).ok());
    if let Some(target) = target {
        let back = Leg { told: leg.told, url: target, bare: String::new(), form: None };
        if back.query("code").is_some() || back.query("error").is_some() {
            answer_of(|name| back.query(name), facts);
        }
    }
}

/// An authorization's answer, as it stands in the URL of the redirect.
fn answer_of(get: impl Fn(&str) -> Option<String>, facts: &mut Facts) {
    facts.error = get("error").map(|error| cut(&error));
    facts.error_description = get("error_description").map(|text| cut(&text));
    facts.issuer = get("iss").map(|issuer| cut(&issuer));
    facts.iss = Some(facts.issuer.is_some());
}

fn token(leg: &Leg<'_>, known: &Known, facts: &mut Facts) {
    if leg.form.is_none() {
        facts.flaws.push("the token request is no form".to_owned());
    }
    let get = |name: &str| leg.form.and_then(|form| form.get(name));
    let basic = leg.told.open.headers.text("authorization").and_then(basic_user);
    let id = basic.as_deref().or(get("client_id"));
    facts.client = id.map(|id| client(id, known));
    facts.grant_types = get("grant_type").map(cut).into_iter().collect();
    facts.resource = get("resource").map(cut);
    facts.scopes = words(get("scope"));
    facts.pkce = get("code_verifier").map(|_| "verifier".to_owned());
    let auth = match (basic.is_some(), get("client_secret"), get("client_assertion")) {
        (true, ..) => "client_secret_basic",
        (_, Some(_), _) => "client_secret_post",
        (.., Some(_)) => "private_key_jwt",
        _ => "none",
    };
    facts.client_auth = Some(auth.to_owned());
    let Some(got) = answer(leg, facts) else { return };
    facts.token_issued = got.get("access_token").is_some_and(Value::is_string);
    facts.token_type = text(&got, "token_type");
    facts.expires_in = got.get("expires_in").and_then(Value::as_u64);
    facts.refresh_token_issued = got.get("refresh_token").is_some_and(Value::is_string);
    if let Some(granted) = got.get("scope").and_then(Value::as_str) {
        facts.scopes = words(Some(granted));
    }
}

/// The user of Basic credentials: RFC 6749 2.3.1 has the client's id there, form-encoded.
pub(super) fn basic_user(authorization: &str) -> Option<String> {
    let (scheme, credentials) = authorization.split_once(' ')?;
    if !scheme.eq_ignore_ascii_case("basic") {
        return None;
    }
    let bytes = STANDARD.decode(credentials.trim()).ok()?;
    let text = String::from_utf8_lossy(&bytes);
    let user = text.split(':').next()?;
    Some(percent_encoding::percent_decode_str(user).decode_utf8_lossy().into_owned())
}

fn client(id: &str, known: &Known) -> ClientKind {
    if known.registered.contains(id) {
        ClientKind::Dynamic
    } else if id.starts_with("https://") {
        ClientKind::MetadataDocument
    } else {
        ClientKind::PreRegistered
    }
}

/// The JSON object that the response is; its error is noted, and that there should be one.
fn answer(leg: &Leg<'_>, facts: &mut Facts) -> Option<Map<String, Value>> {
    let document = document(leg, Side::Response);
    if let Some(document) = &document {
        facts.error = text(document, "error");
        facts.error_description = text(document, "error_description");
    } else if leg.status().is_some_and(|status| (200..300).contains(&status)) {
        facts.flaws.push("the answer is no JSON object".to_owned());
    }
    document
}

/// The JSON object that a body is.
fn document(leg: &Leg<'_>, side: Side) -> Option<Map<String, Value>> {
    let documents = &leg.told.reading.documents;
    let document = documents.iter().find(|document| document.side == side)?;
    let json = document.json.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(&document.json);
    serde_json::from_slice(json).ok()
}

fn text(document: &Map<String, Value>, key: &str) -> Option<String> {
    document.get(key).and_then(Value::as_str).map(cut)
}

fn texts(document: &Map<String, Value>, key: &str) -> Option<Vec<String>> {
    let all = document.get(key)?.as_array()?;
    Some(all.iter().filter_map(Value::as_str).take(LIST_CAP).map(cut).collect())
}

fn flag(document: &Map<String, Value>, key: &str) -> bool {
    document.get(key) == Some(&Value::Bool(true))
}

/// Scopes are words between blanks.
fn words(scopes: Option<&str>) -> Vec<String> {
    scopes.unwrap_or_default().split_whitespace().take(LIST_CAP).map(cut).collect()
}

fn cut(text: &str) -> String {
    text.chars().take(TEXT_CAP).collect()
}
