//! What each usual client needs, as a table. The facts are protocol.md §8's, tested there on the
//! wire; a row that changes there changes here.

use super::super::doctor::Way;

/// One kind of client.
#[derive(Debug)]
pub(super) struct Client {
    /// How it is named as an argument.
    pub(super) key: &'static str,
    /// How people call it.
    pub(super) title: &'static str,
    /// The ways that reach it, best first.
    pub(super) ways: &'static [Way],
    /// Whether it takes the proxy from its environment.
    pub(super) proxy: &'static str,
    /// How it comes to trust our CA.
    pub(super) trust: &'static str,
    /// What surprises people.
    pub(super) caution: &'static str,
}

/// Every client we know, in the order in which `doctor` lists them.
pub(super) const CLIENTS: &[Client] = &[
    Client {
        key: "node20",
        title: "Node 20 and older (fetch)",
        ways: &[Way::Reverse],
        proxy: "its fetch ignores every proxy variable",
        trust: "NODE_EXTRA_CA_CERTS (not needed in reverse mode)",
        caution: "NODE_OPTIONS=--use-env-proxy makes Node 20 abort: do not set it",
    },
    Client {
        key: "node22",
        title: "Node 22.21 and later 22 (fetch, http)",
        ways: &[Way::Run, Way::Reverse],
        proxy: "HTTP_PROXY, HTTPS_PROXY with NODE_USE_ENV_PROXY=1; it sends CONNECT even for http://",
        trust: "NODE_EXTRA_CA_CERTS; SSL_CERT_FILE only with --use-openssl-ca",
        caution: "Node 22 before 22.21 behaves like Node 20; lower-case variables win over upper-case ones",
    },
    Client {
        key: "node24",
        title: "Node 24 (fetch, http)",
        ways: &[Way::Run, Way::Reverse],
        proxy: "HTTP_PROXY, HTTPS_PROXY with NODE_USE_ENV_PROXY=1; it sends CONNECT even for http://",
        trust: "NODE_EXTRA_CA_CERTS; SSL_CERT_FILE only with --use-openssl-ca",
        caution: "24.0 to 24.4 honour the variable in fetch alone, not in http.request",
    },
    Client {
        key: "typescript-sdk",
        title: "TypeScript SDK programs (@modelcontextprotocol/sdk, client)",
        ways: &[Way::Run, Way::Reverse],
        proxy: "that of the Node it runs on: see node20, node22, node24",
        trust: "NODE_EXTRA_CA_CERTS",
        caution: "an own `fetch` handed to the transport follows its own rules",
    },
    Client {
        key: "python",
        title: "Python (the mcp SDK, fastmcp, httpx, requests)",
        ways: &[Way::Run, Way::Reverse],
        proxy: "HTTP_PROXY, HTTPS_PROXY, ALL_PROXY, either case; localhost is proxied too",
        trust: "httpx: SSL_CERT_FILE; requests: REQUESTS_CA_BUNDLE; both replace the roots, so give them the bundle",
        caution: "trust_env=False or an own transport in the program switches the variables off",
    },
    Client {
        key: "curl",
        title: "curl",
        ways: &[Way::Run, Way::Forward, Way::Reverse],
        proxy: "http_proxy (the upper-case HTTP_PROXY is ignored), HTTPS_PROXY in any case, or -x URL",
        trust: "CURL_CA_BUNDLE, SSL_CERT_FILE or --cacert FILE",
        caution: "use -N so that curl itself does not hold a stream back",
    },
    Client {
        key: "go",
        title: "Go (net/http)",
        ways: &[Way::Run, Way::Reverse],
        proxy: "HTTP_PROXY, HTTPS_PROXY; never for localhost and loopback addresses",
        trust: "Linux: SSL_CERT_FILE; macOS and Windows: the system's store (`wiretape ca install`)",
        caution: "a server on localhost is reached only in reverse mode",
    },
    Client {
        key: "java",
        title: "Java (HttpClient)",
        ways: &[Way::Reverse, Way::Forward],
        proxy: "JAVA_TOOL_OPTIONS=\"-Dhttp.proxyHost=… -Dhttp.proxyPort=… -Dhttps.proxyHost=… -Dhttps.proxyPort=…\"; never for localhost",
        trust: "a trust store: keytool -importcert -file ca.pem -alias wiretape -keystore FILE, then -Djavax.net.ssl.trustStore=FILE",
        caution: "it ignores the environment's proxy variables",
    },
    Client {
        key: "deno",
        title: "Deno (fetch)",
        ways: &[Way::Run, Way::Reverse],
        proxy: "HTTP_PROXY, HTTPS_PROXY, either case",
        trust: "DENO_CERT, NODE_EXTRA_CA_CERTS",
        caution: "SSL_CERT_FILE counts only with DENO_TLS_CA_STORE=system",
    },
    Client {
        key: "bun",
        title: "Bun (fetch)",
        ways: &[Way::Run, Way::Reverse],
        proxy: "HTTP_PROXY, HTTPS_PROXY, either case",
        trust: "NODE_EXTRA_CA_CERTS, SSL_CERT_FILE",
        caution: "NO_PROXY=localhost or * lets traffic past; `run` empties it",
    },
    Client {
        key: "rust",
        title: "Rust (reqwest, rmcp, Codex CLI)",
        ways: &[Way::Run, Way::Reverse],
        proxy: "HTTP_PROXY, HTTPS_PROXY, ALL_PROXY; HTTP_PROXY is ignored where REQUEST_METHOD is set",
        trust: "Linux: SSL_CERT_FILE; macOS and Windows: the system's store",
        caution: "a build pinned to webpki-roots trusts no added CA: reverse mode",
    },
    Client {
        key: "dotnet",
        title: ".NET (HttpClient)",
        ways: &[Way::Run, Way::Reverse],
        proxy: "HTTP_PROXY, HTTPS_PROXY, ALL_PROXY, either case",
        trust: "Linux: SSL_CERT_FILE; macOS and Windows: the system's store (`wiretape ca install`)",
        caution: "an own HttpClientHandler with UseProxy = false switches the variables off",
    },
    Client {
        key: "browser",
        title: "Browsers (Chromium, Firefox)",
        ways: &[Way::Reverse, Way::System],
        proxy: "the system's, or --proxy-server=… and, in Firefox, its own settings",
        trust: "the system's store; on Linux the NSS store of the user or profile",
        caution: "a page may call a reverse URL only from an origin that --allow-origin names",
    },
    Client {
        key: "claude-code",
        title: "Claude Code",
        ways: &[Way::Run, Way::Reverse],
        proxy: "HTTP_PROXY, HTTPS_PROXY (a Bun program)",
        trust: "NODE_EXTRA_CA_CERTS, SSL_CERT_FILE",
        caution: "it reaches api.anthropic.com through the proxy too: that host is tunnelled unread by default",
    },
    Client {
        key: "electron",
        title: "Electron apps (Cursor, VS Code)",
        ways: &[Way::Reverse, Way::System],
        proxy: "the system's, or --proxy-server=… with --proxy-bypass-list=<-loopback>; their Node parts follow Node's rules or the setting http.proxy",
        trust: "the system's store; NODE_EXTRA_CA_CERTS for Node parts",
        caution: "localhost is direct by default: put the reverse URL into the MCP settings",
    },
    Client {
        key: "claude-desktop",
        title: "Claude Desktop and claude.ai connectors",
        ways: &[Way::Nowhere, Way::Reverse],
        proxy: "custom connectors are fetched by Anthropic's servers, not by your machine",
        trust: "nothing local helps for those",
        caution: "a server reached through a local stdio bridge (mcp-remote) can be recorded: give the bridge the reverse URL",
    },
];

