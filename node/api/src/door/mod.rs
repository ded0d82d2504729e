//! The narrow door between the servers and the exchange behind them.
//!
//! 1. Everything that goes in is a [`Signed`] message, decoded and canonical; whether its signature is good is decided behind the door.
//! 2. A message is answered by its receipts or refused with a [`Refusal`] that says whether to ask again. A refused one
//!    took no place in the order of everything.
//! 3. What was executed comes out as [`Block`]s over a bounded channel, from the [`Opening`] of a reader on without a gap. A
//!    reader that falls behind learns it from the channel and opens again; nothing behind the door waits for it.
//! 4. Futures that the door gives may be dropped at any time. A message whose answer nobody awaits is executed all the same.

mod facts;
mod feed;
mod operator;
mod settled;
mod submit;
mod unwound;

pub use facts::{
    AccountFacts, AssetFacts, AssetName, HeldKey, Holding, MarketFacts, OpenOrder, Opening, Place, Recalled, Standing,
    Venue,
};
pub use feed::{Block, Executed, Feed, Line};
pub use operator::{Act, ActError, Acted, Operator, ServiceHealth, ServiceState};
pub use settled::{
    BatchFacts, BatchKey, CommandProof, CustodyFacts, InboxFacts, L1Transaction, MessageProof, OutboxFacts, Paid,
    ProofFacts, ProofStanding, ProofStep, RowFacts, Stage, StoreFacts, Tip, WithdrawalFacts,
};
pub use submit::{Allowance, Answered, GroupSeal, Origin, Refusal, SequenceReceipt, Signature, Signed};
pub use unwound::Unwound;

use std::future::Future;
use std::pin::Pin;

use ashlar_types::{AccountId, Address, BatchNumber, InboxIndex, Sequence, WithdrawalIndex};

/// A future answer.
pub type Pending<T> = Pin<Box<dyn Future<Output = T> + Send>>;

/// The node cannot say at the moment: it is starting, stopping, or the part that knows is not there.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error("{why}; ask again in a moment")]
pub struct Unavailable {
    /// What is missing.
    pub why: String,
}

/// What the node knows, or why it cannot say.
pub type Known<T> = Pending<Result<T, Unavailable>>;

/// A running exchange, as its servers see it.
pub trait Door: Send + Sync + 'static {
    /// What does not change while it runs.
    fn venue(&self) -> Venue;

    /// Hands in a message; the answer comes once its receipts are durable. The same message again is given the same answer (SPEC C-35).
    fn submit(&self, signed: Signed, origin: Origin) -> Pending<Result<Answered, Refusal>>;

    /// The state as a new reader needs it, and the lines from there on.
    fn open(&self) -> Known<Opening>;

    /// The same with what happened before, for the one reader who shows it: only the first one after a start is told.
    fn open_with_past(&self) -> Known<Opening> {
        self.open()
    }

    /// The funds, keys and standing of an account; `None` if there is no such account.
    fn account(&self, account: AccountId) -> Known<Option<AccountFacts>>;

    /// The accounts of an owner, the first one first; at most [`crate::limits::OWNER_ACCOUNTS_MAX`].
    fn accounts_of(&self, owner: Address) -> Known<Vec<AccountId>>;

    /// How far everything has come.
    fn tip(&self) -> Known<Tip>;

    /// A batch, if there is such a one.
    fn batch(&self, key: BatchKey) -> Known<Option<BatchFacts>>;

    /// What the transactions cost by which a batch stands on L1, as far as this node has sent them.
    fn paid(&self, _batch: BatchNumber) -> Known<Vec<Paid>> {
        Box::pin(std::future::ready(Ok(Vec::new())))
    }

    /// What this node wants done on L1 and is not final there, the oldest first.
    fn outbox(&self) -> Known<Vec<OutboxFacts>> {
        Box::pin(std::future::ready(Ok(Vec::new())))
    }

    /// That the command of this number did what its receipt says; `None` while it is in no batch.
    fn command_proof(&self, sequence: Sequence) -> Known<Option<CommandProof>>;

    /// How the proof of a batch stands; `None` if nobody was asked for one, or nothing is kept of it any more.
    fn proof_standing(&self, _batch: BatchNumber) -> Known<Option<ProofStanding>> {
        Box::pin(std::future::ready(Ok(None)))
    }

    /// The file of the proof that a batch is under, which `ashlar verify-proof` reads; `None` if there is none or it is not kept any more.
    fn proof_file(&self, _batch: BatchNumber) -> Known<Option<Vec<u8>>> {
        Box::pin(std::future::ready(Ok(None)))
    }

    /// What a batch changed in the state, as `ashlar recover --diffs` takes it; `None` if it is not built, or that is not kept.
    fn batch_diff(&self, _batch: BatchNumber) -> Known<Option<Vec<u8>>> {
        Box::pin(std::future::ready(Ok(None)))
    }

    /// A withdrawal, and its proof once it can be claimed on L1.
    fn withdrawal(&self, index: WithdrawalIndex) -> Known<Option<WithdrawalFacts>>;

    /// An entry of the L1 inbox.
    fn inbox(&self, index: InboxIndex) -> Known<Option<InboxFacts>>;

    /// The order in force: one more each time that L1 took something back and everything after it was ordered anew.
    fn epoch(&self) -> u64 {
        0
    }

    /// What became of an account's commands in unwindings after an epoch, the oldest first: those whose answer is not what it was.
    fn unwound(&self, _account: AccountId, _after: u64) -> Known<Vec<Unwound>> {
        Box::pin(std::future::ready(Ok(Vec::new())))
    }

    /// A row of a batch's coded data, out of the stores that keep it; `None` if none of them has it.
    fn row(&self, batch: BatchNumber, row: u16) -> Known<Option<RowFacts>>;

    /// Where the data of batches is kept; nothing where none is published.
    fn custody(&self) -> CustodyFacts {
        CustodyFacts::default()
    }

    /// How each of the node's services does.
    fn health(&self) -> Vec<ServiceHealth>;

    /// The node's own metrics, appended in the text format of Prometheus.
    fn metrics(&self, out: &mut String);
}
