//! Whether there is a terminal to draw on, and whether in colour.

use std::{
    ffi::OsString,
    io::{self, IsTerminal as _},
};

use crate::cli::args::Color;

/// A terminal that understands escapes, with a keyboard.
pub(in crate::cli) fn is_there() -> bool {
    io::stdout().is_terminal() && !is_dumb(&|name| std::env::var_os(name)) && has_keys()
}

fn is_dumb(env: &dyn Fn(&str) -> Option<OsString>) -> bool {
    cfg!(unix) && env("TERM").is_none_or(|term| term.is_empty() || term == "dumb")
}

/// Keys come from the terminal even where stdin is a pipe.
fn has_keys() -> bool {
    io::stdin().is_terminal() || (cfg!(unix) && std::fs::File::open("/dev/tty").is_ok())
}

/// The flag, then `NO_COLOR`, then `CLICOLOR_FORCE`, then what the terminal is (tui.md §1).
pub(super) fn colours(flag: Color, env: &dyn Fn(&str) -> Option<OsString>) -> bool {
    let set = |name: &str| env(name).is_some_and(|value| !value.is_empty());
    match flag {
        Color::Always => true,
        Color::Never => false,
        Color::Auto if set("NO_COLOR") => false,
        Color::Auto if set("CLICOLOR_FORCE") && env("CLICOLOR_FORCE") != Some("0".into()) => true,
        Color::Auto => !is_dumb(env),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_flag_goes_before_the_environment() {
        let table = [
            (Color::Auto, "", true),
            (Color::Auto, "NO_COLOR=1", false),
            (Color::Auto, "NO_COLOR=", true),
            (Color::Auto, "NO_COLOR=1 CLICOLOR_FORCE=1", false),
            (Color::Auto, "CLICOLOR_FORCE=1 TERM=dumb", true),
            (Color::Auto, "CLICOLOR_FORCE=0 TERM=dumb", cfg!(windows)),
            (Color::Always, "NO_COLOR=1 TERM=dumb", true),
            (Color::Never, "CLICOLOR_FORCE=1", false),
        ];
        for (flag, variables, colour) in table {
            let env = |name: &str| {
                let all = format!("TERM=xterm {variables}");
                let mut set = all.split(' ').filter_map(|one| one.split_once('='));
                set.rfind(|(known, _)| *known == name).map(|(_, value)| value.into())
            };
            assert_eq!(colours(flag, &env), colour, "{flag:?} {variables}");
        }
    }
}
