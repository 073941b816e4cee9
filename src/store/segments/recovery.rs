//! Opening a folder after a crash, or after none: what is there, and what has to be cut.

use std::{
    collections::BTreeMap,
    fmt,
    fs::{self, OpenOptions},
    path::{Path, PathBuf},
    sync::Arc,
};

use super::{
    files,
    format::{HEADER_LEN, Header},
    handles::Opened,
    tail::Tail,
    walk::{Fault, Walk},
};
use crate::{capture::codec, store::StoreError};

/// What opening came by.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Recovery {
    /// The last segment's end that was no whole entry, if so.
    pub cut: Option<Cut>,
    /// Segments that cannot be read, or not to their end: file, offset and what is wrong, as text.
    /// They are left as they are.
    pub damage: Vec<String>,
}

/// Bytes taken off the end of the last segment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cut {
    /// The segment's file.
    pub file: PathBuf,
    /// Its new length: where the first bad entry began. 0: the file had not even a whole header
    /// and was removed.
    pub offset: u64,
    /// How many bytes were cut.
    pub bytes: u64,
    /// What was wrong with them.
    pub what: String,
}

impl fmt::Display for Cut {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { file, offset, bytes, what } = self;
        write!(f, "{} at {offset}: {what}; the last {bytes} bytes were cut off", file.display())
    }
}

/// Reads the folder and readies it for appending. Every header is checked before anything is
/// changed, so that a folder of a newer wiretape stays as it is; `checked` is told then.
pub(super) fn recover(dir: &Path, checked: impl FnOnce()) -> Result<(Tail, Recovery), StoreError> {
    files::create_folder(dir)?;
    let mut recovery = Recovery::default();
    let Listing { mut segments, unfinished } = list(dir)?;
    let mut last = None;
    for number in segments.keys() {
        last = match Opened::open(dir, *number) {
            Ok(opened) => Some((*number, opened)),
            Err(newer @ StoreError::Newer { .. }) => return Err(newer),
            Err(other) => {
                recovery.damage.push(other.to_string());
                None
            }
        };
    }
    checked();
    for path in unfinished {
        fs::remove_file(&path).map_err(|source| files::at(&path, source))?;
    }
    let Some((number, length)) = segments.last_key_value().map(|(n, l)| (*n, *l)) else {
        return Ok((Tail::after(segments, 1), recovery));
    };
    let Some((_, opened)) = last else {
        // No entry fits into a torn header: a crash came between making the file and filling it.
        if length <= u64::from(HEADER_LEN) {
            recovery.damage.pop();
            recovery.cut = Some(remove_torn(dir, number, length)?);
            segments.remove(&number);
            return Ok((Tail::after(segments, number), recovery));
        }
        return Ok((Tail::after(segments, number + 1), recovery));
    };
    let current = opened.codec == codec::VERSION;
    let length = cut_tail(dir, (number, length), opened, &mut recovery)?;
    segments.insert(number, length);
    if length == u64::from(HEADER_LEN) && current {
        let path = files::path(dir, number);
        let file = OpenOptions::new().write(true).open(&path);
        let file = file.map_err(|source| files::at(&path, source))?;
        segments.remove(&number);
        return Ok((Tail::resumed(segments, number, file), recovery));
    }
    Ok((Tail::after(segments, number + 1), recovery))
}

struct Listing {
    /// Number and length.
    segments: BTreeMap<u32, u64>,
    /// Rewrites that a crash interrupted; the segments they were to replace are whole.
    unfinished: Vec<PathBuf>,
}

fn list(dir: &Path) -> Result<Listing, StoreError> {
    let failed = |source| files::at(dir, source);
    let mut listing = Listing { segments: BTreeMap::new(), unfinished: Vec::new() };
    for entry in fs::read_dir(dir).map_err(failed)? {
        let entry = entry.map_err(failed)?;
        let name = entry.file_name();
        let Some(name) = name.to_str() else { continue };
        if let Some(number) = files::number(name) {
            let length = entry.metadata().map_err(failed)?.len();
            listing.segments.insert(number, length);
        } else if name.strip_suffix(".new").and_then(files::number).is_some() {
            listing.unfinished.push(entry.path());
        }
    }
    Ok(listing)
}

/// Cuts the last segment at its first bad entry; gives its length then. What the disk will not
/// read is no torn write and stays.
fn cut_tail(
    dir: &Path,
    (number, length): (u32, u64),
    opened: Opened,
    recovery: &mut Recovery,
) -> Result<u64, StoreError> {
    let path = files::path(dir, number);
    let mut walk = Walk::file(Arc::new(opened), 0, length);
    let what = loop {
        match walk.next() {
            Ok(Some(_)) => {}
            Ok(None) => return Ok(length),
            Err(Fault::Io(source)) => {
                let place = format!("{} at {}", path.display(), walk.offset());
                recovery.damage.push(format!("{place}: {source}"));
                return Ok(length);
            }
            Err(Fault::Bad(what)) => break what,
        }
    };
    let offset = walk.offset();
    let file = OpenOptions::new().write(true).open(&path);
    file.and_then(|file| file.set_len(offset).and_then(|()| file.sync_all()))
        .map_err(|source| files::at(&path, source))?;
    recovery.cut = Some(Cut { file: path, offset, bytes: length - offset, what });
    Ok(offset)
}

fn remove_torn(dir: &Path, number: u32, length: u64) -> Result<Cut, StoreError> {
    let file = files::path(dir, number);
    fs::remove_file(&file).map_err(|source| files::at(&file, source))?;
    let what =
        format!("a header of {} bytes is not complete", Header::current(number).encode().len());
    Ok(Cut { file, offset: 0, bytes: length, what })
}
