//! Secrets that the environment knows: who exports a recording often has its credentials there.

use std::{env, ffi::OsString};

/// The word of their placeholder.
pub(crate) const KIND: &str = "environment";

/// A variable with one of these in its name holds a secret.
const WORDS: [&str; 3] = ["token", "secret", "key"];

/// What is shorter stands anywhere by accident.
const SHORTEST: usize = 8;

/// The values of variables whose names look like token, secret or key.
pub(crate) fn secrets() -> Vec<Vec<u8>> {
    among(env::vars_os())
}

fn among(variables: impl Iterator<Item = (OsString, OsString)>) -> Vec<Vec<u8>> {
    let mut secrets: Vec<Vec<u8>> = variables
        .filter(|(name, _)| {
            let name = name.to_string_lossy().to_ascii_lowercase();
            WORDS.iter().any(|word| name.contains(word))
        })
        .map(|(_, value)| value.into_encoded_bytes().trim_ascii().to_vec())
        .filter(|value| value.len() >= SHORTEST)
        .collect();
    secrets.sort();
    secrets.dedup();
    secrets
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_names_that_look_like_secrets_and_values_that_are_long() {
        let variables = [
            ("GITHUB_TOKEN", "fake-token-1"),
            ("MY_SECRET", "plainword"),
            ("ApiKey", " fake-key-9\n"),
            ("OTHER_KEY", "short"),
            ("HOME", "/home/somebody"),
            ("COPY_TOKEN", "fake-token-1"),
        ];
        let variables = variables.map(|(name, value)| (name.into(), value.into()));
        let found = among(variables.into_iter());
        assert_eq!(found, [&b"fake-key-9"[..], b"fake-token-1", b"plainword"]);
    }
}
