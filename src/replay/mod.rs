//! What was recorded, against what is: pure parts first.
//!
//! `compare` holds the calls of one session against those of another. It rests on
//! [`crate::protocol`], which tells sessions, and does no IO.

pub mod compare;
