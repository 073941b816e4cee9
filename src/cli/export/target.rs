//! Where an export goes. A file is written beside its place and takes its name only when it is
//! whole: what had that name before is never left half-written.

use std::{
    fs::{self, OpenOptions},
    io::{self, Read, Seek, SeekFrom},
    path::{Path, PathBuf},
};

use anyhow::Context;
use tempfile::NamedTempFile;

use crate::cli::output::Output;

/// Copied to a pipe at once.
const PIECE_BYTES: usize = 256 << 10;

/// Where an export goes.
pub(super) enum Target {
    /// `-`.
    Stdout,
    /// A file that is made, or replaced.
    File { path: PathBuf, folder: PathBuf },
    /// A device or pipe: it is written into and stays what it is.
    Device(PathBuf),
}

impl Target {
    pub(super) fn of(path: &Path) -> anyhow::Result<Self> {
        if path == Path::new("-") {
            return Ok(Self::Stdout);
        }
        match fs::metadata(path) {
            Ok(found) if found.is_dir() => anyhow::bail!(
                "{} is a folder\nhint: name a file in it, like {}",
                path.display(),
                path.join("session.tape.jsonl").display()
            ),
            Ok(found) if !found.is_file() => return Ok(Self::Device(path.to_path_buf())),
            _ => {}
        }
        // Through a link the file that it names is replaced, not the link.
        let path = fs::canonicalize(path).unwrap_or_else(|_| path.to_path_buf());
        let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
        let folder = folder.unwrap_or(Path::new(".")).to_path_buf();
        Ok(Self::File { path, folder })
    }

    /// The file to write first. Only its user may read it.
    pub(super) fn draft(&self) -> anyhow::Result<NamedTempFile> {
        match self {
            Self::File { folder, .. } => NamedTempFile::with_prefix_in(".wiretape-", folder)
                .with_context(|| format!("cannot write in {}", folder.display())),
            Self::Stdout | Self::Device(_) => {
                NamedTempFile::new().context("a temporary file for the export")
            }
        }
    }

    /// Brings a whole draft to its place.
    pub(super) fn publish(&self, mut draft: NamedTempFile, out: &mut Output) -> anyhow::Result<()> {
        match self {
            Self::Stdout => {
                draft.seek(SeekFrom::Start(0))?;
                let mut piece = vec![0; PIECE_BYTES];
                loop {
                    let length = draft.read(&mut piece)?;
                    if length == 0 {
                        return Ok(out.flush()?);
                    }
                    out.bytes(piece.get(..length).unwrap_or_default())?;
                }
            }
            Self::Device(path) => {
                draft.seek(SeekFrom::Start(0))?;
                let copied = OpenOptions::new()
                    .write(true)
                    .open(path)
                    .and_then(|mut device| io::copy(&mut draft, &mut device));
                copied.map(drop).with_context(|| format!("cannot write {}", path.display()))
            }
            Self::File { path, .. } => {
                let failed = || format!("cannot write {}", path.display());
                draft.as_file().sync_all().with_context(failed)?;
                draft.persist(path).map(drop).map_err(|error| error.error).with_context(failed)
            }
        }
    }
}
