//! One exchange: the request to its upstream, the response back, both recorded as they pass.

use std::{
    io,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering::Relaxed},
    },
};

use bytes::Bytes;
use http::{
    HeaderMap, Method, Request, Response, StatusCode, Uri, Version, header, request, response,
};
use hyper::{body::Incoming, ext::ReasonPhrase, upgrade::OnUpgrade};
use tokio::sync::mpsc::UnboundedSender;

use super::{
    answer::{Answer, Rewritten},
    ending::{Exchange, Reached, cause, chain, upstream_outcome},
    gate::gate,
    hop,
    link::Link,
    own,
    refusal::Refusal,
    rewrite::{BodyRewriter, Reverse},
    route::{Destination, Route, address, route},
    tee::Tee,
    tunnel,
    upstream::{Unanswered, Upstream},
    wire::Heads,
};
use crate::{
    capture::{Fact, Headers, Informational, Outcome, Rewrite, Timestamp},
    clock,
    tap::{Opening, WireRequest, WireResponse},
};

/// Answers one request. `head` is its bytes, on HTTP/1.
pub(super) async fn forward(
    link: Arc<Link>,
    request: Request<Incoming>,
    client_heads: Option<Heads>,
    head: Option<Bytes>,
) -> Response<Answer> {
    let at = clock::now();
    let (parts, body) = request.into_parts();
    let route = match route(&link, &parts) {
        Ok(Destination::Upstream(route)) => route,
        Ok(Destination::Own) => return own::answer(&link, &parts),
        Err(refusal) => return refusal.answer(),
    };
    if !link.proxy.tap.is_open() {
        return Refusal::unrecorded(route.origin.host_port()).answer();
    }
    let exchange = open(&link, &route, &parts, head, at).await;
    let sent = Sent { link, route, exchange, client_heads };
    let exchange = Arc::clone(&sent.exchange);
    sent.run(parts, body).await.unwrap_or_else(|refusal| {
        exchange.fault(Outcome::ProxyError, refusal.error());
        refusal.answer()
    })
}

/// Opens the exchange in the recording, with the handshake it rests on if it is the first to.
async fn open(
    link: &Arc<Link>,
    route: &Route,
    parts: &request::Parts,
    head: Option<Bytes>,
    at: Timestamp,
) -> Arc<Exchange> {
    let headers = if head.is_some() { HeaderMap::new() } else { parts.headers.clone() };
    let (method, version) = (parts.method.clone(), parts.version);
    let label = route.target.as_ref().map_or(&link.proxy.label, |target| &target.label);
    let opening = Opening {
        at,
        client: Arc::clone(&link.client_text),
        label: Arc::clone(label),
        mode: route.mode,
        url: route.url.clone(),
        head: WireRequest { method, version, bytes: head, headers },
    };
    let id = link.proxy.tap.open(opening).await;
    let exchange = Exchange::new(Arc::clone(link), id, at);
    if let Some(facts) = link.take_client_tls() {
        exchange.tell(at, Fact::Tls(Box::new(facts)));
    }
    exchange
}

/// An exchange on its way to the upstream and back.
struct Sent {
    link: Arc<Link>,
    route: Route,
    exchange: Arc<Exchange>,
    client_heads: Option<Heads>,
}

/// What of a request its response depends on.
struct Asked {
    method: Method,
    uri: Uri,
    version: Version,
    /// In reverse mode, what leads the client back to us.
    reverse: Option<Arc<Reverse>>,
    /// The client's side of an upgrade that it asks for.
    upgrade: Option<OnUpgrade>,
    /// What opens the gate in front of the request's body, where the client expects 100.
    open: Option<UnboundedSender<()>>,
}

