//! The chain: its head, its tags, its clock, and how a block joins it.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{SystemTime, UNIX_EPOCH};

use bytes::Bytes;
use ethrex_blockchain::fork_choice::apply_fork_choice_with_deep_reorg;
use ethrex_blockchain::payload::{BuildPayloadArgs, create_payload};
use ethrex_blockchain::{Blockchain, BlockchainOptions};
use ethrex_common::types::{Block, BlockHeader, ELASTICITY_MULTIPLIER, Transaction};
use ethrex_common::{Address, H256};
use ethrex_storage::{EngineType, Store};
use std::sync::PoisonError;
use tokio::sync::{Mutex, MutexGuard};

use crate::blobs::{BlockBlobs, KeptBlobs};
use crate::config::{Config, Tags};
use crate::error::{DevnetError, ethrex};
use crate::genesis::{GAS_LIMIT, genesis};
use crate::record::{Entry, Record};

/// A chain that one caller at a time may change.
pub struct Chain {
    pub store: Store,
    pub blockchain: Arc<Blockchain>,
    writing: Mutex<Writing>,
    blobs: std::sync::Mutex<KeptBlobs>,
    /// The number of the last block with a transaction that was made here.
    last_used: AtomicU64,
    /// The number of the block that is called finalized.
    finalized: AtomicU64,
}

/// What only the one who makes blocks may touch.
pub struct Writing {
    /// `None` while the tags trail the head by themselves.
    pinned: Option<(H256, H256)>,
    safe: H256,
    finalized: H256,
    tags: Tags,
    /// Side chains made so far.
    branches: u64,
    /// Seconds by which the chain's clock is ahead of the machine's.
    ahead_s: u64,
    record: Option<Record>,
}

impl Chain {
    /// The chain of a configuration: its first block, then whatever was recorded.
    pub async fn open(config: &Config) -> Result<Chain, DevnetError> {
        let mut store = Store::new("memory", EngineType::InMemory).map_err(ethrex("opening the store"))?;
        store.add_initial_state(genesis(config)?).await.map_err(ethrex("writing the first block"))?;
        let blockchain = Arc::new(Blockchain::new(store.clone(), BlockchainOptions::default()));
        blockchain.set_synced();
        let writing = Writing {
            pinned: None,
            safe: H256::zero(),
            finalized: H256::zero(),
            tags: config.tags,
            branches: 0,
            ahead_s: 0,
            record: None,
        };
        let numbers = (AtomicU64::new(0), AtomicU64::new(0));
        let blobs = std::sync::Mutex::new(KeptBlobs::new(config.blob_blocks));
        let writing = Mutex::new(writing);
        let chain = Chain { store, blockchain, writing, blobs, last_used: numbers.0, finalized: numbers.1 };
        if let Some(path) = &config.record {
            let (record, entries) = Record::open(path)?;
            chain.replay(path, entries).await?;
            chain.writing.lock().await.record = Some(record);
        }
        Ok(chain)
    }

    /// Brings back recorded blocks and heads, in their order.
    async fn replay(&self, path: &std::path::Path, entries: Vec<Entry>) -> Result<(), DevnetError> {
        let mut writing = self.writing.lock().await;
        for (at, entry) in entries.into_iter().enumerate() {
            let outcome = match entry {
                Entry::Block(block) => self.import(*block),
                Entry::Blobs(blobs) => {
                    self.blobs().keep(blobs);
                    Ok(())
                }
                Entry::Head { head, safe, finalized } => {
                    (writing.safe, writing.finalized) = (safe, finalized);
                    self.choose(&mut writing, head).await
                }
            };
            outcome.map_err(|error| DevnetError::ForeignRecord {
                path: path.into(),
                entry: at as u64,
                reason: error.to_string(),
            })?;
        }
        Ok(())
    }

