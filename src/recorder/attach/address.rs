//! Where an owner listens for other processes of its user, and how these find it.
//!
//! The owner notes the address in the home, since a client's environment may name another
//! `$XDG_RUNTIME_DIR`, or none. On Unix the address is a socket file in a private folder; its path
//! is kept short, since systems allow about a hundred bytes. On Windows it is a named pipe.

use std::{
    fs, io,
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use interprocess::local_socket::{
    ConnectOptions, ListenerOptions, Name, Stream as BlockingStream,
    tokio::{Listener, Stream, prelude::*},
};
use sha2::{Digest, Sha256};
use tokio::time::timeout;

use super::{
    super::{
        home::{Env, Home},
        lock::HomeLock,
    },
    AttachError,
};

/// How long either side waits for the other's greeting, and a client for being accepted.
pub(crate) const GREETING: Duration = Duration::from_secs(5);

/// The longest path of a socket: `sun_path` is 104 bytes with its NUL on macOS, 108 on Linux.
#[cfg(unix)]
const MAX_PATH: usize = 103;

/// The socket of an owner. It keeps the lock: a later owner must not find its socket removed by us.
#[derive(Debug)]
pub struct Bound {
    pub(crate) listener: Listener,
    _lock: Arc<HomeLock>,
}

/// Listens for the other processes on a home. What an earlier owner left behind is removed: who has
/// the lock is the only one. Must be called within a tokio runtime.
///
/// # Errors
///
/// The system's, with the path in question.
pub fn bind(home: &Home, lock: &Arc<HomeLock>, env: &Env<'_>) -> Result<Bound, AttachError> {
    let address = choose(home, env)?;
    let failed = |source| AttachError::io(&address, source);
    remove_stale(&address).map_err(failed)?;
    let listener = name(&address)
        .and_then(|name| ListenerOptions::new().name(name).create_tokio())
        .map_err(failed)?;
    restrict(&address).map_err(failed)?;
    note(home, &address).map_err(|source| AttachError::io(&home.socket_note(), source))?;
    Ok(Bound { listener, _lock: Arc::clone(lock) })
}

/// Dials the owner of a home. None: nobody listens there.
pub(crate) async fn dial(home: &Home) -> Result<Option<Stream>, AttachError> {
    let Some(address) = noted(home) else { return Ok(None) };
    let failed = |source| AttachError::io(&address, source);
    let dialed = timeout(GREETING, async { Stream::connect(name(&address)?).await });
    let stream = match dialed.await.unwrap_or_else(|_| Err(io::ErrorKind::TimedOut.into())) {
        Ok(stream) => stream,
        Err(error) if nobody_there(&error) => return Ok(None),
        Err(error) => return Err(failed(error)),
    };
    let peer = stream.peer_creds().map_err(failed)?;
    if same_user(&peer) { Ok(Some(stream)) } else { Err(AttachError::Stranger { address }) }
}

/// [`dial`] for a thread that may block.
pub(crate) fn dial_blocking(home: &Home) -> Result<Option<BlockingStream>, AttachError> {
    let Some(address) = noted(home) else { return Ok(None) };
    let failed = |source| AttachError::io(&address, source);
    let dialed = name(&address).and_then(|name| ConnectOptions::new().name(name).connect_sync());
    let stream = match dialed {
        Ok(stream) => stream,
        Err(error) if nobody_there(&error) => return Ok(None),
        Err(error) => return Err(failed(error)),
    };
    let peer = stream.peer_creds().map_err(failed)?;
    if same_user(&peer) { Ok(Some(stream)) } else { Err(AttachError::Stranger { address }) }
}

/// Whether the other side runs as our user. The folder's mode says so already; this is the second
/// lock on the same door.
#[cfg(unix)]
pub(crate) fn same_user(peer: &interprocess::local_socket::PeerCreds) -> bool {
    peer.euid() == Some(rustix::process::geteuid().as_raw())
}

#[cfg(not(unix))]
pub(crate) fn same_user(_peer: &interprocess::local_socket::PeerCreds) -> bool {
    true
}

fn nobody_there(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::ConnectionRefused)
}

