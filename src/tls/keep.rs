//! How the authority's pair lies on the disk: who may read it, and publishing a file once.
//!
//! Knows nothing of certificates.

use std::{
    fs::{self, File, OpenOptions},
    io::{self, Write as _},
    path::{Path, PathBuf},
};

use super::authority::AuthorityError;

/// Mode of a file that only its user may read.
pub(super) const PRIVATE: u32 = 0o600;
/// Mode of a file that everybody may read.
pub(super) const PUBLIC: u32 = 0o644;

/// What a group and everybody else may do.
#[cfg(unix)]
const OTHERS: u32 = 0o077;

/// Makes the folder with mode 0700, or refuses one that is open to others.
pub(super) fn private_dir(dir: &Path) -> Result<(), AuthorityError> {
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(dir).map_err(failed("make", dir))?;
    refuse_if_open(dir, 0o700)
}

/// Refuses a file or folder that others than its user may read, write or enter.
#[cfg(unix)]
pub(super) fn refuse_if_open(path: &Path, wanted: u32) -> Result<(), AuthorityError> {
    use std::os::unix::fs::PermissionsExt as _;
    let mode = fs::metadata(path).map_err(failed("read", path))?.permissions().mode() & 0o7777;
    if mode & OTHERS == 0 {
        return Ok(());
    }
    Err(AuthorityError::TooOpen { path: path.to_owned(), mode, wanted })
}

/// Elsewhere the folder of the user's profile is private by itself.
#[cfg(not(unix))]
#[expect(clippy::unnecessary_wraps, reason = "the same shape as on unix")]
pub(super) fn refuse_if_open(_path: &Path, _wanted: u32) -> Result<(), AuthorityError> {
    Ok(())
}

/// Puts a whole, synced file at `path` if nothing is there yet; false if somebody was quicker.
///
/// The bytes go to a file of another name, made with `O_EXCL` and the right mode, which is then
/// linked: `link` fails where the name exists, so one process wins and nobody sees half a file.
pub(super) fn publish(path: &Path, bytes: &[u8], mode: u32) -> Result<bool, AuthorityError> {
    let draft = draft_of(path);
    let written = write_new(&draft, bytes, mode).map_err(failed("write", &draft));
    let linked = written.and_then(|()| match fs::hard_link(&draft, path) {
        Ok(()) => Ok(true),
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(false),
        Err(error) => Err(failed("make", path)(error)),
    });
    // Left over only by a crash: private, and never read.
    let _ = fs::remove_file(&draft);
    sync_dir_of(path);
    linked
}

/// The text of a file, or none if there is none.
pub(super) fn read_if_there(path: &Path) -> Result<Option<String>, AuthorityError> {
    match fs::read_to_string(path) {
        Ok(text) => Ok(Some(text)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(failed("read", path)(error)),
    }
}

/// Renames a file if it is there.
pub(super) fn move_if_there(from: &Path, to: &Path) -> Result<(), AuthorityError> {
    match fs::rename(from, to) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(failed("move", from)(error)),
        _ => Ok(()),
    }
}

fn draft_of(path: &Path) -> PathBuf {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    path.with_file_name(format!(".{name}.{}", uuid::Uuid::new_v4().simple()))
}

fn write_new(path: &Path, bytes: &[u8], mode: u32) -> io::Result<()> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, mode);
    #[cfg(not(unix))]
    let _ = mode;
    let mut file = options.open(path)?;
    file.write_all(bytes)?;
    file.sync_all()
}

/// Makes the new name durable where folders can be synced. A name that a power cut loses is made
/// anew at the next start, so failing here harms nothing.
fn sync_dir_of(path: &Path) {
    if let Some(dir) = path.parent()
        && let Ok(dir) = File::open(dir)
    {
        let _ = dir.sync_all();
    }
}

/// Names what was tried on which path.
fn failed(action: &'static str, path: &Path) -> impl FnOnce(io::Error) -> AuthorityError {
    let path = path.to_owned();
    move |source| AuthorityError::File { action, path, source }
}
