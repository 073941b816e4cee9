//! Why there is no TLS with an upstream, certificates aside.

use std::io;

use rustls::{AlertDescription as Alert, Error, PeerIncompatible};

use super::{Blame, alert_text, certificate::of_certificate, is_close, tls_error};

/// What the side of the upstream was told by the user.
#[derive(Clone, Copy, Debug)]
pub(in crate::tls) struct Known {
    /// There is any trusted root.
    pub(in crate::tls) roots: bool,
    /// There is a `--client-cert`.
    pub(in crate::tls) client_cert: bool,
}

impl Blame {
    /// Why there is no TLS with an upstream; or, read after a handshake, why it ended: TLS 1.3
    /// servers ask for a client certificate only then.
    pub(in crate::tls) fn of_upstream(host: &str, error: &io::Error, known: Known) -> Self {
        match tls_error(error) {
            Some(Error::InvalidCertificate(why)) => of_certificate(host, why, known),
            Some(Error::AlertReceived(alert)) => of_upstream_alert(host, *alert, known),
            Some(Error::PeerIncompatible(
                PeerIncompatible::ServerDoesNotSupportTls12Or13
                | PeerIncompatible::ServerTlsVersionIsDisabledByOurConfig,
            )) => no_shared_version(host),
            Some(Error::PeerIncompatible(why)) => no_shared_cipher(host, &format!("{why:?}")),
            Some(Error::InvalidMessage(_)) => Self::new(
                format!("{host} does not answer with TLS"),
                "if it speaks plain HTTP, use an http:// URL",
            ),
            Some(Error::NoApplicationProtocol) => no_shared_protocol(host),
            Some(other) => Self::new(
                format!("the TLS handshake with {host} failed: {other}"),
                format!("to pass it through unread: --tunnel {host}"),
            ),
            None if is_close(error) => Self::new(
                format!("{host} closed the connection during the TLS handshake"),
                "check that the port speaks TLS, and what lies between: a firewall, a VPN, \
                 a proxy of your network (--upstream-proxy URL)",
            ),
            None => Self::new(
                format!("the connection to {host} failed in the TLS handshake: {error}"),
                "check the network between here and there",
            ),
        }
    }
}

fn of_upstream_alert(host: &str, alert: Alert, known: Known) -> Blame {
    match alert {
        Alert::ProtocolVersion => no_shared_version(host),
        Alert::HandshakeFailure if !known.client_cert => Blame::new(
            format!(
                "{host} refused the TLS handshake ({}): no shared cipher suite, \
                 or it asks for a client certificate",
                alert_text(alert)
            ),
            "if it asks for a certificate: --client-cert FILE",
        ),
        Alert::HandshakeFailure | Alert::InsufficientSecurity => {
            no_shared_cipher(host, &alert_text(alert))
        }
        Alert::NoApplicationProtocol => no_shared_protocol(host),
        Alert::UnrecognisedName => Blame::new(
            format!("{host} does not know that name ({})", alert_text(alert)),
            "check the host of the URL",
        ),
        // In answer to a certificate of ours, or to none where one was asked for: TLS 1.3 has a
        // name for that, Go's and others' TLS 1.2 take the next best.
        Alert::CertificateRequired
        | Alert::BadCertificate
        | Alert::UnsupportedCertificate
        | Alert::CertificateRevoked
        | Alert::CertificateExpired
        | Alert::CertificateUnknown
        | Alert::UnknownCA
        | Alert::AccessDenied => of_our_certificate(host, alert, known),
        other => Blame::new(
            format!("{host} ended the TLS handshake ({})", alert_text(other)),
            format!("look into the server's log; to pass it through unread: --tunnel {host}"),
        ),
    }
}

fn of_our_certificate(host: &str, alert: Alert, known: Known) -> Blame {
    if known.client_cert {
        Blame::new(
            format!("{host} refused the certificate of --client-cert ({})", alert_text(alert)),
            "name one that the server takes, with its chain and key: --client-cert FILE",
        )
    } else {
        Blame::new(
            format!("{host} asks for a client certificate ({})", alert_text(alert)),
            "name a PEM file with certificate and key: --client-cert FILE",
        )
    }
}

fn no_shared_version(host: &str) -> Blame {
    Blame::new(
        format!("no shared version: {host} speaks neither TLS 1.2 nor TLS 1.3"),
        format!(
            "let the server speak TLS 1.2 or later: 1.0 and 1.1 are not spoken here; \
             to pass it through unread: --tunnel {host}"
        ),
    )
}

fn no_shared_cipher(host: &str, detail: &str) -> Blame {
    Blame::new(
        format!("{host} and wiretape share no way to encrypt ({detail})"),
        format!(
            "let the server offer ECDHE with AES-GCM or ChaCha20: static RSA and CBC are not \
             spoken here; to pass it through unread: --tunnel {host}"
        ),
    )
}

fn no_shared_protocol(host: &str) -> Blame {
    Blame::new(
        format!("{host} speaks none of the protocols the client offers (ALPN)"),
        "let the client offer http/1.1",
    )
}
