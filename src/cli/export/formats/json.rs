//! JSON Lines with the schemas of faces.md: what `show --json` prints of each session, and the
//! frames of each exchange. The last line is a summary.

use crate::{
    capture::ExchangeId,
    cli::{
        faces::{FrameFace, MessageFace, NoticeFace, SessionFace, SummaryFace, Told},
        masked::Mask,
        output::Output,
        recording::Recording,
        show::exchange_line,
    },
    protocol::read,
};

/// Writes all sessions, oldest first, then the notices.
pub(super) fn write(recording: &mut Recording, out: &mut Output) -> anyhow::Result<()> {
    // What has to be masked was replaced on the tape.
    let mut mask = Mask::new(true);
    let mut summary = SummaryFace::default();
    for session in recording.sessions()?.to_vec() {
        summary.sessions += 1;
        recording.judge(std::slice::from_ref(&session))?;
        let problems = recording.problem_count(session.id);
        out.json(&SessionFace::new(&session, &session.server, problems))?;
        for id in &session.exchanges {
            exchange(session.id, *id, recording, &mut mask, &mut summary, out)?;
        }
    }
    for notice in recording.notices()? {
        if let Some(told) = Told::by(&notice) {
            summary.notices += 1;
            out.json(&NoticeFace::new(notice.at, &told))?;
        }
    }
    Ok(out.json(&summary)?)
}

fn exchange(
    session: ExchangeId,
    id: ExchangeId,
    recording: &mut Recording,
    mask: &mut Mask,
    summary: &mut SummaryFace,
    out: &mut Output,
) -> anyhow::Result<()> {
    let records = recording.records(id)?;
    let Some(reading) = read(&records) else { return Ok(()) };
    summary.exchanges += 1;
    exchange_line(id, recording, true, mask, out)?;
    for frame in &reading.frames {
        summary.frames += 1;
        out.json(&FrameFace::new(id, frame, &frame.raw, &frame.comments))?;
    }
    for entry in recording.entries_of(&reading.summary)? {
        let Some(message) = &entry.message else { continue };
        summary.messages += 1;
        let face = MessageFace::new(session, message, message.name.as_deref(), &message.payload);
        out.json(&face.with(&entry.remarks))?;
    }
    Ok(())
}