impl Sent {
    async fn run(self, parts: request::Parts, body: Incoming) -> Result<Response<Answer>, Refusal> {
        self.check(&parts)?;
        let mut upstream = self.upstream().await?;
        let (parts, mut asked) = self.prepare(parts, upstream.sender.is_http2())?;
        let gate = if expects_continue(&parts) && !upstream.sender.is_http2() {
            let (open, gate) = gate();
            asked.open = Some(open);
            Some(gate)
        } else {
            None
        };
        let body = Tee::request(body, Arc::clone(&self.exchange), gate);
        let request = Request::from_parts(parts, body);
        let response = self.send(&mut upstream, request, &asked).await?;
        Ok(self.answer(upstream, response, asked).await)
    }

    /// What is refused without asking the upstream.
    fn check(&self, parts: &request::Parts) -> Result<(), Refusal> {
        let host = || self.route.origin.host_port();
        if let Some(blame) = &self.route.doomed {
            let (reason, remedy) = (blame.reason.as_str(), blame.remedy.as_str());
            return Err(Refusal::new(StatusCode::BAD_GATEWAY, host(), reason, remedy));
        }
        if parts.headers.get_all(header::HOST).iter().nth(1).is_some() {
            let remedy = "send one Host header";
            return Err(Refusal::malformed(&host(), "the request names its host twice", remedy));
        }
        let Some(target) = &self.route.target else { return Ok(()) };
        target.guard.check(parts).map_err(|reason| {
            let remedy = "if it is yours, allow it with --allow-host or --allow-origin";
            Refusal::new(StatusCode::FORBIDDEN, host(), reason, remedy)
        })
    }

    async fn upstream(&self) -> Result<Upstream, Refusal> {
        let dialing = self.route.dialing(&self.link);
        let mut upstream = self.link.upstream(&self.route.origin, dialing).await?;
        let fresh = upstream.fresh.take();
        self.exchange.reached(Reached {
            peer: Arc::clone(&upstream.peer),
            connect_us: fresh.as_ref().map(|fresh| fresh.connect_us),
            tls_us: fresh.as_ref().and_then(|fresh| fresh.tls_us),
        });
        if let Some(facts) = fresh.and_then(|fresh| fresh.facts) {
            self.exchange.tell(clock::now(), Fact::Tls(Box::new(facts)));
        }
        Ok(upstream)
    }

    /// Gives the request its form for the upstream. The parts move over whole: they carry the
    /// spelling of the names (crates.md 2.1).
    fn prepare(
        &self,
        mut parts: request::Parts,
        http2: bool,
    ) -> Result<(request::Parts, Asked), Refusal> {
        let upgrade = parts.extensions.remove::<OnUpgrade>();
        let asked = Asked {
            method: parts.method.clone(),
            uri: parts.uri.clone(),
            reverse: self.route.target.as_ref().map(|target| target.rewrite_for(&parts)),
            version: parts.version,
            upgrade: upgrade.filter(|_| parts.headers.contains_key(header::UPGRADE)),
            open: None,
        };
        let named = parts.headers.get(header::HOST).cloned();
        let headers = hop::request_headers(std::mem::take(&mut parts.headers));
        let mut headers = address(&self.link, &self.route, http2, &mut parts, headers)?;
        if let Some(named) =
            named.filter(|named| !http2 && headers.get(header::HOST) != Some(named))
        {
            let text = format!("the target's host was sent on instead of Host: {named:?}");
            self.exchange.tell(clock::now(), Fact::Note { text });
        }
        if let Some(reverse) = &asked.reverse {
            let (changed, rewrites) = reverse.request_headers(headers);
            headers = changed;
            self.tell(rewrites);
        }
        parts.headers = headers;
        Ok((parts, asked))
    }

