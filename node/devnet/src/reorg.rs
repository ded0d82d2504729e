//! Reorganisations: blocks are undone and others take their place.

use ethrex_common::H256;
use ethrex_common::types::Transaction;

use crate::chain::{Chain, Writing};
use crate::error::{DevnetError, ethrex};

/// What becomes of transactions whose blocks are undone.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Orphaned {
    /// They are gone, unless somebody sends them again.
    Dropped,
    /// They wait again, and may be mined in another order.
    Wait,
    /// They are mined again in the first new block, in the opposite order of senders where nonces allow it.
    Reversed,
}

/// A reorganisation that happened.
#[derive(Clone, Debug)]
pub struct Reorg {
    /// The last block that both chains share.
    pub fork: [u8; 32],
    /// The head before.
    pub old_head: [u8; 32],
    /// The head after.
    pub new_head: [u8; 32],
    /// Transactions of the undone blocks, which ethrex does not put back into the pool by itself.
    pub orphaned: u64,
    /// How many of them wait again.
    pub waiting: u64,
}

impl Chain {
    /// Undoes the last `depth` blocks and puts `instead` others in their place.
    pub async fn reorganise(&self, depth: u64, instead: u64, what: Orphaned) -> Result<Reorg, DevnetError> {
        let mut writing = self.write().await;
        let old_head = self.head().await?;
        let head = self.header(old_head)?.number;
        if depth > head {
            return Err(DevnetError::TooDeep { asked: depth, head });
        }
        let fork = self.below_head(depth).await?;
        let orphaned = self.transactions_above(head - depth, head).await?;
        let new_head = self.branch(&mut writing, fork, instead, what, &orphaned).await?;
        self.move_head(&mut writing, new_head).await?;
        let mut waiting = 0;
        if what == Orphaned::Wait {
            for transaction in &orphaned {
                // One that the new chain has no place for is what a real pool would drop too.
                waiting += u64::from(self.blockchain.add_transaction_to_pool(transaction.clone()).await.is_ok());
            }
        }
        Ok(Reorg { fork: fork.0, old_head: old_head.0, new_head: new_head.0, orphaned: orphaned.len() as u64, waiting })
    }

    /// Moves the head to any known block, such as the head before a reorganisation.
    pub async fn return_to(&self, head: H256) -> Result<(), DevnetError> {
        let mut writing = self.write().await;
        self.header(head)?;
        self.move_head(&mut writing, head).await
    }

    /// A branch of new blocks on `fork`; at least one block, so that it differs from the chain it replaces.
    async fn branch(
        &self,
        writing: &mut Writing,
        fork: H256,
        blocks: u64,
        what: Orphaned,
        orphaned: &[Transaction],
    ) -> Result<H256, DevnetError> {
        let mut parent = fork;
        for at in 0..blocks {
            let content = match (what, at) {
                (Orphaned::Reversed, 0) => reversed(orphaned),
                _ => Vec::new(),
            };
            // The salt makes the branch differ from every other one on the same parent in the same second.
            let salt = writing.salt();
            parent = self.build(writing, parent, Some(content), salt)?.hash();
        }
        Ok(parent)
    }

    async fn transactions_above(&self, fork: u64, head: u64) -> Result<Vec<Transaction>, DevnetError> {
        let mut found = Vec::new();
        for number in fork + 1..=head {
            let hash = self.canonical(number).await?;
            if let Some(block) = self.store.get_block_by_hash(hash).await.map_err(ethrex("reading a block"))? {
                found.extend(block.body.transactions);
            }
        }
        Ok(found)
    }
}

/// Transactions in the opposite order, but each sender's own in theirs, since nonces must ascend.
fn reversed(transactions: &[Transaction]) -> Vec<Transaction> {
    let crypto = ethrex_crypto::NativeCrypto;
    let sender = |transaction: &Transaction| transaction.sender(&crypto).ok();
    let mut senders = Vec::new();
    for transaction in transactions.iter().rev() {
        let from = sender(transaction);
        if !senders.contains(&from) {
            senders.push(from);
        }
    }
    let blobs = |transaction: &&Transaction| matches!(transaction, Transaction::EIP4844Transaction(_));
    senders
        .iter()
        .flat_map(|from| transactions.iter().filter(move |transaction| sender(transaction) == *from))
        .filter(|transaction| !blobs(transaction))
        .cloned()
        .collect()
}
