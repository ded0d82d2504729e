//! A program of somebody else's, run to its end or until it is no longer wanted.
//!
//! 1. What it started ends with it, and all of it ends when this process does, however that is: nothing is left that proves for nobody.
//! 2. What it prints is bounded before it is kept.

use std::collections::VecDeque;
use std::io::{self, Read, Write};
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::path::Path;
use std::process::{Child, ChildStdin, Command, ExitStatus, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
use std::thread;
use std::time::{Duration, Instant};

use ashlar_guest_worker::memory;
use ashlar_prover_wire::{ADDRESS_VARIABLE, Failure, FailureKind, TOKEN_VARIABLE, Watch};

/// Between two looks at whether it has ended or is no longer wanted.
const LOOK: Duration = Duration::from_millis(50);
/// Between two signs of progress.
const SAY: Duration = Duration::from_millis(250);
/// How long its last words are waited for where something that it started keeps its output open.
const LAST_WORDS: Duration = Duration::from_secs(1);
/// Bytes of a line; what is behind them is not kept.
const LINE_BYTES_MAX: usize = 512;
/// Lines that a failure is explained with, and bytes of those: what fits what a failure may say.
const LINES_KEPT: usize = 8;
const SAID_BYTES_MAX: usize = 700;

/// How a program ended.
#[derive(Debug)]
pub struct Ended {
    pub status: ExitStatus,
    /// Its last lines.
    pub said: String,
    /// The most bytes of memory that were seen to be held by it, without what it started.
    pub peak_bytes: u64,
}

impl Ended {
    /// What happened, if it was no success.
    pub fn check(&self, name: &str) -> Result<(), Failure> {
        const KILLED: i32 = 9;
        let said = if self.said.is_empty() { "it said nothing" } else { self.said.as_str() };
        match self.status {
            status if status.success() => Ok(()),
            // Nobody here has killed it, so the system has, which has one reason to.
            status if status.signal() == Some(KILLED) => {
                let why = format!("{name} was killed, as is what takes more memory than there is: {said}");
                Err(Failure::new(FailureKind::TooLarge, why))
            }
            status => Err(Failure::new(FailureKind::Backend, format!("{name} ended with {status}: {said}"))),
        }
    }
}

/// Runs a command in a folder. What it says is progress of the stage.
pub fn run(command: &mut Command, folder: &Path, stage: &str, watch: &Watch) -> Result<Ended, Failure> {
    watch.check()?;
    let failed = |what: &str, error: io::Error| Failure::new(FailureKind::Backend, format!("{stage}: {what}: {error}"));
    command.current_dir(folder).process_group(0);
    // It is none of those who know the token.
    command.env_remove(TOKEN_VARIABLE).env_remove(ADDRESS_VARIABLE);
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child =
        command.spawn().map_err(|error| failed(&format!("starting {}", command.get_program().display()), error))?;
    let guard = Guard::over(child.id(), folder).inspect_err(|_| {
        let _ = child.kill();
        let _ = child.wait();
    });
    let guard = guard.map_err(|error| failed("starting a shell that ends it with this process", error))?;
    let lines = listen(&mut child);
    let (mut said, mut peak_bytes) = (Said::new(stage), 0);
    let status = loop {
        if watch.is_cancelled() {
            guard.strike(false);
            let _ = child.kill();
            let _ = child.wait();
            return Err(Failure::new(FailureKind::Cancelled, format!("{stage}: the result is no longer wanted")));
        }
        match lines.recv_timeout(LOOK) {
            Ok(line) => said.hear(line),
            Err(RecvTimeoutError::Timeout) => {}
            Err(RecvTimeoutError::Disconnected) => thread::sleep(LOOK),
        }
        said.pass_on(watch);
        peak_bytes = peak_bytes.max(memory::peak_bytes_of(child.id()));
        if let Some(status) = child.try_wait().map_err(|error| failed("waiting for it", error))? {
            break status;
        }
    };
    guard.strike(true);
    let deadline = Instant::now() + LAST_WORDS;
    while let Ok(line) = lines.recv_timeout(deadline.saturating_duration_since(Instant::now())) {
        said.hear(line);
    }
    Ok(Ended { status, said: said.last(), peak_bytes })
}

/// A shell that waits on a pipe, and kills a process group once nobody can write to it any more. The system closes this process's end whatever happens to it,
/// also where it is killed itself; no promise of this process's could do that.
struct Guard {
    shell: Child,
    pipe: Option<ChildStdin>,
}

impl Guard {
    /// Without a word before its end, the folder goes too.
    const SCRIPT: &str = r#"read -r word; kill -s KILL -- "-$1"; [ "$word" = keep ] || rm -rf -- "$2""#;

    fn over(group: u32, folder: &Path) -> io::Result<Guard> {
        let mut command = Command::new("/bin/sh");
        command.args(["-c", Self::SCRIPT, "guard", &group.to_string()]).arg(folder);
        // In a group of its own, so that what ends this process's group does not end it.
        command.process_group(0).stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null());
        command.env_remove(TOKEN_VARIABLE);
        let mut shell = command.spawn()?;
        let pipe = shell.stdin.take();
        Ok(Guard { shell, pipe })
    }

    /// Kills what is left of the group.
    fn strike(mut self, keep_folder: bool) {
        if let Some(mut pipe) = self.pipe.take().filter(|_| keep_folder) {
            let _ = pipe.write_all(b"keep\n");
        }
        let _ = self.shell.wait();
    }
}

