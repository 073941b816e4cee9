//! What is wrong with an upstream's certificate.
//!
//! Names in it are a stranger's text: shown without control characters, and cut.

use rustls::{CertificateError, pki_types::UnixTime};
use time::OffsetDateTime;

use super::{Blame, Known};
use crate::tls::verify::Refusal;

/// How many names of a certificate are told, and how much of each.
const MAX_NAMES: usize = 5;
const MAX_NAME: usize = 100;

pub(super) fn of_certificate(host: &str, error: &CertificateError, known: Known) -> Blame {
    let insecure = format!("not to verify this one host: --insecure-host {host}");
    match error {
        CertificateError::ExpiredContext { not_after, .. } => Blame::new(
            format!("the certificate of {host} expired{}", on_day(*not_after)),
            format!("renew it on the server, check this machine's clock, or, {insecure}"),
        ),
        CertificateError::NotValidYetContext { not_before, .. } => Blame::new(
            format!("the certificate of {host} is not yet valid: it begins{}", on_day(*not_before)),
            format!("check the clocks of this machine and of the server, or, {insecure}"),
        ),
        CertificateError::NotValidForName => of_wrong_name(host, &[], &insecure),
        CertificateError::NotValidForNameContext { presented, .. } => {
            of_wrong_name(host, presented, &insecure)
        }
        CertificateError::UnknownIssuer => of_refusal(host, None, &insecure, known),
        CertificateError::Other(other) if other.0.is::<Refusal>() => {
            of_refusal(host, other.0.downcast_ref(), &insecure, known)
        }
        CertificateError::BadSignature => Blame::new(
            format!(
                "the certificate of {host} has a bad signature: it was changed, or its issuer \
                     is not who it says"
            ),
            format!("look for what lies between here and the server; if you know: {insecure}"),
        ),
        CertificateError::UnsupportedSignatureAlgorithmContext { .. }
        | CertificateError::UnsupportedSignatureAlgorithmForPublicKeyContext { .. } => Blame::new(
            format!("the certificate of {host} is signed in a way not taken any more (SHA-1?)"),
            format!("have it signed with SHA-256, or, {insecure}"),
        ),
        CertificateError::InvalidPurpose | CertificateError::InvalidPurposeContext { .. } => {
            Blame::new(
                format!("the certificate of {host} is not made for servers"),
                format!("have one made for serverAuth, or, {insecure}"),
            )
        }
        other => {
            Blame::new(format!("the certificate of {host} is not in order: {other}"), insecure)
        }
    }
}

fn of_wrong_name(host: &str, presented: &[String], insecure: &str) -> Blame {
    let names = if presented.is_empty() {
        "it names no host at all (no subjectAltName)".to_owned()
    } else {
        let shown: Vec<_> = presented.iter().take(MAX_NAMES).map(|name| bare_name(name)).collect();
        let more = presented.len().saturating_sub(MAX_NAMES);
        let more = if more > 0 { format!(" and {more} more") } else { String::new() };
        format!("it is for {}{more}", shown.join(", "))
    };
    Blame::new(
        format!("the certificate is not for {host}: {names}"),
        format!("use a name it is for, have {host} added to it, or, {insecure}"),
    )
}

fn of_refusal(host: &str, why: Option<&Refusal>, insecure: &str, known: Known) -> Blame {
    if !known.roots {
        return Blame::new(
            format!(
                "the certificate of {host} cannot be verified: this system has no trusted roots"
            ),
            format!(
                "install them (package ca-certificates), name a PEM file: --upstream-ca FILE, \
                 or, {insecure}"
            ),
        );
    }
    match why {
        Some(Refusal::SelfSigned) => Blame::new(
            format!("the certificate of {host} is self-signed"),
            format!("trust it: --upstream-ca FILE (the certificate as PEM), or, {insecure}"),
        ),
        Some(Refusal::IsAuthority) => Blame::new(
            format!("the certificate of {host} is an authority's (CA:TRUE), not a server's"),
            format!(
                "have a server's made, trust it as it stands: --upstream-ca FILE, or, {insecure}"
            ),
        ),
        Some(Refusal::UnknownIssuer { issuer, alone }) => {
            let alone =
                if *alone { ", and the server sent no intermediate certificate" } else { "" };
            Blame::new(
                format!(
                    "the certificate of {host} was issued by {}, which is not trusted here{alone}",
                    shown(issuer)
                ),
                format!("trust its issuer: --upstream-ca FILE (the root as PEM), or, {insecure}"),
            )
        }
        None => Blame::new(
            format!("the certificate of {host} was issued by somebody not trusted here"),
            format!("trust its issuer: --upstream-ca FILE (the root as PEM), or, {insecure}"),
        ),
    }
}

/// webpki writes `DnsName("example.com")`; the kind is plain from the name.
fn bare_name(presented: &str) -> String {
    let inner = presented.split_once('(').and_then(|(_, rest)| rest.strip_suffix(')'));
    shown(inner.unwrap_or(presented).trim_matches('"'))
}

/// A stranger's text: no control characters, not too long.
fn shown(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { '\u{fffd}' } else { c }).take(MAX_NAME).collect()
}

fn on_day(time: UnixTime) -> String {
    i64::try_from(time.as_secs())
        .ok()
        .and_then(|seconds| OffsetDateTime::from_unix_timestamp(seconds).ok())
        .map(|time| format!(" on {}", time.date()))
        .unwrap_or_default()
}
