//! What one run knows of fresh values: learnt from live answers, filled into requests.

use std::{
    borrow::Cow,
    collections::{BTreeMap, HashMap},
    ops::Range,
    sync::Arc,
};

use super::{
    Unfilled,
    class::{self, Class},
    equal::Equal,
    find::has_size,
    json::What,
    known::{Known, Whole},
    layers::{self, Edit, Spot},
    news::New,
};
use crate::{capture::ExchangeId, protocol::Message};

/// Fresh values that the driver told of and no binding asked for. When they are as many, no more
/// are taken.
const TOLD_CAP: usize = 4_096;

/// What one run knows of fresh values.
#[derive(Clone, Debug, Default)]
pub struct Table {
    pub(super) known: Arc<Known>,
    /// By token.
    pub(super) fresh: HashMap<usize, String>,
    /// By what was born.
    pub(super) whole: HashMap<Whole, String>,
    /// What the driver told of: any of the protocol's own ids.
    pub(super) told: BTreeMap<String, String>,
    /// The cookies that the live server set.
    pub(super) cookies: BTreeMap<String, String>,
    /// The recorded server's origin, and the live one's.
    pub(super) origin: Option<(String, String)>,
    equal: Equal,
    /// What was learnt and not said so far.
    pub(super) unsaid: Vec<New>,
}

impl Table {
    pub(super) fn new(known: &Arc<Known>) -> Self {
        Self { known: Arc::clone(known), ..Self::default() }
    }

    /// A fresh value that the driver knows of: session ids, endpoints, event ids.
    pub fn set(&mut self, recorded: &str, fresh: &str) {
        if self.told.len() < TOLD_CAP || self.told.contains_key(recorded) {
            self.note(New::Told(recorded.to_owned(), fresh.to_owned()));
        }
        if let Some(token) = self.known.token(recorded) {
            self.note(New::Token(token, fresh.to_owned()));
        }
        self.learn_anew(recorded, fresh);
    }

    /// Where the recorded server was, and where the live one is: what either says of itself.
    pub fn moved(&mut self, recorded: &str, live: &str) {
        let origin = (recorded != live).then(|| (recorded.to_owned(), live.to_owned()));
        self.note(New::Origin(origin));
    }

    /// A recorded message as it is to be sent now: JSON text.
    ///
    /// # Errors
    ///
    /// A placeholder that nothing fills.
    pub fn fill(&self, recorded: &Message) -> Result<String, Unfilled> {
        self.fill_json(recorded, &String::from_utf8_lossy(&recorded.payload))
    }

    /// The same of a text that was made of the recorded message, by [`super::Edits`].
    ///
    /// # Errors
    ///
    /// A placeholder that nothing fills.
    pub fn fill_json(&self, recorded: &Message, text: &str) -> Result<String, Unfilled> {
        let marks = self.known.corrections.marks(Some(recorded));
        let mut unfilled = None;
        let edits = layers::text(text, &Spot::top(&[]), 0, &mut |spot, text| {
            let kept = marks.keeps(spot)
                || spot.path.is_some_and(|path| spot.is_outer() && class::is_fixed(path));
            let mut rules = marks.binds(spot).into_iter().map(Class::Rule);
            let rule = rules.find_map(|class| self.of_class(&class, text));
            match rule {
                Some(fresh) => whole(text, fresh),
                None => self.edits(spot, text, kept, &mut unfilled),
            }
        });
        match unfilled {
            Some(path) => Err(Unfilled { path }),
            None => Ok(layers::apply(text, edits)),
        }
    }

    /// Text of a recorded exchange's URL or header with fresh values; `place` is `url` or
    /// `header:NAME`. A `cookie` whose value the tape does not have is made of the live server's.
    ///
    /// # Errors
    ///
    /// A placeholder that nothing fills.
    pub fn fill_text(
        &self,
        _exchange: ExchangeId,
        place: &str,
        text: &str,
    ) -> Result<String, Unfilled> {
        let mut unfilled = None;
        let mut ask = |spot: &Spot<'_>, text: &str| self.edits(spot, text, false, &mut unfilled);
        let name = place.strip_prefix("header:").map(str::to_ascii_lowercase);
        let edits = match &name {
            Some(name) => layers::header(name, text, &mut ask),
            None => layers::url(text, &mut ask),
        };
        if unfilled.is_none() {
            return Ok(layers::apply(text, edits));
        }
        if name.as_deref() == Some("cookie") && !self.cookies.is_empty() {
            let pairs = self.cookies.iter().map(|(name, value)| format!("{name}={value}"));
            return Ok(pairs.collect::<Vec<_>>().join("; "));
        }
        Err(Unfilled { path: place.to_owned() })
    }

