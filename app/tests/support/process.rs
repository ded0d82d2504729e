//! The binary, and what a run of it said.

use std::ffi::OsStr;
use std::process::{Command, Output};

pub fn ashlar<A: AsRef<OsStr>>(arguments: impl IntoIterator<Item = A>) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_ashlar"));
    command.args(arguments);
    command
}

/// All that it said, to whomever.
pub fn said(output: &Output) -> String {
    let both = [&output.stdout[..], &output.stderr[..]].concat();
    String::from_utf8_lossy(&both).into_owned()
}
