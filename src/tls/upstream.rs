//! The client side: TLS with the upstream, verified unless the user said otherwise for that host.

use std::{
    collections::HashSet,
    io,
    path::{Path, PathBuf},
    sync::Arc,
};

use rustls::{
    ClientConfig,
    client::danger::ServerCertVerifier,
    pki_types::{CertificateDer, PrivateKeyDer, pem, pem::PemObject as _},
};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio_rustls::{TlsConnector, client::TlsStream};

use super::{
    blame::{Blame, Known},
    facts,
    host::{BadHost, Host},
    provider,
    roots::{certs_of, system_roots},
    verify::{Insecure, Judge},
};
use crate::capture::Tls;

/// What the user said about upstreams; empty for the system's roots and nothing else.
#[derive(Clone, Debug, Default)]
pub struct UpstreamSettings {
    /// PEM files whose certificates are trusted beside the system's: roots, or single servers'.
    pub extra_roots: Vec<PathBuf>,
    /// Hosts, one by one, whose certificates are not verified.
    pub insecure_hosts: Vec<String>,
    /// PEM file with the certificate chain and the key shown to upstreams that ask.
    pub client_cert: Option<PathBuf>,
}

/// Ready to speak TLS to upstreams. Shared in an `Arc` by all connections of a listener.
pub struct UpstreamTls {
    verifying: Arc<ClientConfig>,
    /// A configuration of its own: a session that was never verified must not be resumed by a host
    /// that is.
    insecure: Arc<ClientConfig>,
    insecure_hosts: HashSet<Host>,
    known: Known,
}

/// A connection to an upstream after its handshake.
#[derive(Debug)]
pub struct Connected<S> {
    /// Where plain bytes go in and come out.
    pub stream: TlsStream<S>,
    /// The protocol agreed, if any.
    pub alpn: Option<Vec<u8>>,
    /// What is recorded of the handshake.
    pub facts: Tls,
}

impl UpstreamTls {
    /// Reads the system's roots and the files named.
    ///
    /// # Errors
    ///
    /// A file that cannot be read or holds not what it should; a host that is none.
    pub fn new(settings: &UpstreamSettings) -> Result<Self, UpstreamTlsError> {
        Self::with_roots(settings, system_roots())
    }

    /// The same with other roots than the system's.
    pub(super) fn with_roots(
        settings: &UpstreamSettings,
        roots: Vec<CertificateDer<'static>>,
    ) -> Result<Self, UpstreamTlsError> {
        let mut named = Vec::new();
        for path in &settings.extra_roots {
            named.extend(certs_of(path).map_err(|source| UpstreamTlsError::Root {
                path: path.clone(),
                reason: pem_reason(source),
            })?);
        }
        let identity = settings.client_cert.as_deref().map(Identity::read).transpose()?;
        let insecure_hosts = settings
            .insecure_hosts
            .iter()
            .map(|host| insecure_host(host))
            .collect::<Result<_, _>>()?;
        let judge = Judge::new(roots, named);
        Ok(Self {
            known: Known { roots: judge.has_roots(), client_cert: identity.is_some() },
            verifying: client_config(Arc::new(judge), identity.as_ref())?,
            insecure: client_config(Arc::new(Insecure), identity.as_ref())?,
            insecure_hosts,
        })
    }

    /// Does the handshake over `stream`: `server_name` (a name or an address, no port) is asked for
    /// and verified, `alpn` offered as it is. Dropping the future ends the connection.
    ///
    /// # Errors
    ///
    /// What went wrong, naming the host and the flag that helps.
    pub async fn connect<S>(
        &self,
        server_name: &str,
        alpn: &[Vec<u8>],
        stream: S,
    ) -> Result<Connected<S>, Blame>
    where
        S: AsyncRead + AsyncWrite + Unpin,
    {
        let host = Host::parse(server_name).map_err(|error| Blame::of_name(&error))?;
        let config =
            if self.insecure_hosts.contains(&host) { &self.insecure } else { &self.verifying };
        let stream = TlsConnector::from(Arc::clone(config))
            .with_alpn(alpn.to_vec())
            .connect(host.server_name(), stream)
            .await
            .map_err(|error| Blame::of_upstream(&host.to_string(), &error, self.known))?;
        let sni = match &host {
            Host::Dns(name) => Some(name.clone()),
            Host::Ip(_) => None,
        };
        Ok(Connected {
            alpn: stream.get_ref().1.alpn_protocol().map(<[u8]>::to_vec),
            facts: facts::upstream_facts(&stream, sni),
            stream,
        })
    }

