//! Everything in one text that is to be replaced: by its name, as a known secret, by a mark; as it
//! stands there, put together over frames, percent-encoded or inside base64.

use std::{collections::BTreeMap, ops::Range};

use super::{
    Leg, Mark,
    needles::Needles,
    rules::{self, Keys},
    scan::{Hit, Spelling, scan, scan_form},
    views::{self, Beginning, Tangled, View},
};

/// How often percent-encoding is undone: a redirect in a redirect has two.
const PERCENT_DEPTH: usize = 2;

/// Bytes behind the beginning of a text that are looked at too, beside those of the longest secret:
/// stretches that begin before are mostly over there. In tests few, so that much ends there.
const AHEAD: usize = if cfg!(test) { 64 } else { 4 << 10 };

/// A place and what is there.
#[derive(Debug)]
pub(super) struct Found {
    pub(super) range: Range<usize>,
    pub(super) kind: String,
    pub(super) secret: Vec<u8>,
    pub(super) how: How,
    /// Secrets inside it, to be looked for elsewhere.
    pub(super) inner: Vec<(&'static str, Vec<u8>)>,
}

/// What becomes of a place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum How {
    /// A placeholder, behind its scheme word.
    Named,
    /// A placeholder.
    Whole,
    /// A placeholder with quotes: it was no string.
    Bare,
    /// Nothing: the placeholder stands where the secret began.
    Gone,
}

/// What kind of text is looked at.
pub(super) struct Looked<'m> {
    media: Option<&'m str>,
    pub(super) oauth: bool,
    is_url: bool,
    paths: bool,
}

impl<'m> Looked<'m> {
    pub(super) fn url(paths: bool) -> Self {
        Self { media: None, oauth: true, is_url: true, paths }
    }

    pub(super) fn body(media: Option<&'m str>, leg: Leg) -> Self {
        Self { media, oauth: leg == Leg::Oauth, is_url: false, paths: false }
    }
}

/// Ascending, without overlap. `is_secret` says so of a segment of a path.
pub(super) fn find(
    text: &[u8],
    what: &Looked<'_>,
    keys: Keys,
    needles: Option<&Needles>,
    marks: &[Mark],
    is_secret: &dyn Fn(&[u8]) -> bool,
) -> Result<Vec<Found>, Tangled> {
    let mut cover = Cover::default();
    if !what.is_url {
        for view in views::joined(text, None)? {
            over_pieces(&view, keys, needles, &mut cover);
        }
    }
    for mark in marks {
        cover.over(marked(text, mark));
    }
    in_place(text, what, keys, needles, is_secret, &mut cover)?;
    Ok(cover.0.into_values().collect())
}

/// The same for the beginning of a text, and where that ends: all that is found before is what
/// would be found in the whole. Nothing where the text is hardly longer.
pub(super) fn find_in_beginning(
    text: &[u8],
    most: usize,
    what: &Looked<'_>,
    keys: Keys,
    needles: Option<&Needles>,
) -> Result<Option<(Vec<Found>, usize)>, Tangled> {
    let longest = needles.map_or(0, Needles::longest);
    let ahead = longest.saturating_mul(views::LONGEST_ESCAPE).saturating_add(AHEAD);
    let Some(part) = text.get(..most.saturating_add(ahead)) else { return Ok(None) };
    // What a stretch says shows at its end: a name with a password before an `@`, base64.
    let last = part.iter().rposition(|byte| views::ends_stretch(*byte)).map_or(0, |end| end + 1);
    let mut end = last.min(most);
    let mut cover = Cover::default();
    let is_plain = longest == 0 && !part.contains(&b'\\');
    for view in views::joined(text, Some(&Beginning { most, ahead, is_plain }))? {
        end = over_pieces(&view, keys, needles, &mut cover).map_or(end, |unsure| unsure.min(end));
    }
    in_place(part, what, keys, needles, &|_| false, &mut cover)?;
    let crossed = cover.0.values().find(|found| found.range.end > end);
    end = crossed.map_or(end, |found| found.range.start.min(end));
    let found = cover.0.into_values().take_while(|found| found.range.end <= end).collect();
    Ok(Some((found, end)))
}

/// What shows in a text as it stands, or encoded.
fn in_place(
    text: &[u8],
    what: &Looked<'_>,
    keys: Keys,
    needles: Option<&Needles>,
    is_secret: &dyn Fn(&[u8]) -> bool,
    cover: &mut Cover,
) -> Result<(), Tangled> {
    let hits = hits(text, what, keys);
    hits.iter().filter_map(|hit| named(text, hit)).for_each(|found| cover.add(found));
    if what.paths {
        for found in path_segments(text, is_secret) {
            cover.add(found);
        }
    }
    encoded(text, keys, needles, cover)?;
    for known in needles.iter().flat_map(|needles| needles.all(text)) {
        cover.known(known.range, known.kind, known.secret);
    }
    Ok(())
}

