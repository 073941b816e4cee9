//! The config file: read, parsed and checked so that an error names file, line and key.

use std::{
    fs::File,
    io::{self, Read},
    path::Path,
};

use super::{ConfigFile, SettingsError, Typed, layer::Layer};

/// The longest config file; a longer one is refused.
const MAX_FILE: u64 = 1 << 20;

/// Reads `config.toml` (`Home::config`). None: there is none.
///
/// # Errors
///
/// A file that cannot be read, or a line that is not understood.
pub fn read_file(path: &Path) -> Result<Option<ConfigFile>, SettingsError> {
    let unreadable = |source| SettingsError::Unreadable { path: path.to_path_buf(), source };
    let file = match File::open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(unreadable(error)),
    };
    let mut text = String::new();
    file.take(MAX_FILE + 1).read_to_string(&mut text).map_err(unreadable)?;
    if text.len() as u64 > MAX_FILE {
        return Err(unreadable(io::ErrorKind::FileTooLarge.into()));
    }
    parse(path, &text).map(Some)
}

/// Relative paths in the file are under its folder, the home.
pub(super) fn parse(path: &Path, text: &str) -> Result<ConfigFile, SettingsError> {
    let typed: Typed = toml::from_str(text).map_err(|error| {
        let start = error.span().map_or(0, |span| span.start);
        wrong(path, text, line_at(text, start), None, error.message())
    })?;
    let base = path.parent().unwrap_or(Path::new(""));
    let layer = Layer::check(&typed, base).map_err(|error| {
        let problem = format!("`{}`: {}", error.value, error.problem);
        wrong(path, text, line_of(text, error.flag), Some(error.flag), &problem)
    })?;
    Ok(ConfigFile { layer })
}

fn wrong(path: &Path, text: &str, line: usize, key: Option<&str>, problem: &str) -> SettingsError {
    let in_line = || text.lines().nth(line.saturating_sub(1)).map(key_in).unwrap_or_default();
    SettingsError::File {
        path: path.to_path_buf(),
        line,
        key: key.map_or_else(|| in_line().to_owned(), str::to_owned),
        problem: problem.trim_end().to_owned(),
    }
}

/// The line, from 1, of a byte offset.
fn line_at(text: &str, offset: usize) -> usize {
    text.bytes().take(offset).filter(|byte| *byte == b'\n').count() + 1
}

/// The line, from 1, that sets a key: there is one, since its value was read.
fn line_of(text: &str, key: &str) -> usize {
    text.lines().position(|line| key_in(line) == key).map_or(1, |index| index + 1)
}

fn key_in(line: &str) -> &str {
    let key = line.split_once('=').map_or(line, |(key, _)| key);
    key.trim().trim_matches(['"', '\''])
}