/// Lines of both of its outputs.
fn listen(child: &mut Child) -> Receiver<String> {
    // Whoever prints faster than it is read waits.
    let (sender, lines) = sync_channel(64);
    let outputs: [Option<Box<dyn Read + Send>>; 2] = [
        child.stdout.take().map(|output| Box::new(output) as _),
        child.stderr.take().map(|output| Box::new(output) as _),
    ];
    for output in outputs.into_iter().flatten() {
        let sender = sender.clone();
        thread::spawn(move || split(output, &sender));
    }
    lines
}

fn split(mut output: impl Read, lines: &SyncSender<String>) {
    let (mut line, mut chunk) = (Vec::new(), [0; 1 << 12]);
    loop {
        let read = output.read(&mut chunk).unwrap_or(0);
        for byte in chunk.iter().take(read) {
            let ends = matches!(byte, b'\n' | b'\r');
            if ends && lines.send(plain(&std::mem::take(&mut line))).is_err() {
                return;
            }
            if !ends && line.len() < LINE_BYTES_MAX {
                line.push(*byte);
            }
        }
        if read == 0 {
            let _ = lines.send(plain(&line));
            return;
        }
    }
}

/// The letters of a line, without what colours a terminal.
fn plain(line: &[u8]) -> String {
    let line = String::from_utf8_lossy(line);
    let (mut text, mut letters) = (String::new(), line.chars());
    while let Some(letter) = letters.next() {
        if letter == '\u{1b}' {
            // ESC, an opening bracket, and what ends with a letter.
            if letters.next() == Some('[') {
                letters.by_ref().find(|letter| matches!(letter, '@'..='~'));
            }
        } else if !letter.is_control() {
            text.push(letter);
        }
    }
    // What was no text has become longer than it was.
    text.truncate(text.floor_char_boundary(LINE_BYTES_MAX));
    text.trim().to_owned()
}

/// What a program has said.
struct Said<'a> {
    stage: &'a str,
    lines: VecDeque<String>,
    /// Whether the last line was not passed on yet.
    is_new: bool,
    passed_on: Instant,
}

