//! What is no exchange: `list --notices`, and the live lines, through the real binary and curl.

use std::{
    io::{BufRead, BufReader, Read, Write},
    net::TcpStream,
    process::{Command, Stdio},
};

use serde_json::Value;
use tempfile::tempdir;

use crate::support::{
    origin::{Origin, PATIENCE, json},
    wiretape::{lines, of, run, signal, wiretape},
};

/// Records with these options while `clients` run against the proxy; gives the lines on stderr.
fn recorded(home: &std::path::Path, options: &[&str], clients: impl FnOnce(&str)) -> Vec<String> {
    let arguments = [&["record", "--headless", "--listen", "127.0.0.1:0"], options].concat();
    let mut process = wiretape(home, &arguments)
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .expect("it starts");
    let stderr = BufReader::new(process.stderr.take().expect("piped"));
    let (sender, said) = std::sync::mpsc::channel();
    let read = move || stderr.lines().map_while(Result::ok).try_for_each(|line| sender.send(line));
    wiretape::tasks::thread("stderr", read).expect("a thread");
    let proxy = loop {
        let line = said.recv_timeout(PATIENCE).expect("it says where it listens");
        if let Some(("", url)) = line.trim_start().split_once("proxy") {
            break url.trim().to_owned();
        }
    };
    clients(&proxy);
    signal(process.id(), "TERM");
    assert!(process.wait().expect("it ends").success());
    said.iter().collect()
}

fn curl(proxy: &str, arguments: &[&str]) -> String {
    let mut curl = Command::new("curl");
    curl.env_clear().env("PATH", std::env::var_os("PATH").unwrap_or_default());
    curl.args(["-sS", "--max-time", "10", "--noproxy", "", "-x", proxy]).args(arguments);
    let output = curl.output().expect("curl is there");
    String::from_utf8_lossy(&output.stdout).into_owned()
}

fn notices(home: &std::path::Path, kind: &str) -> Vec<Value> {
    let all = lines(home, &["list", "--notices"]);
    let notices = of(&all, "notice").into_iter().filter(|notice| notice["kind"] == kind);
    notices.cloned().collect()
}

fn text(notice: &Value) -> &str {
    notice["text"].as_str().expect("a text")
}

#[test]
fn a_tunneled_host_and_one_without_mcp_are_told() {
    let origin = Origin::serve(|_, out| out.write_all(json("{}", "").as_bytes()).is_ok());
    let home = tempdir().expect("a folder");
    let said = recorded(home.path(), &["--tunnel", "127.0.0.1"], |proxy| {
        assert_eq!(curl(proxy, &["-p", &origin.url()]), "{}");
        assert_eq!(curl(proxy, &[&origin.url()]), "{}");
    });
    let tunnels = notices(home.path(), "tunnel");
    assert_eq!(tunnels.len(), 1, "{tunnels:#?}");
    assert_eq!(tunnels[0]["host"], origin.authority().as_str());
    assert!(text(&tunnels[0]).contains("on the tunnel list (127.0.0.1)"), "{tunnels:#?}");
    let not_kept = notices(home.path(), "not-kept");
    assert_eq!(not_kept[0]["host"], origin.authority().as_str());
    assert!(text(&not_kept[0]).contains("--all"), "{not_kept:#?}");
    assert!(said.iter().any(|line| line.starts_with("notice: tunnel ")), "{said:#?}");
    let listed = String::from_utf8(run(home.path(), &["list", "--notices"]).stdout).expect("text");
    assert!(listed.contains("tunnel") && listed.contains(&origin.authority()), "{listed}");
}

/// Node's undici opens connections in store: one of them made a notice of nothing.
#[test]
fn a_tunnel_in_which_nothing_was_said_is_not_told() {
    let origin = Origin::serve(|_, out| out.write_all(b"bye").is_ok());
    let home = tempdir().expect("a folder");
    recorded(home.path(), &[], |proxy| {
        let proxy = proxy.trim_start_matches("http://").trim_end_matches('/');
        for says in [&b""[..], b"\x00 no HTTP, no TLS \r\n\r\n"] {
            let mut client = TcpStream::connect(proxy).expect("the proxy listens");
            client.set_read_timeout(Some(PATIENCE)).expect("a socket");
            let authority = origin.authority();
            write!(client, "CONNECT {authority} HTTP/1.1\r\nHost: {authority}\r\n\r\n")
                .expect("it takes a head");
            let mut answer = [0; b"HTTP/1.1 200 OK\r\n\r\n".len()];
            client.read_exact(&mut answer).expect("it answers");
            assert_eq!(&answer, b"HTTP/1.1 200 OK\r\n\r\n");
            client.write_all(says).expect("it takes bytes");
            client.shutdown(std::net::Shutdown::Write).expect("it is open");
            // Until the proxy has closed it too.
            client.read_to_end(&mut Vec::new()).expect("it ends well");
        }
    });
    let tunnels = notices(home.path(), "tunnel");
    assert_eq!(tunnels.len(), 1, "{tunnels:#?}");
    assert!(text(&tunnels[0]).contains("(22 B sent"), "{tunnels:#?}");
}

#[test]
fn a_client_that_distrusts_us_is_told_with_its_count_and_remedy() {
    let origin = Origin::serve(|_, out| out.write_all(json("{}", "").as_bytes()).is_ok());
    let home = tempdir().expect("a folder");
    let url = format!("https://{}/", origin.authority());
    let said = recorded(home.path(), &[], |proxy| {
        assert_eq!(curl(proxy, &[&url]), "");
        assert_eq!(curl(proxy, &[&url]), "");
    });
    let failures = notices(home.path(), "tls-failure");
    let distrust: Vec<&Value> = failures
        .iter()
        .filter(|notice| text(notice).contains("does not accept our certificate"))
        .collect();
    assert_eq!(distrust.len(), 2, "{failures:#?}");
    assert!(distrust.iter().all(|notice| notice["host"] == origin.authority().as_str()));
    assert!(text(distrust[1]).contains("2 times"), "{distrust:#?}");
    assert!(said.iter().any(|line| line.starts_with("notice: tls-failure ")), "{said:#?}");
}
