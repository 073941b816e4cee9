//! `wiretape import`: tapes into the store. Exchanges keep their ids, those that are there already
//! are left as they are, so importing twice changes nothing.
//!
//! Every file is read to its end before anything of any file is taken: a tape with a bad line
//! changes nothing. After that one exchange at a time is in memory.

use std::process::ExitCode;

use super::{
    Ctx,
    args::ImportArgs,
    open,
    store::{Imported, Store},
    units,
};

/// Imports.
pub(crate) fn run(args: &ImportArgs, ctx: &mut Ctx) -> anyhow::Result<ExitCode> {
    let mut tapes = Vec::with_capacity(args.files.len());
    for file in &args.files {
        tapes.push(open::source(ctx, Some(file))?);
    }
    let mut store = Store::open(ctx)?;
    let mut all = Imported::default();
    for tape in &mut tapes {
        let counts = store.import(tape.as_mut())?;
        all.exchanges += counts.exchanges;
        all.known += counts.known;
    }
    store.close()?;
    ctx.out.talk(said(all));
    Ok(ExitCode::SUCCESS)
}

fn said(counts: Imported) -> String {
    let exchanges = units::count(counts.exchanges, "exchange");
    match counts.known {
        0 => format!("imported {exchanges}"),
        known => format!("imported {exchanges}; {known} were there already and are as they were"),
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;
    use crate::cli::{args::Color, output::Output};

    const HEAD: &str = "{\"format\":\"wiretape\",\"version\":1,\"started_at\":\"2026-11-20T10:00:00Z\",\"tool\":\"t\"}\n";

    #[test]
    fn a_bad_line_is_named_by_file_and_number() {
        let out = Output::of(std::io::sink(), std::io::sink(), 80);
        let ctx = Ctx { home: None, color: Color::Never, out };
        let note = "{\"exchange\":null,\"n\":0,\"at\":0,\"kind\":\"note\",\"text\":\"a\"}\n";
        for (lines, expected) in [
            (format!("{note}{{\"exchange\":"), "line 3"),
            (format!("{note}{note}hello\n"), "line 4"),
        ] {
            let mut file = tempfile::NamedTempFile::new().expect("a file");
            write!(file, "{HEAD}{lines}").expect("written");
            let error = open::source(&ctx, Some(file.path())).err().expect("a bad line");
            let text = format!("{error:#}");
            assert!(text.contains(expected), "{text}");
            assert!(text.contains(&file.path().display().to_string()), "{text}");
        }
    }

    #[test]
    fn what_was_there_is_said() {
        assert_eq!(said(Imported { exchanges: 2, known: 0 }), "imported 2 exchanges");
        let twice = said(Imported { exchanges: 0, known: 2 });
        assert_eq!(twice, "imported 0 exchanges; 2 were there already and are as they were");
    }
}
