//! Which hosts are passed through unread (design.md, What is intercepted and kept).

use wildmatch::WildMatch;

/// Hosts that are tunneled unless `--intercept` names them: model APIs, whose traffic is no MCP and
/// secret, and the systems' update services, which pin their certificates. `doctor` prints it.
pub const TUNNELED: &[&str] = &[
    "api.anthropic.com",
    "api.cohere.com",
    "api.deepseek.com",
    "api.groq.com",
    "api.mistral.ai",
    "api.openai.com",
    "api.together.xyz",
    "api.x.ai",
    "bedrock-runtime.*.amazonaws.com",
    "generativelanguage.googleapis.com",
    "*-aiplatform.googleapis.com",
    "*.openai.azure.com",
    "openrouter.ai",
    "gdmf.apple.com",
    "mesu.apple.com",
    "swcdn.apple.com",
    "swscan.apple.com",
    "*.delivery.mp.microsoft.com",
    "*.update.microsoft.com",
    "*.windowsupdate.com",
    "*.archive.ubuntu.com",
    "archive.ubuntu.com",
    "deb.debian.org",
    "security.debian.org",
    "security.ubuntu.com",
];

/// The rules of one group of listeners.
#[derive(Debug)]
pub(super) struct Rules {
    intercept: Vec<WildMatch>,
    tunnel: Vec<(String, WildMatch)>,
}

impl Rules {
    pub(super) fn new(intercept: &[String], tunnel: &[String]) -> Self {
        let shipped = TUNNELED.iter().map(|glob| (*glob).to_owned());
        Self {
            intercept: intercept.iter().map(|glob| compiled(glob)).collect(),
            tunnel: tunnel
                .iter()
                .cloned()
                .chain(shipped)
                .map(|glob| (glob.clone(), compiled(&glob)))
                .collect(),
        }
    }

    /// The rule by which a host is passed through unread, if there is one.
    pub(super) fn tunneled(&self, host: &str) -> Option<&str> {
        let host = host.trim_end_matches('.').to_ascii_lowercase();
        if self.intercept.iter().any(|glob| glob.matches(&host)) {
            return None;
        }
        self.tunnel.iter().find(|(_, glob)| glob.matches(&host)).map(|(text, _)| text.as_str())
    }
}

fn compiled(glob: &str) -> WildMatch {
    WildMatch::new(&glob.to_ascii_lowercase())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn intercept_overrides_tunnel() {
        let rules = Rules::new(&["api.x.ai".to_owned()], &["*.Corp.example".to_owned()]);
        for (host, expected) in [
            ("API.openai.com", Some("api.openai.com")),
            ("api.openai.com.", Some("api.openai.com")),
            ("bedrock-runtime.eu-west-1.amazonaws.com", Some("bedrock-runtime.*.amazonaws.com")),
            ("git.corp.example", Some("*.Corp.example")),
            ("corp.example", None),
            ("api.x.ai", None),
            ("mcp.example", None),
        ] {
            assert_eq!(rules.tunneled(host), expected, "{host}");
        }
    }
}
