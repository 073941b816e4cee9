//! The home: where a user's recordings, keys and settings lie (faces.md, Recording).
//!
//! This file knows names and modes of files and folders, never what is in them.

use std::{
    ffi::OsString,
    fs, io,
    path::{Path, PathBuf},
};

use etcetera::BaseStrategy;

/// The folder of one user's wiretape. Its path is absolute.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Home {
    root: PathBuf,
}

/// Reads the environment: a variable's name to its value.
pub type Env<'a> = dyn Fn(&str) -> Option<OsString> + 'a;

impl Home {
    /// The home that the user means: the flag, else `$WIRETAPE_HOME`, else `wiretape` in the XDG
    /// data folder. Nothing is created.
    ///
    /// # Errors
    ///
    /// [`HomeError::Nowhere`] where none of the three says a folder.
    pub fn locate(flag: Option<&Path>, env: &Env<'_>) -> Result<Self, HomeError> {
        let set = |name: &str| env(name).filter(|value| !value.is_empty()).map(PathBuf::from);
        let told = flag.map(Path::to_path_buf).or_else(|| set("WIRETAPE_HOME"));
        let root = match told {
            Some(root) => root,
            // XDG base directory specification: a relative path is invalid and to be ignored.
            None => match set("XDG_DATA_HOME").filter(|folder| folder.is_absolute()) {
                Some(data) => data.join("wiretape"),
                None => etcetera::choose_base_strategy()
                    .map_err(|_| HomeError::Nowhere)?
                    .data_dir()
                    .join("wiretape"),
            },
        };
        let root = std::path::absolute(&root).map_err(|source| HomeError::io(&root, source))?;
        Ok(Self { root })
    }

    /// Makes the home and its folders, private to the user.
    ///
    /// A home that others may only read is taken as it is, since everything worth reading lies in
    /// private folders inside; `certs` is judged by the room that keeps keys there.
    ///
    /// # Errors
    ///
    /// A home that cannot be written, or that other users could write.
    pub fn ensure(&self) -> Result<(), HomeError> {
        private_folder(&self.root).map_err(|source| HomeError::io(&self.root, source))?;
        self.check_private()?;
        for folder in [self.certs(), self.captures(), self.logs()] {
            private_folder(&folder).map_err(|source| HomeError::io(&folder, source))?;
        }
        for folder in [self.captures(), self.logs()] {
            tighten(&folder).map_err(|source| HomeError::io(&folder, source))?;
        }
        Ok(())
    }

    /// The home itself.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// The certificate authority: `ca.pem` and `ca.key`.
    pub fn certs(&self) -> PathBuf {
        self.root.join("certs")
    }

    /// The journal's segments.
    pub fn captures(&self) -> PathBuf {
        self.root.join("captures")
    }

    /// The catalog: sled's folder.
    pub fn catalog(&self) -> PathBuf {
        self.captures().join("catalog")
    }

    /// The file that the owner of the store holds locked.
    pub fn lock(&self) -> PathBuf {
        self.root.join("lock")
    }

    /// The file that says where the owner's socket is.
    pub fn socket_note(&self) -> PathBuf {
        self.root.join("socket")
    }

    /// wiretape's own logs.
    pub fn logs(&self) -> PathBuf {
        self.root.join("logs")
    }

    /// The settings.
    pub fn config(&self) -> PathBuf {
        self.root.join("config.toml")
    }

    /// The keys of the terminal UI.
    pub fn keys(&self) -> PathBuf {
        self.root.join("keys.toml")
    }

    /// Who can write the home can lead us to a socket of his own.
    #[cfg(unix)]
    fn check_private(&self) -> Result<(), HomeError> {
        use std::os::unix::fs::MetadataExt;

        let found = fs::metadata(&self.root).map_err(|source| HomeError::io(&self.root, source))?;
        let ours = found.uid() == rustix::process::geteuid().as_raw();
        if ours && found.mode() & 0o022 == 0 {
            return Ok(());
        }
        Err(HomeError::NotPrivate { path: self.root.clone() })
    }

