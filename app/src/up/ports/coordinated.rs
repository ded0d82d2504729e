//! The node's prover where workers prove: its coordinator, asked as the node asks.

use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use ashlar_api::door::{ProofStanding, ProofStep};
use ashlar_prover::{BatchStatus, Found, Order, ProofState, ProverError, ProverHandle, evidence_of};
use ashlar_sequencer::{Asked, OutsideError, Proof, ProverPressure, Proving, Sealed};
use ashlar_types::BatchNumber;

use super::proving::vouch;
use crate::proving::Policy;

/// How long after a batch was built its proof is needed. Nothing ends then: what is late is more urgent.
const NEEDED_MS: u64 = 10 * 60 * 1_000;
/// Batches that consumed entries of the L1 inbox have a deadline there, so they come first.
const WITH_ENTRIES: u8 = 0;
const WITHOUT: u8 = 1;

/// Has batches proven by a coordinator's workers.
pub struct Coordinated {
    handle: ProverHandle,
    policy: Policy,
}

impl Coordinated {
    /// Through this coordinator.
    pub const fn new(handle: ProverHandle, policy: Policy) -> Coordinated {
        Coordinated { handle, policy }
    }
}

fn refused(error: ProverError) -> OutsideError {
    match error {
        ProverError::TooLarge { .. } | ProverError::Config(_) => OutsideError::stop(error.to_string()),
        _ => OutsideError::retry(error.to_string()),
    }
}

fn order_of(sealed: &Sealed) -> Result<Order, OutsideError> {
    let input = sealed.input().map_err(|error| OutsideError::stop(error.to_string()))?;
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    let deadline_ms = u64::try_from(now.as_millis()).unwrap_or(u64::MAX).saturating_add(NEEDED_MS);
    let consumes = input.header.inbox_next > input.parent.inbox_next;
    let priority = if consumes { WITH_ENTRIES } else { WITHOUT };
    Ok(Order { header: input.header, evidence: evidence_of(&input), deadline_ms, priority })
}

impl Proving for Coordinated {
    fn submit(&self, sealed: Arc<Sealed>) -> Asked<()> {
        let handle = self.handle.clone();
        Box::pin(async move { handle.submit(order_of(&sealed)?).await.map_err(refused) })
    }

    fn proof(&self, first: BatchNumber) -> Asked<Option<Proof>> {
        let (handle, policy) = (self.handle.clone(), self.policy);
        Box::pin(async move {
            let Some(Found { proof, attestation }) = handle.proof(first).await.map_err(refused)? else {
                return Ok(None);
            };
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
        let (handle, policy) = (self.handle.clone(), self.policy);
        Box::pin(async move {
            let status = handle.status(batch).await.map_err(refused)?;
            Ok(status.map(|BatchStatus { first, last, state }| ProofStanding {
                first,
                last,
                backend: policy.backend().target().backend.to_string(),
                kind: policy.kind(),
                trust: policy.trust(),
                program: policy.backend().program().0,
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
