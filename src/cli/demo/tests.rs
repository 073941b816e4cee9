//! The demo's server held against the demo's tapes: both eras, over TLS, a session and none,
//! progress, a question, a standalone stream.

use std::path::Path;

use super::*;
use crate::cli::{
    args::{Cli, Color, Verb},
    output::Output,
    verify,
};

/// A server that lives as long as this.
struct Served {
    runtime: tokio::runtime::Runtime,
    tasks: Tasks,
    folder: tempfile::TempDir,
    url: String,
}

impl Drop for Served {
    fn drop(&mut self) {
        self.runtime.block_on(self.tasks.drain(GRACE));
    }
}

fn served() -> Served {
    let runtime = crate::cli::runtime().expect("threads");
    let folder = tempfile::tempdir().expect("a folder");
    let authority = Arc::new(Authority::open(&folder.path().join("certs")).expect("an authority"));
    let leaf = Leaves::new(authority).server_config("localhost", None).expect("a leaf");
    let mut tls = (*leaf).clone();
    tls.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    let tasks = Tasks::new();
    let url = runtime.block_on(async {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.expect("a port");
        let port = listener.local_addr().expect("bound").port();
        tasks.spawn(server::serve(listener, TlsAcceptor::from(Arc::new(tls)), tasks.clone()));
        format!("https://localhost:{port}/mcp")
    });
    Served { runtime, tasks, folder, url }
}

#[test]
fn the_server_is_the_same_as_on_its_tapes() {
    let served = served();
    let ca = served.folder.path().join("certs/ca.pem");
    let captures = Path::new(env!("CARGO_MANIFEST_DIR")).join("captures");
    for era in [LEGACY, MODERN] {
        let tape = captures.join(era).join("demo.tape.jsonl");
        let words = ["wiretape", "verify", "--allow-side-effects", "--to", &served.url];
        let files = ["--upstream-ca", ca.to_str().expect("UTF-8"), tape.to_str().expect("UTF-8")];
        let cli = Cli::read(words.iter().chain(&files).map(Into::into)).expect("a command line");
        let Some(Verb::Verify(args)) = cli.verb else { panic!("a verb") };
        let out = tempfile::NamedTempFile::new().expect("a file");
        let told = || std::fs::read_to_string(out.path()).expect("a text");
        let talk = out.reopen().expect("a file");
        let output = Output::of(out.reopen().expect("a file"), talk, 100);
        let mut ctx = Ctx { home: None, color: Color::Never, out: output };
        let code = verify::run(&args, &mut ctx).expect("it is reached");
        ctx.out.flush().expect("written");
        assert_eq!(code, ExitCode::SUCCESS, "{era}: {}", told());
    }
}
