use alloy::primitives::B256;
use ashlar_batch::Hash;
use ashlar_types::{BatchNumber, InboxIndex};

use crate::commitments::StepKind;
use crate::contract::ProofType;
use crate::finality::ConfirmationStatus;
use crate::inbox::{InboxMark, PlacedEntry};
use crate::l1::{BlockRef, Paid};

/// What happened on L1 that a node must know.
///
/// After a restart everything since the last block that was final is told again, in the same order: each event names what it is about, so
/// hearing it twice does no harm.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum SettlementEvent {
    /// What L1 says in the events after this one it did not say yet when it was last looked at: no more time than since then has passed.
    /// Nothing is told so while old blocks are read.
    Heard {
        /// When that look began, in milliseconds.
        unseen_ms: u64,
    },
    /// An inbox entry may be consumed.
    InboxSafe(PlacedEntry),
    /// Entries that were told of hold no longer: everything from this mark on will be told anew. Commands that consumed them
    /// must be executed again.
    InboxRolledBack(InboxMark),
    /// A batch is committed in the followed chain.
    Committed {
        /// Which.
        batch: BatchNumber,
        /// Its header.
        header_hash: Hash,
        /// The transaction.
        tx: B256,
        /// Where.
        block: BlockRef,
    },
    /// Batches are proven in the followed chain.
    Proven {
        /// By which proof.
        proof_type: ProofType,
        /// The first.
        first: BatchNumber,
        /// The last.
        last: BatchNumber,
        /// The last one's header.
        last_hash: Hash,
        /// The transaction.
        tx: B256,
        /// Where.
        block: BlockRef,
    },
    /// Batches are final in the contract: their withdrawals can be claimed.
    Finalized {
        /// The first.
        first: BatchNumber,
        /// The last.
        last: BatchNumber,
        /// Inbox entries consumed up to there.
        inbox_next: InboxIndex,
        /// The transaction.
        tx: B256,
        /// Where.
        block: BlockRef,
    },
    /// The contract took batches back.
    Reverted {
        /// The first.
        first: BatchNumber,
        /// The last.
        last: BatchNumber,
        /// Where.
        block: BlockRef,
    },
    /// The receipt of one of our transactions says what it cost, whether or not it had an effect.
    Paid {
        /// Which.
        tx: B256,
        /// What.
        paid: Paid,
    },
    /// L1 left blocks. What the contracts had said in them is undone; what is still wanted is on its way again.
    Reorg {
        /// The last block that stays.
        to: BlockRef,
        /// How many were left.
        depth: u64,
        /// The last batch that is committed now.
        committed: BatchNumber,
        /// How far the inbox goes now, safe or not.
        inbox: InboxMark,
    },
    /// What was handed in cannot be committed as L1 is now: it consumed what is not in the inbox. It was taken back; build anew the batch
    /// of this header and all that build on it.
    CommitsInvalid {
        /// The first.
        from: BatchNumber,
        /// The hash of its header: there may be another batch of that number by now.
        header_hash: B256,
        /// Why.
        reason: String,
    },
    /// A step of a batch is surer, or less sure, than before.
    Confirmation {
        /// Which batch.
        batch: BatchNumber,
        /// Which step.
        step: StepKind,
        /// How sure.
        status: ConfirmationStatus,
    },
    /// What was submitted came to nothing.
    Failed {
        /// Which batches' steps.
        steps: Vec<(BatchNumber, StepKind)>,
        /// Why.
        reason: String,
    },
    /// A new head.
    Head(BlockRef),
    /// A new safe block.
    Safe(BlockRef),
    /// A new final block.
    FinalBlock(BlockRef),
    /// A block under a mark was left.
    FinalityFell {
        /// Whether L1 broke its promise about the final one.
        finalized: bool,
        /// Where the mark is now.
        to: BlockRef,
    },
    /// The contracts are paused, or not any more.
    Paused {
        /// Until when, in seconds; none if they are not.
        until: Option<u64>,
    },
    /// The bridge is frozen, thawed, or at its end.
    Freeze {
        /// Whether it is frozen.
        frozen: bool,
        /// Whether everyone leaves from a fixed state now.
        ended: bool,
    },
    /// Two proofs contradict each other about this batch: stop and look.
    Contradicted(BatchNumber),
}
