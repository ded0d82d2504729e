//! `ashlar completions`: what a shell needs to complete commands and options.

use std::io::stdout;

use anyhow::Result;
use clap::{Args, CommandFactory as _};
use clap_complete::Shell;

use crate::arguments::Arguments;

/// Of completions.
#[derive(Clone, Debug, Args)]
pub struct CompletionsArguments {
    /// For which shell
    shell: Shell,
}

/// Prints them.
pub fn run(arguments: &CompletionsArguments) -> Result<()> {
    let mut text = Vec::new();
    clap_complete::generate(arguments.shell, &mut Arguments::command(), "ashlar", &mut text);
    std::io::Write::write_all(&mut stdout(), &text)?;
    Ok(())
}
