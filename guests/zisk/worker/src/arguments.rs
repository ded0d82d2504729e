//! The command line.

use std::path::{Path, PathBuf};
use std::{env, fs};

use ashlar_prover_wire::{ProgramHash, Worker};

use crate::installation::Installation;

/// The guest that this worker was built with.
const PROGRAM: &[u8] = include_bytes!("../../program.elf");

pub const HELP: &str = "\
Executes batches for ZisK, and proves them where ZisK's tools and its proving key are installed, for a coordinator.

usage: ashlar-zisk-worker [--connect ADDRESS --token-file FILE] [option...] [-- OPTION...]

  --connect ADDRESS    where the coordinator listens, as 127.0.0.1:4000; without it ASHLAR_PROVER_ADDRESS says so
  --token-file FILE    64 hexadecimal digits that the coordinator knows too; without it ASHLAR_PROVER_TOKEN holds them
  --program FILE       the guest's ELF; without it the one that this worker was built with
  --program-key HEX    the program's name in ZisK's proofs, as contracts know it; without it no proof of others is verified, and each proof that is
                       made here says what it is
  --tool FILE          ZisK's cargo-zisk; without it the one in bin of ZISK_HOME or of .zisk in the home folder, or else the first on the PATH
  --proving-key DIR    ZisK's proving key; without it provingKey in ZISK_HOME, or in .zisk in the home folder
  --work-dir DIR       where a proof's files lie while it is made; without it the system's folder for temporary files
  --cycles-max N       refuse what has more instructions; without it nothing is refused for that
  -- OPTION...         handed on to cargo-zisk prove, as --gpu or --minimal-memory

Nothing beside this program is needed to execute and to profile.

example: ASHLAR_PROVER_TOKEN=... ashlar-zisk-worker --connect 127.0.0.1:4000

It ends with 0 when the coordinator tells it to stop, with 1 when something failed, with 2 when the arguments make no sense.";

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Task {
    Help,
    Serve,
}

#[derive(Debug)]
pub struct Arguments {
    pub task: Task,
    program: Option<String>,
    connect: Option<String>,
    token_file: Option<String>,
    tool: Option<PathBuf>,
    proving_key: Option<PathBuf>,
    work_dir: Option<PathBuf>,
    pub program_key: Option<ProgramHash>,
    /// 0 for no limit.
    pub cycles_max: u64,
    /// What ZisK's tool is told beside what it has to be.
    pub handed_on: Vec<String>,
}

impl Arguments {
    pub fn parse(mut words: impl Iterator<Item = String>) -> Result<Arguments, String> {
        let mut arguments = Arguments {
            task: Task::Serve,
            program: None,
            connect: None,
            token_file: None,
            tool: None,
            proving_key: None,
            work_dir: None,
            program_key: None,
            cycles_max: 0,
            handed_on: Vec::new(),
        };
        while let Some(word) = words.next() {
            let mut value = || words.next().ok_or(format!("{word} needs a value"));
            match word.as_str() {
                "--help" | "-h" => arguments.task = Task::Help,
                "--program" => arguments.program = Some(value()?),
                "--program-key" => arguments.program_key = Some(program_key(&word, &value()?)?),
                "--connect" => arguments.connect = Some(value()?),
                "--token-file" => arguments.token_file = Some(value()?),
                "--tool" => arguments.tool = Some(value()?.into()),
                "--proving-key" => arguments.proving_key = Some(value()?.into()),
                "--work-dir" => arguments.work_dir = Some(value()?.into()),
                "--cycles-max" => arguments.cycles_max = number(&word, &value()?)?,
                "--" => arguments.handed_on.extend(words.by_ref()),
                _ => return Err(format!("{word} is no option")),
            }
        }
        Ok(arguments)
    }

    /// The guest's ELF.
    pub fn program(&self) -> Result<Vec<u8>, String> {
        match &self.program {
            Some(path) => fs::read(path).map_err(|error| format!("{path}, which --program names: {error}")),
            None => Ok(PROGRAM.to_vec()),
        }
    }

    /// Where ZisK is looked for.
    pub fn installation(&self) -> Installation {
        Installation::new(self.tool.clone(), self.proving_key.clone(), |name| env::var_os(name))
    }

    /// The folder in which those of the proofs are made. It need not be that of the process, in which ZisK's tool does not run.
    pub fn work_dir(&self) -> Result<PathBuf, String> {
        let folder = self.work_dir.clone().unwrap_or_else(env::temp_dir);
        fs::canonicalize(&folder).map_err(|error| format!("{}, for a proof's files: {error}", folder.display()))
    }

    /// Where the coordinator is, and the token.
    pub fn worker(&self) -> Result<Worker, String> {
        Worker::from_options(self.connect.as_deref(), self.token_file.as_deref().map(Path::new))
            .map_err(|error| error.to_string())
    }
}

fn number(option: &str, value: &str) -> Result<u64, String> {
    value.replace('_', "").parse().map_err(|_| format!("{option} {value}: not a number"))
}

fn program_key(option: &str, value: &str) -> Result<ProgramHash, String> {
    let wrong = || format!("{option} {value}: not 64 hexadecimal digits");
    let digits = value.strip_prefix("0x").unwrap_or(value);
    if digits.len() != 64 || !digits.bytes().all(|digit| digit.is_ascii_hexdigit()) {
        return Err(wrong());
    }
    let mut bytes = [0; 32];
    for (byte, pair) in bytes.iter_mut().zip(digits.as_bytes().chunks(2)) {
        let pair = std::str::from_utf8(pair).map_err(|_| wrong())?;
        *byte = u8::from_str_radix(pair, 16).map_err(|_| wrong())?;
    }
    Ok(ProgramHash(bytes))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(line: &str) -> Result<Arguments, String> {
        Arguments::parse(line.split_whitespace().map(str::to_owned))
    }

    #[test]
    fn what_is_said_is_what_is_done() {
        let digits = "0a".repeat(32);
        let line =
            format!("--connect 127.0.0.1:1 --token-file f --cycles-max 900_000 --program-key 0x{digits} -- --gpu -v");
        let got = parse(&line).unwrap();
        assert_eq!((got.task, got.cycles_max, got.program_key), (Task::Serve, 900_000, Some(ProgramHash([10; 32]))));
        assert_eq!(got.handed_on, ["--gpu", "-v"]);
        assert_eq!(parse("").unwrap().program().unwrap(), PROGRAM);
        assert_eq!(parse("--help").unwrap().task, Task::Help);
    }

    #[test]
    fn nonsense_is_refused_by_name() {
        for (line, word) in [
            ("--cycles-max", "--cycles-max"),
            ("--cycles-max many", "many"),
            ("--program-key 12", "64 hexadecimal digits"),
            ("--program-key 0xx0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a", "64"),
            ("prove", "prove"),
            ("--gpu", "--gpu"),
        ] {
            let error = parse(line).unwrap_err();
            assert!(error.contains(word), "{error}");
        }
        assert!(parse("--work-dir /nowhere/at/all").unwrap().work_dir().unwrap_err().contains("/nowhere/at/all"));
        assert!(parse("--program /nowhere/elf").unwrap().program().unwrap_err().contains("/nowhere/elf"));
    }
}
