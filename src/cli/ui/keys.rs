//! `keys.toml` in the home: an action's name, and the key or keys that it has.

use std::{collections::BTreeMap, io, path::Path};

use anyhow::{Context as _, anyhow};
use serde::Deserialize;

use crate::tui::keys::Keys;

/// One key, or several; none unbinds.
#[derive(Deserialize)]
#[serde(untagged)]
enum Bound {
    One(String),
    Many(Vec<String>),
}

/// The table of keys with the user's changes; a file that is not there changes nothing.
pub(super) fn read(file: &Path) -> anyhow::Result<Keys> {
    let text = match std::fs::read_to_string(file) {
        Ok(text) => text,
        Err(why) if why.kind() == io::ErrorKind::NotFound => return Ok(Keys::default()),
        Err(why) => return Err(why).with_context(|| file.display().to_string()),
    };
    parse(&text).with_context(|| file.display().to_string())
}

fn parse(text: &str) -> anyhow::Result<Keys> {
    let bound: BTreeMap<String, Bound> = toml::from_str(text).map_err(|error| {
        anyhow!("{error}hint: a line is `name = \"key\"` or `name = [\"key\", \"key\"]`")
    })?;
    let changes = bound.iter().map(|(name, bound)| {
        let keys = match bound {
            Bound::One(key) => vec![key.clone()],
            Bound::Many(keys) => keys.clone(),
        };
        (name.as_str(), keys)
    });
    Ok(Keys::changed(changes)?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tui::keys::Action;

    #[test]
    fn a_file_binds_one_key_or_several() {
        let keys = parse("follow = [\"^g\", \"F\"]\nmark = \"M\"").expect("well");
        assert_eq!(keys.key_of(Action::Follow), Some("^g"));
        assert_eq!(keys.key_of(Action::Mark), Some("M"));
    }

    #[test]
    fn a_conflict_names_both() {
        let error = format!("{:#}", parse("mark = \"s\"").expect_err("taken"));
        assert!(error.contains("`s` is bound to `sort` and to `mark`"), "{error}");
        assert!(parse("follow = 3").expect_err("no key").to_string().contains("hint: "));
    }
}
