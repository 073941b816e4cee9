//! Where a walk stands: one buffer that grows and shrinks, not a text for each value.

use std::fmt::Write as _;

use super::volatile::step;

/// A place in a message.
#[derive(Debug, Default)]
pub(super) struct Path {
    exact: String,
    /// With `*` for the places of arrays: what is listed of places is the same whatever the length
    /// and order of lists.
    general: String,
}

/// Where it stood before.
#[derive(Clone, Copy)]
pub(super) struct Mark(usize, usize);

impl Path {
    /// RFC 6901.
    pub(super) fn exact(&self) -> &str {
        &self.exact
    }

    /// Its last step, as a path has it.
    pub(super) fn last(&self) -> &str {
        self.exact.rsplit_once('/').map_or("", |(_, last)| last)
    }

    /// For lists of places.
    pub(super) fn general(&self) -> &str {
        &self.general
    }

    /// Into a member of an object.
    pub(super) fn key(&mut self, key: &str) -> Mark {
        let (mark, step) = (self.mark(), step(key));
        for path in [&mut self.exact, &mut self.general] {
            path.push('/');
            path.push_str(&step);
        }
        mark
    }

    /// Into an element of an array.
    pub(super) fn index(&mut self, place: usize) -> Mark {
        let mark = self.mark();
        // Writing to a text cannot fail.
        let _ = write!(self.exact, "/{place}");
        self.general.push_str("/*");
        mark
    }

    /// Back to where it stood.
    pub(super) fn back(&mut self, mark: Mark) {
        self.exact.truncate(mark.0);
        self.general.truncate(mark.1);
    }

    fn mark(&self) -> Mark {
        Mark(self.exact.len(), self.general.len())
    }
}
