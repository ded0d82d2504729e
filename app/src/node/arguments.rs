use clap::Args;

use crate::config::Sources;

/// Of a node.
#[derive(Clone, Debug, Args)]
pub struct NodeArguments {
    #[command(flatten)]
    pub sources: Sources,
}
