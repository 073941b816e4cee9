//! `wiretape/summary/1` behind the verdicts of a run: what was compared, what was not, what was let
//! pass, and which values were filled in. Places, never values: the same run, the same line.

use serde::Serialize;

use crate::replay::bind::Binding;

/// The last line of `verify` and `replay`.
#[derive(Debug, Serialize)]
pub(crate) struct VerifiedFace<'a> {
    schema: &'static str,
    compared: u64,
    of: u64,
    skipped: u64,
    not_selected: u64,
    ignored_paths: Vec<&'a str>,
    bindings: &'a [Binding],
    left_out_headers: &'a [String],
}

impl<'a> VerifiedFace<'a> {
    pub(crate) fn new(
        [compared, of, skipped, not_selected]: [u64; 4],
        ignored_paths: Vec<&'a str>,
        bindings: &'a [Binding],
        left_out_headers: &'a [String],
    ) -> Self {
        let schema = "wiretape/summary/1";
        Self {
            schema,
            compared,
            of,
            skipped,
            not_selected,
            ignored_paths,
            bindings,
            left_out_headers,
        }
    }
}
