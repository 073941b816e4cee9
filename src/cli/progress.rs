//! A bar for work that a person waits for.

use indicatif::{ProgressBar, ProgressStyle};

/// The rebuild of a catalog. Shown on a terminal only, and only once there is something to do.
#[derive(Debug, Default)]
pub(super) struct Rebuild {
    bar: Option<ProgressBar>,
}

impl Rebuild {
    /// Shows how far it is.
    pub(super) fn show(&mut self, done: u64, of: u64) {
        let bar = self.bar.get_or_insert_with(|| {
            let look = "rebuilding the catalog {bar:30} {pos}/{len} segments, {eta} left";
            let style =
                ProgressStyle::with_template(look).unwrap_or_else(|_| ProgressStyle::default_bar());
            ProgressBar::new(of).with_style(style)
        });
        bar.set_length(of);
        bar.set_position(done);
        if done >= of {
            bar.finish_and_clear();
        }
    }
}
