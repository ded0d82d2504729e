//! What a node needs from others: somewhere to publish, an L1 to settle on, a prover. Each may be absent, fail, or be late.
//!
//! 1. Whatever is handed in may be handed in again: after a restart nobody remembers whether the answer got lost.
//! 2. An error says whether trying again can help.

use std::sync::Arc;

use ashlar_api::door::{CustodyFacts, L1Transaction, OutboxFacts, Paid, Pending, ProofStanding, RowFacts};
use ashlar_batch::{BatchHeader, Hash};
use ashlar_replica::L1Block;
use ashlar_settlement::Version;
use ashlar_sync::{Finding, Strategy};
use ashlar_types::{BatchNumber, InboxIndex};

use crate::build::Sealed;
use crate::engine::InboxItem;

/// Whether trying again can help.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Advice {
    /// Later, it can.
    Retry,
    /// It cannot; a person has to look.
    Stop,
}

/// Why something outside did not do what was asked.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error("{why}")]
pub struct OutsideError {
    /// Whether to try again.
    pub advice: Advice,
    /// What happened, with values, and what to do.
    pub why: String,
}

impl OutsideError {
    /// Something that may work later.
    pub fn retry(why: impl Into<String>) -> OutsideError {
        OutsideError { advice: Advice::Retry, why: why.into() }
    }

    /// Something that a person has to look at.
    pub fn stop(why: impl Into<String>) -> OutsideError {
        OutsideError { advice: Advice::Stop, why: why.into() }
    }
}

/// What is asked of something outside.
pub type Asked<T> = Pending<Result<T, OutsideError>>;

/// Where the data of batches is made available.
pub trait Availability: Send + Sync + 'static {
    /// The commitment that the header of a batch of these bytes carries.
    fn commitment(&self, bytes: &[u8]) -> Result<Hash, OutsideError>;

    /// Makes a batch's data available; done once it is.
    fn publish(&self, sealed: Arc<Sealed>) -> Asked<()>;

    /// What L1 is shown of a published batch whose data stays with custodians; an error while too few of them have signed.
    fn custody(&self, sealed: Arc<Sealed>) -> Asked<Custody> {
        let number = sealed.header().number.get();
        Box::pin(std::future::ready(Err(OutsideError::stop(format!(
            "batch {number} is to be committed by custodians' signatures, and where data is published nobody signs"
        )))))
    }

    /// The bytes of a published batch, asked of where it was published and not of what this node remembers. `None` says that all who were asked
    /// answered and do not have them; whoever does not answer is an error to try again. The caller checks what comes.
    fn fetch(&self, header: BatchHeader) -> Asked<Option<Vec<u8>>>;

    /// L1 will not take back this batch and those before it: what a policy does not keep of their data may go.
    fn settled(&self, _upto: BatchNumber) -> Asked<()> {
        Box::pin(std::future::ready(Ok(())))
    }

    /// The first batch whose data is still kept; what was before was let go by a policy, and is in an archive.
    fn kept_from(&self) -> BatchNumber {
        BatchNumber::default()
    }

    /// A row of a published batch, asked of where it was published and not of what this node remembers; `None` if nobody there has it.
    fn row(&self, header: BatchHeader, row: u16) -> Asked<Option<RowFacts>>;

    /// Where data is kept, and how each store has behaved.
    fn stores(&self) -> CustodyFacts {
        CustodyFacts::default()
    }
}

/// What L1 is shown of a batch whose data stays with custodians: the way from its data root to its commitment, and their signatures.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Custody {
    /// Levels of the tree over the data rows.
    pub height: u8,
    /// What stands beside the way up from the data root, the lowest first.
    pub siblings: Vec<[u8; 32]>,
    /// 65 bytes each, in ascending order of who signed.
    pub signatures: Vec<u8>,
}

/// What became of a batch that was handed in to be committed.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Handed {
    /// It is on its way, durably.
    Taken,
    /// L1 is dear, and the batch is young enough to wait: hand it in again later.
    NotNow,
}

/// A batch that is committed on L1.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Commit {
    /// Which.
    pub number: BatchNumber,
    /// The hash of its header.
    pub hash: Hash,
    /// Where.
    pub at: L1Transaction,
}

