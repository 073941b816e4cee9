//! A client that sends what it is told, each request on a connection of its own.

use std::net::SocketAddr;

use crate::support::origin::{Wire, header};

/// A client of one server with the headers that it always sends.
pub(crate) struct Peer {
    addr: SocketAddr,
    headers: String,
}

/// A whole answer.
pub(crate) struct Answer {
    head: String,
    pub(crate) body: String,
}

/// An answer that goes on.
pub(crate) struct Stream {
    wire: Wire,
    pub(crate) head: String,
    pub(crate) text: String,
}

impl Peer {
    pub(crate) fn to(addr: SocketAddr) -> Self {
        Self::taking(addr, "application/json, text/event-stream")
    }

    /// One that takes other media.
    pub(super) fn taking(addr: SocketAddr, accept: &str) -> Self {
        Self { addr, headers: line("Accept", accept) }
    }

    /// One more header that it always sends.
    pub(crate) fn with(mut self, name: &str, value: &str) -> Self {
        self.headers += &line(name, value);
        self
    }

    pub(crate) fn post(&self, path: &str, headers: &[(&str, &str)], body: &str) -> Answer {
        self.whole("POST", path, headers, body)
    }

    pub(crate) fn get(&self, path: &str, headers: &[(&str, &str)]) -> Answer {
        self.whole("GET", path, headers, "")
    }

    pub(crate) fn delete(&self, path: &str, headers: &[(&str, &str)]) -> Answer {
        self.whole("DELETE", path, headers, "")
    }

    /// Sends a request and takes the head of its answer.
    pub(crate) fn open(
        &self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: &str,
    ) -> Stream {
        let mut sent = self.send(method, path, headers, body);
        let head = sent.wire.head();
        Stream { wire: sent.wire, head, text: String::new() }
    }

    /// Sends a request, of which the answer may come later.
    pub(crate) fn send(
        &self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: &str,
    ) -> Sent {
        let mut wire = Wire::to(self.addr);
        let mut head =
            format!("{method} {path} HTTP/1.1\r\nHost: {}\r\n{}", self.addr, self.headers);
        for (name, value) in headers {
            head += &line(name, value);
        }
        if method == "POST" {
            head += &line("Content-Type", "application/json");
            head += &line("Content-Length", &body.len().to_string());
        }
        wire.send(format!("{head}\r\n{body}"));
        Sent { wire }
    }

    fn whole(&self, method: &str, path: &str, headers: &[(&str, &str)], body: &str) -> Answer {
        let mut stream = self.open(method, path, headers, body);
        if header(&stream.head, "transfer-encoding").is_some() {
            stream.rest();
            return Answer { head: stream.head, body: stream.text };
        }
        let length = header(&stream.head, "content-length").and_then(|n| n.parse().ok());
        let body = stream.wire.bytes(length.unwrap_or(0));
        Answer { head: stream.head, body: String::from_utf8(body).expect("a text") }
    }
}

/// A request that is out.
pub(crate) struct Sent {
    wire: Wire,
}

impl Sent {
    /// Its answer, by its length.
    pub(crate) fn answer(&mut self) -> Answer {
        let (head, body) = self.wire.answer();
        Answer { head, body: String::from_utf8(body).expect("a text") }
    }
}

impl Answer {
    pub(crate) fn status(&self) -> u16 {
        status(&self.head)
    }

    pub(crate) fn header(&self, name: &str) -> String {
        header(&self.head, name).unwrap_or_else(|| panic!("no {name}: {}", self.head)).to_owned()
    }

    /// The answer, which must have this status.
    pub(crate) fn expect(self, code: u16) -> Self {
        assert_eq!(self.status(), code, "{}{}", self.head, self.body);
        self
    }

    pub(crate) fn json(&self) -> serde_json::Value {
        serde_json::from_str(&self.body).unwrap_or_else(|e| panic!("{e}: {}", self.body))
    }
}

impl Stream {
    /// Reads on until `mark` has come; gives what came since the last mark, with it.
    pub(crate) fn until(&mut self, mark: &str) -> String {
        loop {
            if let Some(place) = self.text.find(mark) {
                let rest = self.text.split_off(place + mark.len());
                return std::mem::replace(&mut self.text, rest);
            }
            let chunk = self.wire.chunk().unwrap_or_else(|| panic!("no {mark:?}: {}", self.text));
            self.text.push_str(std::str::from_utf8(&chunk).expect("whole characters"));
        }
    }

    /// Reads to the end, which the server makes as it should.
    pub(crate) fn rest(&mut self) {
        while let Some(chunk) = self.wire.chunk() {
            self.text.push_str(std::str::from_utf8(&chunk).expect("whole characters"));
        }
    }

    /// Reads on until the connection breaks off.
    pub(crate) fn cut(mut self) {
        use std::io::Read;
        // A reset is a cut too.
        let _ = self.wire.reader.read_to_end(&mut Vec::new());
    }
}

fn line(name: &str, value: &str) -> String {
    format!("{name}: {value}\r\n")
}

fn status(head: &str) -> u16 {
    head.split(' ').nth(1).and_then(|code| code.parse().ok()).expect("a status")
}
