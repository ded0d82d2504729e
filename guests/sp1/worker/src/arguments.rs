//! The command line.

use std::fs;
use std::path::Path;

use anyhow::Context;
use ashlar_prover_wire::Worker;

use crate::memory;
use crate::wrap::Wrap;

/// The program that this worker was built with.
const PROGRAM: &[u8] = include_bytes!("../../program.elf");

pub const HELP: &str = "\
Proves batches with SP1, for a coordinator.

usage: ashlar-sp1-worker [--connect ADDRESS --token-file FILE] [option...]
       ashlar-sp1-worker --program-hash [--program FILE]

  --connect ADDRESS   where the coordinator listens, as 127.0.0.1:4000; without it ASHLAR_PROVER_ADDRESS says so
  --token-file FILE   64 hexadecimal digits that the coordinator knows too; without it ASHLAR_PROVER_TOKEN holds them
  --program FILE      the guest's ELF; without it the one that this worker was built with
  --program-hash      print the hash of the program's verifying key and end
  --cycles-max N      refuse what has more cycles; without it as many as were proven in this machine's memory
  --wrap KIND         also make proofs for L1: groth16 or plonk, which need SP1's circuit and Docker; may be given twice

example: ASHLAR_PROVER_TOKEN=... ashlar-sp1-worker --connect 127.0.0.1:4000

It ends with 0 when the coordinator tells it to stop, with 1 when something failed, with 2 when the arguments make no sense.";

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Task {
    Help,
    ProgramHash,
    Serve,
}

#[derive(Debug)]
pub struct Arguments {
    pub task: Task,
    program: Option<String>,
    connect: Option<String>,
    token_file: Option<String>,
    pub cycles_max: u64,
    pub wraps: Vec<Wrap>,
}

impl Arguments {
    pub fn parse(mut words: impl Iterator<Item = String>) -> Result<Arguments, String> {
        let mut arguments = Arguments {
            task: Task::Serve,
            program: None,
            connect: None,
            token_file: None,
            cycles_max: memory::cycles_max(),
            wraps: Vec::new(),
        };
        while let Some(word) = words.next() {
            let mut value = || words.next().ok_or(format!("{word} needs a value"));
            match word.as_str() {
                "--help" | "-h" => arguments.task = Task::Help,
                "--program-hash" => arguments.task = Task::ProgramHash,
                "--program" => arguments.program = Some(value()?),
                "--connect" => arguments.connect = Some(value()?),
                "--token-file" => arguments.token_file = Some(value()?),
                "--cycles-max" => arguments.cycles_max = number(&word, &value()?)?,
                "--wrap" => arguments.wraps.push(Wrap::of(&value()?)?),
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
        let all = "--connect 127.0.0.1:1 --token-file f --cycles-max 900_000 --wrap groth16 --wrap plonk";
        let got = parse(all).unwrap();
        assert_eq!((got.task, got.cycles_max), (Task::Serve, 900_000));
        assert_eq!(got.wraps, [Wrap::Groth16, Wrap::Plonk]);
        assert_eq!(parse("--program-hash").unwrap().task, Task::ProgramHash);
        assert_eq!(parse("").unwrap().program().unwrap(), PROGRAM);
    }

    #[test]
    fn nonsense_is_refused_by_name() {
        for (line, word) in [
            ("--cycles-max", "--cycles-max"),
            ("--cycles-max many", "many"),
            ("--wrap stark", "stark"),
            ("prove", "prove"),
        ] {
            let error = parse(line).unwrap_err();
            assert!(error.contains(word), "{error}");
        }
        let error = parse("--connect 127.0.0.1:1 --token-file /nowhere/f").unwrap().worker().unwrap_err();
        assert!(error.to_string().contains("/nowhere/f"), "{error}");
    }
}