    #[cfg(not(unix))]
    #[expect(clippy::unnecessary_wraps, clippy::unused_self, reason = "same face as on Unix")]
    fn check_private(&self) -> Result<(), HomeError> {
        Ok(())
    }
}

/// Makes a folder that only its user may enter, and what is missing above it. An existing one stays
/// as it is.
pub(crate) fn private_folder(path: &Path) -> io::Result<()> {
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(path)
}

#[cfg(unix)]
fn tighten(path: &Path) -> io::Result<()> {
    use std::os::unix::fs::PermissionsExt;

    let mode = fs::metadata(path)?.permissions().mode();
    // The last six bits of a mode are what others may do.
    if mode.trailing_zeros() >= 6 {
        return Ok(());
    }
    fs::set_permissions(path, fs::Permissions::from_mode(0o700))
}

#[cfg(not(unix))]
#[expect(clippy::unnecessary_wraps, reason = "same face as on Unix")]
fn tighten(_path: &Path) -> io::Result<()> {
    Ok(())
}

/// Why there is no home.
#[derive(Debug, thiserror::Error)]
pub enum HomeError {
    /// The user has no home folder.
    #[error("no folder for recordings: there is no home folder\nhint: name one with --home DIR")]
    Nowhere,
    /// The system refused.
    #[error("{path}: {source}\nhint: --home DIR takes another folder")]
    Io {
        /// The file or folder.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// Other users could write it.
    #[error(
        "{path} belongs to another user or can be written by others\nhint: chmod 700 {path}, or take another folder with --home DIR"
    )]
    NotPrivate {
        /// The home.
        path: PathBuf,
    },
}

impl HomeError {
    fn io(path: &Path, source: io::Error) -> Self {
        Self::Io { path: path.to_path_buf(), source }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn flag_then_variable_then_data_folder() {
        let both = |name: &str| match name {
            "WIRETAPE_HOME" => Some(OsString::from("/variable")),
            "XDG_DATA_HOME" => Some(OsString::from("/data")),
            _ => None,
        };
        let data = |name: &str| (name == "XDG_DATA_HOME").then(|| OsString::from("/data"));
        let root = |flag: Option<&Path>, env: &Env<'_>| {
            Home::locate(flag, env).expect("a home").root().to_path_buf()
        };
        assert_eq!(root(Some(Path::new("/flag")), &both), Path::new("/flag"));
        assert_eq!(root(None, &both), Path::new("/variable"));
        assert_eq!(root(None, &data), Path::new("/data/wiretape"));
        assert!(root(Some(Path::new("here")), &both).is_absolute());
        assert!(root(None, &|_| None).ends_with("wiretape"));
    }

    #[cfg(unix)]
    #[test]
    fn folders_are_private_and_a_writable_home_is_refused() {
        use std::os::unix::fs::PermissionsExt;

        let dir = tempfile::tempdir().expect("a folder");
        let home = Home::locate(Some(&dir.path().join("a/home")), &|_| None).expect("a home");
        home.ensure().expect("made");
        fs::set_permissions(home.captures(), fs::Permissions::from_mode(0o755)).expect("widened");
        home.ensure().expect("made twice");
        for folder in [home.root().to_path_buf(), home.certs(), home.captures(), home.logs()] {
            let mode = fs::metadata(&folder).expect("there").permissions().mode();
            assert_eq!(mode & 0o777, 0o700, "{}", folder.display());
        }
        fs::set_permissions(home.root(), fs::Permissions::from_mode(0o777)).expect("widened");
        assert!(matches!(home.ensure(), Err(HomeError::NotPrivate { .. })));
    }

    #[test]
    fn a_home_that_cannot_be_made_names_the_flag() {
        let file = tempfile::NamedTempFile::new().expect("a file");
        let home = Home::locate(Some(&file.path().join("home")), &|_| None).expect("a home");
        let refused = home.ensure().expect_err("a file is no folder").to_string();
        assert!(refused.contains("--home DIR"), "{refused}");
    }
}
