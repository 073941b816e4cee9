//! The lock on a home: whoever holds it owns the store (design.md, One home, many processes).
//!
//! The system lets go of it when its process ends, however that happens. The file itself stays.

use std::{
    fs::{self, File, OpenOptions, TryLockError},
    io::{self, Write},
    path::PathBuf,
    time::Duration,
};

use tokio::time::{Instant, sleep};

use super::home::Home;

/// How long an owner that is ending is waited for (design.md).
pub const OWNER_GRACE: Duration = Duration::from_secs(6);

/// How often the lock is tried meanwhile.
pub(crate) const POLL: Duration = Duration::from_millis(50);

/// The right to open the store of a home, until it is dropped.
#[derive(Debug)]
pub struct HomeLock {
    file: File,
}

impl HomeLock {
    /// Takes the lock if nobody has it, and writes our process id into it.
    ///
    /// # Errors
    ///
    /// The system's, also where the file system knows no locks. A taken lock is no error: `None`.
    pub fn try_acquire(home: &Home) -> Result<Option<Self>, LockError> {
        let path = home.lock();
        let failed = |source| LockError { path: path.clone(), source };
        let mut options = OpenOptions::new();
        options.read(true).write(true).create(true).truncate(false);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let file = options.open(&path).map_err(failed)?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Ok(None),
            Err(TryLockError::Error(source)) => return Err(failed(source)),
        }
        write_pid(&file).map_err(failed)?;
        tracing::debug!(home = %home.root().display(), "home taken");
        Ok(Some(Self { file }))
    }

    /// The same, waiting at most `patience` for an owner that is ending.
    ///
    /// # Errors
    ///
    /// As [`HomeLock::try_acquire`].
    pub async fn acquire_waiting(
        home: &Home,
        patience: Duration,
    ) -> Result<Option<Self>, LockError> {
        let until = Instant::now() + patience;
        loop {
            if let Some(lock) = Self::try_acquire(home)? {
                return Ok(Some(lock));
            }
            if Instant::now() >= until {
                return Ok(None);
            }
            sleep(POLL).await;
        }
    }
}

/// The process id goes first: the file never names a process that does not hold it for long.
impl Drop for HomeLock {
    fn drop(&mut self) {
        tracing::debug!("home let go");
        // An id left behind misleads nobody: it is read only while the lock is held.
        let _ = self.file.set_len(0);
    }
}

/// The process that holds the lock of a home, as it says itself; none where nobody said so or the
/// system lets nobody read a locked file.
pub fn holder(home: &Home) -> Option<u32> {
    fs::read_to_string(home.lock()).ok()?.trim().parse().ok()
}

fn write_pid(mut file: &File) -> io::Result<()> {
    file.set_len(0)?;
    writeln!(file, "{}", std::process::id())
}

/// The lock could not be tried.
#[derive(Debug, thiserror::Error)]
#[error("{path}: {source}\nhint: --home DIR takes another folder, on a disk of this machine")]
pub struct LockError {
    path: PathBuf,
    source: io::Error,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn one_holder_at_a_time_and_it_is_named() {
        let dir = tempfile::tempdir().expect("a folder");
        let home = Home::locate(Some(dir.path()), &|_| None).expect("a home");
        assert_eq!(holder(&home), None);
        let lock = HomeLock::try_acquire(&home).expect("tried").expect("free");
        assert_eq!(holder(&home), Some(std::process::id()));
        assert!(HomeLock::try_acquire(&home).expect("tried").is_none());

        let patience = POLL * 3;
        let began = Instant::now();
        let waited = HomeLock::acquire_waiting(&home, patience).await.expect("tried");
        assert!(waited.is_none());
        assert!(began.elapsed() >= patience);

        // The first try is made before the holder ends, a later one succeeds.
        let waiting = HomeLock::acquire_waiting(&home, OWNER_GRACE);
        let ending = async { drop(lock) };
        let (waited, ()) = tokio::join!(waiting, ending);
        assert!(waited.expect("tried").is_some());
        assert_eq!(holder(&home), None);
    }
}
