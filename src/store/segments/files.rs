//! The folder and its files: names, modes, syncing, reading at an offset. The one place where
//! systems differ.

use std::{
    fs::{self, File, OpenOptions},
    io,
    path::{Path, PathBuf},
};

use crate::store::StoreError;

/// The file of a segment.
pub(super) fn path(dir: &Path, number: u32) -> PathBuf {
    dir.join(format!("{number:08}.seg"))
}

/// Where a segment is rewritten before it takes the old one's place. Left behind by a crash, it
/// is removed at the next opening.
pub(super) fn rewrite_path(dir: &Path, number: u32) -> PathBuf {
    dir.join(format!("{number:08}.seg.new"))
}

/// The number of a segment's file; none for other names.
pub(super) fn number(name: &str) -> Option<u32> {
    let digits = name.strip_suffix(".seg")?;
    let all_digits = digits.len() >= 8 && digits.bytes().all(|b| b.is_ascii_digit());
    all_digits.then(|| digits.parse().ok())?.filter(|number| *number > 0)
}

/// Makes the folder, private to its user, where it is missing.
pub(super) fn create_folder(dir: &Path) -> Result<(), StoreError> {
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(dir).map_err(|source| at(dir, source))
}

/// Makes a file that was not there, private to its user.
pub(super) fn create(path: &Path) -> Result<File, StoreError> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path).map_err(|source| at(path, source))
}

/// Makes created, renamed and removed names durable. Windows does that by itself.
pub(in crate::store) fn sync_folder(dir: &Path) -> Result<(), StoreError> {
    #[cfg(unix)]
    File::open(dir).and_then(|folder| folder.sync_all()).map_err(|source| at(dir, source))?;
    #[cfg(not(unix))]
    let _ = dir;
    Ok(())
}

/// Fills `buffer` from `offset` as far as the file goes; says how far.
pub(super) fn read_at(file: &File, buffer: &mut [u8], offset: u64) -> io::Result<usize> {
    let mut filled = 0;
    while let Some(rest) = buffer.get_mut(filled..).filter(|rest| !rest.is_empty()) {
        match read_some_at(file, rest, offset + filled as u64) {
            Ok(0) => break,
            Ok(n) => filled += n,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(filled)
}

/// What is read past the cache begins and ends at a multiple of this, in the file and in memory.
pub(super) const PAGE_BYTES: u64 = 4096;

/// Opens a file to be read past the system's cache; none where that cannot be had. What is not in the
/// cache, and is read once, costs less that way: no new page of memory and no copy.
pub(super) fn open_past_cache(path: &Path) -> Option<File> {
    #[cfg(target_os = "linux")]
    {
        use std::os::unix::fs::OpenOptionsExt;
        let direct = i32::try_from(rustix::fs::OFlags::DIRECT.bits()).ok()?;
        OpenOptions::new().read(true).custom_flags(direct).open(path).ok()
    }
    #[cfg(not(target_os = "linux"))]
    {
        let _ = path;
        None
    }
}

/// As [`read_at`], of a file that [`open_past_cache`] gave.
pub(super) fn read_past_cache(file: &File, buffer: &mut [u8], offset: u64) -> io::Result<usize> {
    let mut filled = 0;
    while let Some(rest) = buffer.get_mut(filled..).filter(|rest| !rest.is_empty()) {
        match read_some_at(file, rest, offset + filled as u64) {
            Ok(n) => {
                filled += n;
                // Behind half a page is the file's end.
                if n == 0 || !(n as u64).is_multiple_of(PAGE_BYTES) {
                    break;
                }
            }
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(filled)
}

#[cfg(unix)]
fn read_some_at(file: &File, buffer: &mut [u8], offset: u64) -> io::Result<usize> {
    std::os::unix::fs::FileExt::read_at(file, buffer, offset)
}

#[cfg(windows)]
fn read_some_at(file: &File, buffer: &mut [u8], offset: u64) -> io::Result<usize> {
    std::os::windows::fs::FileExt::seek_read(file, buffer, offset)
}

/// Bytes that an ordinary user may still write on the file system of `dir`.
///
/// # Errors
///
/// The system's.
pub fn free_space(dir: &Path) -> Result<u64, StoreError> {
    fs4::available_space(dir).map_err(|source| at(dir, source))
}

/// An error with its path.
pub(in crate::store) fn at(path: &Path, source: io::Error) -> StoreError {
    StoreError::Io { path: path.to_owned(), source }
}

/// Sets room aside behind `from`, beyond the file's end: what is written there costs the system less
/// than half of what growing the file does. Where that cannot be had, writing is slower.
pub(super) fn set_aside(file: &File, from: u64, bytes: u64) {
    #[cfg(target_os = "linux")]
    let _ = rustix::fs::fallocate(file, rustix::fs::FallocateFlags::KEEP_SIZE, from, bytes);
    #[cfg(not(target_os = "linux"))]
    let _ = (file, from, bytes);
}

/// Lets the system take back the memory in which it caches this file. A recording is written once
/// and seldom read soon: kept in memory it would push out what the user works with, and each new
/// page costs more than one that is used again (measured: 64 KiB answers at 5,000/s with, 12,000/s
/// without, on a virtual machine).
pub(super) fn forget_pages(file: &File) {
    #[cfg(target_os = "linux")]
    let _ = rustix::fs::fadvise(file, 0, None, rustix::fs::Advice::DontNeed);
    #[cfg(not(target_os = "linux"))]
    let _ = file;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_segments_are_taken_for_segments() {
        for (name, expected) in [
            ("00000001.seg", Some(1)),
            ("123456789.seg", Some(123_456_789)),
            ("00000000.seg", None),
            ("1.seg", None),
            ("0000000x.seg", None),
            ("99999999999.seg", None),
            ("00000001.seg.new", None),
            ("catalog", None),
        ] {
            assert_eq!(number(name), expected, "{name}");
        }
        let own = path(Path::new("x"), 42);
        assert_eq!(number(own.file_name().unwrap().to_str().unwrap()), Some(42));
    }
}