    /// What an error read from a [`Connected`] stream means, if TLS has a word for it. A TLS 1.3
    /// server says only after the handshake that it wanted a client certificate.
    pub fn blame_later(&self, server_name: &str, error: &io::Error) -> Option<Blame> {
        super::blame::tls_error(error)?;
        Some(Blame::of_upstream(server_name, error, self.known))
    }
}

/// Who we are to an upstream that asks.
struct Identity {
    path: PathBuf,
    chain: Vec<CertificateDer<'static>>,
    key: PrivateKeyDer<'static>,
}

impl Identity {
    fn read(path: &Path) -> Result<Self, UpstreamTlsError> {
        let failed = |what: &'static str| {
            move |source| UpstreamTlsError::ClientCert {
                path: path.to_owned(),
                what,
                reason: pem_reason(source),
            }
        };
        let chain = certs_of(path).map_err(failed("certificate"))?;
        let key = PrivateKeyDer::from_pem_file(path).map_err(failed("key"))?;
        Ok(Self { path: path.to_owned(), chain, key })
    }
}

fn client_config(
    verifier: Arc<dyn ServerCertVerifier>,
    identity: Option<&Identity>,
) -> Result<Arc<ClientConfig>, UpstreamTlsError> {
    let builder = ClientConfig::builder_with_provider(provider())
        .with_safe_default_protocol_versions()
        .expect("ring has cipher suites for TLS 1.2 and 1.3")
        .dangerous()
        .with_custom_certificate_verifier(verifier);
    let config = match identity {
        None => builder.with_no_client_auth(),
        Some(Identity { path, chain, key }) => builder
            .with_client_auth_cert(chain.clone(), key.clone_key())
            .map_err(|error| UpstreamTlsError::ClientCert {
                path: path.clone(),
                what: "pair of certificate and key",
                reason: error.to_string(),
            })?,
    };
    Ok(Arc::new(config))
}

/// One host, never a pattern: what is not verified is named (defaults, 15).
fn insecure_host(text: &str) -> Result<Host, UpstreamTlsError> {
    if text.contains('*') {
        return Err(UpstreamTlsError::InsecurePattern(text.to_owned()));
    }
    Host::parse(text).map_err(UpstreamTlsError::InsecureHost)
}

/// The PEM reader's `NoItemsFound` says nothing to a user.
fn pem_reason(error: pem::Error) -> String {
    match error {
        pem::Error::NoItemsFound => "there is none in it that can be read".into(),
        pem::Error::Io(error) => error.to_string(),
        other => other.to_string(),
    }
}

/// Why the settings do not do.
#[derive(Debug, thiserror::Error)]
pub enum UpstreamTlsError {
    /// The file of `--client-cert`.
    #[error(
        "cannot read a {what} from {}: {reason}\n\
         hint: --client-cert takes one PEM file with the certificate, its chain and its key, \
         unencrypted: cat cert.pem chain.pem key.pem > client.pem",
        .path.display()
    )]
    ClientCert {
        /// Which file.
        path: PathBuf,
        /// What was looked for.
        what: &'static str,
        /// Why it was not found.
        reason: String,
    },
    /// An `--insecure-host` that is no host.
    #[error("{0}\nhint: --insecure-host takes a name or an address, without scheme and port")]
    InsecureHost(BadHost),
    /// An `--insecure-host` that could be many.
    #[error(
        "`{0}` is a pattern\nhint: name each host that shall not be verified: --insecure-host HOST"
    )]
    InsecurePattern(String),
    /// A file of `--upstream-ca`.
    #[error(
        "cannot read certificates from {}: {reason}\n\
         hint: --upstream-ca takes PEM; from DER: openssl x509 -inform der -in FILE -out ca.pem",
        .path.display()
    )]
    Root {
        /// Which file.
        path: PathBuf,
        /// Why.
        reason: String,
    },
}
