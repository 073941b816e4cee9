//! A place within a JSON text.

/// How deep paths are told; what lies deeper is told by the path to this depth.
const DEPTH_CAP: usize = 128;

/// How much of a key a path tells, in characters; what is longer is cut, and the path leads
/// nowhere.
const KEY_CAP: usize = 512;

/// One step of a path.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Step {
    Key(String),
    Index(usize),
}

/// Where a walk is.
#[derive(Debug, Default)]
pub(super) struct Path {
    steps: Vec<Step>,
    /// Levels below the deepest step that is told.
    below: usize,
}

impl Path {
    /// A bracket or a comma; anything else says nothing of the place.
    pub(super) fn pass(&mut self, byte: u8) {
        match byte {
            b'{' => self.enter(Step::Key(String::new())),
            b'[' => self.enter(Step::Index(0)),
            b'}' | b']' if self.below > 0 => self.below -= 1,
            b'}' | b']' => drop(self.steps.pop()),
            b',' => {
                if let (0, Some(Step::Index(index))) = (self.below, self.steps.last_mut()) {
                    *index += 1;
                }
            }
            _ => {}
        }
    }

    fn enter(&mut self, step: Step) {
        if self.steps.len() < DEPTH_CAP { self.steps.push(step) } else { self.below += 1 }
    }

    /// The innermost thing is an object, as far as paths tell.
    pub(super) fn is_in_object(&self) -> bool {
        self.below > 0 || matches!(self.steps.last(), Some(Step::Key(_)))
    }

    pub(super) fn name(&mut self, key: &str) {
        if let (0, Some(Step::Key(name))) = (self.below, self.steps.last_mut()) {
            name.clear();
            name.extend(key.chars().take(KEY_CAP));
        }
    }

    /// The steps, where they lead to the place itself.
    pub(super) fn steps(&self) -> Option<&[Step]> {
        (self.below == 0).then_some(&self.steps)
    }

    /// The key that the place stands under; none in an array.
    pub(super) fn key(&self) -> Option<&str> {
        match self.steps.last() {
            Some(Step::Key(key)) if self.below == 0 => Some(key),
            _ => None,
        }
    }

    /// The key of the object or array that the place stands in.
    pub(super) fn outer_key(&self) -> Option<&str> {
        match self.steps.iter().rev().nth(1) {
            Some(Step::Key(key)) if self.below == 0 => Some(key),
            _ => None,
        }
    }

    /// The path begins with these keys.
    pub(super) fn is_under(&self, keys: &[&str]) -> bool {
        self.steps.len() >= keys.len()
            && self.steps.iter().zip(keys).all(|(step, key)| match step {
                Step::Key(name) => name == key,
                Step::Index(_) => false,
            })
    }

    /// The path is these keys.
    pub(super) fn is(&self, keys: &[&str]) -> bool {
        self.below == 0 && self.steps.len() == keys.len() && self.is_under(keys)
    }

    /// RFC 6901.
    pub(super) fn pointer(&self) -> String {
        pointer(&self.steps)
    }
}

/// RFC 6901.
pub(super) fn pointer(steps: &[Step]) -> String {
    let mut pointer = String::new();
    for step in steps {
        pointer.push('/');
        match step {
            Step::Key(key) => pointer.push_str(&key.replace('~', "~0").replace('/', "~1")),
            Step::Index(index) => pointer.push_str(&index.to_string()),
        }
    }
    pointer
}
