//! A panic while the screen is up: the terminal first, then a report, then what to say.

use std::{
    backtrace::Backtrace,
    fs, panic,
    path::{Path, PathBuf},
    sync::{Mutex, PoisonError},
    thread,
};

use crate::{
    cli::output::{Output, style},
    clock,
    tui::screen,
};

/// From now on a panic of any thread ends the UI; without one it is told as ever. To be called before
/// a catalog is opened: its own hook lies over this one then, and keeps back what it expects.
pub(super) fn report_into(folder: &Path, out: Output) {
    let folder = folder.to_owned();
    let out = Mutex::new(out);
    let before = panic::take_hook();
    panic::set_hook(Box::new(move |info| {
        if !screen::abandon() {
            return before(info);
        }
        let thread = thread::current();
        let name = thread.name().unwrap_or("unnamed");
        let backtrace = Backtrace::force_capture();
        let report = format!(
            "wiretape {}\nthread {name}: {info}\n\n{backtrace}\n",
            env!("CARGO_PKG_VERSION"),
        );
        let mut out = out.lock().unwrap_or_else(PoisonError::into_inner);
        let label = out.paint_talk(style::BAD, "error");
        let first = info.to_string();
        let first = first.replace('\n', ": ");
        out.talk(format_args!("{label}: wiretape broke in thread {name}: {first}"));
        match write(&folder, &report) {
            Ok(path) => out.talk(format_args!("  report: {}", path.display())),
            Err(_) => out.talk(report),
        }
        let label = out.paint_talk(style::GOOD, "hint");
        out.talk(format_args!(
            "{label}: this is a fault of wiretape's own; what was recorded is kept"
        ));
    }));
}

fn write(folder: &Path, report: &str) -> std::io::Result<PathBuf> {
    let path = folder.join(format!("panic-{}.txt", clock::now().0));
    fs::write(&path, report)?;
    Ok(path)
}
