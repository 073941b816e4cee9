//! Peers of the four houses (houses.md), and of dialects that no SDK speaks (protocol.md §9): small
//! servers that follow their ladders and commit their faults on real sockets, and the clients that
//! meet them.
//!
//! A [`Scene`] is one server and what one client does; [`SCENES`] lists them all. Nothing here
//! waits for a clock: what a house does after days or minutes it does here after a number of
//! messages, and the tape's times are moved afterwards (`../tapes.rs`).

mod ndjson_response;
mod path_session;
pub(crate) mod peer;
mod resumable_mobile;
pub(crate) mod router_bridge;
mod session_manager;
mod tools;

use std::net::SocketAddr;

use super::origin::Origin;

/// One server and what one client does with it.
pub(crate) struct Scene {
    /// The tape that it becomes: dialect and name.
    pub(crate) tape: &'static str,
    /// Starts the server.
    pub(crate) serve: fn() -> Origin,
    /// Plays the client, at the address where the server is reached.
    pub(crate) play: fn(SocketAddr),
    /// What it says of itself, where captures/README.md does not.
    pub(crate) name: Option<&'static str>,
    /// Before which exchanges (by number, from 0) how many minutes pass.
    pub(crate) pauses: &'static [(usize, u64)],
}

/// Every ladder and fault of houses.md, dialect by dialect.
pub(crate) const SCENES: &[Scene] = &[
    scene("path-session/ladder", path_session::short_lived, path_session::ladder),
    scene("path-session/never-valid", path_session::long_lived, path_session::never_valid),
    scene("router-bridge/sse", router_bridge::serve, router_bridge::by_sse),
    scene("router-bridge/ndjson", router_bridge::serve, router_bridge::by_ndjson),
    scene("router-bridge/candidates", router_bridge::serve, router_bridge::candidates),
    scene("router-bridge/ignored-id", router_bridge::serve, router_bridge::ignored_id),
    Scene {
        pauses: &[(5, 31)],
        ..scene("router-bridge/expiry", router_bridge::short_lived, router_bridge::expiry)
    },
    scene("session-manager/life", session_manager::sound, session_manager::life),
    scene("session-manager/server-rebuilt", session_manager::rebuilt, session_manager::one_call),
    scene("session-manager/connected-twice", session_manager::twice, session_manager::one_call),
    scene("session-manager/id-not-sent", session_manager::sound, session_manager::id_not_sent),
    scene("session-manager/reopened", session_manager::reopening, session_manager::id_not_sent),
    scene("session-manager/not-initialized", session_manager::sound, session_manager::too_early),
    Scene {
        pauses: &[(2, 2), (4, 2), (6, 2), (8, 2), (10, 2), (12, 2), (14, 2), (16, 2), (18, 2)],
        ..scene("session-manager/leak", session_manager::sound, session_manager::leak)
    },
    Scene {
        pauses: &[(3, 31)],
        ..scene("session-manager/expiry", session_manager::forgetful, session_manager::one_call)
    },
    scene("resumable-mobile/life", resumable_mobile::sound, resumable_mobile::life),
    scene("resumable-mobile/no-listening", resumable_mobile::deaf, resumable_mobile::no_listening),
    scene("resumable-mobile/sequence", resumable_mobile::sound, resumable_mobile::sequence),
    scene("resumable-mobile/resume", resumable_mobile::cutting, resumable_mobile::resume),
    Scene {
        name: Some(
            "lines of JSON: a handshake in JSON, then a listing, a call with progress, an unknown method and a batch answered line by line, and a call answered in JSON",
        ),
        ..scene("ndjson-response/life", ndjson_response::serve, ndjson_response::life)
    },
];

const fn scene(tape: &'static str, serve: fn() -> Origin, play: fn(SocketAddr)) -> Scene {
    Scene { tape, serve, play, name: None, pauses: &[] }
}
