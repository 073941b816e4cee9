//! One thing that is shown: a tree, a text, bytes, lines or frames.

use std::{ops::Range, sync::Arc};

use bytes::Bytes;
use ratatui::layout::Rect;

use super::{frames::FramesPane, hex::HexPane, lines::LinesPane, text::TextPane, tree::TreePane};
use crate::tui::{
    app::Effects,
    desk::{Ask, FrameTold, Ticket},
    json::Index,
    keys::Action,
};

/// A text up to this long is indexed at once: that takes less than a paint. A longer one is shown
/// raw until the desk has indexed it.
const AT_ONCE: usize = 64 << 10;

/// What is shown.
#[derive(Clone, Debug)]
pub(super) enum Pane {
    Tree(TreePane),
    Text(TextPane),
    Hex(HexPane),
    Lines(LinesPane),
    Frames(FramesPane),
    /// Nothing, and why.
    Nothing(&'static str),
}

/// A JSON text that is being indexed.
#[derive(Clone, Debug)]
pub(super) struct Indexing {
    pub(super) ticket: Ticket,
    pub(super) text: Bytes,
    pub(super) progress: (u64, u64),
}

impl Pane {
    /// A JSON text as a tree, or as text where it is none. What is too long for now is asked for.
    pub(super) fn json(bytes: Bytes, effects: &mut Effects) -> (Self, Option<Indexing>) {
        let first = bytes.iter().find(|byte| !byte.is_ascii_whitespace()).copied();
        if !matches!(first, Some(b'{' | b'[' | b'"')) {
            return (Self::Text(TextPane::of(bytes)), None);
        }
        if bytes.len() <= AT_ONCE {
            let index = Index::of(&bytes);
            return (Self::indexed(bytes, Arc::new(index)), None);
        }
        let ticket = effects.ticket();
        effects.ask(Ask::Index { ticket, text: bytes.clone() });
        let indexing = Indexing { ticket, text: bytes.clone(), progress: (0, bytes.len() as u64) };
        (Self::Text(TextPane::of(bytes)), Some(indexing))
    }

    /// The tree of an index; text where there is next to nothing of a tree.
    pub(super) fn indexed(bytes: Bytes, index: Arc<Index>) -> Self {
        if index.nodes.is_empty() || (index.fault.is_some() && index.nodes.len() < 2) {
            return Self::Text(TextPane::of(bytes));
        }
        Self::Tree(TreePane::of(bytes, index))
    }

    /// Stands where another version of it stood.
    pub(super) fn stand_as(&mut self, other: &Self) {
        match (self, other) {
            (Self::Tree(new), Self::Tree(old)) => new.stand_as(old),
            (Self::Text(new), Self::Text(old)) => new.top = old.top.min(new.bytes.len()),
            (Self::Hex(new), Self::Hex(old)) => {
                let bytes = std::mem::take(&mut new.bytes);
                new.clone_from(old);
                new.bytes = bytes;
            }
            (Self::Frames(new), Self::Frames(old)) => new.clone_from(old),
            (Self::Lines(new), Self::Lines(old)) => {
                let lines = std::mem::take(&mut new.lines);
                new.clone_from(old);
                new.replace(lines);
            }
            _ => {}
        }
    }

    pub(super) fn act(&mut self, action: Action, area: Rect, wrap: bool, frames: usize) -> bool {
        match self {
            Self::Tree(tree) => tree.act(action, area, wrap),
            Self::Text(text) => text.act(action, area, wrap),
            Self::Hex(hex) => hex.act(action, area),
            Self::Lines(lines) => lines.act(action, area),
            Self::Frames(list) => list.act(action, frames, area),
            Self::Nothing(_) => false,
        }
    }

    /// The bytes that a search looks through.
    pub(super) fn searched(&self, frames: &[FrameTold]) -> Bytes {
        match self {
            Self::Tree(tree) => tree.bytes.clone(),
            Self::Text(text) => text.bytes.clone(),
            Self::Hex(hex) => hex.bytes.clone(),
            Self::Lines(lines) => lines.text().into(),
            Self::Frames(_) => FramesPane::text(frames).into(),
            Self::Nothing(_) => Bytes::new(),
        }
    }

    /// Where in them the next search begins.
    pub(super) fn place(&self, frames: &[FrameTold]) -> usize {
        match self {
            Self::Tree(tree) => tree.node(tree.cursor).map_or(0, |node| node.start as usize),
            Self::Text(text) => text.hit.map_or(text.top, |(at, _)| at),
            Self::Hex(hex) => hex.place(),
            Self::Lines(lines) => lines.place(),
            Self::Frames(list) => list.place(frames),
            Self::Nothing(_) => 0,
        }
    }

    /// Shows a hit.
    pub(super) fn go(&mut self, hit: &Range<usize>, area: Rect, wrap: bool, frames: &[FrameTold]) {
        match self {
            Self::Tree(tree) => tree.go(hit.start, area, wrap),
            Self::Text(text) => text.go(hit.start, hit.len(), area, wrap),
            Self::Hex(hex) => hex.go(hit.start, hit.len(), area),
            Self::Lines(lines) => lines.go(hit.start),
            Self::Frames(list) => list.go(hit.start, frames, area),
            Self::Nothing(_) => {}
        }
    }
}
