//! The user's own editor: a text goes there as a file, and comes back. The terminal is the editor's
//! meanwhile.

use std::{
    fs::File,
    io::{self, IsTerminal as _, Read as _, Write as _},
    path::Path,
    process::{ExitStatus, Stdio},
    sync::Arc,
    thread,
    time::{Duration, Instant},
};

use anyhow::{Context as _, bail};
use tokio::process::Command;

use crate::tui::run::Editor;

/// A text that comes back longer is not taken.
const LONGEST: u64 = 16 << 20;

/// The name of the file: editors know by its end what it is.
const NAME: &str = "request.http";

/// What starts the editor.
pub(super) fn editor() -> Editor {
    Editor(Arc::new(|text| {
        Box::pin(async move {
            let command = command(&|name| std::env::var(name).ok());
            edit(&command, &text).await.map_err(|error| format!("{error:#}").replace('\n', "; "))
        })
    }))
}

/// `$VISUAL`, else `$EDITOR`, else what every system has.
fn command(env: &dyn Fn(&str) -> Option<String>) -> String {
    let set = ["VISUAL", "EDITOR"].into_iter().filter_map(env);
    let usual = if cfg!(windows) { "notepad" } else { "vi" };
    set.map(|set| set.trim().to_owned()).find(|set| !set.is_empty()).unwrap_or(usual.to_owned())
}

/// The file lives in a folder that only this user may enter, and only as long as the editor does.
async fn edit(command: &str, text: &str) -> anyhow::Result<String> {
    let mut builder = tempfile::Builder::new();
    builder.prefix("wiretape-");
    #[cfg(unix)]
    builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o700));
    let folder = builder.tempdir().context("a folder for the text")?;
    let path = folder.path().join(NAME);
    create(&path, text).context("a file for the text")?;
    let status = run(command, &path).await;
    let status = status.with_context(|| {
        format!("the editor `{command}` cannot be started\nhint: $VISUAL or $EDITOR names one")
    })?;
    if !status.success() {
        bail!("the editor `{command}` ended with {status}: nothing was taken");
    }
    let mut edited = String::new();
    let file = File::open(&path).context("the edited text")?;
    file.take(LONGEST + 1).read_to_string(&mut edited).context("the edited text")?;
    if edited.len() as u64 > LONGEST {
        bail!("the edited text is too long");
    }
    Ok(edited)
}

fn create(path: &Path, text: &str) -> io::Result<()> {
    let mut options = File::options();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)?.write_all(text.as_bytes())
}

/// By the shell where it needs one, as git has it: the variable may hold options, or be a line of it.
async fn run(command: &str, path: &Path) -> io::Result<ExitStatus> {
    let needs_shell = !cfg!(windows) && command.contains(|c| "|&;<>()$`\\\"'*?[#~=%".contains(c));
    let mut child = if needs_shell {
        let mut child = Command::new("sh");
        child.arg("-c").arg(format!("{command} \"$@\"")).arg(command);
        child
    } else {
        // Without a shell between, what ends it ends the editor itself.
        let mut words = command.split_whitespace();
        let mut child = Command::new(words.next().unwrap_or_default());
        child.args(words);
        child
    };
    child.arg(path).kill_on_drop(true);
    if !io::stdin().is_terminal()
        && let Ok(terminal) = File::open("/dev/tty")
    {
        // `open -` read its recording there.
        child.stdin(Stdio::from(terminal));
    }
    let mut running = Running(child.spawn()?);
    let status = running.0.wait().await?;
    // What a shell says of a word that is no program.
    if needs_shell && status.code() == Some(127) {
        return Err(io::ErrorKind::NotFound.into());
    }
    Ok(status)
}

/// The editor, as long as somebody waits for it. Where nobody does any more it is asked to end, so that
/// it gives the terminal back by itself; one that does not is killed.
struct Running(tokio::process::Child);

/// How long it may take.
const GRACE: Duration = Duration::from_millis(500);

impl Drop for Running {
    fn drop(&mut self) {
        let ended = |child: &mut tokio::process::Child| !matches!(child.try_wait(), Ok(None));
        if ended(&mut self.0) {
            return;
        }
        #[cfg(unix)]
        {
            use rustix::process::{Pid, Signal, kill_process};
            let pid = self.0.id().and_then(|id| i32::try_from(id).ok()).and_then(Pid::from_raw);
            if let Some(pid) = pid {
                // One that has just ended needs none.
                let _ = kill_process(pid, Signal::TERM);
            }
            let begun = Instant::now();
            while begun.elapsed() < GRACE && !ended(&mut self.0) {
                thread::sleep(Duration::from_millis(5));
            }
        }
        // Dropping it kills what is left.
    }
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    #[test]
    fn visual_goes_before_editor_and_vi_is_the_last() {
        let env = |visual: &'static str, editor: &'static str| {
            command(&move |name| match name {
                "VISUAL" => Some(visual.to_owned()),
                _ => Some(editor.to_owned()),
            })
        };
        assert_eq!(env("code -w", "nano"), "code -w");
        assert_eq!(env(" ", "nano"), "nano");
        assert_eq!(command(&|_| None), "vi");
    }

    #[test]
    fn the_file_is_private_comes_back_and_is_removed() {
        let runtime = crate::cli::runtime().expect("threads");
        let told = runtime.block_on(async {
            let said = "said() { stat -c %a \"$1\" \"$(dirname \"$1\")\" | tr '\\n' ' ' > \"$1.x\"; \
                        echo \"$1\" >> \"$1.x\"; cat \"$1\" >> \"$1.x\"; mv \"$1.x\" \"$1\"; }; said";
            edit(said, "the text").await
        });
        let told = told.expect("it comes back");
        let mut words = told.split_whitespace();
        assert_eq!((words.next(), words.next()), (Some("600"), Some("700")), "{told}");
        let path = words.next().expect("a path");
        assert!(told.ends_with("the text") && path.ends_with(NAME), "{told}");
        assert!(!Path::new(path).exists() && !Path::new(path).parent().expect("one").exists());
    }

    #[test]
    fn an_editor_that_fails_says_so() {
        let runtime = crate::cli::runtime().expect("threads");
        let why = |command: &'static str| {
            let edited = runtime.block_on(edit(command, "x"));
            format!("{:#}", edited.expect_err("it fails"))
        };
        assert!(why("false").contains("nothing was taken"));
        assert!(why("no-such-editor-here").contains("hint: "));
    }
}
