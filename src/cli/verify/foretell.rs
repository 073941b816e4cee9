//! What a replay would send, before anything is sent: for whoever wants to look first.

use super::{
    driving::settings,
    load::Played,
    run::{Asked, plans},
};
use crate::{
    capture::ExchangeId,
    replay::{
        drive,
        guard::Hints,
        plan::{Item, Role},
    },
};

/// Calls that stand alone and are looked at for the tools that they call; of a longer session the
/// first ones: each is read from the tape.
const LOOKED_AT: usize = 10_000;

/// What would be sent.
pub(in crate::cli) struct Foretold {
    /// The recorded endpoint.
    pub(in crate::cli) endpoint: String,
    /// Where it goes.
    pub(in crate::cli) to: String,
    /// Steps that would be sent, those that others need among them.
    pub(in crate::cli) steps: u64,
    /// How many of them are sent because others need them.
    pub(in crate::cli) needed: u64,
    /// Tools that would not be called.
    pub(in crate::cli) guarded: Vec<String>,
    /// The first request that was chosen, and whose it is.
    pub(in crate::cli) first: Option<(ExchangeId, drive::Foretold)>,
}

/// Says what would be sent of the first session. Without `--to` it is told with the recorded
/// endpoint.
pub(in crate::cli) fn foretell(played: &Played, asked: &Asked) -> anyhow::Result<Option<Foretold>> {
    let Some(planned) = plans(played, asked)?.into_iter().next() else { return Ok(None) };
    let (plan, telling) = (&planned.plan, &planned.telling);
    let mut settings = settings(asked, plan.story.session.id);
    if settings.to.is_empty() {
        settings.to.clone_from(&plan.endpoint);
    }
    let sent = plan.items.iter().filter(|item| item.role() != Role::Left);
    let mut told = Foretold {
        endpoint: plan.endpoint.clone(),
        to: settings.to.clone(),
        steps: sent.count() as u64,
        needed: plan.items.iter().filter(|item| item.role() == Role::Needed).count() as u64,
        guarded: Vec::new(),
        first: None,
    };
    let mut look = |item: &crate::replay::plan::Planned<'_>| -> anyhow::Result<()> {
        if told.first.is_none() {
            let first = drive::foretell(plan, &planned.bindings, item, &settings)?;
            told.first = first.map(|first| (item.step.exchange, first));
        }
        let refused = drive::tool(&asked.edits, item)
            .filter(|tool| asked.guard.refuses(tool, &plan.tools, &Hints::default()).is_some());
        told.guarded.extend(refused);
        Ok(())
    };
    let mut looked_at = 0;
    for item in plan.items.iter().filter(|item| item.role() == Role::Chosen) {
        match item {
            Item::Held(planned) => look(planned)?,
            Item::Apart(apart) if looked_at < LOOKED_AT => {
                looked_at += 1;
                let story = telling.story(apart.exchange)?;
                if let Some(planned) = apart.planned(&story) {
                    look(&planned)?;
                }
            }
            Item::Apart(_) => {}
        }
    }
    told.guarded.sort_unstable();
    told.guarded.dedup();
    Ok(Some(told))
}
