//! The whole, by real processes and sockets, and the rules of the house.
//!
//! One binary: a new area of tests is a module here. What several need stands in `../support`.
//! Tests with real SDKs are the target `sdk`; what is held to times and sizes is `million`.

#[path = "../support/mod.rs"]
#[allow(dead_code, reason = "each target uses its part")]
mod support;

mod arrows;
mod bindings;
mod captures;
mod crash;
mod demo;
mod diff;
mod driving;
mod fidelity;
mod formats;
mod fresh;
mod homes;
mod houses;
mod log;
mod mutations;
mod notices;
mod oauth;
mod options;
mod outlets;
mod problems;
mod reading;
mod readme;
mod redaction;
mod refusals;
mod replay;
mod serve;
mod settling;
mod sources;
mod streams;
mod trace;
mod tui;
mod verify;
mod words;
