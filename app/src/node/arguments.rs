use clap::Args;

use crate::config::Sources;

/// Of a node.
#[derive(Clone, Debug, Args)]
pub struct NodeArguments {
    #[command(flatten)]
    pub sources: Sources,
    /// Write the log, which is all that it writes, as one JSON object a line; the same as --set log.format=json
    #[arg(long)]
    pub json: bool,
}
