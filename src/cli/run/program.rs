//! The program that `run` is to start: looked for before anything is bound or recorded, so that a
//! mistyped name is told by itself, as a shell tells it.

use std::{
    env,
    ffi::OsStr,
    io,
    path::{Path, PathBuf},
};

/// The command was found and cannot be executed (faces.md).
const NOT_EXECUTABLE: u8 = 126;
/// The command was not found.
const NOT_FOUND: u8 = 127;

/// A command that does not start.
#[derive(Debug, thiserror::Error)]
#[error("cannot run {}: {what}\nhint: {hint}", .program)]
pub(super) struct Unstarted {
    program: String,
    what: String,
    hint: String,
    code: u8,
}

/// A program's name as it is told.
fn shown(program: &str) -> String {
    match program {
        "" => "''".to_owned(),
        program => crate::cli::visible::line(program).into_owned(),
    }
}

impl Unstarted {
    /// The system did not start it.
    pub(super) fn new(program: &OsStr, why: &io::Error) -> Self {
        let (file, name) = (Path::new(program), shown(&program.to_string_lossy()));
        let (code, what, hint) = match why.kind() {
            io::ErrorKind::NotFound if !is_path(program) => {
                (NOT_FOUND, "command not found".to_owned(), elsewhere(file, &name))
            }
            // A file that is there and yet not found is a script whose interpreter is not.
            io::ErrorKind::NotFound if file.exists() => (
                NOT_FOUND,
                "the interpreter that its first line names is not there".to_owned(),
                format!("name another one before it, as in `wiretape run -- sh {name}`"),
            ),
            io::ErrorKind::NotFound => (
                NOT_FOUND,
                "no such file".to_owned(),
                "a path begins at the folder in which wiretape is run".to_owned(),
            ),
            io::ErrorKind::IsADirectory => {
                (NOT_EXECUTABLE, "it is a folder".to_owned(), "name a program in it".to_owned())
            }
            io::ErrorKind::PermissionDenied => (
                NOT_EXECUTABLE,
                "it is no executable file".to_owned(),
                format!(
                    "`chmod +x {name}` makes it one; a script also runs by its interpreter's \
                     name, as in `wiretape run -- sh {name}`"
                ),
            ),
            _ => (
                NOT_EXECUTABLE,
                why.to_string(),
                format!(
                    "a script without `#!` in its first line is run by its interpreter's name, as \
                     in `wiretape run -- sh {name}`"
                ),
            ),
        };
        Self { program: name, what, hint, code }
    }

    /// The exit code that a shell would give.
    pub(super) fn exit_code(&self) -> u8 {
        self.code
    }
}

/// Where a command that is in no folder of `PATH` may be.
fn elsewhere(file: &Path, name: &str) -> String {
    if file.is_file() {
        return format!("a program of this folder is called by its path: ./{name}");
    }
    if name.contains(char::is_whitespace) {
        return "a program and its arguments are words of their own: `wiretape run -- CMD ARGS...`"
            .to_owned();
    }
    "PATH names no folder that has it; an alias or a line of a shell needs the shell: `wiretape run \
     -- sh -c '...'`"
        .to_owned()
}

/// It is looked for where it says, and not in the folders of `PATH`.
fn is_path(program: &OsStr) -> bool {
    program.to_string_lossy().contains(std::path::MAIN_SEPARATOR)
}

/// Whether there is such a program, as far as that can be said without starting it.
pub(super) fn look_up(program: &OsStr) -> Result<(), Unstarted> {
    if !cfg!(unix) {
        // Windows tries endings and folders of its own: starting it is the only answer.
        return Ok(());
    }
    // Without `PATH` the system has a list of its own.
    let Some(path) = env::var_os("PATH") else { return Ok(()) };
    let places: Vec<PathBuf> = if is_path(program) {
        vec![program.into()]
    } else {
        // A folder of that name is not what is meant.
        let files = env::split_paths(&path).map(|folder| folder.join(program));
        files.filter(|file| !file.is_dir()).collect()
    };
    found(&places).map_err(|why| Unstarted::new(program, &why))
}

/// The first of the files that can be run; else why none can, as the first that is there says it.
fn found(places: &[PathBuf]) -> io::Result<()> {
    let mut why = io::Error::from(io::ErrorKind::NotFound);
    for place in places {
        match executable(place) {
            Ok(()) => return Ok(()),
            Err(error) if why.kind() == io::ErrorKind::NotFound => why = error,
            Err(_) => {}
        }
    }
    Err(why)
}

#[cfg(unix)]
fn executable(file: &Path) -> io::Result<()> {
    use rustix::fs::{Access, access};
    if file.metadata()?.is_dir() {
        return Err(io::ErrorKind::IsADirectory.into());
    }
    Ok(access(file, Access::EXEC_OK)?)
}

#[cfg(not(unix))]
fn executable(_file: &Path) -> io::Result<()> {
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_reason_has_its_code_and_its_remedy() {
        use io::ErrorKind::{IsADirectory, NotFound, Other, PermissionDenied};
        let table = [
            ("nosuch", NotFound, 127, "command not found", "PATH names no folder"),
            ("", NotFound, 127, "cannot run ''", "PATH names no folder"),
            ("npx server", NotFound, 127, "command not found", "words of their own"),
            ("Cargo.toml", NotFound, 127, "command not found", "./Cargo.toml"),
            ("./nosuch", NotFound, 127, "no such file", "a path begins at"),
            ("./Cargo.toml", NotFound, 127, "interpreter", "sh ./Cargo.toml"),
            ("./Cargo.toml", PermissionDenied, 126, "no executable", "chmod +x ./Cargo.toml"),
            ("./src", IsADirectory, 126, "a folder", "a program in it"),
            ("./script", Other, 126, "cannot run ./script", "sh ./script"),
            ("a\x1b[2J", NotFound, 127, "a\\x1b[2J", "PATH"),
        ];
        for (program, kind, code, what, hint) in table {
            let why = Unstarted::new(OsStr::new(program), &kind.into());
            let said = why.to_string();
            let (told, remedy) = said.split_once("\nhint: ").expect("a hint");
            assert_eq!(why.exit_code(), code, "{said}");
            assert!(told.contains(what) && remedy.contains(hint), "{said}");
        }
    }

    #[cfg(unix)]
    #[test]
    fn a_program_is_looked_up_as_the_system_does() {
        assert!(look_up(OsStr::new("sh")).is_ok());
        assert!(look_up(OsStr::new("/bin/sh")).is_ok());
        for (program, code) in [("wiretape-nosuch", 127), ("./Cargo.toml", 126), ("./src", 126)] {
            let why = look_up(OsStr::new(program)).expect_err("it is none");
            assert_eq!(why.exit_code(), code, "{why}");
        }
    }
}