/// The secrets of a text that stand under their names.
pub(super) fn named_in(
    text: &[u8],
    what: &Looked<'_>,
    keys: Keys,
) -> impl Iterator<Item = (&'static str, Vec<u8>)> {
    let hits = hits(text, what, keys).into_iter();
    let named = hits.map(|hit| (hit.kind, hit.secret(text).into_owned()));
    named.filter(|(kind, secret)| !rules::is_public(kind, secret))
}

fn hits(text: &[u8], what: &Looked<'_>, keys: Keys) -> Vec<Hit> {
    match what.media {
        Some("application/x-www-form-urlencoded") => scan_form(text, Keys { oauth: true, ..keys }),
        _ => scan(text, keys),
    }
}

/// A secret under its name.
fn named(text: &[u8], hit: &Hit) -> Option<Found> {
    let secret = hit.secret(text).into_owned();
    let (range, kind) = (hit.start..hit.end, hit.kind.to_owned());
    let found = Found { range, kind, secret, how: How::Named, inner: Vec::new() };
    (!rules::is_public(hit.kind, &found.secret)).then_some(found)
}

fn marked(text: &[u8], mark: &Mark) -> Found {
    let how = if mark.is_string { How::Whole } else { How::Bare };
    let Range { start, end } = mark.range;
    let spelling = Spelling::Json;
    let secret = Hit { start, end, kind: "redacted", spelling }.secret(text).into_owned();
    let kind = "redacted".to_owned();
    Found { range: start..end, kind, secret, how, inner: Vec::new() }
}

/// What shows only once pieces are put together: a known secret, or a whole `"name":"value"`. A
/// value in a URL does not say where it ends: it is not followed into the next piece. Tells where
/// the view is cut within a value.
fn over_pieces(
    view: &View,
    keys: Keys,
    needles: Option<&Needles>,
    cover: &mut Cover,
) -> Option<usize> {
    let mut hits = if view.may_quote { scan(&view.text, keys) } else { Vec::new() };
    hits.retain(|hit| hit.spelling == Spelling::Json);
    let cut = hits.last().filter(|hit| view.is_cut && hit.end == view.text.len());
    let unsure = cut.and_then(|hit| Some(view.sources(&(hit.start..hit.end)).first()?.start));
    let named = hits.into_iter().filter(|hit| matches!(view.text.get(hit.end), Some(b'"' | b'\\')));
    let named = named.map(|hit| {
        (hit.start..hit.end, hit.kind.to_owned(), hit.secret(&view.text).into_owned(), How::Named)
    });
    let known = needles.iter().flat_map(|needles| needles.all(&view.text));
    let known =
        known.map(|known| (known.range, known.kind.to_owned(), known.secret.to_vec(), How::Whole));
    for (range, kind, secret, how) in named.chain(known) {
        let mut sources = view.sources(&range).into_iter();
        let (Some(first), rest) = (sources.next(), sources.collect::<Vec<_>>()) else { continue };
        if rest.is_empty() {
            continue;
        }
        cover.over_all(Found { range: first, kind, secret, how, inner: Vec::new() });
        for range in rest {
            let (kind, secret) = (String::new(), Vec::new());
            cover.over_all(Found { range, kind, secret, how: How::Gone, inner: Vec::new() });
        }
    }
    unsure
}

