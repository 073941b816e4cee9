//! Who owns the store, and who uses it through its owner (design.md, One home, many processes).

use std::time::Duration;

use tokio::time::{Instant, sleep, timeout_at};

use super::{AttachError, client::Attached};
use crate::recorder::{
    home::Home,
    lock::{self, HomeLock, OWNER_GRACE, POLL},
};

/// What a home is opened for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// To read it: whoever owns it may go on.
    Read,
    /// To record, import or delete: a reader that owns it is asked to let go.
    Write,
}

/// How a home can be used.
#[derive(Debug)]
pub enum Opened {
    /// We own the store.
    Free(HomeLock),
    /// Another process owns it and does what it is asked.
    InUse(Attached),
}

/// Takes the lock of a home, or attaches to whoever holds it. An owner that is beginning, ending or
/// letting go is waited for.
///
/// # Errors
///
/// [`AttachError::Busy`] when that takes longer than [`OWNER_GRACE`]; a mismatch of versions.
pub async fn open_home(home: &Home, purpose: Purpose) -> Result<Opened, AttachError> {
    open_within(home, purpose, OWNER_GRACE).await
}

/// The same with another patience.
pub(super) async fn open_within(
    home: &Home,
    purpose: Purpose,
    patience: Duration,
) -> Result<Opened, AttachError> {
    let until = Instant::now() + patience;
    loop {
        if let Some(lock) = HomeLock::try_acquire(home)? {
            return Ok(Opened::Free(lock));
        }
        // An owner that is stopped or stuck accepts and says nothing: it is waited for no longer.
        match timeout_at(until, attach(home, purpose)).await {
            Ok(Ok(Some(attached))) => return Ok(Opened::InUse(attached)),
            Ok(Ok(None) | Err(AttachError::Silent)) | Err(_) => {}
            Ok(Err(error)) => return Err(error),
        }
        if Instant::now() >= until {
            let pid = lock::holder(home);
            return Err(AttachError::Busy { home: home.root().to_path_buf(), pid });
        }
        sleep(POLL).await;
    }
}

/// The owner, unless there is none or it is about to let go.
async fn attach(home: &Home, purpose: Purpose) -> Result<Option<Attached>, AttachError> {
    let Some(mut attached) = Attached::connect(home).await? else { return Ok(None) };
    if purpose == Purpose::Read {
        return Ok(Some(attached));
    }
    match attached.hand_over().await {
        Ok(false) => Ok(Some(attached)),
        Ok(true) | Err(AttachError::Gone) => Ok(None),
        Err(error) => Err(error),
    }
}
