//! `wiretape/summary/1`: the last line of every listing.

use serde::Serialize;

/// How much was printed, and whether that was all.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct SummaryFace {
    pub(crate) schema: &'static str,
    pub(crate) sessions: u64,
    pub(crate) exchanges: u64,
    pub(crate) messages: u64,
    pub(crate) frames: u64,
    pub(crate) notices: u64,
    /// `trace` alone.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) mentions: Option<u64>,
    /// Where problems were looked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) problems: Option<u64>,
    /// False when a limit cut the listing.
    pub(crate) complete: bool,
}

impl Default for SummaryFace {
    fn default() -> Self {
        Self {
            schema: "wiretape/summary/1",
            sessions: 0,
            exchanges: 0,
            messages: 0,
            frames: 0,
            notices: 0,
            mentions: None,
            problems: None,
            complete: true,
        }
    }
}
