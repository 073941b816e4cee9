//! A session's messages, each in its call.

use std::collections::{HashMap, HashSet};

use super::{AtHand, Entry, Recording};
use crate::{
    capture::ExchangeId,
    cli::remarks::Remarks,
    protocol::{
        Call, Calls, Kind, Message, Reading, Session, Summary,
        calls::{self, About, Way},
        read,
    },
};

impl Recording {
    /// A session's messages, paired, by exchange and number; an exchange without messages is an
    /// entry of its own.
    pub(crate) fn entries(&mut self, session: &Session) -> anyhow::Result<Vec<Entry>> {
        self.entries_in(&session.exchanges)
    }

    /// The messages of one exchange of a told session, paired as in [`Recording::entries`]. Only
    /// those that share calls with it are read beside it.
    pub(crate) fn entries_of(&mut self, summary: &Summary) -> anyhow::Result<Vec<Entry>> {
        let session = self.session_of(summary.id).filter(|_| summary.is_linked());
        let Some(session) = session else { return self.entries_in(&[summary.id]) };
        let id = session.id;
        if self.linked.as_ref().is_none_or(|(linked, _)| *linked != id) {
            let is_linked = |id: &&ExchangeId| {
                **id == summary.id || self.fold.summary(**id).is_some_and(Summary::is_linked)
            };
            let ids: Vec<ExchangeId> =
                session.exchanges.iter().filter(is_linked).copied().collect();
            let mut entries: HashMap<ExchangeId, Vec<Entry>> = HashMap::new();
            for entry in self.entries_in(&ids)? {
                entries.entry(entry.exchange).or_default().push(entry);
            }
            self.linked = Some((id, entries));
        }
        let linked = self.linked.as_ref().and_then(|(_, entries)| entries.get(&summary.id));
        match linked {
            Some(entries) => Ok(entries.clone()),
            None => self.entries_in(&[summary.id]),
        }
    }

    /// The messages of one exchange of a told session, and of others those that belong to its calls.
    pub(crate) fn entries_around(&mut self, summary: &Summary) -> anyhow::Result<Vec<Entry>> {
        let mut own = self.entries_of(summary)?;
        let Some((_, linked)) = &self.linked else { return Ok(own) };
        let messages = || own.iter().filter_map(|entry| entry.message.as_ref());
        let ids: HashSet<String> = messages().map(Message::id).collect();
        let answered: HashSet<&str> =
            messages().filter_map(|message| message.answers.as_deref()).collect();
        let belongs = |entry: &&Entry| {
            let Some(message) = &entry.message else { return false };
            let leads = [message.answers.as_ref(), entry.remarks.belongs_to.as_ref()];
            entry.exchange != summary.id
                && (leads.into_iter().flatten().any(|id| ids.contains(id))
                    || answered.contains(message.id().as_str()))
        };
        let mut others: Vec<Entry> = linked.values().flatten().filter(belongs).cloned().collect();
        others.sort_by_key(|entry| entry.at);
        own.extend(others);
        Ok(own)
    }

    /// The messages of one exchange that is not linked, paired as in [`Recording::entries`].
    pub(crate) fn entries_alone(&mut self, summary: &Summary) -> anyhow::Result<Vec<Entry>> {
        self.entries_in(&[summary.id])
    }

    fn entries_in(&mut self, exchanges: &[ExchangeId]) -> anyhow::Result<Vec<Entry>> {
        let (mut messages, mut ways) = (Vec::new(), Vec::new());
        let mut entries = Vec::new();
        let mut summaries = HashMap::new();
        for id in exchanges {
            let read = match self.at_hand(*id) {
                Some(known) => {
                    let AtHand { records, reading } = known;
                    Some((Way::of(reading, records), reading.clone()))
                }
                None => self.read_way(*id)?,
            };
            let Some((way, Reading { summary, messages: own, .. })) = read else { continue };
            ways.push(way);
            if own.is_empty() {
                let at = summary.started_at;
                let remarks = Remarks::default();
                entries.push(Entry { exchange: *id, at, message: None, call: None, remarks });
            }
            messages.extend(own);
            summaries.insert(*id, summary);
        }
        let told = calls::tell(ways, &mut messages);
        let remarks = Remarks::of(&told.list, &told.orphans, &messages);
        let calls = calls_of(&told, &messages, &summaries);
        let told = messages.into_iter().zip(calls).zip(remarks);
        entries.extend(told.map(|((message, call), remarks)| Entry {
            exchange: message.exchange,
            at: message.at,
            message: Some(message),
            call,
            remarks,
        }));
        entries.sort_by_key(|entry| {
            (entry.exchange, entry.message.as_ref().map(|message| message.number))
        });
        Ok(entries)
    }

    fn read_way(&mut self, id: ExchangeId) -> anyhow::Result<Option<(Way, Reading)>> {
        let records = self.records(id)?;
        Ok(read(&records).map(|reading| (Way::of(&reading, &records), reading)))
    }

    fn at_hand(&self, id: ExchangeId) -> Option<&AtHand> {
        self.at_hand.as_deref().filter(|known| known.reading.summary.id == id)
    }
}

/// The call of each message: of a request with its answer, and of the answer with its request;
/// none for a notification.
fn calls_of(
    told: &Calls,
    messages: &[Message],
    summaries: &HashMap<ExchangeId, Summary>,
) -> Vec<Option<Call>> {
    let of = |(message, about): (&Message, About)| match message.kind {
        Kind::Notification => None,
        _ => match about.call.and_then(|call| told.list.get(call)) {
            Some(call) => Some(call.outcome(messages)),
            // An answer to no request has but itself and its exchange.
            None => Some(Call::of(Some(message), summaries.get(&message.exchange)?)),
        },
    };
    messages.iter().zip(calls::about(&told.list, &told.orphans, messages.len())).map(of).collect()
}
