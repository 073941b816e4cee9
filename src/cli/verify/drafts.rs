//! Files that a run writes: each is begun before the run, so that a folder that is missing is told
//! at once, and takes its name only when it is whole.

use std::{
    fs::{self, OpenOptions},
    io::Write,
    path::{Path, PathBuf},
};

use anyhow::Context as _;
use tempfile::NamedTempFile;

/// A file that is to be written.
pub(super) struct Draft {
    path: PathBuf,
    /// None for a device or pipe: it is written into and stays what it is.
    file: Option<NamedTempFile>,
}

impl Draft {
    /// Begins the file beside its place.
    pub(super) fn beside(path: &Path) -> anyhow::Result<Self> {
        let failed = || format!("cannot write {}", path.display());
        match fs::metadata(path) {
            Ok(found) if found.is_dir() => anyhow::bail!(
                "{} is a folder\nhint: name a file in it, like {}",
                path.display(),
                path.join("verify.xml").display()
            ),
            Ok(found) if !found.is_file() => {
                return Ok(Self { path: path.to_path_buf(), file: None });
            }
            _ => {}
        }
        // Through a link the file that it names is replaced, not the link.
        let path = fs::canonicalize(path).unwrap_or_else(|_| path.to_path_buf());
        let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
        let folder = folder.unwrap_or(Path::new("."));
        if !folder.is_dir() {
            anyhow::bail!(
                "{}: there is no folder {}\nhint: mkdir -p {1}",
                failed(),
                folder.display()
            );
        }
        let mut begun = tempfile::Builder::new();
        begun.prefix(".wiretape-");
        readable(&mut begun, &path);
        let file = begun.tempfile_in(folder).with_context(failed)?;
        Ok(Self { path, file: Some(file) })
    }

    /// Writes it whole and gives it its name.
    pub(super) fn publish(self, text: &[u8]) -> anyhow::Result<()> {
        let Self { path, file } = self;
        let failed = || format!("cannot write {}", path.display());
        let Some(mut file) = file else {
            let device = OpenOptions::new().write(true).open(&path);
            return device.and_then(|mut device| device.write_all(text)).with_context(failed);
        };
        file.write_all(text).with_context(failed)?;
        file.as_file().sync_all().with_context(failed)?;
        file.persist(&path).map(drop).map_err(|error| error.error).with_context(failed)
    }
}

/// As readable as the file that it replaces, or as any new file: other steps of a CI read it.
#[cfg(unix)]
fn readable(begun: &mut tempfile::Builder<'_, '_>, path: &Path) {
    use std::os::unix::fs::PermissionsExt as _;
    let known = fs::metadata(path).map(|found| found.permissions());
    begun.permissions(known.unwrap_or_else(|_| fs::Permissions::from_mode(0o666)));
}

#[cfg(not(unix))]
fn readable(_: &mut tempfile::Builder<'_, '_>, _: &Path) {}
