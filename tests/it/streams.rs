//! Streams pass live, big bodies pass in flat memory, and whoever goes away is noticed at once.

use std::{
    fs,
    io::{ErrorKind, Read, Write},
    sync::{Mutex, mpsc},
};

use tempfile::tempdir;

use crate::support::{
    origin::{Origin, PATIENCE, STREAM, Wire, chunk, header},
    wiretape::{Recorder, lines, of, sessions},
};

const INITIALIZE: &str = r#"{"jsonrpc":"2.0","id":0,"method":"initialize"}"#;

/// Each frame is sent only once the client has the one before: a proxy that holds back one byte of
/// it would stand still.
#[test]
fn every_frame_passes_before_the_next_one_exists() {
    let (got, next) = mpsc::channel::<()>();
    let next = Mutex::new(next);
    let origin = Origin::serve(move |_, out| {
        out.write_all(format!("{STREAM}\r\n").as_bytes()).expect("written");
        let next = next.lock().expect("whole");
        for n in 0..20 {
            next.recv_timeout(PATIENCE).expect("the client has what was sent");
            out.write_all(&chunk(format!(": {n}\n\n"))).expect("written");
        }
        out.write_all(b"0\r\n\r\n").is_ok()
    });
    let home = tempdir().expect("a folder");
    let recorder = Recorder::start(home.path(), &[]);
    let mut client = Wire::to(recorder.proxy());
    client.post(&origin.authority(), "/mcp", "", INITIALIZE);
    client.head();
    for n in 0..20 {
        got.send(()).expect("the origin listens");
        assert_eq!(client.chunk().expect("a frame"), format!(": {n}\n\n").as_bytes());
    }
    assert_eq!(client.chunk(), None);
    drop(client);
    recorder.stop();
}

#[test]
fn a_client_that_leaves_is_noticed_by_the_upstream() {
    let (left, noticed) = mpsc::channel();
    let left = Mutex::new(left);
    let origin = Origin::serve(move |_, out| {
        out.write_all(format!("{STREAM}\r\n").as_bytes()).expect("written");
        out.write_all(&chunk(": here\n\n")).expect("written");
        // The end of the connection, whichever way, is what is waited for.
        let end = out.read(&mut [0]);
        left.lock().expect("whole").send(end.is_err() || end.is_ok_and(|n| n == 0)).expect("heard");
        false
    });
    let home = tempdir().expect("a folder");
    let recorder = Recorder::start(home.path(), &[]);
    let mut client = Wire::to(recorder.proxy());
    client.post(&origin.authority(), "/mcp", "", INITIALIZE);
    client.head();
    client.chunk();
    drop(client);
    assert!(noticed.recv_timeout(PATIENCE).expect("the upstream sees it"));
    recorder.stop();
    assert_eq!(outcome(home.path()), "client-closed");
}

#[test]
fn an_upstream_that_dies_is_an_error_and_no_end() {
    let origin = Origin::serve(move |_, out| {
        out.write_all(format!("{STREAM}\r\n").as_bytes()).expect("written");
        out.write_all(&chunk(": here\n\n")).expect("written");
        false
    });
    let home = tempdir().expect("a folder");
    let recorder = Recorder::start(home.path(), &[]);
    let mut client = Wire::to(recorder.proxy());
    client.post(&origin.authority(), "/mcp", "", INITIALIZE);
    client.head();
    client.chunk();
    let mut rest = Vec::new();
    let end = client.reader.read_to_end(&mut rest);
    assert!(!rest.ends_with(b"0\r\n\r\n"), "a cut stream must not be ended cleanly");
    assert!(end.is_ok() || end.is_err_and(|e| e.kind() == ErrorKind::ConnectionReset));
    recorder.stop();
    assert_eq!(outcome(home.path()), "truncated");
}

/// A quarter of the gigabyte that is measured by hand: the bound is the same.
#[test]
#[cfg(target_os = "linux")]
fn big_bodies_pass_both_ways_in_flat_memory() {
    const SIZE: usize = 256 << 20;
    const GROWTH_KB: u64 = 64 << 10;
    let origin = Origin::serve(|request, out| {
        assert_eq!(request.body.len(), SIZE);
        write!(out, "HTTP/1.1 200 OK\r\nContent-Length: {SIZE}\r\n\r\n").expect("written");
        out.write_all(&request.body).is_ok()
    });
    let home = tempdir().expect("a folder");
    let recorder = Recorder::start(home.path(), &["--all", "--quiet"]);
    let peak = || {
        let status = fs::read_to_string(format!("/proc/{}/status", recorder.pid())).expect("linux");
        let line = status.lines().find(|line| line.starts_with("VmHWM:")).expect("a peak");
        line.split_whitespace().nth(1).and_then(|kb| kb.parse::<u64>().ok()).expect("a number")
    };
    let before = peak();
    let mut client = Wire::to(recorder.proxy());
    let authority = origin.authority();
    client.send(format!(
        "POST http://{authority}/ HTTP/1.1\r\nHost: {authority}\r\nContent-Length: {SIZE}\r\n\r\n"
    ));
    let piece: Vec<u8> = (0..1 << 20).map(|n: u32| (n % 251) as u8).collect();
    for _ in 0..SIZE / piece.len() {
        client.send(&piece);
    }
    let head = client.head();
    assert_eq!(header(&head, "content-length"), Some(SIZE.to_string().as_str()));
    for _ in 0..SIZE / piece.len() {
        assert!(client.bytes(piece.len()) == piece, "the body came back changed");
    }
    let growth = peak() - before;
    assert!(growth < GROWTH_KB, "memory grew by {growth} KiB");
    drop(client);
    recorder.stop();
}

fn outcome(home: &std::path::Path) -> String {
    let session = sessions(home).remove(0);
    let shown = lines(home, &["show", &session]);
    of(&shown, "exchange")[0]["outcome"].as_str().expect("it ended").to_owned()
}
