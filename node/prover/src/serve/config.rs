//! What whoever runs a coordinator may choose.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::sync::Arc;

use ashlar_batch::PublicValues;
use ashlar_prover_wire::limits::BATCHES_MAX;
use ashlar_prover_wire::{BackendName, ProgramHash, ProofKind, Token};

use crate::attest::Quorums;
use crate::limits::{WORKER_NAME_BYTES_MAX, WORKERS_MAX};
use crate::schedule::{Programs, Target};
use crate::verify::Verifier;

/// What a worker is for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Role {
    /// It proves.
    Prove,
    /// It verifies what others have proven, where this process has no verifier for it.
    Verify,
}

/// A worker that may connect. It is known by its token.
#[derive(Clone, Debug)]
pub struct Member {
    /// Its name, for people. It stays the same over restarts, as does what is known of its conduct.
    pub name: String,
    /// What only it and the coordinator know.
    pub token: Token,
    /// What it is for.
    pub role: Role,
}

/// How many batches are proven at once.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct StretchRules {
    /// The most batches under one proof.
    pub batches_max: usize,
    /// The most commands under one proof, unless a single batch has more.
    pub commands_max: u64,
}

/// What is kept, and for how long: in batches behind the last that is final on L1. What is not final is always kept.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Retention {
    /// Evidence, from which a batch can be proven again.
    pub evidence_batches: u64,
    /// Proofs and signatures.
    pub proof_batches: u64,
}

/// A coordinator's configuration.
#[derive(Clone)]
pub struct ProverConfig {
    /// The beginning of the names of everything it stores.
    pub partition: String,
    /// What kinds of proof are wanted, in the order of preference.
    pub targets: Vec<Target>,
    /// The programs in force, by version.
    pub programs: Programs,
    /// Who may connect.
    pub members: Vec<Member>,
    /// Verifiers in this process. Of a system that has none here, a worker whose role it is verifies.
    pub verifiers: BTreeMap<BackendName, Arc<dyn Verifier>>,
    /// Who signs that a proof was verified, where L1 counts signatures.
    pub quorums: Quorums,
    /// How many batches are proven at once.
    pub stretch: StretchRules,
    /// What is kept.
    pub retention: Retention,
    /// Jobs that wait above which the batcher is told to wait.
    pub waiting_jobs_high: usize,
}

impl ProverConfig {
    /// A configuration with everything but the essentials as it usually is.
    pub fn new(targets: Vec<Target>, programs: impl Into<Programs>) -> ProverConfig {
        ProverConfig {
            partition: "ashlar".to_owned(),
            targets,
            programs: programs.into(),
            members: Vec::new(),
            verifiers: BTreeMap::new(),
            quorums: Quorums::default(),
            stretch: StretchRules { batches_max: 16, commands_max: 1 << 16 },
            retention: Retention { evidence_batches: 64, proof_batches: 4_096 },
            waiting_jobs_high: 32,
        }
    }

    /// Everything that is wrong with it, one sentence each.
    pub fn mistakes(&self) -> Vec<String> {
        let mut found = Vec::new();
        if self.targets.is_empty() {
            found.push("no kind of proof is wanted; name one at least".to_owned());
        }
        for Target { backend, .. } in &self.targets {
            if !self.programs.has(*backend) {
                found.push(format!("proofs by {backend} are wanted, and no program of it is in force"));
            }
        }
        if self.members.len() > WORKERS_MAX {
            found.push(format!("{} workers may connect, more than {WORKERS_MAX}", self.members.len()));
        }
        let names: BTreeSet<_> = self.members.iter().map(|member| &member.name).collect();
        let tokens: BTreeSet<_> = self.members.iter().map(|member| member.token.to_hex()).collect();
        if names.len() < self.members.len() || tokens.len() < self.members.len() {
            found.push("two workers have the same name or the same token; give each its own".to_owned());
        }
        if let Some(Member { name, .. }) =
            self.members.iter().find(|member| member.name.is_empty() || member.name.len() > WORKER_NAME_BYTES_MAX)
        {
            found.push(format!("{name:?} is no name of a worker: it has 1 to {WORKER_NAME_BYTES_MAX} letters"));
        }
        if self.stretch.batches_max == 0 || self.stretch.batches_max > BATCHES_MAX {
            found.push(format!("a proof is of 1 to {BATCHES_MAX} batches, not {}", self.stretch.batches_max));
        }
        for quorum in self.quorums.all() {
            let members = quorum.members().len();
            if quorum.threshold() == 0 || quorum.threshold() > members {
                found.push(format!("{} of {members} signers can never sign", quorum.threshold()));
            }
        }
        found
    }

    /// The program that must have run for these public values: that of their version. All zeros, which is no program, if none is in force for it.
    pub(crate) fn program_of(&self, public_values: &[u8], target: Target) -> ProgramHash {
        let version = ashlar_types::from_bytes::<PublicValues>(public_values).ok().map(|values| values.version);
        version.and_then(|version| self.programs.of(version, target.backend)).unwrap_or_default()
    }

    /// Whether a proof of this kind is checked by executing again.
    pub(crate) fn is_executed(target: Target) -> bool {
        target.kind == ProofKind::Execution
    }
}

impl fmt::Debug for ProverConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ProverConfig")
            .field("targets", &self.targets)
            .field("programs", &self.programs)
            .field("members", &self.members)
            .field("verifiers", &self.verifiers.keys())
            .field("quorums", &self.quorums)
            .field("stretch", &self.stretch)
            .field("retention", &self.retention)
            .finish_non_exhaustive()
    }
}