    /// Recorded text with every fresh value in its place: what a comparison expects to see. Of JSON
    /// also ids by their keys.
    #[must_use]
    pub fn expect<'t>(&self, recorded: &'t str) -> Cow<'t, str> {
        self.expected(recorded, &Spot::top(&[]))
    }

    /// The same of one JSON value, as it is spelled, that stands under this key.
    #[must_use]
    pub fn expect_value<'t>(&self, key: &str, recorded: &'t str) -> Cow<'t, str> {
        if self.is_blank() {
            return recorded.into();
        }
        let around = format!("{{{}:{recorded}}}", serde_json::Value::from(key));
        let before = around.len() - recorded.len() - 1;
        match self.expected(&around, &Spot::top(&[])) {
            Cow::Borrowed(_) => recorded.into(),
            Cow::Owned(around) => {
                around.get(before..around.len() - 1).unwrap_or_default().to_owned().into()
            }
        }
    }

    fn expected<'t>(&self, recorded: &'t str, spot: &Spot<'_>) -> Cow<'t, str> {
        if self.is_blank() {
            return recorded.into();
        }
        let edits = layers::text(recorded, spot, 0, &mut |spot, text| {
            self.edits(spot, text, false, &mut None)
        });
        if edits.is_empty() { recorded.into() } else { layers::apply(recorded, edits).into() }
    }

    /// Whether a live text is the recorded one: fresh values in their places, and of placeholders
    /// that are not known any text, but the same one each time.
    #[must_use]
    pub fn equates(&self, recorded: &str, live: &str) -> bool {
        let here = |(old, new): &(String, String)| super::origin::replaced(recorded, old, new);
        self.equates_here(recorded, live)
            || self.origin.as_ref().and_then(here).is_some_and(|own| self.equates_here(&own, live))
    }

    fn equates_here(&self, recorded: &str, live: &str) -> bool {
        let expected = self.expect(recorded);
        if expected == live {
            return true;
        }
        let open = |token| self.known.is_placeholder(token) && !self.fresh.contains_key(&token);
        let spans = self.known.tokens.spans(&expected, open);
        !spans.is_empty() && self.equal.holds(&expected, &spans, live)
    }

    /// Where fresh values go in a recorded text, and which.
    pub(crate) fn fresh_in(&self, recorded: &str) -> Vec<(Range<usize>, String)> {
        if self.is_blank() {
            return Vec::new();
        }
        let edits = layers::text(recorded, &Spot::top(&[]), 0, &mut |spot, text| {
            self.edits(spot, text, false, &mut None)
        });
        edits.into_iter().map(|edit| (edit.range, edit.text)).collect()
    }

    fn is_blank(&self) -> bool {
        self.fresh.is_empty() && self.whole.is_empty() && self.told.is_empty()
    }

    /// What goes where in a plain text. Notes the first placeholder that nothing fills.
    fn edits(
        &self,
        spot: &Spot<'_>,
        text: &str,
        kept: bool,
        unfilled: &mut Option<String>,
    ) -> Vec<Edit> {
        let fresh = spot.classes.iter().find_map(|class| self.of_class(class, text));
        if let Some(fresh) = fresh.filter(|_| !kept) {
            return whole(text, fresh);
        }
        if spot.what == What::Key {
            return Vec::new();
        }
        let wanted = |token| self.known.is_placeholder(token) || self.fresh.contains_key(&token);
        let mut edits = Vec::new();
        for span in self.known.tokens.spans(text, wanted) {
            let fresh = self.fresh.get(&span.token);
            match fresh.filter(|_| !kept) {
                Some(_) if spot.what == What::Number && span.range.len() < text.len() => {}
                Some(fresh) => edits.push(Edit { range: span.range, text: fresh.clone() }),
                None if self.known.is_placeholder(span.token) && unfilled.is_none() => {
                    *unfilled = Some(spot.pointer());
                }
                None => {}
            }
        }
        edits
    }

    /// The fresh value of what stands as a whole at a place of this class.
    fn of_class(&self, class: &Class, text: &str) -> Option<&str> {
        if !has_size(class, text) && !matches!(class, Class::Rule(_)) {
            return None;
        }
        if let Class::Cookie(name) = class
            && let Some(fresh) = self.cookies.get(name)
        {
            return Some(fresh);
        }
        let bound = || self.whole.get(self.known.whole.get(&(class.clone(), text.to_owned()))?);
        let told = || self.told.get(text).filter(|_| class.is_protocols());
        bound().or_else(told).map(String::as_str)
    }
}

fn whole(text: &str, fresh: &str) -> Vec<Edit> {
    vec![Edit { range: 0..text.len(), text: fresh.to_owned() }]
}
