//! What is done with a request that is not on the tape.

use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
};

use bytes::Bytes;
use http::{Request, Response, StatusCode};
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming as Body;
use hyper_rustls::HttpsConnector;
use hyper_util::client::legacy::{Client, connect::HttpConnector};
use url::Url;

use super::{super::Incoming, body::Sent, plain, taped::Tape};
use crate::{
    capture::{ExchangeId, Headers},
    tasks::Tasks,
    tls,
};

/// Headers that belong to the connection with our client.
const OWN: [&str; 8] = [
    "connection",
    "content-length",
    "expect",
    "host",
    "keep-alive",
    "proxy-connection",
    "transfer-encoding",
    "upgrade",
];

const SESSION: &str = "mcp-session-id";

/// Sessions that were opened at the server; beyond them none is remembered, and each request that is
/// passed on opens one.
const SESSIONS: usize = 4_096;

/// What is done with a request that is not on the tape.
#[derive(Debug)]
pub enum OnMiss {
    /// It gets an error, and nothing leaves.
    Error,
    /// It is passed on to a server, because somebody asked for that.
    Forward(Box<Upstream>),
}

/// A server that takes what is not on the tape.
#[derive(Debug)]
pub struct Upstream {
    url: Url,
    client: Client<HttpsConnector<HttpConnector>, Full<Bytes>>,
    /// Its own session for each of ours.
    sessions: Mutex<HashMap<String, String>>,
    /// Where what it says is recorded.
    tape: Option<Tape>,
}

/// A URL that nothing can be passed on to.
#[derive(Debug, thiserror::Error)]
#[error("`{0}` is no http or https URL\nhint: `--on-miss forward=http://127.0.0.1:3000/mcp`")]
pub struct BadTarget(String);

impl OnMiss {
    /// Passes on to the server at `url`, the endpoint as a client would be given it.
    ///
    /// # Errors
    ///
    /// It is no http or https URL.
    pub fn forward(url: &str, tape: Option<Tape>, tasks: &Tasks) -> Result<Self, BadTarget> {
        let parsed = Url::parse(url).ok();
        let is_web = |url: &Url| matches!(url.scheme(), "http" | "https") && url.has_host();
        let parsed = parsed.filter(is_web).ok_or_else(|| BadTarget(url.to_owned()))?;
        let mut below = HttpConnector::new();
        below.enforce_http(false);
        below.set_nodelay(true);
        let roots = if parsed.scheme() == "https" { tls::system_roots() } else { Vec::new() };
        let connector = tls::https_connector(tls::connector_trusting(roots), below);
        let client = Client::builder(tasks.clone()).build(connector);
        let sessions = Mutex::new(HashMap::new());
        Ok(Self::Forward(Box::new(Upstream { url: parsed, client, sessions, tape })))
    }

    /// Passes a request on; `path` is the one on the tape that the URL stands for, `opening` the
    /// recorded `initialize` of its session where that is one of ours.
    pub(super) async fn pass_on(
        &self,
        incoming: &Incoming,
        path: &str,
        opening: Option<Bytes>,
    ) -> Response<Sent> {
        let Self::Forward(upstream) = self else {
            return plain(StatusCode::BAD_GATEWAY, "wiretape: nothing is passed on".to_owned());
        };
        match upstream.ask(incoming, path, opening).await {
            Ok(response) => response,
            Err(why) => {
                let text = format!("wiretape: {} could not be reached: {why}", upstream.url);
                plain(StatusCode::BAD_GATEWAY, text)
            }
        }
    }
}

