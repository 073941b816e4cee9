//! Bytes as words of a shell script that is safe to run and to look at.
//!
//! What is text without controls is quoted by `shlex`. Anything else, escape codes and bidirectional
//! marks too, is written in octal and made by the shell's own `printf`, which both `sh` and `bash`
//! have without starting a process.

use std::borrow::Cow;

use crate::cli::visible;

/// Text that may stand in the script as it is.
pub(super) fn is_plain(bytes: &[u8]) -> bool {
    let text = std::str::from_utf8(bytes);
    text.is_ok_and(|text| matches!(visible::block(text), Cow::Borrowed(_)) && !text.contains('\t'))
}

/// One word. Bytes that no argument can hold are not for here: NUL is left out, line ends at the
/// end are.
pub(super) fn word(bytes: &[u8]) -> Vec<u8> {
    match shlex::bytes::try_quote(bytes) {
        Ok(quoted) if is_plain(bytes) => quoted.into_owned(),
        _ => {
            let mut word = b"\"$(".to_vec();
            word.extend_from_slice(&printed(bytes));
            word.extend_from_slice(b")\"");
            word
        }
    }
}

/// A command that writes these bytes.
pub(super) fn printed(bytes: &[u8]) -> Vec<u8> {
    if is_plain(bytes)
        && let Ok(quoted) = shlex::bytes::try_quote(bytes)
    {
        return [b"printf %s ".as_slice(), &quoted].concat();
    }
    let mut command = b"printf '".to_vec();
    for byte in bytes {
        match byte {
            b'%' => command.extend_from_slice(b"%%"),
            // A `-` in front would be an option.
            b' '..=b'~' if !matches!(byte, b'\'' | b'\\' | b'-') => command.push(*byte),
            // Three digits: what follows may be a digit.
            other => command.extend_from_slice(format!("\\{other:03o}").as_bytes()),
        }
    }
    command.push(b'\'');
    command
}
