//! `ashlar state`: what snapshots hold.

mod diff;

use clap::Subcommand;

pub use diff::DiffArguments;

/// What to do with states.
#[derive(Clone, Debug, Subcommand)]
pub enum State {
    /// Tell two states apart: the leaves that differ between the newest snapshots of two folders
    #[command(after_help = "Example: ashlar state diff exchange recovered --json")]
    Diff(DiffArguments),
}

/// Does it.
pub fn run(what: &State) -> anyhow::Result<()> {
    match what {
        State::Diff(arguments) => diff::run(arguments),
    }
}
