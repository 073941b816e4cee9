//! Our certificates before other programs' eyes, where the machine has them.

use std::{
    io::Write as _,
    process::{Command, Stdio},
};

use rustls::pki_types::pem::PemObject as _;
use tokio::{io::AsyncWriteExt as _, net::TcpListener};

use super::*;

/// Whether the machine has this program; says so where not, because the test then proves nothing.
fn has(program: &str, args: &[&str]) -> bool {
    let found =
        Command::new(program).args(args).stdout(Stdio::null()).stderr(Stdio::null()).status();
    let has = found.is_ok_and(|status| status.success());
    if !has {
        println!("skipped: this machine has no usable `{program}`");
    }
    has
}

/// The leaf that a client of this home is shown for `name`.
async fn leaf_of(home: &Home, name: &str) -> CertificateDer<'static> {
    let (facts, _) = shake(&home.client(), name, &[], home.config(name)).await;
    CertificateDer::from(facts.expect("an end").peer_cert.expect("a leaf").to_vec())
}

#[tokio::test]
async fn openssl_verifies_every_leaf_strictly() {
    if !has("openssl", &["version"]) {
        return;
    }
    let home = Home::new();
    for name in handshakes::names() {
        let leaf = home.file("leaf.pem", &roots::to_pem(&leaf_of(&home, &name).await));
        let kind = if name.parse::<std::net::IpAddr>().is_ok() {
            "-verify_ip"
        } else {
            "-verify_hostname"
        };
        let done = Command::new("openssl")
            .args(["verify", "-x509_strict", "-purpose", "sslserver", kind, &name, "-CAfile"])
            .args([home.authority.cert_path(), &leaf])
            .output()
            .expect("openssl runs");
        assert!(done.status.success(), "{name}: {}", String::from_utf8_lossy(&done.stderr));
    }
}

#[tokio::test]
async fn openssl_reads_what_we_meant_to_write() {
    if !has("openssl", &["version"]) {
        return;
    }
    let home = Home::new();
    let text = |pem: &str| {
        let mut child = Command::new("openssl")
            .args(["x509", "-noout", "-text", "-fingerprint", "-sha256"])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("openssl runs");
        child.stdin.take().expect("piped").write_all(pem.as_bytes()).expect("openssl reads");
        String::from_utf8(child.wait_with_output().expect("an end").stdout).expect("text")
    };
    let ca = text(home.authority.cert_pem());
    let key_id = ca
        .lines()
        .skip_while(|line| !line.contains("Subject Key Identifier"))
        .nth(1)
        .expect("the authority's key identifier")
        .trim();
    for part in ["CA:TRUE, pathlen:0", "Certificate Sign", &home.authority.fingerprint_sha256()] {
        assert!(ca.contains(part), "{part}: {ca}");
    }
    assert_eq!(ca.matches(": critical").count(), 2, "{ca}");

    let leaf = text(&roots::to_pem(&leaf_of(&home, "127.0.0.1").await));
    for part in ["IP Address:127.0.0.1", "TLS Web Server Authentication", "CN = 127.0.0.1", key_id]
    {
        assert!(leaf.contains(part), "{part}: {leaf}");
    }
    let long = "a".repeat(60) + ".example";
    let leaf = text(&roots::to_pem(&leaf_of(&home, &long).await));
    assert!(leaf.contains(&format!("DNS:{long}")) && !leaf.contains("CN = a"), "{leaf}");
}

/// Connects as a strict Python does; prints the version of TLS and the first line it is sent.
const PYTHON: &str = r#"
import socket, ssl, sys
port, name, ca = int(sys.argv[1]), sys.argv[2], sys.argv[3]
context = ssl.create_default_context(cafile=ca)
context.verify_flags |= ssl.VERIFY_X509_STRICT
if len(sys.argv) > 4:
    context.maximum_version = ssl.TLSVersion.TLSv1_2
with socket.create_connection(("127.0.0.1", port)) as raw:
    with context.wrap_socket(raw, server_hostname=name) as tls:
        print(tls.version(), tls.recv(100).decode(), end="")
"#;

#[tokio::test]
async fn a_strict_python_connects() {
    if !has("python3", &["-c", "import ssl; ssl.VERIFY_X509_STRICT"]) {
        return;
    }
    let home = Home::new();
    let cases = handshakes::names().into_iter().map(|name| (name, "TLSv1.3"));
    for (name, version) in cases.chain([("example.com".to_owned(), "TLSv1.2")]) {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let port = listener.local_addr().expect("bound").port().to_string();
        let mut python = tokio::process::Command::new("python3");
        python.args(["-c", PYTHON, &port, &name]).arg(home.authority.cert_path());
        if version == "TLSv1.2" {
            python.arg("old");
        }
        let serve = async {
            let (stream, _) = listener.accept().await.expect("python connects");
            let hello = read_hello(stream).await.expect("a hello");
            let mut stream = hello.accept(home.config(&name)).await.expect("an end");
            stream.write_all(b"hello").await.expect("python reads");
            stream.shutdown().await.expect("python reads");
        };
        let (done, ()) = tokio::join!(python.output(), serve);
        let done = done.expect("python runs");
        let said = String::from_utf8_lossy(&done.stdout);
        assert_eq!(said, format!("{version} hello"), "{name}: {done:?}");
    }
}

#[tokio::test]
async fn a_python_and_a_node_that_do_not_trust_us_are_told_apart() {
    let home = Home::new();
    let other = Home::new();
    let other_ca = other.authority.cert_path().to_string_lossy().into_owned();
    let node = "fetch(`https://127.0.0.1:${process.argv[1]}/`).catch(() => {})";
    for (program, args, after) in [
        ("python3", ["-c", PYTHON], vec!["127.0.0.1".to_owned(), other_ca]),
        ("node", ["-e", node], vec![]),
    ] {
        if !has(program, &["--version"]) {
            continue;
        }
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let port = listener.local_addr().expect("bound").port().to_string();
        let mut client = tokio::process::Command::new(program);
        client.args(args).arg(port).args(after);
        let serve = async {
            let (stream, _) = listener.accept().await.expect("a client");
            let hello = read_hello(stream).await.expect("a hello");
            hello.accept(home.config("127.0.0.1")).await.expect_err("no trust")
        };
        let (_, blame) = tokio::join!(client.output(), serve);
        assert!(blame.distrust, "{program}: {blame}");
    }
}

#[tokio::test]
async fn a_bundle_reads_as_pem() {
    let home = Home::new();
    let bundle = bundle_pem(&home.authority);
    let certs: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(bundle.as_bytes()).collect();
    assert_eq!(certs.expect("PEM").last(), Some(&home.authority.cert_der()));
}
