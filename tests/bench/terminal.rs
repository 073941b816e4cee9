//! The terminal UI on a million exchanges, as its user has it: the real program on a pty, live traffic
//! through its proxy, keys, and what a terminal shows of it (issue 5, Done when 3; tui.md §9, 10 and 11).
//!
//! `cargo bench --bench terminal`. `TERMINAL_HOME` names the folder of the store, made there and kept
//! where it is not there yet (each run adds its own traffic to it), `TERMINAL_EXCHANGES` and
//! `TERMINAL_SESSIONS` how large it is (a million in one session: the longest list there can be),
//! `TERMINAL_RATE` the exchanges a second, `TERMINAL_ROUNDS` how often all keys are pressed,
//! `TERMINAL_SIZE` the screen (`120x40`), `TERMINAL_BINARY` another wiretape.
//!
//! - **Record** in design.md's sense is one fact of the wire; an exchange here has at least seven of
//!   them, and two messages. The rate of 500 a second is thus 1,000 messages, 3,500 records and 500 rows
//!   a second: more than is asked for, whichever of them one counts. All goes into the session whose
//!   calls are looked at, where it has a million of them already.
//! - **Key to last byte**: from the moment at which the key is written into the pty to the one at which
//!   the last byte of the frame has come that is the first to show what the key does: another number
//!   behind `row`, the menu, the letter in the prompt. Frames that only show news are not taken for it
//!   (tests/support/probe.rs). A key that sets work off is answered by the frame that shows it begun, as
//!   `sorting by latency` and a filter's brackets do; how long until the work is done is told beside
//!   the keys: until all stand in the new order, until a filter has found its first two.
//! - **Memory a row**: what the program holds beyond what it holds on an empty store, divided by rows. Of
//!   `record`, which is the recorder too, it is told beside it what the UI takes of that: what it holds
//!   beyond a headless recorder of the same store and the same traffic.
//! - **First paint**, **first rows**, **calls**: from before the program is started (`exec`) to the last
//!   byte of the frame that shows crumbs and hints, a session, and, Enter having been pressed as soon
//!   as there was one, its calls: then it is usable, while the rest is read.

#[path = "million.rs"]
mod million;
#[allow(dead_code, reason = "a bench takes what it needs")]
#[path = "../support/origin.rs"]
mod origin;
#[allow(dead_code, reason = "a bench takes what it needs")]
#[path = "../support/wiretape.rs"]
mod recorder;
#[allow(dead_code, reason = "a bench takes what it needs")]
#[path = "../support/terminal.rs"]
mod terminal;

