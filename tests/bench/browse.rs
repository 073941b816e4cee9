//! The desk on a store of a million messages: how long until something is seen, until all is, and
//! what it takes of memory.
//!
//! `cargo bench --bench browse`. `BROWSE_HOME` names the folder of the store, which is made there and
//! kept where it is not there yet (a copy of what belongs to somebody: opening a store may change
//! it), `BROWSE_EXCHANGES` and `BROWSE_SESSIONS` how large it is.

#[path = "million.rs"]
mod million;

use std::{
    env, fs,
    path::PathBuf,
    time::{Duration, Instant},
};

use million::Size;
use tokio::sync::mpsc::Receiver;
use wiretape::{
    cli::browse::{Opening, desk},
    recorder::home::Home,
    tui::{
        desk::{Ask, News, Ticket},
        rows::{Rows, SessionRow, Symbols},
    },
};

/// The program's own: what is held of memory, and a third of the time, is the allocator's.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() {
    // `cargo test --benches` only wants to know that it starts.
    if !env::args().any(|argument| argument == "--bench") {
        return;
    }
    let kept = env::var_os("BROWSE_HOME").map(PathBuf::from);
    let folder = tempfile::tempdir().expect("a folder");
    let folder = kept.unwrap_or_else(|| folder.path().to_owned());
    if !folder.join("captures").exists() {
        let took = million::make(&folder, Size::asked("BROWSE"));
        print(&format!("made in {:.1} s", took.as_secs_f64()));
    }
    let before = memory("VmRSS:");
    let begun = Instant::now();
    let home = Home::locate(Some(&folder), &|name| env::var_os(name)).expect("a home");
    let (mut asks, mut news) =
        desk(Opening::home(&home, &mut |_, _| {}).expect("a store")).expect("threads");
    let mut seen = Seen::default();
    let mut first = None;
    while !seen.take(news.blocking_recv().expect("it goes on")) {
        if first.is_none() && !seen.rows.is_empty() && !seen.sessions.is_empty() {
            first = Some(begun.elapsed());
        }
    }
    let all = begun.elapsed();
    let (rows, rss) = (seen.rows.len(), memory("VmRSS:"));
    print(&format!("first rows            {:>9.1} ms", ms(first.unwrap_or(all))));
    print(&format!("all {rows:>9} rows     {:>9.1} ms, {} sessions", ms(all), seen.sessions.len()));
    print(&format!(
        "memory                {:>9.1} MB, at most {:.1} MB",
        mb(rss),
        mb(memory("VmHWM:"))
    ));
    let each = rss.saturating_sub(before) / (rows.max(1) as u64);
    print(&format!("a row                 {each:>9} bytes  , all in all"));
    for (number, query) in
        (1..).zip(["method:prompts/get", "tool:tool-7", "status:error", "\"needle-in-250000\""])
    {
        let ticket = Ticket(number);
        let begun = Instant::now();
        asks.ask(Ask::Filter { ticket, query: query.to_owned(), session: None });
        let first = first_hit(ticket, &mut news, &mut seen);
        print(&format!(
            "filter {query:<20} {:>9.1} ms to its first hit",
            ms(first.duration_since(begun))
        ));
        asks.ask(Ask::Cancel(ticket));
    }
    print(&format!(
        "memory                {:>9.1} MB, at most {:.1} MB",
        mb(memory("VmRSS:")),
        mb(memory("VmHWM:"))
    ));
}

/// What the UI holds.
#[derive(Default)]
struct Seen {
    symbols: Symbols,
    rows: Rows,
    sessions: Vec<SessionRow>,
}

impl Seen {
    /// Takes news in; true once all is read.
    fn take(&mut self, news: News) -> bool {
        match news {
            News::Symbols(symbols) => self.symbols.extend(symbols),
            News::Rows(rows) => self.rows.extend(rows),
            News::Row(id, row) => self.rows.replace(id, row),
            News::Sessions(sessions) => {
                for (id, row) in sessions {
                    match self.sessions.get_mut(id.0 as usize) {
                        Some(old) => *old = row,
                        None => self.sessions.push(row),
                    }
                }
            }
            News::Loading { done, of } => return done == of,
            News::Failed(_, why) => panic!("{why}"),
            _ => {}
        }
        false
    }
}

fn first_hit(of: Ticket, news: &mut Receiver<News>, seen: &mut Seen) -> Instant {
    loop {
        match news.blocking_recv().expect("it goes on") {
            News::Hits { ticket, rows, .. } if ticket == of && !rows.is_empty() => {
                return Instant::now();
            }
            News::Over(ticket) if ticket == of => return Instant::now(),
            other => {
                seen.take(other);
            }
        }
    }
}

/// A line of this process's status, in bytes.
fn memory(line: &str) -> u64 {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let found = status.lines().find_map(|own| own.strip_prefix(line));
    let kb = found.and_then(|kb| kb.trim().trim_end_matches(" kB").parse::<u64>().ok());
    kb.unwrap_or_default() * 1024
}

fn ms(time: Duration) -> f64 {
    time.as_secs_f64() * 1_000.0
}

#[expect(clippy::cast_precision_loss, reason = "to one place behind the point")]
fn mb(bytes: u64) -> f64 {
    bytes as f64 / 1e6
}

#[expect(clippy::print_stdout, reason = "it is what the bench is for")]
fn print(line: &str) {
    println!("{line}");
}
