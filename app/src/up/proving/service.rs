//! The coordinator of `ashlar up`, its sockets, and the worker that it starts.

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::{Context as _, Result, anyhow};
use ashlar_prover::{Member, ProverConfig, ProverHandle, Role, StretchRules, start};
use commonware_runtime::{Network as _, Supervisor as _, tokio as runtime};

use super::policy::Policy;
use super::settings::ProvingSettings;
use crate::proving::{LocalWorker, Supervised, UnixDoor, load_or_make_token, verifier_of};

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
pub async fn open(context: &runtime::Context, settings: &ProvingSettings, folder: &Path) -> Result<Option<Provers>> {
    if !settings.has_workers() {
        return Ok(None);
    }
    let backend = settings.backend;
    let token = load_or_make_token(&folder.join("prover-token"))?;
    let target = backend.target();
    let mut config = ProverConfig::new(vec![target], BTreeMap::from([(target.backend, backend.program())]));
    config.members = vec![Member { name: LOCAL.to_owned(), token: token.clone(), role: Role::Prove }];
    config.members.extend(settings.members.clone());
    config.stretch = STRETCH;
    config.verifiers.extend(verifier_of(target.backend).map(|verifier| (target.backend, verifier)));
    if backend.is_proving() {
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

impl Provers {
    /// Ends the coordinator and what it started.
    pub async fn stop(self) {
        self.handle.stop().await;
        if let Some(worker) = self.worker {
            worker.stop().await;
        }
    }
}
