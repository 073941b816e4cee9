//! How a call came out, by its answer or by what became of its exchanges.

use super::{CallStory, Ending, ways::Ways};
use crate::{
    capture::Outcome,
    protocol::model::{Direction, Kind, Message},
};

pub(super) fn ending(
    call: &CallStory,
    request: &Message,
    answer: Option<&Message>,
    refusal: Option<&Message>,
    modern: bool,
    ways: &Ways,
) -> Ending {
    match answer {
        Some(answer) if answer.kind == Kind::Error => Ending::RpcError(answer.rpc_code),
        Some(answer) if answer.tool_error => Ending::ToolError,
        Some(_) => Ending::Ok,
        None if call.cancelled.is_some() => Ending::Cancelled,
        None => match (unanswered(request, modern, ways), refusal) {
            (refused @ Ending::Refused(_), _) => refused,
            (_, Some(refusal)) => Ending::RpcError(refusal.rpc_code),
            (ending, None) => ending,
        },
    }
}

/// HTTP may have refused it; else its last exchange tells.
fn unanswered(request: &Message, modern: bool, ways: &Ways) -> Ending {
    let Some(way) = ways.get(request.exchange) else { return Ending::Pending };
    let by_client = request.direction == Direction::ClientToServer;
    if let Some(status) = way.status.filter(|status| by_client && *status >= 400) {
        return Ending::Refused(status);
    }
    let root = ways.root_of(request.exchange);
    let lost = ways.is_lossy(root) || ways.has_lossy_channel();
    let latest = ways.resumes(root).last().and_then(|id| ways.get(*id)).filter(|last| {
        last.started_at >= way.started_at && last.status.is_none_or(|status| status < 400)
    });
    match latest.unwrap_or(way).outcome {
        None => Ending::Pending,
        Some(outcome) if outcome.is_fault() => Ending::Fault(outcome),
        Some(Outcome::ClientClosed) if modern && by_client => Ending::Cancelled,
        // What was posted for the channel was taken over by HTTP's success.
        Some(_) if by_client && !way.is_channel && ways.has_open_channel() => Ending::Pending,
        Some(_) if lost && by_client => Ending::Unread,
        Some(_) => Ending::Unanswered,
    }
}
