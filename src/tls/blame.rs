//! What went wrong in a handshake, whose fault it is and what helps, in a user's words.
//!
//! Pure: an error in, text out.

mod certificate;
mod client;
mod upstream;

use std::{fmt, io};

use rustls::{AlertDescription as Alert, Error};

pub(super) use upstream::Known;

/// A failed handshake, for the notice, the 502 and the screen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Blame {
    /// What went wrong and on whose side, without a full stop.
    pub reason: String,
    /// What helps, naming the flag or command; never empty.
    pub remedy: String,
    /// The client does not trust our authority, surely or (a silent close) probably.
    pub distrust: bool,
}

impl fmt::Display for Blame {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}\nhint: {}", self.reason, self.remedy)
    }
}

impl std::error::Error for Blame {}

/// The rustls error in an IO error, if that is what it carries.
pub(super) fn tls_error(error: &io::Error) -> Option<&Error> {
    error.get_ref()?.downcast_ref()
}

impl Blame {
    fn new(reason: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self { reason: reason.into(), remedy: remedy.into(), distrust: false }
    }

    /// A name that TLS cannot ask for.
    pub(super) fn of_name(error: &super::host::BadHost) -> Self {
        Self::new(error.to_string(), "check the host of the URL")
    }
}

/// A peer that went away without a word while we waited for one. A broken pipe is none: who leaves
/// while we still write tickets has ended the handshake on its side.
fn is_close(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::UnexpectedEof
            | io::ErrorKind::ConnectionReset
            | io::ErrorKind::ConnectionAborted
    )
}

/// `unknown ca`, as OpenSSL and the RFCs write it, rather than rustls' `UnknownCA`.
fn alert_text(alert: Alert) -> String {
    let name = format!("{alert:?}");
    let mut text = String::from("alert: ");
    let mut in_word = false;
    for c in name.chars() {
        if c.is_ascii_uppercase() && in_word {
            text.push(' ');
        }
        in_word = c.is_ascii_lowercase();
        text.push(c.to_ascii_lowercase());
    }
    text
}
