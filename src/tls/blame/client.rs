//! What a client did not like about our side of the handshake.

use std::io;

use rustls::{AlertDescription as Alert, Error, PeerIncompatible};

use super::{Blame, alert_text, is_close, tls_error};

const TRUST_REMEDY: &str = "trust wiretape's ca.pem in that client: `wiretape doctor CLIENT` tells \
     how, `wiretape run -- CMD` does it for one program, `wiretape ca install` for this system";

impl Blame {
    /// What a client did not like about our answer to its `ClientHello`.
    pub(in crate::tls) fn of_client(error: &io::Error) -> Self {
        match tls_error(error) {
            Some(Error::AlertReceived(alert)) => of_client_alert(*alert),
            Some(Error::NoApplicationProtocol) => Self::new(
                "the client and the server agree on no protocol (ALPN)",
                "let the client offer http/1.1, or pass the host through unread: --tunnel HOST",
            ),
            Some(Error::PeerIncompatible(
                PeerIncompatible::Tls12NotOffered
                | PeerIncompatible::Tls12NotOfferedOrEnabled
                | PeerIncompatible::SupportedVersionsExtensionRequired,
            )) => Self::new(
                "the client speaks neither TLS 1.2 nor TLS 1.3",
                "update the client, or pass the host through unread: --tunnel HOST",
            ),
            Some(Error::PeerIncompatible(why)) => Self::new(
                format!("the client and wiretape share no way to encrypt ({why:?})"),
                "let the client offer ECDSA with P-256, or pass the host through unread: --tunnel HOST",
            ),
            Some(other) => Self::new(
                format!("the client's TLS handshake is not in order: {other}"),
                "pass the host through unread: --tunnel HOST",
            ),
            // Node says nothing when it does not trust a certificate (crates.md 4).
            None if is_close(error) => Self {
                distrust: true,
                ..Self::new(
                    "the client closed the connection when it saw wiretape's certificate; \
                     it probably does not trust wiretape's authority",
                    TRUST_REMEDY,
                )
            },
            None => Self::new(
                format!("the connection to the client failed in the TLS handshake: {error}"),
                "try again; if it stays, pass the host through unread: --tunnel HOST",
            ),
        }
    }
}

fn of_client_alert(alert: Alert) -> Blame {
    match alert {
        // OpenSSL, Python, curl and rustls say the first, Go the second, Chromium and Java the
        // third.
        Alert::UnknownCA | Alert::BadCertificate | Alert::CertificateUnknown => Blame {
            distrust: true,
            ..Blame::new(
                format!("the client does not trust wiretape's authority ({})", alert_text(alert)),
                TRUST_REMEDY,
            )
        },
        Alert::CertificateExpired => Blame::new(
            "the client takes wiretape's certificate for expired",
            "set the client's clock: certificates are dated two days back and last thirty",
        ),
        other => Blame::new(
            format!("the client ended the TLS handshake ({})", alert_text(other)),
            "look into the client's log, or pass the host through unread: --tunnel HOST",
        ),
    }
}
