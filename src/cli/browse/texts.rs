//! The texts of an exchange, masked. A message is mostly all that its body holds, and both may be
//! 10 MB: such a text is masked once, and shared.

use bytes::Bytes;

use super::super::masked::Mask;
use crate::capture::redact::Leg;

/// A text from this length on is remembered: what is shorter is masked in less than a millisecond.
const LARGE: usize = 64 << 10;

/// Large texts that are remembered, bodies first; what comes then is masked by itself.
const REMEMBERED: usize = 8;

/// How often a text is masked anew because it taught a secret that may stand before its name does.
const LEARNS: usize = 3;

/// The media type of which names are looked for in another way.
const FORM: &str = "application/x-www-form-urlencoded";

/// Masks the texts of one exchange.
#[derive(Default)]
pub(super) struct Texts {
    large: Vec<Masked>,
}

struct Masked {
    text: Bytes,
    is_form: bool,
    leg: Leg,
    /// What was known to be secret then.
    knew: u64,
    shown: Bytes,
}

impl Texts {
    /// A text, masked.
    pub(super) fn masked(
        &mut self,
        media: Option<&str>,
        leg: Leg,
        text: &Bytes,
        mask: &mut Mask,
    ) -> Bytes {
        let is_form = media == Some(FORM);
        let knows = mask.knows();
        let is_it = |known: &&Masked| {
            (known.is_form, known.leg, known.knew) == (is_form, leg, knows)
                && (known.text == text || known.text.trim_ascii() == text)
        };
        if let Some(known) = self.large.iter().find(is_it) {
            let is_whole = known.text.len() == text.len();
            let shown = &known.shown;
            return if is_whole { shown.clone() } else { shown.slice_ref(shown.trim_ascii()) };
        }
        let (mut knew, mut shown) = (knows, mask.shared(media, leg, text));
        for _ in 1..LEARNS {
            let knows = mask.knows();
            if knows == knew {
                break;
            }
            (knew, shown) = (knows, mask.shared(media, leg, text));
        }
        if text.len() >= LARGE && self.large.len() < REMEMBERED {
            let (text, shown) = (text.clone(), shown.clone());
            self.large.push(Masked { text, is_form, leg, knew, shown });
        }
        shown
    }

    /// A message's payload, a frame's bytes.
    pub(super) fn said(&mut self, text: &Bytes, mask: &mut Mask) -> Bytes {
        self.masked(None, Leg::Mcp, text, mask)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_large_text_is_masked_once_and_shared() {
        let mut mask = Mask::new(false);
        mask.learn("token", "s3cr3t-t0ken");
        let mut texts = Texts::default();
        let said = format!("{{\"a\":\"{}\"}}", "word ".repeat(LARGE));
        for (said, shares) in
            [(said.clone(), true), (said.replacen("word", "s3cr3t-t0ken", 1), false)]
        {
            let body = Bytes::from(format!("{said}\n"));
            let whole = texts.masked(Some("application/json"), Leg::Mcp, &body, &mut mask);
            let message = texts.said(&Bytes::from(said.clone()), &mut mask);
            assert_eq!(message, whole.trim_ascii());
            assert!(!message.windows(12).any(|part| part == b"s3cr3t-t0ken"));
            assert_eq!(message.as_ptr(), whole.as_ptr(), "one text");
            assert_eq!(whole.as_ptr() == body.as_ptr(), shares, "what is not masked is not copied");
        }
    }

    #[test]
    fn what_is_told_to_be_secret_late_is_masked_before_too() {
        let mut mask = Mask::new(false);
        let mut texts = Texts::default();
        for pad in [0, LARGE] {
            let token = format!("tok3n-abcdef-{pad}");
            let said = format!(
                "{{\"a\":\"{token}\",\"b\":\"{}\",\"access_token\":\"{token}\"}}",
                " ".repeat(pad)
            );
            let shown = texts.said(&Bytes::from(said), &mut mask);
            assert!(!shown.windows(token.len()).any(|part| part == token.as_bytes()));
        }
    }
}
