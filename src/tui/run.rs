//! The one loop: keys, news, signals and time into the state, the state onto the terminal. Painted
//! only when something changed: at once after a key, and for news at most `FRAMES` times a second,
//! counted apart from the keys', so that what answers a key does not wait because of its paint.

use std::{io, time::Duration};

use crossterm::{
    Command as _,
    clipboard::CopyToClipboard,
    event::{self, Event, EventStream, KeyEventKind},
    terminal,
};
use futures_util::StreamExt as _;
use tokio::{
    sync::mpsc,
    time::{Instant, sleep_until},
};

pub use super::app::{Editing, Editor, Log, Options};
use super::{
    app::{App, Effect, Msg},
    desk::{Desk, News},
    paint::Painter,
    screen::{self, Modes, Screen},
    signals::{Signal, Signals},
};
use crate::clock;

/// Paints a second where news come thick.
const FRAMES: u64 = 30;

/// How often it is painted how far a work has come.
const PROGRESS: Duration = Duration::from_millis(100);

/// News and keys taken in before the other ones are looked for: a flood does not hold keys up.
const AT_ONCE: usize = 64;

/// How it ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ended {
    /// The user left.
    Left,
    /// A signal came: its number. A terminal that went away is a hangup, 1.
    Signalled(u8),
    /// A thread panicked. What there was to say has been said.
    Died,
}

/// Runs until the user leaves.
///
/// # Errors
///
/// The terminal's.
pub async fn run(
    options: Options,
    desk: Box<dyn Desk>,
    mut news: mpsc::Receiver<News>,
) -> io::Result<Ended> {
    // crossterm drops colours by itself where NO_COLOR is set; what was decided holds.
    crossterm::style::force_color_output(options.theme.colour);
    let signals = Signals::new()?;
    let screen = Screen::take(options.mouse, options.log.clone())?;
    // Its handler of resizes first: what comes between is no more missed.
    let events = EventStream::new();
    let size = terminal::size()?;
    let (log, editor) = (options.log.clone(), options.editor.clone());
    let app = App::new(options, size, clock::now());
    let (texts, read) = mpsc::channel(1);
    let painter = Painter::new(size);
    let mut ui = Ui { app, painter, screen, desk, log, editor, editing: None, texts, ended: None };
    let ended = match ui.begin(&mut news)? {
        Some(ended) => Ok(ended),
        None => ui.turn(signals, events, news, read).await,
    };
    drop(ui);
    ended
}

struct Ui {
    app: App,
    painter: Painter,
    screen: Screen,
    desk: Box<dyn Desk>,
    log: Option<Log>,
    editor: Option<Editor>,
    /// A text that is to be edited.
    editing: Option<String>,
    /// Texts that were read for [`Effect::Log`].
    texts: mpsc::Sender<Msg>,
    ended: Option<Ended>,
}

impl Ui {
    async fn turn(
        &mut self,
        mut signals: Signals,
        mut events: EventStream,
        mut news: mpsc::Receiver<News>,
        mut read: mpsc::Receiver<Msg>,
    ) -> io::Result<Ended> {
        let mut painted = Instant::now();
        let mut paced = painted;
        let mut dirty = false;
        let mut working: Option<Instant> = None;
        let every = Duration::from_millis(1_000 / FRAMES);
        loop {
            let mut at_once = false;
            let mut suspend = false;
            tokio::select! {
                biased;
                () = screen::died() => return Ok(Ended::Died),
                signal = signals.next() => match signal {
                    Signal::End(number) => return Ok(Ended::Signalled(number)),
                    // Somebody else stopped us, and the shell has had the terminal since.
                    Signal::Continued => {
                        self.back()?;
                        at_once = true;
                    }
                },
                event = events.next() => {
                    self.update(Msg::Time(clock::now()), &mut suspend)?;
                    // Without one the terminal is gone.
                    let Some(Ok(event)) = event else { return Ok(Ended::Signalled(HANGUP)) };
                    self.take(event, &mut suspend)?;
                    // A held key is one paint. The stream itself must not be asked whether it has
                    // more: it keeps the first waker that it sees, and would wake nobody.
                    for _ in 1..AT_ONCE {
                        if suspend || self.editing.is_some() || !event::poll(Duration::ZERO).unwrap_or(false) {
                            break;
                        }
                        // An error comes again from the stream.
                        let Ok(event) = event::read() else { break };
                        self.take(event, &mut suspend)?;
                    }
                    at_once = true;
                }
                () = sleep_until(paced + every), if dirty => {
                    paced = Instant::now();
                    at_once = true;
                }
                Some(text) = read.recv() => {
                    self.update(text, &mut suspend)?;
                    at_once = true;
                }
                Some(first) = news.recv() => {
                    self.update(Msg::Time(clock::now()), &mut suspend)?;
                    self.update(Msg::News(first), &mut suspend)?;
                    for _ in 1..AT_ONCE {
                        let Ok(next) = news.try_recv() else { break };
                        self.update(Msg::News(next), &mut suspend)?;
                    }
                    dirty = true;
                }
                () = sleep_until(painted + SECOND), if self.app.ticks() => {
                    self.update(Msg::Time(clock::now()), &mut suspend)?;
                    at_once = true;
                }
                // Last of all: a key waits for no more than one part of it.
                () = tokio::task::yield_now(), if self.app.has_work() => {
                    self.update(Msg::Time(clock::now()), &mut suspend)?;
                    self.update(Msg::Work, &mut suspend)?;
                    // How far it has come is painted now and then; what it comes to, at once.
                    let now = Instant::now();
                    if !self.app.has_work() {
                        working = None;
                        dirty = true;
                    } else if now.duration_since(*working.get_or_insert(now)) >= PROGRESS {
                        working = Some(now);
                        dirty = true;
                    }
                }
            }
            if let Some(ended) = self.ended {
                return Ok(ended);
            }
            if suspend {
                Screen::give_back();
                self.desk.rest();
                signals.suspend().await;
                self.back()?;
                at_once = true;
            }
            if let Some(text) = self.editing.take() {
                // Its thread reads what is typed: that is the editor's now.
                drop(events);
                let edited = self.edit(text, &mut signals).await;
                events = EventStream::new();
                let edited = match edited {
                    Ok(edited) => edited,
                    Err(ended) => return Ok(ended),
                };
                self.back()?;
                self.update(Msg::Edited(edited), &mut suspend)?;
                at_once = true;
            }
            if at_once {
                if self.painter.paint(&self.app).is_err() {
                    return Ok(Ended::Signalled(HANGUP));
                }
                painted = Instant::now();
                dirty = false;
            }
        }
    }

