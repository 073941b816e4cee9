//! Replays and diffs for the terminal UI: what would be sent, the verdicts as they fall, two calls or
//! sessions held against each other, what was accepted.
//!
//! A replay goes the way of `wiretape verify` and `wiretape replay`: the same plan, the same
//! comparison, the same masks; only who is told differs (`verify`'s [`verify::Sink`]). One thread replays, one
//! at a time; another one looks and compares, so that a preview waits for no replay.

mod edited;
mod held;
mod preview;
mod screen;
#[cfg(test)]
mod tests;

use std::{
    io::Write as _,
    path::{Path, PathBuf},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
        mpsc::{Receiver, Sender, channel, sync_channel},
    },
};

use anyhow::{Context as _, bail};
use held::{Held, Whole, report};
use screen::{Screen, summed, told};
use tokio::sync::oneshot;

use super::{
    super::{
        diff,
        masked::Mask,
        recording::Recording,
        units,
        verify::{self, Asked, Came, Played, RanTape, of_recording, of_tape},
    },
    shared::{Gone, Shared},
};
use crate::{
    capture::{ExchangeId, Timestamp},
    protocol::{Session, Story},
    replay::{
        compare::{Ruling, Verdict, compare_each, compare_steps},
        steps::{Step, steps},
    },
    tasks,
    tui::{
        desk::{Ask, At, Given, GivenValue, News, Pair, Replayed, Ticket},
        rows::SessionId,
        text,
    },
};

/// Verdicts that wait for the UI; then the replay waits.
const WAITING: usize = 64;

/// Exchanges of a session that are read to tell one call of it; of a larger session the call's own
/// exchange is read alone.
const TOLD: usize = 2_000;

/// The threads' inboxes, and what can still be stopped.
pub(super) struct Replays {
    looks: Sender<Job>,
    sends: Sender<Job>,
    going: Vec<(Ticket, oneshot::Sender<()>)>,
    reveals: Arc<AtomicBool>,
}

/// A question, and how it is taken back: by dropping the other end.
struct Job {
    ask: Ask,
    ticket: Ticket,
    stopped: oneshot::Receiver<()>,
}

impl Replays {
    /// Starts the threads. They end when this is dropped; a replay is stopped then.
    pub(super) fn start(
        shared: &Shared,
        tape: Option<&Path>,
        as_of: Option<Timestamp>,
        reveal: bool,
    ) -> std::io::Result<Self> {
        let (reveals, held) = (Arc::new(AtomicBool::new(reveal)), Held::default());
        let inbox = |name: &str| {
            let (sender, jobs) = channel();
            let (shared, tape, reveals) =
                (shared.clone(), tape.map(Path::to_owned), Arc::clone(&reveals));
            let held = held.clone();
            let desk = Replaying { shared, tape, as_of, reveals, held, last: None };
            tasks::thread(name, move || desk.run(&jobs))?;
            std::io::Result::Ok(sender)
        };
        let (looks, sends) = (inbox("browse-compare")?, inbox("browse-replay")?);
        Ok(Self { looks, sends, going: Vec::new(), reveals })
    }

    /// Takes a question of its kind. A replay stops the one before it.
    pub(super) fn ask(&mut self, ask: Ask) {
        let (inbox, ticket) = match &ask {
            Ask::Replay { ticket, .. } => {
                self.going.clear();
                (&self.sends, *ticket)
            }
            Ask::Accept { ticket, .. } => (&self.sends, *ticket),
            Ask::Preview { ticket, .. }
            | Ask::Compare { ticket, .. }
            | Ask::Report { ticket, .. }
            | Ask::Save { ticket, .. } => (&self.looks, *ticket),
            _ => return,
        };
        let (stop, stopped) = oneshot::channel();
        self.going.retain(|(_, going)| !going.is_closed());
        self.going.push((ticket, stop));
        // It has ended with the screen: nobody waits.
        let _ = inbox.send(Job { ask, ticket, stopped });
    }

    /// Stops what has this ticket.
    pub(super) fn cancel(&mut self, ticket: Ticket) {
        self.going.retain(|(own, _)| *own != ticket);
    }

    /// Secrets are shown from now on, or masked again.
    pub(super) fn reveal(&self, reveal: bool) {
        self.reveals.store(reveal, Ordering::Relaxed);
    }
}

/// A thread's state.
struct Replaying {
    shared: Shared,
    tape: Option<PathBuf>,
    as_of: Option<Timestamp>,
    reveals: Arc<AtomicBool>,
    /// What the latest replays and diffs came to: what can be reported.
    held: Held,
    /// What the latest replay of the tape came to: what can be accepted. The answers of the steps
    /// that changed are in it.
    last: Option<(Ticket, RanTape)>,
}

