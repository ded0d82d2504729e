//! What synchronisation asks of the world: what L1 says, where batch bytes are, what this node kept.
//!
//! Nothing that comes back is believed: headers are chained from genesis or a checkpoint, bytes must have the data root of their header, and what is
//! run decides about everything else.

use std::future::Future;

use ashlar_batch::{BatchHeader, Hash, PublicValues};
use ashlar_replica::{CanonicalEntry, L1Block};
use ashlar_types::{BatchNumber, InboxIndex};

use crate::cursor::Cursors;

/// Why there was no answer. Whether trying again can help is the only thing a caller decides by.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error("{why}")]
pub struct SourceError {
    /// Whether it may work later.
    pub is_transient: bool,
    /// What happened, with values, and what to do.
    pub why: String,
}

/// How far L1 has come with a batch.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Stage {
    /// Its header is there.
    Committed,
    /// As many proofs as the policy asks for were accepted.
    Proven,
    /// Its withdrawals are released; nothing takes it back.
    Final,
}

/// A batch as L1 knows it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct CommittedBatch {
    /// Its header, as it was published when it was committed.
    pub header: BatchHeader,
    /// The hash that the contract stores.
    pub hash: Hash,
    /// The block in which it was committed.
    pub block: L1Block,
    /// How far it is.
    pub stage: Stage,
}

/// A proof that L1 accepted.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct AcceptedProof {
    /// The first batch that it was accepted for.
    pub first: BatchNumber,
    /// The last one.
    pub last: BatchNumber,
    /// What it says in public.
    pub values: PublicValues,
}

/// What L1 says. An implementation answers from blocks it follows by hash.
pub trait Chain: Send + Sync {
    /// The newest block.
    fn head(&self) -> impl Future<Output = Result<L1Block, SourceError>> + Send;
    /// The number of the newest committed batch; zero if there is none.
    fn tip(&self) -> impl Future<Output = Result<BatchNumber, SourceError>> + Send;
    /// A committed batch.
    fn batch(&self, number: BatchNumber) -> impl Future<Output = Result<Option<CommittedBatch>, SourceError>> + Send;
    /// An inbox entry.
    fn inbox(&self, index: InboxIndex) -> impl Future<Output = Result<Option<CanonicalEntry>, SourceError>> + Send;
    /// The proofs that were accepted and begin with this batch.
    fn proofs(&self, first: BatchNumber) -> impl Future<Output = Result<Vec<AcceptedProof>, SourceError>> + Send;
}

/// Where the bytes of batches are.
pub trait BatchSource: Send + Sync {
    /// The bytes of the batch of a header; nothing if nobody gives them out. They are not checked yet.
    fn fetch(&self, header: &BatchHeader) -> impl Future<Output = Result<Option<Vec<u8>>, SourceError>> + Send;
}

/// What this node kept of its own batches.
pub trait Local: Send + Sync {
    /// The number of its newest batch; zero if there is none.
    fn tip(&self) -> impl Future<Output = Result<BatchNumber, SourceError>> + Send;
    /// The header of a batch.
    fn header(&self, number: BatchNumber) -> impl Future<Output = Result<Option<BatchHeader>, SourceError>> + Send;
    /// The bytes of a batch.
    fn bytes(&self, number: BatchNumber) -> impl Future<Output = Result<Option<Vec<u8>>, SourceError>> + Send;
    /// How far its records say each layer has come.
    fn cursors(&self) -> impl Future<Output = Result<Cursors, SourceError>> + Send;
}
