//! Markdown for the pages of a CI: a line a tape, a table of what is not the same, the differences
//! folded.

use std::fmt::Write;

use super::{Report, Ruling, line, step};

/// Steps of a tape that are told one by one; further ones are counted.
const STEPS_TOLD: usize = 50;

/// Characters of a line of differences; the JSON has all.
const LINE_CHARS: usize = 300;

/// The reports as Markdown.
#[must_use]
pub fn markdown(reports: &[Report]) -> String {
    let mut text = String::from("## wiretape verify\n");
    for report in reports {
        // Writing to a string cannot fail.
        let _ = tape(&mut text, report);
    }
    text
}

fn tape(text: &mut String, report: &Report) -> std::fmt::Result {
    let same = report.verdicts.iter().all(|verdict| verdict.ruling == Ruling::Same);
    let sign = if same && report.skipped == 0 { "✅" } else { "❌" };
    writeln!(text, "\n### {sign} {}\n\n{}\n", cell(&report.tape), report.summing_up())?;
    let told: Vec<_> = report.verdicts.iter().filter(|v| v.ruling != Ruling::Same).collect();
    if told.is_empty() {
        return Ok(());
    }
    writeln!(text, "| verdict | step | why |\n|---|---|---|")?;
    for verdict in told.iter().take(STEPS_TOLD) {
        let first = verdict.reason.clone().or_else(|| verdict.differences.first().map(line));
        let why = cell(&first.unwrap_or_default());
        writeln!(text, "| {} | {} | {why} |", verdict.ruling.as_str(), cell(&step(verdict)))?;
    }
    let more = told.len().saturating_sub(STEPS_TOLD);
    if more > 0 {
        writeln!(text, "\n… and {more} more")?;
    }
    let many = |differences: usize| differences > 1;
    for verdict in told.iter().take(STEPS_TOLD).filter(|v| many(v.differences.len())) {
        writeln!(text, "\n<details><summary>{}</summary>\n", html(&step(verdict)))?;
        for difference in &verdict.differences {
            writeln!(text, "- {}", code(&line(difference)))?;
        }
        writeln!(text, "\n</details>")?;
    }
    Ok(())
}

/// Text in a cell of a table, as code: neither side's words become markup.
fn cell(text: &str) -> String {
    if text.is_empty() { String::new() } else { code(text).replace('|', "\\|") }
}

/// Text as inline code: more backticks around it than stand in it.
fn code(text: &str) -> String {
    let mut line: String =
        text.chars().take(LINE_CHARS).map(|c| if c.is_control() { ' ' } else { c }).collect();
    if text.chars().nth(LINE_CHARS).is_some() {
        line.push('…');
    }
    let run = line.split(|c| c != '`').map(str::len).max().unwrap_or_default();
    let fence = "`".repeat(run + 1);
    if run == 0 { format!("{fence}{line}{fence}") } else { format!("{fence} {line} {fence}") }
}

fn html(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}
