//! Rules of the transport and its messages: what a MUST of MCP's transport pages, of JSON-RPC, of
//! server-sent events or of HTTP says and the wire shows otherwise. One rule a file.
//!
//! Each judges by the revision in force for the exchange ([`super::super::seen::Era`]); what a
//! dialect does in the field without harm is no problem (protocol.md §9).

mod accept;
mod allow_missing;
mod answer_discarded;
mod arguments;
mod batch;
mod before_initialize;
mod body_coding;
mod body_short;
mod cost;
mod delete_ignored;
mod endpoint_missing;
mod endpoint_origin;
mod get_no_stream;
mod get_refused;
mod id_reused;
mod initialize_cancelled;
mod initialize_in_batch;
mod initialized_late;
mod input_required;
mod jsonrpc_version;
mod listen_ack;
mod log_unasked;
mod message_shape;
mod mirror;
mod modern_error_data;
mod modern_http_method;
mod modern_last_event_id;
mod modern_meta;
mod modern_method;
mod modern_name;
mod modern_param;
mod modern_response_posted;
mod modern_result_type;
mod modern_server_request;
mod modern_session;
mod modern_status;
mod modern_version;
mod not_jsonrpc;
mod notification_answered;
mod notification_status;
mod request_type;
mod response_type;
mod responses_on_get;
mod result_and_error;
mod rpc_id;
mod schema_invalid;
mod schemas;
mod server_early;
mod session_id_chars;
mod session_id_twice;
mod sse_cr;
mod sse_event_type;
mod sse_id_alone;
mod sse_not_json;
mod sse_nul;
mod sse_utf8;
mod structured;
mod subscription_id;
mod tools;
mod version_differs;
mod version_missing;
mod version_unknown;

use super::{Findings, Rule, Severity};
use crate::protocol::story::Story;

/// The rules of this room, in the order of a request's way: head, messages, answer, stream, body.
pub(super) static RULES: &[&dyn Rule] = &[
    &accept::RULE,
    &request_type::RULE,
    &response_type::RULE,
    &notification_status::RULE,
    &notification_answered::RULE,
    &jsonrpc_version::RULE,
    &result_and_error::RULE,
    &rpc_id::RULE,
    &message_shape::RULE,
    &id_reused::RULE,
    &batch::RULE,
    &initialize_in_batch::RULE,
    &not_jsonrpc::RULE,
    &version_missing::RULE,
    &version_differs::RULE,
    &version_unknown::RULE,
    &session_id_chars::RULE,
    &session_id_twice::RULE,
    &allow_missing::RULE,
    &get_no_stream::RULE,
    &get_refused::RULE,
    &answer_discarded::RULE,
    &before_initialize::RULE,
    &initialized_late::RULE,
    &server_early::RULE,
    &responses_on_get::RULE,
    &endpoint_missing::RULE,
    &endpoint_origin::RULE,
    &delete_ignored::RULE,
    &initialize_cancelled::RULE,
    &modern_version::RULE,
    &modern_method::RULE,
    &modern_name::RULE,
    &modern_param::RULE,
    &modern_meta::RULE,
    &modern_result_type::RULE,
    &modern_status::RULE,
    &modern_error_data::RULE,
    &modern_http_method::RULE,
    &modern_session::RULE,
    &modern_response_posted::RULE,
    &modern_server_request::RULE,
    &modern_last_event_id::RULE,
    &listen_ack::RULE,
    &subscription_id::RULE,
    &log_unasked::RULE,
    &input_required::RULE,
    &sse_nul::RULE,
    &sse_id_alone::RULE,
    &sse_cr::RULE,
    &sse_utf8::RULE,
    &sse_event_type::RULE,
    &sse_not_json::RULE,
    &body_short::RULE,
    &body_coding::RULE,
    &arguments::RULE,
    &structured::RULE,
    &schema_invalid::RULE,
];

/// A rule that is a function and its titles.
struct Plain {
    id: &'static str,
    severity: Severity,
    source: &'static str,
    check: fn(&Story, &mut Findings<'_>),
}

impl Rule for Plain {
    fn id(&self) -> &'static str {
        self.id
    }

    fn severity(&self) -> Severity {
        self.severity
    }

    fn source(&self) -> &'static str {
        self.source
    }

    fn check(&self, story: &Story, found: &mut Findings<'_>) {
        (self.check)(story, found);
    }
}

#[cfg(test)]
mod tests;
