//! The options that every worker has.

use std::fmt;
use std::fs;
use std::io;
use std::path::Path;

use ashlar_prover_wire::{ServeError, Worker};

/// Why a command line makes no sense, or what it names cannot be had.
#[derive(Debug)]
pub enum OptionError {
    /// An option has no value and needs one.
    NoValue {
        /// The option.
        option: String,
    },
    /// No option has this name.
    Unknown {
        /// The word in the place of one.
        word: String,
    },
    /// An option has a value that it cannot have.
    Value {
        /// The option.
        option: String,
        /// Its value.
        value: String,
        /// What is wrong with that.
        why: String,
    },
    /// An option that would do nothing, because another one was not given.
    Idle {
        /// The option.
        option: &'static str,
        /// The one that it goes with.
        with: &'static str,
    },
    /// A file cannot be read.
    File {
        /// The option that names it.
        option: &'static str,
        /// Where it should be.
        path: String,
        /// What is in the way.
        error: io::Error,
    },
}

impl fmt::Display for OptionError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoValue { option } => write!(f, "{option} needs a value"),
            Self::Unknown { word } => write!(f, "{word} is no option"),
            Self::Value { option, value, why } => write!(f, "{option} {value}: {why}"),
            Self::Idle { option, with } => write!(f, "{option} does something only with {with}"),
            Self::File { option, path, error } => write!(f, "{path}, which {option} names: {error}"),
        }
    }
}

impl std::error::Error for OptionError {}

impl OptionError {
    /// An option has a value that it cannot have.
    pub fn value(option: &str, value: &str, why: impl fmt::Display) -> OptionError {
        OptionError::Value { option: option.to_owned(), value: value.to_owned(), why: why.to_string() }
    }
}

/// The words of a command line, one after the other.
#[derive(Debug)]
pub struct Words<I>(I);

impl<I: Iterator<Item = String>> Words<I> {
    /// Of a program, without its name.
    pub const fn new(words: I) -> Words<I> {
        Words(words)
    }

    /// The value of an option that was just read.
    pub fn value(&mut self, option: &str) -> Result<String, OptionError> {
        self.0.next().ok_or_else(|| OptionError::NoValue { option: option.to_owned() })
    }
}

impl<I: Iterator<Item = String>> Iterator for Words<I> {
    type Item = String;

    fn next(&mut self) -> Option<String> {
        self.0.next()
    }
}

/// A number, whose digits may be set apart as in `900_000`.
pub fn number(option: &str, value: &str) -> Result<u64, OptionError> {
    value.replace('_', "").parse().map_err(|_| OptionError::value(option, value, "not a number"))
}

/// What every worker can be told.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Options {
    connect: Option<String>,
    token_file: Option<String>,
    program: Option<String>,
    /// Beyond what an execution is refused: what counts, the worker's help says.
    pub cycles_max: Option<u64>,
}

impl Options {
    /// The lines of a help about what every worker has in the same words.
    pub(crate) const HELP: &str = "  --connect ADDRESS    where the coordinator listens, as 127.0.0.1:4000; without it ASHLAR_PROVER_ADDRESS says so
  --token-file FILE    64 hexadecimal digits that the coordinator knows too; without it ASHLAR_PROVER_TOKEN holds them
  --program FILE       the guest's ELF; without it the one that this worker was built with
";

    /// Takes a word that is none of the worker's own options, and the value behind it.
    pub fn take<I: Iterator<Item = String>>(&mut self, word: &str, words: &mut Words<I>) -> Result<(), OptionError> {
        match word {
            "--connect" => self.connect = Some(words.value(word)?),
            "--token-file" => self.token_file = Some(words.value(word)?),
            "--program" => self.program = Some(words.value(word)?),
            "--cycles-max" => self.cycles_max = Some(number(word, &words.value(word)?)?),
            _ => return Err(OptionError::Unknown { word: word.to_owned() }),
        }
        Ok(())
    }

    /// The file of the guest, if one was named.
    pub fn program_file(&self) -> Option<&str> {
        self.program.as_deref()
    }

    /// The guest's ELF, or the one that the worker was built with.
    pub fn program(&self, built_in: &[u8]) -> Result<Vec<u8>, OptionError> {
        self.program_file().map_or_else(|| Ok(built_in.to_vec()), |path| read("--program", path))
    }

    /// Where the coordinator is, and the token.
    pub fn worker(&self) -> Result<Worker, ServeError> {
        Worker::from_options(self.connect.as_deref(), self.token_file.as_deref().map(Path::new))
    }
}

/// A whole file that an option names.
pub fn read(option: &'static str, path: &str) -> Result<Vec<u8>, OptionError> {
    fs::read(path).map_err(|error| OptionError::File { option, path: path.to_owned(), error })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(line: &str) -> Result<Options, OptionError> {
        let mut words = Words::new(line.split_whitespace().map(str::to_owned));
        let mut options = Options::default();
        while let Some(word) = words.next() {
            options.take(&word, &mut words)?;
        }
        Ok(options)
    }

    #[test]
    fn what_is_said_is_what_is_done() {
        let expected = Options {
            connect: Some("127.0.0.1:1".to_owned()),
            token_file: Some("f".to_owned()),
            program: Some("elf".to_owned()),
            cycles_max: Some(900_000),
        };
        let line = "--connect 127.0.0.1:1 --token-file f --program elf --cycles-max 900_000";
        assert_eq!(parse(line).expect("it makes sense"), expected);
        assert_eq!(parse("").expect("it makes sense").program(b"built in").expect("it is here"), b"built in");
    }

    #[test]
    fn nonsense_is_refused_by_name() {
        for (line, words) in [
            ("--cycles-max", &["--cycles-max", "value"][..]),
            ("--cycles-max many", &["--cycles-max", "many"]),
            ("--cycles-max -1", &["-1"]),
            ("--program", &["--program"]),
            ("prove", &["prove", "no option"]),
        ] {
            let error = parse(line).expect_err(line).to_string();
            assert!(words.iter().all(|word| error.contains(word)), "{error}");
        }
    }

    #[test]
    fn a_file_that_is_not_there_is_said_with_the_option_that_names_it() {
        let error = parse("--program /nowhere/elf").expect("it makes sense").program(&[]).expect_err("there is none");
        assert!(error.to_string().starts_with("/nowhere/elf, which --program names"), "{error}");
        let line = "--connect 127.0.0.1:1 --token-file /nowhere/token";
        let error = parse(line).expect("it makes sense").worker().expect_err("there is none");
        assert!(error.to_string().contains("/nowhere/token"), "{error}");
    }
}
