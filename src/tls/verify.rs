//! Judging upstream certificates: webpki's judgement, with the reason in a user's words.
//!
//! Two additions. A server certificate that the user named in `--upstream-ca` is trusted as it
//! stands, as OpenSSL does: test servers show self-signed ones, often marked CA:TRUE. And for hosts
//! of `--insecure-host` nothing is judged.

use std::sync::Arc;

use rustls::{
    CertificateError, DigitallySignedStruct, Error, OtherError, RootCertStore, SignatureScheme,
    client::{
        WebPkiServerVerifier,
        danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier},
        verify_server_name,
    },
    crypto::{WebPkiSupportedAlgorithms, verify_tls12_signature, verify_tls13_signature},
    pki_types::{CertificateDer, ServerName, UnixTime},
    server::ParsedCertificate,
};
use x509_parser::prelude::{FromDer as _, X509Certificate};

use super::provider;

/// Why a chain leads to no trusted root; travels inside rustls' error to the blame.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum Refusal {
    /// A certificate that may sign others, shown as a server's.
    #[error("the certificate is an authority's (CA:TRUE), not a server's")]
    IsAuthority,
    /// It vouches for itself.
    #[error("the certificate is self-signed")]
    SelfSigned,
    /// Somebody vouches for it whom nobody here knows.
    #[error("the certificate was issued by {issuer}, which is not trusted here")]
    UnknownIssuer {
        /// The issuer's distinguished name, as the certificate has it.
        issuer: String,
        /// The server sent no other certificate with it.
        alone: bool,
    },
}

/// Trusts roots, and single server certificates named by the user.
#[derive(Debug)]
pub(super) struct Judge {
    /// None without any root, which webpki does not take.
    webpki: Option<Arc<WebPkiServerVerifier>>,
    named: Vec<CertificateDer<'static>>,
    algorithms: WebPkiSupportedAlgorithms,
}

impl Judge {
    /// `named` are roots too.
    pub(super) fn new(
        system: Vec<CertificateDer<'static>>,
        named: Vec<CertificateDer<'static>>,
    ) -> Self {
        let mut roots = RootCertStore::empty();
        roots.add_parsable_certificates(system.into_iter().chain(named.iter().cloned()));
        let webpki = WebPkiServerVerifier::builder_with_provider(Arc::new(roots), provider());
        let algorithms = provider().signature_verification_algorithms;
        Self { webpki: webpki.build().ok(), named, algorithms }
    }

    /// Whether anybody can be trusted at all.
    pub(super) fn has_roots(&self) -> bool {
        self.webpki.is_some()
    }
}

impl ServerCertVerifier for Judge {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        if self.named.iter().any(|named| named == end_entity) {
            check_dates(end_entity, now)?;
            verify_server_name(&ParsedCertificate::try_from(end_entity)?, server_name)?;
            return Ok(ServerCertVerified::assertion());
        }
        let judged = match &self.webpki {
            Some(webpki) => webpki.verify_server_cert(
                end_entity,
                intermediates,
                server_name,
                ocsp_response,
                now,
            ),
            None => Err(CertificateError::UnknownIssuer.into()),
        };
        judged.map_err(|error| match error {
            Error::InvalidCertificate(CertificateError::UnknownIssuer) => {
                explained(end_entity, intermediates.is_empty()).unwrap_or(error)
            }
            // webpki looks at CA:TRUE before it looks for the issuer.
            Error::InvalidCertificate(CertificateError::Other(_)) => {
                authority_shown(end_entity).unwrap_or(error)
            }
            error => error,
        })
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls12_signature(message, cert, dss, &self.algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls13_signature(message, cert, dss, &self.algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.algorithms.supported_schemes()
    }
}

/// Takes whatever an `--insecure-host` shows. Signatures go unread too: they would only prove that
/// the peer has the key of a certificate that proves nothing, and webpki reads no X.509 version 1,
/// which old test certificates are.
#[derive(Debug)]
pub(super) struct Insecure;

impl ServerCertVerifier for Insecure {
    fn verify_server_cert(
        &self,
        _: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        _: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        _: &[u8],
        _: &CertificateDer<'_>,
        _: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        Ok(HandshakeSignatureValid::assertion())
    }

    fn verify_tls13_signature(
        &self,
        _: &[u8],
        _: &CertificateDer<'_>,
        _: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        Ok(HandshakeSignatureValid::assertion())
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        provider().signature_verification_algorithms.supported_schemes()
    }
}

fn explained(cert: &CertificateDer<'_>, alone: bool) -> Option<Error> {
    let (_, cert) = X509Certificate::from_der(cert).ok()?;
    Some(refused(if cert.subject() == cert.issuer() {
        Refusal::SelfSigned
    } else {
        Refusal::UnknownIssuer { issuer: cert.issuer().to_string(), alone }
    }))
}

fn authority_shown(cert: &CertificateDer<'_>) -> Option<Error> {
    let (_, cert) = X509Certificate::from_der(cert).ok()?;
    cert.is_ca().then(|| {
        refused(if cert.subject() == cert.issuer() {
            Refusal::SelfSigned
        } else {
            Refusal::IsAuthority
        })
    })
}

fn refused(why: Refusal) -> Error {
    CertificateError::Other(OtherError(Arc::new(why))).into()
}

/// The one thing of webpki's judgement that a named certificate still has to pass beside its name.
fn check_dates(cert: &CertificateDer<'_>, now: UnixTime) -> Result<(), CertificateError> {
    let (_, cert) = X509Certificate::from_der(cert).map_err(|_| CertificateError::BadEncoding)?;
    let seconds = |time: i64| {
        UnixTime::since_unix_epoch(std::time::Duration::from_secs(
            u64::try_from(time).unwrap_or_default(),
        ))
    };
    let not_before = seconds(cert.validity().not_before.timestamp());
    let not_after = seconds(cert.validity().not_after.timestamp());
    if now < not_before {
        return Err(CertificateError::NotValidYetContext { time: now, not_before });
    }
    if now > not_after {
        return Err(CertificateError::ExpiredContext { time: now, not_after });
    }
    Ok(())
}
