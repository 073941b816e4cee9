//! How a session came by its authorisation: a short block under its heading.

use super::{Mask, Output, Recording, ShowArgs, style, units, visible};
use crate::{
    capture::redact::Leg,
    cli::faces::{OAuthFace, compact},
    protocol::{
        Session,
        oauth::{ClientKind, Facts, Metadata, OAuth, Step, StepKind},
    },
};

/// Columns of a step's name.
const KIND: usize = 19;

/// Shows the story, where there is one.
pub(super) fn show(
    args: &ShowArgs,
    session: &Session,
    recording: &mut Recording,
    mask: &mut Mask,
    out: &mut Output,
) -> anyhow::Result<()> {
    let Some(oauth) = recording.oauth(session)? else { return Ok(()) };
    if args.reading.json {
        let json = serde_json::to_vec(&OAuthFace::new(session.id, &oauth))?;
        out.json(&compact(&mask.body(None, Leg::Oauth, &json)))?;
        return Ok(());
    }
    out.line(out.paint(style::HEADING, "  OAuth"))?;
    for step in &oauth.steps {
        let line = line(step, mask, out);
        out.line(line)?;
    }
    if oauth.left_out > 0 {
        let more = units::count(oauth.left_out, "more step");
        out.line(out.paint(style::WAITING, format_args!("  … {more}")))?;
    }
    if let Some(missing) = missing(&oauth) {
        out.line(out.paint(style::WAITING, format_args!("  {}", masked(&missing, mask))))?;
    }
    Ok(())
}

/// Time, step, status, host and what it says.
fn line(step: &Step, mask: &mut Mask, out: &Output) -> String {
    let status = step.status.map_or_else(|| "...".to_owned(), |status| status.to_string());
    let refused = step.status.is_some_and(|status| status >= 400) || step.facts.error.is_some();
    let status_style = if refused { style::BAD } else { style::GOOD };
    let mut says = vec![format!("{} {}", step.method, step.url)];
    says.extend(facts(step));
    format!(
        "  {} {} {} {}",
        out.paint(style::FAINT, units::time_of_day(step.at)),
        out.paint(style::PLAIN, visible::pad(word(step.kind), KIND)),
        out.paint(status_style, visible::pad(&status, 3)),
        masked(&says.join(" · "), mask),
    )
}

fn masked(text: &str, mask: &mut Mask) -> String {
    visible::bytes(&mask.body(None, Leg::Oauth, text.as_bytes()))
}

fn word(kind: StepKind) -> &'static str {
    match kind {
        StepKind::Challenge => "challenge",
        StepKind::StepUp => "step-up",
        StepKind::ResourceMetadata => "resource metadata",
        StepKind::ServerMetadata => "server metadata",
        StepKind::Registration => "registration",
        StepKind::ClientMetadata => "client metadata",
        StepKind::PushedAuthorization => "pushed request",
        StepKind::Authorize => "authorize",
        StepKind::Callback => "callback",
        StepKind::Token => "token",
        StepKind::Refresh => "refresh",
        StepKind::Device => "device",
        StepKind::Revocation => "revocation",
        StepKind::Introspection => "introspection",
        StepKind::UserInfo => "user info",
        StepKind::Retry => "let in",
    }
}

/// What a step says, in few words.
fn facts(step: &Step) -> Vec<String> {
    let facts = &step.facts;
    let mut says = Vec::new();
    let mut say = |name: &str, value: Option<&str>| {
        says.extend(value.map(|value| format!("{name} {value}")));
    };
    say("error", facts.error.as_deref());
    say("metadata", facts.resource_metadata.as_deref());
    say("resource", facts.resource.as_deref());
    say("issuer", facts.issuer.as_deref());
    say("servers", joined(&facts.authorization_servers).as_deref());
    say("grant", joined(&facts.grant_types).as_deref());
    say("client", facts.client.map(client));
    say("by", facts.client_auth.as_deref());
    say("pkce", facts.pkce.as_deref());
    say("pkce", facts.pkce_methods.as_deref().and_then(joined).as_deref());
    say("scopes", joined(&facts.scopes).as_deref());
    say("as", facts.token_type.as_deref());
    let expires =
        facts.expires_in.map(|seconds| units::duration(seconds.saturating_mul(1_000_000)));
    say("for", expires.as_deref());
    says.extend(marks(facts).into_iter().map(str::to_owned));
    says.extend(facts.flaws.iter().cloned());
    says
}

/// What is so or not so.
fn marks(facts: &Facts) -> Vec<&'static str> {
    let table = [
        (facts.resource_matches == Some(false), "resource is not this server's URL"),
        (facts.issuer_matches == Some(false), "issuer is not the one that led here"),
        (facts.iss == Some(true), "with iss"),
        (facts.dpop, "DPoP"),
        (facts.refresh_token_issued, "with a refresh token"),
    ];
    table.into_iter().filter(|(is_so, _)| *is_so).map(|(_, word)| word).collect()
}

fn client(client: ClientKind) -> &'static str {
    match client {
        ClientKind::Dynamic => "registered itself",
        ClientKind::MetadataDocument => "by metadata document",
        ClientKind::PreRegistered => "known before",
    }
}

fn joined(texts: &[String]) -> Option<String> {
    (!texts.is_empty()).then(|| texts.join(" "))
}

/// The metadata that nobody found, although it was looked for.
fn missing(oauth: &OAuth) -> Option<String> {
    let of = |of: Metadata| oauth.discovery.iter().filter(move |place| place.of == of);
    let missing = |kind: Metadata| {
        let tried = of(kind).any(|place| place.exchange.is_some());
        tried && !of(kind).any(|place| place.usable)
    };
    let tell = |kind: Metadata, word: &str| {
        let places = of(kind).map(|place| match place.status {
            Some(status) => format!("{} ({status})", place.url),
            None => format!("{} (not asked)", place.url),
        });
        format!("no usable {word} metadata: {}", places.collect::<Vec<_>>().join(", "))
    };
    if missing(Metadata::Server) {
        Some(tell(Metadata::Server, "server"))
    } else {
        missing(Metadata::Resource).then(|| tell(Metadata::Resource, "resource"))
    }
}
