//! The one certificate authority of a home: `ca.pem` for clients to trust, `ca.key` for us alone.
//!
//! `ca.key` is the pair: it holds the private key *and* the certificate and is published in one
//! step, so that two programs that start at once end with the same authority and a crash leaves no
//! half. `ca.pem` is a copy of the certificate and is made again if it is missing. A pair that fits
//! not together, or that others can read, is refused rather than repaired.

use std::{
    io,
    path::{Path, PathBuf},
};

use rcgen::{Issuer, KeyPair, PublicKeyData as _};
use rustls::pki_types::{CertificateDer, pem::PemObject as _};
use sha2::{Digest as _, Sha256};
use time::OffsetDateTime;
use x509_parser::prelude::{FromDer as _, X509Certificate};

use super::{
    keep::{self, PRIVATE, PUBLIC},
    mint,
    roots::to_pem,
};
use crate::clock;

/// An authority that is ready to sign leaves.
#[derive(Debug)]
pub struct Authority {
    issuer: Issuer<'static, KeyPair>,
    der: CertificateDer<'static>,
    pem: String,
    path: PathBuf,
    common_name: String,
    not_after: OffsetDateTime,
}

impl Authority {
    /// Loads `ca.pem` and `ca.key` of this folder, or makes folder and pair on first use.
    ///
    /// # Errors
    ///
    /// The disk's; a folder or key that others may read; half a pair; halves that do not fit;
    /// an expired certificate.
    pub fn open(certs_dir: &Path) -> Result<Self, AuthorityError> {
        keep::private_dir(certs_dir)?;
        let (cert, key) = paths(certs_dir);
        // In this order: the key is published first, so a certificate seen before a key that is
        // missing has lost it.
        let has_cert = cert.exists();
        if !key.exists() {
            if has_cert {
                return Err(AuthorityError::KeyMissing { cert, key });
            }
            // Somebody who was quicker is as good: what counts is what lies there now.
            keep::publish(&key, new_pair()?.as_bytes(), PRIVATE)?;
        }
        Self::load(cert, &key)
    }

    /// Makes a new authority. The old pair is kept beside it under the day's date, even where it is
    /// not in order. Every client must trust the new one. Another program that opens the pair at
    /// the same moment may see half of it: hold the home's lock.
    ///
    /// # Errors
    ///
    /// As [`Authority::open`].
    pub fn rotate(certs_dir: &Path) -> Result<Self, AuthorityError> {
        keep::private_dir(certs_dir)?;
        let (cert, key) = paths(certs_dir);
        let tag = u128::from_be_bytes(mint::random()?) >> 96;
        let aside = format!("ca-{}-{tag:08x}", clock::now().to_datetime().date());
        keep::move_if_there(&key, &certs_dir.join(format!("{aside}.key")))?;
        keep::move_if_there(&cert, &certs_dir.join(format!("{aside}.pem")))?;
        Self::open(certs_dir)
    }

    /// The certificate as PEM, as it lies in [`Authority::cert_path`].
    pub fn cert_pem(&self) -> &str {
        &self.pem
    }

    /// Where clients find the certificate: `ca.pem`.
    pub fn cert_path(&self) -> &Path {
        &self.path
    }

    /// The certificate as DER.
    pub fn cert_der(&self) -> CertificateDer<'static> {
        self.der.clone()
    }

    /// SHA-256 over the certificate as `openssl x509 -fingerprint` writes it: `AB:CD:…`.
    pub fn fingerprint_sha256(&self) -> String {
        let digest = Sha256::digest(&self.der);
        digest.iter().map(|byte| format!("{byte:02X}")).collect::<Vec<_>>().join(":")
    }

    /// Under which name trust stores list it; no two authorities share one.
    pub fn common_name(&self) -> &str {
        &self.common_name
    }

    /// Until when clients take it.
    pub fn not_after(&self) -> OffsetDateTime {
        self.not_after
    }

    /// Who signs leaves.
    pub(super) fn issuer(&self) -> &Issuer<'static, KeyPair> {
        &self.issuer
    }

    fn load(cert: PathBuf, key: &Path) -> Result<Self, AuthorityError> {
        keep::refuse_if_open(key, PRIVATE)?;
        let pair = keep::read_if_there(key)?.unwrap_or_default();
        let unreadable = |path: &Path, reason: String| AuthorityError::Unreadable {
            path: path.to_owned(),
            reason,
        };
        let key_pair = KeyPair::from_pem(&pair).map_err(|e| unreadable(key, e.to_string()))?;

        let kept = CertificateDer::from_pem_slice(pair.as_bytes()).ok();
        let shown = match keep::read_if_there(&cert)? {
            None => None,
            Some(text) => Some(
                CertificateDer::from_pem_slice(text.as_bytes())
                    .map_err(|e| unreadable(&cert, e.to_string()))?,
            ),
        };
        let der = match (kept, shown) {
            (None, None) => {
                return Err(AuthorityError::CertMissing { cert, key: key.to_owned() });
            }
            (Some(kept), None) => {
                keep::publish(&cert, to_pem(&kept).as_bytes(), PUBLIC)?;
                kept
            }
            (Some(kept), Some(shown)) if kept != shown => {
                return Err(AuthorityError::Mismatch { cert, key: key.to_owned() });
            }
            (_, Some(shown)) => shown,
        };
        Self::check(der, key_pair, cert, key)
    }

    /// Reads the certificate's facts and holds them against the key and the clock.
    fn check(
        der: CertificateDer<'static>,
        key_pair: KeyPair,
        path: PathBuf,
        key: &Path,
    ) -> Result<Self, AuthorityError> {
        let unreadable = |reason: String| AuthorityError::Unreadable { path: path.clone(), reason };
        let (_, parsed) =
            X509Certificate::from_der(&der).map_err(|error| unreadable(error.to_string()))?;
        if parsed.public_key().raw != key_pair.subject_public_key_info() {
            return Err(AuthorityError::Mismatch { cert: path, key: key.to_owned() });
        }
        if !parsed.is_ca() {
            return Err(unreadable("it is not the certificate of an authority".into()));
        }
        let not_after = parsed.validity().not_after.to_datetime();
        if not_after <= clock::now().to_datetime() {
            return Err(AuthorityError::Expired { path, day: not_after.date() });
        }
        let common_name = parsed
            .subject()
            .iter_common_name()
            .find_map(|name| name.as_str().ok())
            .unwrap_or("wiretape CA")
            .to_owned();
        let pem = to_pem(&der);
        let issuer = Issuer::from_ca_cert_pem(&pem, key_pair)
            .map_err(|error| unreadable(error.to_string()))?;
        Ok(Self { issuer, der, pem, path, common_name, not_after })
    }
}

