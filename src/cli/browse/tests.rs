//! The desk over every tape in `captures/`.