use std::{
    env, fs,
    net::{SocketAddr, TcpListener},
    path::{Path, PathBuf},
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

use million::Size;
use origin::Wire;
use recorder::Recorder;
use terminal::{CTRL_C, ENTER, ESC, Shown, Start, Terminal};

/// So long nothing is touched when it is looked what an idle screen costs.
const IDLE: Duration = Duration::from_secs(10);

/// So long a recorder without a screen has traffic.
const HEADLESS: Duration = Duration::from_secs(10);

/// Until memory that was let go is the system's again.
const SETTLED: Duration = Duration::from_secs(3);

fn main() {
    // `cargo test --benches` only wants to know that it starts.
    if !env::args().any(|argument| argument == "--bench") {
        return;
    }
    let kept = env::var_os("TERMINAL_HOME").map(PathBuf::from);
    let folder = tempfile::tempdir().expect("a folder");
    let home = kept.unwrap_or_else(|| folder.path().join("home"));
    if !home.join("captures").exists() {
        let size = Size {
            exchanges: asked("TERMINAL_EXCHANGES", 1_000_000),
            sessions: asked("TERMINAL_SESSIONS", 1),
        };
        let took = million::make(&home, size);
        print(&format!("made in {:.1} s", took.as_secs_f64()));
    }
    let empty = on_an_empty_store(&folder.path().join("empty"));
    looking(&home, empty);
    serve();
    let alone = without_a_screen(&home);
    recording(&home, empty, alone);
}

/// Bytes that the program holds where there is nothing to show.
fn on_an_empty_store(home: &Path) -> u64 {
    let mut screen = start(home, &["open"]);
    screen.frame("an empty store", |shown| shown.has("? help") && shown.has("No session in"));
    thread::sleep(SETTLED);
    let held = memory(screen.pid(), "VmRSS:");
    print(&format!("an empty store         {:>8.1} MB", mb(held)));
    leave(screen);
    held
}

/// `wiretape open` on the store: how soon, how large, and what it does when nothing happens.
fn looking(home: &Path, empty: u64) {
    print("\nopen");
    let (mut screen, exec) = opened(home, &["open"]);
    let rows = loaded(&mut screen, exec);
    thread::sleep(SETTLED);
    sized(&screen, rows, empty);
    let (bytes, ticks) = (screen.bytes(), spent(screen.pid()));
    thread::sleep(IDLE);
    let (bytes, ticks) = (screen.bytes() - bytes, spent(screen.pid()) - ticks);
    print(&format!("idle for 10 s          {bytes:>8} bytes, {ticks} ticks"));
    leave(screen);
}

/// `wiretape record` on it, and keys while traffic goes through its proxy.
fn recording(home: &Path, empty: u64, alone: u64) {
    print("\nrecord");
    let (mut screen, exec) = opened(home, &["record", "--listen", "127.0.0.1:0"]);
    let rows = loaded(&mut screen, exec);
    let proxy = proxy_of(&screen.shown());
    print("\nkey to last byte, quiet");
    let mut times = Times::default();
    (0..asked("TERMINAL_ROUNDS", 12)).for_each(|round| keys(&mut screen, &mut times, round));
    times.told();
    let rate = asked("TERMINAL_RATE", 500);
    let traffic = Traffic::start(proxy, rate);
    let (begun, before, was) = (Instant::now(), row_count(&screen.shown()), spent(screen.pid()));
    print(&format!("\nkey to last byte, {rate} exchanges a second coming"));
    let mut times = Times::default();
    (0..asked("TERMINAL_ROUNDS", 12)).for_each(|round| keys(&mut screen, &mut times, round));
    times.told();
    let took = begun.elapsed().as_secs_f64();
    let busy = to_float(spent(screen.pid()) - was) / took;
    let sent = traffic.stop();
    let came = row_count(&screen.shown()).unwrap_or(0).saturating_sub(before.unwrap_or(0));
    print(&format!(
        "meanwhile              {:>8.0} exchanges a second sent, {came} rows came, {busy:.0} % of a core",
        to_float(sent) / took,
    ));
    thread::sleep(SETTLED);
    sized(&screen, rows + came, empty);
    let of_ui = memory(screen.pid(), "VmRSS:").saturating_sub(alone) / (rows + came).max(1);
    print(&format!("of the UI              {of_ui:>8} bytes a row"));
    leave(screen);
}

/// Bytes that a headless recorder of the same store holds after the same traffic.
fn without_a_screen(home: &Path) -> u64 {
    let recorder = Recorder::start(home, &[]);
    let traffic = Traffic::start(recorder.proxy(), asked("TERMINAL_RATE", 500));
    thread::sleep(HEADLESS);
    traffic.stop();
    thread::sleep(SETTLED);
    let held = memory(recorder.pid(), "VmRSS:");
    print(&format!("\nrecord --headless      {:>8.1} MB", mb(held)));
    recorder.stop();
    held
}

/// Starts it, and opens the calls of the first session as soon as there is one.
fn opened(home: &Path, words: &[&str]) -> (Terminal, Instant) {
    let exec = Instant::now();
    let mut screen = start(home, words);
    let painted = screen
        .frame("crumbs and hints", |shown| shown.has("wiretape › sessions") && shown.has("? help"));
    let listed = screen.frame("a session", |shown| shown.has("127.0.0.1:3000"));
    screen.answer(ENTER, "its calls", |shown| row_of(shown).is_some());
    let calls = Instant::now();
    for (what, at) in [("first paint", painted), ("first rows", listed), ("calls", calls)] {
        print(&format!("{what:<22} {:>8.1} ms", ms(at.duration_since(exec))));
    }
    (screen, exec)
}

/// Waits until all is read; how many rows there are.
fn loaded(screen: &mut Terminal, exec: Instant) -> u64 {
    // Longer than any one frame may take.
    while screen.shown().has("reading ") || row_count(&screen.shown()).is_none() {
        assert!(exec.elapsed() < Duration::from_secs(300), "it never ends");
        thread::sleep(Duration::from_millis(10));
    }
    let took = exec.elapsed();
    let rows = row_count(&screen.shown()).expect("it is there");
    print(&format!("all {rows:>8} rows      {:>8.1} ms", ms(took)));
    rows
}

fn sized(screen: &Terminal, rows: u64, empty: u64) {
    let (held, most) = (memory(screen.pid(), "VmRSS:"), memory(screen.pid(), "VmHWM:"));
    print(&format!("memory                 {:>8.1} MB, at most {:.1} MB", mb(held), mb(most)));
    print(&format!("a row                  {:>8} bytes", held.saturating_sub(empty) / rows.max(1)));
}

/// Who presses them.
struct Hand<'a> {
    screen: &'a mut Terminal,
    times: &'a mut Times,
    round: u64,
}

