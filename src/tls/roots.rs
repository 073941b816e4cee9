//! Which roots this system trusts, and PEM as text.

use std::path::Path;

use base64::{Engine as _, engine::general_purpose::STANDARD};
use rustls::pki_types::{CertificateDer, pem, pem::PemObject as _};

use super::authority::Authority;

/// The system's trusted roots, or those of `SSL_CERT_FILE` and `SSL_CERT_DIR` where they are set.
/// What cannot be read is left out; none at all is possible (a bare container). Reads files, so
/// call it once, not for each connection.
pub fn system_roots() -> Vec<CertificateDer<'static>> {
    rustls_native_certs::load_native_certs().certs
}

/// The system's roots and our authority as one PEM text, for the variables that *replace* a
/// client's roots, as `SSL_CERT_FILE` does (protocol.md section 8).
pub fn bundle_pem(authority: &Authority) -> String {
    let mut bundle: String = system_roots().iter().map(to_pem).collect();
    bundle.push_str(authority.cert_pem());
    bundle
}

/// A certificate as PEM (RFC 7468): lines of 64, as every reader takes them.
pub(super) fn to_pem(cert: &CertificateDer<'_>) -> String {
    let text = STANDARD.encode(cert);
    let mut pem = String::from("-----BEGIN CERTIFICATE-----\n");
    let mut rest = text.as_str();
    while !rest.is_empty() {
        let (line, after) = rest.split_at(rest.len().min(64));
        pem.push_str(line);
        pem.push('\n');
        rest = after;
    }
    pem.push_str("-----END CERTIFICATE-----\n");
    pem
}

/// All certificates of a PEM file, in order; never none.
pub(super) fn certs_of(path: &Path) -> Result<Vec<CertificateDer<'static>>, pem::Error> {
    let certs: Vec<_> = CertificateDer::pem_file_iter(path)?.collect::<Result<_, _>>()?;
    if certs.is_empty() { Err(pem::Error::NoItemsFound) } else { Ok(certs) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_as_pem_reads_back() {
        for length in [0, 1, 47, 48, 49, 500] {
            let der = CertificateDer::from(vec![7; length]);
            let pem = to_pem(&der);
            assert!(pem.lines().all(|line| line.len() <= 64), "{pem}");
            assert_eq!(CertificateDer::from_pem_slice(pem.as_bytes()).expect(&pem), der);
        }
    }
}
