//! A line of a tape and the records it stands for.

use std::borrow::Cow;

use bytes::Bytes;
use memchr::memmem;
use serde::{Deserialize, Serialize};

use super::payload::{self, Payload};
use crate::capture::{
    End, ExchangeId, Fact, Gap, Head, Headers, Informational, Mode, NotKept, Open, Record, Rewrite,
    Side, Timestamp, Tls, TlsFailure, TlsSide, Tunnel,
};

/// What every line begins with.
#[derive(Serialize, Deserialize)]
struct Place {
    exchange: Option<ExchangeId>,
    #[serde(default)]
    n: u32,
    /// Nanoseconds since the tape's start; negative for what a merged tape has from before.
    at: i128,
}

/// A line as it is written.
#[derive(Serialize)]
struct Written<'a> {
    #[serde(flatten)]
    place: Place,
    #[serde(flatten)]
    fact: FactForm<'a>,
}

#[derive(Serialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
enum FactForm<'a> {
    Open(OpenForm<'a>),
    Tls(TlsForm<'a>),
    RequestBody(Payload<'a>),
    ResponseBody(Payload<'a>),
    RequestEnd(TrailersForm<'a>),
    ResponseEnd(TrailersForm<'a>),
    Informational(InformationalForm<'a>),
    Head(HeadForm<'a>),
    Rewrite(&'a Rewrite),
    Gap(&'a Gap),
    Note(NoteForm<'a>),
    End(&'a End),
    Tunnel(&'a Tunnel),
    TlsFailure(&'a TlsFailure),
    NotKept(&'a NotKept),
}

#[derive(Serialize, Deserialize)]
struct OpenForm<'a> {
    #[serde(borrow)]
    client: Cow<'a, str>,
    pid: Option<u32>,
    run: Option<Cow<'a, str>>,
    name: Option<Cow<'a, str>>,
    mode: Mode,
    method: Cow<'a, str>,
    url: Cow<'a, str>,
    version: Cow<'a, str>,
    headers: HeadersForm<'a>,
}

#[derive(Serialize, Deserialize)]
struct TlsForm<'a> {
    side: TlsSide,
    #[serde(borrow)]
    sni: Option<Cow<'a, str>>,
    alpn: Option<Cow<'a, str>>,
    version: Option<Cow<'a, str>>,
    peer_cert: Option<Cow<'a, str>>,
}

#[derive(Serialize, Deserialize)]
struct TrailersForm<'a> {
    #[serde(borrow, default)]
    trailers: HeadersForm<'a>,
}

#[derive(Serialize, Deserialize)]
struct InformationalForm<'a> {
    status: u16,
    #[serde(borrow)]
    headers: HeadersForm<'a>,
}

#[derive(Serialize, Deserialize)]
struct HeadForm<'a> {
    status: u16,
    #[serde(borrow)]
    reason: Option<Cow<'a, str>>,
    version: Cow<'a, str>,
    headers: HeadersForm<'a>,
}

#[derive(Serialize, Deserialize)]
struct NoteForm<'a> {
    #[serde(borrow)]
    text: Cow<'a, str>,
}

#[derive(Default, Serialize, Deserialize)]
#[serde(transparent)]
struct HeadersForm<'a>(#[serde(borrow)] Vec<(Cow<'a, str>, ValueForm<'a>)>);

/// A header's value: text where it is UTF-8.
#[derive(Serialize, Deserialize)]
#[serde(untagged)]
enum ValueForm<'a> {
    Text(Cow<'a, str>),
    Bytes { base64: String },
}

/// The line of a record, or of chunks that belong to one line, without its end; none for what is
/// never on tapes.
pub(super) fn write(
    group: &[Record],
    started_at: Timestamp,
) -> serde_json::Result<Option<Vec<u8>>> {
    let Some(first) = group.first() else { return Ok(None) };
    let mut joined = Vec::new();
    let fact = match &first.fact {
        Fact::Tombstone { .. } => return Ok(None),
        Fact::Chunk { side, .. } => {
            let form = body(group, started_at, &mut joined);
            match side {
                Side::Request => FactForm::RequestBody(form),
                Side::Response => FactForm::ResponseBody(form),
            }
        }
        other => match other_fact(other) {
            Some(fact) => fact,
            None => return Ok(None),
        },
    };
    let at = relative(first.at, started_at);
    let place = Place { exchange: first.exchange, n: first.n, at };
    serde_json::to_vec(&Written { place, fact }).map(Some)
}

/// The bytes of chunks as one body; `joined` lends them a place.
fn body<'a>(group: &'a [Record], started_at: Timestamp, joined: &'a mut Vec<u8>) -> Payload<'a> {
    let mut cuts = Vec::new();
    let mut left_out = 0;
    let chunks = group.iter().filter_map(|record| match &record.fact {
        Fact::Chunk { data, cut, .. } => Some((record, data, cut)),
        _ => None,
    });
    if let [Record { fact: Fact::Chunk { data, cut, .. }, .. }] = group {
        let mut payload = Payload::of(data);
        payload.cut = *cut;
        return payload;
    }
    for (index, (record, data, cut)) in chunks.enumerate() {
        if index > 0 {
            cuts.push((joined.len() as u64, relative(record.at, started_at), record.n));
        }
        joined.extend_from_slice(data);
        left_out = *cut;
    }
    let mut payload = Payload::of(joined);
    payload.cuts = cuts;
    payload.cut = left_out;
    payload
}

fn other_fact(fact: &Fact) -> Option<FactForm<'_>> {
    let trailers = |trailers| TrailersForm { trailers: headers_form(trailers) };
    Some(match fact {
        Fact::Open(open) => FactForm::Open(OpenForm {
            client: Cow::Borrowed(&open.client),
            pid: open.pid,
            run: open.run.as_deref().map(Cow::Borrowed),
            name: open.name.as_deref().map(Cow::Borrowed),
            mode: open.mode,
            method: Cow::Borrowed(&open.method),
            url: Cow::Borrowed(&open.url),
            version: Cow::Borrowed(&open.version),
            headers: headers_form(&open.headers),
        }),
        Fact::Tls(tls) => FactForm::Tls(TlsForm {
            side: tls.side,
            sni: tls.sni.as_deref().map(Cow::Borrowed),
            alpn: tls.alpn.as_deref().map(Cow::Borrowed),
            version: tls.version.as_deref().map(Cow::Borrowed),
            peer_cert: tls.peer_cert.as_ref().map(|der| Cow::Owned(payload::to_base64(der))),
        }),
        Fact::BodyEnd { side: Side::Request, trailers: t } => FactForm::RequestEnd(trailers(t)),
        Fact::BodyEnd { side: Side::Response, trailers: t } => FactForm::ResponseEnd(trailers(t)),
        Fact::Informational(info) => FactForm::Informational(InformationalForm {
            status: info.status,
            headers: headers_form(&info.headers),
        }),
        Fact::Head(head) => FactForm::Head(HeadForm {
            status: head.status,
            reason: head.reason.as_deref().map(Cow::Borrowed),
            version: Cow::Borrowed(&head.version),
            headers: headers_form(&head.headers),
        }),
        Fact::Rewrite(rewrite) => FactForm::Rewrite(rewrite),
        Fact::Gap(gap) => FactForm::Gap(gap),
        Fact::Note { text } => FactForm::Note(NoteForm { text: Cow::Borrowed(text) }),
        Fact::End(end) => FactForm::End(end),
        Fact::Tunnel(tunnel) => FactForm::Tunnel(tunnel),
        Fact::TlsFailure(failure) => FactForm::TlsFailure(failure),
        Fact::NotKept(not_kept) => FactForm::NotKept(not_kept),
        Fact::Chunk { .. } | Fact::Tombstone { .. } => return None,
    })
}

fn headers_form(headers: &Headers) -> HeadersForm<'_> {
    let pair = |(name, value): (&'_ str, &Bytes)| {
        let value = match std::str::from_utf8(value) {
            Ok(text) => ValueForm::Text(Cow::Owned(text.to_owned())),
            Err(_) => ValueForm::Bytes { base64: payload::to_base64(value) },
        };
        (Cow::Owned(name.to_owned()), value)
    };
    HeadersForm(headers.iter().map(pair).collect())
}

fn relative(at: Timestamp, started_at: Timestamp) -> i128 {
    i128::from(at.0) - i128::from(started_at.0)
}

fn absolute(at: i128, started_at: Timestamp) -> Result<Timestamp, Misread> {
    let at = at.checked_add(i128::from(started_at.0)).and_then(|at| u64::try_from(at).ok());
    at.map(Timestamp).ok_or_else(|| "`at` is out of range".to_owned().into())
}

/// Why a line is not understood.
pub(super) struct Misread {
    /// From 1; 0 where no place can be given.
    pub(super) column: usize,
    pub(super) what: String,
}

impl From<serde_json::Error> for Misread {
    fn from(error: serde_json::Error) -> Self {
        // The line's number is ours to say; serde_json's is always 1.
        let text = error.to_string();
        let what = text.split(" at line ").next().unwrap_or(&text).to_owned();
        Self { column: error.column(), what }
    }
}

impl From<String> for Misread {
    fn from(what: String) -> Self {
        Self { column: 0, what }
    }
}

/// The records that a line stands for; none for a kind that this version does not know.
pub(super) fn read(line: &str, started_at: Timestamp) -> Result<Option<Vec<Record>>, Misread> {
    #[derive(Deserialize)]
    struct Kind<'a> {
        #[serde(borrow)]
        kind: Cow<'a, str>,
    }
    let (kind, known) = match beginning(line) {
        Some((place, kind)) => (Cow::Borrowed(kind), Some(place)),
        None => (serde_json::from_str::<Kind<'_>>(line)?.kind, None),
    };
    let place = |known: Option<Place>| known.map_or_else(|| serde_json::from_str(line), Ok);
    if matches!(kind.as_ref(), "request-body" | "response-body") {
        let side = if kind == "request-body" { Side::Request } else { Side::Response };
        return split(line, place(known)?, side, started_at).map(Some);
    }
    let Some(fact) = read_fact(&kind, line)? else {
        // What its kind is, is known only of what is JSON.
        serde_json::from_str::<serde::de::IgnoredAny>(line)?;
        return Ok(None);
    };
    let Place { exchange, n, at } = place(known)?;
    Ok(Some(vec![Record { exchange, n, at: absolute(at, started_at)?, fact }]))
}

/// The place and the kind of a line that begins as ours do; none of another, which may be as good.
/// A tape is read several times, so it is not gone through once more for these.
fn beginning(line: &str) -> Option<(Place, &str)> {
    let rest = line.strip_prefix("{\"exchange\":")?;
    let (exchange, rest) = rest.split_once(",\"n\":")?;
    let (n, rest) = rest.split_once(",\"at\":")?;
    let (at, rest) = rest.split_once(",\"kind\":\"")?;
    let (kind, rest) = rest.split_once('"')?;
    // One of them may stand there twice, which is an error.
    let again = ["\"exchange\"", "\"n\"", "\"at\"", "\"kind\""];
    let again = again.iter().any(|key| memmem::find(rest.as_bytes(), key.as_bytes()).is_some());
    if again || kind.contains('\\') {
        return None;
    }
    let exchange = serde_json::from_str(exchange).ok()?;
    let (n, at) = (serde_json::from_str(n).ok()?, serde_json::from_str(at).ok()?);
    Some((Place { exchange, n, at }, kind))
}

fn read_fact(kind: &str, json: &str) -> Result<Option<Fact>, Misread> {
    Ok(Some(match kind {
        "open" => Fact::Open(Box::new(serde_json::from_str::<OpenForm<'_>>(json)?.fact()?)),
        "tls" => Fact::Tls(Box::new(serde_json::from_str::<TlsForm<'_>>(json)?.fact()?)),
        "request-end" | "response-end" => Fact::BodyEnd {
            side: if kind == "request-end" { Side::Request } else { Side::Response },
            trailers: serde_json::from_str::<TrailersForm<'_>>(json)?.trailers.headers()?,
        },
        "informational" => {
            let form: InformationalForm<'_> = serde_json::from_str(json)?;
            let headers = form.headers.headers()?;
            Fact::Informational(Informational { status: form.status, headers })
        }
        "head" => Fact::Head(Box::new(serde_json::from_str::<HeadForm<'_>>(json)?.fact()?)),
        "rewrite" => Fact::Rewrite(serde_json::from_str(json)?),
        "gap" => Fact::Gap(serde_json::from_str(json)?),
        "note" => {
            Fact::Note { text: serde_json::from_str::<NoteForm<'_>>(json)?.text.into_owned() }
        }
        "end" => Fact::End(serde_json::from_str(json)?),
        "tunnel" => Fact::Tunnel(serde_json::from_str(json)?),
        "tls-failure" => Fact::TlsFailure(serde_json::from_str(json)?),
        "not-kept" => Fact::NotKept(serde_json::from_str(json)?),
        _ => return Ok(None),
    }))
}

/// The chunks that were joined to one line, as they were.
fn split(
    line: &str,
    Place { exchange, n, at }: Place,
    side: Side,
    started_at: Timestamp,
) -> Result<Vec<Record>, Misread> {
    let mut form: Payload<'_> = serde_json::from_str(line)?;
    let cuts = std::mem::take(&mut form.cuts);
    let left_out = form.cut;
    let data = form.bytes()?;
    let mut records = Vec::with_capacity(cuts.len() + 1);
    let starts = std::iter::once((0, at, n)).chain(cuts.iter().copied());
    let ends = cuts.iter().map(|(offset, ..)| *offset).chain([data.len() as u64]);
    for ((from, at, n), to) in starts.zip(ends) {
        let range = usize::try_from(from).ok().zip(usize::try_from(to).ok());
        let range = range.filter(|(from, to)| from <= to && *to <= data.len());
        let (from, to) = range.ok_or_else(|| "`cuts` do not ascend within the body".to_owned())?;
        let fact = Fact::Chunk { side, data: data.slice(from..to), cut: 0 };
        records.push(Record { exchange, n, at: absolute(at, started_at)?, fact });
    }
    if let Some(Record { fact: Fact::Chunk { cut, .. }, .. }) = records.last_mut() {
        *cut = left_out;
    }
    Ok(records)
}

impl OpenForm<'_> {
    fn fact(self) -> Result<Open, Misread> {
        Ok(Open {
            client: self.client.into_owned(),
            pid: self.pid,
            run: self.run.map(Cow::into_owned),
            name: self.name.map(Cow::into_owned),
            mode: self.mode,
            method: self.method.into_owned(),
            url: self.url.into_owned(),
            version: self.version.into_owned(),
            headers: self.headers.headers()?,
        })
    }
}

impl TlsForm<'_> {
    fn fact(self) -> Result<Tls, Misread> {
        Ok(Tls {
            side: self.side,
            sni: self.sni.map(Cow::into_owned),
            alpn: self.alpn.map(Cow::into_owned),
            version: self.version.map(Cow::into_owned),
            peer_cert: self.peer_cert.map(|text| payload::from_base64(&text)).transpose()?,
        })
    }
}

impl HeadForm<'_> {
    fn fact(self) -> Result<Head, Misread> {
        Ok(Head {
            status: self.status,
            reason: self.reason.map(Cow::into_owned),
            version: self.version.into_owned(),
            headers: self.headers.headers()?,
        })
    }
}

impl HeadersForm<'_> {
    fn headers(self) -> Result<Headers, Misread> {
        let pair = |(name, value): (Cow<'_, str>, ValueForm<'_>)| {
            let value = match value {
                ValueForm::Text(text) => Bytes::from(text.into_owned()),
                ValueForm::Bytes { base64 } => payload::from_base64(&base64)?,
            };
            Ok((name.into_owned(), value))
        };
        self.0.into_iter().map(pair).collect::<Result<_, Misread>>().map(Headers)
    }
}