impl Hand<'_> {
    /// Presses a key, and waits for its answer and a while.
    fn press(&mut self, keys: &str, kind: &'static str, is_so: Answer) {
        self.answer(keys, kind, is_so);
        self.pause(keys);
    }

    /// The same of a key that sets work off, whose end is waited for too.
    fn set_off(&mut self, keys: &str, kind: &'static str, is_so: Answer, end: End) {
        let pressed = Instant::now();
        self.answer(keys, kind, is_so);
        let done = self.screen.frame(end.what, end.is_so);
        self.times.work.add(end.what, done.duration_since(pressed));
        self.pause(keys);
    }

    fn answer(&mut self, keys: &str, kind: &'static str, is_so: Answer) {
        let before = self.screen.shown();
        let what = format!("{kind} in round {}", self.round);
        let took = self.screen.answer(keys, &what, move |now| is_so(&before, now));
        self.times.keys.add(kind, took);
    }

    fn pause(&self, keys: &str) {
        // An Escape is one only where nothing follows it at once.
        let least = if keys == ESC { 80 } else { 7 };
        thread::sleep(Duration::from_millis(least + (self.times.keys.all() * 11) % 37));
    }
}

/// What shows that the work of a key is done.
#[derive(Clone, Copy)]
struct End {
    what: &'static str,
    is_so: fn(&Shown) -> bool,
}

/// All kinds of keys once, each after the answer of the one before and a pause that is now shorter,
/// now longer, as frames come.
fn keys(screen: &mut Terminal, times: &mut Times, round: u64) {
    let at_first = row_of(&screen.shown()) == Some(1);
    let mut hand = Hand { screen, times, round };
    if at_first {
        hand.press("j", "j", |before, now| moved(before, now, 1));
    }
    hand.press("g", "g", |_, now| row_of(now) == Some(1));
    for _ in 0..8 {
        hand.press("j", "j", |before, now| moved(before, now, 1));
    }
    hand.press("k", "k", |before, now| moved(before, now, -1));
    hand.press("\x04", "^d", |before, now| row_of(now) > row_of(before));
    hand.press("\x04", "^d", |before, now| row_of(now) > row_of(before));
    hand.press("\x15", "^u", |before, now| row_of(now) < row_of(before));
    hand.press("\x06", "^f", |before, now| row_of(now) > row_of(before));
    hand.press("G", "G", |before, now| row_of(now) >= row_count(before));
    hand.press("k", "k", |before, now| row_of(now).is_some() && row_of(now) != row_of(before));
    hand.press(ENTER, "Enter", |_, now| now.has("Response"));
    hand.press("]", "]", |before, now| now.has("Request") && now.rows != before.rows);
    hand.press(ESC, "Esc", |_, now| !now.has("Response"));
    hand.press("s", "s", |_, now| now.has("sort by latency"));
    match round % 4 {
        1 => {
            let is_so: Answer = |_, now| {
                !now.has("sort by latency") && (now.has("sort latency") || now.has("sorting by"))
            };
            let end = End { what: "until all are sorted", is_so: |now| now.has("sort latency") };
            hand.set_off("5", "sort", is_so, end);
            for _ in 0..if round == 1 { 60 } else { 2 } {
                hand.press("j", "j while sorted", |before, now| {
                    now.selected() != before.selected()
                });
            }
            hand.press("s", "s", |_, now| now.has("sort by latency"));
            hand.press("1", "sort back", |_, now| !now.has("latency"));
        }
        _ => hand.press(ESC, "Esc", |_, now| !now.has("sort by latency")),
    }
    hand.press("f", "f", |_, now| now.cursor.is_some());
    for (at, _) in FILTER.char_indices() {
        hand.press(&FILTER[at..=at], "a letter of the filter", FILTERED[at]);
    }
    if round.is_multiple_of(3) {
        let is_so: Answer = |_, now| now.cursor.is_none() && now.has("[tool:rare]");
        let end = End { what: "until two have passed", is_so: |now| passed(now) >= Some(2) };
        hand.set_off(ENTER, "filter", is_so, end);
        hand.press("k", "k while filtering", |before, now| now.selected() != before.selected());
    }
    hand.press(ESC, "Esc", |_, now| !now.has(FILTER));
}

