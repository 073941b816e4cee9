//! HTTP Archive 1.2: a page a session, an entry an exchange, oldest first.
//!
//! Bodies stand decoded, as HAR has them, with what the wire took in `bodySize` and `compression`.
//! What HAR has no place for stands in `_mcp` of each entry: the exchange's id, its session's
//! messages and SSE frames with their times, trailers, outcome. `wiretape import` reads it back.
//! What neither has: the times of a plain body's pieces, compressed bytes, 1xx, TLS facts.
//!
//! The structs are our own: the crate `har` (0.9) has no custom fields and holds a whole archive.

mod cookies;
mod mcp;
mod parts;
mod timings;

use serde::Serialize;

use self::{
    mcp::{EntryMcp, PageMcp},
    parts::{Content, Pair, PostData, Query},
    timings::Timings,
};
use crate::{
    capture::{Record, Timestamp},
    cli::{exchange::Exchange, output::Output, recording::Recording},
    protocol::{Session, read},
};

/// The archive without its entries: what stands before them.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Creator {
    name: &'static str,
    version: &'static str,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Page<'a> {
    started_date_time: String,
    id: String,
    title: String,
    #[serde(rename = "pageTimings")]
    timings: PageTimings,
    #[serde(rename = "_mcp")]
    mcp: PageMcp<'a>,
}

/// A session loads no page.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct PageTimings {
    on_content_load: i8,
    on_load: i8,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Entry<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    pageref: Option<String>,
    started_date_time: String,
    time: f64,
    request: Request<'a>,
    response: Response<'a>,
    cache: Cache,
    timings: Timings,
    #[serde(rename = "serverIPAddress", skip_serializing_if = "Option::is_none")]
    server_ip_address: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    connection: Option<String>,
    #[serde(rename = "_error", skip_serializing_if = "Option::is_none")]
    error: Option<&'a str>,
    #[serde(rename = "_mcp")]
    mcp: EntryMcp<'a>,
}

/// A proxy keeps none.
#[derive(Serialize)]
struct Cache {}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Request<'a> {
    method: &'a str,
    url: &'a str,
    http_version: &'a str,
    cookies: Vec<cookies::Cookie>,
    headers: Vec<Pair>,
    query_string: Vec<Query>,
    #[serde(skip_serializing_if = "Option::is_none")]
    post_data: Option<PostData>,
    headers_size: i8,
    body_size: u64,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Response<'a> {
    /// 0 where none came.
    status: u16,
    status_text: &'a str,
    http_version: &'a str,
    cookies: Vec<cookies::Cookie>,
    headers: Vec<Pair>,
    content: Content,
    #[serde(rename = "redirectURL")]
    redirect_url: String,
    headers_size: i8,
    body_size: i64,
}

/// Heads are kept as fields, not as bytes.
const SIZE_UNKNOWN: i8 = -1;

/// Writes all exchanges, oldest first.
pub(super) fn write(recording: &mut Recording, out: &mut Output) -> anyhow::Result<()> {
    let creator = Creator { name: "wiretape", version: env!("CARGO_PKG_VERSION") };
    let creator = serde_json::to_string(&creator)?;
    out.line(format_args!("{{\"log\":{{\"version\":\"1.2\",\"creator\":{creator},\"pages\":["))?;
    let sessions = recording.sessions()?.to_vec();
    let mut comma = "";
    for session in &sessions {
        out.bytes(comma.as_bytes())?;
        out.json(&page(session))?;
        comma = ",";
    }
    out.line("],\"entries\":[")?;
    comma = "";
    for (_, id) in recording.by_age()? {
        let records = recording.records(id)?;
        let Some(exchange) = Exchange::of(&records) else { continue };
        out.bytes(comma.as_bytes())?;
        entry(&exchange, &records, recording, out)?;
        comma = ",";
    }
    Ok(out.line("]}}")?)
}

fn page(session: &Session) -> Page<'_> {
    let client = session.client.as_ref().map_or("client", |client| &client.name);
    Page {
        started_date_time: session.started_at.to_string(),
        id: session.id.to_string(),
        title: format!("MCP session of {client} at {}", session.server),
        timings: PageTimings { on_content_load: -1, on_load: -1 },
        mcp: PageMcp::of(session),
    }
}

fn entry(
    exchange: &Exchange<'_>,
    records: &[Record],
    recording: &mut Recording,
    out: &mut Output,
) -> anyhow::Result<()> {
    let reading = read(records);
    let entries = match &reading {
        Some(reading) => recording.entries_of(&reading.summary)?,
        None => Vec::new(),
    };
    let session = recording.session_of(exchange.id).map(|session| session.id);
    let open = exchange.open;
    let last = records.last().map_or(exchange.started_at, |record| record.at);
    let timings = Timings::of(exchange, records, last);
    let content = Content::of(exchange);
    let mcp = EntryMcp::of(exchange, session, content.as_on_the_wire, reading.as_ref(), &entries);
    out.json(&Entry {
        pageref: session.map(|id| id.to_string()),
        started_date_time: Timestamp::to_string(&exchange.started_at),
        time: timings.total(),
        request: Request {
            method: &open.method,
            url: &open.url,
            http_version: &open.version,
            cookies: cookies::sent(&open.headers),
            headers: parts::pairs(&open.headers),
            query_string: parts::query(&open.url),
            post_data: PostData::of(&exchange.request, &open.headers),
            headers_size: SIZE_UNKNOWN,
            body_size: exchange.request.bytes,
        },
        response: response(exchange, content),
        cache: Cache {},
        timings,
        server_ip_address: exchange.end.and_then(|end| address(end.upstream.as_deref()?)),
        connection: open.client.parse().ok().map(|a: std::net::SocketAddr| a.port().to_string()),
        error: exchange.end.and_then(|end| end.error.as_deref()),
        mcp,
    })?;
    Ok(())
}

fn address(upstream: &str) -> Option<String> {
    upstream.parse().ok().map(|address: std::net::SocketAddr| address.ip().to_string())
}

fn response<'a>(exchange: &Exchange<'a>, content: Content) -> Response<'a> {
    let Some(head) = exchange.head else {
        return Response {
            status: 0,
            status_text: "",
            http_version: &exchange.open.version,
            cookies: Vec::new(),
            headers: Vec::new(),
            content,
            redirect_url: String::new(),
            headers_size: SIZE_UNKNOWN,
            body_size: -1,
        };
    };
    Response {
        status: head.status,
        status_text: head.reason.as_deref().unwrap_or_default(),
        http_version: &head.version,
        cookies: cookies::set(&head.headers),
        headers: parts::pairs(&head.headers),
        content,
        redirect_url: head.headers.text("location").unwrap_or_default().to_owned(),
        headers_size: SIZE_UNKNOWN,
        body_size: i64::try_from(exchange.response.bytes).unwrap_or(i64::MAX),
    }
}
