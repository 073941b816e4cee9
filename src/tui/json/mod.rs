//! A JSON text as a tree of places: where each value begins, how deep it lies and what it is. The
//! text itself is neither copied nor turned into values, so numbers and ids keep their spelling, a
//! body of ten megabytes is indexed once in a few steps, and only the lines that are seen are ever
//! put into words (tui.md §1). No recursion: depth costs one entry of a list a level.

mod index;
mod read;
#[cfg(test)]
mod tests;

pub use index::{Fault, Index, Indexer, Node, Nodes};
pub use read::{JsonKind, path, unescape, value_end, value_start};
