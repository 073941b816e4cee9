//! A stream being sent: which frame is next, and when.

use std::{sync::Arc, time::Duration};

use bytes::Bytes;

use super::{
    reply::{Body, Cue, Ending, Gate, Said, Stream},
    rewrite::reframe,
    script::Script,
    stage::Stage,
    take::Take,
};
use crate::capture::Timestamp;

/// SDKs hand a notification on later than an answer, and forget what it was for when both come in
/// one packet: an answer keeps this far behind a notification on its stream.
const BREATH: Duration = Duration::from_millis(10);

/// How fast it goes.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub enum Speed {
    /// As fast as it can.
    #[default]
    Unpaced,
    /// So many times as fast as recorded.
    Times(f64),
}

impl Speed {
    /// How long a time of the recording lasts.
    pub(super) fn of(self, from: Timestamp, to: Timestamp) -> Duration {
        match self {
            Self::Unpaced => Duration::ZERO,
            Self::Times(factor) => {
                let recorded = Duration::from_micros(to.micros_since(from)).as_secs_f64();
                Duration::try_from_secs_f64(recorded / factor).unwrap_or_default()
            }
        }
    }
}

/// A stream being sent.
#[derive(Debug)]
pub(super) struct Playing {
    take: u64,
    /// Exchange and frame, in order.
    cues: Vec<(usize, usize)>,
    is_sent: Vec<bool>,
    is_channel: bool,
    ending: Ending,
    end: (Vec<Gate>, Timestamp),
    /// When it was opened, or its last frame was sent: now, and in the recording.
    last: (Duration, Timestamp),
    /// When the last notification was sent, where nothing else was since.
    told: Option<Duration>,
    /// Frames that may still be sent: a fault cuts it then.
    left: Option<u64>,
}

/// What a stream does next.
#[derive(Debug, PartialEq, Eq)]
pub enum Next {
    /// It sends this.
    Frame(Bytes),
    /// It waits until then.
    At(Duration),
    /// It waits for something to happen.
    Wait,
    /// It ends.
    End,
    /// It breaks off.
    Cut,
}

impl Playing {
    pub(super) fn new(
        take: u64,
        place: usize,
        stream: &Stream,
        now: Duration,
        left: Option<u64>,
    ) -> Self {
        let cues: Vec<(usize, usize)> = (0..stream.cues.len()).map(|cue| (place, cue)).collect();
        Self {
            take,
            is_sent: vec![false; cues.len()],
            cues,
            is_channel: stream.is_channel,
            ending: stream.ending,
            end: (stream.end_gates.clone(), stream.end_at),
            last: (now, stream.cues.first().map_or(stream.end_at, |cue| cue.at)),
            told: None,
            left,
        }
    }

    /// The frames behind one, and those of the exchanges that took the stream up in the recording.
    pub(super) fn resumed(
        script: &Script,
        take: u64,
        (place, cue): (usize, usize),
        now: Duration,
    ) -> Option<Self> {
        let stream_of = |place: usize| match &script.entry(place)?.reply.body {
            Body::Stream(stream) => Some(stream),
            _ => None,
        };
        let first = stream_of(place)?;
        let mut playing = Self::new(take, place, first, now, None);
        playing.cues.drain(..=cue.min(playing.cues.len().checked_sub(1)?));
        let (mut at, mut stream) = (place, first);
        while let Some(next) = Self::taken_up(script, at, stream) {
            let Some(further) = stream_of(next) else { break };
            playing.cues.extend((0..further.cues.len()).map(|cue| (next, cue)));
            (playing.ending, playing.end) =
                (further.ending, (further.end_gates.clone(), further.end_at));
            (at, stream) = (next, further);
        }
        playing.is_sent = vec![false; playing.cues.len()];
        let from = playing.cues.first().and_then(|cue| script.cue(*cue));
        playing.last = (now, from.map_or(playing.end.1, |cue| cue.at));
        Some(playing)
    }

    /// When an answer may follow what was told last.
    fn breath(&self, cue: &Cue) -> Duration {
        let answers = cue.said.iter().any(|said| said.answers.is_some());
        let told = self.told.filter(|_| answers);
        told.map_or(Duration::ZERO, |told| told.saturating_add(BREATH))
    }

    /// The exchange that took a stream up behind its last event.
    fn taken_up(script: &Script, place: usize, stream: &Stream) -> Option<usize> {
        let last = stream.cues.iter().rev().find_map(|cue| cue.event_id.as_deref())?;
        let session = script.entry(place)?.session;
        let mut later = script.sessions.get(session)?.entries.iter().copied();
        later.find(|other| {
            *other > place
                && script
                    .entry(*other)
                    .is_some_and(|entry| entry.asked.last_event_id.as_deref() == Some(last))
        })
    }

    /// The exchanges whose frames it sends.
    pub(super) fn further(&self, script: &Script) -> Vec<usize> {
        let mut places: Vec<usize> = self.cues.iter().map(|(place, _)| *place).collect();
        places.dedup();
        places.retain(|place| script.entry(*place).is_some());
        places
    }
}

impl Script {
    fn cue(&self, (place, cue): (usize, usize)) -> Option<&Cue> {
        match &self.entry(place)?.reply.body {
            Body::Stream(stream) => stream.cues.get(cue),
            _ => None,
        }
    }
}

impl Stage {
    /// What a stream does next.
    pub fn next(&mut self, stream: u64, now: Duration) -> Next {
        let Some(mut playing) = self.playing.remove(&stream) else { return Next::End };
        let next = self.step(&mut playing, now);
        self.playing.insert(stream, playing);
        next
    }

