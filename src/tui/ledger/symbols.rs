//! Texts that rows share, each once, with secrets masked and hostile characters shown.

use std::collections::HashMap;

use foldhash::quality::RandomState;

use super::Veil;
use crate::tui::{
    rows::{RpcId, Symbol, Symbols},
    text,
};

/// The longest text of a row, in bytes; a longer one is cut.
const LONGEST: usize = 256;

/// So many texts may be ids. Where a client's ids are texts and many, the last ones are `…`: names
/// and methods find place still.
const MOST_IDS: usize = Symbols::MOST / 2;

/// What the last symbol is, once there is no place for more.
const FULL: &str = "…";

/// Gives texts their symbols.
#[derive(Default)]
pub(super) struct Interner {
    known: HashMap<Box<str>, (Symbol, What), RandomState>,
    ids: usize,
    /// Not told yet, in the order of their symbols.
    fresh: Vec<Box<str>>,
}

/// How a text is masked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum What {
    /// A method, a tool, a resource's URI.
    Name,
    /// HTTP method and path.
    Line,
    /// A request's id.
    Id,
}

impl Interner {
    /// The symbol of a text.
    pub(super) fn of(&mut self, text: &str, what: What, veil: &mut dyn Veil) -> Symbol {
        if text.is_empty() {
            return Symbol::default();
        }
        let end = (0..=LONGEST.min(text.len())).rev().find(|end| text.is_char_boundary(*end));
        let text = text.get(..end.unwrap_or(0)).unwrap_or_default();
        if let Some((symbol, _)) = self.known.get(text) {
            return *symbol;
        }
        let is_id = what == What::Id;
        // Number 0 is the empty text.
        let next = self.known.len() + 1;
        if is_id && self.ids >= MOST_IDS || next >= Symbols::MOST - 1 {
            return match self.known.get(FULL) {
                Some((symbol, _)) => *symbol,
                None => self.add(FULL, What::Name, FULL.into()),
            };
        }
        self.ids += usize::from(is_id);
        let shown = shown(text, what, veil);
        self.add(text, what, shown)
    }

    /// An id as rows have it.
    pub(super) fn id(&mut self, raw: Option<&str>, veil: &mut dyn Veil) -> RpcId {
        let Some(raw) = raw else { return RpcId::None };
        match raw.parse::<u32>() {
            Ok(number) if number.to_string() == raw => RpcId::Number(number),
            _ => RpcId::Text(self.of(raw, What::Id, veil)),
        }
    }

    /// The texts since the last time.
    pub(super) fn fresh(&mut self) -> Vec<Box<str>> {
        std::mem::take(&mut self.fresh)
    }

    /// All texts under another veil.
    pub(super) fn anew(&self, veil: &mut dyn Veil) -> Vec<(Symbol, Box<str>)> {
        let all = self.known.iter();
        let mut all: Vec<_> =
            all.map(|(text, (symbol, what))| (*symbol, shown(text, *what, veil))).collect();
        all.sort_unstable_by_key(|(symbol, _)| *symbol);
        all
    }

    fn add(&mut self, text: &str, what: What, shown: Box<str>) -> Symbol {
        let next = self.known.len() + 1;
        let symbol = Symbol(u32::try_from(next).unwrap_or(u32::MAX));
        self.known.insert(text.into(), (symbol, what));
        self.fresh.push(shown);
        symbol
    }
}

fn shown(raw: &str, what: What, veil: &mut dyn Veil) -> Box<str> {
    let masked = match (what, raw.split_once(' ')) {
        (What::Line, Some((method, path))) => format!("{method} {}", veil.url(path)),
        _ => veil.name(raw),
    };
    text::visible(&masked).into()
}
