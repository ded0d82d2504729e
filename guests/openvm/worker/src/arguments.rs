//! The command line.

use anyhow::Context;
use ashlar_guest_worker::{Help, OptionError, Options, Words, number, read};
use ashlar_openvm_machine::{Keys, SEGMENT_BYTES};

/// The program that this worker was built with, and the key with which proofs of it are checked.
pub const PROGRAM: &[u8] = include_bytes!("../../program.elf");
const KEY: &[u8] = include_bytes!("../../program.key");

pub const HELP: Help = Help {
    binary: "ashlar-openvm-worker",
    about: "Proves batches with OpenVM, for a coordinator.",
    usages: &[
        "[--connect ADDRESS --token-file FILE] [option...]",
        "--program-hash [--program FILE] [--key-out FILE]",
        "--verify-only [--key FILE] [--connect ADDRESS --token-file FILE]",
    ],
    options: "  --program-hash       print the program's name, which takes half a minute, and end
  --key-out FILE       with --program-hash: also write the key with which proofs are checked, whose SHA-256 the name is
  --verify-only        prove nothing and check joined proofs: it starts at once and needs little memory
  --key FILE           with --verify-only: check by this key; without it by the one that this worker was built with
  --cycles-max N       refuse what has more cycles; without it nothing is refused for that, since a proof takes memory by the segment
  --segment-mib N      cut segments before a proof of one is expected to take more memory than this; without it 2048",
};

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Task {
    Help,
    ProgramHash,
    Serve,
    Verify,
}

#[derive(Debug)]
pub struct Arguments {
    pub task: Task,
    pub options: Options,
    key: Option<String>,
    pub key_out: Option<String>,
    pub segment_bytes_max: usize,
}

impl Arguments {
    pub fn parse(words: impl Iterator<Item = String>) -> Result<Arguments, OptionError> {
        let mut words = Words::new(words);
        let mut arguments = Arguments {
            task: Task::Serve,
            options: Options::default(),
            key: None,
            key_out: None,
            segment_bytes_max: SEGMENT_BYTES,
        };
        while let Some(word) = words.next() {
            match word.as_str() {
                "--help" | "-h" => arguments.task = Task::Help,
                "--program-hash" => arguments.task = Task::ProgramHash,
                "--verify-only" => arguments.task = Task::Verify,
                "--key" => arguments.key = Some(words.value(&word)?),
                "--key-out" => arguments.key_out = Some(words.value(&word)?),
                "--segment-mib" => arguments.segment_bytes_max = mebibytes(&word, &words.value(&word)?)?,
                _ => arguments.options.take(&word, &mut words)?,
            }
        }
        arguments.check()?;
        Ok(arguments)
    }

    /// Whoever names a key, or a program, must not be answered by another one.
    fn check(&self) -> Result<(), OptionError> {
        let idle = |option, with| Err(OptionError::Idle { option, with });
        match self.task {
            Task::Help => Ok(()),
            task if self.key.is_some() && task != Task::Verify => idle("--key", "--verify-only"),
            task if self.key_out.is_some() && task != Task::ProgramHash => idle("--key-out", "--program-hash"),
            Task::Verify if self.options.program_file().is_some() => {
                idle("--program", "a prover; a verifier has a --key")
            }
            _ => Ok(()),
        }
    }

    /// The key of joined proofs.
    pub fn keys(&self) -> anyhow::Result<Keys> {
        match &self.key {
            Some(path) => Keys::read(&read("--key", path)?).with_context(|| path.clone()),
            None => Ok(Keys::read(KEY)?),
        }
    }
}

/// A size of memory, in bytes.
fn mebibytes(option: &str, value: &str) -> Result<usize, OptionError> {
    let bytes = number(option, value)?.checked_mul(1 << 20).and_then(|bytes| usize::try_from(bytes).ok());
    match bytes {
        None => Err(OptionError::value(option, value, "no machine has so much")),
        Some(0) => Err(OptionError::value(option, value, "no segment fits in that")),
        Some(bytes) => Ok(bytes),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(line: &str) -> Result<Arguments, OptionError> {
        Arguments::parse(line.split_whitespace().map(str::to_owned))
    }

    #[test]
    fn what_is_said_is_what_is_done() {
        let got = parse("--cycles-max 900_000 --segment-mib 2_048 --program elf").unwrap();
        assert_eq!((got.task, got.options.cycles_max, got.segment_bytes_max), (Task::Serve, Some(900_000), 2 << 30));
        assert_eq!(got.options.program_file(), Some("elf"));
        let got = parse("--program-hash --program elf --key-out key").unwrap();
        assert_eq!((got.task, got.key_out.as_deref()), (Task::ProgramHash, Some("key")));
        assert_eq!(parse("--verify-only --key key").unwrap().task, Task::Verify);
        assert_eq!(parse("--key key --help").unwrap().task, Task::Help);
        assert_eq!(parse("").unwrap().segment_bytes_max, SEGMENT_BYTES);
    }

    #[test]
    fn the_committed_key_is_that_of_the_committed_name() {
        let name = format!("program={}", parse("--verify-only").unwrap().keys().unwrap().program());
        let committed = include_str!("../../program.hash");
        assert!(committed.lines().any(|line| line == name), "{name} is not in {committed}");
    }

    #[test]
    fn nonsense_is_refused_by_name() {
        for (line, word) in [
            ("--cycles-max many", "many"),
            ("--segment-mib 18446744073709551615", "--segment-mib"),
            ("--segment-mib 0", "--segment-mib"),
            ("--segment-mib", "--segment-mib"),
            ("prove", "prove"),
            ("--key key", "--verify-only"),
            ("--program-hash --key key", "--verify-only"),
            ("--verify-only --key-out key", "--program-hash"),
            ("--verify-only --program elf", "--key"),
        ] {
            let error = parse(line).unwrap_err().to_string();
            assert!(error.contains(word), "{error}");
        }
        let error = format!("{:#}", parse("--verify-only --key /nowhere/key").unwrap().keys().err().unwrap());
        assert!(error.contains("/nowhere/key, which --key names"), "{error}");
    }
}