    /// The right to change the chain.
    pub async fn write(&self) -> MutexGuard<'_, Writing> {
        self.writing.lock().await
    }

    /// The hash of the head.
    pub async fn head(&self) -> Result<H256, DevnetError> {
        let head = self.store.get_latest_canonical_block_hash().await.map_err(ethrex("reading the head"))?;
        head.ok_or_else(|| DevnetError::UnknownBlock("latest".into()))
    }

    /// The header of a block by its hash, canonical or not.
    pub fn header(&self, hash: H256) -> Result<BlockHeader, DevnetError> {
        let header = self.store.get_block_header_by_hash(hash).map_err(ethrex("reading a header"))?;
        header.ok_or_else(|| DevnetError::UnknownBlock(format!("{hash:#x}")))
    }

    /// The canonical block so many below the head, or the first one.
    pub async fn below_head(&self, blocks: u64) -> Result<H256, DevnetError> {
        let head = self.store.get_latest_block_number().await.map_err(ethrex("reading the head"))?;
        self.canonical(head.saturating_sub(blocks)).await
    }

    /// The canonical block of a number.
    pub async fn canonical(&self, number: u64) -> Result<H256, DevnetError> {
        let hash = self.store.get_canonical_block_hash(number).await.map_err(ethrex("reading a number"))?;
        hash.ok_or_else(|| DevnetError::UnknownBlock(number.to_string()))
    }

    /// Whether a known block is on the canonical chain; `None` for one that is not known.
    pub async fn is_canonical(&self, hash: H256) -> Result<Option<bool>, DevnetError> {
        match self.store.get_block_number(hash).await.map_err(ethrex("reading a hash"))? {
            None => Ok(None),
            Some(number) => {
                let canonical =
                    self.store.get_canonical_block_hash(number).await.map_err(ethrex("reading a number"))?;
                Ok(Some(canonical == Some(hash)))
            }
        }
    }

    /// Whether transactions wait.
    pub fn is_busy(&self) -> bool {
        self.blockchain.mempool.get_mempool_size().is_ok_and(|(plain, blob)| plain + blob > 0)
    }

    /// Whether the last transaction's block is not final yet.
    pub fn is_settling(&self) -> bool {
        self.finalized.load(Ordering::Relaxed) < self.last_used.load(Ordering::Relaxed)
    }

    /// Makes a block of what waits and moves the head to it.
    pub async fn mine(&self) -> Result<H256, DevnetError> {
        let mut writing = self.write().await;
        let parent = self.head().await?;
        let block = self.build(&mut writing, parent, None, 0)?;
        let hash = block.hash();
        if !block.body.transactions.is_empty() {
            self.last_used.store(block.header.number, Ordering::Relaxed);
        }
        self.move_head(&mut writing, hash).await?;
        Ok(hash)
    }

    /// Builds, executes and stores a block on any parent; the head stays.
    pub fn build(
        &self,
        writing: &mut Writing,
        parent: H256,
        transactions: Option<Vec<Transaction>>,
        salt: u64,
    ) -> Result<Block, DevnetError> {
        let args = BuildPayloadArgs {
            parent,
            timestamp: writing.now().max(self.header(parent)?.timestamp.saturating_add(1)),
            fee_recipient: Address::from_low_u64_be(0xfee),
            random: H256::from_low_u64_be(salt),
            withdrawals: Some(Vec::new()),
            beacon_root: Some(H256::zero()),
            slot_number: None,
            version: 3,
            elasticity_multiplier: ELASTICITY_MULTIPLIER,
            gas_ceil: GAS_LIMIT,
        };
        let empty = create_payload(&args, &self.store, Bytes::new()).map_err(ethrex("beginning a block"))?;
        let built = match transactions {
            None => self.blockchain.build_payload(empty),
            Some(given) => self.blockchain.build_payload_with_transactions(empty, given),
        }
        .map_err(ethrex("building a block"))?;
        let blobs = BlockBlobs::of(&built.payload, &self.blockchain)?;
        if !blobs.blobs.is_empty() {
            writing.note(&Entry::Blobs(blobs.clone()))?;
            self.blobs().keep(blobs);
        }
        writing.note(&Entry::Block(Box::new(built.payload.clone())))?;
        self.import(built.payload.clone())?;
        Ok(built.payload)
    }

    fn import(&self, block: Block) -> Result<(), DevnetError> {
        self.blockchain.add_block_pipeline(block, None).map_err(ethrex("executing a block")).map(drop)
    }

    /// Moves the head, pulls down tags that the new chain does not have, and lets them trail it again.
    pub async fn move_head(&self, writing: &mut Writing, head: H256) -> Result<(), DevnetError> {
        self.hold_tags(writing, head).await?;
        self.choose(writing, head).await?;
        if writing.pinned.is_none() {
            let safe = self.below_head(writing.tags.safe_behind).await?;
            let finalized = self.below_head(writing.tags.finalized_behind).await?;
            (writing.safe, writing.finalized) = (safe, finalized);
            self.choose(writing, head).await?;
        }
        self.finalized.store(self.header(writing.finalized).map_or(0, |header| header.number), Ordering::Relaxed);
        writing.note(&Entry::Head { head, safe: writing.safe, finalized: writing.finalized })
    }

    /// Where the new head's chain leaves the canonical one, tags above are pulled down: fork choice would refuse it for ever.
    async fn hold_tags(&self, writing: &mut Writing, head: H256) -> Result<(), DevnetError> {
        let mut fork = self.header(head)?;
        let mut fork_hash = head;
        // A block on top of the head, the usual case, needs no walk.
        while fork.number > 0 && self.is_canonical(fork_hash).await? != Some(true) {
            fork_hash = fork.parent_hash;
            fork = self.header(fork_hash)?;
        }
        for tag in [&mut writing.safe, &mut writing.finalized] {
            if !tag.is_zero() && self.header(*tag)?.number > fork.number {
                *tag = fork_hash;
            }
        }
        if let Some((safe, finalized)) = &mut writing.pinned {
            (*safe, *finalized) = (writing.safe, writing.finalized);
        }
        Ok(())
    }

    async fn choose(&self, writing: &mut Writing, head: H256) -> Result<(), DevnetError> {
        let doing = "moving the head";
        apply_fork_choice_with_deep_reorg(&self.blockchain, head, writing.safe, writing.finalized)
            .await
            .map_err(ethrex(doing))?;
        self.blockchain.set_synced();
        if let Some(block) = self.store.get_block_by_hash(head).await.map_err(ethrex(doing))? {
            self.blockchain.remove_block_transactions_from_pool(&block).map_err(ethrex(doing))?;
        }
        self.remove_used_nonces(head).map_err(ethrex(doing))?;
        self.blockchain.remove_stale_blob_txs(head).await.map_err(ethrex(doing))
    }

    /// ethrex takes out of its pool what the head's own block holds and nothing else. After a reorganisation, or when a replaced transaction is mined
    /// after all, one of a used nonce would stay; and when a block is built it stands before its sender's others and keeps all of them out.
    fn remove_used_nonces(&self, head: H256) -> Result<(), ethrex_storage::error::StoreError> {
        for (sender, waiting) in self.blockchain.mempool.get_all_txs_by_sender()? {
            let used = self.store.get_account_info_by_hash(head, sender)?.map_or(0, |account| account.nonce);
            for transaction in waiting.iter().filter(|transaction| transaction.nonce() < used) {
                self.blockchain.mempool.remove_transaction(&transaction.hash(&ethrex_crypto::NativeCrypto))?;
            }
        }
        Ok(())
    }

    fn blobs(&self) -> std::sync::MutexGuard<'_, KeptBlobs> {
        self.blobs.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The blobs that are kept of the blocks of one time.
    pub fn blobs_at(&self, time_s: u64) -> Vec<BlockBlobs> {
        self.blobs().at(time_s)
    }

    /// Forgets the blobs of all but so many of the newest blocks that carry some.
    pub fn forget_blobs(&self, kept: usize) {
        self.blobs().forget(kept);
    }

    /// Pins the tags to so many blocks behind the head, or lets them trail it again.
    pub async fn pin_tags(&self, behind: Option<Tags>) -> Result<(), DevnetError> {
        let mut writing = self.write().await;
        let head = self.head().await?;
        let Some(Tags { safe_behind: safe, finalized_behind: finalized }) = behind else {
            writing.pinned = None;
            return self.move_head(&mut writing, head).await;
        };
        let number = self.header(head)?.number;
        if safe > finalized || finalized > number {
            return Err(DevnetError::Tags { safe, finalized, head: number });
        }
        let pins = (self.below_head(safe).await?, self.below_head(finalized).await?);
        (writing.safe, writing.finalized) = pins;
        writing.pinned = Some(pins);
        self.move_head(&mut writing, head).await
    }
}

impl Writing {
    /// The chain's time, in seconds.
    fn now(&self) -> u64 {
        let machine = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs());
        machine.saturating_add(self.ahead_s)
    }

    /// Moves the chain's clock ahead and returns by how much it is ahead in all.
    pub fn hurry(&mut self, seconds: u64) -> u64 {
        self.ahead_s = self.ahead_s.saturating_add(seconds);
        self.ahead_s
    }

    /// A number that no earlier side block had.
    pub fn salt(&mut self) -> u64 {
        self.branches += 1;
        self.branches
    }

    fn note(&mut self, entry: &Entry) -> Result<(), DevnetError> {
        self.record.as_mut().map_or(Ok(()), |record| record.append(entry))
    }
}
