//! What blobs carried: blocks hold only their hashes, so whoever serves them has to keep them apart, and may forget them.

use std::collections::VecDeque;

use ethrex_blockchain::Blockchain;
use ethrex_common::H256;
use ethrex_common::types::{BYTES_PER_BLOB, Block, Transaction, kzg_commitment_to_versioned_hash};
use ethrex_crypto::NativeCrypto;

use crate::error::{DevnetError, ethrex};

/// A blob without the zeros at its end, which most of it is.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Blob {
    /// By what transactions name it.
    pub versioned_hash: H256,
    /// Its beginning; only zeros follow.
    pub content: Vec<u8>,
}

impl Blob {
    /// All of its bytes.
    pub fn whole(&self) -> Vec<u8> {
        let mut whole = self.content.clone();
        whole.resize(BYTES_PER_BLOB, 0);
        whole
    }
}

/// The blobs of a block, in their order.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct BlockBlobs {
    /// The block.
    pub block: H256,
    /// Its time, which is its slot.
    pub time_s: u64,
    /// Its blobs.
    pub blobs: Vec<Blob>,
}

impl BlockBlobs {
    /// What the pool holds for a block that was just built of it.
    pub fn of(block: &Block, blockchain: &Blockchain) -> Result<BlockBlobs, DevnetError> {
        let mut blobs = Vec::new();
        for transaction in &block.body.transactions {
            if !matches!(transaction, Transaction::EIP4844Transaction(_)) {
                continue;
            }
            let hash = transaction.hash(&NativeCrypto);
            let bundle = blockchain.mempool.get_blobs_bundle(hash).map_err(ethrex("reading blobs"))?;
            for (blob, commitment) in bundle.iter().flat_map(|bundle| bundle.blobs.iter().zip(&bundle.commitments)) {
                let length = blob.iter().rposition(|byte| *byte != 0).map_or(0, |last| last + 1);
                let content = blob.iter().take(length).copied().collect();
                blobs.push(Blob { versioned_hash: kzg_commitment_to_versioned_hash(commitment), content });
            }
        }
        Ok(BlockBlobs { block: block.hash(), time_s: block.header.timestamp, blobs })
    }
}

/// The newest blocks' blobs.
#[derive(Debug, Default)]
pub struct KeptBlobs {
    blocks: VecDeque<BlockBlobs>,
    max: usize,
}

impl KeptBlobs {
    /// Of so many blocks that carry some.
    pub const fn new(max: usize) -> KeptBlobs {
        KeptBlobs { blocks: VecDeque::new(), max }
    }

    /// Keeps those of a block, and forgets the oldest.
    pub fn keep(&mut self, blobs: BlockBlobs) {
        self.blocks.push_back(blobs);
        self.forget(self.max);
    }

    /// Forgets all but the newest.
    pub fn forget(&mut self, kept: usize) {
        while self.blocks.len() > kept {
            self.blocks.pop_front();
        }
    }

    /// Those of the blocks of one time; blocks that were left may have it too.
    pub fn at(&self, time_s: u64) -> Vec<BlockBlobs> {
        self.blocks.iter().filter(|blobs| blobs.time_s == time_s).cloned().collect()
    }
}
