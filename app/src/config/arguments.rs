use std::path::PathBuf;

use clap::{Args, Subcommand};

use super::layers::{self, Layers};

/// Where the configuration of a node comes from.
#[derive(Clone, Debug, Args)]
pub struct Sources {
    /// A file of configuration; without it ashlar.toml in this folder is read if it exists
    #[arg(long, value_name = "FILE", env = "ASHLAR_CONFIG")]
    config: Option<PathBuf>,
    /// Set a key, over what the file and the environment say; may be given again
    #[arg(long = "set", value_name = "KEY=VALUE")]
    set: Vec<String>,
}

impl Sources {
    /// The same with one more key set, under what was set by hand.
    #[must_use]
    pub fn with(mut self, setting: &str) -> Sources {
        self.set.insert(0, setting.to_owned());
        self
    }

    /// All layers over each other.
    pub fn layers(&self) -> Layers {
        let file = layers::file(self.config.as_ref());
        let variables = std::env::vars_os()
            .filter_map(|(name, value)| Some((name.into_string().ok()?, value.to_string_lossy().into_owned())));
        Layers::of(file.as_deref(), variables, &self.set)
    }
}

/// Of everything about configuration.
#[derive(Clone, Debug, Args)]
pub struct ConfigArguments {
    /// What to do
    #[command(subcommand)]
    pub what: ConfigWhat,
}

/// What to do with a configuration.
#[derive(Clone, Debug, Subcommand)]
pub enum ConfigWhat {
    /// Check it as a whole, as a node does before it starts; every mistake is told with the layer it comes from
    #[command(after_help = "Example: ashlar config check --config node.toml --set l1.quorum=2")]
    Check(CheckArguments),
    /// Print it as it is in force, each value with its layer, without secrets; the result is a file that can be read again
    #[command(after_help = "Example: ashlar config print --help-too > node.toml")]
    Print(PrintArguments),
}

/// Of checking.
#[derive(Clone, Debug, Args)]
pub struct CheckArguments {
    #[command(flatten)]
    pub sources: Sources,
    /// Print one JSON object
    #[arg(long)]
    pub json: bool,
}

/// Of printing.
#[derive(Clone, Debug, Args)]
pub struct PrintArguments {
    #[command(flatten)]
    pub sources: Sources,
    /// Say above each key what it means
    #[arg(long)]
    pub help_too: bool,
    /// Print one JSON object
    #[arg(long)]
    pub json: bool,
}
