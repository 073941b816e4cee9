//! The one table of keys: dispatch, hints, help and `:keys` are made of it, so they cannot disagree.
//! tui.md §8 is its source. No counts and no chords: no key ever waits. No letter is bound with Alt
//! (an Escape before it reads the same).

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};

/// What a key does. Each view says what it makes of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Action {
    /// One row down.
    Down,
    /// One row up.
    Up,
    /// The first row.
    First,
    /// The last row; following goes on.
    Last,
    /// Half a page down.
    HalfDown,
    /// Half a page up.
    HalfUp,
    /// A page down.
    PageDown,
    /// A page up.
    PageUp,
    /// Fold, or scroll to the left.
    Left,
    /// Unfold, or scroll to the right.
    Right,
    /// Open or zoom.
    Open,
    /// Close an overlay, clear the search, clear the filter, go back; never quits.
    Escape,
    /// Go back; at the root quit.
    Quit,
    /// Cancel a job; twice quits.
    Interrupt,
    /// Next pane.
    NextPane,
    /// Previous pane.
    PreviousPane,
    /// Next tab of the detail.
    NextTab,
    /// Previous tab.
    PreviousTab,
    /// Next row from inside the detail.
    NextRow,
    /// Previous row likewise.
    PreviousRow,
    /// Search.
    Search,
    /// Next hit.
    NextHit,
    /// Previous hit.
    PreviousHit,
    /// Edit the filter.
    Filter,
    /// Follow on or off.
    Follow,
    /// Pause painting.
    Pause,
    /// The view of this number, from 1.
    View(u8),
    /// The command palette.
    Palette,
    /// Help.
    Help,
    /// The sort menu.
    Sort,
    /// Columns.
    Columns,
    /// Time format.
    Time,
    /// Capabilities.
    Capabilities,
    /// Paint everything anew.
    Repaint,
    /// Suspend the program.
    Suspend,
    /// Delete the session.
    Delete,
    /// Zoom the pane.
    Zoom,
    /// Flip the split.
    Split,
    /// Fold or unfold the node.
    Fold,
    /// Fold all.
    FoldAll,
    /// Unfold all.
    UnfoldAll,
    /// Pretty, raw, hex, SSE.
    Form,
    /// Wrap long lines.
    Wrap,
    /// The diff's layout.
    Layout,
    /// The copy menu.
    Copy,
    /// The export menu.
    Export,
    /// Replay the call.
    Replay,
    /// Replay the session.
    ReplaySession,
    /// Edit the request of the call, then send it.
    Edit,
    /// Where the value under the cursor comes from and goes to.
    Trace,
    /// Diff with the mark or with what was recorded.
    Diff,
    /// Mark the row.
    Mark,
    /// The next mark.
    NextMark,
    /// Options of this view.
    Options,
    /// The paired or parent call.
    Jump,
    /// The next problem.
    NextProblem,
    /// Ignore this path from now on.
    Ignore,
    /// Accept as the baseline.
    Accept,
}

/// One line of the table.
#[derive(Clone, Copy, Debug)]
pub struct Binding {
    /// The keys, as help spells them.
    pub keys: &'static [&'static str],
    /// What they do.
    pub action: Action,
    /// In one word: `:keys`, `keys.toml`.
    pub name: &'static str,
    /// In a few: help.
    pub about: &'static str,
    /// In a hint: the shortest.
    pub hint: &'static str,
}

const fn bind(
    keys: &'static [&'static str],
    action: Action,
    name: &'static str,
    about: &'static str,
    hint: &'static str,
) -> Binding {
    Binding { keys, action, name, about, hint }
}

