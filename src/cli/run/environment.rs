//! The environment that makes a child's traffic come through us (protocol.md §8, measured there for
//! each client). Pure: the parent's environment comes in as a question.

use std::path::Path;

/// What the child is told.
#[derive(Debug)]
pub(super) struct Ways<'a> {
    /// `http://127.0.0.1:PORT`.
    pub(super) proxy: &'a str,
    /// Our CA alone, PEM: for variables that add to what a client trusts.
    pub(super) ca: &'a Path,
    /// The system's roots and our CA, PEM: for variables that replace it.
    pub(super) bundle: &'a Path,
}

/// One variable of the child's environment.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Variable {
    /// Its name.
    pub(super) name: &'static str,
    /// Its value; none takes it away.
    pub(super) value: Option<String>,
}

/// Both letter cases: curl reads `http_proxy` only, undici prefers the lower one.
const PROXY: &[&str] =
    &["HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "http_proxy", "https_proxy", "all_proxy"];
/// An inherited bypass would let traffic past us, so it is emptied rather than unset: a shell's
/// profile that sets it "when unset" must not bring it back.
const BYPASS: &[&str] = &["NO_PROXY", "no_proxy"];
/// These replace a client's trust, so they get the system's roots too.
const REPLACING: &[&str] = &[
    "SSL_CERT_FILE",
    "REQUESTS_CA_BUNDLE",
    "CURL_CA_BUNDLE",
    "GIT_SSL_CAINFO",
    "AWS_CA_BUNDLE",
    "PIP_CERT",
];
/// These add to a client's trust.
const ADDING: &[&str] = &["NODE_EXTRA_CA_CERTS", "DENO_CERT"];

/// All variables to set or unset, in the order of protocol.md §8.
pub(super) fn variables(ways: &Ways<'_>) -> Vec<Variable> {
    let set = |name, value: &str| Variable { name, value: Some(value.to_owned()) };
    let path = |path: &Path| path.to_string_lossy().into_owned();
    let mut all: Vec<Variable> = PROXY.iter().map(|name| set(name, ways.proxy)).collect();
    all.extend(BYPASS.iter().map(|name| set(name, "")));
    // Node 22.21 and later read the proxy variables only with this one; as an option in
    // NODE_OPTIONS it would make Node 20 abort.
    all.push(set("NODE_USE_ENV_PROXY", "1"));
    all.extend(ADDING.iter().map(|name| set(name, &path(ways.ca))));
    all.extend(REPLACING.iter().map(|name| set(name, &path(ways.bundle))));
    all.push(set("DENO_TLS_CA_STORE", "system,mozilla"));
    // A folder of hashed certificates would be read instead of, or beside, our bundle.
    all.push(Variable { name: "SSL_CERT_DIR", value: None });
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    fn value(name: &str) -> Option<String> {
        let ways = Ways {
            proxy: "http://127.0.0.1:7071",
            ca: Path::new("/h/certs/ca.pem"),
            bundle: Path::new("/h/certs/bundle.pem"),
        };
        let mut all = variables(&ways).into_iter();
        all.find(|variable| variable.name == name).expect("told").value
    }

    #[test]
    fn both_letter_cases_name_the_proxy() {
        for name in
            ["HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"]
        {
            assert_eq!(value(name), Some("http://127.0.0.1:7071".into()), "{name}");
        }
    }

    #[test]
    fn bypass_lists_are_emptied_and_hashed_folders_taken_away() {
        assert_eq!(value("NO_PROXY"), Some(String::new()));
        assert_eq!(value("no_proxy"), Some(String::new()));
        assert_eq!(value("SSL_CERT_DIR"), None);
    }

    #[test]
    fn what_replaces_gets_the_bundle_and_what_adds_gets_our_ca() {
        assert_eq!(value("SSL_CERT_FILE"), Some("/h/certs/bundle.pem".into()));
        assert_eq!(value("NODE_EXTRA_CA_CERTS"), Some("/h/certs/ca.pem".into()));
    }
}
