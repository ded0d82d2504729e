use ashlar_batch::BatchError;
use ashlar_batch::merkle::Digest;
use ashlar_state::{Fault, MapError};

/// Why a batch was not captured. Whatever it is, nothing has changed.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum CaptureError {
    /// The parent is not of this exchange.
    #[error("the parent header is of another {what}")]
    Parent {
        /// What differs.
        what: &'static str,
    },
    /// Versions never go back, and this program proves none below its own.
    #[error(
        "a batch of version {got} cannot follow: {least} is the least, by its parent and by this program; see what L1 says of versions"
    )]
    Version {
        /// The least that may follow.
        least: u32,
        /// Which was asked for.
        got: u32,
    },
    /// The parent does not end in the state that is held. After an L1 reorganisation, restore the state first.
    #[error("the parent ends in state {expected:?}, and the state held is {got:?}; restore the parent's state first")]
    Root {
        /// The parent's.
        expected: Digest,
        /// The one held.
        got: Digest,
    },
    /// The parent's counters are not those of the state.
    #[error("the parent says that {what} is at {expected}, and the state says {got}")]
    Counter {
        /// Which.
        what: &'static str,
        /// The parent's.
        expected: u64,
        /// The state's.
        got: u64,
    },
    /// The batch begins before its parent ends.
    #[error("the first input has time {got}, before the parent's last, {expected}")]
    Time {
        /// The parent's last.
        expected: u64,
        /// The first input's.
        got: u64,
    },
    /// Not one signature for each message.
    #[error("{got} signatures for {expected} messages")]
    Signatures {
        /// Messages.
        expected: usize,
        /// Signatures.
        got: usize,
    },
    /// A message names a signer that does not exist: it may not be in a batch (SPEC U-4).
    #[error("input {input} names a signer that does not exist; leave it out of the batch")]
    NoSigner {
        /// Its place in the batch.
        input: usize,
    },
    /// An inbox entry out of its order, or with a time that the exchange does not accept (SPEC U-5).
    #[error("input {input} is inbox entry {got}, which cannot be consumed where {expected} is next")]
    Inbox {
        /// Its place in the batch.
        input: usize,
        /// The next index.
        expected: u64,
        /// The entry's.
        got: u64,
    },
    /// The inputs have no batch bytes.
    #[error("the inputs are no batch: {0}")]
    Batch(BatchError),
    /// More receipts or withdrawals than a tree holds.
    #[error("more answers than a batch can hold; cut it")]
    TreeFull,
    /// The leaves do not ascend.
    #[error("the leaves are in no order: {0}")]
    Leaves(MapError),
    /// The store answered against its own rules: a bug here.
    #[error("the state cannot be recorded: {0}")]
    Fault(Fault),
    /// The index of orders and the leaves disagree: a bug here.
    #[error("the index of orders is not that of the leaves, for account {account}")]
    Index {
        /// Whose orders.
        account: u32,
    },
    /// The executor did not run its tasks.
    #[error("the executor did not run all of its tasks")]
    Executor,
}