/// All bindings (tui.md §8).
pub const BINDINGS: &[Binding] = &[
    bind(&["j", "Down"], Action::Down, "down", "one row down", "down"),
    bind(&["k", "Up"], Action::Up, "up", "one row up; following stops", "up"),
    bind(&["g", "Home"], Action::First, "first", "first row", "first"),
    bind(&["G", "End"], Action::Last, "last", "last row; following goes on", "last"),
    bind(&["^d"], Action::HalfDown, "half-down", "half a page down", "half page"),
    bind(&["^u"], Action::HalfUp, "half-up", "half a page up", "half page"),
    bind(&["^f", "PgDn"], Action::PageDown, "page-down", "a page down", "page"),
    bind(&["^b", "PgUp"], Action::PageUp, "page-up", "a page up", "page"),
    bind(&["h", "Left"], Action::Left, "left", "fold, or scroll to the left", "fold"),
    bind(&["l", "Right"], Action::Right, "right", "unfold, or scroll to the right", "unfold"),
    bind(&["Enter"], Action::Open, "open", "open, zoom", "open"),
    bind(&["Esc"], Action::Escape, "escape", "close, clear search, clear filter, back", "back"),
    bind(&["q"], Action::Quit, "quit", "back; at the root quit", "quit"),
    bind(&["^c"], Action::Interrupt, "interrupt", "cancel a job; twice quits", "cancel"),
    bind(&["Tab"], Action::NextPane, "next-pane", "next pane", "pane"),
    bind(&["S-Tab"], Action::PreviousPane, "previous-pane", "previous pane", "pane"),
    bind(&["]"], Action::NextTab, "next-tab", "next tab of the detail", "tab"),
    bind(&["["], Action::PreviousTab, "previous-tab", "previous tab of the detail", "tab"),
    bind(&["J"], Action::NextRow, "next-row", "next row from inside the detail", "next"),
    bind(&["K"], Action::PreviousRow, "previous-row", "previous row likewise", "previous"),
    bind(&["/"], Action::Search, "search", "search in names and bodies", "search"),
    bind(&["n"], Action::NextHit, "next-hit", "next hit", "next hit"),
    bind(&["N"], Action::PreviousHit, "previous-hit", "previous hit", "previous hit"),
    bind(&["f"], Action::Filter, "filter", "edit the filter (Esc restores)", "filter"),
    bind(&["F"], Action::Follow, "follow", "follow what comes, on and off", "follow"),
    bind(&["p"], Action::Pause, "pause", "pause painting; recording goes on", "pause"),
    bind(&["1"], Action::View(1), "sessions", "sessions", "sessions"),
    bind(&["2"], Action::View(2), "calls", "calls", "calls"),
    bind(&["3"], Action::View(3), "sequence", "sequence diagram", "sequence"),
    bind(&["4"], Action::View(4), "timeline", "timeline", "timeline"),
    bind(&["5"], Action::View(5), "catalogue", "tools, resources, prompts", "catalogue"),
    bind(&["6"], Action::View(6), "problems", "problems", "problems"),
    bind(&["7"], Action::View(7), "latency", "latency", "latency"),
    bind(&["8"], Action::View(8), "diffs", "replays and diffs", "diffs"),
    bind(&[":"], Action::Palette, "palette", "commands, `:12` jumps to row 12", "cmd"),
    bind(&["?", "F1"], Action::Help, "help", "this help", "help"),
    bind(&["s"], Action::Sort, "sort", "sort", "sort"),
    bind(&["C"], Action::Columns, "columns", "columns", "columns"),
    bind(&["t"], Action::Time, "time", "time format", "time"),
    bind(&["c"], Action::Capabilities, "capabilities", "capabilities", "capabilities"),
    bind(&["^l"], Action::Repaint, "repaint", "paint everything anew", "repaint"),
    bind(&["^z"], Action::Suspend, "suspend", "suspend", "suspend"),
    bind(&["D"], Action::Delete, "delete", "delete the session (asks)", "delete"),
    bind(&["z"], Action::Zoom, "zoom", "zoom the pane", "zoom"),
    bind(&["|"], Action::Split, "split", "flip the split", "split"),
    bind(&["Space"], Action::Fold, "fold", "fold or unfold the node", "fold"),
    bind(&["-"], Action::FoldAll, "fold-all", "fold all", "fold all"),
    bind(&["="], Action::UnfoldAll, "unfold-all", "unfold all", "unfold all"),
    bind(&["v"], Action::Form, "form", "pretty, raw, hex", "raw"),
    bind(&["w"], Action::Wrap, "wrap", "wrap long lines", "wrap"),
    bind(&["u"], Action::Layout, "layout", "layout of the diff", "layout"),
    bind(&["y"], Action::Copy, "copy", "copy (by the terminal: OSC 52)", "copy"),
    bind(&["e"], Action::Export, "export", "export", "export"),
    bind(&["r"], Action::Replay, "replay", "replay the call (preview first)", "replay"),
    bind(&["R"], Action::ReplaySession, "replay-session", "replay the session", "replay"),
    bind(&["^e"], Action::Edit, "edit", "edit the request in $EDITOR, then resend it", "edit"),
    bind(&["T"], Action::Trace, "trace", "where this value comes from and goes to", "trace"),
    bind(&["d"], Action::Diff, "diff", "diff with the mark, or with what was recorded", "diff"),
    bind(&["m"], Action::Mark, "mark", "mark the row", "mark"),
    bind(&["'"], Action::NextMark, "next-mark", "next mark", "next mark"),
    bind(&["o"], Action::Options, "options", "options of this view", "options"),
    bind(&["x"], Action::Jump, "jump", "the paired or parent call", "parent"),
    bind(&["E"], Action::NextProblem, "next-problem", "next problem", "next problem"),
    bind(&["i"], Action::Ignore, "ignore", "diff: ignore this path", "ignore path"),
    bind(&["a"], Action::Accept, "accept", "diff: accept as the baseline", "accept"),
];

