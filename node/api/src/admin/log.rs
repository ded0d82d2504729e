use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::limits::{LOG_LINE_MAX, LOG_LINES_MAX};

/// What stands in the place of a secret.
const HIDDEN: &str = "(hidden)";

/// One line of the node's log.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct LogLine {
    /// When, in milliseconds since 1970.
    pub time: u64,
    /// `error`, `warn`, `info`, `debug` or `trace`.
    pub level: String,
    /// The part of the program that says it.
    pub target: String,
    /// What it says, with its values.
    pub text: String,
}

/// The last lines of the node's log: a ring that never holds more than its bound, and never tells a secret that it was told of.
#[derive(Clone, Debug, Default)]
pub struct Log(Arc<Mutex<Kept>>);

#[derive(Default)]
struct Kept {
    lines: VecDeque<LogLine>,
    secrets: Vec<String>,
}

impl std::fmt::Debug for Kept {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Kept").field("lines", &self.lines.len()).finish_non_exhaustive()
    }
}

impl Kept {
    /// A text without what is not told.
    fn told(&self, text: &str) -> String {
        without_names(&self.secrets.iter().fold(text.to_owned(), |text, secret| text.replace(secret, HIDDEN)))
    }
}

impl Log {
    /// Takes a line; the oldest goes when there are too many.
    pub fn push(&self, mut line: LogLine) {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if line.text.len() > LOG_LINE_MAX {
            // What is hidden is looked for as a whole, and a cut may go through it.
            line.text = kept.told(&line.text);
            let end = line.text.floor_char_boundary(LOG_LINE_MAX);
            if end < line.text.len() {
                line.text.truncate(end);
                line.text.push('…');
            }
        }
        if kept.lines.len() >= LOG_LINES_MAX {
            kept.lines.pop_front();
        }
        kept.lines.push_back(line);
    }

    /// From now on these letters are never told, whoever wrote them, before or after. What is too short to be a secret is not taken: it would
    /// make the log unreadable.
    pub fn hide(&self, secret: &str) {
        if secret.len() >= 8 {
            self.0.lock().unwrap_or_else(PoisonError::into_inner).secrets.push(secret.to_owned());
        }
    }

    /// The last lines, latest first; at most so many.
    pub fn last(&self, most: usize) -> Vec<LogLine> {
        let kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        // Some secrets become known only after they were said.
        let told = |line: &LogLine| LogLine { text: kept.told(&line.text), ..line.clone() };
        kept.lines.iter().rev().take(most).map(told).collect()
    }
}

/// Without what stands between `://` and `@` of an address: names and passwords are there, and some endpoints have keys there.
fn without_names(text: &str) -> String {
    let mut told = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("://") {
        told.push_str(before);
        told.push_str("://");
        let end = after.find(|letter: char| letter == '/' || letter.is_whitespace()).unwrap_or(after.len());
        let (host, more) = after.split_at(end);
        match host.rsplit_once('@') {
            Some((_, host)) => {
                told.push_str(HIDDEN);
                told.push('@');
                told.push_str(host);
            }
            None => told.push_str(host),
        }
        rest = more;
    }
    told.push_str(rest);
    told
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(text: &str) -> LogLine {
        LogLine { time: 1, level: "warn".into(), target: "ashlar".into(), text: text.into() }
    }

    #[test]
    fn a_ring_holds_the_last_lines_and_no_more() {
        let log = Log::default();
        for number in 0..LOG_LINES_MAX + 5 {
            log.push(line(&number.to_string()));
        }
        let all = log.last(usize::MAX);
        assert_eq!(all.len(), LOG_LINES_MAX);
        assert_eq!((all[0].text.as_str(), log.last(3).len()), ((LOG_LINES_MAX + 4).to_string().as_str(), 3));
        log.push(line(&"é".repeat(LOG_LINE_MAX)));
        let longest = &log.last(1)[0].text;
        assert!(longest.ends_with('…') && longest.len() <= LOG_LINE_MAX + '…'.len_utf8(), "a long line is cut");
    }

    #[test]
    fn a_secret_is_never_told_whenever_it_was_said() {
        let log = Log::default();
        log.push(line("the token is 0123456789abcdef, and so is it"));
        log.hide("0123456789abcdef");
        log.hide("a");
        log.push(line("0123456789abcdef again"));
        log.push(line("asking https://user:password@l1.example/v3 and http://b@c failed, http://plain/x did not"));
        let told: Vec<String> = log.last(3).into_iter().map(|line| line.text).collect();
        assert_eq!(told[2], "the token is (hidden), and so is it");
        assert_eq!(told[1], "(hidden) again");
        assert_eq!(
            told[0],
            "asking https://(hidden)@l1.example/v3 and http://(hidden)@c failed, http://plain/x did not"
        );
    }

    #[test]
    fn a_secret_that_is_cut_is_not_told_up_to_the_cut() {
        let log = Log::default();
        log.hide("0123456789abcdef");
        let long = |ends: &str| line(&format!("{}{ends}", "x".repeat(LOG_LINE_MAX - 12)));
        for ends in ["0123456789abcdef and more", "https://user:password@l1.example/v3"] {
            log.push(long(ends));
            let told = &log.last(1)[0].text;
            assert!(!told.contains("0123") && !told.contains("user"), "{told}");
            assert!(told.len() <= LOG_LINE_MAX + '…'.len_utf8(), "a long line is cut all the same");
        }
    }
}