impl Said<'_> {
    fn new(stage: &str) -> Said<'_> {
        // The first sign of progress says that it has begun.
        let passed_on = Instant::now().checked_sub(SAY).unwrap_or_else(Instant::now);
        Said { stage, lines: VecDeque::new(), is_new: true, passed_on }
    }

    fn hear(&mut self, line: String) {
        if !line.is_empty() {
            self.lines.truncate(LINES_KEPT - 1);
            self.lines.push_front(line);
            self.is_new = true;
        }
    }

    fn pass_on(&mut self, watch: &Watch) {
        if self.is_new && self.passed_on.elapsed() >= SAY {
            let line = self.lines.front().map_or(String::new(), |line| format!(": {line}"));
            watch.progress(0, 0, &format!("{}{line}", self.stage));
            (self.is_new, self.passed_on) = (false, Instant::now());
        }
    }

    /// The last lines in their order, as many as fit.
    fn last(&self) -> String {
        let mut room = SAID_BYTES_MAX;
        let fit = self.lines.iter().take_while(|line| {
            let fits = line.len() + 3 <= room;
            room = room.saturating_sub(line.len() + 3);
            fits
        });
        let mut lines: Vec<_> = fit.map(String::as_str).collect();
        lines.reverse();
        lines.join(" | ")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::folder::Folder;

    fn shell(script: &str) -> Result<Ended, Failure> {
        let folder = Folder::new(&std::env::temp_dir()).unwrap();
        run(Command::new("/bin/sh").args(["-c", script]), folder.path(), "testing", &Watch::unwatched())
    }

    #[test]
    fn colours_and_what_is_no_letter_are_left_out() {
        assert_eq!(plain(b"\x1b[38;2;10;191;131m  ZisK\x1b[0m\x07 1.4 \x1b"), "ZisK 1.4");
        assert_eq!(plain(b"\xff\xc3\xa9"), "\u{fffd}\u{e9}");
    }

    #[test]
    fn a_failure_says_how_it_ended_and_what_was_said_last() {
        let ended = shell("echo one; echo two >&2; sleep 0.1; printf three; exit 3").unwrap();
        let failure = ended.check("it").unwrap_err();
        assert_eq!(failure.kind, FailureKind::Backend);
        assert!(failure.detail.contains("exit status: 3") && failure.detail.ends_with("three"), "{failure}");
        assert!(failure.detail.contains("one") && failure.detail.contains("two"), "{failure}");
        let killed = shell("kill -KILL $$").unwrap().check("it").unwrap_err();
        assert_eq!(killed.kind, FailureKind::TooLarge, "{killed}");
        assert!(shell("exit 0").unwrap().check("it").is_ok());
    }

    #[test]
    fn what_is_printed_is_bounded() {
        let ended =
            shell("head -c 3000000 /dev/zero | tr '\\0' x; for n in 1 2 3 4 5 6 7 8 9 10; do echo; seq 1000; done")
                .unwrap();
        assert!(
            ended.status.success() && ended.said.len() <= SAID_BYTES_MAX && ended.said.ends_with("1000"),
            "{ended:?}"
        );
    }

    #[test]
    fn what_it_leaves_running_ends_with_it() {
        let begun = Instant::now();
        let ended = shell("sleep 600 & echo $!").unwrap();
        assert!(begun.elapsed() < Duration::from_secs(60));
        let left = format!("/proc/{}", ended.said);
        assert!(!ended.said.is_empty());
        // Whoever has no parent any more is waited for by the system, which takes its time.
        let is_gone = || std::fs::read_to_string(format!("{left}/stat")).map_or(true, |stat| stat.contains(") Z"));
        assert!(
            (0..100).any(|_| {
                thread::sleep(LOOK);
                is_gone()
            }),
            "{left}"
        );
    }

    #[test]
    fn nobody_else_hears_the_token() {
        let mut command = Command::new("/bin/sh");
        command.args(["-c", "echo ${ASHLAR_PROVER_TOKEN-nothing}"]).env(TOKEN_VARIABLE, "secret");
        let folder = Folder::new(&std::env::temp_dir()).unwrap();
        let ended = run(&mut command, folder.path(), "testing", &Watch::unwatched()).unwrap();
        assert_eq!(ended.said, "nothing");
    }

    #[test]
    fn what_cannot_be_started_is_named() {
        let folder = Folder::new(&std::env::temp_dir()).unwrap();
        let failure =
            run(&mut Command::new("/nowhere/tool"), folder.path(), "testing", &Watch::unwatched()).unwrap_err();
        assert!(failure.detail.contains("/nowhere/tool"), "{failure}");
    }
}
