//! What several tests need: wiretape as a process, and origins and clients that do as they are told.

pub(crate) mod houses;
pub(crate) mod origin;
pub(crate) mod secrets;
pub(crate) mod sources;
pub(crate) mod stories;
pub(crate) mod talk;
pub(crate) mod tapes;
pub(crate) mod terminal;
pub(crate) mod wiretape;