/// The client that a person means.
pub(super) fn find(name: &str) -> Option<&'static Client> {
    let wanted: String = name.to_ascii_lowercase().replace([' ', '_'], "-");
    let wanted = match wanted.as_str() {
        "cursor" | "vscode" | "vs-code" | "code" => "electron",
        "claude" => "claude-code",
        "node" | "nodejs" => "node22",
        "ts" | "typescript" | "inspector" => "typescript-sdk",
        "py" | "mcp" | "fastmcp" | "httpx" | "requests" => "python",
        "rmcp" | "codex" | "reqwest" => "rust",
        "firefox" | "chrome" | "chromium" => "browser",
        ".net" | "csharp" => "dotnet",
        other => other,
    };
    CLIENTS.iter().find(|client| client.key == wanted)
}

#[cfg(test)]
mod tests {
    use super::{super::super::trust, *};

    #[test]
    fn every_client_of_the_issue_is_there() {
        for name in [
            "node20",
            "node22",
            "node24",
            "python",
            "curl",
            "go",
            "java",
            "deno",
            "bun",
            "electron",
            "claude-desktop",
            "Cursor",
            "VS Code",
        ] {
            assert!(find(name).is_some(), "{name}");
        }
        assert!(find("netscape").is_none());
    }

    #[test]
    fn every_client_has_a_way_or_a_reason() {
        for client in CLIENTS {
            assert!(!client.ways.is_empty() && !client.caution.is_empty(), "{}", client.key);
        }
    }

    #[test]
    fn every_client_has_its_text_in_certs() {
        for client in CLIENTS {
            assert!(trust::of_client(client.key).is_some(), "{}", client.key);
        }
    }
}
