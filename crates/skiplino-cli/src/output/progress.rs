//! Progress of a long command: a bar on a terminal, a line every few seconds elsewhere.

use std::fmt;
use std::io::{self, IsTerminal as _, Write as _};
use std::time::{Duration, Instant};

use indicatif::{HumanCount, HumanDuration, ProgressBar, ProgressDrawTarget, ProgressStyle};

use skiplino_directory::printable;

/// Printed to standard error, because standard output is for the result.
pub(crate) struct Progress {
    bar: Option<ProgressBar>,
    noun: &'static str,
    started: Instant,
    last_printed: Instant,
    /// Records that an earlier run had done: they do not count for the rate.
    skipped: u64,
}

impl Progress {
    /// Between two lines, if there is no terminal.
    const LINE_INTERVAL: Duration = Duration::from_secs(10);

    /// The progress of records that are called `noun`.
    pub(crate) fn new(noun: &'static str) -> Self {
        let is_terminal = io::stderr().is_terminal();
        let bar = is_terminal.then(|| {
            let bar = ProgressBar::with_draw_target(None, ProgressDrawTarget::stderr());
            bar.set_style(ProgressStyle::default_spinner());
            bar
        });
        Self {
            bar,
            noun,
            started: Instant::now(),
            last_printed: Instant::now(),
            skipped: 0,
        }
    }

    /// Counts a record that took no time.
    pub(crate) fn skip_one(&mut self) {
        self.skipped += 1;
    }

    /// Shows the number of records, which are `done` of `total`, if the total is known.
    pub(crate) fn set(&mut self, records: u64, done: u64, total: Option<u64>) {
        let text = || self.text(records, done, total);
        if let Some(bar) = &self.bar {
            if bar.length() != total {
                let style = ProgressStyle::with_template("{bar:24} {percent:>3}%  {msg}");
                if let (Ok(style), Some(total)) = (style, total) {
                    bar.set_style(style);
                    bar.set_length(total);
                }
            }
            bar.set_position(done);
            bar.set_message(text());
        } else if self.last_printed.elapsed() >= Self::LINE_INTERVAL {
            let text = text();
            self.last_printed = Instant::now();
            self.note(text);
        }
    }

    fn text(&self, records: u64, done: u64, total: Option<u64>) -> String {
        let elapsed = self.started.elapsed().as_secs_f64().max(0.001);
        let rate = records.saturating_sub(self.skipped) as f64 / elapsed;
        let mut text = format!("{} {}, {rate:.0} a second", HumanCount(records), self.noun);
        if let Some(total) = total.filter(|_| done > 0 && rate > 0.0) {
            let all = records as f64 * total as f64 / done as f64;
            let left = Duration::try_from_secs_f64((all - records as f64) / rate);
            let left = HumanDuration(left.unwrap_or(Duration::MAX));
            text.push_str(&format!(", {left} left"));
        }
        text
    }

    /// Prints a note, which the bar does not overwrite.
    pub(crate) fn note(&self, text: impl fmt::Display) {
        let print = || {
            let _ = writeln!(io::stderr(), "{}", printable(&text.to_string()));
        };
        match &self.bar {
            Some(bar) => bar.suspend(print),
            None => print(),
        }
    }

    /// Removes the bar.
    pub(crate) fn finish(&self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.finish();
    }
}
