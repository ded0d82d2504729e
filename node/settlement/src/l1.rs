//! What the client asks of an L1, and the errors sorted by what the caller must do about them.
//!
//! 1. A block is named by its hash wherever its content matters. Numbers and tags only find hashes.
//! 2. An implementation checks every answer against its question: a block asked for by hash has that hash, a log asked
//!    for by block is of that block, a transaction sent has the hash of its bytes.
//! 3. There are two real ones behind this door: [`crate::rpc`] over HTTP and [`crate::sim`] in memory.

use std::future::Future;

use alloy::primitives::{Address, B256, Bytes, U256};
use serde::{Deserialize, Serialize};
use thiserror::Error;

/// A block as far as it is needed to follow a chain.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Block {
    /// Its hash, by which it is known.
    pub hash: B256,
    /// The block before.
    pub parent: B256,
    /// Its height.
    pub number: u64,
    /// Seconds since 1970.
    pub time: u64,
    /// What a unit of gas cost at least, in wei.
    pub base_fee: u128,
}

impl Block {
    /// Its name without its content.
    pub const fn at(&self) -> BlockRef {
        BlockRef { hash: self.hash, number: self.number, time: self.time }
    }
}

/// Where something is on L1.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize, Deserialize)]
pub struct BlockRef {
    /// The height, first, so that references sort by it.
    pub number: u64,
    /// The block.
    pub hash: B256,
    /// Seconds since 1970.
    pub time: u64,
}

/// How a block is found.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum BlockAt {
    /// This one and no other.
    Hash(B256),
    /// The canonical one of this height, as the endpoint sees it.
    Number(u64),
    /// The head.
    Latest,
    /// The newest that an honest majority will not leave.
    Safe,
    /// The newest that cannot be left without slashing.
    Finalized,
}

/// An event of a contract.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Log {
    /// Whose.
    pub address: Address,
    /// Its signature and indexed fields.
    pub topics: Vec<B256>,
    /// Its other fields.
    pub data: Bytes,
    /// In which transaction.
    pub tx: B256,
    /// Its place in the block.
    pub index: u64,
}

/// A call that is asked about and not sent.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Call {
    /// As whom.
    pub from: Address,
    /// To whom; none creates a contract.
    pub to: Option<Address>,
    /// Wei.
    pub value: U256,
    /// The input.
    pub data: Bytes,
}

/// What a mined transaction did.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Receipt {
    /// Which.
    pub tx: B256,
    /// In which block: only as good as that block.
    pub block_hash: B256,
    /// That block's height.
    pub block_number: u64,
    /// Whether it had an effect; otherwise it reverted and only paid.
    pub succeeded: bool,
    /// What it used.
    pub gas_used: u64,
    /// What a unit of it cost, in wei.
    pub gas_price: u128,
    /// What the blobs cost in all, in wei.
    pub blob_cost: u128,
    /// What it created.
    pub created: Option<Address>,
}

impl Receipt {
    /// What it cost.
    pub const fn paid(&self) -> Paid {
        Paid { gas_used: self.gas_used, gas_price: self.gas_price, blob_cost: self.blob_cost }
    }

    /// Wei paid in all.
    pub fn cost(&self) -> u128 {
        self.paid().wei()
    }
}

/// What a mined transaction cost.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Paid {
    /// Units of gas that it used.
    pub gas_used: u64,
    /// What each of them cost, in wei.
    pub gas_price: u128,
    /// What its blobs cost in all, in wei.
    pub blob_cost: u128,
}

impl Paid {
    /// Wei in all.
    pub fn wei(&self) -> u128 {
        u128::from(self.gas_used).saturating_mul(self.gas_price).saturating_add(self.blob_cost)
    }
}

/// What inclusion costs now.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct FeeMarket {
    /// The base fee of the next block, in wei.
    pub base_fee: u128,
    /// The fee of a unit of blob gas in the next block, in wei.
    pub blob_fee: u128,
    /// What the upper part of recent blocks' transactions paid on top, the newest last.
    pub tips: Vec<u128>,
}

