//! The one loop: keys, news, signals and time into the state, the state onto the terminal. Painted
//! only when something changed, at most [`FRAMES`] times a second, at once after a key.

use std::{
    io::{self, Stdout, stdout},
    time::Duration,
};

use crossterm::{
    clipboard::CopyToClipboard,
    event::{Event, EventStream, KeyEventKind},
};
use futures_util::StreamExt as _;
use ratatui::{Terminal, backend::CrosstermBackend};
use tokio::{
    sync::mpsc,
    time::{Instant, sleep_until},
};

pub use super::app::Options;
use super::{
    app::{App, Effect, Msg},
    desk::{Desk, News},
    screen::Screen,
};
use crate::clock;

/// Paints a second where news come thick.
const FRAMES: u64 = 30;

/// News taken in before a key is looked for: a flood does not hold keys up.
const NEWS_AT_ONCE: usize = 64;

/// Runs until the user leaves; the exit code.
///
/// # Errors
///
/// The terminal's.
pub async fn run(
    options: Options,
    mut desk: Box<dyn Desk>,
    mut news: mpsc::Receiver<News>,
) -> io::Result<u8> {
    let screen = Screen::take(options.mouse)?;
    let mut terminal = Terminal::new(CrosstermBackend::new(stdout()))?;
    let size = terminal.size()?;
    let mut app = App::new(options, (size.width, size.height), clock::now());
    let mut events = EventStream::new();
    let mut painted = Instant::now();
    paint(&app, &mut terminal)?;
    let mut dirty = false;
    let every = Duration::from_millis(1_000 / FRAMES);
    let code = 'run: loop {
        let due = painted + every;
        let second = painted + Duration::from_secs(1);
        let ticks = app.ticks();
        let mut effects = Vec::new();
        let mut at_once = false;
        tokio::select! {
            biased;
            event = events.next() => {
                let Some(event) = event else { break 0 };
                effects.extend(app.update(Msg::Time(clock::now())));
                effects.extend(take(event?, &mut app));
                at_once = true;
            }
            () = sleep_until(due), if dirty => {
                paint(&app, &mut terminal)?;
                painted = Instant::now();
                dirty = false;
            }
            Some(first) = news.recv() => {
                effects.extend(app.update(Msg::Time(clock::now())));
                effects.extend(app.update(Msg::News(first)));
                for _ in 1..NEWS_AT_ONCE {
                    let Ok(next) = news.try_recv() else { break };
                    effects.extend(app.update(Msg::News(next)));
                }
                dirty = true;
            }
            () = sleep_until(second), if ticks => {
                effects.extend(app.update(Msg::Time(clock::now())));
                dirty = true;
            }
        }
        for effect in effects {
            match effect {
                Effect::Ask(ask) => desk.ask(ask),
                Effect::Copy(text) => {
                    crossterm::execute!(stdout(), CopyToClipboard::to_clipboard_from(text))?;
                }
                Effect::Quit(code) => break 'run code,
                Effect::Suspend => {}
                Effect::Repaint => terminal.clear()?,
            }
        }
        if at_once {
            paint(&app, &mut terminal)?;
            painted = Instant::now();
            dirty = false;
        }
    };
    drop(screen);
    Ok(code)
}

fn take(event: Event, app: &mut App) -> Vec<Effect> {
    match event {
        Event::Key(key) if key.kind != KeyEventKind::Release => app.update(Msg::Key(key)),
        Event::Mouse(mouse) => app.update(Msg::Mouse(mouse)),
        Event::Paste(text) => app.update(Msg::Paste(text)),
        Event::Resize(width, height) => app.update(Msg::Resize(width, height)),
        _ => Vec::new(),
    }
}

fn paint(app: &App, terminal: &mut Terminal<CrosstermBackend<Stdout>>) -> io::Result<()> {
    terminal.draw(|frame| app.draw(frame.buffer_mut()))?;
    Ok(())
}
