//! `wiretape problems`: what is wrong in sessions, the worst first.

use std::process::ExitCode;

use super::{
    Ctx,
    args::{FailOn, ProblemsArgs},
    faces::{ProblemFace, SummaryFace},
    failure::code,
    masked::Mask,
    output::{Output, style},
    recording::{Recording, is_query},
    show::What,
    transcript::short,
    units, visible,
};
use crate::protocol::{
    Session,
    problems::{Problem, Severity},
};

/// Tells them; exits with 1 where `--fail-on` says so.
pub(crate) fn run(args: &ProblemsArgs, ctx: &mut Ctx) -> anyhow::Result<ExitCode> {
    let tape = match args.what.as_slice() {
        [one] => What::of(one).tape,
        _ => None,
    };
    let mut recording = Recording::open(ctx, &args.reading, tape)?;
    let worst = problems(args, tape.is_some(), &mut recording, &mut ctx.out)?;
    let limit = args.fail_on.map(|fail_on| match fail_on {
        FailOn::Error => Severity::Error,
        FailOn::Warning => Severity::Warning,
    });
    let fails = limit.is_some_and(|limit| worst >= Some(limit));
    Ok(if fails { ExitCode::from(code::FOUND) } else { ExitCode::SUCCESS })
}

/// Prints them and returns how bad the worst is.
pub(super) fn problems(
    args: &ProblemsArgs,
    is_tape: bool,
    recording: &mut Recording,
    out: &mut Output,
) -> anyhow::Result<Option<Severity>> {
    // What only shows over several sessions is looked for where all were read.
    let mut over_all = true;
    let sessions = match args.what.as_slice() {
        [_] if is_tape => recording.sessions()?.to_vec(),
        [one] if !is_query(one) => {
            over_all = false;
            recording.select(one)?
        }
        words => {
            let query = recording.query(words)?;
            if query.is_empty() {
                recording.sessions()?.to_vec()
            } else {
                recording.take(&query)?
            }
        }
    };
    if over_all {
        recording.judge_over_all()?;
    }
    let mut mask = Mask::new(args.reveal);
    recording.tell_secrets(&mask);
    let mut found: Vec<(usize, Problem)> = Vec::new();
    for (place, session) in sessions.iter().enumerate() {
        recording.judge(std::slice::from_ref(session))?;
        let judged: Vec<Problem> = recording.problems(session.id).cloned().collect();
        for problem in &judged {
            // What was judged before is quoted without being read again: what its heads call
            // secret is not known yet.
            if let Some(exchange) = problem.exchange.filter(|_| !args.reveal) {
                recording.records(exchange)?;
            }
            let problem = mask.problem(problem);
            if args.reading.json {
                out.json(&ProblemFace::new(&problem))?;
            }
            found.push((place, problem));
        }
    }
    let worst = found.iter().map(|(_, problem)| problem.severity).max();
    if args.reading.json {
        let count = |of: fn(&Session) -> u64| sessions.iter().map(of).sum();
        out.json(&SummaryFace {
            sessions: sessions.len() as u64,
            exchanges: count(|session| session.exchanges.len() as u64),
            messages: count(|session| session.counts.messages),
            frames: count(|session| session.counts.frames),
            problems: Some(found.len() as u64),
            ..SummaryFace::default()
        })?;
        return Ok(worst);
    }
    tell(&found, &sessions, out)?;
    Ok(worst)
}

/// For people: by severity, the worst first.
fn tell(found: &[(usize, Problem)], sessions: &[Session], out: &mut Output) -> anyhow::Result<()> {
    let mut counted = Vec::new();
    for (severity, word, color) in [
        (Severity::Error, "error", style::BAD),
        (Severity::Warning, "warning", style::WAITING),
        (Severity::Info, "info", style::FAINT),
    ] {
        let of: Vec<_> = found.iter().filter(|(_, problem)| problem.severity == severity).collect();
        for (place, problem) in &of {
            let Some(session) = sessions.get(*place) else { continue };
            tell_one(problem, session, word, color, out)?;
        }
        if !of.is_empty() && severity != Severity::Info {
            counted.push(units::count(of.len() as u64, word));
        } else if !of.is_empty() {
            counted.push(format!("{} for information", of.len()));
        }
    }
    let looked = units::count(sessions.len() as u64, "session");
    let counted = if counted.is_empty() { "no problems".to_owned() } else { counted.join(", ") };
    out.talk(format_args!("{counted} in {looked}"));
    Ok(())
}

fn tell_one(
    problem: &Problem,
    session: &Session,
    word: &str,
    color: anstyle::Style,
    out: &mut Output,
) -> anyhow::Result<()> {
    let number = problem.exchange.and_then(|at| session.exchanges.iter().position(|id| *id == at));
    let number = number.map(|number| format!("/{}", number + 1)).unwrap_or_default();
    let place = out.paint(style::ID, format!("{}{number}", short(session.id)));
    let severity = out.paint(color, format!("{word:<7}"));
    let rule = out.paint(style::HEADING, visible::line(&problem.rule));
    out.line(format_args!("{severity}  {place}  {rule}"))?;
    out.line(format_args!("         {}", visible::line(&problem.text)))?;
    for (what, text) in
        [("seen", &problem.evidence), ("to do", &problem.remedy), ("rule", &problem.source)]
    {
        if !text.is_empty() {
            let line = format!("         {what}: {}", visible::line(text));
            out.line(out.paint(style::FAINT, line))?;
        }
    }
    Ok(())
}