/// What the contract has at a block.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Anchor {
    /// The block.
    pub block: L1Block,
    /// The last batch that is committed there.
    pub committed: BatchNumber,
}

/// How L1 stands, as far as it is known.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct L1Standing {
    /// Its head.
    pub head: L1Block,
    /// When that was mined, in seconds.
    pub head_time: u64,
    /// The versions that its registry lists at the head, once they are known.
    pub versions: Option<Vec<Version>>,
    /// Its newest safe block: what is below stays, short of a catastrophe.
    pub safe: L1Block,
    /// Its newest final block, if that is known.
    pub finalized_block: Option<L1Block>,
    /// How far the contracts are in the chain as it stands, once that is known: what was further was taken back.
    pub reached: Option<Reached>,
    /// The committed batches from the one asked for on, in order.
    pub commits: Vec<Commit>,
    /// The last batch that is proven, and where.
    pub proven: Option<(BatchNumber, L1Transaction)>,
    /// The last batch that is final, and where.
    pub finalized: Option<(BatchNumber, L1Transaction)>,
    /// The price of gas, in wei.
    pub gas_price: u64,
    /// What the account has that pays for transactions, if that is known.
    pub balance: Option<u128>,
    /// When L1 was last looked at before it said the newest of this, in milliseconds; nothing if that is not known.
    pub unseen_ms: Option<u64>,
    /// What the client counts.
    pub counts: L1Counts,
}

/// What a client of L1 counts since it started.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct L1Counts {
    /// Times that L1 left blocks.
    pub reorgs: u64,
    /// Blocks that it left at most at once.
    pub deepest: u64,
    /// What waits to be done, what is on its way included.
    pub waiting: u64,
    /// What is on its way.
    pub in_flight: u64,
    /// Gas used by what was mined.
    pub gas_used: u64,
    /// Wei paid for it.
    pub paid_wei: u128,
}

/// How far the contracts are.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Reached {
    /// The last committed batch.
    pub committed: BatchNumber,
    /// The last proven one.
    pub proven: BatchNumber,
    /// The last that is final in the contract.
    pub finalized: BatchNumber,
}

/// The L1 that a node settles on. It is asked how things stand, never what happened since: so nothing is lost over a restart, and what L1
/// takes back shows.
pub trait Layer1: Send + Sync + 'static {
    /// Hands in a header to be committed. It is on its way, durably, once it is taken.
    fn commit(&self, sealed: Arc<Sealed>) -> Asked<Handed>;

    /// Hands in a proof of committed batches.
    fn prove(&self, proof: Proof) -> Asked<()>;

    /// Asks that all proven batches up to this one be made final, as soon as the contract allows.
    fn finalize(&self, upto: BatchNumber) -> Asked<()>;

    /// Entries of the inbox from this one on that L1 will keep, in order; at most so many as it likes.
    fn inbox(&self, from: InboxIndex) -> Asked<Vec<InboxItem>>;

    /// Whether a block that an entry was consumed from is still part of L1; nothing if whoever was asked has no block of that height yet.
    fn holds(&self, block: L1Block) -> Asked<Option<bool>>;

    /// The chained hash over so many entries of the inbox, at L1's last safe block; nothing if there are not so many.
    fn inbox_hash(&self, entries: InboxIndex) -> Asked<Option<Hash>>;

    /// Asks the contract to take back every batch above this one, none of which is final: they were built from an order that does not stand.
    fn revert(&self, kept: BatchHeader) -> Asked<()>;

    /// Batches from this one on will not be taken as they are: what is on its way for them comes to nothing, and others follow under the same numbers.
    fn give_up(&self, _from: BatchNumber, _why: String) -> Asked<()> {
        Box::pin(std::future::ready(Ok(())))
    }

    /// How it stands, with the commits from this batch on.
    fn standing(&self, from: BatchNumber) -> Asked<L1Standing>;

    /// What the transactions cost by which a batch stands on L1, as far as they were sent from here.
    fn paid(&self, _batch: BatchNumber) -> Asked<Vec<Paid>> {
        Box::pin(std::future::ready(Ok(Vec::new())))
    }

    /// What was handed in and is not final, the oldest first.
    fn outbox(&self) -> Asked<Vec<OutboxFacts>> {
        Box::pin(std::future::ready(Ok(Vec::new())))
    }

    /// How far the contract is at L1's newest block, asked of it and not of what was heard.
    fn anchor(&self) -> Asked<Anchor>;

    /// The hash that the contract keeps for a batch at a block, asked in the same way; nothing if it has no such batch.
    fn header_hash(&self, at: L1Block, batch: BatchNumber) -> Asked<Option<Hash>>;

    /// The header that a batch was committed with, as L1 told of it; nothing if that is not known. Whoever asks compares it with the hash.
    fn header(&self, _batch: BatchNumber) -> Asked<Option<BatchHeader>> {
        Box::pin(std::future::ready(Ok(None)))
    }
}