fn paths(certs_dir: &Path) -> (PathBuf, PathBuf) {
    (certs_dir.join("ca.pem"), certs_dir.join("ca.key"))
}

/// A new key and its certificate, as `ca.key` holds them.
fn new_pair() -> Result<String, AuthorityError> {
    let now = clock::now().to_datetime();
    // Two homes of one machine may be made on one day, and stores look authorities up by name.
    let tag = u128::from_be_bytes(mint::random()?) >> 112;
    let name = format!("wiretape CA {} {} {tag:04x}", this_machine(), now.date());
    let key = KeyPair::generate()?;
    let cert = mint::authority(&name, now)?.self_signed(&key)?;
    Ok(format!("{}{}", key.serialize_pem(), cert.pem()))
}

/// The machine's name, cut to what a common name takes; untrusted, so letters only.
fn this_machine() -> String {
    const MAX: usize = 32;
    #[cfg(unix)]
    let name = rustix::system::uname().nodename().to_string_lossy().into_owned();
    #[cfg(not(unix))]
    let name = String::from("this machine");
    name.chars().filter(|c| c.is_ascii_alphanumeric() || *c == '-').take(MAX).collect()
}

/// Why there is no authority.
#[derive(Debug, thiserror::Error)]
pub enum AuthorityError {
    /// A key without its certificate.
    #[error(
        "{} has no certificate: {} is missing\n\
         hint: put the file back, or make a new pair: wiretape ca rotate",
        .key.display(), .cert.display()
    )]
    CertMissing {
        /// The file that is missing.
        cert: PathBuf,
        /// The file that is there.
        key: PathBuf,
    },
    /// The authority's time is over.
    #[error(
        "the authority in {} expired on {day}\n\
         hint: make a new one and trust it in your clients: wiretape ca rotate",
        .path.display()
    )]
    Expired {
        /// The certificate.
        path: PathBuf,
        /// Its last day.
        day: time::Date,
    },
    /// The disk's.
    #[error("cannot {action} {}: {source}", .path.display())]
    File {
        /// What was tried.
        action: &'static str,
        /// On which path.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// A certificate without its key.
    #[error(
        "{} has no key: {} is missing\n\
         hint: put the file back, or make a new pair: wiretape ca rotate",
        .cert.display(), .key.display()
    )]
    KeyMissing {
        /// The file that is there.
        cert: PathBuf,
        /// The file that is missing.
        key: PathBuf,
    },
    /// Certificate or key was exchanged.
    #[error(
        "{} is not the certificate of {}: one of them was changed\n\
         hint: put the right file back, or make a new pair: wiretape ca rotate",
        .cert.display(), .key.display()
    )]
    Mismatch {
        /// The certificate.
        cert: PathBuf,
        /// The key.
        key: PathBuf,
    },
    /// Cryptography failed.
    #[error("cannot make a certificate authority: {0}")]
    Mint(#[from] rcgen::Error),
    /// Others than the user may read a key that signs for any host.
    #[error(
        "{} is open to other users (mode {mode:04o}), and it guards a key that could sign for any host\n\
         hint: chmod {wanted:o} {path:?}   (if others may have read it: wiretape ca rotate)",
        .path.display()
    )]
    TooOpen {
        /// The folder or file.
        path: PathBuf,
        /// Its mode.
        mode: u32,
        /// The mode it should have.
        wanted: u32,
    },
    /// No PEM, or not what should be in it.
    #[error(
        "cannot read {}: {reason}\n\
         hint: put the right file back, or make a new pair: wiretape ca rotate",
        .path.display()
    )]
    Unreadable {
        /// Which file.
        path: PathBuf,
        /// Why.
        reason: String,
    },
}
