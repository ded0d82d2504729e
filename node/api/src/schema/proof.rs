use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::number::{Decimal, Hex};
use super::settled::{CommandProofView, L1TransactionView};
use crate::door::{BatchFacts, ProofStanding, ProofStep};

/// How far a proof has come, in one word.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ProofStateView {
    /// The batch waits for others to be proven with.
    Gathered,
    /// It waits for a worker.
    Waiting,
    /// A worker proves it.
    Proving,
    /// A proof is here and is being verified.
    Verifying,
    /// It is verified and stored.
    Proven,
    /// It cannot be proven.
    Refused,
}

/// How far a worker is, by its own word.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct ProofProgressView {
    /// The worker's name.
    pub worker: String,
    /// Since when, in milliseconds since the Unix epoch.
    pub since_ms: u64,
    /// How many milliseconds it is expected to take, if that was ever measured.
    pub expected_ms: Option<u64>,
    /// So many steps.
    pub done: Decimal,
    /// Of so many; 0 if nobody knows.
    pub of: Decimal,
    /// What is going on.
    pub stage: String,
}

/// What a verified proof has cost, and who has signed that it was verified.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct ProofMadeView {
    /// When it was verified, in milliseconds since the Unix epoch.
    pub at_ms: u64,
    /// How many milliseconds it took.
    pub took_ms: u64,
    /// Cycles of the guest; 0 if they were not counted.
    pub cycles: Decimal,
    /// The most bytes of memory that were held; 0 if that was not measured.
    pub memory_bytes: Decimal,
    /// Addresses of those who have signed that they verified it, where L1 counts signatures.
    pub signers: Vec<Hex>,
    /// How many must.
    pub threshold: u32,
    /// Where its file is: what `ashlar verify-proof` reads.
    pub file: String,
}

/// The proof of a batch, as far as it has come.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct BatchProofView {
    /// The first batch under the same proof.
    pub first: Decimal,
    /// The last one.
    pub last: Decimal,
    /// By which proof system.
    pub backend: String,
    /// Of which kind, in plain words.
    pub kind: String,
    /// What believing it rests on, in plain words.
    pub trust: String,
    /// The program, as its proof system names it.
    pub program: Hex,
    /// How far it has come.
    pub state: ProofStateView,
    /// While a worker proves it.
    pub progress: Option<ProofProgressView>,
    /// Once it is verified.
    pub made: Option<ProofMadeView>,
    /// Why it cannot be proven.
    pub refused: Option<String>,
    /// The transaction on L1 in which it was accepted.
    pub transaction: Option<L1TransactionView>,
}

/// Everything that shows a trade: the command's receipt and its path, the batch's header, its proof, and where L1 accepted them.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct TradeProofView {
    /// That the command did what its receipt says, in its batch.
    pub command: CommandProofView,
    /// The proof of that batch; absent if nothing is kept of it.
    pub proof: Option<BatchProofView>,
}

impl BatchProofView {
    /// From what the prover knows, and what is known of the batch.
    pub fn new(standing: &ProofStanding, batch: &BatchFacts) -> BatchProofView {
        let (mut progress, mut made, mut refused) = (None, None, None);
        let state = match &standing.step {
            ProofStep::Gathered => ProofStateView::Gathered,
            ProofStep::Waiting => ProofStateView::Waiting,
            ProofStep::Verifying => ProofStateView::Verifying,
            ProofStep::Proving { worker, since_ms, expected_ms, done, of, stage } => {
                progress = Some(ProofProgressView {
                    worker: worker.clone(),
                    since_ms: *since_ms,
                    expected_ms: *expected_ms,
                    done: Decimal(*done),
                    of: Decimal(*of),
                    stage: stage.clone(),
                });
                ProofStateView::Proving
            }
            ProofStep::Proven { at_ms, took_ms, cycles, memory_bytes, signers, threshold } => {
                made = Some(ProofMadeView {
                    at_ms: *at_ms,
                    took_ms: *took_ms,
                    cycles: Decimal(*cycles),
                    memory_bytes: Decimal(*memory_bytes),
                    signers: signers.iter().map(|signer| Hex::of(&signer.0)).collect(),
                    threshold: *threshold,
                    file: format!("/v1/batches/{}/proof/file", batch.number.get()),
                });
                ProofStateView::Proven
            }
            ProofStep::Refused { why } => {
                refused = Some(why.clone());
                ProofStateView::Refused
            }
        };
        BatchProofView {
            first: Decimal(standing.first.get()),
            last: Decimal(standing.last.get()),
            backend: standing.backend.clone(),
            kind: standing.kind.clone(),
            trust: standing.trust.clone(),
            program: Hex::of(&standing.program),
            state,
            progress,
            made,
            refused,
            transaction: batch.prove.as_ref().map(Into::into),
        }
    }
}
