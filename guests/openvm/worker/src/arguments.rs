//! The command line.

use std::fs;
use std::path::Path;

use anyhow::Context;
use ashlar_openvm_machine::{Keys, SEGMENT_BYTES};
use ashlar_prover_wire::Worker;

/// The program that this worker was built with, and the key with which proofs of it are checked.
const PROGRAM: &[u8] = include_bytes!("../../program.elf");
const KEY: &[u8] = include_bytes!("../../program.key");

pub const HELP: &str = "\
Proves batches with OpenVM, for a coordinator.

usage: ashlar-openvm-worker [--connect ADDRESS --token-file FILE] [option...]
       ashlar-openvm-worker --program-hash [--program FILE] [--key-out FILE]

  --connect ADDRESS   where the coordinator listens, as 127.0.0.1:4000; without it ASHLAR_PROVER_ADDRESS says so
  --token-file FILE   64 hexadecimal digits that the coordinator knows too; without it ASHLAR_PROVER_TOKEN holds them
  --program FILE      the guest's ELF; without it the one that this worker was built with
  --program-hash      print the program's name, which takes half a minute, and end
  --key-out FILE      with --program-hash: also write the key with which proofs are checked, whose SHA-256 the name is
  --verify-only       prove nothing and check joined proofs: it starts at once and needs little memory
  --key FILE          with --verify-only: check by this key; without it by the one that this worker was built with
  --cycles-max N      refuse what has more cycles; without it nothing is refused for that, since a proof takes memory by the segment
  --segment-mib N     cut segments before a proof of one is expected to take more memory than this; without it 2048

example: ASHLAR_PROVER_TOKEN=... ashlar-openvm-worker --connect 127.0.0.1:4000

It ends with 0 when the coordinator tells it to stop, with 1 when something failed, with 2 when the arguments make no sense.";

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
    program: Option<String>,
    connect: Option<String>,
    token_file: Option<String>,
    key: Option<String>,
    pub key_out: Option<String>,
    pub cycles_max: u64,
    pub segment_bytes_max: usize,
}

impl Arguments {
    pub fn parse(mut words: impl Iterator<Item = String>) -> Result<Arguments, String> {
        let mut arguments = Arguments {
            task: Task::Serve,
            program: None,
            connect: None,
            token_file: None,
            key: None,
            key_out: None,
            cycles_max: 0,
            segment_bytes_max: SEGMENT_BYTES,
        };
        while let Some(word) = words.next() {
            let mut value = || words.next().ok_or(format!("{word} needs a value"));
            match word.as_str() {
                "--help" | "-h" => arguments.task = Task::Help,
                "--program-hash" => arguments.task = Task::ProgramHash,
                "--verify-only" => arguments.task = Task::Verify,
                "--key" => arguments.key = Some(value()?),
                "--key-out" => arguments.key_out = Some(value()?),
                "--program" => arguments.program = Some(value()?),
                "--connect" => arguments.connect = Some(value()?),
                "--token-file" => arguments.token_file = Some(value()?),
                "--cycles-max" => arguments.cycles_max = number(&word, &value()?)?,
                "--segment-mib" => {
                    let bytes = number(&word, &value()?)?.checked_mul(1 << 20);
                    let bytes = bytes.and_then(|bytes| usize::try_from(bytes).ok());
                    arguments.segment_bytes_max = bytes.ok_or(format!("{word}: no machine has so much"))?;
                }
                _ => return Err(format!("{word} is no option")),
            }
        }
        Ok(arguments)
    }

    /// The guest's ELF.
    pub fn program(&self) -> anyhow::Result<Vec<u8>> {
        match &self.program {
            Some(path) => fs::read(path).with_context(|| format!("{path}, which --program names")),
            None => Ok(PROGRAM.to_vec()),
        }
    }

    /// The key of joined proofs.
    pub fn keys(&self) -> anyhow::Result<Keys> {
        match &self.key {
            Some(path) => {
                let bytes = fs::read(path).with_context(|| format!("{path}, which --key names"))?;
                Keys::read(&bytes).with_context(|| path.clone())
            }
            None => Ok(Keys::read(KEY)?),
        }
    }

    /// Where the coordinator is, and the token.
    pub fn worker(&self) -> anyhow::Result<Worker> {
        Ok(Worker::from_options(self.connect.as_deref(), self.token_file.as_deref().map(Path::new))?)
    }
}

fn number(option: &str, value: &str) -> Result<u64, String> {
    value.replace('_', "").parse().map_err(|_| format!("{option} {value}: not a number"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(line: &str) -> Result<Arguments, String> {
        Arguments::parse(line.split_whitespace().map(str::to_owned))
    }

    #[test]
    fn what_is_said_is_what_is_done() {
        let got = parse("--connect 127.0.0.1:1 --token-file f --cycles-max 900_000 --segment-mib 2_048").unwrap();
        assert_eq!((got.task, got.cycles_max, got.segment_bytes_max), (Task::Serve, 900_000, 2 << 30));
        assert_eq!(parse("--program-hash").unwrap().task, Task::ProgramHash);
        assert_eq!(parse("--verify-only").unwrap().task, Task::Verify);
        assert_eq!(parse("").unwrap().program().unwrap(), PROGRAM);
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
            ("--cycles-max", "--cycles-max"),
            ("--cycles-max many", "many"),
            ("--segment-mib 18446744073709551615", "--segment-mib"),
            ("prove", "prove"),
        ] {
            let error = parse(line).unwrap_err();
            assert!(error.contains(word), "{error}");
        }
        assert!(parse("--token-file f").unwrap().worker().is_err());
    }
}