    /// Sends the request and waits for the head of its answer. A connection that was closed before
    /// anything of the request was sent is replaced once: an upstream may end an idle one any time.
    async fn send(
        &self,
        upstream: &mut Upstream,
        mut request: Request<Tee>,
        asked: &Asked,
    ) -> Result<Response<Incoming>, Refusal> {
        self.listen(upstream, &mut request, asked);
        let mut unanswered = match upstream.sender.send(&asked.method, request).await {
            Ok(response) => return Ok(response),
            Err(unanswered) => unanswered,
        };
        if let Some(mut request) = unanswered.take_message() {
            *upstream = self.upstream().await?;
            self.listen(upstream, &mut request, asked);
            unanswered = match upstream.sender.send(&asked.method, request).await {
                Ok(response) => return Ok(response),
                Err(unanswered) => unanswered,
            };
        }
        Err(self.no_answer(&unanswered))
    }

    fn no_answer(&self, unanswered: &Unanswered) -> Refusal {
        let error = unanswered.error();
        let (host, dialing) = (self.route.origin.host_port(), self.route.dialing(&self.link));
        let outcome = if error.is_parse() || error.is_user() {
            Outcome::ProxyError
        } else {
            upstream_outcome(error)
        };
        let reason = format!("the upstream gave no answer: {}", chain(error));
        self.exchange.fault(outcome, reason.clone());
        // A TLS 1.3 server says only after the handshake that it wanted a client certificate.
        let later = cause::<io::Error>(error)
            .and_then(|error| dialing.tls.blame_later(&self.route.origin.host, error));
        if let Some(blame) = later {
            return Refusal::new(StatusCode::BAD_GATEWAY, host, blame.reason, blame.remedy);
        }
        let remedy = "see the server's own log; the request may have been carried out";
        Refusal::new(StatusCode::BAD_GATEWAY, host, reason, remedy)
    }

    /// Records 1xx answers as they come, and opens the gate at 100. HTTP/2 tells of none.
    fn listen(&self, upstream: &Upstream, request: &mut Request<Tee>, asked: &Asked) {
        let Some(heads) = upstream.sender.heads().cloned() else { return };
        let (exchange, open) = (Arc::clone(&self.exchange), asked.open.clone());
        let told = AtomicUsize::new(0);
        hyper::ext::on_informational(request, move |response| {
            let status = response.status();
            if let (StatusCode::CONTINUE, Some(open)) = (status, &open) {
                // Nobody waits any more where the body's patience ended first.
                let _ = open.send(());
            }
            let head = heads.take();
            match told.fetch_add(1, Relaxed) {
                ..MAX_INFORMATIONAL => {}
                MAX_INFORMATIONAL => {
                    let text =
                        format!("further 1xx answers after {MAX_INFORMATIONAL} are left out");
                    return exchange.tell(clock::now(), Fact::Note { text });
                }
                _ => return,
            }
            let headers = head.map(|head| fields(&head)).unwrap_or_default();
            let informational = Informational { status: status.as_u16(), headers };
            exchange.tell(clock::now(), Fact::Informational(informational));
        });
    }

    /// Records the answer and gives it the form it has for the client.
    async fn answer(
        self,
        upstream: Upstream,
        response: Response<Incoming>,
        asked: Asked,
    ) -> Response<Answer> {
        let at = clock::now();
        self.exchange.head_seen(at);
        let (mut parts, body) = response.into_parts();
        let http2 = upstream.sender.is_http2();
        let bytes = upstream.sender.heads().and_then(Heads::take);
        self.record(&parts, bytes, at).await;
        if parts.status == StatusCode::SWITCHING_PROTOCOLS {
            return self.upgraded(&upstream, parts, body, asked);
        }
        // An HTTP/1 connection whose request waits at a gate is of no more use.
        if asked.open.as_ref().is_none_or(UnboundedSender::is_closed) {
            self.link.give_back(self.route.origin.clone(), upstream);
        }
        let rewriter = self.reform(&mut parts, &asked);
        let head = asked.method == Method::HEAD;
        let tee = Tee::response(body, self.exchange, http2, head, asked.open);
        Response::from_parts(
            parts,
            match rewriter {
                Some(rewriter) => Answer::Rewritten(Box::new(Rewritten::new(tee, rewriter))),
                None => Answer::Upstream(tee),
            },
        )
    }

