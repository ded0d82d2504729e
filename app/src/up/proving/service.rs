//! The coordinator of `ashlar up`, its sockets, and the worker that it starts.

use std::collections::BTreeMap;
use std::path::Path;

use alloy::primitives::Address;
use anyhow::{Context as _, Result, anyhow};
use ashlar_contracts::abi::IVerifierRegistry;
use ashlar_prover::{Member, Programs, ProverConfig, ProverHandle, Role, StretchRules, start};
use ashlar_prover_wire::ProgramHash;
use ashlar_settlement::activations;
use ashlar_settlement::l1::BlockAt;
use ashlar_settlement::rpc::RpcL1;
use commonware_runtime::{Network as _, Supervisor as _, tokio as runtime};

use super::policy::Policy;
use super::settings::ProvingSettings;
use crate::proving::{Backend, LocalWorker, Supervised, UnixDoor, load_or_make_token, verifier_of};
use crate::rebuild::contract::ask;

/// The name of the worker on this machine.
const LOCAL: &str = "local";
/// Batches and commands under one proof: what is proven in the memory of a machine of 24 GiB.
const STRETCH: StretchRules = StretchRules { batches_max: 8, commands_max: 96 };

/// A running coordinator.
pub struct Provers {
    /// What the node asks.
    pub handle: ProverHandle,
    worker: Option<Supervised>,
}

/// Starts what was chosen; nothing where this process executes alone.
pub async fn open(
    context: &runtime::Context,
    settings: &ProvingSettings,
    folder: &Path,
    (l1, registry): (&RpcL1, Address),
) -> Result<Option<Provers>> {
    if !settings.has_workers() {
        return Ok(None);
    }
    let backend = settings.backend;
    let token = load_or_make_token(&folder.join("prover-token"))?;
    let target = backend.target();
    let programs = programs(backend, l1, registry).await.context("asking L1 which program proves which version")?;
    let mut config = ProverConfig::new(vec![target], programs);
    config.members = vec![Member { name: LOCAL.to_owned(), token: token.clone(), role: Role::Prove }];
    config.members.extend(settings.members.clone());
    config.stretch = STRETCH;
    config.verifiers.extend(verifier_of(target.backend).map(|verifier| (target.backend, verifier)));
    if backend == Backend::Sp1 {
        config.quorum = Some(Policy::of(backend).quorum()?);
    }
    let handle = start(context.child("prover"), config).await?;
    let socket = folder.join("prover.sock");
    let door = UnixDoor::open(&socket).with_context(|| format!("{} cannot be listened on", socket.display()))?;
    handle.listen(context.child("prover_socket"), door);
    if let Some(address) = settings.listen {
        let listener =
            context.bind(address).await.map_err(|error| anyhow!("{address} cannot be listened on: {error}"))?;
        handle.listen(context.child("prover_listener"), listener);
    }
    let worker = settings.worker.clone().map(|program| {
        let local = LocalWorker {
            name: LOCAL.to_owned(),
            program,
            arguments: Vec::new(),
            address: format!("unix:{}", socket.display()),
            token,
            log: folder.join("prover-worker.log"),
        };
        local.supervise(handle.clone())
    });
    Ok(Some(Provers { handle, worker }))
}

/// The program of each version that L1 has announced by now. A version that is announced later has none here until the next start: its batches wait,
/// rather than being proven by a program that L1 does not name for it.
async fn programs(backend: Backend, l1: &RpcL1, registry: Address) -> Result<Programs> {
    let system = backend.target().backend;
    let listed = activations(l1, registry, BlockAt::Latest).await?;
    let mut programs = Programs::default();
    let mut after = 0;
    for version in listed.iter().map(|one| one.version) {
        let program = match backend {
            // What is executed has no other name than that of this build.
            Backend::Execute => backend.program(),
            Backend::Sp1 => {
                let question = IVerifierRegistry::programCall { version, proofType: Policy::of(backend).proof_type() };
                ProgramHash(ask(l1, BlockAt::Latest, registry, &question).await?.key.0)
            }
        };
        programs = programs.since(version, BTreeMap::from([(system, program)]));
        after = version + 1;
    }
    Ok(programs.since(after, BTreeMap::new()))
}

impl Provers {
    /// Ends the coordinator and what it started.
    pub async fn stop(self) {
        self.handle.stop().await;
        if let Some(worker) = self.worker {
            worker.stop().await;
        }
    }
}