/// Percent-encoded once and twice, and base64.
fn encoded(
    text: &[u8],
    keys: Keys,
    needles: Option<&Needles>,
    cover: &mut Cover,
) -> Result<(), Tangled> {
    percent(text, keys, needles, PERCENT_DEPTH, &mut |found| cover.add(found))?;
    for (range, plain) in views::base64(text) {
        let mut inner: Vec<(&'static str, Vec<u8>)> = Vec::new();
        for hit in scan(&plain, keys) {
            inner.push((hit.kind, hit.secret(&plain).into_owned()));
        }
        let known = needles.and_then(|needles| needles.all(&plain).next());
        let kind = inner.first().map(|(kind, _)| *kind).or(known.map(|known| known.kind));
        if let Some(kind) = kind {
            let secret = text.get(range.clone()).unwrap_or_default().to_vec();
            cover.add(Found { range, kind: kind.to_owned(), secret, how: How::Whole, inner });
        }
    }
    Ok(())
}

fn percent(
    text: &[u8],
    keys: Keys,
    needles: Option<&Needles>,
    depth: usize,
    add: &mut dyn FnMut(Found),
) -> Result<(), Tangled> {
    if depth == 0 {
        return Ok(());
    }
    for view in views::percent_decoded(text)? {
        let mut add = |found: Found| {
            if let [range] = view.sources(&found.range).as_slice() {
                add(Found { range: range.clone(), ..found });
            }
        };
        let hits = scan(&view.text, keys);
        hits.iter().filter_map(|hit| named(&view.text, hit)).for_each(&mut add);
        for known in needles.iter().flat_map(|needles| needles.all(&view.text)) {
            let (kind, secret) = (known.kind.to_owned(), known.secret.to_vec());
            let (range, how) = (known.range, How::Whole);
            add(Found { range, kind, secret, how, inner: Vec::new() });
        }
        percent(&view.text, keys, needles, depth - 1, &mut add)?;
    }
    Ok(())
}

/// Segments of a URL's path that are secret.
fn path_segments(url: &[u8], is_secret: &dyn Fn(&[u8]) -> bool) -> Vec<Found> {
    let find = |from: usize, ends: &[u8]| {
        let rest = url.get(from..).unwrap_or_default();
        rest.iter().position(|byte| ends.contains(byte)).map(|at| from + at)
    };
    let scheme = url.windows(3).position(|three| three == b"://");
    let path = find(scheme.map_or(0, |scheme| scheme + 3), b"/?#").unwrap_or(url.len());
    let end = find(path, b"?#").unwrap_or(url.len());
    let mut start = path;
    let mut found = Vec::new();
    for segment in url.get(path..end).unwrap_or_default().split(|byte| *byte == b'/') {
        let range = start..start + segment.len();
        start = range.end + 1;
        let hit =
            Hit { start: range.start, end: range.end, kind: "path", spelling: Spelling::Percent };
        let secret = hit.secret(url).into_owned();
        if is_secret(segment) || is_secret(&secret) {
            let kind = "path".to_owned();
            found.push(Found { range, kind, secret, how: How::Whole, inner: Vec::new() });
        }
    }
    found
}

/// Places that do not overlap, by where they begin.
#[derive(Default)]
struct Cover(BTreeMap<usize, Found>);

impl Cover {
    /// The places that share a byte with this one.
    fn beneath(&self, range: &Range<usize>) -> Vec<Range<usize>> {
        let before = self.0.range(..range.end).rev();
        let beneath = before.map(|(_, found)| found.range.clone());
        beneath.take_while(|found| found.end > range.start).collect()
    }

    /// Where nothing is yet.
    fn add(&mut self, found: Found) {
        if !found.range.is_empty() && self.beneath(&found.range).is_empty() {
            self.0.insert(found.range.start, found);
        }
    }

    /// Instead of what is there.
    fn over(&mut self, found: Found) {
        for beneath in self.beneath(&found.range) {
            self.0.remove(&beneath.start);
        }
        if !found.range.is_empty() {
            self.0.insert(found.range.start, found);
        }
    }

    /// Instead of what is there, and as far as that goes: a known secret may be a part of a named one.
    fn over_all(&mut self, found: Found) {
        let beneath = self.beneath(&found.range);
        let range = beneath.into_iter().fold(found.range.clone(), |all, beneath| {
            all.start.min(beneath.start)..all.end.max(beneath.end)
        });
        self.over(Found { range, ..found });
    }

    /// A known secret: it goes whole, also where a name covers only a part of it.
    fn known(&mut self, range: Range<usize>, kind: &str, secret: &[u8]) {
        let beneath = self.beneath(&range);
        let covers = |found: &Range<usize>| range.start <= found.start && found.end <= range.end;
        let whole = |range, how| Found {
            range,
            kind: kind.to_owned(),
            secret: secret.to_vec(),
            how,
            inner: Vec::new(),
        };
        let is_same = beneath.first() == Some(&range);
        if beneath.is_empty() {
            self.add(whole(range, How::Whole));
        } else if beneath.iter().all(covers) && !is_same {
            self.over(whole(range, How::Whole));
        } else {
            // What sticks out of the places that are there goes along with them.
            let mut at = range.start;
            let mut ascending = beneath;
            ascending.reverse();
            for found in &ascending {
                self.add(whole(at..found.start.max(at), How::Gone));
                at = at.max(found.end);
            }
            self.add(whole(at..range.end.max(at), How::Gone));
        }
    }
}
