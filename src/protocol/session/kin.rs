//! Which exchanges decide to which session one belongs.
//!
//! Whatever the fold goes by is told from one summary ([`Standing`]); so are these keys. Exchanges
//! of one wire id or one grouping base share a group. What belongs to another one's session (a step
//! of OAuth, a refusal, a request without the id that was issued) leads to a client's next exchange
//! that speaks MCP, or to its `initialize` before; so these have keys of their client too.

use super::place::{self, Client, Own, Spells, Standing};
use crate::protocol::{
    index::{Key, Stable},
    model::Summary,
};

/// What one exchange has in common with others.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Kin {
    /// With those among which its session is, where it leads to none.
    pub group: Key,
    /// With what leads elsewhere of the same client, whomever it asked; challenges too.
    pub leads: Key,
    /// With what its client spoke, to whatever server.
    pub spoken: Key,
    /// With what its client spoke to the same server.
    pub spoken_here: Key,
    /// With the `initialize`s of its client at its endpoint, where that matters.
    pub starts: Option<Key>,
    /// With what gave its client ids at the same server.
    pub giving: Key,
    /// With the `initialize`s that bear the same id on the wire, where it bears one: they decide
    /// which session of that id it is in.
    pub opens: Option<Key>,
    /// It carries one of them.
    pub is_opening: bool,
    /// It gives an id,
    pub gives: bool,
    /// or lacks one that may have been given.
    pub lacks_id: bool,
    /// It may belong to another one's session, or be what one was asked for.
    pub is_lead: bool,
    /// The server asked for a credential.
    pub is_challenge: bool,
    /// It is what others lead to.
    pub speaks: bool,
    /// Its `initialize` was answered.
    pub is_start: bool,
}

impl Kin {
    /// Of this exchange.
    #[must_use]
    pub fn of(summary: &Summary) -> Self {
        let standing = Standing::of(summary);
        let group = match &standing.own {
            // By the id alone: it is what one types, and another server's is only read in vain.
            Own::Wire(wire) => Self::of_wire_id(&wire.id),
            Own::Group(base) => key("group", base),
        };
        Self {
            group,
            leads: key("leads", &standing.anywhere),
            spoken: Self::of_spoken(&standing.anywhere),
            spoken_here: Self::of_spoken(&standing.client),
            starts: standing.spot.as_ref().map(|spot| key("starts", spot)),
            giving: key("giving", &standing.client),
            opens: match &standing.own {
                Own::Wire(wire) => Some(key("opens", wire)),
                Own::Group(_) => None,
            },
            is_opening: standing.handshake.is_some(),
            gives: place::gives(summary).is_some(),
            lacks_id: place::lacks_id(summary),
            is_lead: standing.seeks.is_some() || standing.is_challenge(),
            is_challenge: standing.is_challenge(),
            speaks: standing.is_spoken(),
            is_start: standing.start.is_some(),
        }
    }

    /// The group of what bears this id on the wire.
    #[must_use]
    pub fn of_wire_id(id: &str) -> Key {
        Key::of("wire", id)
    }

    /// What the client of this exchange spoke to the server of that one.
    #[must_use]
    pub fn spoken_at(client: &Summary, server: &Summary) -> Key {
        let client = Standing::of(client).anywhere;
        Self::of_spoken(&client.at(server.origin.as_str().into()))
    }

    /// Under which keys it stands beside its group's.
    pub(crate) fn keys(self) -> impl Iterator<Item = Key> {
        let leads = self.is_lead.then_some(self.leads);
        let spoken = self.speaks.then_some([self.spoken, self.spoken_here]);
        let starts = self.starts.filter(|_| self.is_start);
        let giving = self.gives.then_some(self.giving);
        let opens = self.opens.filter(|_| self.is_opening);
        let spoken = spoken.into_iter().flatten();
        leads.into_iter().chain(spoken).chain(starts).chain(giving).chain(opens)
    }

    fn of_spoken(client: &Client) -> Key {
        key("spoken", client)
    }
}

/// By all its fields.
fn key(kind: &str, what: &impl Spells) -> Key {
    let mut hash = Stable::default();
    hash.text(kind);
    what.spell(&mut hash);
    hash.key()
}