fn noted(home: &Home) -> Option<PathBuf> {
    let text = fs::read_to_string(home.socket_note()).ok()?;
    let text = text.trim_end();
    (!text.is_empty()).then(|| PathBuf::from(text))
}

/// The note is whole at any time: it is written beside and moved.
fn note(home: &Home, address: &Path) -> io::Result<()> {
    let beside = home.socket_note().with_extension("new");
    fs::write(&beside, format!("{}\n", address.display()))?;
    fs::rename(&beside, home.socket_note())
}

/// Sixteen hex digits that tell homes apart.
fn digest(home: &Home) -> String {
    let canonical = fs::canonicalize(home.root()).unwrap_or_else(|_| home.root().to_path_buf());
    let hash = Sha256::digest(canonical.as_os_str().as_encoded_bytes());
    let first = hash.iter().take(8).fold(0_u64, |number, byte| (number << 8) | u64::from(*byte));
    format!("{first:016x}")
}

#[cfg(unix)]
fn choose(home: &Home, env: &Env<'_>) -> Result<PathBuf, AttachError> {
    let runtime = env("XDG_RUNTIME_DIR").map(PathBuf::from).filter(|dir| is_private(dir));
    if let Some(dir) = runtime {
        let path = dir.join(format!("wiretape-{}.sock", digest(home)));
        if fits(&path) {
            return Ok(path);
        }
    }
    let reusable = |path: &PathBuf| path.parent().is_some_and(is_private) && fits(path);
    if let Some(path) = noted(home).filter(reusable) {
        return Ok(path);
    }
    short_folder(&std::env::temp_dir()).or_else(|_| short_folder(Path::new("/tmp")))
}

/// A new folder with a name that nobody can have taken before us, as `/tmp` is everybody's.
#[cfg(unix)]
fn short_folder(parent: &Path) -> Result<PathBuf, AttachError> {
    let random = uuid::Uuid::new_v4().simple().to_string();
    let folder = parent.join(format!("wiretape-{}", random.get(..16).unwrap_or(&random)));
    let path = folder.join("s");
    if !fits(&path) {
        return Err(AttachError::io(&path, io::ErrorKind::InvalidFilename.into()));
    }
    let mut builder = fs::DirBuilder::new();
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(&folder).map_err(|source| AttachError::io(&folder, source))?;
    Ok(path)
}

#[cfg(unix)]
fn fits(path: &Path) -> bool {
    // The note is text: a path that is none cannot be noted.
    path.to_str().is_some_and(|text| text.len() <= MAX_PATH && !text.contains('\n'))
}

#[cfg(unix)]
fn is_private(dir: &Path) -> bool {
    use std::os::unix::fs::MetadataExt;

    let ours = rustix::process::geteuid().as_raw();
    // The last six bits of a mode are what others may do.
    dir.is_absolute()
        && fs::symlink_metadata(dir).is_ok_and(|found| {
            found.is_dir() && found.uid() == ours && found.mode().trailing_zeros() >= 6
        })
}

#[cfg(unix)]
fn remove_stale(path: &Path) -> io::Result<()> {
    use std::os::unix::fs::FileTypeExt;

    match fs::symlink_metadata(path) {
        Ok(found) if found.file_type().is_socket() => fs::remove_file(path),
        _ => Ok(()), // what is no socket of ours stays, and binding will say so
    }
}

#[cfg(unix)]
fn restrict(path: &Path) -> io::Result<()> {
    use std::os::unix::fs::PermissionsExt;

    fs::set_permissions(path, fs::Permissions::from_mode(0o600))
}

#[cfg(unix)]
fn name(path: &Path) -> io::Result<Name<'_>> {
    use interprocess::local_socket::{GenericFilePath, ToFsName};

    path.to_fs_name::<GenericFilePath>()
}

