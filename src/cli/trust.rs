//! The texts of `certs/`, embedded: how a system or a client comes to trust an authority, and how
//! that is undone. Their form is told in `certs/README.md`, and `tls` tests every file against it.
//!
//! This only reads them and fills in the placeholders; `ca` runs commands, `doctor` prints.

use std::{
    fs,
    path::{Path, PathBuf},
};

use anyhow::Context as _;

use super::{shell::quoted, system_proxy::DEFAULT_PROXY};
use crate::{
    recorder::home::Home,
    tls::{Authority, bundle_pem},
};

/// PEM of the system's roots and our own, in the home's folder of certificates.
const BUNDLE: &str = "bundle.pem";

/// The text of this system, which `ca` follows.
pub(super) const SYSTEM: &str = if cfg!(target_os = "macos") {
    include_str!("../../certs/macos.txt")
} else if cfg!(windows) {
    include_str!("../../certs/windows.txt")
} else {
    include_str!("../../certs/linux.txt")
};

/// The texts of clients, by the name that `doctor`'s table gives them.
pub(super) fn of_client(name: &str) -> Option<&'static str> {
    Some(match name {
        "bun" | "claude-code" => include_str!("../../certs/bun.txt"),
        "curl" => include_str!("../../certs/curl.txt"),
        "deno" => include_str!("../../certs/deno.txt"),
        "dotnet" => include_str!("../../certs/dotnet.txt"),
        "electron" | "claude-desktop" => include_str!("../../certs/electron.txt"),
        "browser" => include_str!("../../certs/nss.txt"),
        "go" => include_str!("../../certs/go.txt"),
        "java" => include_str!("../../certs/java.txt"),
        "node20" | "node22" | "node24" | "typescript-sdk" => include_str!("../../certs/node.txt"),
        "python" => include_str!("../../certs/python.txt"),
        "rust" => include_str!("../../certs/rust.txt"),
        _ => return None,
    })
}

/// What a section holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// Commands that tell whether the authority is trusted.
    Check,
    /// Variables for one program or shell.
    Env,
    /// Commands that trust the authority.
    Install,
    /// Prose.
    Note,
    /// Commands that undo the trust.
    Uninstall,
}

/// One section of a text.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Section {
    pub(super) kind: Kind,
    /// Where this path exists; none: everywhere.
    place: Option<&'static Path>,
    /// Commands, variables or lines of prose.
    pub(super) lines: Vec<&'static str>,
}

/// Whom a text is for.
pub(super) fn whom(text: &'static str) -> &'static str {
    text.lines().next().unwrap_or_default()
}

/// The sections of a text that hold on this machine, in their order.
pub(super) fn sections(text: &'static str, exists: impl Fn(&Path) -> bool) -> Vec<Section> {
    let mut sections: Vec<Section> = Vec::new();
    for line in text.lines().skip(1).filter(|line| !line.is_empty()) {
        if let Some(section) = head(line) {
            sections.push(section);
        } else if let Some(section) = sections.last_mut() {
            section.lines.push(line.trim_start());
        }
    }
    sections.retain(|section| section.place.is_none_or(&exists));
    sections
}

/// `[install /some/path] for whom`.
fn head(line: &'static str) -> Option<Section> {
    let (head, _whom) = line.strip_prefix('[')?.split_once(']')?;
    let (word, place) = head.split_once(' ').map_or((head, None), |(word, at)| (word, Some(at)));
    let kind = match word {
        "check" => Kind::Check,
        "env" => Kind::Env,
        "install" => Kind::Install,
        "note" => Kind::Note,
        "uninstall" => Kind::Uninstall,
        _ => return None,
    };
    Some(Section { kind, place: place.map(Path::new), lines: Vec::new() })
}

/// Writes the bundle anew, for the system's roots change, and tells where it is.
pub(super) fn write_bundle(authority: &Authority, home: &Home) -> anyhow::Result<PathBuf> {
    let bundle = home.certs().join(BUNDLE);
    fs::write(&bundle, bundle_pem(authority))
        .with_context(|| format!("cannot write {}", bundle.display()))?;
    Ok(bundle)
}

/// What stands for the placeholders.
#[derive(Debug)]
pub(super) struct Filling {
    ca: PathBuf,
    bundle: PathBuf,
    name: String,
}

impl Filling {
    pub(super) fn of(authority: &Authority, home: &Home) -> Self {
        Self {
            ca: authority.cert_path().to_owned(),
            bundle: home.certs().join(BUNDLE),
            name: authority.common_name().to_owned(),
        }
    }

    /// A command, its values quoted for the shell.
    pub(super) fn command(&self, line: &str) -> String {
        self.fill(line, quoted)
    }

    /// A variable, its whole value quoted for the shell; prose stays as it is.
    pub(super) fn variable(&self, line: &str) -> String {
        let filled = self.prose(line);
        filled.split_once('=').map_or_else(
            || filled.clone(),
            |(name, value)| {
                if value.is_empty() { filled.clone() } else { format!("{name}={}", quoted(value)) }
            },
        )
    }

    /// A line of prose.
    pub(super) fn prose(&self, line: &str) -> String {
        self.fill(line, str::to_owned)
    }

    fn fill(&self, line: &str, form: impl Fn(&str) -> String) -> String {
        let mut filled = line.to_owned();
        for (placeholder, value) in [
            ("{ca}", self.ca.display().to_string()),
            ("{bundle}", self.bundle.display().to_string()),
            ("{name}", self.name.clone()),
            ("{proxy}", format!("http://{DEFAULT_PROXY}")),
            ("{host}", DEFAULT_PROXY.ip().to_string()),
            ("{port}", DEFAULT_PROXY.port().to_string()),
        ] {
            filled = filled.replace(placeholder, &form(&value));
        }
        filled
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LINUX: &str = include_str!("../../certs/linux.txt");

    fn filling() -> Filling {
        Filling {
            ca: PathBuf::from("/my home/ca.pem"),
            bundle: PathBuf::from("/my home/bundle.pem"),
            name: "wiretape CA".to_owned(),
        }
    }

    #[test]
    fn only_the_store_that_is_there_is_meant() {
        let debian = Path::new("/usr/local/share/ca-certificates");
        let sections = sections(LINUX, |path| path == debian);
        let kinds: Vec<_> = sections.iter().map(|section| section.kind).collect();
        assert_eq!(kinds, [Kind::Install, Kind::Uninstall, Kind::Check, Kind::Note]);
        assert_eq!(
            filling().command(sections[0].lines[0]),
            "sudo install -m 0644 '/my home/ca.pem' /usr/local/share/ca-certificates/wiretape.crt"
        );
    }

    #[test]
    fn a_variable_is_quoted_as_a_whole_and_curls_own_braces_stay() {
        let filling = filling();
        assert_eq!(filling.variable("NO_PROXY="), "NO_PROXY=");
        assert_eq!(
            filling.variable("SSL_CERT_FILE={bundle}"),
            "SSL_CERT_FILE='/my home/bundle.pem'"
        );
        assert_eq!(filling.variable("A=-Dp={host} -Dq={port}"), "A='-Dp=127.0.0.1 -Dq=7070'");
        assert_eq!(filling.command("curl -w '%{http_code}'"), "curl -w '%{http_code}'");
    }
}