/// Why an L1 gave no usable answer.
#[derive(Clone, PartialEq, Eq, Debug, Error)]
pub enum L1Error {
    /// Nothing came back, or nothing readable.
    #[error("the L1 endpoint {endpoint} gave no answer to {what}: {reason}")]
    Transport {
        /// Which endpoint.
        endpoint: String,
        /// To which question.
        what: &'static str,
        /// What was seen instead.
        reason: String,
    },
    /// The answer is to another question.
    #[error("the L1 endpoint {endpoint} answered {what} with something else: asked {asked}, got {got}")]
    Inconsistent {
        /// Which endpoint.
        endpoint: String,
        /// Which question.
        what: &'static str,
        /// What was asked about.
        asked: String,
        /// What the answer is about.
        got: String,
    },
    /// Too few endpoints say the same.
    #[error("only {agreed} of the {needed} endpoints that are needed agree on {what}")]
    Quorum {
        /// On what.
        what: &'static str,
        /// How many do.
        agreed: usize,
        /// How many have to.
        needed: usize,
    },
    /// What is asked about is not there, or no longer.
    #[error("{what} is not known to L1 (any more)")]
    Missing {
        /// What.
        what: &'static str,
    },
    /// The pool wants a higher fee.
    #[error("L1's pool finds the fee too low: {reason}")]
    Underpriced {
        /// Its words.
        reason: String,
    },
    /// A transaction of that nonce is mined.
    #[error("the nonce is used already: {reason}")]
    NonceTooLow {
        /// Its words.
        reason: String,
    },
    /// The pool has it.
    #[error("the transaction is in the pool already")]
    AlreadyKnown,
    /// The call does not succeed in the state it was tried on.
    #[error("the call reverts: {reason}")]
    Revert {
        /// What the contract returned.
        data: Bytes,
        /// The same for a person.
        reason: String,
    },
    /// The account cannot pay.
    #[error("the account cannot pay for the transaction; send it ether: {reason}")]
    Funds {
        /// The pool's words.
        reason: String,
    },
    /// It is another chain.
    #[error("the endpoint {endpoint} serves chain {got}, not {expected}; correct the endpoint or the chain id")]
    WrongChain {
        /// Which endpoint.
        endpoint: String,
        /// What was configured.
        expected: u64,
        /// What it says.
        got: u64,
    },
    /// The pool will never take it as it is.
    #[error("L1 refuses the transaction: {reason}")]
    Rejected {
        /// Its words.
        reason: String,
    },
}

/// What to do about an error.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Advice {
    /// Ask again later, or somebody else.
    Retry,
    /// Pay more.
    Bump,
    /// Look which of the transactions of this nonce was mined.
    Resolve,
    /// Nothing: what was wanted is the case.
    Done,
    /// Do not send this; sending it again does not help.
    GiveUp,
}

impl L1Error {
    /// What to do about it.
    pub const fn advice(&self) -> Advice {
        match self {
            Self::Transport { .. }
            | Self::Inconsistent { .. }
            | Self::Quorum { .. }
            | Self::Missing { .. }
            | Self::Funds { .. }
            | Self::WrongChain { .. } => Advice::Retry,
            Self::Underpriced { .. } => Advice::Bump,
            Self::NonceTooLow { .. } => Advice::Resolve,
            Self::AlreadyKnown => Advice::Done,
            Self::Revert { .. } | Self::Rejected { .. } => Advice::GiveUp,
        }
    }

    /// Whether another endpoint may do better.
    pub const fn is_endpoints_fault(&self) -> bool {
        matches!(self, Self::Transport { .. } | Self::Inconsistent { .. } | Self::WrongChain { .. })
    }
}

/// An L1, as the client sees it.
pub trait L1: Clone + Send + Sync + 'static {
    /// Which chain it is.
    fn chain_id(&self) -> impl Future<Output = Result<u64, L1Error>> + Send;

    /// A block, if there is one.
    fn block(&self, at: BlockAt) -> impl Future<Output = Result<Option<Block>, L1Error>> + Send;

    /// The events of these contracts in one block, in order. [`L1Error::Missing`] if the block is not known (any more).
    fn logs(&self, block: B256, of: &[Address]) -> impl Future<Output = Result<Vec<Log>, L1Error>> + Send;

    /// What a call would return in the state after a block.
    fn call(&self, call: &Call, at: BlockAt) -> impl Future<Output = Result<Bytes, L1Error>> + Send;

    /// The gas that a call would use on the head.
    fn estimate(&self, call: &Call) -> impl Future<Output = Result<u64, L1Error>> + Send;

    /// An account's transactions up to a block.
    fn nonce(&self, of: Address, at: BlockAt) -> impl Future<Output = Result<u64, L1Error>> + Send;

    /// An account's wei on the head.
    fn balance(&self, of: Address) -> impl Future<Output = Result<U256, L1Error>> + Send;

    /// A contract's code on the head; empty if there is none.
    fn code(&self, of: Address) -> impl Future<Output = Result<Bytes, L1Error>> + Send;

    /// What inclusion costs now.
    fn fees(&self) -> impl Future<Output = Result<FeeMarket, L1Error>> + Send;

    /// Hands a signed transaction to the pool and returns its hash.
    fn send(&self, raw: &Bytes) -> impl Future<Output = Result<B256, L1Error>> + Send;

    /// What a transaction did, if it is mined in what the endpoint takes for the chain.
    fn receipt(&self, tx: B256) -> impl Future<Output = Result<Option<Receipt>, L1Error>> + Send;
}
