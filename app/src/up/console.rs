//! What is said on the terminal: lines that stay, and one that is written over.

use std::io::{IsTerminal as _, Write as _, stdout};
use std::net::SocketAddr;

use serde_json::Value;

/// The terminal, or a file in its place.
pub struct Console {
    json: bool,
    terminal: bool,
    open: bool,
}

impl Console {
    /// Standard output, read by a person or by a program.
    pub fn new(json: bool) -> Console {
        Console { json, terminal: stdout().is_terminal(), open: false }
    }

    /// An event, which only a program is told so.
    pub fn tell(&self, event: &Value) {
        if self.json {
            // Who closed the pipe does not want to know.
            let _ = writeln!(stdout(), "{event}");
        }
    }

    /// A line that stays.
    pub fn say(&mut self, line: &str) {
        if self.json {
            return;
        }
        let clear = if self.open { "\r\x1b[K" } else { "" };
        self.open = false;
        // Who closed the pipe does not want to know.
        let _ = writeln!(stdout(), "{clear}{line}");
    }

    /// The line that is written over. In a file each would stay, so there only every so many are written.
    pub fn status(&mut self, line: &str, turn: u64) {
        if self.json {
            return;
        }
        if self.terminal {
            self.open = true;
            let _ = write!(stdout(), "\r\x1b[K{line}").and_then(|()| stdout().flush());
        } else if turn.is_multiple_of(5) {
            let _ = writeln!(stdout(), "{line}");
        }
    }

    /// Something to try.
    pub fn example(&mut self, api: &SocketAddr) {
        self.say(&format!("try          curl -s http://{api}/v1/markets/0/book?levels=5"));
        self.say(&format!(
            "             curl -s -X POST 'http://{api}/faucet?owner=0x00000000000000000000000000000000000000aa'"
        ));
    }

    /// An order to try.
    pub fn order(&mut self, command: &str) {
        self.say(&format!("order        {command}"));
    }
}
