//! From clap's types to the settings' own.

use crate::{
    cli::args::{self, Recording},
    settings::Typed,
};

/// What was typed, for [`crate::settings::Settings::resolve`].
pub(in crate::cli) fn typed(recording: &Recording) -> Typed {
    let Recording {
        listen,
        target,
        headless: _,
        quiet: _,
        name,
        all,
        intercept,
        tunnel,
        on_full,
        require_recording,
        max_store,
        max_body,
        redact_at_capture,
        upstream_ca,
        insecure_host,
        client_cert,
        upstream_proxy,
        allow_host,
        allow_origin,
        keep_host,
    } = recording.clone();
    Typed {
        listen,
        target,
        name,
        all,
        intercept,
        tunnel,
        on_full: on_full.map(|what| match what {
            args::OnFull::Wait => "wait".to_owned(),
            args::OnFull::Gap => "gap".to_owned(),
        }),
        require_recording,
        max_store,
        max_body,
        redact_at_capture,
        upstream_ca,
        insecure_host,
        client_cert,
        upstream_proxy,
        allow_host,
        allow_origin,
        keep_host,
    }
}
