//! Rules about sessions, houses, streams, security and performance.
//!
//! A rule is a [`Check`]: its heads and a function. What several rules ask is answered in one place
//! each, so that an exchange gets one name and not three: `ladder` says why a request was refused for
//! its session, `pending` how a call ended without its answer, `view` the rest.

mod answer_missing;
mod assigned_session_ignored;
mod assigned_session_unused;
mod call_cut_off;
mod capabilities;
mod catalogue;
mod client_capability_missing;
mod deprecated_feature;
mod deprecated_transport;
mod dns_rebinding;
mod duplicate_delivery;
mod ladder;
mod late_answer;
mod not_initialized;
mod oauth;
mod oauth_issuer_mismatch;
mod oauth_no_pkce;
mod oauth_no_resource_metadata;
mod oauth_no_server_metadata;
mod oauth_resource_mismatch;
mod oauth_token_refused;
mod orphan_answer;
mod pending;
mod progress;
mod progress_not_increasing;
mod progress_unknown_token;
mod prompt_not_listed;
mod request_after_expiry;
mod resource_not_listed;
mod resume_brought_nothing;
mod resume_not_supported;
mod resume_unknown_event;
mod sequence;
mod sequence_gap;
mod sequence_repeat;
mod sequence_restart;
mod server_capability_missing;
mod server_rebuilt;
mod session_candidates_disagree;
mod session_expired;
mod session_id_in_url;
mod session_id_missing;
mod session_id_not_sent;
mod session_leak;
mod session_lost;
mod session_never_valid;
mod slow_call;
mod stream_cut;
mod token_in_url;
mod tool_not_listed;
mod transport_already_started;
mod unasked_response;
mod unlisted;
mod view;

use super::{Finding, Findings, Rule, Severity};
use crate::protocol::{model::Session, story::Story};

/// All of them, in the order in which their findings are listed for one exchange.
pub(super) static RULES: &[&dyn Rule] = &[
    &server_rebuilt::RULE,
    &session_id_not_sent::RULE,
    &not_initialized::RULE,
    &transport_already_started::RULE,
    &session_leak::RULE,
    &session_id_missing::RULE,
    &session_expired::RULE,
    &session_never_valid::RULE,
    &session_lost::RULE,
    &session_candidates_disagree::RULE,
    &assigned_session_ignored::RULE,
    &assigned_session_unused::RULE,
    &request_after_expiry::RULE,
    &sequence_gap::RULE,
    &sequence_repeat::RULE,
    &sequence_restart::RULE,
    &answer_missing::RULE,
    &call_cut_off::RULE,
    &stream_cut::RULE,
    &resume_brought_nothing::RULE,
    &resume_not_supported::RULE,
    &resume_unknown_event::RULE,
    &duplicate_delivery::RULE,
    &orphan_answer::RULE,
    &unasked_response::RULE,
    &late_answer::RULE,
    &progress_unknown_token::RULE,
    &progress_not_increasing::RULE,
    &server_capability_missing::RULE,
    &client_capability_missing::RULE,
    &tool_not_listed::RULE,
    &prompt_not_listed::RULE,
    &resource_not_listed::RULE,
    &oauth_no_resource_metadata::RULE,
    &oauth_resource_mismatch::RULE,
    &oauth_no_server_metadata::RULE,
    &oauth_issuer_mismatch::RULE,
    &oauth_no_pkce::RULE,
    &oauth_token_refused::RULE,
    &session_id_in_url::RULE,
    &token_in_url::RULE,
    &dns_rebinding::RULE,
    &deprecated_feature::RULE,
    &deprecated_transport::RULE,
    &slow_call::RULE,
];

/// A rule told as data.
pub(super) struct Check {
    id: &'static str,
    severity: Severity,
    source: &'static str,
    look: Look,
}

/// At what a rule looks.
pub(super) enum Look {
    /// At one session.
    One(fn(&Story, &mut Findings<'_>)),
    /// At all sessions of one server.
    All(fn(&[&Session], &mut Findings<'_>)),
}

impl Rule for Check {
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
        if let Look::One(look) = self.look {
            look(story, found);
        }
    }

    fn check_all(&self, sessions: &[&Session], found: &mut Findings<'_>) {
        if let Look::All(look) = self.look {
            look(sessions, found);
        }
    }
}

#[cfg(test)]
mod tests;
