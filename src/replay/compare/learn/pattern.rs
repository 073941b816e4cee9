//! The pattern that texts have in common: what is equal in all stands as it is, what differs by the
//! characters that were seen.

use regex::{Regex, escape};

/// Longer texts, and patterns, are no help to who reads them.
const TEXT_CAP: usize = 500;

/// A piece of a text: letters and digits, or one other character.
type Piece<'t> = &'t str;

/// A regular expression that all of these match, where they are alike: the same pieces, some of
/// them equal. None where nothing but the type is common.
pub(super) fn common(texts: &[&str]) -> Option<String> {
    if texts.iter().any(|text| text.len() > TEXT_CAP) {
        return None;
    }
    let all: Vec<Vec<Piece<'_>>> = texts.iter().map(|text| pieces(text)).collect();
    let first = all.first()?;
    if all.iter().any(|pieces| pieces.len() != first.len()) {
        return None;
    }
    let (mut regex, mut fixed) = (String::from("^"), first.len() == 1);
    for (at, piece) in first.iter().enumerate() {
        let seen: Vec<Piece<'_>> =
            all.iter().filter_map(|pieces| pieces.get(at)).copied().collect();
        if seen.iter().all(|other| other == piece) {
            fixed = true;
            regex.push_str(&escape(piece));
        } else {
            regex.push_str(&class(&seen)?);
        }
    }
    regex.push('$');
    let holds = |regex: &String| {
        Regex::new(regex).is_ok_and(|regex| texts.iter().all(|text| regex.is_match(text)))
    };
    Some(regex).filter(|regex| fixed && regex.len() <= TEXT_CAP && holds(regex))
}

/// The narrowest class of the known ones, and the length where that is always the same.
fn class(seen: &[Piece<'_>]) -> Option<String> {
    let of = |is: fn(char) -> bool| seen.iter().all(|piece| piece.chars().all(is));
    let class = if of(|c| c.is_ascii_digit()) {
        "[0-9]"
    } else if of(|c| matches!(c, '0'..='9' | 'a'..='f')) {
        "[0-9a-f]"
    } else if of(|c| matches!(c, '0'..='9' | 'A'..='F')) {
        "[0-9A-F]"
    } else if of(|c| c.is_ascii_alphanumeric()) {
        "[0-9A-Za-z]"
    } else if of(char::is_alphanumeric) {
        r"\w"
    } else {
        return None;
    };
    let lengths = seen.iter().map(|piece| piece.chars().count());
    let (least, most) = (lengths.clone().min()?, lengths.max()?);
    // A few digits are a number, of which the length says nothing.
    let times = if least == most && least >= 6 { format!("{{{least}}}") } else { "+".to_owned() };
    Some(format!("{class}{times}"))
}

fn pieces(text: &str) -> Vec<Piece<'_>> {
    let mut pieces = Vec::new();
    let (mut begun, mut before) = (0, None);
    for (at, c) in text.char_indices() {
        let joins =
            before.is_some_and(|before: char| before.is_alphanumeric()) && c.is_alphanumeric();
        if before.is_some() && !joins {
            pieces.extend(text.get(begun..at));
            begun = at;
        }
        before = Some(c);
    }
    pieces.extend(text.get(begun..).filter(|rest| !rest.is_empty()));
    pieces
}