/// What is typed into the prompt, letter by letter.
const FILTER: &str = "tool:rare";

/// Whether the prompt shows so many of its letters.
const FILTERED: [Answer; FILTER.len()] = [
    |_, now| prompts(now, 1),
    |_, now| prompts(now, 2),
    |_, now| prompts(now, 3),
    |_, now| prompts(now, 4),
    |_, now| prompts(now, 5),
    |_, now| prompts(now, 6),
    |_, now| prompts(now, 7),
    |_, now| prompts(now, 8),
    |_, now| prompts(now, 9),
];

type Answer = fn(&Shown, &Shown) -> bool;

/// The letters stand before the cursor.
fn prompts(now: &Shown, many: usize) -> bool {
    let Some((x, y)) = now.cursor else { return false };
    let line = now.rows.get(usize::from(y)).map_or("", String::as_str);
    let before: String = line.chars().take(x.into()).collect();
    before.ends_with(&FILTER[..many])
}

fn moved(before: &Shown, now: &Shown, by: i64) -> bool {
    row_of(before).and_then(|row| row.checked_add_signed(by)) == row_of(now)
}

/// `row 7` of the counters.
fn row_of(shown: &Shown) -> Option<u64> {
    let line = counters(shown)?;
    let (_, after) = line.rsplit_once("row ")?;
    after.split(' ').next()?.parse().ok()
}

/// `37/418` of the counters: so many rows pass.
fn passed(shown: &Shown) -> Option<u64> {
    counters(shown)?.trim_start().split([' ', '/']).next()?.parse().ok()
}

/// `418/418` of the counters: so many rows there are.
fn row_count(shown: &Shown) -> Option<u64> {
    counters(shown)?.trim_start().split([' ', '/']).nth(1)?.parse().ok()
}

fn counters(shown: &Shown) -> Option<&str> {
    Some(shown.rows.get(shown.rows.len().checked_sub(2)?)?.as_str())
}

/// `● REC 127.0.0.1:7070` of the crumbs.
fn proxy_of(shown: &Shown) -> SocketAddr {
    let crumbs = shown.rows.first().expect("crumbs");
    let told = crumbs.split("REC ").nth(1).and_then(|rest| rest.split(' ').next());
    told.and_then(|told| told.parse().ok()).unwrap_or_else(|| panic!("no address in {crumbs}"))
}

fn start(home: &Path, words: &[&str]) -> Terminal {
    let size = env::var("TERMINAL_SIZE").unwrap_or_else(|_| "120x40".to_owned());
    let (width, height) = size.split_once('x').expect("WIDTHxHEIGHT");
    let (width, height) = (width.parse().expect("a width"), height.parse().expect("a height"));
    let start = match env::var("TERMINAL_BINARY") {
        Ok(binary) => Start::program(&binary, home, words),
        Err(_) => Start::wiretape(home, words),
    };
    start.size(width, height).start()
}

/// Leaves, whatever is shown, and without an answer to give.
fn leave(mut screen: Terminal) {
    screen.keys(ESC).keys(CTRL_C).keys(CTRL_C);
    // It may ask whether connections are to end.
    if screen.is_running() {
        screen.keys("y");
    }
    drop(screen);
}

/// The server of the recorded session.
fn serve() {
    // The recorded server's address: what is said there belongs to its session.
    let listener = TcpListener::bind("127.0.0.1:3000").expect("port 3000 is free");
    origin::Origin::serve_on(listener, |request, stream| {
        let body = String::from_utf8_lossy(&request.body).into_owned();
        let id = body.split("\"id\":").nth(1).and_then(|rest| rest.split(',').next());
        let text = "hay ".repeat(40);
        let answer = format!(
            r#"{{"jsonrpc":"2.0","id":{},"result":{{"content":[{{"type":"text","text":"{text}"}}]}}}}"#,
            id.unwrap_or("0")
        );
        let answer = origin::json(&answer, "Mcp-Session-Id: s-0\r\n");
        std::io::Write::write_all(stream, answer.as_bytes()).is_ok()
    });
}

/// A client of the recorded session, and the proxy that it goes through.
struct Traffic {
    stop: Arc<AtomicBool>,
    sent: Arc<AtomicU64>,
    client: thread::JoinHandle<()>,
}

