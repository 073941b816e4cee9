//! A session told whole, for the views that look at all of it, and what is wrong in it.

use std::{collections::HashMap, sync::Arc};

use bytes::Bytes;

use super::{
    super::{masked::Mask, recording::Recording, units},
    shared::Shared,
};
use crate::{
    capture::ExchangeId,
    clock,
    protocol::{Ending, Listing, Message, Session, Story, index::Plan, problems::Problem},
    tui::{
        desk::{OfferTold, SessionTold},
        pictures,
        rows::SessionId,
        text,
    },
};

/// Exchanges of a session that are read for its views, the newest. A story is in memory whole.
const TOLD: usize = 2_000;

/// Bytes of bodies of a session that are read for its views, the newest; as above.
const TOLD_BYTES: u64 = 64 << 20;

/// Sessions with more exchanges are not judged here: `wiretape problems` does that.
const JUDGED: u64 = 4_000;

/// Tells a session.
pub(super) fn tell(session: SessionId, shared: &Shared) -> anyhow::Result<Arc<SessionTold>> {
    let now = shared.as_of().unwrap_or_else(clock::now);
    let (latest, exchanges, told) = {
        let ledger = shared.ledger();
        let latest = ledger.latest(session, TOLD);
        (latest, ledger.exchanges(session), ledger.session(session, now))
    };
    let Some(told) = told else { anyhow::bail!("the session is not there any more") };
    let mut recording = Recording::of(Box::new(shared.clone()), Some(now), false)?;
    let masking = shared.mask();
    masking.with(|mask| recording.tell_secrets(mask));
    let mut records = Vec::new();
    let mut bytes = 0;
    for id in latest.into_iter().rev() {
        let own = recording.records(id)?;
        bytes += own.iter().map(super::super::recording::body_bytes).sum::<u64>();
        if bytes > TOLD_BYTES && !records.is_empty() {
            break;
        }
        records.push(own);
    }
    records.reverse();
    let read = records.len() as u64;
    let only_last = (read < exchanges).then_some(read);
    let problems = judge(session, shared)?.unwrap_or_default();
    let story = Story::tell(told, records.iter().map(Vec::as_slice));
    Ok(Arc::new(masking.with(|mask| {
        let shown = mask.session(&story.session);
        let (timeline, bars) = pictures::timeline(&story, now, mask);
        SessionTold {
            session,
            facts: facts(&shown, exchanges),
            states: states(&shown),
            client_can: visible(&story.catalogue.client_can()),
            server_can: visible(&story.catalogue.server_can()),
            problems: problems.iter().map(|problem| mask.problem(problem)).collect(),
            sequence: pictures::sequence(&story, mask),
            timeline,
            bars,
            offers: offers(&story, mask),
            only_last,
        }
    })))
}

/// What is wrong in a session, the problems kept for it or looked for now; its rows are marked.
/// None where it is too large to be judged here.
pub(super) fn judge(session: SessionId, shared: &Shared) -> anyhow::Result<Option<Vec<Problem>>> {
    let name = shared.ledger().name(session);
    let Some(name) = name else { return Ok(None) };
    let mut recording = Recording::of(Box::new(shared.clone()), shared.as_of(), false)?;
    let plan = Plan::beginning(&name.to_string()).unwrap_or_default();
    let found = recording.find(&plan, None, 1)?.pop().filter(|found| found.id == name);
    let Some(found) = found else { return Ok(None) };
    if shared.is_larger(JUDGED, &found)? || !recording.relate(&found)? {
        return Ok(None);
    }
    let told: Option<Session> = recording.session_of(name).cloned();
    let Some(told) = told else { return Ok(None) };
    recording.judge(std::slice::from_ref(&told))?;
    let problems: Vec<Problem> = recording.problems(told.id).cloned().collect();
    shared.remember(&problems);
    let at_fault: Vec<(ExchangeId, Option<u32>)> = problems.iter().filter_map(named).collect();
    let unread = shared.ledger().judged(session, problems.len() as u64, at_fault);
    shared.changed(unread.into_iter().collect());
    Ok(Some(problems))
}

/// The message or exchange that a problem names.
fn named(problem: &Problem) -> Option<(ExchangeId, Option<u32>)> {
    let message = problem.message.as_deref().and_then(|id| {
        let (exchange, number) = id.rsplit_once('.')?;
        Some((exchange.parse().ok()?, Some(number.parse().ok()?)))
    });
    message.or_else(|| problem.exchange.map(|exchange| (exchange, None)))
}

fn visible(texts: &[String]) -> Vec<String> {
    texts.iter().map(|text| text::visible(text).into_owned()).collect()
}

