//! A server that names itself: its recorded origin in a text is the live one's now, as `--to` stands
//! for the recorded endpoint (faces.md, Tapes).

/// The text with one origin in the place of another; none where that does not stand in it.
pub(super) fn replaced(text: &str, old: &str, new: &str) -> Option<String> {
    let ends_in_port = old.ends_with(|c: char| c.is_ascii_digit());
    let goes_on = |c: char| {
        if ends_in_port { c.is_ascii_digit() } else { c.is_alphanumeric() || ".-:".contains(c) }
    };
    let (mut made, mut done) = (String::new(), 0);
    for (at, found) in text.match_indices(old) {
        let end = at + found.len();
        if text.get(end..).is_some_and(|rest| rest.starts_with(goes_on)) {
            continue;
        }
        made.push_str(text.get(done..at)?);
        made.push_str(new);
        done = end;
    }
    if done == 0 {
        return None;
    }
    made.push_str(text.get(done..)?);
    Some(made)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_origin_is_replaced_where_it_ends() {
        let table = [
            ("see http://h:80/a and http://h:80.", Some("see http://n/a and http://n.")),
            ("see http://h:8000/a", None),
            ("nothing", None),
        ];
        for (text, expected) in table {
            assert_eq!(replaced(text, "http://h:80", "http://n").as_deref(), expected, "{text}");
        }
        assert_eq!(replaced("https://h.example/", "https://h", "https://n"), None);
        assert_eq!(
            replaced("<https://h>", "https://h", "https://n").as_deref(),
            Some("<https://n>")
        );
    }
}