    async fn record(&self, parts: &response::Parts, bytes: Option<Bytes>, at: Timestamp) {
        let headers = if bytes.is_some() { HeaderMap::new() } else { parts.headers.clone() };
        let reason = parts.extensions.get::<ReasonPhrase>();
        let reason = reason.map(|reason| Bytes::copy_from_slice(reason.as_bytes()));
        let (status, version) = (parts.status, parts.version);
        let head = WireResponse { status, version, reason, bytes, headers };
        self.link.proxy.tap.head(self.exchange.id, at, head).await;
    }

    /// Gives the head its form for the client, and says what rewrites the body, if something does.
    fn reform(&self, parts: &mut response::Parts, asked: &Asked) -> Option<BodyRewriter> {
        let reverse = asked.reverse.as_ref();
        let body = reverse.and_then(|reverse| {
            reverse.body(&asked.method, asked.uri.path(), parts.status, &parts.headers)
        });
        let mut headers = hop::response_headers(std::mem::take(&mut parts.headers));
        if let Some(reverse) = reverse {
            let (changed, rewrites) = reverse.response_headers(headers, body.is_some());
            headers = changed;
            self.tell(rewrites);
        }
        parts.headers = headers;
        // An answer in 1.0 would make hyper close a 1.1 client's connection (crates.md 2.1).
        if asked.version != Version::HTTP_10 {
            parts.version = Version::HTTP_11;
        }
        body
    }

    /// Hands both connections to a tunnel.
    fn upgraded(
        self,
        upstream: &Upstream,
        parts: response::Parts,
        body: Incoming,
        asked: Asked,
    ) -> Response<Answer> {
        for heads in [upstream.sender.heads(), self.client_heads.as_ref()].into_iter().flatten() {
            heads.stop();
        }
        let what = parts.headers.get(header::UPGRADE).map_or_else(String::new, |name| {
            format!("upgraded to {}", String::from_utf8_lossy(name.as_bytes()))
        });
        let mut response = Response::from_parts(parts, body);
        let server = hyper::upgrade::on(&mut response);
        let tasks = self.link.proxy.tasks.clone();
        let (exchange, host) = (self.exchange, self.route.origin.host_port());
        let Some(client) = asked.upgrade else {
            let reason = "the upstream switched protocols without being asked";
            let refusal = Refusal::new(StatusCode::BAD_GATEWAY, host, reason, "see its own log");
            exchange.fault(Outcome::ProxyError, refusal.error());
            return refusal.answer();
        };
        tasks.spawn(tunnel::upgraded(exchange, host, what, client, server));
        response.map(|_| Answer::empty())
    }

    fn tell(&self, rewrites: Vec<Rewrite>) {
        let at = clock::now();
        for rewrite in rewrites {
            self.exchange.tell(at, Fact::Rewrite(Box::new(rewrite)));
        }
    }
}

fn expects_continue(parts: &request::Parts) -> bool {
    let expect = parts.headers.get(header::EXPECT);
    expect.is_some_and(|value| value.as_bytes().eq_ignore_ascii_case(b"100-continue"))
}

/// The fields of a 1xx head.
fn fields(head: &[u8]) -> Headers {
    let mut fields = [httparse::EMPTY_HEADER; MAX_INFORMATIONAL_FIELDS];
    let mut response = httparse::Response::new(&mut fields);
    match response.parse(head) {
        Ok(_) => response
            .headers
            .iter()
            .map(|field| (field.name, Bytes::copy_from_slice(field.value)))
            .collect(),
        Err(_) => Headers::default(),
    }
}

/// The most 1xx answers of one exchange that are recorded; a note says that there were more.
const MAX_INFORMATIONAL: usize = 100;

/// The most fields of a 1xx head; one with more is recorded without any.
const MAX_INFORMATIONAL_FIELDS: usize = 100;
