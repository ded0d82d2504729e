//! How far long work is: a bar on a terminal, a line now and then elsewhere.

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
    begun: Instant,
    told: Option<Instant>,
    open: bool,
}

impl Progress {
    /// Of such things, as in "L1 block 7 of 9".
    pub fn new(what: &'static str) -> Progress {
        Progress { what, is_terminal: stderr().is_terminal(), begun: Instant::now(), told: None, open: false }
    }

    /// So many of so many are done. The last is always told.
    pub fn at(&mut self, done: u64, all: u64) {
        let every = if self.is_terminal { PICTURE } else { LINE };
        if done < all && self.told.is_some_and(|told| told.elapsed() < every) {
            return;
        }
        self.told = Some(Instant::now());
        let line = line(self.what, done, all, self.begun.elapsed());
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

fn line(what: &str, done: u64, all: u64, spent: Duration) -> String {
    let full = (WIDTH * done.min(all)).checked_div(all).unwrap_or(WIDTH);
    let bar = format!("{}{}", "#".repeat(full as usize), ".".repeat((WIDTH - full) as usize));
    let left = match done {
        0 => None,
        _ => Some(spent.as_secs().saturating_mul(all.saturating_sub(done)) / done),
    };
    let left = left.filter(|left| *left > 0).map_or_else(String::new, |left| format!(", about {left} s left"));
    format!("[{bar}] {what} {done} of {all}{left}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bar_fills_and_says_what_is_left() {
        let at = |done, all, seconds| line("batch", done, all, Duration::from_secs(seconds));
        assert_eq!(at(0, 4, 9), format!("[{}] batch 0 of 4", ".".repeat(30)));
        assert_eq!(at(1, 3, 10), format!("[{}{}] batch 1 of 3, about 20 s left", "#".repeat(10), ".".repeat(20)));
        assert_eq!(at(3, 3, 10), format!("[{}] batch 3 of 3", "#".repeat(30)));
        assert_eq!(at(0, 0, 0), format!("[{}] batch 0 of 0", "#".repeat(30)), "nothing to do is done");
    }
}
