//! The command line.

use ashlar_guest_worker::{Help, OptionError, Options, Words};

use crate::memory;
use crate::wrap::Wrap;

/// The program that this worker was built with.
pub const PROGRAM: &[u8] = include_bytes!("../../program.elf");

pub const HELP: Help = Help {
    binary: "ashlar-sp1-worker",
    about: "Proves batches with SP1, for a coordinator.",
    usages: &["[--connect ADDRESS --token-file FILE] [option...]", "--program-hash [--program FILE]"],
    options: "  --program-hash       print the hash of the program's verifying key and end
  --cycles-max N       refuse what has more cycles; without it as many as were proven in this machine's memory
  --wrap KIND          also make proofs for L1: groth16 or plonk, which need SP1's circuit and Docker; may be given twice",
};

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Task {
    Help,
    ProgramHash,
    Serve,
}

#[derive(Debug)]
pub struct Arguments {
    pub task: Task,
    pub options: Options,
    pub wraps: Vec<Wrap>,
}

impl Arguments {
    pub fn parse(words: impl Iterator<Item = String>) -> Result<Arguments, OptionError> {
        let mut words = Words::new(words);
        let mut arguments = Arguments { task: Task::Serve, options: Options::default(), wraps: Vec::new() };
        while let Some(word) = words.next() {
            match word.as_str() {
                "--help" | "-h" => arguments.task = Task::Help,
                "--program-hash" => arguments.task = Task::ProgramHash,
                "--wrap" => arguments.wraps.push(wrap(&word, &words.value(&word)?)?),
                _ => arguments.options.take(&word, &mut words)?,
            }
        }
        Ok(arguments)
    }

    /// Cycles beyond which a job is refused; 0 for no limit.
    pub fn cycles_max(&self) -> u64 {
        self.options.cycles_max.unwrap_or_else(memory::cycles_max)
    }
}

fn wrap(option: &str, value: &str) -> Result<Wrap, OptionError> {
    Wrap::of(value).ok_or_else(|| OptionError::value(option, value, "it is groth16 or plonk"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(line: &str) -> Result<Arguments, OptionError> {
        Arguments::parse(line.split_whitespace().map(str::to_owned))
    }

    #[test]
    fn what_is_said_is_what_is_done() {
        let got = parse("--cycles-max 900_000 --wrap groth16 --wrap plonk").unwrap();
        assert_eq!((got.task, got.cycles_max()), (Task::Serve, 900_000));
        assert_eq!(got.wraps, [Wrap::Groth16, Wrap::Plonk]);
        assert_eq!(parse("").unwrap().cycles_max(), memory::cycles_max());
        assert_eq!(parse("--program-hash").unwrap().task, Task::ProgramHash);
    }

    #[test]
    fn nonsense_is_refused_by_name() {
        for (line, word) in [("--cycles-max many", "many"), ("--wrap stark", "--wrap stark"), ("prove", "prove")] {
            let error = parse(line).unwrap_err().to_string();
            assert!(error.contains(word), "{error}");
        }
    }
}