/// A key as the table spells it; none for what no binding can name.
#[must_use]
pub fn spell(key: &KeyEvent) -> Option<String> {
    let control = key.modifiers.contains(KeyModifiers::CONTROL);
    let shift = key.modifiers.contains(KeyModifiers::SHIFT);
    if key.modifiers.contains(KeyModifiers::ALT) {
        return None;
    }
    let name = match key.code {
        KeyCode::Char(' ') => "Space".to_owned(),
        KeyCode::Char(c) if control => format!("^{}", c.to_ascii_lowercase()),
        KeyCode::Char(c) => c.to_string(),
        KeyCode::Enter => "Enter".to_owned(),
        KeyCode::Esc => "Esc".to_owned(),
        KeyCode::BackTab => "S-Tab".to_owned(),
        KeyCode::Tab if shift => "S-Tab".to_owned(),
        KeyCode::Tab => "Tab".to_owned(),
        KeyCode::Up => "Up".to_owned(),
        KeyCode::Down => "Down".to_owned(),
        KeyCode::Left => "Left".to_owned(),
        KeyCode::Right => "Right".to_owned(),
        KeyCode::Home => "Home".to_owned(),
        KeyCode::End => "End".to_owned(),
        KeyCode::PageUp => "PgUp".to_owned(),
        KeyCode::PageDown => "PgDn".to_owned(),
        KeyCode::F(n) => format!("F{n}"),
        _ => return None,
    };
    Some(name)
}

/// The keys as they are bound: the table, changed by the user's `keys.toml`.
#[derive(Clone, Debug)]
pub struct Keys {
    bound: Vec<(String, Action)>,
}

impl Default for Keys {
    fn default() -> Self {
        let bound = BINDINGS
            .iter()
            .flat_map(|binding| binding.keys.iter().map(|key| ((*key).to_owned(), binding.action)))
            .collect();
        Self { bound }
    }
}

impl Keys {
    /// The table with changes: an action's name, and the keys that it has from now on.
    ///
    /// # Errors
    ///
    /// A name or a key that there is not; a key with two actions, which are both named.
    pub fn changed<'a>(
        changes: impl IntoIterator<Item = (&'a str, Vec<String>)>,
    ) -> Result<Self, KeysError> {
        let mut table = Self::default();
        for (name, keys) in changes {
            let known = BINDINGS.iter().find(|binding| binding.name == name);
            let Some(binding) = known else { return Err(KeysError::Name(name.to_owned())) };
            if let Some(key) = keys.iter().find(|key| !can_be_spelt(key)) {
                return Err(KeysError::Key { key: key.clone(), name: binding.name });
            }
            if keys.is_empty() && binding.action == Action::Interrupt {
                return Err(KeysError::WayOut);
            }
            // In the place of the old ones: the first key is the one that hints show.
            let old = table.bound.iter().position(|(_, action)| *action == binding.action);
            table.bound.retain(|(_, action)| *action != binding.action);
            let place = old.unwrap_or(table.bound.len());
            let new = keys.into_iter().map(|key| (key, binding.action));
            table.bound.splice(place..place, new);
        }
        for (place, (key, action)) in table.bound.iter().enumerate() {
            let twice = table.bound.iter().skip(place + 1).find(|(other, _)| other == key);
            if let Some((_, other)) = twice {
                let (first, second) = (name_of(*action), name_of(*other));
                return Err(KeysError::Twice { key: key.clone(), first, second });
            }
        }
        Ok(table)
    }

    /// `wiretape/key/1`, one a line.
    #[must_use]
    pub fn json_lines(&self) -> String {
        let line = |(binding, keys): (&Binding, Vec<&str>)| {
            let (name, about) = (binding.name, binding.about);
            serde_json::json!({
                "schema": "wiretape/key/1", "name": name, "keys": keys, "about": about,
            })
            .to_string()
        };
        self.all().map(line).collect::<Vec<_>>().join("\n")
    }

    /// What a key does.
    #[must_use]
    pub fn action(&self, key: &KeyEvent) -> Option<Action> {
        let name = spell(key)?;
        self.bound.iter().find(|(bound, _)| *bound == name).map(|(_, action)| *action)
    }

