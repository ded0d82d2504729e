//! How far long work is, how fast it goes and how long it will take: a bar on a terminal, a line now and then elsewhere.

use std::io::{IsTerminal as _, Write as _, stderr};
use std::time::{Duration, Instant};

/// Between two pictures on a terminal, and between two lines in a file.
const PICTURE: Duration = Duration::from_millis(100);
const LINE: Duration = Duration::from_secs(5);
/// Of the bar.
const WIDTH: u64 = 30;

/// One piece of work.
pub struct Progress {
    what: &'static str,
    is_terminal: bool,
    /// How much was done when the first word came, and when: work that goes on from somewhere was not done in this time.
    begun: Option<(u64, Instant)>,
    told: Option<Instant>,
    open: bool,
}

impl Progress {
    /// Of such things, as in "L1 block 7 of 9".
    pub fn new(what: &'static str) -> Progress {
        Progress { what, is_terminal: stderr().is_terminal(), begun: None, told: None, open: false }
    }

    /// So many of so many are done. The last is always told.
    pub fn at(&mut self, done: u64, all: u64) {
        let every = if self.is_terminal { PICTURE } else { LINE };
        if done < all && self.told.is_some_and(|told| told.elapsed() < every) {
            return;
        }
        let now = Instant::now();
        self.told = Some(now);
        let (first, begun) = *self.begun.get_or_insert((done, now));
        let line = line(self.what, (first, done, all), begun.elapsed());
        // Who closed the pipe does not want to know.
        let _ = if self.is_terminal { write!(stderr(), "\r\x1b[K{line}") } else { writeln!(stderr(), "{line}") };
        self.open = self.is_terminal && done < all;
        if self.is_terminal && done >= all {
            let _ = writeln!(stderr());
        }
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        if self.open {
            let _ = writeln!(stderr());
        }
    }
}

fn line(what: &str, (first, done, all): (u64, u64, u64), spent: Duration) -> String {
    let full = (WIDTH * done.min(all)).checked_div(all).unwrap_or(WIDTH);
    let bar = format!("{}{}", "#".repeat(full as usize), ".".repeat((WIDTH - full) as usize));
    let (since, spent_ms) = (done.saturating_sub(first), u64::try_from(spent.as_millis()).unwrap_or(u64::MAX));
    if since == 0 || spent_ms == 0 {
        return format!("[{bar}] {what} {done} of {all}");
    }
    let tenths = since.saturating_mul(10_000) / spent_ms;
    let rate = if tenths < 100 { format!("{}.{}", tenths / 10, tenths % 10) } else { (tenths / 10).to_string() };
    let left = spent_ms.saturating_mul(all.saturating_sub(done)) / since / 1_000;
    let left = if left > 0 { format!(", about {left} s left") } else { String::new() };
    format!("[{bar}] {what} {done} of {all}, {rate} a second{left}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bar_fills_and_says_how_fast_and_what_is_left() {
        let at = |first, done, all, seconds| line("batch", (first, done, all), Duration::from_secs(seconds));
        let bar = |full: usize| format!("[{}{}]", "#".repeat(full), ".".repeat(30 - full));
        assert_eq!(at(0, 0, 4, 9), format!("{} batch 0 of 4", bar(0)));
        assert_eq!(at(0, 1, 3, 10), format!("{} batch 1 of 3, 0.1 a second, about 20 s left", bar(10)));
        assert_eq!(at(0, 3, 3, 10), format!("{} batch 3 of 3, 0.3 a second", bar(30)));
        assert_eq!(at(0, 0, 0, 0), format!("{} batch 0 of 0", bar(30)), "nothing to do is done");
        // What was there before says nothing about how fast it goes.
        assert_eq!(at(256, 256, 512, 5), format!("{} batch 256 of 512", bar(15)));
        assert_eq!(at(256, 384, 512, 4), format!("{} batch 384 of 512, 32 a second, about 4 s left", bar(22)));
    }
}
