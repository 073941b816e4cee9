//! Framing: how one message follows another on the socket. A length of four bytes, little endian,
//! then the message in postcard.
//!
//! Whatever the other side sends, memory grows only with the bytes that came, up to a maximum.

use std::io::{self, Read};

use serde::{Serialize, de::DeserializeOwned};
use tokio::io::{AsyncRead, AsyncReadExt};

/// The longest message. One record fits, however large its chunk: the tap's budget is half of it. A
/// longer one is refused by whoever would send or read it.
pub(crate) const MAX_FRAME: u32 = 32 << 20;

/// Lists are sent in parts of about this size, so that neither side holds a list twice.
const PART: usize = 256 << 10;

/// One message with its length before it.
pub(crate) fn encode<T: Serialize>(message: &T) -> Result<Vec<u8>, FrameError> {
    let mut out = postcard::to_extend(message, vec![0; 4]).map_err(FrameError::Malformed)?;
    let length = u32::try_from(out.len().saturating_sub(4)).unwrap_or(u32::MAX);
    check(length, MAX_FRAME)?;
    if let Some(place) = out.first_chunk_mut::<4>() {
        *place = length.to_le_bytes();
    }
    Ok(out)
}

/// A message out of its bytes, all of them.
pub(crate) fn decode<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, FrameError> {
    match postcard::take_from_bytes(bytes).map_err(FrameError::Malformed)? {
        (message, []) => Ok(message),
        _ => Err(FrameError::Malformed(postcard::Error::DeserializeBadEncoding)),
    }
}

/// The next message's bytes; none where the other side ended between two messages.
pub(crate) async fn read(
    reader: &mut (impl AsyncRead + Unpin),
    max: u32,
) -> Result<Option<Vec<u8>>, FrameError> {
    let mut prefix = Vec::with_capacity(4);
    (&mut *reader).take(4).read_to_end(&mut prefix).await?;
    let Some(length) = length(&prefix, max)? else { return Ok(None) };
    let mut bytes = Vec::new();
    reader.take(length.into()).read_to_end(&mut bytes).await?;
    whole(bytes, length).map(Some)
}

/// [`read`] for a thread that may block.
pub(crate) fn read_blocking(
    reader: &mut impl Read,
    max: u32,
) -> Result<Option<Vec<u8>>, FrameError> {
    let mut prefix = Vec::with_capacity(4);
    (&mut *reader).take(4).read_to_end(&mut prefix)?;
    let Some(length) = length(&prefix, max)? else { return Ok(None) };
    let mut bytes = Vec::new();
    reader.take(length.into()).read_to_end(&mut bytes)?;
    whole(bytes, length).map(Some)
}

/// Cuts a list so that each part is one message of moderate size; a large item is alone in its.
pub(crate) fn parts<T: Serialize>(mut items: &[T]) -> impl Iterator<Item = &[T]> {
    std::iter::from_fn(move || {
        let mut size = 0_usize;
        let mut count = 0;
        for item in items {
            // An item that cannot be measured is alone: sending it will say why.
            let more = postcard::experimental::serialized_size(item).unwrap_or(PART);
            size = size.saturating_add(more);
            if count > 0 && size > PART {
                break;
            }
            count += 1;
        }
        let (part, rest) = items.split_at_checked(count).filter(|_| count > 0)?;
        items = rest;
        Some(part)
    })
}

fn length(prefix: &[u8], max: u32) -> Result<Option<u32>, FrameError> {
    if prefix.is_empty() {
        return Ok(None);
    }
    let prefix = prefix.first_chunk::<4>().ok_or(FrameError::Cut)?;
    let length = u32::from_le_bytes(*prefix);
    check(length, max)?;
    Ok(Some(length))
}

fn check(length: u32, max: u32) -> Result<(), FrameError> {
    if length <= max { Ok(()) } else { Err(FrameError::TooLong { length, max }) }
}

fn whole(bytes: Vec<u8>, length: u32) -> Result<Vec<u8>, FrameError> {
    if u32::try_from(bytes.len()) == Ok(length) { Ok(bytes) } else { Err(FrameError::Cut) }
}

/// Why a message did not come across.
#[derive(Debug, thiserror::Error)]
pub(crate) enum FrameError {
    /// The socket's.
    #[error(transparent)]
    Io(#[from] io::Error),
    /// The connection ended inside a message.
    #[error("the connection ended inside a message")]
    Cut,
    /// Too long to be one of ours.
    #[error("a message of {length} bytes, the longest are {max}")]
    TooLong { length: u32, max: u32 },
    /// Not what was expected at this place.
    #[error("not a message of ours: {0}")]
    Malformed(postcard::Error),
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[tokio::test]
    async fn messages_come_across_one_by_one() {
        let mut bytes = encode(&"one".to_owned()).expect("short");
        bytes.extend(encode(&"two".to_owned()).expect("short"));
        let mut reader = bytes.as_slice();
        let mut blocking = bytes.as_slice();
        for text in ["one", "two"] {
            let message = read(&mut reader, MAX_FRAME).await.expect("whole").expect("there");
            assert_eq!(decode::<String>(&message).expect("text"), text);
            let message = read_blocking(&mut blocking, MAX_FRAME).expect("whole").expect("there");
            assert_eq!(decode::<String>(&message).expect("text"), text);
        }
        assert!(read(&mut reader, MAX_FRAME).await.expect("a clean end").is_none());
    }

    #[test]
    fn what_is_too_long_or_cut_is_refused() {
        let long = encode(&"x".repeat(MAX_FRAME as usize)).expect_err("the length comes on top");
        assert!(matches!(long, FrameError::TooLong { .. }));
        let claimed = [0xff, 0xff, 0xff, 0xff, 1];
        let long = read_blocking(&mut claimed.as_slice(), MAX_FRAME).expect_err("four gigabytes");
        assert!(matches!(long, FrameError::TooLong { length: u32::MAX, .. }));
        for cut in [&[1, 0][..], &[5, 0, 0, 0, 1]] {
            let error = read_blocking(&mut &*cut, MAX_FRAME).expect_err("cut");
            assert!(matches!(error, FrameError::Cut), "{error}");
        }
        assert!(decode::<u8>(&[1, 2]).is_err(), "trailing bytes");
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(16))] // megabytes each

        #[test]
        fn parts_joined_are_the_list(sizes in prop::collection::vec(0_usize..PART * 2, 0..12)) {
            let items: Vec<String> = sizes.into_iter().map(|size| "x".repeat(size)).collect();
            let mut joined = Vec::new();
            for part in parts(&items) {
                let size: usize = part.iter().map(String::len).sum();
                prop_assert!(part.len() == 1 || size <= PART);
                joined.extend_from_slice(part);
            }
            prop_assert_eq!(joined, items);
        }
    }
}