    /// The first key of an action, as hints show it; none where the user unbound it.
    #[must_use]
    pub fn key_of(&self, action: Action) -> Option<&str> {
        self.bound.iter().find(|(_, bound)| *bound == action).map(|(key, _)| key.as_str())
    }

    /// All keys with what they do, in the table's order.
    pub fn all(&self) -> impl Iterator<Item = (&Binding, Vec<&str>)> {
        BINDINGS.iter().map(|binding| {
            let of = |(key, action): &'_ &(String, Action)| {
                let _ = key;
                *action == binding.action
            };
            (binding, self.bound.iter().filter(of).map(|(key, _)| key.as_str()).collect())
        })
    }
}

/// Why keys cannot be bound so.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum KeysError {
    /// There is no such action.
    #[error("no action is called `{0}`\nhint: `wiretape open --keys` lists all")]
    Name(String),
    /// No key is spelt so.
    #[error(
        "`{key}`, for `{name}`, is no key\nhint: a character, `^x` for Ctrl-x, or one of Enter, Esc, \
         Tab, S-Tab, Space, Up, Down, Left, Right, Home, End, PgUp, PgDn, F1 to F12"
    )]
    Key {
        /// As it was written.
        key: String,
        /// The action.
        name: &'static str,
    },
    /// Two actions have one key.
    #[error("`{key}` is bound to `{first}` and to `{second}`\nhint: give one of them another key")]
    Twice {
        /// The key.
        key: String,
        /// An action.
        first: &'static str,
        /// Another.
        second: &'static str,
    },
    /// Nothing would end the program.
    #[error("`interrupt` needs a key: it is the way out\nhint: leave it `^c`")]
    WayOut,
}

fn name_of(action: Action) -> &'static str {
    BINDINGS.iter().find(|binding| binding.action == action).map_or("", |binding| binding.name)
}

/// Whether [`spell`] ever says so.
fn can_be_spelt(key: &str) -> bool {
    const NAMED: [&str; 13] = [
        "Enter", "Esc", "Tab", "S-Tab", "Space", "Up", "Down", "Left", "Right", "Home", "End",
        "PgUp", "PgDn",
    ];
    let mut chars = key.chars();
    let one = match (chars.next(), chars.next(), chars.next()) {
        (Some(c), None, _) => !c.is_control() && c != ' ',
        // What a terminal sends for Ctrl with other characters is another key's.
        (Some('^'), Some(c), None) => c.is_ascii_lowercase() && !"ijm[".contains(c),
        _ => false,
    };
    let function = key.strip_prefix('F').and_then(|n| n.parse::<u8>().ok());
    one || NAMED.contains(&key) || function.is_some_and(|n| (1..=12).contains(&n))
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn no_key_is_bound_twice_and_no_name_used_twice() {
        let keys: Vec<_> = BINDINGS.iter().flat_map(|binding| binding.keys).collect();
        assert_eq!(keys.iter().collect::<HashSet<_>>().len(), keys.len());
        let names: HashSet<_> = BINDINGS.iter().map(|binding| binding.name).collect();
        assert_eq!(names.len(), BINDINGS.len());
    }

    fn change(name: &'static str, keys: &[&str]) -> Result<Keys, KeysError> {
        Keys::changed([(name, keys.iter().map(|key| (*key).to_owned()).collect())])
    }

    #[test]
    fn a_user_binds_keys_otherwise() {
        let keys = change("follow", &["^g", "F"]).expect("free keys");
        assert_eq!(keys.key_of(Action::Follow), Some("^g"));
        let press = KeyEvent::new(KeyCode::Char('g'), KeyModifiers::CONTROL);
        assert_eq!(keys.action(&press), Some(Action::Follow));
        assert_eq!(change("mark", &[]).expect("unbound").key_of(Action::Mark), None);
    }

    #[test]
    fn what_cannot_be_bound_says_why() {
        let twice = change("follow", &["p"]).expect_err("taken").to_string();
        assert!(twice.starts_with("`p` is bound to `follow` and to `pause`"), "{twice}");
        assert_eq!(change("fly", &["p"]).err(), Some(KeysError::Name("fly".to_owned())));
        for wrong in ["Ctrl-g", "^", "^G", "^i", "ab", "", " ", "F13", "M-x"] {
            assert_eq!(change("follow", &[wrong]).is_err(), wrong != "^", "{wrong}");
        }
        assert_eq!(change("interrupt", &[]).err(), Some(KeysError::WayOut));
    }

    #[test]
    fn every_key_of_the_table_can_be_written_down() {
        for key in BINDINGS.iter().flat_map(|binding| binding.keys) {
            assert!(can_be_spelt(key), "{key}");
        }
    }
}