fn facts(session: &Session, exchanges: u64) -> Vec<(String, String)> {
    let name =
        |named: &crate::protocol::Implementation| format!("{} {}", named.name, named.version);
    let all = [
        ("id", Some(session.id.to_string())),
        ("id on the wire", session.wire_id.clone()),
        ("identified by", Some(session.identified_by.clone())),
        ("server", Some(session.server.clone())),
        ("server is", session.server_info.as_ref().map(name)),
        ("client is", session.client.as_ref().map(name)),
        ("revision", session.revision.clone()),
        ("dialects", Some(session.dialects.join(", ")).filter(|all| !all.is_empty())),
        ("stream", session.stream_state.clone()),
        ("run", session.run.clone()),
        ("name", session.name.clone()),
        ("follows", session.follows.map(|id| id.to_string())),
        ("exchanges", Some(exchanges.to_string())),
        ("age", Some(units::duration(session.age_us))),
    ];
    let told = all.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?)));
    told.map(|(name, value)| (name, text::visible(&value).into_owned())).collect()
}

fn states(session: &Session) -> Vec<(crate::protocol::State, crate::capture::Timestamp, String)> {
    let step = |step: &crate::protocol::StateChange| {
        (step.state, step.at, text::visible(&step.evidence).into_owned())
    };
    session.states.iter().map(step).collect()
}

/// How the calls of one offer went.
#[derive(Default)]
struct Went {
    calls: u64,
    errors: u64,
    latencies: Vec<u32>,
}

/// What the server offers, and what was called without having been listed.
fn offers(story: &Story, mask: &mut Mask) -> Vec<OfferTold> {
    let mut went: HashMap<(&'static str, String), Went> = HashMap::new();
    for call in &story.calls {
        let Some(request) = story.request(call) else { continue };
        let (Some(kind), Some(name)) = (kind_of(request), request.name.as_deref()) else {
            continue;
        };
        let went = went.entry((kind, name.to_owned())).or_default();
        went.calls += 1;
        let good = matches!(call.ending, Ending::Ok | Ending::Pending | Ending::Cancelled);
        went.errors += u64::from(!good);
        went.latencies.extend(call.latency_us.and_then(|us| u32::try_from(us).ok()));
    }
    let catalogue = &story.catalogue;
    let lists = [
        ("tool", &catalogue.tools),
        ("resource", &catalogue.resources),
        ("template", &catalogue.templates),
        ("prompt", &catalogue.prompts),
    ];
    let mut told = Vec::new();
    for (kind, list) in lists {
        told.extend(listed(kind, list, &mut went, mask));
    }
    let mut left: Vec<_> = went.into_iter().collect();
    left.sort_unstable_by(|(a, _), (b, _)| a.cmp(b));
    told.extend(left.into_iter().map(|((kind, name), went)| {
        offer(kind, &mask.plain(&name), (String::new(), Bytes::new()), false, went)
    }));
    told
}

fn listed(
    kind: &'static str,
    list: &Listing,
    went: &mut HashMap<(&'static str, String), Went>,
    mask: &mut Mask,
) -> Vec<OfferTold> {
    let mut one = |own: &crate::protocol::Offer, mask: &mut Mask| {
        let went = went.remove(&(kind, own.key.clone())).unwrap_or_default();
        let about = own.field("description");
        let about = about.and_then(|about| serde_json::from_slice::<String>(&about).ok());
        let about = about.as_deref().and_then(|about| about.lines().next()).unwrap_or_default();
        let about = text::visible(&mask.plain(about)).into_owned();
        let definition = mask.body(None, crate::capture::redact::Leg::Mcp, &own.json);
        let definition = Bytes::copy_from_slice(&definition);
        offer(kind, &mask.plain(&own.key), (about, definition), true, went)
    };
    list.offers.iter().map(|own| one(own, mask)).collect()
}

fn offer(
    kind: &'static str,
    name: &str,
    (about, definition): (String, Bytes),
    listed: bool,
    mut went: Went,
) -> OfferTold {
    went.latencies.sort_unstable();
    let place = (went.latencies.len() * 95).div_ceil(100).saturating_sub(1);
    OfferTold {
        kind,
        name: text::visible(name).into_owned(),
        about,
        definition,
        listed,
        calls: went.calls,
        errors: went.errors,
        p95_us: went.latencies.get(place).copied(),
    }
}

fn kind_of(request: &Message) -> Option<&'static str> {
    match request.method.as_deref()? {
        "tools/call" => Some("tool"),
        "resources/read" => Some("resource"),
        "prompts/get" => Some("prompt"),
        _ => None,
    }
}