    /// The first frame. It says what is known already: what is being opened, or all of a small recording.
    fn begin(&mut self, news: &mut mpsc::Receiver<News>) -> io::Result<Option<Ended>> {
        for _ in 0..AT_ONCE {
            let Ok(next) = news.try_recv() else { break };
            self.update(Msg::News(next), &mut false)?;
        }
        self.painter.paint(&self.app)?;
        Ok(self.ended)
    }

    /// Gives the terminal to the editor until that ends. News wait: nobody who records waits for them.
    async fn edit(
        &mut self,
        text: String,
        signals: &mut Signals,
    ) -> Result<Result<String, String>, Ended> {
        let Some(editor) = &self.editor else {
            return Ok(Err("there is no editor here".to_owned()));
        };
        Screen::give_back();
        let modes = Modes::now();
        let mut editing = (editor.0)(text);
        let edited = loop {
            tokio::select! {
                biased;
                () = screen::died() => break Err(Ended::Died),
                edited = &mut editing => break Ok(edited),
                signal = signals.next() => match signal {
                    // ^C and ^Z are the editor's.
                    Signal::End(INTERRUPT) | Signal::Continued => {}
                    Signal::End(number) => break Err(Ended::Signalled(number)),
                },
            }
        };
        // The editor ends with it, and its file goes.
        drop(editing);
        modes.restore();
        if edited.is_err() {
            Screen::give_back_again();
        }
        edited
    }

    fn take(&mut self, event: Event, suspend: &mut bool) -> io::Result<()> {
        match event {
            Event::Key(key) if key.kind != KeyEventKind::Release => {
                self.update(Msg::Key(key), suspend)
            }
            Event::Mouse(mouse) => self.update(Msg::Mouse(mouse), suspend),
            Event::Paste(text) => self.update(Msg::Paste(text), suspend),
            Event::Resize(..) => self.resized(suspend),
            _ => Ok(()),
        }
    }

    /// The size of this moment: of many resizes the last one counts.
    fn resized(&mut self, suspend: &mut bool) -> io::Result<()> {
        let (width, height) = terminal::size()?;
        self.painter.resize((width, height));
        self.update(Msg::Resize(width, height), suspend)
    }

    /// The terminal is ours again, and nothing of what stands there is.
    fn back(&mut self) -> io::Result<()> {
        self.screen.retake()?;
        self.painter.forget();
        self.resized(&mut false)
    }

    fn update(&mut self, msg: Msg, suspend: &mut bool) -> io::Result<()> {
        for effect in self.app.update(msg) {
            match effect {
                Effect::Ask(ask) => self.desk.ask(ask),
                Effect::Copy(text) => self.copy(text)?,
                Effect::Quit => self.ended = Some(Ended::Left),
                Effect::Suspend => *suspend = true,
                Effect::Edit(text) => self.editing = Some(text),
                Effect::Repaint => self.painter.forget(),
                Effect::Mouse(on) => self.screen.set_mouse(on)?,
                Effect::Log => self.read_log(),
                Effect::Panic { worker: false } => panic!("asked for by :debug panic ui"),
                Effect::Panic { worker: true } => {
                    // Nobody waits for it.
                    drop(tokio::task::spawn_blocking(|| {
                        panic!("asked for by :debug panic worker");
                    }));
                }
            }
        }
        Ok(())
    }

    fn copy(&mut self, text: String) -> io::Result<()> {
        if text.len() > CUT {
            let size = super::text::size(text.len() as u64);
            self.app
                .data
                .say(format!("copied {size}B; some terminals cut that: `e` exports to a file"));
        }
        let mut escape = String::new();
        CopyToClipboard::to_clipboard_from(text)
            .write_ansi(&mut escape)
            .map_err(io::Error::other)?;
        self.painter.escape(&escape)
    }

    fn read_log(&self) {
        let Some(tail) = self.log.as_ref().map(|log| log.tail.clone()) else { return };
        let texts = self.texts.clone();
        drop(tokio::task::spawn_blocking(move || {
            // One that waits already shows the same.
            let _ = texts.try_send(Msg::Read("Log".to_owned(), tail()));
        }));
    }
}

/// Bytes beyond which some terminals cut what is copied (tui.md §1, copy).
const CUT: usize = 74_000;

/// The signal of a terminal that went away.
const HANGUP: u8 = 1;

/// That of ^C, where a terminal is not raw.
const INTERRUPT: u8 = 2;

const SECOND: Duration = Duration::from_secs(1);