    /// The client left a stream.
    pub fn left(&mut self, stream: u64) {
        self.playing.remove(&stream);
    }

    fn step(&mut self, playing: &mut Playing, now: Duration) -> Next {
        let script = Arc::clone(&self.script);
        if playing.left == Some(0) {
            return Next::Cut;
        }
        loop {
            let Some(take) = self.takes.get(&playing.take) else { return Next::Cut };
            let mut soonest: Option<Duration> = None;
            let mut found = None;
            for (place, cue) in playing.cues.iter().enumerate() {
                if playing.is_sent.get(place).copied().unwrap_or(true) {
                    continue;
                }
                let Some(cue) = script.cue(*cue) else { continue };
                let due = self.due(&script, take, playing, &cue.gates, cue.at);
                match due.map(|due| due.max(playing.breath(cue))) {
                    Some(due) if due <= now => found = Some(place),
                    Some(due) => soonest = Some(soonest.map_or(due, |soonest| soonest.min(due))),
                    None => {}
                }
                if found.is_some() || !playing.is_channel {
                    break;
                }
            }
            let Some(place) = found else {
                return self.end_of(&script, playing, soonest, now);
            };
            if let Some(sent) = playing.is_sent.get_mut(place) {
                *sent = true;
            }
            let Some(at) = playing.cues.get(place).copied() else { continue };
            let Some(cue) = script.cue(at) else { continue };
            playing.last = (now, cue.at);
            if let Some(frame) = self.frame(&script, playing.take, at, cue) {
                let tells = |said: &Said| said.answers.is_none() && said.asks.is_none();
                playing.told = cue.said.iter().any(tells).then_some(now);
                playing.left = playing.left.map(|left| left.saturating_sub(1));
                return Next::Frame(frame);
            }
        }
    }

    fn end_of(
        &self,
        script: &Script,
        playing: &Playing,
        soonest: Option<Duration>,
        now: Duration,
    ) -> Next {
        let waits = || soonest.map_or(Next::Wait, Next::At);
        let Some(take) = self.takes.get(&playing.take) else { return Next::Cut };
        // A session that is over takes its streams with it.
        if take.is_ended {
            return Next::End;
        }
        let all_sent = playing.is_sent.iter().all(|sent| *sent);
        if playing.ending == Ending::Held || !playing.is_channel && !all_sent {
            return waits();
        }
        match self.due(script, take, playing, &playing.end.0, playing.end.1) {
            Some(due) if due > now => Next::At(soonest.map_or(due, |soonest| soonest.min(due))),
            Some(_) if playing.ending == Ending::Cut => Next::Cut,
            Some(_) => Next::End,
            None => waits(),
        }
    }

    /// When something that was recorded at `at` is due; none while what it followed has not happened.
    fn due(
        &self,
        script: &Script,
        take: &Take,
        playing: &Playing,
        gates: &[Gate],
        at: Timestamp,
    ) -> Option<Duration> {
        let mut from = playing.last;
        for gate in gates {
            let (happened, then) = match gate {
                Gate::Asked(place) => (take.used.get(place)?, script.entry(*place)?.at),
                Gate::Answered(ask) => {
                    let recorded = script.answered_in.get(ask);
                    (take.answered.get(ask)?, recorded.map_or(at, |answered| answered.at))
                }
            };
            // A channel's frames are paced by what they follow, those of a stream by each other too.
            if playing.is_channel && !gates.is_empty() && from == playing.last || then >= from.1 {
                from = (*happened, then);
            }
        }
        Some(from.0.saturating_add(self.speed.of(from.1, at)))
    }

    /// A frame with the ids of this run; none for progress that this caller has not asked for.
    fn frame(
        &mut self,
        script: &Script,
        number: u64,
        (place, _): (usize, usize),
        cue: &Cue,
    ) -> Option<Bytes> {
        let entry = script.entry(place)?;
        for said in &cue.said {
            if let Some(ask) = &said.asks {
                self.mint_ask(number, ask, cue);
            }
        }
        let ids = &self.takes.get(&number)?.ids;
        let unasked = |request: &String| {
            ids.callers.get(request).is_some_and(|caller| caller.token.is_none())
        };
        if cue.said.iter().any(|said| said.progress_of.as_ref().is_some_and(unasked)) {
            return None;
        }
        if cue.said.is_empty() {
            let text = std::str::from_utf8(&cue.raw).ok().filter(|_| !cue.data.is_empty());
            return Some(text.map_or_else(
                || cue.raw.clone(),
                |text| Bytes::from(ids.control(text, &entry.origin, &self.base)),
            ));
        }
        let changed = ids.messages(&cue.data, &cue.said);
        Some(changed.map_or_else(|| cue.raw.clone(), |text| reframe(&cue.raw, &cue.data, &text)))
    }

    /// Our own id for a request of the server, of the type that the recorded one has.
    fn mint_ask(&mut self, number: u64, ask: &str, cue: &Cue) {
        let mut recorded = None;
        crate::protocol::envelopes(&cue.data, |envelope| {
            recorded = recorded.take().or(envelope.id.map(str::to_owned));
        });
        let Some(take) = self.takes.get_mut(&number) else { return };
        if take.ids.asks.contains_key(ask) {
            return;
        }
        self.next_ask += 1;
        let is_text = recorded.as_deref().is_some_and(|id| id.starts_with('"'));
        let number_text = self.next_ask.to_string();
        let id = if is_text { format!("\"wiretape-{number_text}\"") } else { number_text };
        take.ids.asks.insert(ask.to_owned(), id.clone());
        take.ids.asks_by_id.extend(recorded.map(|recorded| (recorded, id.clone())));
        self.asks.insert(id, (number, ask.to_owned()));
    }
}
