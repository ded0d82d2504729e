//! What is said on the terminal: lines that stay, and one that is written over.

use std::io::{IsTerminal as _, Write as _, stdout};
use std::net::SocketAddr;

/// The terminal, or a file in its place.
pub struct Console {
    terminal: bool,
    open: bool,
}

impl Console {
    /// Standard output.
    pub fn new() -> Console {
        Console { terminal: stdout().is_terminal(), open: false }
    }

    /// A line that stays.
    pub fn say(&mut self, line: &str) {
        let clear = if self.open { "\r\x1b[K" } else { "" };
        self.open = false;
        // Who closed the pipe does not want to know.
        let _ = writeln!(stdout(), "{clear}{line}");
    }

    /// The line that is written over. In a file each would stay, so there only every so many are written.
    pub fn status(&mut self, line: &str, turn: u64) {
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
}