impl Replaying {
    fn run(mut self, jobs: &Receiver<Job>) {
        while let Ok(Job { ask, ticket, mut stopped }) = jobs.recv() {
            // It was taken back while it waited.
            if matches!(stopped.try_recv(), Err(oneshot::error::TryRecvError::Closed)) {
                continue;
            }
            let answered = self.answer(ask, ticket, stopped);
            let told = match answered {
                Ok(Some(news)) => self.shared.tell(news),
                Ok(None) => Ok(()),
                Err(error) if error.is::<Gone>() => Err(Gone),
                Err(error) => self.shared.tell(News::Failed(ticket, told_error(&error))),
            };
            if told.is_err() {
                return;
            }
        }
    }

    fn answer(
        &mut self,
        ask: Ask,
        ticket: Ticket,
        stopped: oneshot::Receiver<()>,
    ) -> anyhow::Result<Option<News>> {
        match ask {
            Ask::Preview { session, row, to, given, .. } => {
                let told = self.preview(session, row, to, &given)?;
                Ok(Some(News::Preview(ticket, Arc::new(told))))
            }
            Ask::Replay { session, row, to, allow_side_effects, given, .. } => {
                let mut asked = self.asked(row, to, &given)?;
                asked.guard.all = allow_side_effects;
                // The answer to another request is nothing to be put into the tape.
                asked.update = self.tape.is_some() && given.edited.is_none();
                let replayed = self.replay(ticket, session, (asked, &given), stopped)?;
                Ok(Some(News::Replayed(ticket, replayed)))
            }
            Ask::Compare { what, .. } => {
                self.compare(ticket, what).map(|tally| Some(News::Replayed(ticket, tally)))
            }
            Ask::Accept { run, .. } => self.accept(run).map(|said| Some(News::Done(ticket, said))),
            Ask::Report { run, ignored, form, path, .. } => {
                let text = self.held.written(run, &ignored, form)?;
                save(&path, &text).map(|said| Some(News::Done(ticket, said)))
            }
            Ask::Save { path, text, .. } => {
                save(&path, &text).map(|said| Some(News::Done(ticket, said)))
            }
            _ => Ok(None),
        }
    }

    fn reveals(&self) -> bool {
        self.reveals.load(Ordering::Relaxed)
    }

    fn asked(&self, row: Option<At>, to: String, given: &Given) -> anyhow::Result<Asked> {
        let one = row.map(|At { exchange, number }| (exchange, number));
        let mut asked = Asked::plain(to, self.reveals());
        for header in &given.headers {
            let value = match &header.value {
                GivenValue::Typed(value) => value.0.clone(),
                GivenValue::Environment(variable) => verify::variable(&header.name, variable)?,
            };
            asked = asked.with_secret(&header.name, &value);
        }
        asked.one = one;
        Ok(asked)
    }

    /// A session as `verify` plays it: from its tape, or from a copy of what the store has.
    fn load(&self, session: SessionId) -> anyhow::Result<Played> {
        let id = self.name(session)?;
        let mut played = if let Some(path) = &self.tape {
            of_tape(path, self.as_of)?
        } else {
            let mut recording = self.recording()?;
            let sessions = recording.select(&id.to_string())?;
            of_recording(id.to_string(), &mut recording, &sessions)?
        };
        if !played.only(id) {
            bail!("the session is not there any more");
        }
        Ok(played)
    }

    fn name(&self, session: SessionId) -> anyhow::Result<ExchangeId> {
        self.shared.ledger().name(session).context("the session is not there any more")
    }

    fn recording(&self) -> anyhow::Result<Recording> {
        Recording::of(Box::new(self.shared.clone()), self.as_of, self.tape.is_some())
    }

    fn replay(
        &mut self,
        ticket: Ticket,
        session: SessionId,
        (mut asked, given): (Asked, &Given),
        stopped: oneshot::Receiver<()>,
    ) -> anyhow::Result<Replayed> {
        let played = self.load(session)?;
        if given.edited.is_some() {
            asked = self.edited(&played, asked, given)?.0;
        }
        if asked.to.is_empty() {
            asked.to = played.endpoint().context("the session has no step with a URL")?;
        }
        let played = [played];
        let (sender, verdicts) = sync_channel(WAITING);
        let shared = self.shared.clone();
        // A runtime's thread may not wait for the UI.
        let telling = tasks::thread("browse-verdicts", move || {
            while let Ok(news) = verdicts.recv() {
                shared.tell(news)?;
            }
            Ok(())
        })?;
        let mut screen = Screen::new(ticket, sender);
        let stop = async {
            // Either end: it was said, or the screen was closed.
            drop(stopped.await);
        };
        let ran = verify::play_to(&played, &asked, &mut screen, stop);
        let mut sums = std::mem::take(&mut screen.sums);
        let report = screen.report(&played[0].name);
        drop(screen);
        if let Ok(Err(Gone)) = telling.join() {
            return Err(Gone.into());
        }
        let mut ran = ran?;
        sums.exit = verify::exit_code(&ran, false);
        self.held.push(ticket, report);
        let fixable = ran.tapes.pop().filter(|_| asked.update && !ran.interrupted);
        if let (Some(tape), Some(path)) = (fixable, &self.tape) {
            sums.acceptable = tape.acceptable();
            sums.baseline = Some(text::visible(&path.display().to_string()).into_owned());
            self.last = Some((ticket, tape));
        }
        Ok(sums)
    }