impl Upstream {
    async fn ask(
        &self,
        incoming: &Incoming,
        path: &str,
        opening: Option<Bytes>,
    ) -> Result<Response<Sent>, String> {
        let own = incoming.headers.text(SESSION).map(str::to_owned);
        let mut headers = incoming.headers.clone();
        if let (Some(own), Some(opening)) = (&own, opening) {
            let theirs = self.session(own, path, opening).await?;
            headers.0.retain(|(name, _)| !name.eq_ignore_ascii_case(SESSION));
            headers.0.extend(theirs.map(|id| (SESSION.to_owned(), Bytes::from(id))));
        }
        let request = Incoming { headers, ..incoming.clone() };
        let id = ExchangeId::next();
        if let Some(tape) = &self.tape {
            tape.request(id, &self.place(&request, path), &request);
        }
        let response = self.send(&request, path).await?;
        let (parts, body) = response.into_parts();
        let body = match &self.tape {
            Some(tape) => {
                tape.head(id, &parts);
                Sent::other(tape.body(id, body))
            }
            None => Sent::other(body),
        };
        let mut passed = Response::new(body);
        *passed.status_mut() = parts.status;
        for (name, value) in &parts.headers {
            if OWN.contains(&name.as_str()) {
                continue;
            }
            // Our client knows its session by our id.
            let own = own.as_ref().filter(|_| name == SESSION);
            let value = own.and_then(|own| own.parse().ok()).unwrap_or_else(|| value.clone());
            passed.headers_mut().append(name.clone(), value);
        }
        Ok(passed)
    }

    /// The server's session that goes with ours; opened as the recorded client opened its own.
    async fn session(
        &self,
        own: &str,
        path: &str,
        opening: Bytes,
    ) -> Result<Option<String>, String> {
        let lock = || self.sessions.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(theirs) = lock().get(own) {
            return Ok(Some(theirs.clone()));
        }
        let post = |body: Bytes, session: Option<&str>| {
            let mut headers = vec![
                ("content-type".to_owned(), Bytes::from_static(b"application/json")),
                ("accept".to_owned(), Bytes::from_static(b"application/json, text/event-stream")),
            ];
            let id = session.map(|id| (SESSION.to_owned(), Bytes::from(id.to_owned())));
            headers.extend(id);
            let (method, target) = ("POST".to_owned(), path.to_owned());
            Incoming { method, target, headers: Headers(headers), body }
        };
        let response = self.send(&post(opening, None), path).await?;
        let theirs = response.headers().get(SESSION).and_then(|id| id.to_str().ok());
        let theirs = theirs.map(str::to_owned);
        read_out(response).await;
        let told = Bytes::from_static(br#"{"jsonrpc":"2.0","method":"notifications/initialized"}"#);
        read_out(self.send(&post(told, theirs.as_deref()), path).await?).await;
        if let Some(theirs) = &theirs {
            let mut sessions = lock();
            if sessions.len() < SESSIONS {
                sessions.insert(own.to_owned(), theirs.clone());
            }
        }
        Ok(theirs)
    }

    async fn send(&self, incoming: &Incoming, path: &str) -> Result<Response<Body>, String> {
        let url = self.place(incoming, path);
        let mut request = Request::builder().method(incoming.method.as_str()).uri(url.as_str());
        for (name, value) in incoming.headers.iter() {
            if !OWN.contains(&name.to_ascii_lowercase().as_str()) {
                request = request.header(name, value.as_ref());
            }
        }
        let request = request.body(Full::new(incoming.body.clone()));
        let request = request.map_err(|error| error.to_string())?;
        self.client.request(request).await.map_err(|error| causes(&error))
    }

    fn place(&self, incoming: &Incoming, path: &str) -> Url {
        let mut url = self.url.clone();
        let (asked, query) = match incoming.target.split_once('?') {
            Some((asked, query)) => (asked, Some(query)),
            None => (incoming.target.as_str(), None),
        };
        if asked != path || url.path() == "/" {
            url.set_path(asked);
        }
        url.set_query(query.or(self.url.query()));
        url
    }
}

/// An answer that nobody waits for is read, so that its connection can be used again; one that goes
/// on is left, as a client leaves it that has its answer.
async fn read_out(response: Response<Body>) {
    const LONG: std::time::Duration = std::time::Duration::from_secs(2);
    // However it ends.
    let _ = tokio::time::timeout(LONG, response.into_body().collect()).await;
}

fn causes(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut next = error.source();
    while let Some(cause) = next {
        text = format!("{text}: {cause}");
        next = cause.source();
    }
    text
}