#[cfg(not(unix))]
#[expect(clippy::unnecessary_wraps, reason = "same face as on Unix")]
fn choose(home: &Home, _env: &Env<'_>) -> Result<PathBuf, AttachError> {
    Ok(PathBuf::from(format!("wiretape-{}", digest(home))))
}

#[cfg(not(unix))]
#[expect(clippy::unnecessary_wraps, reason = "same face as on Unix")]
fn remove_stale(_path: &Path) -> io::Result<()> {
    Ok(())
}

#[cfg(not(unix))]
#[expect(clippy::unnecessary_wraps, reason = "same face as on Unix")]
fn restrict(_path: &Path) -> io::Result<()> {
    Ok(())
}

#[cfg(not(unix))]
fn name(path: &Path) -> io::Result<Name<'_>> {
    use interprocess::local_socket::{GenericNamespaced, ToNsName};

    path.as_os_str().to_ns_name::<GenericNamespaced>()
}

#[cfg(all(test, unix))]
mod tests {
    use std::{ffi::OsString, os::unix::fs::PermissionsExt};

    use super::*;

    fn home_in(dir: &Path) -> Home {
        let home = Home::locate(Some(&dir.join("home")), &|_| None).expect("a home");
        home.ensure().expect("made");
        home
    }

    fn runtime_dir(path: &Path) -> impl Fn(&str) -> Option<OsString> + use<> {
        let path = path.to_path_buf();
        move |name| (name == "XDG_RUNTIME_DIR").then(|| path.clone().into_os_string())
    }

    #[test]
    fn the_runtime_folder_is_taken_only_if_private_and_short() {
        let dir = tempfile::tempdir().expect("a folder");
        let home = home_in(dir.path());
        let runtime = dir.path().join("runtime");
        fs::create_dir(&runtime).expect("made");

        fs::set_permissions(&runtime, fs::Permissions::from_mode(0o700)).expect("private");
        let path = choose(&home, &runtime_dir(&runtime)).expect("a path");
        assert_eq!(path.parent(), Some(runtime.as_path()));
        assert_eq!(path, choose(&home, &runtime_dir(&runtime)).expect("the same again"));

        fs::set_permissions(&runtime, fs::Permissions::from_mode(0o755)).expect("widened");
        let long = dir.path().join("x".repeat(MAX_PATH));
        fs::create_dir(&long).expect("made");
        fs::set_permissions(&long, fs::Permissions::from_mode(0o700)).expect("private");
        for unfit in [&runtime, &long, &PathBuf::from("relative"), &dir.path().join("missing")] {
            let path = choose(&home, &runtime_dir(unfit)).expect("a path");
            assert_ne!(path.parent(), Some(unfit.as_path()));
            assert!(path.parent().is_some_and(is_private) && fits(&path));
            note(&home, &path).expect("noted");
            assert_eq!(choose(&home, &runtime_dir(unfit)).expect("a path"), path, "taken again");
            fs::remove_dir(path.parent().expect("its folder")).expect("removed");
        }
    }

    #[tokio::test]
    async fn a_socket_left_by_a_kill_is_nobody_and_is_taken_over() {
        let dir = tempfile::tempdir().expect("a folder");
        let home = home_in(dir.path());
        let env = runtime_dir(dir.path());
        let lock = Arc::new(HomeLock::try_acquire(&home).expect("tried").expect("free"));
        let path = choose(&home, &env).expect("a path");
        // std's listener leaves its file behind, as a killed process does.
        drop(std::os::unix::net::UnixListener::bind(&path).expect("bound"));
        note(&home, &path).expect("noted");
        assert!(dial(&home).await.expect("dialed").is_none());
        assert!(dial_blocking(&home).expect("dialed").is_none());

        let bound = bind(&home, &lock, &env).expect("taken over");
        let mode = fs::metadata(&path).expect("there").permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
        assert!(dial(&home).await.expect("dialed").is_some());
        drop(bound);
        assert!(!path.exists());
        assert!(dial(&home).await.expect("dialed").is_none());
    }
}
