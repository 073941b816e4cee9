//! 2026-07-28: no handshake and no session; every request says in `_meta` who asks and by which
//! revision (protocol.md §1.1).

use super::{Dialect, Spoken};
use crate::protocol::{
    facts::Facts,
    jsonrpc::{pick, string},
    model::{Direction, Summary},
};

pub(crate) struct V2026_07_28;

const VERSION: &str = "io.modelcontextprotocol/protocolVersion";
const CLIENT: &str = "io.modelcontextprotocol/clientInfo";
const SERVER: &str = "io.modelcontextprotocol/serverInfo";

impl Dialect for V2026_07_28 {
    fn name(&self) -> &'static str {
        "2026-07-28"
    }

    fn message(&self, spoken: &Spoken<'_>, facts: &mut Facts) {
        let envelope = spoken.envelope;
        let Some(meta) = envelope.seen.meta else { return };
        let [version, client, server] = pick(meta, [VERSION, CLIENT, SERVER]).unwrap_or_default();
        match spoken.direction {
            Direction::ClientToServer => {
                facts.revision(version.and_then(string).as_deref(), false);
                facts.client(client);
            }
            Direction::ServerToClient => facts.server(server),
        }
    }

    fn shown_by(&self, summary: &Summary) -> bool {
        summary.revision.as_deref() == Some(self.name())
    }
}
