//! An HTTP/1.1 server that does as it is told, byte by byte, and a client that looks at bytes.

use std::{
    io::{BufRead, BufReader, Read, Write},
    net::{SocketAddr, TcpListener, TcpStream},
    sync::Arc,
    time::Duration,
};

use wiretape::tasks;

/// Nothing on loopback takes longer; a test that waits this long has failed.
pub(crate) const PATIENCE: Duration = Duration::from_secs(20);

/// A request as it arrived.
pub(crate) struct Request {
    /// The head up to and with its empty line.
    pub(crate) head: String,
    /// The body by Content-Length.
    pub(crate) body: Vec<u8>,
}

impl Request {
    /// `POST /mcp`.
    pub(crate) fn line(&self) -> String {
        self.head.split(' ').take(2).collect::<Vec<_>>().join(" ")
    }
}

/// A server on a free port; each connection has a thread, each request is a call.
pub(crate) struct Origin {
    addr: SocketAddr,
}

impl Origin {
    /// Serves by `answer`, which writes the whole answer; false closes the connection.
    pub(crate) fn serve<F>(answer: F) -> Self
    where
        F: Fn(Request, &mut TcpStream) -> bool + Send + Sync + 'static,
    {
        Self::serve_on(TcpListener::bind("127.0.0.1:0").expect("a port"), answer)
    }

    /// Likewise on a port of its own.
    pub(crate) fn serve_on<F>(listener: TcpListener, answer: F) -> Self
    where
        F: Fn(Request, &mut TcpStream) -> bool + Send + Sync + 'static,
    {
        let addr = listener.local_addr().expect("an address");
        let answer = Arc::new(answer);
        tasks::thread("origin", move || {
            for stream in listener.incoming() {
                let Ok(stream) = stream else { return };
                let answer = Arc::clone(&answer);
                let one = move || connection(stream, &*answer);
                tasks::thread("origin-connection", one).expect("a thread");
            }
        })
        .expect("a thread");
        Self { addr }
    }

    pub(crate) fn authority(&self) -> String {
        self.addr.to_string()
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.addr)
    }
}

fn connection(stream: TcpStream, answer: &dyn Fn(Request, &mut TcpStream) -> bool) {
    stream.set_nodelay(true).expect("a socket");
    let mut writer = stream.try_clone().expect("a socket");
    let mut reader = BufReader::new(stream);
    while let Some(request) = read_request(&mut reader) {
        if !answer(request, &mut writer) {
            return;
        }
    }
}

fn read_request(reader: &mut BufReader<TcpStream>) -> Option<Request> {
    let head = read_head(reader)?;
    let mut body =
        vec![0; header(&head, "content-length").and_then(|n| n.parse().ok()).unwrap_or(0)];
    reader.read_exact(&mut body).ok()?;
    Some(Request { head, body })
}

/// Reads up to and with the next empty line.
pub(crate) fn read_head(reader: &mut impl BufRead) -> Option<String> {
    let mut head = String::new();
    while !head.ends_with("\r\n\r\n") {
        if reader.read_line(&mut head).ok()? == 0 {
            return None;
        }
    }
    Some(head)
}

/// A header's value in a head.
pub(crate) fn header<'a>(head: &'a str, name: &str) -> Option<&'a str> {
    head.lines().find_map(|line| {
        let (n, value) = line.split_once(':')?;
        n.eq_ignore_ascii_case(name).then(|| value.trim())
    })
}

/// A client's connection to a proxy or server.
pub(crate) struct Wire {
    pub(crate) reader: BufReader<TcpStream>,
}

impl Wire {
    pub(crate) fn to(addr: SocketAddr) -> Self {
        let stream = TcpStream::connect(addr).expect("it listens");
        stream.set_nodelay(true).expect("a socket");
        stream.set_read_timeout(Some(PATIENCE)).expect("a socket");
        Self { reader: BufReader::new(stream) }
    }

    pub(crate) fn send(&mut self, bytes: impl AsRef<[u8]>) {
        self.reader.get_mut().write_all(bytes.as_ref()).expect("it takes bytes");
    }

    /// Sends a request with a JSON body in absolute form.
    pub(crate) fn post(&mut self, authority: &str, path: &str, headers: &str, body: &str) {
        let length = body.len();
        self.send(format!(
            "POST http://{authority}{path} HTTP/1.1\r\nHost: {authority}\r\nContent-Type: application/json\r\n\
             Accept: application/json, text/event-stream\r\nContent-Length: {length}\r\n{headers}\r\n{body}"
        ));
    }

    pub(crate) fn head(&mut self) -> String {
        read_head(&mut self.reader).expect("a head")
    }

    /// Exactly this many bytes.
    pub(crate) fn bytes(&mut self, count: usize) -> Vec<u8> {
        let mut bytes = vec![0; count];
        self.reader.read_exact(&mut bytes).expect("as many bytes");
        bytes
    }

    /// Head and body by Content-Length of one answer.
    pub(crate) fn answer(&mut self) -> (String, Vec<u8>) {
        let head = self.head();
        let length = header(&head, "content-length").and_then(|n| n.parse().ok()).unwrap_or(0);
        let body = self.bytes(length);
        (head, body)
    }

    /// One chunk of a chunked body; none at its end.
    pub(crate) fn chunk(&mut self) -> Option<Vec<u8>> {
        let mut line = String::new();
        self.reader.read_line(&mut line).expect("a chunk's size");
        let size = usize::from_str_radix(line.trim(), 16).expect("a size");
        let chunk = self.bytes(size);
        self.bytes(2);
        (size > 0).then_some(chunk)
    }
}

/// Bytes as one chunk of a chunked body.
pub(crate) fn chunk(bytes: impl AsRef<[u8]>) -> Vec<u8> {
    let bytes = bytes.as_ref();
    [format!("{:x}\r\n", bytes.len()).as_bytes(), bytes, b"\r\n"].concat()
}

/// The head of an event stream.
pub(crate) const STREAM: &str =
    "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n";

/// A whole JSON answer.
pub(crate) fn json(body: &str, headers: &str) -> String {
    let length = body.len();
    format!(
        "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {length}\r\n{headers}\r\n{body}"
    )
}
