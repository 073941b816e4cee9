//! Command lines for people and for the system's shell: `sh`, on Windows PowerShell.

use std::process::Command;

/// One word as a person would type it.
pub(super) fn quoted(word: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_./:=@%+,".contains(c);
    if !word.is_empty() && word.chars().all(plain) {
        return word.to_owned();
    }
    let escaped = if cfg!(windows) { "''" } else { r"'\''" };
    format!("'{}'", word.replace('\'', escaped))
}

/// A command as a person would type it.
pub(super) fn shown(command: &[String]) -> String {
    command.iter().map(|word| quoted(word)).collect::<Vec<_>>().join(" ")
}

/// What runs a line as it was shown.
pub(super) fn running(line: &str) -> Command {
    let (shell, flags) =
        if cfg!(windows) { ("powershell", "-NoProfile -Command") } else { ("sh", "-c") };
    let mut command = Command::new(shell);
    command.args(flags.split(' ')).arg(line);
    command
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    #[test]
    fn the_shell_reads_back_what_was_quoted() {
        for word in ["", "plain-1.2/x", "a b", "it's", "$HOME `x` \"y\" \\ *"] {
            let output = running(&format!("printf %s {}", quoted(word))).output().expect("sh runs");
            assert_eq!(String::from_utf8_lossy(&output.stdout), word);
        }
        assert_eq!(quoted("plain-1.2/x"), "plain-1.2/x");
    }
}