    fn accept(&mut self, run: Ticket) -> anyhow::Result<String> {
        let Some((_, tape)) = self.last.take_if(|(ticket, _)| *ticket == run) else {
            bail!("its answers are not held any more\nhint: replay it again, then accept");
        };
        let path = self.tape.as_ref().context("only a tape is a baseline")?;
        let (put, refused) = verify::accept(path, &tape, &[])?;
        let many = units::count(put, "answer");
        let mut said = format!("{many} put into {}: see git diff", path.display());
        if let Some(why) = refused.first() {
            said = format!("{said}; {} cannot be put in: {why}", refused.len());
        }
        Ok(text::visible(&said).into_owned())
    }

    fn compare(&self, ticket: Ticket, what: Pair) -> anyhow::Result<Replayed> {
        // One mask for both, so that equal secrets are equal behind it.
        let mut mask = Mask::new(self.reveals());
        let mut recording = self.recording()?;
        recording.tell_secrets(&mask);
        let mut counts = Counts::default();
        let (mut verdicts, mut whole) = (Vec::new(), Whole::default());
        let mut take = |verdict: Verdict, came: &Came| {
            counts.take(verdict.ruling);
            verdicts.push(told(&verdict, came));
            whole.push(&verdict);
        };
        let tally = match what {
            Pair::Calls(own, its) => {
                let (first, second) = (
                    self.story_of(own, &mut recording, &mut mask)?,
                    self.story_of(its, &mut recording, &mut mask)?,
                );
                let (ours, theirs) = (step_at(own, &first)?, step_at(its, &second)?);
                let (verdict, tally) = compare_steps(&ours, &theirs);
                take(verdict, &Came::of(Some(&ours), Some(&theirs)));
                tally
            }
            Pair::Sessions(own, its) => {
                let (own, its) = (self.name(own)?, self.name(its)?);
                let mut story =
                    |id: ExchangeId| diff::story(&mut recording, Some(&id.to_string()), &mut mask);
                let (first, second) = (story(own)?, story(its)?);
                compare_each(&first, &second, |verdict, own, its| {
                    take(verdict, &Came::of(own, its));
                })
            }
        };
        for verdict in verdicts {
            self.shared.tell(News::Verdict(ticket, Arc::new(verdict)))?;
        }
        let whole = whole.all().map(|whole| report("diff", whole, &tally));
        self.held.push(ticket, whole);
        Ok(Replayed { exit: u8::from(!counts.all_same), ..summed(&tally) })
    }

    /// The session of a call told, or as much of it as the call needs.
    fn story_of(
        &self,
        at: At,
        recording: &mut Recording,
        mask: &mut Mask,
    ) -> anyhow::Result<Story> {
        let session = self.shared.ledger().session_of(at.exchange);
        let id = self.name(session.context("the row is not there any more")?)?;
        let mut session: Session = recording
            .select(&id.to_string())?
            .pop()
            .context("the session is not there any more")?;
        if session.exchanges.len() > TOLD {
            session.exchanges = vec![at.exchange];
        }
        diff::masked(recording, session, mask)
    }
}

/// The step that a row shows.
fn step_at(at: At, story: &Story) -> anyhow::Result<Step<'_>> {
    let own = |step: &Step<'_>| {
        let number = step.message.map_or(0, |message| message.number);
        step.exchange == at.exchange && number == at.number
    };
    let step = steps(story).into_iter().find(own);
    step.context(
        "it is no step of its own: it belongs to another call, or the server sent it\n\
         hint: x goes to the call",
    )
}

/// Whether all is the same.
struct Counts {
    all_same: bool,
}

impl Default for Counts {
    fn default() -> Self {
        Self { all_same: true }
    }
}

impl Counts {
    fn take(&mut self, ruling: Ruling) {
        self.all_same &= ruling == Ruling::Same;
    }
}

/// Writes a new file: what is there is nobody's to write over.
fn save(path: &str, said: &str) -> anyhow::Result<String> {
    let file = std::fs::File::options().write(true).create_new(true).open(path);
    let mut file = match file {
        Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => {
            bail!("{path} is there already\nhint: another name")
        }
        other => other.with_context(|| path.to_owned())?,
    };
    file.write_all(said.as_bytes()).with_context(|| path.to_owned())?;
    Ok(text::visible(&format!("written: {path}")).into_owned())
}

/// An error in one line: why, and what to do.
fn told_error(error: &anyhow::Error) -> String {
    text::visible(&format!("{error:#}").replace('\n', "; ")).into_owned()
}
