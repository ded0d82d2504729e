//! The command line.

use std::fs;
use std::path::Path;

use anyhow::Context;
use ashlar_prover_wire::Worker;

use crate::engine::Limits;
use crate::execute::SEGMENT_PO2;
use crate::machine::Program;

/// The guest that this worker was built with.
const PROGRAM: &[u8] = include_bytes!("../../program.elf");

pub const HELP: &str = "\
Proves batches with RISC Zero, for a coordinator.

usage: ashlar-risc0-worker [--connect ADDRESS --token-file FILE] [option...]
       ashlar-risc0-worker --image-id [--program FILE]

  --connect ADDRESS   where the coordinator listens, as 127.0.0.1:4000; without it ASHLAR_PROVER_ADDRESS says so
  --token-file FILE   64 hexadecimal digits that the coordinator knows too; without it ASHLAR_PROVER_TOKEN holds them
  --program FILE      the guest's ELF; without it the one that this worker was built with
  --image-id          print the program's image id and end
  --cycles-max N      refuse what has more cycles; without it nothing is refused for its cycles
  --segment-po2 N     cut the execution into segments of at most 2^N rows, 13 to 22; without it 18

Memory follows from the segments: 2^20 rows take 12 GB, half as many half of that. A succinct proof joins the proofs of all segments into one.

example: ASHLAR_PROVER_TOKEN=... ashlar-risc0-worker --connect 127.0.0.1:4000

It ends with 0 when the coordinator tells it to stop, with 1 when something failed, with 2 when the arguments make no sense.";

/// What RISC Zero's prover is built for.
const PO2: std::ops::RangeInclusive<u64> = 13..=22;

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Task {
    Help,
    ImageId,
    Serve,
}

#[derive(Debug)]
pub struct Arguments {
    pub task: Task,
    program: Option<String>,
    connect: Option<String>,
    token_file: Option<String>,
    pub limits: Limits,
}

impl Arguments {
    pub fn parse(mut words: impl Iterator<Item = String>) -> Result<Arguments, String> {
        let limits = Limits { cycles_max: 0, segment_po2: SEGMENT_PO2 };
        let mut arguments = Arguments { task: Task::Serve, program: None, connect: None, token_file: None, limits };
        while let Some(word) = words.next() {
            let mut value = || words.next().ok_or(format!("{word} needs a value"));
            match word.as_str() {
                "--help" | "-h" => arguments.task = Task::Help,
                "--image-id" => arguments.task = Task::ImageId,
                "--program" => arguments.program = Some(value()?),
                "--connect" => arguments.connect = Some(value()?),
                "--token-file" => arguments.token_file = Some(value()?),
                "--cycles-max" => arguments.limits.cycles_max = number(&word, &value()?)?,
                "--segment-po2" => arguments.limits.segment_po2 = power(&word, &value()?)?,
                _ => return Err(format!("{word} is no option")),
            }
        }
        Ok(arguments)
    }

    /// The guest.
    pub fn program(&self) -> anyhow::Result<Program> {
        match &self.program {
            Some(path) => Program::new(&fs::read(path).with_context(|| format!("{path}, which --program names"))?)
                .with_context(|| path.clone()),
            None => Program::new(PROGRAM),
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

fn power(option: &str, value: &str) -> Result<u32, String> {
    let number = number(option, value)?;
    match PO2.contains(&number) {
        true => Ok(number as u32),
        false => Err(format!("{option} {value}: it is {} to {}", PO2.start(), PO2.end())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(line: &str) -> Result<Arguments, String> {
        Arguments::parse(line.split_whitespace().map(str::to_owned))
    }

    #[test]
    fn what_is_said_is_what_is_done() {
        let got = parse("--connect 127.0.0.1:1 --token-file f --cycles-max 900_000 --segment-po2 16").unwrap();
        let limits = Limits { cycles_max: 900_000, segment_po2: 16 };
        assert_eq!((got.task, got.limits), (Task::Serve, limits));
        assert_eq!(parse("--image-id").unwrap().task, Task::ImageId);
    }

    #[test]
    fn nonsense_is_refused_by_name() {
        for (line, word) in [
            ("--cycles-max", "--cycles-max"),
            ("--cycles-max many", "many"),
            ("--segment-po2 12", "13"),
            ("--segment-po2 23", "22"),
            ("prove", "prove"),
        ] {
            let error = parse(line).unwrap_err();
            assert!(error.contains(word), "{error}");
        }
        let error = parse("--connect 127.0.0.1:1 --token-file /nowhere/f").unwrap().worker().unwrap_err();
        assert!(error.to_string().contains("/nowhere/f"), "{error}");
    }

    #[test]
    fn the_committed_program_has_the_committed_image_id() {
        let image = ashlar_light_risc0::Image(parse("").unwrap().program().unwrap().image());
        let line = format!("program={image}");
        assert!(include_str!("../../program.hash").lines().any(|committed| committed == line), "{line}");
    }
}
