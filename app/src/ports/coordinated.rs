//! The node's prover where workers prove: its coordinator, asked as the node asks.

use std::sync::Arc;

use ashlar_api::door::{ProofStanding, ProofStep};
use ashlar_prover::{BatchStatus, Found, Order, ProofState, ProverError, ProverHandle, evidence_of};
use ashlar_sequencer::{Asked, OutsideError, Proof, ProverPressure, Proving, Sealed};
use ashlar_settlement::Version;
use ashlar_types::BatchNumber;

use super::proving::vouch;
use crate::clock::now_ms;
use crate::proving::{Learnt, Policies};

/// How long after a batch was built its proof is needed. Nothing ends then: what is late is more urgent.
const NEEDED_MS: u64 = 10 * 60 * 1_000;
/// Batches that consumed entries of the L1 inbox have a deadline there, so they come first.
const WITH_ENTRIES: u8 = 0;
const WITHOUT: u8 = 1;

/// Has batches proven by a coordinator's workers.
pub struct Coordinated {
    handle: ProverHandle,
    policies: Arc<Policies>,
}

impl Coordinated {
    /// Through this coordinator, each as its version asks.
    pub const fn new(handle: ProverHandle, policies: Arc<Policies>) -> Coordinated {
        Coordinated { handle, policies }
    }
}

fn refused(error: ProverError) -> OutsideError {
    match error {
        ProverError::TooLarge { .. } | ProverError::Config(_) => OutsideError::stop(error.to_string()),
        _ => OutsideError::retry(error.to_string()),
    }
}

/// Of what was asked of L1 on the way.
pub(super) fn unanswered(error: anyhow::Error) -> OutsideError {
    OutsideError::retry(format!("{error:#}"))
}

fn order_of(sealed: &Sealed) -> Result<Order, OutsideError> {
    let input = sealed.input().map_err(|error| OutsideError::stop(error.to_string()))?;
    let deadline_ms = now_ms().saturating_add(NEEDED_MS);
    let consumes = input.header.inbox_next > input.parent.inbox_next;
    let priority = if consumes { WITH_ENTRIES } else { WITHOUT };
    Ok(Order { header: input.header, evidence: evidence_of(&input), deadline_ms, priority })
}

impl Proving for Coordinated {
    fn learn(&self, listed: Arc<[Version]>) -> Asked<Option<String>> {
        let (handle, policies) = (self.handle.clone(), self.policies.clone());
        Box::pin(async move {
            let Learnt { programs, quorums, lacking } = policies.learn(&listed).await.map_err(unanswered)?;
            let told = handle.learn(programs, quorums).await;
            told.map_err(|error| OutsideError::retry(error.to_string()))?;
            Ok(lacking)
        })
    }

    fn submit(&self, sealed: Arc<Sealed>) -> Asked<()> {
        let handle = self.handle.clone();
        Box::pin(async move { handle.submit(order_of(&sealed)?).await.map_err(refused) })
    }

    fn proof(&self, first: BatchNumber) -> Asked<Option<Proof>> {
        let (handle, policies) = (self.handle.clone(), self.policies.clone());
        Box::pin(async move {
            let Some(Found { proof, attestation }) = handle.proof(first).await.map_err(refused)? else {
                return Ok(None);
            };
            let policy = policies.of(proof.values.version).map_err(OutsideError::retry)?;
            let bytes = match attestation {
                Some(attestation) => attestation.to_bytes(),
                None => vouch(&policy.key(), &proof.values).to_vec(),
            };
            let (kind, proof_type) = (policy.kind(), policy.proof_type());
            Ok(Some(Proof { first: proof.first, last: proof.last, kind, proof_type, bytes }))
        })
    }

    fn settled(&self, upto: BatchNumber) -> Asked<()> {
        let handle = self.handle.clone();
        Box::pin(async move { handle.settled(upto).await.map_err(refused) })
    }

    fn pressure(&self) -> ProverPressure {
        let pressure = self.handle.pressure();
        ProverPressure { is_high: pressure.is_high, commands_per_second: pressure.backlog.commands_per_second }
    }

    fn standing(&self, batch: BatchNumber) -> Asked<Option<ProofStanding>> {
        let (handle, policies) = (self.handle.clone(), self.policies.clone());
        Box::pin(async move {
            let Some(BatchStatus { first, last, version, state }) = handle.status(batch).await.map_err(refused)? else {
                return Ok(None);
            };
            let policy = policies.of(version).map_err(OutsideError::retry)?;
            let program = match &state {
                ProofState::Proven { program, .. } => program.0,
                _ => policy.program().0,
            };
            Ok(Some(ProofStanding {
                first,
                last,
                backend: policy.backend().target().backend.to_string(),
                kind: policy.kind(),
                trust: policy.trust(),
                program,
                step: step_of(state),
            }))
        })
    }

    fn file(&self, batch: BatchNumber) -> Asked<Option<Vec<u8>>> {
        let handle = self.handle.clone();
        Box::pin(async move {
            let found = handle.proof_of(batch).await.map_err(refused)?;
            Ok(found.map(|found| found.proof.to_bytes()))
        })
    }
}

fn step_of(state: ProofState) -> ProofStep {
    match state {
        ProofState::Gathered => ProofStep::Gathered,
        ProofState::Waiting => ProofStep::Waiting,
        ProofState::Proving { worker, since_ms, expected_ms, progress, .. } => ProofStep::Proving {
            worker,
            since_ms,
            expected_ms,
            done: progress.done,
            of: progress.of,
            stage: progress.stage,
        },
        ProofState::Verifying { .. } => ProofStep::Verifying,
        ProofState::Proven { proven_ms, measured, attested, .. } => {
            let (signers, threshold) = attested.unwrap_or_default();
            ProofStep::Proven {
                at_ms: proven_ms,
                took_ms: measured.millis,
                cycles: measured.cycles,
                memory_bytes: measured.memory_bytes,
                signers,
                threshold: u32::try_from(threshold).unwrap_or(u32::MAX),
            }
        }
        ProofState::Refused { detail, .. } => ProofStep::Refused { why: detail },
    }
}