impl Traffic {
    fn start(proxy: SocketAddr, rate: u64) -> Self {
        let (stop, sent) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicU64::new(0)));
        let (stops, counts) = (Arc::clone(&stop), Arc::clone(&sent));
        let client = wiretape::tasks::thread("client", move || {
            let mut wire = Wire::to(proxy);
            let begun = Instant::now();
            for n in 1_u32.. {
                if stops.load(Ordering::Relaxed) {
                    return;
                }
                let due = begun + Duration::from_secs(1) * n / u32::try_from(rate).unwrap_or(1);
                thread::sleep(due.saturating_duration_since(Instant::now()));
                let headers = "Mcp-Session-Id: s-0\r\nMcp-Protocol-Version: 2025-11-25\r\n\
                     User-Agent: a client like many others/1.0\r\n";
                let body = format!(
                    r#"{{"jsonrpc":"2.0","id":{n},"method":"tools/call","params":{{"name":"tool-{}","arguments":{{}}}}}}"#,
                    n % 50
                );
                wire.post("127.0.0.1:3000", "/mcp", headers, &body);
                wire.answer();
                counts.fetch_add(1, Ordering::Relaxed);
            }
        });
        Self { stop, sent, client: client.expect("a thread") }
    }

    /// Ends it; how many exchanges there were.
    fn stop(self) -> u64 {
        self.stop.store(true, Ordering::Relaxed);
        self.client.join().expect("it ends");
        self.sent.load(Ordering::Relaxed)
    }
}

/// How long it took.
#[derive(Default)]
struct Times {
    /// Each kind of key, until it was answered,
    keys: Kinds,
    /// and what some of them set off, until it was done.
    work: Kinds,
}

#[derive(Default)]
struct Kinds(Vec<(&'static str, Vec<Duration>)>);

impl Kinds {
    fn add(&mut self, kind: &'static str, took: Duration) {
        match self.0.iter_mut().find(|(own, _)| *own == kind) {
            Some((_, times)) => times.push(took),
            None => self.0.push((kind, vec![took])),
        }
    }

    fn all(&self) -> u64 {
        self.0.iter().map(|(_, times)| times.len() as u64).sum()
    }

    fn told(&self) {
        self.0.iter().for_each(|(kind, times)| print(&line(kind, times.clone())));
    }
}

impl Times {
    fn told(&self) {
        print("                             n      p50      p95      p99      max  ms");
        self.keys.told();
        let all = self.keys.0.iter().flat_map(|(_, times)| times).copied().collect();
        print(&line("all", all));
        self.work.told();
    }
}

fn line(kind: &str, mut times: Vec<Duration>) -> String {
    times.sort_unstable();
    let at = |percent: usize| {
        let place = (times.len() * percent).div_ceil(100).max(1) - 1;
        ms(times[place.min(times.len() - 1)])
    };
    format!(
        "{kind:<24} {:>5} {:>8.1} {:>8.1} {:>8.1} {:>8.1}",
        times.len(),
        at(50),
        at(95),
        at(99),
        at(100)
    )
}

/// A line of a process's status, in bytes.
fn memory(pid: u32, line: &str) -> u64 {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).unwrap_or_default();
    let found = status.lines().find_map(|own| own.strip_prefix(line));
    let kb = found.and_then(|kb| kb.trim().trim_end_matches(" kB").parse::<u64>().ok());
    kb.unwrap_or_default() * 1024
}

/// Ticks of processor time, a hundredth of a second each, that a process has had.
fn spent(pid: u32) -> u64 {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    // Behind the name, which may hold anything: utime and stime are the 14th and 15th of all.
    let fields = stat.rsplit(") ").next().unwrap_or_default().split(' ');
    fields.skip(11).take(2).filter_map(|ticks| ticks.parse::<u64>().ok()).sum()
}

fn asked(name: &str, usual: u64) -> u64 {
    env::var(name).ok().and_then(|value| value.parse().ok()).unwrap_or(usual)
}

fn ms(time: Duration) -> f64 {
    time.as_secs_f64() * 1_000.0
}

fn mb(bytes: u64) -> f64 {
    to_float(bytes) / 1e6
}

#[expect(clippy::cast_precision_loss, reason = "to one place behind the point")]
fn to_float(count: u64) -> f64 {
    count as f64
}

#[expect(clippy::print_stdout, reason = "it is what the bench is for")]
fn print(line: &str) {
    println!("{line}");
}