/// A proof as the contract takes it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Proof {
    /// The first batch it proves.
    pub first: BatchNumber,
    /// The last one.
    pub last: BatchNumber,
    /// Of which kind, in the words that every screen shows.
    pub kind: String,
    /// The number of that kind in the contract's registry.
    pub proof_type: u8,
    /// Its bytes.
    pub bytes: Vec<u8>,
}

/// Who proves batches.
pub trait Proving: Send + Sync + 'static {
    /// Hands in a batch to be proven. It is queued, durably, once this is done.
    fn submit(&self, sealed: Arc<Sealed>) -> Asked<()>;

    /// A proof that begins with this batch, if there is one.
    fn proof(&self, first: BatchNumber) -> Asked<Option<Proof>>;

    /// The versions that L1 lists, before a batch is handed in and whenever they are others than before: each batch has to be proven as its version
    /// asks. Says what keeps it from proving one that is announced, if something does.
    fn learn(&self, _listed: Arc<[Version]>) -> Asked<Option<String>> {
        Box::pin(std::future::ready(Ok(None)))
    }

    /// L1 will not take back this batch and those before it: what is kept only to prove them may go.
    fn settled(&self, _upto: BatchNumber) -> Asked<()> {
        Box::pin(std::future::ready(Ok(())))
    }

    /// How far behind it is.
    fn pressure(&self) -> ProverPressure {
        ProverPressure::default()
    }

    /// How the proof of a batch stands, if it was handed in.
    fn standing(&self, _batch: BatchNumber) -> Asked<Option<ProofStanding>> {
        Box::pin(std::future::ready(Ok(None)))
    }

    /// The file of the proof that a batch is under, if it is kept: what `ashlar verify-proof` reads.
    fn file(&self, _batch: BatchNumber) -> Asked<Option<Vec<u8>>> {
        Box::pin(std::future::ready(Ok(None)))
    }
}

/// What a prover asks of whoever makes batches.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct ProverPressure {
    /// So much waits that fewer and larger batches are wanted.
    pub is_high: bool,
    /// Commands that it proves in a second, by what was measured; 0 if nothing was.
    pub commands_per_second: u64,
}

/// What a check found to be wrong.
#[derive(Clone, Debug)]
pub struct Divergence {
    /// When, in milliseconds since 1970.
    pub at_ms: u64,
    /// The L1 block that was compared with; nothing without an L1.
    pub block: Option<L1Block>,
    /// What follows from it.
    pub strategy: Strategy,
    /// Everything that was found, the first batch first; never empty.
    pub findings: Vec<Finding>,
}

/// Where reports of divergences are kept for people.
pub trait Reports: Send + Sync + 'static {
    /// Keeps one, durably. Gives the place, in words for whoever looks for it.
    fn keep(&self, report: &Divergence) -> Result<String, OutsideError>;
}

/// Everything outside, as far as it is there.
#[derive(Clone, Default)]
pub struct Parts {
    /// Where data is published. Without it batches stay here.
    pub availability: Option<Arc<dyn Availability>>,
    /// The L1. Without it nothing is settled.
    pub layer1: Option<Arc<dyn Layer1>>,
    /// The prover. Without it nothing is proven.
    pub prover: Option<Arc<dyn Proving>>,
    /// Where reports of divergences go. Without it they are in the log and in the health of the node alone.
    pub reports: Option<Arc<dyn Reports>>,
}

impl std::fmt::Debug for Parts {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Parts { availability, layer1, prover, reports } = self;
        f.debug_struct("Parts")
            .field("availability", &availability.is_some())
            .field("layer1", &layer1.is_some())
            .field("prover", &prover.is_some())
            .field("reports", &reports.is_some())
            .finish()
    }
}
