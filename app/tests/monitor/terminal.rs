//! The binary on a real terminal: a pseudo-terminal of `script`, of a size that is set, with keys that are typed. What a person would see is
//! compared as text, and the terminal is afterwards what it was before.

use std::io::{Read as _, Write as _};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use super::{expect, node};

/// Longer than any picture on a busy machine.
const PATIENCE: Duration = Duration::from_secs(30);

/// What has come out of the terminal, and what can be typed into it.
struct Terminal {
    child: Child,
    keys: Option<ChildStdin>,
    said: Arc<Mutex<Vec<u8>>>,
    size: (usize, usize),
}

impl Terminal {
    /// Runs a command of the shell on a terminal of this many columns and lines.
    fn run(command: &str, (columns, lines): (usize, usize)) -> Terminal {
        let command = format!("stty cols {columns} rows {lines}; {command}");
        let mut script = Command::new("script");
        script.args(["--quiet", "--flush", "--return", "--command", &command, "/dev/null"]);
        let mut child = script.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().expect("script runs");
        let (keys, mut out) = (child.stdin.take(), child.stdout.take().expect("piped"));
        let said = Arc::<Mutex<Vec<u8>>>::default();
        let kept = said.clone();
        std::thread::spawn(move || {
            let mut some = [0; 4_096];
            while let Ok(read @ 1..) = out.read(&mut some) {
                kept.lock().unwrap_or_else(PoisonError::into_inner).extend(&some[..read]);
            }
        });
        Terminal { child, keys, said, size: (columns, lines) }
    }

    fn said(&self) -> String {
        String::from_utf8_lossy(&self.said.lock().unwrap_or_else(PoisonError::into_inner)).into_owned()
    }

    fn press(&mut self, keys: &str) {
        let typed = self.keys.as_mut().expect("it is open");
        typed.write_all(keys.as_bytes()).and_then(|()| typed.flush()).expect("the terminal takes keys");
    }

    /// The picture once it has all of these words.
    #[track_caller]
    fn until(&self, words: &[&str]) -> String {
        let begun = Instant::now();
        loop {
            let picture = seen(&self.said(), self.size);
            if words.iter().all(|word| picture.contains(word)) {
                // Of a picture that is still being drawn there would be a part; but for the clock in its first line it stands still then.
                std::thread::sleep(Duration::from_millis(200));
                let after = seen(&self.said(), self.size);
                if after.lines().skip(1).eq(picture.lines().skip(1)) {
                    return after;
                }
            }
            assert!(begun.elapsed() < PATIENCE, "no {words:?} in\n{picture}");
            std::thread::sleep(Duration::from_millis(50));
        }
    }

    /// What is said once the command has ended.
    fn ended(mut self) -> (Option<i32>, String) {
        let begun = Instant::now();
        let status = loop {
            if let Some(status) = self.child.try_wait().expect("waits") {
                break status;
            }
            assert!(begun.elapsed() < PATIENCE, "it does not end: {}", self.said());
            std::thread::sleep(Duration::from_millis(50));
        };
        std::thread::sleep(Duration::from_millis(100));
        (status.code(), self.said())
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        // Where an assertion failed before it ended.
        let _ = self.child.kill();
    }
}

/// The screen as it stands after everything that was written to it: of the sequences, those that move and clear; colours are left out.
fn seen(said: &str, (columns, lines): (usize, usize)) -> String {
    let mut cells = vec![vec![' '; columns]; lines];
    let (mut x, mut y) = (0, 0);
    let mut letters = said.chars().peekable();
    while let Some(letter) = letters.next() {
        match letter {
            '\x1b' if letters.peek() == Some(&'[') => {
                letters.next();
                let mut numbers = String::new();
                let last = loop {
                    match letters.next() {
                        Some(end @ '@'..='~') => break end,
                        Some(part) => numbers.push(part),
                        None => break ' ',
                    }
                };
                let number = |at: usize| numbers.split(';').nth(at).and_then(|text| text.parse::<usize>().ok());
                match last {
                    'H' => (y, x) = (number(0).unwrap_or(1).max(1) - 1, number(1).unwrap_or(1).max(1) - 1),
                    'J' => cells = vec![vec![' '; columns]; lines],
                    'K' => {
                        if let Some(line) = cells.get_mut(y) {
                            line.iter_mut().skip(x).for_each(|cell| *cell = ' ');
                        }
                    }
                    _ => {}
                }
            }
            '\r' => x = 0,
            '\n' => y += 1,
            letter if !letter.is_control() => {
                if let Some(cell) = cells.get_mut(y).and_then(|line| line.get_mut(x)) {
                    *cell = letter;
                }
                x += 1;
            }
            _ => {}
        }
    }
    cells.iter().map(|line| line.iter().collect::<String>().trim_end().to_owned() + "\n").collect()
}

/// A picture without what differs from run to run: the time of day and the node's port.
fn masked(picture: &str, url: &str) -> String {
    let port = url.rsplit(':').next().unwrap_or_default();
    let mut text = picture.replace(url, &url.replace(port, &"0".repeat(port.len())));
    if let Some(at) = text.lines().next().and_then(|line| line.find(" UTC")) {
        text.replace_range(at - 8..at, "00:00:00");
    }
    text
}

fn is_here() -> bool {
    let answers = |tool: &str| Command::new(tool).arg("--version").stdout(Stdio::null()).status().is_ok();
    answers("script") && answers("stty")
}

#[test]
fn the_binary_is_driven_on_a_real_terminal_and_leaves_it_as_it_was() {
    if !is_here() {
        return println!("skipped: monitor-terminal: `script` of util-linux or `stty` is not here");
    }
    // One leaves by its key, the other by the interrupt.
    for (size, leave) in [((80, 24), "q"), ((200, 50), "\x03")] {
        let url = format!("http://{}", node());
        let name = |screen: &str| format!("terminal-{screen}-{}x{}", size.0, size.1);
        let binary = env!("CARGO_BIN_EXE_ashlar");
        let command = format!("{binary} monitor --url {url}; echo ended with $?; stty -a");
        let mut terminal = Terminal::run(&command, size);
        let overview = terminal.until(&["live", "ETH/USDC", "published", "5  0/s"]);
        expect(&name("overview"), &masked(&overview, &url));
        terminal.press("3");
        let batches = terminal.until(&["Batch 0:", "Batches, with the L1 block"]);
        expect(&name("batches"), &masked(&batches, &url));
        terminal.press("/zzz");
        terminal.until(&["Only rows with: zzz_", "No row has “zzz”"]);
        terminal.press("\n8");
        terminal.until(&["What waits", "commands not proven"]);
        terminal.press("9");
        terminal.until(&["--admin and --token-file"]);
        terminal.press("?");
        expect(&name("help"), &masked(&terminal.until(&["another screen", "The monitor only reads"]), &url));
        terminal.press(leave);
        let (code, said) = terminal.ended();
        assert_eq!(code, Some(0), "{said}");
        let (drawn, after) = said.rsplit_once("\x1b[?1049l").expect("it leaves the screen that it drew on");
        assert!(drawn.contains("\x1b[?1049h"), "it drew on a screen of its own");
        assert!(said.rfind("\x1b[?25h") > said.rfind("\x1b[?25l"), "the cursor is shown again");
        assert!(after.contains("ended with 0"), "{after}");
        let words: Vec<&str> = after.split([' ', ';', '\r', '\n']).collect();
        for mode in ["icanon", "echo", "isig", "opost"] {
            assert!(words.contains(&mode), "{mode} is on again: {after}");
        }
    }
}
