//! The log while a screen is up, and what else is said on stderr meanwhile: `ui.log` in the home.

use std::{
    fs::{File, OpenOptions},
    io::{Read as _, Seek as _, SeekFrom, Write as _},
    path::Path,
    sync::Arc,
};

use crate::tui::run::Log;

/// A log that is longer begins anew: it is for this and the last few runs.
const LONGEST: u64 = 4 << 20;

/// What `:log` shows of it.
const TAIL: u64 = 64 << 10;

/// Opens the log to append, for us and for the screen; none where that cannot be.
pub(in crate::cli) fn open(folder: &Path) -> Option<(Arc<File>, Log)> {
    let path = folder.join("ui.log");
    let mut options = OpenOptions::new();
    options.create(true).append(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let file = options.open(&path).ok()?;
    begin_anew_if_long(&file);
    let log = Log {
        #[cfg(unix)]
        file: Arc::new(file.try_clone().ok()?.into()),
        tail: Arc::new(move || tail(&path)),
    };
    Some((Arc::new(file), log))
}

/// One line more. There is nobody to whom a failure could be told.
pub(super) fn append(file: &File, line: &str) {
    begin_anew_if_long(file);
    let mut writing = file;
    // At once: others write here too.
    let _ = writing.write_all(format!("{line}\n").as_bytes());
}

fn begin_anew_if_long(file: &File) {
    if file.metadata().is_ok_and(|told| told.len() > LONGEST) {
        let _ = file.set_len(0);
    }
}

fn tail(path: &Path) -> String {
    let read = || -> std::io::Result<String> {
        let mut file = File::open(path)?;
        let long = file.metadata()?.len();
        file.seek(SeekFrom::Start(long.saturating_sub(TAIL)))?;
        let mut bytes = Vec::new();
        file.take(TAIL).read_to_end(&mut bytes)?;
        let bytes = anstream::adapter::strip_bytes(&bytes).into_vec();
        Ok(String::from_utf8_lossy(&bytes).into_owned())
    };
    match read() {
        Ok(text) if text.is_empty() => "Nothing has been said.".to_owned(),
        Ok(text) => text,
        Err(why) => format!("{}: {why}", path.display()),
    }
}
