//! What would be sent for a step, before anything is sent: made as the driver makes it, of what is
//! known before the server has said anything.

use std::collections::BTreeSet;

use url::Url;

use super::{
    DriveError, Settings,
    ids::{HEADERS, Ids},
    jar::Jar,
    request::{Common, Draft, recorded_fields},
    step::body,
    target::Target,
};
use crate::{
    capture::Headers,
    replay::{
        bind::{Bindings, Edits, Table},
        edit,
        plan::{Plan, Planned, Role},
    },
};

/// A request that would be sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Foretold {
    /// The HTTP method.
    pub method: String,
    /// Where it goes.
    pub url: String,
    /// Its fields, the host first.
    pub headers: Headers,
    /// Its body.
    pub body: Option<String>,
    /// Fields that are not sent: the recording has only placeholders of them, or they are
    /// credentials.
    pub left_out: Vec<String>,
    /// Ids of the session are sent in these fields once the server has given one.
    pub given: Vec<String>,
    /// The body, or the URL, is shown as it was recorded: an earlier answer gives what it needs.
    pub unfilled: bool,
}

/// Where a recording's URLs lie now, and what stands for its values before anything is sent.
pub(super) fn begin(
    plan: &Plan<'_>,
    mut table: Table,
    settings: &Settings,
) -> Result<(Target, Table, Ids), DriveError> {
    let target = Target::new(&plan.endpoint, &settings.to)?;
    let mut ids = Ids::of(plan.story);
    let (recorded, live) = target.origins();
    table.moved(&recorded, &live);
    for (recorded, fresh) in target.segments() {
        ids.set(&recorded, &fresh);
        table.set(&recorded, &fresh);
    }
    Ok((target, table, ids))
}

/// Says what would be sent for a step; none where its exchange was not recorded.
///
/// # Errors
///
/// `--to` is no URL, or the recording has none.
pub fn foretell(
    plan: &Plan<'_>,
    bindings: &Bindings,
    item: &Planned<'_>,
    settings: &Settings,
) -> Result<Option<Foretold>, DriveError> {
    let (target, table, mut ids) = begin(plan, bindings.table(), settings)?;
    let Some(told) = item.step.told() else { return Ok(None) };
    let recorded = item.step.message.map(|message| String::from_utf8_lossy(&message.payload));
    let filled = item.step.message.map(|message| body(&table, &settings.edits, item, message));
    let own = target.url(&told.open.url, |text| {
        table.fill_text(told.id(), "url", text).map_err(|unfilled| unfilled.to_string())
    });
    let unfilled = own.is_err() || matches!(filled, Some(Err(_)));
    let body = match (filled, &recorded) {
        (Some(Ok(body)), _) => Some(body),
        (_, recorded) => recorded.as_deref().map(str::to_owned),
    };
    let tool = body.as_deref().and_then(|body| edit::text(body, "/params/name"));
    let draft = Draft {
        recorded: &told.open,
        body: recorded.as_deref().zip(body.as_deref()),
        last_event: None,
        schema: tool.as_deref().and_then(|tool| plan.tools.schema(tool)),
        revision: None,
        own: (item.role == Role::Chosen).then_some(&settings.own),
    };
    let mut left_out = BTreeSet::new();
    let fields = draft.fields(&mut Common {
        ids: &mut ids,
        jar: &Jar::default(),
        added: &settings.headers,
        fill: &|name, value| table.fill_text(told.id(), &format!("header:{name}"), value).ok(),
        left_out: &mut left_out,
    });
    let is_given = |name: &&&str| {
        told.open.headers.get(name).is_some() && !fields.iter().any(|(field, _)| field == **name)
    };
    let given = HEADERS.iter().filter(is_given).map(|name| (*name).to_owned()).collect();
    let to = own.or_else(|_| Url::parse(&settings.to)).map_err(|_| DriveError::To)?;
    Ok(Some(Foretold {
        method: told.open.method.clone(),
        url: to.to_string(),
        headers: recorded_fields(&to, &fields),
        body,
        left_out: left_out.into_iter().collect(),
        given,
        unfilled,
    }))
}

/// The tool that a step calls as it is sent: an edit may name another than the recording does, and
/// the guard asks of that one.
pub fn tool(edits: &Edits, item: &Planned<'_>) -> Option<String> {
    let message = item.step.message.filter(|_| item.role == Role::Chosen && !edits.is_empty());
    let Some(message) = message else { return item.tool().map(str::to_owned) };
    let (text, _) = edits.apply(&String::from_utf8_lossy(&message.payload));
    let method = edit::text(&text, "/method");
    let is_call = method.as_deref() == Some("tools/call");
    is_call.then(|| edit::text(&text, "/params/name").unwrap_or_default())
}
