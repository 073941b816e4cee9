//! The terminal UI: sessions, calls, frames and problems as they happen, or as they were kept.
//!
//! `app` is pure: `update(Msg) -> Effects` over plain state, tested without a terminal. `run` is the
//! one loop over keys, the desk's news and the terminal's size. `keys` is the one table of bindings,
//! of which dispatch, hints and help are made. `views` has one file a pane; they draw from state and
//! change it by actions, nothing else.
//!
//! What there is to see comes from a [`desk`]: the worker behind the UI, which reads, parses, judges
//! and searches on threads of its own and sends [`desk::News`]. The UI names no store, no feed and no
//! tape, so it cannot tell one from the other (design.md, rooms). It must not read a disk, parse a
//! body or wait: a key is answered from what is there.
//!
//! Every text from the wire goes through [`text`] before it is drawn: escapes are shown, not obeyed.

pub(crate) mod app;
pub mod desk;
pub(crate) mod draw;
pub mod json;
pub mod keys;
pub mod ledger;
pub(crate) mod paint;
pub mod pictures;
mod pieces;
pub mod rows;
pub mod run;
pub(crate) mod screen;
mod signals;
pub mod text;
pub mod theme;
pub(crate) mod views;
