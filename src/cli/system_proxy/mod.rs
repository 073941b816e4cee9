//! `wiretape system-proxy on|off|status`: the desktop's own setting, by the desktop's own command.
//!
//! Without `--yes` it only prints what it would run. `on` keeps what was there in the home, `off`
//! restores it.

mod desktop;

use std::{
    collections::BTreeMap, fs, net::SocketAddr, path::Path, process::Command, process::ExitCode,
};

use anyhow::{Context as _, bail};

use self::desktop::{Desktop, Setting};
use super::{
    Ctx,
    args::{SystemProxyAction, SystemProxyArgs},
    output::style,
    shell::shown,
};

/// Where `record` listens unless told otherwise (faces.md).
pub(super) const DEFAULT_PROXY: SocketAddr =
    SocketAddr::new(std::net::IpAddr::V4(std::net::Ipv4Addr::LOCALHOST), 7070);
/// What was there before `on`, in the home.
const KEPT: &str = "system-proxy.json";

/// Runs the verb.
pub(super) fn run(args: SystemProxyArgs, ctx: &mut Ctx) -> anyhow::Result<ExitCode> {
    let Some(desktop) = Desktop::here(&|name| std::env::var(name).ok()) else {
        bail!(
            "this desktop's proxy setting is not known here (macOS, GNOME, KDE and Windows are)\n\
             hint: set the HTTP and HTTPS proxy to {DEFAULT_PROXY} by hand, or the automatic \
             configuration URL to http://{DEFAULT_PROXY}/proxy.pac"
        );
    };
    let settings = desktop.settings(DEFAULT_PROXY);
    let home = ctx.open_home()?;
    let kept = home.root().join(KEPT);
    match args.action {
        SystemProxyAction::Status => status(&settings, ctx)?,
        SystemProxyAction::On => {
            if args.yes && !kept.exists() {
                keep(&settings, &kept)?;
            }
            let wanted = settings.iter().map(|setting| setting.on.clone()).collect();
            apply(&settings, wanted, args.yes, ctx)?;
        }
        SystemProxyAction::Off => {
            let before = restored(&kept)?;
            let value = |setting: &Setting| before.get(setting.name).cloned();
            let off = |setting: &Setting| value(setting).unwrap_or_else(|| setting.off.to_owned());
            // In the opposite order, so that the switch is off before its address goes.
            let settings: Vec<_> = settings.into_iter().rev().collect();
            let wanted = settings.iter().map(off).collect();
            apply(&settings, wanted, args.yes, ctx)?;
            if args.yes && kept.exists() {
                fs::remove_file(&kept)
                    .with_context(|| format!("cannot remove {}", kept.display()))?;
            }
        }
    }
    Ok(ExitCode::SUCCESS)
}

fn status(settings: &[Setting], ctx: &mut Ctx) -> anyhow::Result<()> {
    for setting in settings {
        let value = setting.parse(&output_of(&setting.read)?);
        let here = if value == setting.on { "  (wiretape)" } else { "" };
        let name = ctx.out.paint(style::HEADING, format!("{:<14}", setting.name));
        ctx.out.line(format_args!("{name} {value}{here}"))?;
    }
    Ok(())
}

fn keep(settings: &[Setting], file: &Path) -> anyhow::Result<()> {
    let mut before = BTreeMap::new();
    for setting in settings {
        before.insert(setting.name, setting.parse(&output_of(&setting.read)?));
    }
    fs::write(file, serde_json::to_vec_pretty(&before)?)
        .with_context(|| format!("cannot keep the present setting in {}", file.display()))
}

fn restored(file: &Path) -> anyhow::Result<BTreeMap<String, String>> {
    match fs::read(file) {
        Ok(bytes) => serde_json::from_slice(&bytes).with_context(|| {
            format!("{} is not what wiretape wrote\nhint: remove it", file.display())
        }),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(BTreeMap::new()),
        Err(error) => Err(error).with_context(|| format!("cannot read {}", file.display())),
    }
}

/// Prints the commands, and runs them if that was asked for.
fn apply(
    settings: &[Setting],
    wanted: Vec<String>,
    yes: bool,
    ctx: &mut Ctx,
) -> anyhow::Result<()> {
    for (setting, value) in settings.iter().zip(wanted) {
        for command in setting.commands(&value) {
            ctx.out.line(shown(&command))?;
            if yes {
                output_of(&command)?;
            }
        }
    }
    if !yes {
        ctx.out.talk("hint: add --yes to run this");
    }
    Ok(())
}

/// Runs a command of the system's and gives what it printed.
fn output_of(command: &[String]) -> anyhow::Result<String> {
    let (program, arguments) = command.split_first().context("a command has a program")?;
    let output = Command::new(program).args(arguments).output().with_context(|| {
        format!("cannot run `{program}`\nhint: is this the desktop's own session?")
    })?;
    if !output.status.success() {
        let said = String::from_utf8_lossy(&output.stderr);
        bail!("`{}` failed: {}", shown(command), said.trim());
    }
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}
