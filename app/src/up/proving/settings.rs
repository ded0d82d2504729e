//! What can be chosen about proofs.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail};
use ashlar_prover::{Member, StretchRules};
use clap::Args;

use crate::proving::{Backend, Coordination, Learnt, Policy, find_worker, load_members};

/// Batches and commands under one proof: what is proven in the memory of a machine of 24 GiB.
const STRETCH: StretchRules = StretchRules { batches_max: 8, commands_max: 96 };

/// Of the prover in a whole exchange.
#[derive(Clone, Debug, Args)]
pub struct ProvingArguments {
    /// How batches are proven; what that rests on is on the screen
    #[arg(long = "prover", value_enum, default_value_t = Backend::Execute)]
    backend: Backend,
    /// The worker that is started here, if it is not where it is usually built
    #[arg(long = "prover-worker", value_name = "PATH")]
    worker: Option<PathBuf>,
    /// Start no worker here: those that connect prove, as `ashlar prover` does; the folder's prover-token lets one in at its prover.sock
    #[arg(long = "prover-remote", conflicts_with = "worker")]
    remote: bool,
    /// Where workers of other machines connect
    #[arg(long = "prover-listen", value_name = "ADDRESS", requires = "members")]
    listen: Option<SocketAddr>,
    /// Which workers may: a file of mode 600, on each line a name, a token, and `verify` if it only verifies
    #[arg(long = "prover-members", value_name = "FILE")]
    members: Option<PathBuf>,
    /// Commands in a batch, at most, with a prover that proves
    #[arg(long = "prover-commands", value_name = "COMMANDS", default_value_t = 64, value_parser = clap::value_parser!(u32).range(1..=10_000))]
    commands: u32,
}

/// What was chosen, checked.
#[derive(Clone, Debug)]
pub struct ProvingSettings {
    /// How batches are proven.
    pub backend: Backend,
    /// The worker that is started here.
    pub worker: Option<PathBuf>,
    /// Whether workers that are started elsewhere are waited for.
    pub remote: bool,
    /// Where workers of other machines connect.
    pub listen: Option<SocketAddr>,
    /// Which of them may.
    pub members: Vec<Member>,
    /// Commands in a batch, at most.
    pub commands: u32,
}

impl ProvingSettings {
    /// Checks what was asked for.
    pub fn from(arguments: &ProvingArguments) -> Result<ProvingSettings> {
        let ProvingArguments { backend, remote, listen, commands, .. } = *arguments;
        let is_started = backend.is_proving() && !remote;
        let worker = is_started.then(|| find_worker(backend, arguments.worker.as_deref())).transpose()?;
        let members = arguments.members.as_deref().map(load_members).transpose()?.unwrap_or_default();
        Ok(ProvingSettings { backend, worker, remote, listen, members, commands })
    }

    /// Whether workers prove, and not this process alone.
    pub fn has_workers(&self) -> bool {
        self.backend.is_proving() || self.remote || self.listen.is_some()
    }

    /// What a coordinator is told, with what L1 says of versions; nothing where this process executes alone.
    pub fn coordination(&self, learnt: Learnt) -> Option<Coordination> {
        let Learnt { programs, quorums, .. } = learnt;
        self.has_workers().then(|| Coordination {
            backend: self.backend,
            worker: self.worker.clone(),
            listen: self.listen,
            members: self.members.clone(),
            programs,
            quorums,
            stretch: STRETCH,
        })
    }

    /// What the contracts of this exchange are told.
    pub fn policy(&self) -> Policy {
        Policy::development(self.backend)
    }

    /// A folder that was begun with one kind of proof goes on with it: its contracts know no other.
    pub fn check_folder(&self, folder: &Path) -> Result<()> {
        let path = folder.join("proofs");
        let word = self.backend.word();
        match std::fs::read_to_string(&path) {
            Ok(before) if before.trim() == word => Ok(()),
            Ok(before) => bail!(
                "the contracts in {} accept proofs by `{before}`, not by `{word}`: go on with --prover {before}, or name another folder",
                folder.display()
            ),
            Err(_) => std::fs::write(&path, word).with_context(|| format!("{} cannot be written", path.display())),
        }
    }
}
