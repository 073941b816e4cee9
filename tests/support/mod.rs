//! What several tests need: wiretape as a process, and origins and clients that do as they are told.

pub(crate) mod origin;
pub(crate) mod wiretape;
