//! TLS for our own calls: the demo's client and `doctor`. Traffic never goes through here.

use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use rustls::{ClientConfig, RootCertStore, pki_types::CertificateDer};

use super::provider;

/// A client that trusts these roots and nothing else; roots that are none are left out.
pub fn connector_trusting(roots: Vec<CertificateDer<'static>>) -> ClientConfig {
    let mut store = RootCertStore::empty();
    store.add_parsable_certificates(roots);
    ClientConfig::builder_with_provider(provider())
        .with_safe_default_protocol_versions()
        .expect("ring has cipher suites for TLS 1.2 and 1.3")
        .with_root_certificates(store)
        .with_no_client_auth()
}

/// Puts TLS over a hyper connector for `https:` URLs and leaves `http:` ones alone: HTTP/2 and
/// HTTP/1.1 by ALPN. An `HttpConnector` below must have `enforce_http(false)`.
pub fn https_connector<C>(config: ClientConfig, below: C) -> HttpsConnector<C> {
    HttpsConnectorBuilder::new()
        .with_tls_config(config)
        .https_or_http()
        .enable_all_versions()
        .wrap_connector(below)
}
