//! A node's coordinator, its sockets, and the worker that it starts.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, anyhow};
use ashlar_prover::{Member, Programs, ProverConfig, ProverError, ProverHandle, Quorums, Role, StretchRules, start};
use commonware_runtime::{Network as _, Supervisor as _, tokio as runtime};

use super::{Backend, LocalWorker, Supervised, UnixDoor, load_or_make_token, verifier_of};

/// The name of the worker on this machine.
const LOCAL: &str = "local";

/// Who proves, and who may.
pub struct Coordination {
    /// How.
    pub backend: Backend,
    /// The worker that is started here.
    pub worker: Option<PathBuf>,
    /// Where workers of other machines connect.
    pub listen: Option<SocketAddr>,
    /// Which of them may.
    pub members: Vec<Member>,
    /// Which program proves which version.
    pub programs: Programs,
    /// Who signs for what L1 has no verifier for.
    pub quorums: Quorums,
    /// How much goes under one proof.
    pub stretch: StretchRules,
}

/// A running coordinator.
pub struct Provers {
    /// What the node asks.
    pub handle: ProverHandle,
    worker: Option<Supervised>,
}

impl Provers {
    /// Starts it, with what it keeps in this folder.
    pub async fn open(context: &runtime::Context, with: Coordination, folder: &Path) -> Result<Provers> {
        let token = load_or_make_token(&folder.join("prover-token"))?;
        let target = with.backend.target();
        let mut config = ProverConfig::new(vec![target], with.programs);
        config.members = vec![Member { name: LOCAL.to_owned(), token: token.clone(), role: Role::Prove }];
        config.members.extend(with.members);
        config.stretch = with.stretch;
        let verifier = verifier_of(target.backend, with.worker.as_deref());
        config.verifiers.extend(verifier.map(|verifier| (target.backend, verifier)));
        config.quorums = with.quorums;
        let handle = start(context.child("prover"), config).await?;
        let socket = folder.join("prover.sock");
        let door = UnixDoor::open(&socket).with_context(|| format!("{} cannot be listened on", socket.display()))?;
        handle.listen(context.child("prover_socket"), door);
        if let Some(address) = with.listen {
            let listener =
                context.bind(address).await.map_err(|error| anyhow!("{address} cannot be listened on: {error}"))?;
            handle.listen(context.child("prover_listener"), listener);
        }
        let worker = with.worker.map(|program| {
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
        Ok(Provers { handle, worker })
    }

    /// The same where there is something to coordinate.
    pub async fn open_if(
        context: &runtime::Context,
        with: Option<Coordination>,
        folder: &Path,
    ) -> Result<Option<Provers>> {
        match with {
            Some(with) => Provers::open(context, with, folder).await.context("starting the prover").map(Some),
            None => Ok(None),
        }
    }

    /// Ends when the coordinator does, if there is one, which it does not by itself.
    pub async fn failed(provers: Option<&Provers>) -> ProverError {
        match provers {
            Some(provers) => provers.handle.failed().await.unwrap_or(ProverError::Stopped),
            None => std::future::pending().await,
        }
    }

    /// Ends the coordinator and what it started.
    pub async fn stop(self) {
        self.handle.stop().await;
        if let Some(worker) = self.worker {
            worker.stop().await;
        }
    }
}
