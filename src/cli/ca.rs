//! `wiretape ca`: the home's certificate authority, and how a system comes to trust it and no more.

use std::{path::Path, process::ExitCode};

use anyhow::{Context as _, bail};

use super::{
    Ctx,
    args::{CaAction, CaArgs},
    output::style,
    shell,
    trust::{self, Filling, Kind},
};
use crate::tls::Authority;

/// Runs the verb.
pub(super) fn run(args: &CaArgs, ctx: &mut Ctx) -> anyhow::Result<ExitCode> {
    let home = ctx.open_home()?;
    let certs = home.certs();
    match args.action.unwrap_or(CaAction::Show) {
        CaAction::Show => show(&Authority::open(&certs)?, ctx)?,
        CaAction::Path => ctx.out.line(Authority::open(&certs)?.cert_path().display())?,
        CaAction::Install { yes } => {
            let filling = Filling::of(&Authority::open(&certs)?, &home);
            follow(Kind::Install, &filling, yes, ctx)?;
        }
        CaAction::Uninstall { yes } => {
            let filling = Filling::of(&Authority::open(&certs)?, &home);
            follow(Kind::Uninstall, &filling, yes, ctx)?;
        }
        CaAction::Rotate => {
            show(&Authority::rotate(&certs)?, ctx)?;
            ctx.out.talk(
                "hint: what trusted the old one must trust this one anew: `wiretape ca install`",
            );
        }
    }
    Ok(ExitCode::SUCCESS)
}

fn show(authority: &Authority, ctx: &mut Ctx) -> anyhow::Result<()> {
    let rows = [
        ("name", authority.common_name().to_owned()),
        ("certificate", authority.cert_path().display().to_string()),
        ("sha-256", authority.fingerprint_sha256()),
        ("valid until", authority.not_after().date().to_string()),
    ];
    for (name, value) in rows {
        let name = ctx.out.paint(style::HEADING, format!("{name:<12}"));
        ctx.out.line(format_args!("{name} {value}"))?;
    }
    ctx.out.talk("hint: `wiretape run` needs no more; for other programs see `wiretape doctor`");
    Ok(())
}

/// Prints the system's commands with what else there is to know, and runs them if asked.
fn follow(what: Kind, filling: &Filling, yes: bool, ctx: &mut Ctx) -> anyhow::Result<()> {
    let sections = trust::sections(trust::SYSTEM, Path::exists);
    let lines =
        |kind| sections.iter().filter(move |section| section.kind == kind).flat_map(|s| &s.lines);
    let commands: Vec<_> = lines(what).map(|line| filling.command(line)).collect();
    for command in &commands {
        ctx.out.line(command)?;
    }
    ctx.out.flush()?;
    if what == Kind::Install {
        for line in lines(Kind::Note) {
            ctx.out.talk(filling.prose(line));
        }
    }
    if commands.is_empty() {
        bail!(
            "this system's trust store is not known here\n\
             hint: give programs the certificate themselves, see `wiretape doctor`"
        );
    }
    if !yes {
        ctx.out.talk("hint: add --yes to run this");
        return Ok(());
    }
    for command in &commands {
        let status = shell::running(command).status();
        let status = status.with_context(|| format!("cannot run `{command}`"))?;
        if !status.success() {
            bail!("`{command}` failed: {status}");
        }
    }
    Ok(())
}
