//! The command line.

use anyhow::Context;
use ashlar_guest_worker::{Help, OptionError, Options, Words, number};

use crate::engine::Limits;
use crate::execute::SEGMENT_PO2;
use crate::machine::Program;

/// The guest that this worker was built with.
const PROGRAM: &[u8] = include_bytes!("../../program.elf");

pub const HELP: Help = Help {
    binary: "ashlar-risc0-worker",
    about: "Proves batches with RISC Zero, for a coordinator.",
    usages: &["[--connect ADDRESS --token-file FILE] [option...]", "--image-id [--program FILE]"],
    options: "  --image-id           print the program's image id and end
  --cycles-max N       refuse what has more cycles; without it nothing is refused for its cycles
  --segment-po2 N      cut the execution into segments of at most 2^N rows, 13 to 22; without it 18

Memory follows from the segments: 2^20 rows take 12 GB, half as many half of that. A succinct proof joins the proofs of all segments into one.",
};

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
    pub options: Options,
    segment_po2: u32,
}

impl Arguments {
    pub fn parse(words: impl Iterator<Item = String>) -> Result<Arguments, OptionError> {
        let mut words = Words::new(words);
        let mut arguments = Arguments { task: Task::Serve, options: Options::default(), segment_po2: SEGMENT_PO2 };
        while let Some(word) = words.next() {
            match word.as_str() {
                "--help" | "-h" => arguments.task = Task::Help,
                "--image-id" => arguments.task = Task::ImageId,
                "--segment-po2" => arguments.segment_po2 = power(&word, &words.value(&word)?)?,
                _ => arguments.options.take(&word, &mut words)?,
            }
        }
        Ok(arguments)
    }

    /// The guest.
    pub fn program(&self) -> anyhow::Result<Program> {
        let whose = || self.options.program_file().unwrap_or("the program of this worker").to_owned();
        Program::new(&self.options.program(PROGRAM)?).with_context(whose)
    }

    /// What is refused rather than tried.
    pub fn limits(&self) -> Limits {
        Limits { cycles_max: self.options.cycles_max.unwrap_or(0), segment_po2: self.segment_po2 }
    }
}

fn power(option: &str, value: &str) -> Result<u32, OptionError> {
    let number = number(option, value)?;
    match PO2.contains(&number) {
        true => Ok(number as u32),
        false => Err(OptionError::value(option, value, format!("it is {} to {}", PO2.start(), PO2.end()))),
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
        let got = parse("--cycles-max 900_000 --segment-po2 16").unwrap();
        assert_eq!((got.task, got.limits()), (Task::Serve, Limits { cycles_max: 900_000, segment_po2: 16 }));
        assert_eq!(parse("").unwrap().limits(), Limits { cycles_max: 0, segment_po2: SEGMENT_PO2 });
        assert_eq!(parse("--image-id").unwrap().task, Task::ImageId);
    }

    #[test]
    fn nonsense_is_refused_by_name() {
        for (line, word) in
            [("--cycles-max many", "many"), ("--segment-po2 12", "13"), ("--segment-po2 23", "22"), ("prove", "prove")]
        {
            let error = parse(line).unwrap_err().to_string();
            assert!(error.contains(word), "{error}");
        }
    }

    #[test]
    fn the_committed_program_has_the_committed_image_id() {
        let image = ashlar_light_risc0::Image(parse("").unwrap().program().unwrap().image());
        let line = format!("program={image}");
        assert!(include_str!("../../program.hash").lines().any(|committed| committed == line), "{line}");
    }
}
