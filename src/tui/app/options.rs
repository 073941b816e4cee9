//! How the UI is started, and what it needs of the program around it.

use std::{pin::Pin, sync::Arc};

use crate::tui::{keys::Keys, theme::Theme};

/// How it was started.
#[derive(Clone, Debug)]
pub struct Options {
    /// Colours and glyphs.
    pub theme: Theme,
    /// The mouse is listened to.
    pub mouse: bool,
    /// Keys, as the user bound them.
    pub keys: Keys,
    /// Where stderr goes while the screen is up; the tail of it, for `:log`.
    pub log: Option<Log>,
    /// The user's editor.
    pub editor: Option<Editor>,
    /// What is said at first.
    pub greeting: Option<String>,
}

/// A text on its way through an editor: what comes back, or why nothing does.
pub type Editing = Pin<Box<dyn Future<Output = Result<String, String>> + Send>>;

/// Starts the user's editor on a text. The terminal is given back before, and what the future holds is
/// ended with it.
#[derive(Clone)]
pub struct Editor(pub Arc<dyn Fn(String) -> Editing + Send + Sync>);

impl std::fmt::Debug for Editor {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Editor")
    }
}

/// wiretape's own log: what the program says while nobody could read it.
#[derive(Clone)]
pub struct Log {
    /// The file, open to write.
    #[cfg(unix)]
    pub file: Arc<std::os::fd::OwnedFd>,
    /// Its end, as text. It may block.
    pub tail: Arc<dyn Fn() -> String + Send + Sync>,
}

impl std::fmt::Debug for Log {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Log")
    }
}
