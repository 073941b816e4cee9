//! What our certificates say: the authority's and the leaves'. Pure but for random serials.
//!
//! The form is what OpenSSL's strict mode, Python 3.13, Go, Java and rustls all take (faults.md,
//! defaults 12 and 13; crates.md 4). Dates come in as values.

use rcgen::{
    BasicConstraints, CertificateParams, DistinguishedName, DnType, ExtendedKeyUsagePurpose, IsCa,
    KeyUsagePurpose, SanType, SerialNumber,
};
use time::{Duration, OffsetDateTime};

use super::{host::Host, provider};

/// How long an authority lives. Systems take any age for a root that the user added himself.
const AUTHORITY_LIFE: Duration = Duration::days(5 * 365);

/// How long a leaf lives from now on; with the backdating it stays under the 47 days that browsers
/// will ask for.
const LEAF_LIFE: Duration = Duration::days(30);

/// How long a leaf is handed out before a new one is made: two thirds of its life.
pub(super) const LEAF_USE: std::time::Duration = std::time::Duration::from_secs(20 * 24 * 3600);

/// How far a client's clock may be behind ours.
const BACKDATED: Duration = Duration::hours(48);

/// X.520's upper bound of a common name, in bytes; longer names stand in the SAN alone.
const MAX_COMMON_NAME: usize = 64;

/// The certificate of a new authority.
pub(super) fn authority(
    common_name: &str,
    now: OffsetDateTime,
) -> Result<CertificateParams, rcgen::Error> {
    let mut params = CertificateParams::default();
    params.distinguished_name = subject(Some(common_name));
    // It signs leaves only: no authority below it.
    params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    params.serial_number = Some(random_serial()?);
    params.not_before = now - BACKDATED;
    params.not_after = now + AUTHORITY_LIFE;
    Ok(params)
}

/// The certificate of a host, which never outlives its authority.
pub(super) fn leaf(
    host: &Host,
    now: OffsetDateTime,
    authority_ends: OffsetDateTime,
) -> Result<CertificateParams, rcgen::Error> {
    let text = host.to_string();
    let mut params = CertificateParams::default();
    params.distinguished_name =
        subject(Some(text.as_str()).filter(|name| name.len() <= MAX_COMMON_NAME));
    params.subject_alt_names = vec![match host {
        Host::Dns(name) => SanType::DnsName(name.as_str().try_into()?),
        Host::Ip(ip) => SanType::IpAddress(*ip),
    }];
    // `NoCa` writes no subject key identifier, which a leaf needs as little as basic constraints.
    params.is_ca = IsCa::NoCa;
    params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    params.use_authority_key_identifier_extension = true;
    params.serial_number = Some(random_serial()?);
    params.not_before = now - BACKDATED;
    params.not_after = (now + LEAF_LIFE).min(authority_ends);
    Ok(params)
}

/// Who made it is in every certificate: nobody shall take a leaf of ours for the real one.
fn subject(common_name: Option<&str>) -> DistinguishedName {
    let mut name = DistinguishedName::new();
    name.push(DnType::OrganizationName, "wiretape");
    if let Some(common_name) = common_name {
        name.push(DnType::CommonName, common_name);
    }
    name
}

/// Sixteen random bytes, positive and never short (RFC 5280 section 4.1.2.2).
fn random_serial() -> Result<SerialNumber, rcgen::Error> {
    let bytes = random()?;
    let positive = u128::from_be_bytes(bytes) & (u128::MAX >> 1) | (1 << 126);
    Ok(SerialNumber::from_slice(&positive.to_be_bytes()))
}

/// Sixteen bytes from the system's generator.
pub(super) fn random() -> Result<[u8; 16], rcgen::Error> {
    let mut bytes = [0; 16];
    provider().secure_random.fill(&mut bytes).map_err(|_| rcgen::Error::RingUnspecified)?;
    Ok(bytes)
}
