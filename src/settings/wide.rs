//! Options of the whole recorder: a `run` beside it cannot have others (faces.md, Recording).

use std::fmt;

use serde::{Deserialize, Serialize};

/// What happens to traffic that the disk cannot follow.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum OnFull {
    /// It is slowed to what the disk takes.
    #[default]
    Wait,
    /// It runs on, and the recording has a marked gap.
    Gap,
}

impl fmt::Display for OnFull {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Wait => "wait",
            Self::Gap => "gap",
        })
    }
}

/// The options of a recorder.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Wide {
    /// What happens when the queue is full.
    pub on_full: OnFull,
    /// Refuse traffic that cannot be recorded.
    pub require_recording: bool,
    /// Delete the oldest sessions beyond this size, bytes.
    pub max_store: Option<u64>,
    /// Keep at most this much of a body, bytes.
    pub max_body: Option<u64>,
    /// Replace secrets before they are written.
    pub redact_at_capture: bool,
}

/// The options that somebody asked for; what is `None` may be as it is. In JSON it is the `wide`
/// of a request for a listener.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct WideAsked {
    /// As in [`Wide`].
    pub on_full: Option<OnFull>,
    /// As in [`Wide`].
    pub require_recording: Option<bool>,
    /// As in [`Wide`], bytes.
    pub max_store: Option<u64>,
    /// As in [`Wide`], bytes.
    pub max_body: Option<u64>,
    /// As in [`Wide`].
    pub redact_at_capture: Option<bool>,
}

impl Wide {
    /// What was asked for, and the defaults of faces.md for the rest.
    #[must_use]
    pub fn of(asked: WideAsked) -> Self {
        Self {
            on_full: asked.on_full.unwrap_or_default(),
            require_recording: asked.require_recording.unwrap_or_default(),
            max_store: asked.max_store,
            max_body: asked.max_body,
            redact_at_capture: asked.redact_at_capture.unwrap_or_default(),
        }
    }

    /// Why a recorder with these options cannot do what a `run` beside it asks for; none where it
    /// can.
    #[must_use]
    pub fn refusal(&self, asked: &WideAsked) -> Option<String> {
        let other = [
            ("--on-full", asked.on_full.is_some_and(|asked| asked != self.on_full)),
            (
                "--require-recording",
                asked.require_recording.is_some_and(|asked| asked != self.require_recording),
            ),
            ("--max-store", asked.max_store.is_some() && asked.max_store != self.max_store),
            ("--max-body", asked.max_body.is_some() && asked.max_body != self.max_body),
            (
                "--redact-at-capture",
                asked.redact_at_capture.is_some_and(|asked| asked != self.redact_at_capture),
            ),
        ];
        let other: Vec<&str> =
            other.into_iter().filter_map(|(flag, differs)| differs.then_some(flag)).collect();
        (!other.is_empty()).then(|| {
            format!(
                "the recorder that is running has another {}\nhint: leave it out, end the recorder, or take another --home",
                other.join(", ")
            )
        })
    }
}
