//! The only place that writes to stdout and stderr. stdout is data, stderr is talk; no escape
//! codes into pipes; what comes from the wire is made visible before it gets here
//! ([`super::visible`]), JSON is made safe for a terminal here.

use std::{
    fmt,
    fs::File,
    io::{self, BufWriter, Write},
    mem,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use anstream::{AutoStream, ColorChoice};
use anstyle::{AnsiColor, Style};
use serde::Serialize;

use super::{args::Color, visible::TerminalSafe};

/// The width of a listing that goes to no terminal.
const WIDTH_WITHOUT_TERMINAL: usize = 120;

/// What words look like.
pub(crate) mod style {
    use super::{AnsiColor, Style};

    const fn color(color: AnsiColor) -> Style {
        Style::new().fg_color(Some(anstyle::Color::Ansi(color)))
    }

    pub(crate) const PLAIN: Style = Style::new();
    pub(crate) const HEADING: Style = Style::new().bold();
    pub(crate) const FAINT: Style = Style::new().dimmed();
    pub(crate) const ID: Style = color(AnsiColor::Cyan);
    pub(crate) const GOOD: Style = color(AnsiColor::Green);
    pub(crate) const BAD: Style = color(AnsiColor::Red).bold();
    pub(crate) const WAITING: Style = color(AnsiColor::Yellow);
    pub(crate) const CLIENT: Style = color(AnsiColor::Blue);
    pub(crate) const SERVER: Style = color(AnsiColor::Magenta);
}

/// Both streams, and how to write to them.
pub(crate) struct Output {
    data: Box<dyn Write + Send>,
    talk: Box<dyn Write + Send>,
    styled_data: bool,
    styled_talk: bool,
    width: usize,
    talk_width: usize,
}

impl Output {
    /// The program's own streams.
    pub(crate) fn of_process(color: Color) -> Self {
        let choice = match color {
            Color::Auto => ColorChoice::Auto,
            Color::Always => ColorChoice::Always,
            Color::Never => ColorChoice::Never,
        };
        let styled = |auto: ColorChoice| match choice {
            ColorChoice::Auto => auto != ColorChoice::Never,
            other => other != ColorChoice::Never,
        };
        let (data, talk) = (io::stdout(), io::stderr());
        let width = |size: Option<(terminal_size::Width, terminal_size::Height)>| {
            size.map_or(WIDTH_WITHOUT_TERMINAL, |(width, _)| usize::from(width.0))
        };
        Self {
            styled_data: styled(AutoStream::choice(&data)),
            styled_talk: styled(AutoStream::choice(&talk)),
            width: width(terminal_size::terminal_size_of(&data)),
            talk_width: width(terminal_size::terminal_size_of(&talk)),
            data: own_stdout(),
            talk: Box::new(talk),
        }
    }

    /// Data into a file; talk is the program's.
    pub(crate) fn to(file: File) -> Self {
        let (data, talk) = (Box::new(BufWriter::new(file)), Box::new(io::stderr()));
        let (width, talk_width) = (WIDTH_WITHOUT_TERMINAL, WIDTH_WITHOUT_TERMINAL);
        Self { data, talk, styled_data: false, styled_talk: false, width, talk_width }
    }

    /// Streams of a test's own, without colour.
    #[cfg(test)]
    pub(crate) fn of(
        data: impl Write + Send + 'static,
        talk: impl Write + Send + 'static,
        width: usize,
    ) -> Self {
        let (data, talk) = (Box::new(data), Box::new(talk));
        Self { data, talk, styled_data: false, styled_talk: false, width, talk_width: width }
    }

    /// The same, whose talk is kept until [`Output::tell`].
    pub(crate) fn keeping_talk(self, kept: &Kept) -> Self {
        Self { talk: Box::new(kept.clone()), ..self }
    }

    /// Says what was kept.
    pub(crate) fn tell(&mut self, kept: &Kept) {
        // As with `talk`.
        let _ = self.talk.write_all(&mem::take(&mut *kept.lock()));
    }

    /// How many columns a line of stdout may take.
    pub(crate) fn width(&self) -> usize {
        self.width
    }

    /// How many columns a line of stderr may take.
    pub(crate) fn talk_width(&self) -> usize {
        self.talk_width
    }

    /// The style for stdout: none where it goes into a pipe.
    pub(crate) fn paint<T: fmt::Display>(&self, style: Style, what: T) -> Painted<T> {
        Painted { style: self.styled_data.then_some(style), what }
    }

    /// The style for stderr.
    pub(crate) fn paint_talk<T: fmt::Display>(&self, style: Style, what: T) -> Painted<T> {
        Painted { style: self.styled_talk.then_some(style), what }
    }

    /// One line of data for people.
    pub(crate) fn line(&mut self, text: impl fmt::Display) -> Result<(), OutputError> {
        writeln!(self.data, "{text}").map_err(OutputError::of)
    }

    /// One line of JSON.
    pub(crate) fn json(&mut self, value: &impl Serialize) -> Result<(), OutputError> {
        let mut line = Vec::new();
        let mut serializer = serde_json::Serializer::with_formatter(&mut line, TerminalSafe);
        value.serialize(&mut serializer).map_err(|why| OutputError::Io(why.into()))?;
        line.push(b'\n');
        self.data.write_all(&line).map_err(OutputError::of)
    }

    /// Bytes exactly as they are: `--raw`, tapes on stdout.
    pub(crate) fn bytes(&mut self, bytes: &[u8]) -> Result<(), OutputError> {
        self.data.write_all(bytes).map_err(OutputError::of)
    }

    /// One line of talk. Talk that nobody can hear is no error.
    pub(crate) fn talk(&mut self, text: impl fmt::Display) {
        let _ = writeln!(self.talk, "{text}");
    }

    /// Brings out what is buffered: at the end, and after each line of something live.
    pub(crate) fn flush(&mut self) -> Result<(), OutputError> {
        self.data.flush().map_err(OutputError::of)
    }
}

/// Talk for which there is no room while a screen is up: a few lines.
#[derive(Clone, Default)]
pub(crate) struct Kept(Arc<Mutex<Vec<u8>>>);

impl Kept {
    fn lock(&self) -> MutexGuard<'_, Vec<u8>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Write for Kept {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.lock().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// stdout by a handle of its own: who stands in a full pipe holds no lock that others wait for.
#[cfg(unix)]
fn own_stdout() -> Box<dyn Write + Send> {
    match std::os::fd::AsFd::as_fd(&io::stdout()).try_clone_to_owned() {
        Ok(handle) => Box::new(BufWriter::new(File::from(handle))),
        // It was closed before we began.
        Err(_) => Box::new(BufWriter::new(io::stdout())),
    }
}

#[cfg(not(unix))]
fn own_stdout() -> Box<dyn Write + Send> {
    Box::new(BufWriter::new(io::stdout()))
}

/// A text in a style, or as it is.
pub(crate) struct Painted<T> {
    style: Option<Style>,
    what: T,
}

impl<T: fmt::Display> fmt::Display for Painted<T> {
    /// Width and alignment of the format apply to the text alone.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.style {
            Some(style) => {
                write!(f, "{}", style.render())?;
                self.what.fmt(f)?;
                write!(f, "{}", style.render_reset())
            }
            None => self.what.fmt(f),
        }
    }
}

/// Why stdout took nothing.
#[derive(Debug, thiserror::Error)]
pub(crate) enum OutputError {
    /// The reader closed the pipe: it has enough, and that is fine.
    #[error("stdout was closed")]
    Closed,
    /// The system refused.
    #[error("stdout: {0}")]
    Io(#[source] io::Error),
}

impl OutputError {
    fn of(why: io::Error) -> Self {
        if why.kind() == io::ErrorKind::BrokenPipe { Self::Closed } else { Self::Io(why) }
    }
}
