//! A worker's `main`, in so far as it is that of all.

use std::fmt;
use std::process::ExitCode;

use crate::options::{OptionError, Options};

/// What a worker says of itself.
#[derive(Clone, Copy, Debug)]
pub struct Help {
    /// Its binary.
    pub binary: &'static str,
    /// What it is for, in a sentence.
    pub about: &'static str,
    /// What it can be called with, in the order in which it is said.
    pub usages: &'static [&'static str],
    /// Its own options, a line each, and behind them what else there is to say.
    pub options: &'static str,
}

impl fmt::Display for Help {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Help { binary, about, usages, options } = self;
        writeln!(f, "{about}\n")?;
        for (at, usage) in usages.iter().enumerate() {
            writeln!(f, "{} {binary} {usage}", if at == 0 { "usage:" } else { "      " })?;
        }
        writeln!(f, "\n{}{options}\n", Options::HELP)?;
        writeln!(f, "example: ASHLAR_PROVER_TOKEN=... {binary} --connect 127.0.0.1:4000\n")?;
        f.write_str(
            "It ends with 0 when the coordinator tells it to stop, with 1 when something failed, with 2 when the arguments make no sense.",
        )
    }
}

/// Does what the arguments say, and ends as the help says.
pub fn begin<A, E: fmt::Display>(
    arguments: Result<A, OptionError>,
    help: &Help,
    run: impl FnOnce(A) -> Result<(), E>,
) -> ExitCode {
    let arguments = match arguments {
        Ok(arguments) => arguments,
        Err(error) => {
            eprintln!("error: {error}\n\n{help}");
            return ExitCode::from(2);
        }
    };
    match run(arguments) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            // With what led to it, of errors that know that.
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_help_is_one_text() {
        let help = Help { binary: "worker", about: "Works.", usages: &["[option...]", "--name"], options: "  --name" };
        let text = help.to_string();
        assert!(text.starts_with("Works.\n\nusage: worker [option...]\n       worker --name\n\n  --connect"), "{text}");
        assert!(text.contains("built with\n  --name\n\nexample: ASHLAR_PROVER_TOKEN=... worker "), "{text}");
    }
}
