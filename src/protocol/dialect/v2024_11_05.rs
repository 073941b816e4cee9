//! 2024-11-05: the first revision: HTTP+SSE with two endpoints (protocol.md §2). An exchange shows it where the
//! server chooses it in its answer to `initialize`; the transport shows as `http+sse`.

use super::Dialect;
use crate::protocol::model::Summary;

pub(crate) struct V2024_11_05;

impl Dialect for V2024_11_05 {
    fn name(&self) -> &'static str {
        "2024-11-05"
    }

    fn shown_by(&self, summary: &Summary) -> bool {
        summary.revision.as_deref() == Some(self.name())
    }
}
