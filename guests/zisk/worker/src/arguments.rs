//! The command line.

use std::path::PathBuf;
use std::{env, fs};

use ashlar_guest_worker::{Help, OptionError, Options, Words};
use ashlar_prover_wire::ProgramHash;

use crate::installation::Installation;

/// The guest that this worker was built with.
pub const PROGRAM: &[u8] = include_bytes!("../../program.elf");

pub const HELP: Help = Help {
    binary: "ashlar-zisk-worker",
    about: "Executes batches for ZisK, and proves them where ZisK's tools and its proving key are installed, for a coordinator.",
    usages: &["[--connect ADDRESS --token-file FILE] [option...] [-- OPTION...]"],
    options: "  --program-key HEX    the program's name in ZisK's proofs, as contracts know it; without it no proof of others is verified, and each proof that is
                       made here says what it is
  --tool FILE          ZisK's cargo-zisk; without it the one in bin of ZISK_HOME or of .zisk in the home folder, or else the first on the PATH
  --proving-key DIR    ZisK's proving key; without it provingKey in ZISK_HOME, or in .zisk in the home folder
  --work-dir DIR       where a proof's files lie while it is made; without it the system's folder for temporary files
  --cycles-max N       refuse what has more instructions; without it nothing is refused for that
  -- OPTION...         handed on to cargo-zisk prove, as --gpu or --minimal-memory

Nothing beside this program is needed to execute and to profile.",
};

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Task {
    Help,
    Serve,
}

#[derive(Debug)]
pub struct Arguments {
    pub task: Task,
    pub options: Options,
    tool: Option<PathBuf>,
    proving_key: Option<PathBuf>,
    work_dir: Option<PathBuf>,
    pub program_key: Option<ProgramHash>,
    /// What ZisK's tool is told beside what it has to be.
    pub handed_on: Vec<String>,
}

impl Arguments {
    pub fn parse(words: impl Iterator<Item = String>) -> Result<Arguments, OptionError> {
        let mut words = Words::new(words);
        let mut arguments = Arguments {
            task: Task::Serve,
            options: Options::default(),
            tool: None,
            proving_key: None,
            work_dir: None,
            program_key: None,
            handed_on: Vec::new(),
        };
        while let Some(word) = words.next() {
            match word.as_str() {
                "--help" | "-h" => arguments.task = Task::Help,
                "--program-key" => arguments.program_key = Some(program_key(&word, &words.value(&word)?)?),
                "--tool" => arguments.tool = Some(words.value(&word)?.into()),
                "--proving-key" => arguments.proving_key = Some(words.value(&word)?.into()),
                "--work-dir" => arguments.work_dir = Some(words.value(&word)?.into()),
                "--" => arguments.handed_on.extend(words.by_ref()),
                _ => arguments.options.take(&word, &mut words)?,
            }
        }
        Ok(arguments)
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
}

fn program_key(option: &str, value: &str) -> Result<ProgramHash, OptionError> {
    let wrong = || OptionError::value(option, value, "not 64 hexadecimal digits");
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

    fn parse(line: &str) -> Result<Arguments, OptionError> {
        Arguments::parse(line.split_whitespace().map(str::to_owned))
    }

    #[test]
    fn what_is_said_is_what_is_done() {
        let digits = "0a".repeat(32);
        let got = parse(&format!("--cycles-max 900_000 --program-key 0x{digits} -- --gpu -v")).unwrap();
        assert_eq!((got.task, got.options.cycles_max), (Task::Serve, Some(900_000)));
        assert_eq!(got.program_key, Some(ProgramHash([10; 32])));
        assert_eq!(got.handed_on, ["--gpu", "-v"]);
        assert_eq!(parse("--help").unwrap().task, Task::Help);
    }

    #[test]
    fn nonsense_is_refused_by_name() {
        for (line, word) in [
            ("--cycles-max many", "many"),
            ("--program-key 12", "64 hexadecimal digits"),
            ("--program-key 0xx0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a", "64"),
            ("prove", "prove"),
            ("--gpu", "--gpu"),
        ] {
            let error = parse(line).unwrap_err().to_string();
            assert!(error.contains(word), "{error}");
        }
        assert!(parse("--work-dir /nowhere/at/all").unwrap().work_dir().unwrap_err().contains("/nowhere/at/all"));
    }
}
