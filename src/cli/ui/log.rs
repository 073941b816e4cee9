//! wiretape's own log: what is said on stderr while the screen is up.

use std::{
    fs::{File, OpenOptions},
    io::{Read as _, Seek as _, SeekFrom},
    path::Path,
    sync::Arc,
};

use crate::tui::run::Log;

/// A log that is longer begins anew: it is for this and the last few runs.
const LONGEST: u64 = 4 << 20;

/// What `:log` shows of it.
const TAIL: u64 = 64 << 10;

/// Opens the log to append; none where that cannot be.
pub(super) fn open(folder: &Path) -> Option<Log> {
    let path = folder.join("ui.log");
    let mut options = OpenOptions::new();
    options.create(true).append(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let file = options.open(&path).ok()?;
    if file.metadata().is_ok_and(|told| told.len() > LONGEST) {
        file.set_len(0).ok()?;
    }
    Some(Log {
        #[cfg(unix)]
        file: Arc::new(file.into()),
        tail: Arc::new(move || tail(&path)),
    })
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
