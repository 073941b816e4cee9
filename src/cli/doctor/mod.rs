//! `wiretape doctor [CLIENT]`: what this machine and its clients need, each with its remedy.

mod checks;
mod clients;

use std::{path::Path, process::ExitCode};

use anyhow::bail;

use self::{
    checks::Verdict,
    clients::{CLIENTS, Client},
};
use super::{
    Ctx,
    args::DoctorArgs,
    output::style,
    trust::{self, Filling, Kind},
};
use crate::tls::Authority;

/// How a client's traffic comes to us.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Way {
    /// `wiretape run -- CMD`.
    Run,
    /// The proxy port, set by hand.
    Forward,
    /// A `--target` and its URL.
    Reverse,
    /// The system's proxy setting and trust store.
    System,
    /// Part of it passes no machine of yours.
    Nowhere,
}

impl Way {
    fn told(self) -> &'static str {
        match self {
            Self::Run => "wiretape run -- CMD",
            Self::Forward => {
                "wiretape, and the client told to use http://127.0.0.1:7070 as its proxy"
            }
            Self::Reverse => "wiretape --target URL, and the client given the URL that it prints",
            Self::System => "wiretape system-proxy on and wiretape ca install",
            Self::Nowhere => "no local proxy can see it",
        }
    }
}

/// Runs the verb.
pub(super) fn run(args: &DoctorArgs, ctx: &mut Ctx) -> anyhow::Result<ExitCode> {
    if let Some(name) = &args.client {
        let Some(client) = clients::find(name) else {
            let known: Vec<_> = CLIENTS.iter().map(|client| client.key).collect();
            bail!("`{name}` is not a client that doctor knows\nhint: one of {}", known.join(", "));
        };
        return one(client, ctx);
    }
    let mut sound = true;
    for check in checks::all(ctx)? {
        sound &= check.verdict != Verdict::Bad;
        let (mark, look) = match check.verdict {
            Verdict::Good => ("ok  ", style::GOOD),
            Verdict::Note => ("note", style::WAITING),
            Verdict::Bad => ("BAD ", style::BAD),
        };
        let mark = ctx.out.paint(look, mark);
        ctx.out.line(format_args!("{mark} {:<18} {}", check.what, check.found))?;
        if let Some(remedy) = check.remedy {
            ctx.out.line(format_args!("     {:<18} hint: {remedy}", ""))?;
        }
    }
    ctx.out.line("")?;
    heading("Clients (`wiretape doctor CLIENT` for more)", ctx)?;
    for client in CLIENTS {
        let ways: Vec<_> = client.ways.iter().map(|way| short(*way)).collect();
        ctx.out.line(format_args!(
            "  {:<15} {:<30} {}",
            client.key,
            ways.join(", "),
            client.title
        ))?;
    }
    ctx.out.line("")?;
    heading(
        "Passed through unread (--intercept GLOB reads them, --tunnel GLOB adds to them)",
        ctx,
    )?;
    ctx.out.line(format_args!("  {}", crate::proxy::TUNNELED.join("  ")))?;
    Ok(if sound { ExitCode::SUCCESS } else { ExitCode::from(super::failure::code::FOUND) })
}

fn one(client: &Client, ctx: &mut Ctx) -> anyhow::Result<ExitCode> {
    heading(client.title, ctx)?;
    for (n, way) in client.ways.iter().enumerate() {
        let label = if n == 0 { "record it by" } else { "or by" };
        ctx.out.line(format_args!("  {label:<13} {}", way.told()))?;
    }
    for (label, text) in
        [("proxy", client.proxy), ("trust", client.trust), ("mind", client.caution)]
    {
        ctx.out.line(format_args!("  {label:<13} {text}"))?;
    }
    by_hand(client, ctx)?;
    Ok(ExitCode::SUCCESS)
}

/// What to set and run where `wiretape run` is not the way: the client's text in `certs/`.
fn by_hand(client: &Client, ctx: &mut Ctx) -> anyhow::Result<()> {
    let Some(text) = trust::of_client(client.key) else { return Ok(()) };
    let home = ctx.open_home()?;
    let authority = Authority::open(&home.certs())?;
    trust::write_bundle(&authority, &home)?;
    let filling = Filling::of(&authority, &home);
    ctx.out.line(format_args!("  {:<13} {}", "by hand", trust::whom(text)))?;
    for section in trust::sections(text, Path::exists) {
        ctx.out.line("")?;
        let title = match section.kind {
            Kind::Check => "To see whether it works",
            Kind::Env => "Its environment, where you set it by hand",
            Kind::Install => "To make it trust the authority",
            Kind::Note => "Notes",
            Kind::Uninstall => "To undo that",
        };
        heading(title, ctx)?;
        for line in section.lines {
            let line = match section.kind {
                Kind::Env => filling.variable(line),
                Kind::Note => filling.prose(line),
                Kind::Check | Kind::Install | Kind::Uninstall => filling.command(line),
            };
            ctx.out.line(format_args!("  {line}"))?;
        }
    }
    Ok(())
}

fn heading(text: &str, ctx: &mut Ctx) -> anyhow::Result<()> {
    let text = ctx.out.paint(style::HEADING, text);
    Ok(ctx.out.line(text)?)
}

fn short(way: Way) -> &'static str {
    match way {
        Way::Run => "run",
        Way::Forward => "forward",
        Way::Reverse => "reverse",
        Way::System => "system proxy",
        Way::Nowhere => "not visible here",
    }
}
