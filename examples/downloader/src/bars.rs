//! The progress bars: one for each file that is being downloaded, and one for all files.
//!
//! If standard error is not a terminal, nothing is drawn, and only the lines of [`Bars::say`]
//! appear.

use indicatif::{MultiProgress, ProgressBar, ProgressFinish, ProgressStyle};

/// All progress bars.
pub(crate) struct Bars {
    all: MultiProgress,
    files: ProgressBar,
}

impl Bars {
    /// Draws the bar for all files.
    pub(crate) fn new(files: u64) -> Self {
        let all = MultiProgress::new();
        let files = all.add(ProgressBar::new(files));
        files.set_style(style("{wide_bar} {pos}/{len} files"));
        files.tick(); // Draws it.
        Self { all, files }
    }

    /// Draws the bar of a file. It vanishes when the download ends, or is dropped.
    pub(crate) fn begin(&self, file: &str) -> ProgressBar {
        let bar = ProgressBar::no_length()
            .with_message(file.to_owned())
            .with_finish(ProgressFinish::AndClear);
        let bar = self.all.insert_before(&self.files, bar);
        bar.set_style(style(
            "{msg:30!} {wide_bar} {bytes}/{total_bytes} {bytes_per_sec:>12}",
        ));
        bar
    }

    /// Prints a line above the bars.
    pub(crate) fn say(&self, line: &str) {
        self.all.suspend(|| println!("{line}"));
    }

    /// Counts a file that needs no more work.
    pub(crate) fn count(&self) {
        self.files.inc(1);
    }

    /// Removes the bar for all files.
    pub(crate) fn end(&self) {
        self.files.finish_and_clear();
    }
}

fn style(template: &str) -> ProgressStyle {
    ProgressStyle::with_template(template).expect("the template is correct")
}
