//! Where there is no session yet: how to make one (tui.md §1, empty states). `y` copies what a client
//! needs.

use ratatui::{layout::Rect, style::Style};

use crate::tui::{
    app::Data,
    desk::SourceStatus,
    draw::{Canvas, row},
    text,
    theme::Theme,
};

/// What `y` copies: the environment of a client that is to be recorded; the command that records one
/// where nothing listens.
pub(crate) fn snippet(status: &SourceStatus) -> String {
    let Some(url) = status.listening.first() else { return RUN.to_owned() };
    let mut lines = vec![
        format!("export HTTP_PROXY={url} NO_PROXY="),
        "export HTTPS_PROXY=$HTTP_PROXY NODE_USE_ENV_PROXY=1".to_owned(),
    ];
    // Short lines: a path may be long, and stands there once.
    if let Some(ca) = &status.ca {
        lines.push(format!("export NODE_EXTRA_CA_CERTS={}", quoted(ca)));
    }
    // These replace a client's roots: our CA alone would cut it off from what is not intercepted
    // (protocol.md §8).
    if let Some(bundle) = &status.bundle {
        lines.push(format!("export SSL_CERT_FILE={}", quoted(bundle)));
        lines.push(
            "export CURL_CA_BUNDLE=$SSL_CERT_FILE REQUESTS_CA_BUNDLE=$SSL_CERT_FILE".to_owned(),
        );
    }
    lines.join("\n")
}

const RUN: &str = "wiretape run -- npx my-mcp-client";

/// The ways to see something, and what each is for.
const COMMANDS: [(&str, &str); 3] = [
    (RUN, "records one program: proxy and CA are set for it"),
    ("wiretape --target http://127.0.0.1:3000", "a port that stands for your server"),
    ("wiretape demo", "something to see, without a network"),
];

/// A word of a shell.
fn quoted(word: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_./:=@%+,".contains(c);
    if word.chars().all(plain) {
        word.to_owned()
    } else {
        format!("'{}'", word.replace('\'', r"'\''"))
    }
}

/// Draws the card; before all is read nobody knows that there is nothing.
pub(crate) fn draw(canvas: &mut Canvas<'_>, area: Rect, data: &Data) {
    let theme = canvas.theme;
    if let Some(why) = super::nothing_yet(data) {
        return super::say(canvas, area, &why);
    }
    let lines = if data.loaded {
        card(&data.status, theme)
    } else {
        vec![("reading what is there".to_owned(), theme.plain())]
    };
    let top = u16::try_from(usize::from(area.height).saturating_sub(lines.len()) / 3).unwrap_or(0);
    for (n, (line, style)) in lines.iter().enumerate() {
        let n = u16::try_from(n).unwrap_or(u16::MAX).saturating_add(top);
        let at = row(area, n);
        if at.height > 0 {
            let shown = text::visible(line);
            canvas.put(at.x + 2, at.y, &shown, at.width.saturating_sub(3), *style);
        }
    }
}

fn card(status: &SourceStatus, theme: Theme) -> Vec<(String, Style)> {
    let mut lines = Vec::new();
    match status.listening.first() {
        Some(url) => {
            lines.push((format!("No session yet. Listening on {url}"), theme.heading()));
            let more = status.listening.iter().skip(1);
            lines.extend(more.map(|url| (format!("and on {url}"), theme.plain())));
        }
        None => lines.push((format!("No session in {}", status.what), theme.heading())),
    }
    lines.push((String::new(), theme.plain()));
    lines.push(("Any of these, in another terminal, brings one:".to_owned(), theme.plain()));
    for (command, about) in COMMANDS {
        lines.push((format!("  {command}"), theme.name()));
        lines.push((format!("      {about}"), theme.faint()));
    }
    lines.push((String::new(), theme.plain()));
    if status.listening.is_empty() {
        lines.push(("y copies the first one".to_owned(), theme.plain()));
    } else {
        let tells = "Or tell a client by its environment (y copies this):";
        lines.push((tells.to_owned(), theme.plain()));
        lines.extend(snippet(status).lines().map(|line| (format!("  {line}"), theme.name())));
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_snippet_names_the_real_port_and_paths() {
        let mut status = SourceStatus::default();
        assert_eq!(snippet(&status), "wiretape run -- npx my-mcp-client");
        status.listening = vec!["http://127.0.0.1:7070".to_owned()];
        status.ca = Some("/home/a b/ca.pem".to_owned());
        status.bundle = Some("/home/a b/bundle.pem".to_owned());
        assert_eq!(
            snippet(&status),
            "export HTTP_PROXY=http://127.0.0.1:7070 NO_PROXY=\n\
             export HTTPS_PROXY=$HTTP_PROXY NODE_USE_ENV_PROXY=1\n\
             export NODE_EXTRA_CA_CERTS='/home/a b/ca.pem'\n\
             export SSL_CERT_FILE='/home/a b/bundle.pem'\n\
             export CURL_CA_BUNDLE=$SSL_CERT_FILE REQUESTS_CA_BUNDLE=$SSL_CERT_FILE"
        );
    }
}
