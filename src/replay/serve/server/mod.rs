//! The port of a [`Stage`]: HTTP/1.1 on loopback, one stage behind one lock, and streams that wait
//! until something happens. The lock is never held while anything is waited for.

mod body;
mod forward;
mod taped;

use std::{
    io,
    net::SocketAddr,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use bytes::Bytes;
use http::{HeaderName, HeaderValue, Request, Response, StatusCode, request::Parts};
use http_body_util::{BodyExt, Limited};
use hyper::{body::Incoming as Body, service::service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::{
    net::TcpListener,
    sync::{mpsc, watch},
    time::{Instant, sleep, sleep_until},
};

use self::body::{Sent, Stream};
pub use self::{
    forward::{BadTarget, OnMiss},
    taped::Tape,
};
use super::{Answer, Incoming, Match, Next, Remark, Script, Stage};
use crate::{capture::Headers, proxy::Guard, tasks::Tasks};

/// The largest request that is read; a larger one is answered 413. MCP's servers take 4 MiB.
const REQUEST_BYTES: usize = 64 << 20;

/// Remarks that wait to be printed; while there are more, requests wait.
const REMARKS: usize = 1_024;

/// Frames that wait for a slow reader; its stream waits then.
const FRAMES: usize = 16;

/// The head of a request is to come within this time.
const HEAD: Duration = Duration::from_secs(30);

/// Why a port could not be had.
#[derive(Debug, thiserror::Error)]
#[error("cannot listen on {addr}: {why}\nhint: `--listen 127.0.0.1:0` takes a free port")]
pub struct NoPort {
    addr: SocketAddr,
    #[source]
    why: io::Error,
}

/// A server with its port.
#[derive(Debug)]
pub struct Server {
    listener: TcpListener,
    addr: SocketAddr,
}

impl Server {
    /// Takes a port.
    ///
    /// # Errors
    ///
    /// The port is taken, or not ours to take.
    pub async fn bind(addr: SocketAddr) -> Result<Self, NoPort> {
        let bound = async {
            let listener = TcpListener::bind(addr).await?;
            let addr = listener.local_addr()?;
            Ok(Self { listener, addr })
        };
        bound.await.map_err(|why| NoPort { addr, why })
    }

    /// Our origin.
    #[must_use]
    pub fn origin(&self) -> String {
        format!("http://{}", self.addr)
    }

    /// Serves until the tasks stop; what is said of each request comes out of the channel.
    #[must_use]
    pub fn serve(self, stage: Stage, miss: OnMiss, tasks: &Tasks) -> Serving {
        let (remarks, heard) = mpsc::channel(REMARKS);
        let script = Arc::clone(&stage.script);
        // Whoever opens it to a network has asked for that; a page on the web has not (faults.md 53).
        let guard = self.addr.ip().is_loopback();
        let guard = guard.then(|| Guard::new(self.addr.port(), &[], &[]));
        let house = Arc::new(House {
            stage: Mutex::new(stage),
            script,
            changed: watch::Sender::new(()),
            began: Instant::now(),
            remarks,
            guard,
            miss,
            tasks: tasks.clone(),
        });
        let serving = Serving { remarks: heard, house: Arc::clone(&house) };
        tasks.spawn(accept(self.listener, house));
        serving
    }
}

/// A server that runs.
#[derive(Debug)]
pub struct Serving {
    /// What is said of each request.
    pub remarks: mpsc::Receiver<Remark>,
    house: Arc<House>,
}

impl Serving {
    /// How often what was the case.
    #[must_use]
    pub fn tally(&self) -> super::Tally {
        self.house.stage().tally()
    }
}

#[derive(Debug)]
struct House {
    stage: Mutex<Stage>,
    script: Arc<Script>,
    /// Something happened that a stream may have waited for.
    changed: watch::Sender<()>,
    began: Instant,
    remarks: mpsc::Sender<Remark>,
    guard: Option<Guard>,
    miss: OnMiss,
    tasks: Tasks,
}

async fn accept(listener: TcpListener, house: Arc<House>) {
    loop {
        let accepted = tokio::select! {
            () = house.tasks.stopped() => return,
            accepted = listener.accept() => accepted,
        };
        // Out of descriptors: those that end give some back.
        let Ok((stream, _)) = accepted else {
            sleep(Duration::from_millis(50)).await;
            continue;
        };
        // A stream without it waits for its reader's acknowledgement.
        let _ = stream.set_nodelay(true);
        let own = Arc::clone(&house);
        house.tasks.spawn(async move {
            let service = service_fn(move |request| Arc::clone(&own).answer(request));
            let mut http = hyper::server::conn::http1::Builder::new();
            let http = http.timer(TokioTimer::new()).header_read_timeout(HEAD);
            // A connection that fails, or is broken on purpose, is its client's to notice.
            let _ = http.serve_connection(TokioIo::new(stream), service).await;
        });
    }
}

impl House {
    /// The stage stays whole whoever panicked while holding it: requests are decided one by one.
    fn stage(&self) -> MutexGuard<'_, Stage> {
        self.stage.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn now(&self) -> Duration {
        self.began.elapsed()
    }

    async fn answer(self: Arc<Self>, request: Request<Body>) -> io::Result<Response<Sent>> {
        let (parts, body) = request.into_parts();
        if let Some(Err(why)) = self.guard.as_ref().map(|guard| guard.check(&parts)) {
            // The hint names flags that this verb has not.
            let why = why.lines().next().unwrap_or_default().to_owned();
            return Ok(plain(StatusCode::FORBIDDEN, why));
        }
        let Ok(body) = Limited::new(body, REQUEST_BYTES).collect().await else {
            let text = format!("wiretape: the request is larger than {REQUEST_BYTES} bytes");
            return Ok(plain(StatusCode::PAYLOAD_TOO_LARGE, text));
        };
        let incoming = incoming(&parts, body.to_bytes());
        let mut served = self.stage().request(&incoming, self.now());
        self.changed.send_replace(());
        if served.remark.outcome == Match::Missed && !matches!(self.miss, OnMiss::Error) {
            self.stage().forwarded();
            let session = incoming.headers.text("mcp-session-id");
            let opening = session.and_then(|session| self.stage().opening(session));
            let path = self.script.client_path();
            let passed = self.miss.pass_on(&incoming, &path, opening).await;
            served.remark.outcome = Match::Forwarded;
            served.remark.status = Some(passed.status().as_u16());
            self.say(served.remark).await;
            return Ok(passed);
        }
        self.say(served.remark).await;
        match served.answer {
            Answer::Whole { status, headers, body, after } => {
                sleep(after).await;
                Ok(response(status, &headers, Sent::whole(body)))
            }
            Answer::Stream { status, headers, stream, after } => {
                let (frames, sent) = mpsc::channel(FRAMES);
                self.tasks.spawn(Arc::clone(&self).play(stream, frames));
                sleep(after).await;
                Ok(response(status, &headers, Sent::stream(Stream::new(sent))))
            }
            Answer::Nothing => std::future::pending().await,
            Answer::Broken { after } => {
                sleep(after).await;
                Err(broken())
            }
        }
    }

    /// Nobody may want to hear it any more.
    async fn say(&self, remark: Remark) {
        let _ = self.remarks.send(remark).await;
    }

    /// Sends a stream's frames as they are due, until it ends or its client leaves.
    async fn play(self: Arc<Self>, stream: u64, frames: mpsc::Sender<io::Result<Bytes>>) {
        let mut changed = self.changed.subscribe();
        loop {
            changed.borrow_and_update();
            let next = self.stage().next(stream, self.now());
            let due = match next {
                Next::Frame(bytes) => match frames.send(Ok(bytes)).await {
                    Ok(()) => continue,
                    Err(_) => break,
                },
                Next::End => break,
                Next::Cut => {
                    // What cannot be cut has been left.
                    let _ = frames.send(Err(broken())).await;
                    break;
                }
                Next::At(due) => Some(self.began + due),
                Next::Wait => None,
            };
            let due = async {
                match due {
                    Some(due) => sleep_until(due).await,
                    None => std::future::pending().await,
                }
            };
            tokio::select! {
                () = due => {}
                _ = changed.changed() => {}
                () = frames.closed() => break,
                () = self.tasks.stopped() => break,
            }
        }
        self.stage().left(stream);
    }
}

fn broken() -> io::Error {
    io::Error::new(io::ErrorKind::ConnectionAborted, "cut as on the tape")
}

fn incoming(parts: &Parts, body: Bytes) -> Incoming {
    let headers = parts.headers.iter();
    let headers = headers
        .map(|(name, value)| (name.as_str().to_owned(), Bytes::copy_from_slice(value.as_bytes())));
    let target = parts.uri.path_and_query();
    Incoming {
        method: parts.method.as_str().to_owned(),
        target: target.map_or_else(|| "/".to_owned(), ToString::to_string),
        headers: Headers(headers.collect()),
        body,
    }
}

fn plain(status: StatusCode, text: String) -> Response<Sent> {
    let mut response = Response::new(Sent::whole(Bytes::from(text)));
    *response.status_mut() = status;
    response
}

/// A response with recorded headers; those that HTTP would not take are left out.
fn response(status: u16, headers: &Headers, body: Sent) -> Response<Sent> {
    let mut response = Response::new(body);
    *response.status_mut() = StatusCode::from_u16(status).unwrap_or(StatusCode::BAD_GATEWAY);
    for (name, value) in headers.iter() {
        let name = HeaderName::from_bytes(name.as_bytes());
        let value = HeaderValue::from_maybe_shared(value.clone());
        if let (Ok(name), Ok(value)) = (name, value) {
            response.headers_mut().append(name, value);
        }
    }
    response
}
