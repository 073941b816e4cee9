//! Why another process's store cannot be used.

use std::{
    io,
    path::{Path, PathBuf},
};

use super::{
    super::{SourceError, lock::LockError},
    frame::FrameError,
    wire::Hello,
};

/// Why another process's store cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum AttachError {
    /// The system refused a file or the socket.
    #[error("{path}: {source}")]
    Io {
        /// Which.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The lock could not be tried.
    #[error(transparent)]
    Lock(#[from] LockError),
    /// Another version owns the store.
    #[error(
        "the store is in use by {theirs}, and this is {ours}\nhint: end the other one, or use the same version"
    )]
    Mismatch {
        /// The owner's versions.
        theirs: String,
        /// Ours.
        ours: String,
    },
    /// The socket belongs to another user.
    #[error(
        "{address}: another user listens there\nhint: remove the file `socket` in the home, then start again"
    )]
    Stranger {
        /// Where.
        address: PathBuf,
    },
    /// Nobody greets on the socket.
    #[error("the wiretape that owns the store does not answer\nhint: end it, then start again")]
    Silent,
    /// The owner said no.
    #[error("the wiretape that owns the store: {0}")]
    Owner(String),
    /// The owner went away.
    #[error("the wiretape that owns the store has ended\nhint: start again")]
    Gone,
    /// What came was not understood.
    #[error("the wiretape that owns the store cannot be understood: {0}")]
    Frame(String),
    /// The lock is held and nobody listens, for longer than an owner takes to end.
    #[error(
        "{home} is in use by {}, which does not answer\nhint: wait until it has ended, end it, or take another folder with --home DIR",
        pid.map_or_else(|| "another process".to_owned(), |pid| format!("process {pid}"))
    )]
    Busy {
        /// The home.
        home: PathBuf,
        /// The owner's process, where it says so.
        pid: Option<u32>,
    },
}

impl AttachError {
    pub(super) fn io(path: &Path, source: io::Error) -> Self {
        Self::Io { path: path.to_path_buf(), source }
    }

    pub(super) fn not_json(error: &serde_json::Error) -> Self {
        Self::Frame(error.to_string())
    }

    pub(super) fn off_script() -> Self {
        Self::Frame("it answers what was not asked".to_owned())
    }

    /// Refuses a peer of another version, naming both. Summaries have no versions of their own, so
    /// the programs must be the same.
    pub(super) fn compare(ours: &Hello, theirs: &Hello) -> Result<(), Self> {
        if ours == theirs {
            return Ok(());
        }
        Err(Self::Mismatch { theirs: theirs.to_string(), ours: ours.to_string() })
    }
}

/// A peer that is killed leaves a reset rather than an end: it is gone all the same.
impl From<FrameError> for AttachError {
    fn from(error: FrameError) -> Self {
        use io::ErrorKind::{BrokenPipe, ConnectionReset, TimedOut, UnexpectedEof, WouldBlock};

        match error {
            FrameError::Cut => Self::Gone,
            FrameError::Io(error) => match error.kind() {
                BrokenPipe | ConnectionReset | UnexpectedEof => Self::Gone,
                TimedOut | WouldBlock => Self::Silent,
                _ => Self::Frame(error.to_string()),
            },
            other => Self::Frame(other.to_string()),
        }
    }
}

impl From<AttachError> for SourceError {
    fn from(error: AttachError) -> Self {
        match error {
            AttachError::Owner(text) => Self::Owner(text),
            other => Self::Owner(other.to_string()),
        }
    }
}
