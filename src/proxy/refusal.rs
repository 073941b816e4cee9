//! Answers of our own in place of the upstream's: they name host, reason and remedy.

use bytes::Bytes;
use http::{HeaderValue, Response, StatusCode, header};
use http_body_util::Full;

use super::{answer::Answer, dial::DialError};

/// Why a request is not brought to its upstream.
#[derive(Debug)]
pub(super) struct Refusal {
    pub(super) status: StatusCode,
    /// What it concerns; a host and port, or what was asked for.
    pub(super) host: String,
    pub(super) reason: String,
    pub(super) remedy: String,
}

impl Refusal {
    pub(super) fn new(
        status: StatusCode,
        host: impl Into<String>,
        reason: impl Into<String>,
        remedy: impl Into<String>,
    ) -> Self {
        Self { status, host: host.into(), reason: reason.into(), remedy: remedy.into() }
    }

    /// 400: the request makes no sense here.
    pub(super) fn malformed(host: &str, reason: &str, remedy: &str) -> Self {
        Self::new(StatusCode::BAD_REQUEST, host, reason, remedy)
    }

    /// 503: nothing passes unrecorded (`--require-recording`). Why it cannot be recorded is the
    /// recorder's to say; the proxy only knows that it is so.
    pub(super) fn unrecorded(host: String) -> Self {
        Self::new(
            StatusCode::SERVICE_UNAVAILABLE,
            host,
            "wiretape cannot record and --require-recording is set",
            "wiretape says why where it runs; make room on its disk and try again",
        )
    }

    /// 502, or 504 where time ran out.
    pub(super) fn unreachable(host: String, error: DialError) -> Self {
        tracing::debug!(host, reason = error.reason, "upstream not reached");
        let status =
            if error.timed_out { StatusCode::GATEWAY_TIMEOUT } else { StatusCode::BAD_GATEWAY };
        Self::new(status, host, error.reason, error.remedy)
    }

    /// One line for the exchange's end; a reason that names the host itself stands alone.
    pub(super) fn error(&self) -> String {
        if self.reason.contains(&self.host) {
            return self.reason.clone();
        }
        format!("{}: {}", self.host, self.reason)
    }

    pub(super) fn answer(&self) -> Response<Answer> {
        let mut text = format!("wiretape: {}\n", self.error());
        if !self.remedy.is_empty() {
            text.push_str("hint: ");
            text.push_str(&self.remedy);
            text.push('\n');
        }
        page(self.status, "text/plain; charset=utf-8", text)
    }
}

/// A text of ours.
pub(super) fn page(
    status: StatusCode,
    media_type: &'static str,
    text: impl Into<Bytes>,
) -> Response<Answer> {
    let mut response = Response::new(Answer::Text(Full::new(text.into())));
    *response.status_mut() = status;
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static(media_type));
    response
}
