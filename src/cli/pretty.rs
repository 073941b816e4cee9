//! JSON over several lines, token by token: order, numbers and escapes stay as on the wire, and
//! depth costs no stack.

use serde_json::value::RawValue;

/// Deeper levels are not indented further: lines would grow with the square of the depth.
const DEEPEST_INDENT: usize = 40;

/// The text on several lines; none where it is no JSON.
pub(crate) fn json(text: &[u8]) -> Option<String> {
    let raw: &RawValue = serde_json::from_slice(text).ok()?;
    let compact = super::faces::compact(raw.get().as_bytes());
    let mut lines = String::with_capacity(text.len() * 2);
    let mut depth = 0_usize;
    let (mut in_string, mut escaped) = (false, false);
    let mut rest = compact.get().chars().peekable();
    while let Some(c) = rest.next() {
        if in_string {
            lines.push(c);
            in_string = escaped || c != '"';
            escaped = c == '\\' && !escaped;
            continue;
        }
        match c {
            '{' | '[' => {
                lines.push(c);
                if let Some(end) = rest.next_if(|next| matches!(next, '}' | ']')) {
                    lines.push(end);
                } else {
                    depth += 1;
                    new_line(&mut lines, depth);
                }
            }
            '}' | ']' => {
                depth = depth.saturating_sub(1);
                new_line(&mut lines, depth);
                lines.push(c);
            }
            ',' => {
                lines.push(c);
                new_line(&mut lines, depth);
            }
            ':' => lines.push_str(": "),
            '"' => {
                in_string = true;
                lines.push(c);
            }
            _ => lines.push(c),
        }
    }
    Some(lines)
}

fn new_line(lines: &mut String, depth: usize) {
    lines.push('\n');
    lines.extend(std::iter::repeat_n("  ", depth.min(DEEPEST_INDENT)));
}

#[cfg(test)]
mod tests {
    #[test]
    fn order_numbers_and_escapes_stay() {
        let text = r#"{"b":1.50, "a":[{},[ ],"x\"{,:","\u00e9",12345678901234567890]}"#;
        let expected = "{\n  \"b\": 1.50,\n  \"a\": [\n    {},\n    [],\n    \"x\\\"{,:\",\n    \
                        \"\\u00e9\",\n    12345678901234567890\n  ]\n}";
        assert_eq!(super::json(text.as_bytes()).as_deref(), Some(expected));
        assert_eq!(super::json(b"no JSON"), None);
        let deep = "[".repeat(100_000) + &"]".repeat(100_000);
        let _ = super::json(deep.as_bytes());
    }
}
