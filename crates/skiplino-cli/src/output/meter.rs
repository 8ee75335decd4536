//! How far a long command is: a bar on a terminal, a line now and then elsewhere.

use std::fmt;
use std::io::{self, IsTerminal as _, Write as _};
use std::time::{Duration, Instant};

use super::printable;
use indicatif::{HumanCount, HumanDuration, ProgressBar, ProgressDrawTarget, ProgressStyle};

/// On standard error, because standard output is for what was asked for.
pub(crate) struct Meter {
    bar: Option<ProgressBar>,
    what: &'static str,
    started: Instant,
    said: Instant,
    /// Records that a run before had done: they say nothing of the rate.
    skipped: u64,
}

impl Meter {
    /// Between two lines where there is no terminal.
    const EVERY: Duration = Duration::from_secs(10);

    /// A meter of records called `what`.
    pub(crate) fn new(what: &'static str) -> Self {
        let terminal = io::stderr().is_terminal();
        let bar = terminal.then(|| {
            let bar = ProgressBar::with_draw_target(None, ProgressDrawTarget::stderr());
            bar.set_style(ProgressStyle::default_spinner());
            bar
        });
        Self {
            bar,
            what,
            started: Instant::now(),
            said: Instant::now(),
            skipped: 0,
        }
    }

    /// So many records are done without having taken any time.
    pub(crate) fn skip(&mut self) {
        self.skipped += 1;
    }

    /// So many records are done, which is `part` of `whole`, where that is known.
    pub(crate) fn set(&mut self, records: u64, part: u64, whole: Option<u64>) {
        let text = || self.text(records, part, whole);
        if let Some(bar) = &self.bar {
            if bar.length() != whole {
                let style = ProgressStyle::with_template("{bar:24} {percent:>3}%  {msg}");
                if let (Ok(style), Some(whole)) = (style, whole) {
                    bar.set_style(style);
                    bar.set_length(whole);
                }
            }
            bar.set_position(part);
            bar.set_message(text());
        } else if self.said.elapsed() >= Self::EVERY {
            let text = text();
            self.said = Instant::now();
            self.note(text);
        }
    }

    fn text(&self, records: u64, part: u64, whole: Option<u64>) -> String {
        let elapsed = self.started.elapsed().as_secs_f64().max(0.001);
        let rate = records.saturating_sub(self.skipped) as f64 / elapsed;
        let mut text = format!("{} {}, {rate:.0} a second", HumanCount(records), self.what);
        if let Some(whole) = whole.filter(|_| part > 0 && rate > 0.0) {
            let all = records as f64 * whole as f64 / part as f64;
            let left = Duration::try_from_secs_f64((all - records as f64) / rate);
            let left = HumanDuration(left.unwrap_or(Duration::MAX));
            text.push_str(&format!(", {left} left"));
        }
        text
    }

    /// A remark that the bar does not write over.
    pub(crate) fn note(&self, text: impl fmt::Display) {
        let say = || {
            let _ = writeln!(io::stderr(), "{}", printable(&text.to_string()));
        };
        match &self.bar {
            Some(bar) => bar.suspend(say),
            None => say(),
        }
    }

    /// Takes the bar away.
    pub(crate) fn finish(&self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }
}

impl Drop for Meter {
    fn drop(&mut self) {
        self.finish();
    }
}
